//! The measures of one face, each with how far it departs and what it weighs, and which of them are listed.

use super::difference::{DEPARTS, Difference, Direction, ONE_OF_MANY_DEPARTS};
use super::{attributes, likeness, parts, traces};
use crate::template::{ATTRIBUTES, AttributeSpec, Region, Trace};
use crate::verdict::{AttributeEvidence, Decision, EmbeddingEvidence, Evidence, PartEvidence, Verdict};

/// What was measured.
#[derive(Clone, Copy)]
pub(super) enum Measure<'a> {
    /// The likeness by one embedding.
    Embedding(&'a EmbeddingEvidence),
    /// An attribute that is no trace.
    Attribute(&'a AttributeEvidence, &'static AttributeSpec),
    /// A trace of manipulation, in the whole face or in a region.
    Trace(Trace, &'a AttributeEvidence, &'static AttributeSpec),
    /// The gain of covering a part; `farthest` for the part that departs most.
    Part { evidence: &'a PartEvidence, farthest: bool },
}

/// One measure of the face.
pub(super) struct Finding<'a> {
    pub(super) measure: Measure<'a>,
    /// In standard deviations.
    pub(super) deviation: f32,
    pub(super) direction: Direction,
    /// The term that it adds to the log odds of the score.
    pub(super) weight: f32,
}

/// At most this many findings are listed.
const MAX_LISTED: usize = 8;
/// A finding within its usual range is listed from this contribution on, in log odds either way.
const MIN_LISTED_CONTRIBUTION: f32 = 0.1;
/// A measure within its usual range is cited as evidence against the photograph at this contribution or less, and as
/// evidence for it at the opposite one or more, in log odds.
const CITED_CONTRIBUTION: f32 = -0.5;
/// A measure within its usual range is cited only from this many standard deviations on.
const CITED_DEVIATION: f32 = 1.0;

impl<'a> Finding<'a> {
    /// Every measure of the evidence. Where too much of the face is covered, the embeddings are left out: they see the
    /// cover too.
    pub(super) fn all(decision: &Decision, evidence: &'a Evidence) -> Vec<Self> {
        let weights = &decision.contributions;
        let embeddings = evidence.embeddings.iter().filter(|_| !decision.hidden).zip(&weights.embeddings);
        let embeddings = embeddings.map(|(e, &weight)| Self {
            measure: Measure::Embedding(e),
            deviation: e.deviation,
            // More alike than expected is no departure.
            direction: Direction::downwards(e.deviation, DEPARTS),
            weight,
        });
        let attributes = evidence.attributes.iter().zip(&weights.attributes).filter_map(|(a, &weight)| {
            let spec = ATTRIBUTES.get(a.index)?;
            let (measure, direction) = match spec.trace {
                // Fewer traces than usual are no departure. Those of regions are some of many measures.
                Some(kind) => {
                    let bound = if spec.region == Region::Overall { DEPARTS } else { ONE_OF_MANY_DEPARTS };
                    (Measure::Trace(kind, a, spec), Direction::upwards(a.deviation, bound))
                }
                None => (Measure::Attribute(a, spec), Direction::either(a.deviation, ONE_OF_MANY_DEPARTS)),
            };
            Some(Self { measure, deviation: a.deviation, direction, weight })
        });
        let farthest = evidence.farthest_part().map(|p| p.part);
        let parts = evidence.parts.iter().zip(&weights.parts).map(|(p, &weight)| Self {
            measure: Measure::Part { evidence: p, farthest: Some(p.part) == farthest },
            deviation: p.deviation,
            // Less alike without a part is no departure: the part is the person's.
            direction: Direction::upwards(p.deviation, DEPARTS),
            weight,
        });
        embeddings.chain(attributes).chain(parts).collect()
    }

    /// Whether it lies outside the usual range.
    pub(super) fn departs(&self) -> bool {
        self.direction != Direction::Within
    }

    /// Whether the score considers measures of this kind.
    fn is_considered(&self) -> bool {
        match self.measure {
            Measure::Embedding(_) | Measure::Part { .. } => true,
            Measure::Trace(_, _, spec) => spec.region == Region::Overall,
            Measure::Attribute(..) => false,
        }
    }

    /// The order in the list: the heaviest first; of equal weight, departures before agreements, and of those parts
    /// first, then traces, as they point to manipulation more surely than the person's looks do (training/README.md);
    /// then the farthest departure and the closest agreement.
    fn order(&self, other: &Self) -> std::cmp::Ordering {
        let rank = |f: &Self| match f.measure {
            _ if !f.departs() => 0,
            Measure::Part { .. } => 3,
            Measure::Trace(..) => 2,
            Measure::Embedding(_) | Measure::Attribute(..) => 1,
        };
        let distance = |f: &Self| if f.departs() { -f.deviation.abs() } else { f.deviation.abs() };
        let heavier = other.weight.abs().total_cmp(&self.weight.abs());
        heavier.then(rank(other).cmp(&rank(self))).then(distance(self).total_cmp(&distance(other)))
    }

    /// The difference in answers.
    pub(super) fn difference(&self, decision: &Decision) -> Difference {
        // Adding zero takes the sign off a negative zero.
        let (direction, weight) = (self.direction, self.weight + 0.0);
        let mut difference = match self.measure {
            Measure::Embedding(e) => likeness::difference(e, direction, weight),
            Measure::Attribute(a, spec) => attributes::difference(a, spec, direction, weight),
            Measure::Trace(kind, a, spec) => traces::difference(kind, a, spec, direction, weight),
            Measure::Part { evidence, farthest } => {
                let standing = parts::Standing { farthest, suspicious: decision.is_suspect() };
                parts::difference(evidence, standing, direction, weight)
            }
        };
        difference.text.push_str(self.meaning(decision));
        difference
    }

    /// The sentence on what it means for the verdict, with a space before it; empty where it is of little weight, or
    /// where the score does not decide. A departure that the score does not consider says so.
    fn meaning(&self, decision: &Decision) -> &'static str {
        match self.weight {
            _ if decision.verdict == Verdict::DifferentPerson || decision.replaced => "",
            _ if decision.hidden || decision.rests_on_quality() => "",
            _ if self.departs() && !self.is_considered() => " This does not affect the score.",
            w if self.departs() && w < 0.0 => " This is evidence against a genuine photograph.",
            w if decision.is_suspect() && w <= CITED_CONTRIBUTION && self.deviation.abs() >= CITED_DEVIATION => {
                " This is evidence against a genuine photograph."
            }
            w if w >= -CITED_CONTRIBUTION => " This is evidence for a genuine photograph.",
            _ => "",
        }
    }
}

/// The findings to list, in their order: those that depart, and of those the score considers the ones that weigh; for a
/// photograph that is real also those that found nothing.
pub(super) fn to_list(mut all: Vec<Finding<'_>>, verdict: Verdict) -> Vec<Finding<'_>> {
    all.retain(|f| {
        f.departs() || (f.is_considered() && (verdict == Verdict::Real || f.weight.abs() >= MIN_LISTED_CONTRIBUTION))
    });
    all.sort_by(Finding::order);
    all.truncate(MAX_LISTED);
    all
}
