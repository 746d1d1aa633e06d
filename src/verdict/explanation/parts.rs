//! Sentences on parts of the face: what covering one does to the likeness.

use super::difference::{DEPARTS, Difference, Direction};
use super::words::degree;
use crate::template::Part;
use crate::verdict::PartEvidence;

/// Covering a part that gains this many standard deviations more than usual gains a little.
const A_LITTLE: f32 = 1.0;

/// What covering the part does where that is unusual, as the first half of a sentence; `person` as the sentence names it.
pub(super) fn effect_of_covering(p: &PartEvidence, person: &str) -> String {
    let (part, degree) = (p.part.region().name(), degree(p.deviation));
    if p.observed > 0.0 {
        format!("Covering the {part} makes the face {degree}more like {person}")
    } else {
        format!("Covering the {part} takes {degree}less from the likeness than it should")
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

pub(super) fn difference(p: &PartEvidence, farthest: bool, direction: Direction, weight: f32) -> Difference {
    let (part, own) = (p.part.region().name(), "this person's own photographs");
    let text = match direction {
        Direction::Within if p.deviation < A_LITTLE => {
            format!(
                "Covering the {part} changes the likeness no more than it does in {own}: nothing points to the {part}."
            )
        }
        Direction::Within => {
            format!(
                "Covering the {part} gains a little more likeness than in most of {own}, but within the normal range."
            )
        }
        _ => format!(
            "{}, {:.1} standard deviations beyond what it does in {own}: {} {}.",
            effect_of_covering(p, "this person"),
            p.deviation,
            subject(p.part),
            if farthest { "the most suspicious part of the face" } else { "suspicious too" }
        ),
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
