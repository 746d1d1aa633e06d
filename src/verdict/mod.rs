//! Probe and profile to verdict: evidence, fusion, decision, explanation.
//!
//! Two axes, never mixed: **identity** (does the face depict this person?) and **authenticity** (is it an untouched
//! photograph?). `real` needs both. Everything here is computed from its arguments alone and knows nothing of HTTP,
//! storage or time. Only [`Fusion::load`] reads a file: the shipped coefficients, through the manifest of the models.

mod calibration;
mod companions;
mod decision;
mod depth;
mod evidence;
mod explanation;
#[cfg(test)]
mod fixtures;
mod fusion;
mod hidden;
mod judge;
mod operating_points;
mod roll_up;
mod score_map;
mod tails;
mod thresholds;

pub use calibration::{Calibration, CalibrationSource, OtherModels, Rates};
pub use companions::weigh_companions;
pub use decision::{Decision, Limit, Verdict};
pub use depth::Depth;
pub use evidence::{
    AgeEvidence, AttributeEvidence, CopyEvidence, EmbeddingEvidence, Evidence, NegativeEvidence, PartEvidence,
};
pub use explanation::{CandidateFacts, Difference, Direction, Explanation, FrameFacts, OtherFace, SearchFacts};
pub use fusion::{Contributions, Fusion};
pub use judge::{Judgement, Stability, judge, judge_template};
pub use operating_points::{OperatingPoint, OperatingPoints, TargetError};
pub use roll_up::{ImageDecision, Standing, best_match, deciding};
pub use score_map::ScoreMap;
pub use thresholds::Thresholds;
