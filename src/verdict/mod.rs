//! Probe and profile to verdict: evidence, fusion, decision, explanation.
//!
//! Two axes, never mixed: **identity** (does the face depict this person?) and **authenticity** (is it an untouched
//! photograph?). `real` needs both. Everything here is pure: it knows nothing of HTTP, storage or time.

mod decision;
mod evidence;
mod explanation;
mod fusion;
mod image;

pub use decision::{Decision, Limit, Verdict};
pub use evidence::{AttributeEvidence, EmbeddingEvidence, Evidence, NegativeEvidence};
pub use explanation::{Difference, Direction, Explanation};
pub use fusion::{Fusion, FusionError, Thresholds};
pub use image::{FaceVerdict, most_alike, roll_up};
