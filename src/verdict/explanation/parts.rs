//! Sentences on parts of the face: what covering one does to the similarity to the references.

use super::difference::{DEPARTS, Difference, Direction};
use super::words::{SLIGHT_DEVIATION, capitalised, degree};
use crate::template::Part;
use crate::verdict::PartEvidence;

/// What is said of one part beside its effect.
#[derive(Clone, Copy)]
pub(super) struct Standing {
    /// Whether it departs most.
    pub(super) farthest: bool,
    /// Whether a part that departs is suspicious under the verdict.
    pub(super) suspicious: bool,
}

/// The effect of covering the part where it is unusual, as the first half of a sentence; `person` as the sentence names
/// it.
pub(super) fn effect_of_covering(p: &PartEvidence, person: &str) -> String {
    let (part, degree) = (p.part.region().name(), degree(p.deviation));
    if p.observed > 0.0 {
        format!("Covering the {part} makes the face {degree}more like {person}")
    } else {
        format!(
            "Covering the {part} lowers the similarity to the references {degree}less than in {person}'s own \
             photographs"
        )
    }
}

/// The part as a subject with its verb: `the nose is`.
pub(super) fn subject(part: Part) -> &'static str {
    match part {
        Part::Eyes => "the eyes are",
        Part::Nose => "the nose is",
        Part::Mouth => "the mouth is",
    }
}

pub(super) fn difference(p: &PartEvidence, standing: Standing, direction: Direction, weight: f32) -> Difference {
    let part = p.part.region().name();
    let text = match direction {
        Direction::Within if p.deviation < SLIGHT_DEVIATION => {
            format!(
                "Covering the {part} does not make the face unusually more like the references: there is no sign of a \
                 replacement."
            )
        }
        Direction::Within if p.observed > 0.0 => format!(
            "Covering the {part} raises the similarity to the references slightly more than in this person's own \
             photographs, but within the usual range."
        ),
        Direction::Within => format!(
            "Covering the {part} lowers the similarity to the references slightly less than in this person's own \
             photographs, but within the usual range."
        ),
        _ => {
            let (effect, subject) = (effect_of_covering(p, "this person"), capitalised(subject(p.part)));
            let remark = match standing {
                Standing { farthest: true, suspicious: true } => "the most suspicious part of the face",
                Standing { farthest: false, suspicious: true } => "suspicious too",
                Standing { farthest: true, suspicious: false } => "the part of the face that departs most",
                Standing { farthest: false, suspicious: false } => "unusual too",
            };
            format!(
                "{effect}: {:.1} standard deviations above the mean effect in this person's own photographs. {subject} \
                 {remark}.",
                p.deviation
            )
        }
    };
    Difference {
        region: part.into(),
        attribute: format!("likeness_without_{part}"),
        observed: p.observed,
        expected: p.range(DEPARTS).map(|v| v.clamp(-2.0, 2.0)),
        unit: "cosine".into(),
        deviation: p.deviation,
        direction,
        weight,
        text,
    }
}
