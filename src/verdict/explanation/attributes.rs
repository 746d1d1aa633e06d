//! Sentences on attributes: geometry, colour and detail.

use super::difference::{DEPARTS, Difference, Direction};
use super::words::degree;
use crate::template::AttributeSpec;
use crate::verdict::AttributeEvidence;

pub(super) fn difference(a: &AttributeEvidence, spec: &AttributeSpec, direction: Direction, weight: f32) -> Difference {
    let side = if direction == Direction::Higher { "above" } else { "below" };
    let degree = degree(a.deviation);
    let range = "the usual range of this person's own photographs";
    let text = match direction {
        Direction::Within => format!("The {} is within {range}.", spec.label),
        _ => format!(
            "The {} is {degree}{side} {range}, {:.1} standard deviations from the mean.",
            spec.label,
            a.deviation.abs()
        ),
    };
    with_text(a, spec, direction, weight, text)
}

/// The difference with the figures of an attribute.
pub(super) fn with_text(
    a: &AttributeEvidence,
    spec: &AttributeSpec,
    direction: Direction,
    weight: f32,
    text: String,
) -> Difference {
    let possible = spec.possible();
    let expected = a.range(DEPARTS).map(|v| v.clamp(*possible.start(), *possible.end()));
    Difference {
        region: spec.region.name().into(),
        attribute: spec.name.into(),
        observed: a.observed,
        expected,
        unit: spec.unit.into(),
        deviation: a.deviation,
        direction,
        weight,
        text,
    }
}
