//! Sentences on likeness: the face as one embedding sees it.

use super::difference::{DEPARTS, Difference, Direction};
use super::words::{SLIGHT_DEVIATION, capitalised, degree};
use crate::template::{Embedding, Region};
use crate::verdict::EmbeddingEvidence;

/// The sentence mentions pose and quality where they lower the expectation by more than this, in standard deviations.
const MENTIONED_ALLOWANCE: f32 = -0.25;

/// The part of the picture that an embedding sees.
pub(super) fn seen_by(embedding: Embedding) -> &'static str {
    match embedding {
        Embedding::A => "whole head with hair and outline",
        Embedding::B => "face from brow to chin",
        Embedding::C | Embedding::D => "inner face",
    }
}

pub(super) fn difference(e: &EmbeddingEvidence, direction: Direction, weight: f32) -> Difference {
    let conditions = if e.allowance < MENTIONED_ALLOWANCE { ", with pose and image quality allowed for" } else { "" };
    let subject = capitalised(&format!("the {}", seen_by(e.embedding)));
    let usually = "this person's own photographs usually are";
    let text = match direction {
        Direction::Within if e.deviation > SLIGHT_DEVIATION => {
            format!("{subject} is at least as much like the references as {usually}{conditions}.")
        }
        Direction::Within if e.deviation >= -SLIGHT_DEVIATION => {
            format!("{subject} is about as much like the references as {usually}{conditions}.")
        }
        Direction::Within => format!(
            "{subject} is a little less like the references than {usually}, but within the usual range{conditions}."
        ),
        _ => format!(
            "{subject} is {}less like the references than {usually}: {:.1} standard deviations below their \
             mean{conditions}.",
            degree(e.deviation),
            e.deviation.abs()
        ),
    };
    Difference {
        // Each embedding sees the whole crop: its likeness says nothing of where.
        region: Region::Overall.name().into(),
        attribute: format!("likeness_{}", e.embedding.name()),
        observed: e.observed,
        expected: [e.expected - DEPARTS * e.spread, e.expected + DEPARTS * e.spread].map(|v| v.clamp(-1.0, 1.0)),
        unit: "cosine".into(),
        deviation: e.deviation,
        direction,
        weight,
        text,
    }
}
