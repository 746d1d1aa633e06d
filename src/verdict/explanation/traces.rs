//! Sentences on traces of manipulation, as the forensic network and the image encoder see them.

use super::attributes::with_text;
use super::difference::{Difference, Direction};
use super::words::{SLIGHT_DEVIATION, capitalised, degree};
use crate::template::{AttributeSpec, Region, Trace};
use crate::verdict::AttributeEvidence;

/// Traces of one kind in words.
pub(super) fn traces_of(kind: Trace) -> &'static str {
    match kind {
        Trace::Blending => "traces of blending, such as a pasted-in face leaves,",
        Trace::Synthesis => "traces of synthesis, such as an image generator leaves,",
        Trace::EncoderBlending => {
            "signs that the face was put into another person's picture, as the image encoder sees them,"
        }
        Trace::EncoderSynthesis => "signs that an image generator drew the face, as the image encoder sees them,",
    }
}

pub(super) fn difference(
    kind: Trace,
    a: &AttributeEvidence,
    spec: &AttributeSpec,
    direction: Direction,
    weight: f32,
) -> Difference {
    let subject = capitalised(traces_of(kind));
    let (degree, deviation) = (degree(a.deviation), a.deviation);
    let text = match (spec.region, direction) {
        (Region::Overall, Direction::Within) if deviation < SLIGHT_DEVIATION => {
            format!("{subject} are not unusually strong compared with this person's own photographs.")
        }
        (Region::Overall, Direction::Within) => format!(
            "{subject} are a little stronger than in most of this person's own photographs, but within the usual range."
        ),
        (Region::Overall, _) => format!(
            "{subject} are {degree}stronger than in this person's own photographs: {deviation:.1} standard deviations \
             above their mean."
        ),
        (region, Direction::Within) => format!(
            "{subject} do not stand out unusually at the {} compared with this person's own photographs.",
            region.name()
        ),
        (region, _) => format!(
            "{subject} stand out {degree}more at the {} than in this person's own photographs: {deviation:.1} standard \
             deviations above their mean.",
            region.name()
        ),
    };
    with_text(a, spec, direction, weight, text)
}
