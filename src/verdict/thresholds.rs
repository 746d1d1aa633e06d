//! The thresholds of the verdicts.

use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use crate::identity::{Claim, Similarity};

/// The thresholds of the verdicts, and the error rates that they were fitted to: on held-out training people as
/// shipped, otherwise on the data of the operator's calibration.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Thresholds {
    /// Scores from this one up are `real`; 0..=1.
    #[schema(minimum = 0, maximum = 1)]
    pub real: f32,
    /// Scores up to this one are `fake`; 0..=1.
    #[schema(minimum = 0, maximum = 1)]
    pub fake: f32,
    /// Likeness below this, in natural log odds, is `different_person`. Minus infinity, `null` in JSON, where a search
    /// found the person: its own threshold decided on the identity.
    #[serde(deserialize_with = "or_unbounded")]
    #[schema(value_type = Option<f32>, required)]
    pub likeness: f32,
    /// The share of genuine photographs called fake that `fake` was fitted to, 0..=1.
    #[schema(minimum = 0, maximum = 1)]
    pub target_genuine_called_fake: f32,
    /// The share of manipulated faces called real that `real` was fitted to, 0..=1.
    #[schema(minimum = 0, maximum = 1)]
    pub target_fake_called_real: f32,
    /// The share of genuine photographs called `different_person` that `likeness` was fitted to, 0..=1.
    #[schema(minimum = 0, maximum = 1)]
    pub target_fnmr: f32,
    /// A face with a lower similarity, the mean cosine of embeddings C and D (-1..=1), is not `real` but
    /// `different_person`; absent where a search found the person. Embedding C alone decides where it leaves no doubt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = f32, required = false)]
    pub similarity: Option<f32>,
    /// The target false match rate, 0.000001 to 0.001: the share of strangers that may be matched with the person
    /// claimed. `similarity` follows from it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = f32, required = false)]
    pub target_fmr: Option<f32>,
    /// A face whose quality, `occlusion` not counted, is lower than this (0..=100) is `inconclusive`, or `different_person` where its likeness is far
    /// below the threshold.
    #[schema(minimum = 0, maximum = 100)]
    pub min_quality: f32,
}

fn unbounded() -> f32 {
    f32::NEG_INFINITY
}

/// Minus infinity is `null` in JSON.
fn or_unbounded<'de, D: Deserializer<'de>>(value: D) -> Result<f32, D::Error> {
    Ok(Option::deserialize(value)?.unwrap_or_else(unbounded))
}

impl Thresholds {
    /// The thresholds for a face whose identity a search has decided on.
    #[must_use]
    pub fn of_found_person(self) -> Self {
        Self { likeness: f32::NEG_INFINITY, ..self.with_claim(None) }
    }

    /// The thresholds with those of the decision on claimed identities.
    #[must_use]
    pub(super) fn with_claim(self, claim: Option<&Claim>) -> Self {
        let confirmed = Similarity { searched: 0.0, confirming: Some(0.0) };
        Self { similarity: claim.map(|c| c.threshold_for(confirmed)), target_fmr: claim.map(|c| c.target_fmr), ..self }
    }

    /// Checks that the thresholds are in order.
    ///
    /// # Errors
    /// A sentence that says what is wrong.
    pub fn check(&self) -> Result<(), String> {
        let ordered = 0.0 <= self.fake && self.fake <= self.real && self.real <= 1.0;
        if ordered && self.likeness.is_finite() && self.min_quality.is_finite() {
            return Ok(());
        }
        Err("the thresholds real, fake, likeness and min_quality must be numbers, with 0 <= fake <= real <= 1".into())
    }
}
