//! Probe and profile to verdict: evidence, fusion, decision, explanation.
//!
//! Two axes, never mixed: **identity** (does the face depict this person?) and **authenticity** (is it an untouched
//! photograph?). `real` needs both. Everything here is pure: it knows nothing of HTTP, storage or time.

mod calibration;
mod decision;
mod evidence;
mod explanation;
mod fusion;
mod operating_points;
mod roll_up;
mod tails;

pub use calibration::{Calibration, CalibrationError, CalibrationSource, Rates, ScoreMap};
pub use decision::{Decision, Limit, Verdict};
pub use evidence::{
    AgeEvidence, AttributeEvidence, CopyEvidence, EmbeddingEvidence, Evidence, NegativeEvidence, PartEvidence,
};
pub use explanation::{Difference, Direction, Explanation};
pub use fusion::{Contributions, Fusion, Thresholds};
pub use operating_points::{OperatingPoint, OperatingPoints, TargetError};
pub use roll_up::{Claimed, most_alike, roll_up};
