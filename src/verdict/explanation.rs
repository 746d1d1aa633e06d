//! The explanation: sentences generated from measured numbers, and from nothing else.

use serde::Serialize;
use utoipa::ToSchema;

use super::{AgeEvidence, CopyEvidence, Decision, Evidence, Limit, PartEvidence, Verdict};
use crate::identity::SampleKind;
use crate::template::{ATTRIBUTES, Embedding, Part, Region};

/// To which side a measure departs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Above what is usual.
    Higher,
    /// Below what is usual.
    Lower,
    /// Within what is usual.
    Within,
}

/// One measured difference.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Difference {
    /// The region of the face.
    pub region: String,
    /// The measure's stable name.
    pub attribute: String,
    /// The probe's value.
    pub observed: f32,
    /// What is usual for this person: from - to, two standard units about the mean.
    pub expected: [f32; 2],
    /// The unit of both.
    pub unit: String,
    /// Signed distance from the person's mean in standard units.
    pub deviation: f32,
    /// To which side.
    pub direction: Direction,
    /// What it adds to the logit of the score; below zero speaks against the photograph, zero carries no weight.
    pub weight: f32,
    /// The same as a sentence.
    pub text: String,
}

/// Why the verdict is as it is.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Explanation {
    /// One to four sentences.
    pub summary: String,
    /// The differences that weigh most in the score first, then what departs without weight: parts of the face that are not
    /// the person's, traces of manipulation, the rest; for a face that is consistent, what the score rests on, then its closest agreements.
    pub differences: Vec<Difference>,
}

/// A measure departs when it lies outside this many standard deviations,
const DEPARTS: f32 = 2.0;
/// and one of the many attributes that carry no weight outside so many: beyond two lie some of seventy in any photograph.
const ONE_OF_MANY: f32 = 3.0;
/// An expectation lowered by more than this, in standard units, is said.
const ALLOWED: f32 = -0.25;
/// At most this many differences are listed.
const LISTED: usize = 8;
/// A face that looks this many years younger or older than all references is said to.
const OTHER_AGE: f32 = 8.0;

impl Explanation {
    /// A measure departs when it lies outside this many standard units; an attribute without weight departs outside three.
    pub const DEPARTS: f32 = DEPARTS;

    /// Explains one decision. Deterministic: the same numbers give the same sentences.
    pub fn of(person: &str, decision: &Decision, evidence: &Evidence) -> Self {
        let weights = &decision.contributions;
        let mut all: Vec<Difference> =
            evidence.embeddings.iter().zip(&weights.embeddings).map(|(e, w)| embedding_difference(e, *w)).collect();
        all.extend(
            evidence.attributes.iter().zip(&weights.attributes).filter_map(|(a, w)| attribute_difference(a, *w)),
        );
        all.extend(evidence.parts.iter().zip(&weights.parts).map(|(p, w)| part_difference(p, *w)));
        let departing = |d: &Difference| d.direction != Direction::Within;
        let departures = all.iter().filter(|d| departing(d)).count();
        let measured = all.len();
        let consistent = departures == 0 || decision.verdict == Verdict::Real;
        if !consistent {
            all.retain(departing);
        }
        // Of what carries no weight, parts come first, for nine in ten of those that are named were forged (training/README.md);
        // then traces, for they speak of manipulation and the rest of the person's looks; then the farthest departure, and
        // behind the departures the best agreement.
        let is_part = |d: &Difference| Part::ALL.into_iter().any(|p| without(p) == d.attribute);
        let is_trace = |d: &Difference| ATTRIBUTES.iter().any(|s| s.trace.is_some() && s.name == d.attribute);
        let size = |d: &Difference| if departing(d) { -d.deviation.abs() } else { d.deviation.abs() };
        all.sort_by(|a, b| {
            let heavier = b.weight.abs().total_cmp(&a.weight.abs());
            let first = |d: &Difference| (departing(d), departing(d) && is_part(d), departing(d) && is_trace(d));
            let sooner = first(b).cmp(&first(a));
            heavier.then(sooner).then(size(a).total_cmp(&size(b)))
        });
        all.truncate(LISTED);
        Self { summary: summary(person, decision, evidence, departures, measured), differences: all }
    }

    /// For an image without a usable face, or a face that is nobody's: a summary alone.
    pub fn only(summary: impl Into<String>) -> Self {
        Self { summary: summary.into(), differences: Vec::new() }
    }
}

fn direction(deviation: f32, bound: f32) -> Direction {
    match deviation {
        d if d > bound => Direction::Higher,
        d if d < -bound => Direction::Lower,
        _ => Direction::Within,
    }
}

fn embedding_difference(e: &super::EmbeddingEvidence, weight: f32) -> Difference {
    let expected = [e.expected - DEPARTS * e.spread, (e.expected + DEPARTS * e.spread).min(1.0)];
    // More alike than expected is no departure: likeness counts downwards only.
    let direction = if e.deviation > 0.0 { Direction::Within } else { direction(e.deviation, DEPARTS) };
    let subject = match e.embedding {
        Embedding::A => "The whole head with hair and outline",
        Embedding::B => "The face from brow to chin",
        Embedding::C => "The inner face",
    };
    let conditions = if e.allowance < ALLOWED { " in such a pose and quality" } else { "" };
    let range =
        format!("{:.3} to {:.3} is usual for this person's own photographs{conditions}", expected[0], expected[1]);
    let text = match direction {
        Direction::Within => format!("{subject} resembles the references by {:.3}; {range}.", e.observed),
        _ => format!(
            "{subject} resembles the references by only {:.3}; {range}, so it lies {:.1} standard deviations below.",
            e.observed,
            e.deviation.abs()
        ),
    };
    Difference {
        // Each looks at the whole crop: how alike it is says nothing of where.
        region: Region::Overall.name().into(),
        attribute: format!("likeness_{}", e.embedding.name()),
        observed: e.observed,
        expected,
        unit: "cosine".into(),
        deviation: e.deviation,
        direction,
        weight,
        text,
    }
}

/// The name of the measure of one part covered.
fn without(part: Part) -> String {
    format!("likeness_without_{}", part.region().name())
}

fn part_difference(p: &PartEvidence, weight: f32) -> Difference {
    let expected = p.range(Explanation::DEPARTS);
    // Less alike without a part is no departure: the part is the person's.
    let direction = if p.deviation < 0.0 { Direction::Within } else { direction(p.deviation, DEPARTS) };
    let region = p.part.region().name();
    let side = match direction {
        Direction::Higher => format!(", {:.1} standard units above", p.deviation),
        _ => ", within".into(),
    };
    let text = format!(
        "With the {region} covered the face resembles the references by {:+.3}{side} what that does to this \
         person's own photographs ({:+.3} to {:+.3}).",
        p.observed, expected[0], expected[1]
    );
    Difference {
        region: region.into(),
        attribute: without(p.part),
        observed: p.observed,
        expected,
        unit: "cosine".into(),
        deviation: p.deviation,
        direction,
        weight,
        text,
    }
}

fn attribute_difference(a: &super::AttributeEvidence, weight: f32) -> Option<Difference> {
    let spec = ATTRIBUTES.get(a.index)?;
    let weighed = spec.trace.is_some() && spec.region == Region::Overall;
    let bound = if weighed { DEPARTS } else { ONE_OF_MANY };
    let expected = a.range(DEPARTS).map(|v| v.clamp(*spec.possible().start(), *spec.possible().end()));
    let direction =
        if spec.trace.is_some() && a.deviation < 0.0 { Direction::Within } else { direction(a.deviation, bound) };
    let side = match direction {
        Direction::Higher => format!(", {:.1} standard units above", a.deviation.abs()),
        Direction::Lower => format!(", {:.1} standard units below", a.deviation.abs()),
        Direction::Within if a.deviation.abs() > DEPARTS => ", at the edge of".into(),
        Direction::Within => ", within".into(),
    };
    let text = format!(
        "{} is {:.1} {}{side} what is usual for this person ({:.1} to {:.1}).",
        capitalised(spec.label),
        a.observed,
        spec.unit,
        expected[0],
        expected[1]
    );
    Some(Difference {
        region: spec.region.name().into(),
        attribute: spec.name.into(),
        observed: a.observed,
        expected,
        unit: spec.unit.into(),
        deviation: a.deviation,
        direction,
        weight,
        text,
    })
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |c| c.to_uppercase().chain(chars).collect())
}

fn summary(person: &str, decision: &Decision, evidence: &Evidence, departures: usize, measured: usize) -> String {
    let t = &decision.thresholds;
    let refs = match evidence.references {
        1 => "the one reference".into(),
        n => format!("the {n} references"),
    };
    let count = format!("{departures} of {measured} measures lie outside what is usual for this person");
    let mut text = match decision.verdict {
        Verdict::Real => format!(
            "Consistent with a genuine photograph of {person}: score {:.2} (real from {:.2}); {count}, by {refs}.",
            decision.score, t.real
        ),
        Verdict::Fake => format!(
            "Depicts {person} but departs from the person's own variation: score {:.2} (fake up to {:.2}); {count}, \
             by {refs}.",
            decision.score, t.fake
        ),
        Verdict::DifferentPerson => format!(
            "Does not depict {person}: likeness {:.1} (the same person from {:.1}); {count}, by {refs}.",
            evidence.likeness, t.likeness
        ),
        Verdict::Inconclusive | Verdict::NoFace => format!(
            "No decision about {person}: score {:.2} (fake up to {:.2}, real from {:.2}); {count}, by {refs}.",
            decision.score, t.fake, t.real
        ),
    };
    if let Some(n) = evidence.negative.filter(|n| n.margin > 0.0) {
        let what = if n.kind == SampleKind::NotThisPerson { "a person marked as not this one" } else { "a known fake" };
        let margin = n.margin;
        let sentence = format!(" It is nearer to {what} than to any reference, by {margin:.1} standard deviations.");
        text.push_str(&sentence);
    }
    text.push_str(&part_sentence(evidence));
    if matches!(decision.verdict, Verdict::Fake | Verdict::Inconclusive) {
        text.push_str(&age_sentence(&evidence.age));
    }
    for limit in &decision.limits {
        text.push_str(&limit_sentence(limit));
    }
    if let Some(copy) = &evidence.copy {
        text.push_str(&copy_sentence(copy));
    }
    text
}

/// Where the face departs most, if one part of it does.
fn part_sentence(evidence: &Evidence) -> String {
    evidence.farthest_part().filter(|p| p.deviation > DEPARTS).map_or_else(String::new, |p| {
        let part = p.part.region().name();
        format!(" The part that departs most is the {part}: with it covered the face is more like the person.")
    })
}

fn age_sentence(age: &AgeEvidence) -> String {
    if age.beyond() < OTHER_AGE {
        return String::new();
    }
    let [from, to] = age.references;
    format!(
        " It looks about {:.0} years old, and the references {from:.0} to {to:.0}: photographs from other years lower the \
         likeness of a genuine one too.",
        age.observed
    )
}

fn copy_sentence(copy: &CopyEvidence) -> String {
    let what = match copy.kind {
        SampleKind::Reference => "a reference",
        SampleKind::NotThisPerson => "an image enrolled as not this person",
        SampleKind::KnownFake => "an image enrolled as a known fake",
    };
    format!(" It is a copy of {what} ({} of 256 bits of its perceptual hash differ).", copy.distance)
}

fn limit_sentence(limit: &Limit) -> String {
    match limit {
        Limit::Quality { component, value, score } => {
            format!(" Limited by {}: {value:.2} {} (quality {score:.0} of 100).", component.label(), component.unit())
        }
        Limit::Unstable { verdict, score } => {
            let verdict = verdict.name();
            format!(
                " A copy of the face, encoded anew and scaled, was judged {verdict} (score {score:.2}): neither stands."
            )
        }
        Limit::BetweenThresholds => " The score lies between the thresholds.".into(),
        Limit::FewReferences { references: 1 } => {
            " With one reference the person's own variation is taken from the population.".into()
        }
        Limit::FewReferences { references } => {
            format!(" With {references} references the person's own variation is known only roughly.")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::Profile;
    use crate::identity::fixtures::{in_parts, near, population, stepped, template};
    use crate::template::Template;
    use crate::verdict::{Claimed, Fusion};

    const FUSION: &str = "intercept = 3.0\nembedding = [0.4, 0.5, 0.2]\ntraces = [0.5, 0.5]\nparts = 0.5\nnegative = 1.0\n[thresholds]\n\
        real = 0.6\nfake = 0.4\nlikeness = 0.0\ntarget_genuine_called_fake = 0.03\ntarget_fake_called_real = 0.1\n\
        target_fnmr = 0.01\nmin_quality = 5.0\n";

    fn explain(probe: &Template, references: u64) -> (Verdict, Explanation) {
        let profile = Profile::of_templates((0..references).map(|i| near(1, i)).collect(), &population()).unwrap();
        let evidence = Evidence::measure(probe, &profile);
        let decision = Decision::decide(&evidence, &probe.quality, &Fusion::parse(FUSION).unwrap());
        (decision.verdict, Explanation::of("Jane Doe", &decision, &evidence))
    }

    #[test]
    fn a_genuine_face_is_explained_by_agreement() {
        let (verdict, explanation) = explain(&near(1, 77), 8);
        assert_eq!(verdict, Verdict::Real);
        insta::assert_json_snapshot!(explanation);
    }

    #[test]
    fn a_departing_face_is_explained_by_its_departures() {
        let (verdict, explanation) = explain(&stepped(1, 5, 1.2), 8);
        assert_eq!(verdict, Verdict::Fake);
        insta::assert_json_snapshot!(explanation);
    }

    #[test]
    fn a_face_with_a_part_of_another_is_explained_by_that_part_and_another_age_is_said() {
        let references = (0..8).map(|i| in_parts(1, i, None)).collect();
        let profile = Profile::of_templates(references, &population()).unwrap();
        let mut probe = in_parts(1, 99, Some(Part::Mouth));
        probe.demographics.age = 61.0;
        let claimed = Claimed::judge([&probe], &profile, &Fusion::parse(FUSION).unwrap());
        let (evidence, decision) = &claimed.faces[0];
        let explanation = Explanation::of("Jane Doe", decision, evidence);
        assert_ne!(decision.verdict, Verdict::Real);
        let of_parts = explanation.differences.iter().filter(|d| d.attribute.starts_with("likeness_without"));
        let of_parts: Vec<_> = of_parts.map(|d| (d.region.as_str(), d.direction, d.weight < 0.0)).collect();
        assert_eq!(of_parts, [("mouth", Direction::Higher, true)]);
        insta::assert_json_snapshot!(explanation);
    }

    #[test]
    fn a_stranger_is_explained_by_likeness_and_one_reference_is_said() {
        let (verdict, explanation) = explain(&template(2), 1);
        assert_eq!(verdict, Verdict::DifferentPerson);
        assert!(explanation.summary.contains("one reference"));
        insta::assert_json_snapshot!(explanation);
    }
}
