//! The benchmark: runs any folder in the layout of `VIPBench` through the service's own code.
//!
//! [`Dataset`] reads the folder, [`draws`] chooses references and probes, [`extract`] turns each picture into
//! templates, [`measure`](measure()) enrolls and verifies, [`Report`] holds the figures. [`calibrate`](calibrate())
//! fits thresholds and the score's map to an operator's own data; [`training`] exports what the fits in `training/`
//! read. `docs/evaluation.md` defines the figures.

mod cache;
mod calibrate;
mod changes;
mod dataset;
mod decisions;
mod degrade;
mod explanations;
mod extraction;
mod judge;
mod labels;
mod measure;
mod open_set;
mod protocol;
pub mod report;
pub mod statistics;
pub mod training;

use std::fmt::Display;

pub use cache::{Cache, CacheError};
pub use calibrate::{CalibrateError, Targets, calibrate};
pub use changes::{ChangeRow, verdict_changes};
pub use dataset::{Dataset, Picture, Set};
pub use decisions::Decided;
pub use degrade::{Degradation, InvalidDegradation};
pub use explanations::{Explained, ForgedRegions, ForgedRegionsError};
pub use extraction::{Extracted, Seen, extract, wanted};
pub use judge::Judge;
pub use labels::{Labels, LabelsError};
pub use measure::{Apparent, Enrollment, Measured, Record, measure};
pub use open_set::{OpenSetFigures, OpenSetRow, OpenSetScores};
pub use protocol::{Draw, Protocol, draws, enroll};
pub use report::Report;

/// `1 person`, `2 people`.
fn counted<N: Copy + Display + PartialEq + From<u8>>(count: N, one: &str, many: &str) -> String {
    let name = if count == N::from(1) { one } else { many };
    format!("{count} {name}")
}
