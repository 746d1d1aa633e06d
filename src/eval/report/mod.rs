//! The figures of a run, and their forms: JSON, Markdown, a page, a summary for a terminal.
//!
//! The JSON form is the [`Report`] itself, which can be read back and compared with.

mod build;
mod compare;
mod explanations;
mod figures;
mod html;
mod markdown;
mod summary;
mod text;
mod thumbnails;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub(crate) use build::balanced;
pub use compare::{Change, Comparison};
pub use explanations::{ExplanationRow, Pointing};
pub use figures::Figures;
pub use html::html;
pub use markdown::markdown;
pub use summary::summary;
pub use text::rates;
pub use thumbnails::add_thumbnails;

use super::statistics::Bin;
use super::{ChangeRow, OpenSetFigures};
use crate::face::BoundingBox;
use crate::verdict::{CalibrationSource, Thresholds, Verdict};

/// The version of the JSON form.
pub const SCHEMA: u32 = 1;

/// The figures of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// [`SCHEMA`] of the version that wrote it.
    pub schema: u32,
    /// Folder, protocol, versions and thresholds.
    pub run: Run,
    /// References accepted and refused.
    pub enrollment: EnrollmentSummary,
    /// Means over people (and methods), by degradation and set.
    #[serde(rename = "macro")]
    pub means: Vec<MeanRow>,
    /// By degradation, person and set.
    pub sets: Vec<SetRow>,
    /// By degradation and group of people.
    pub groups: Vec<GroupRow>,
    /// Curves, by degradation.
    pub conditions: Vec<Condition>,
    /// Verdicts changed by degradation; empty where no undegraded probes were verified.
    #[serde(default)]
    pub changes: Vec<ChangeRow>,
    /// Figures of explanations, by degradation.
    #[serde(default)]
    pub explanations: Vec<ExplanationRow>,
    /// Searches among strangers; `None` where the folder has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open_set: Option<OpenSetFigures>,
    /// The worst cases under the first degradation.
    pub worst: Vec<Case>,
}

/// Folder, protocol, versions and thresholds of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// The name of the folder.
    pub data: String,
    /// The people in it.
    pub identities: Vec<String>,
    /// Photographs offered as references per person; at most half of the person's photographs.
    pub refs: usize,
    /// Draws per person.
    pub seeds: u64,
    /// Pictures of other people per person and draw.
    pub others: usize,
    /// The most probes of any one set per person and draw; 0: all.
    pub max_per_set: usize,
    /// The degradations of the probes.
    pub degrade: Vec<String>,
    /// Answers in all.
    pub probes: usize,
    /// Forgeries left out: they were made from an enrolled photograph.
    pub excluded: usize,
    /// The version of faceward.
    pub faceward: String,
    /// The version of the models.
    pub models: String,
    /// The inference engine.
    pub engine: String,
    /// The thresholds of the verdicts.
    pub thresholds: Thresholds,
    /// The operator's calibration, if one was used.
    pub calibration: Option<CalibrationSource>,
}

/// References accepted and refused, over all draws and people.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct EnrollmentSummary {
    /// The mean share of photographs accepted, 0..=1.
    pub references_accepted: f64,
    /// Refusals by code.
    pub refused: BTreeMap<String, usize>,
}

/// One set of one person under one degradation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SetRow {
    /// The degradation.
    pub degrade: String,
    /// The claimed identity.
    pub identity: String,
    /// `real`, `fake:METHOD` or `other`.
    pub set: String,
    /// Answers in all draws.
    pub n: usize,
    /// The figures.
    #[serde(flatten)]
    pub figures: Figures,
}

/// A mean over rows; each counts alike, however many probes it holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MeanRow {
    /// The degradation.
    pub degrade: String,
    /// `real`, `fake` (every method), `other`, or `fake:METHOD`.
    pub set: String,
    /// The number of rows.
    pub sets: usize,
    /// The means.
    #[serde(flatten)]
    pub figures: Figures,
    /// 95 % intervals by the bootstrap over people, by the name of the figure.
    pub intervals: BTreeMap<String, [f64; 2]>,
    /// The smallest AUC among the rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worst_auc: Option<f64>,
    /// Its person and set: `PERSON/SET`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worst: Option<String>,
}

/// The people of one group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GroupRow {
    /// The degradation.
    pub degrade: String,
    /// For example `apparent sex`.
    pub attribute: String,
    /// For example `female`.
    pub value: String,
    /// The number of people.
    pub people: usize,
    /// Means over their genuine photographs.
    pub real: Option<MeanRow>,
    /// Means over fakes of them.
    pub fake: Option<MeanRow>,
    /// Means over other people claimed to be them.
    pub other: Option<MeanRow>,
}

/// The curves under one degradation, people and draws pooled.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Condition {
    /// The degradation.
    pub degrade: String,
    /// Genuine photographs against each method.
    pub curves: Vec<Curve>,
    /// Scores by kind (`real`, `fake`, `other`): the share in each of equal bins from 0 to 1.
    pub histograms: BTreeMap<String, Vec<f64>>,
    /// Mean score against the share of genuine photographs.
    pub reliability: Vec<Bin>,
    /// The expected calibration error.
    pub calibration_error: Option<f64>,
    /// (share decided, error among the decided), by distance from the middle of the two thresholds.
    pub abstention: Vec<[f64; 2]>,
    /// (share decided, error among the decided) of the verdicts.
    pub at_verdict: Option<[f64; 2]>,
}

/// Genuine photographs against one method.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Curve {
    /// `fake:METHOD` or `other`.
    pub set: String,
    /// Scores of the method.
    pub n: usize,
    /// The AUC of the pooled scores, which differs from the mean over people.
    pub auc: Option<f64>,
    /// The EER of the pooled scores.
    pub eer: Option<f64>,
    /// (APCER, BPCER), from (1, 0) to (0, 1).
    pub points: Vec<[f64; 2]>,
}

/// One of the worst cases.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Case {
    /// The claimed identity.
    pub identity: String,
    /// `real`, `fake:METHOD` or `other`.
    pub set: String,
    /// The picture's path below the data folder.
    pub path: String,
    /// The score.
    pub score: f64,
    /// The verdict.
    pub verdict: Option<Verdict>,
    /// The face as a JPEG, for the page; only on request.
    #[serde(skip)]
    pub thumbnail: Option<Vec<u8>>,
    /// The box of the face.
    #[serde(skip)]
    pub(crate) bbox: Option<BoundingBox>,
}
