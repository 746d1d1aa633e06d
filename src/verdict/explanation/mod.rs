//! The explanation: sentences generated from measured numbers alone, for readers who know neither the code nor the
//! measures. Measured values and their units stand in the fields beside the sentences; sentences give scores,
//! thresholds and deviations.

mod attributes;
mod difference;
mod finding;
mod frame;
mod likeness;
mod others;
mod parts;
mod search;
mod summary;
mod traces;
mod words;

use serde::Serialize;
use utoipa::ToSchema;

use super::{Decision, Evidence};
use finding::{Finding, to_list};

pub use difference::{Difference, Direction};
pub use frame::FrameFacts;
pub use others::OtherFace;
pub use search::{CandidateFacts, SearchFacts};

/// The reasons for a verdict.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Explanation {
    /// The reasons in a few sentences.
    pub summary: String,
    /// At most eight differences, in the order of their weight: those that carry weight in the score, then those that
    /// depart without weight (parts of the face that seem not to be the person's, traces of manipulation, the rest).
    /// For a photograph that is `real`, also the checks that found nothing.
    #[schema(max_items = 8)]
    pub differences: Vec<Difference>,
}

impl Explanation {
    /// A measure departs when it lies outside this many standard deviations; an attribute without weight departs
    /// outside three.
    pub const DEPARTS: f32 = difference::DEPARTS;

    /// Explains one decision. Deterministic: the same numbers give the same sentences.
    pub fn of(person: &str, decision: &Decision, evidence: &Evidence) -> Self {
        let findings = Finding::all(decision, evidence);
        let summary = summary::summary(person, decision, evidence, &findings);
        let listed = to_list(findings, decision.verdict);
        Self { summary, differences: listed.iter().map(|f| f.difference(decision)).collect() }
    }

    /// A summary alone: for an image without a face.
    pub fn only(summary: impl Into<String>) -> Self {
        Self { summary: summary.into(), differences: Vec::new() }
    }
}

#[cfg(test)]
mod tests;
