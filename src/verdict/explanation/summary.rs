//! The summary: the verdict, what it rests on, and what limits it.

use super::difference::DEPARTS;
use super::finding::{Finding, Measure};
use super::likeness::seen_by;
use super::parts::{effect_of_covering, subject};
use super::traces::traces_of;
use super::words::{capitalised, degree, distinct, listed};
use crate::face::Component;
use crate::identity::SampleKind;
use crate::template::Embedding;
use crate::verdict::{AgeEvidence, CopyEvidence, Decision, Evidence, Limit, NegativeEvidence, Verdict};

/// Likeness, or a trace within its usual range, is given as a reason at this contribution or less, in log odds.
const REASON_CONTRIBUTION: f32 = -1.0;
/// The apparent age is mentioned from this many years below the youngest reference or above the oldest.
const OTHER_AGE: f32 = 8.0;

pub(super) fn summary(person: &str, decision: &Decision, evidence: &Evidence, findings: &[Finding]) -> String {
    let facts = Facts { person, decision, evidence, findings };
    let sentences = [
        Some(facts.verdict()),
        facts.count(),
        facts.likeness(),
        facts.traces(),
        facts.part(),
        facts.negative(),
        facts.age(),
        facts.covered(),
        facts.quality(),
        facts.colour(),
        facts.few_references(),
        facts.copy(),
    ];
    sentences.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// The source of the sentences.
struct Facts<'a> {
    person: &'a str,
    decision: &'a Decision,
    evidence: &'a Evidence,
    findings: &'a [Finding<'a>],
}

impl Facts<'_> {
    fn verdict(&self) -> String {
        let (person, t, score) = (self.person, &self.decision.thresholds, self.decision.score);
        match self.decision.verdict {
            Verdict::Fake if self.decision.replaced => self.replaced(),
            Verdict::Real => {
                let [score, real] = distinct([score, t.real], 2);
                format!("Consistent with a genuine photograph of {person}: score {score} ({real} or more is real).")
            }
            Verdict::Fake => {
                let [score, fake] = distinct([score, t.fake], 2);
                format!(
                    "Depicts {person} but does not pass as a genuine photograph: score {score} ({fake} or less is \
                     fake)."
                )
            }
            Verdict::DifferentPerson if self.evidence.likeness < t.likeness => {
                format!("Does not depict {person}: the face is {}.", self.too_unlike())
            }
            Verdict::DifferentPerson => match self.too_dissimilar() {
                Some([similarity, least]) => format!(
                    "Does not depict {person}: the face is too unlike the references (similarity {similarity}, at least \
                     {least} is needed; 1 is the same)."
                ),
                None => format!("Does not depict {person}, although the face resembles the references."),
            },
            Verdict::Inconclusive | Verdict::NoFace | Verdict::UnknownPerson => self.no_decision(),
        }
    }

    /// Another face in a copy of a reference.
    fn replaced(&self) -> String {
        let person = self.person;
        let why = if self.evidence.likeness < self.decision.thresholds.likeness {
            format!("the face is {}", self.too_unlike())
        } else if let Some([similarity, least]) = self.too_dissimilar() {
            format!(
                "the face is too unlike the references (similarity {similarity}, at least {least} is needed; 1 is the same)"
            )
        } else {
            format!("although the face resembles the references, it is not {person}'s")
        };
        format!("The picture is a copy of a reference of {person} with another face in it: {why}.")
    }

    /// Too little likeness as a complement of `the face is`, with the least that is needed and the unit.
    fn too_unlike(&self) -> String {
        let [likeness, least] = distinct([self.evidence.likeness, self.decision.thresholds.likeness], 1);
        format!(
            "too unlike the references (likeness {likeness}, at least {least} is needed; at 0 it is as likely this person \
             as not)"
        )
    }

    /// The similarity and the least one, where it is what speaks against the claim.
    fn too_dissimilar(&self) -> Option<[String; 2]> {
        let (similarity, least) = (self.evidence.similarity?, self.decision.thresholds.similarity?);
        (similarity.score() < least).then(|| distinct([similarity.score(), least], 2))
    }

    fn no_decision(&self) -> String {
        let (person, t, score) = (self.person, &self.decision.thresholds, self.decision.score);
        if self.decision.has_suspicious_companion() {
            let [score, real] = distinct([score, t.real], 2);
            return format!(
                "No decision: this face passes as a genuine photograph of {person} (score {score}, {real} or more is \
                 real), but another face in the picture resembles {person} and does not pass as genuine. It belongs to \
                 somebody else, such as a relative, or is a fake: compare the two."
            );
        }
        if let Some((similarity, least)) = self.decision.uncertain_identity() {
            let ([score, fake], [similarity, least]) = (distinct([score, t.fake], 2), distinct([similarity, least], 2));
            return format!(
                "No decision: this does not pass as a genuine photograph of {person} (score {score}, {fake} or less is \
                 fake), but the face may be that of somebody else who resembles {person}: the similarity is \
                 {similarity}, at least {least} is needed to call a face fake (1 is the same)."
            );
        }
        if let Some((verdict, copy)) = self.decision.contradiction() {
            let [score, copy] = distinct([score, copy], 2);
            let original = if verdict == Verdict::Real { Verdict::Fake } else { Verdict::Real };
            return format!(
                "No decision about {person}: the face as sent was judged {} (score {score}), but a copy of it, shrunk \
                 and compressed for the stability check, was judged {} (score {copy}), so neither verdict stands.",
                original.name(),
                verdict.name()
            );
        }
        if self.decision.hidden {
            return format!(
                "No decision about {person}: {} covered, and the rest of the face does not decide.",
                self.evidence.covered.are()
            );
        }
        if !self.decision.rests_on_quality() {
            let [score, fake, real] = distinct([score, t.fake, t.real], 2);
            return format!(
                "No decision about {person}: the score of {score} is between fake ({fake} or less) and real ({real} or \
                 more)."
            );
        }
        match self.decision.flaws().next() {
            Some((component, quality)) => {
                let [quality, least] = distinct([quality, t.min_quality], 0);
                let flaw = flaw(component);
                format!("No decision about {person}: the face is {flaw} (quality {quality} of 100, {least} is needed).")
            }
            None => format!("No decision about {person}: the face is too poor to be judged."),
        }
    }

    /// How many measures depart from the usual range, and how many of them affect the score.
    fn count(&self) -> Option<String> {
        let is_other = self.decision.verdict == Verdict::DifferentPerson || self.decision.replaced;
        if is_other || self.decision.hidden || self.decision.rests_on_quality() {
            return None;
        }
        let measured = self.findings.len();
        let usual = format!("what is usual for {}'s own photographs ({})", self.person, self.references());
        let outside = self.findings.iter().filter(|f| f.departs()).count();
        let weighed = self.findings.iter().filter(|f| f.departs() && f.weight != 0.0).count();
        let weighed = match (outside, weighed) {
            // Said with the likeness.
            (0, _) if self.likeness().is_some() => return None,
            (0, _) => return Some(format!("None of {measured} measures departs from {usual}.")),
            (1, 0) => "it does not affect the score".into(),
            (1, _) => "it affects the score".into(),
            (_, 0) => "none affects the score".into(),
            (_, 1) => "one of them affects the score".into(),
            (2, 2) => "both affect the score".into(),
            (n, k) if n == k => "all of them affect the score".into(),
            (_, k) => format!("{k} of them affect the score"),
        };
        let depart = if outside == 1 { "departs" } else { "depart" };
        Some(format!("{outside} of {measured} measures {depart} from {usual}; {weighed}."))
    }

    /// How the likeness speaks against the photograph.
    fn likeness(&self) -> Option<String> {
        let less = |degree: &str| format!("{degree}less like {0} than {0}'s own photographs are", self.person);
        let (mut departing, mut farthest, mut weight) = (Vec::new(), 0.0f32, 0.0);
        let mut with_head = false;
        for f in self.findings.iter().filter(|f| f.weight < 0.0) {
            let Measure::Embedding(e) = f.measure else { continue };
            weight += f.weight;
            if f.departs() {
                departing.push(seen_by(e.embedding));
                with_head |= e.embedding == Embedding::A;
                farthest = farthest.min(f.deviation);
            }
        }
        if !self.decision.is_suspect() || weight > REASON_CONTRIBUTION {
            return None;
        }
        Some(match departing[..] {
            [] if self.nothing_departs() => format!(
                "None of {} measures stands out alone, but face and head together are {} ({}).",
                self.findings.len(),
                less(""),
                self.references()
            ),
            [] => format!("Face and head together are {}.", less("")),
            [one] => format!("The {one} is {}.", less(degree(farthest))),
            _ if with_head => format!("Face and head are {}.", less(degree(farthest))),
            _ => format!("The face is {}.", less(degree(farthest))),
        })
    }

    fn nothing_departs(&self) -> bool {
        !self.findings.iter().any(Finding::departs)
    }

    fn references(&self) -> String {
        match self.evidence.references {
            1 => "1 reference".into(),
            n => format!("{n} references"),
        }
    }

    /// How traces of manipulation speak against the photograph.
    fn traces(&self) -> Option<String> {
        if !self.decision.is_suspect() {
            return None;
        }
        let counts = |f: &&Finding| f.weight < 0.0 && (f.departs() || f.weight <= REASON_CONTRIBUTION);
        let traces = self.findings.iter().filter(counts).filter_map(|f| {
            let Measure::Trace(kind, ..) = f.measure else { return None };
            let degree = if f.departs() { degree(f.deviation) } else { "a little " };
            let traces = capitalised(traces_of(kind));
            Some(format!("{traces} are {degree}stronger than in {}'s own photographs.", self.person))
        });
        Some(traces.collect::<Vec<_>>().join(" ")).filter(|text| !text.is_empty())
    }

    /// The part of the face that departs most, if one does. A `real` face is not called suspicious.
    fn part(&self) -> Option<String> {
        let part = self.evidence.farthest_part().filter(|p| p.deviation > DEPARTS)?;
        let effect = effect_of_covering(part, self.person);
        let subject = subject(part.part);
        match self.decision.verdict {
            _ if self.decision.hidden || self.decision.rests_on_quality() => None,
            Verdict::Real => {
                Some(format!("{effect}: {subject} the part that departs most, but not enough to change the verdict."))
            }
            _ if self.decision.has_suspicious_companion() => {
                Some(format!("{effect}: {subject} the part that departs most."))
            }
            _ => Some(format!("{effect}, so {subject} the most suspicious part.")),
        }
    }

    fn negative(&self) -> Option<String> {
        let NegativeEvidence { kind, margin } = self.evidence.negative.filter(|n| n.margin > 0.0)?;
        let negative = match kind {
            SampleKind::KnownFake => "an image enrolled as a known fake",
            SampleKind::NotThisPerson | SampleKind::Reference => "an image enrolled as another person",
        };
        let so = match kind {
            SampleKind::KnownFake => " This lowers the score.",
            SampleKind::NotThisPerson | SampleKind::Reference => "",
        };
        Some(format!(
            "The face is more similar to {negative} than to any reference, by {margin:.1} standard deviations of the \
             references' own similarity.{so}"
        ))
    }

    fn age(&self) -> Option<String> {
        let age = &self.evidence.age;
        if !self.decision.is_suspect() || age.beyond() < OTHER_AGE {
            return None;
        }
        let AgeEvidence { observed, references: [from, to] } = age;
        let (from, to) = (format!("{from:.0}"), format!("{to:.0}"));
        let references = if from == to { from } else { format!("{from} to {to}") };
        Some(format!(
            "The face looks about {observed:.0} years old; the references look about {references}. A genuine \
             photograph taken at another age is also less like the references."
        ))
    }

    /// What is covered, and what that does.
    fn covered(&self) -> Option<String> {
        let covered = self.evidence.covered;
        (!covered.is_empty()).then(|| {
            if self.decision.hidden {
                return "What is covered may lower the likeness of the whole face.".into();
            }
            format!(
                "{} covered: what lies there is not measured on its own, and the likeness of the whole face may be lower \
                 for it.",
                capitalised(&covered.are())
            )
        })
    }

    /// The weak quality components that were not said with the verdict.
    fn quality(&self) -> Option<String> {
        let said = usize::from(self.decision.rests_on_quality());
        let flaws: Vec<&str> = self.decision.flaws().skip(said).map(|(component, _)| flaw(component)).collect();
        let flaws = Some(listed(&flaws)).filter(|text| !text.is_empty())?;
        Some(match said {
            0 => format!("The face is {flaws}, which limits the verdict."),
            _ => format!("The face is also {flaws}."),
        })
    }

    fn colour(&self) -> Option<String> {
        let text = "The picture is not in colour, so the colours of skin, lips and eyes are not compared.";
        self.evidence.lacks_colour.then(|| text.into())
    }

    fn few_references(&self) -> Option<String> {
        let n = self.decision.limits.iter().find_map(|limit| match limit {
            Limit::FewReferences { references } => Some(*references),
            _ => None,
        })?;
        let vary = format!("how much {}'s own photographs vary", self.person);
        Some(match n {
            1 => format!("Only one reference is enrolled, so {vary} is taken from people in general."),
            n => format!("Only {n} references are enrolled, so {vary} is known only roughly."),
        })
    }

    /// The enrolled image that this one is a copy of. A reference shows the person, so a verdict against its copy needs
    /// an explanation.
    fn copy(&self) -> Option<String> {
        let CopyEvidence { kind, .. } = self.evidence.copy.filter(|_| !self.decision.replaced)?;
        let original = match kind {
            SampleKind::Reference => "a reference",
            SampleKind::NotThisPerson => "an image enrolled as another person",
            SampleKind::KnownFake => "an image enrolled as a known fake",
        };
        let but = match (kind, self.decision.verdict) {
            (SampleKind::Reference, Verdict::DifferentPerson) => {
                return Some(format!(
                    "The image is a copy of a reference of {}, but its face is too poor to tell whether it was replaced: \
                     look at the original.",
                    self.person
                ));
            }
            (SampleKind::Reference, Verdict::Fake) => "its face does not pass as genuine",
            _ => {
                return Some(format!(
                    "The image is a copy of {original}, perhaps re-encoded or edited; this does not change the verdict."
                ));
            }
        };
        Some(format!(
            "The image is a copy of {original}, but {but}: that face may have been replaced or edited. That the image is \
             a copy does not change the verdict."
        ))
    }
}

/// A weak quality component as a complement of `the face is`.
fn flaw(component: Component) -> &'static str {
    match component {
        Component::FaceSize => "small",
        Component::Sharpness => "blurred",
        Component::Exposure => "too dark or too bright",
        Component::DynamicRange => "low in contrast",
        Component::Pose => "turned away from the camera",
        Component::Landmarks => "hard to place landmarks on",
        Component::DetectorConfidence => "hard to make out",
        Component::Occlusion => "partly covered",
    }
}
