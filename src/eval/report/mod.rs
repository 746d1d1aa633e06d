//! What a run came to: the figures, and how they are written down.
//!
//! The JSON form is the report itself; it can be read back and compared with. Names of columns are those that a
//! black-box harness over HTTP would use.

mod build;
mod compare;
mod explanation_tables;
mod explanations;
mod figures;
mod html;
mod markdown;
mod page;
mod plots;
mod svg;
mod thumbnails;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub(crate) use build::balanced;
pub use compare::{Change, Comparison};
pub use explanations::{ExplanationRow, Pointing};
pub use figures::Figures;
pub use html::html;
pub use markdown::{markdown, rates, summary};
pub use thumbnails::add_thumbnails;

use super::ChangeRow;
use super::statistics::Bin;
use crate::face::BoundingBox;
use crate::verdict::{CalibrationSource, Thresholds, Verdict};

/// The version of the JSON form.
pub const SCHEMA: u32 = 1;

/// Everything that came of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// [`SCHEMA`] when it was written.
    pub schema: u32,
    /// How it was measured.
    pub run: Run,
    /// What became of the references.
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
    /// What degradations did to verdicts, where probes were also looked at as they are.
    #[serde(default)]
    pub changes: Vec<ChangeRow>,
    /// How well explanations do, by degradation.
    #[serde(default)]
    pub explanations: Vec<ExplanationRow>,
    /// The probes that went most wrong, under the first degradation.
    pub worst: Vec<Case>,
}

/// How it was measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// The name of the folder.
    pub data: String,
    /// The people in it.
    pub identities: Vec<String>,
    /// Photographs offered as references, a person; at most half of what there is.
    pub refs: usize,
    /// Draws.
    pub seeds: u64,
    /// Pictures of other people, a person and draw.
    pub others: usize,
    /// Probes of any one set, a person and draw; 0: all.
    pub max_per_set: usize,
    /// What was done to probes.
    pub degrade: Vec<String>,
    /// Answers in all.
    pub probes: usize,
    /// Forgeries left out because they were made from an enrolled photograph.
    pub excluded: usize,
    /// The version of faceward.
    pub faceward: String,
    /// The version of the models.
    pub models: String,
    /// The inference engine.
    pub engine: String,
    /// Where the verdicts began.
    pub thresholds: Thresholds,
    /// The operator's calibration, where one was used.
    pub calibration: Option<CalibrationSource>,
}

/// What became of the references, over all draws and people.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct EnrollmentSummary {
    /// The mean share of photographs that were taken.
    pub references_accepted: f64,
    /// Codes of refusal, and how often.
    pub refused: BTreeMap<String, usize>,
}

/// One set of one person under one degradation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SetRow {
    /// What was done to the probes.
    pub degrade: String,
    /// Whom they were claimed to show.
    pub identity: String,
    /// `real`, `fake:METHOD` or `other`.
    pub set: String,
    /// Answers, over all draws.
    pub n: usize,
    /// The figures.
    #[serde(flatten)]
    pub figures: Figures,
}

/// A mean over rows: each row counts alike, however many probes it holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MeanRow {
    /// What was done to the probes.
    pub degrade: String,
    /// `real`, `fake` (every method), `other`, or `fake:METHOD`.
    pub set: String,
    /// Rows.
    pub sets: usize,
    /// The means.
    #[serde(flatten)]
    pub figures: Figures,
    /// 95 % intervals by the bootstrap over people, by the name of the figure.
    pub intervals: BTreeMap<String, [f64; 2]>,
    /// The smallest AUC among the rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worst_auc: Option<f64>,
    /// Whose it is: `PERSON/SET`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worst: Option<String>,
}

/// The people of one group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GroupRow {
    /// What was done to the probes.
    pub degrade: String,
    /// For example `apparent sex`.
    pub attribute: String,
    /// For example `female`.
    pub value: String,
    /// How many people.
    pub people: usize,
    /// Means over their genuine photographs.
    pub real: Option<MeanRow>,
    /// Means over fakes of them.
    pub fake: Option<MeanRow>,
    /// Means over other people claimed to be them.
    pub other: Option<MeanRow>,
}

/// The curves under one degradation, over all people and draws together: the thresholds are the same for everyone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Condition {
    /// What was done to the probes.
    pub degrade: String,
    /// Genuine photographs against each method.
    pub curves: Vec<Curve>,
    /// Scores by kind (`real`, `fake`, `other`): the share in each of equal bins from 0 to 1.
    pub histograms: BTreeMap<String, Vec<f64>>,
    /// Promise against truth.
    pub reliability: Vec<Bin>,
    /// The expected calibration error.
    pub calibration_error: Option<f64>,
    /// (share decided, error among the decided), by distance from the middle of the two thresholds.
    pub abstention: Vec<[f64; 2]>,
    /// The same point at the verdicts as they are.
    pub at_verdict: Option<[f64; 2]>,
}

/// Genuine photographs against one method.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Curve {
    /// `fake:METHOD` or `other`.
    pub set: String,
    /// Scores of the method.
    pub n: usize,
    /// Of all scores together, which is not the mean over people.
    pub auc: Option<f64>,
    /// Likewise.
    pub eer: Option<f64>,
    /// (APCER, BPCER), from (1, 0) to (0, 1).
    pub points: Vec<[f64; 2]>,
}

/// A probe that went wrong.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Case {
    /// Whom it was claimed to show.
    pub identity: String,
    /// `real`, `fake:METHOD` or `other`.
    pub set: String,
    /// The picture, under the folder.
    pub path: String,
    /// The score.
    pub score: f64,
    /// The verdict.
    pub verdict: Option<Verdict>,
    /// The face, as a JPEG; in the page only, and only when asked for.
    #[serde(skip)]
    pub thumbnail: Option<Vec<u8>>,
    /// Where the face stands.
    #[serde(skip)]
    pub(crate) bbox: Option<BoundingBox>,
}
