//! Traces of manipulation, of the whole face and of its parts.

use super::conditions::{Conditions, DETAIL};
use super::scale;
use super::spec::Trace;
use super::table::{Attribute, Measure};
use super::traces::{EYES, MOUTH, NOSE};

/// Traces need detail, and a head not turned so far that the crop is mostly background.
const READABLE: Conditions = Conditions { max_yaw: 45.0, ..DETAIL };

const TOTAL: &str = "the forensic network's answer for the whole face (after Shiohara and Yamasaki 2022)";
const ENCODER: &str = "a linear probe on an image encoder pretrained with captions (after Ojha, Li and Lee 2023)";
const FIELD: &str =
    "the mean of the forensic network's map at the region less that over all regions (after Li et al. 2020)";

/// A row with what all traces share.
const fn row(name: &'static str, label: &'static str, source: &'static str, measure: Measure) -> Attribute {
    Attribute { name, label, scale: scale::LOGIT, source, conditions: READABLE, measure }
}

/// The traces of the whole face.
pub(super) const OVERALL_TABLE: &[Attribute] = &[
    row(
        "blending_trace",
        "sign of a pasted-in face",
        TOTAL,
        Measure::Traces(Trace::Blending, |t| t.total(Trace::Blending)),
    ),
    row(
        "synthesis_trace",
        "sign of a generated face",
        TOTAL,
        Measure::Traces(Trace::Synthesis, |t| t.total(Trace::Synthesis)),
    ),
];
/// What the image encoder sees in the whole face.
pub(super) const ENCODER_TABLE: &[Attribute] = &[
    row("encoder_blending_trace", "sign of a swapped face", ENCODER, Measure::Encoder(Trace::EncoderBlending)),
    row("encoder_synthesis_trace", "sign of a drawn face", ENCODER, Measure::Encoder(Trace::EncoderSynthesis)),
];
/// The traces of the eyes.
pub(super) const EYES_TABLE: &[Attribute] = &[row(
    "eyes_blending_trace",
    "sign of pasting at the eyes relative to the rest of the face",
    FIELD,
    Measure::Traces(Trace::Blending, |t| t.stands_out(Trace::Blending, &EYES)),
)];
/// The traces of the nose.
pub(super) const NOSE_TABLE: &[Attribute] = &[row(
    "nose_blending_trace",
    "sign of pasting at the nose relative to the rest of the face",
    FIELD,
    Measure::Traces(Trace::Blending, |t| t.stands_out(Trace::Blending, &NOSE)),
)];
/// The traces of the mouth.
pub(super) const MOUTH_TABLE: &[Attribute] = &[row(
    "mouth_blending_trace",
    "sign of pasting at the mouth relative to the rest of the face",
    FIELD,
    Measure::Traces(Trace::Blending, |t| t.stands_out(Trace::Blending, &MOUTH)),
)];
