//! The fusion: evidence to a calibrated probability, by a small logistic model whose coefficients are published.
//!
//! `models/fusion.toml` is written by `training/fit.py`, which says how the coefficients were obtained. Every weight
//! on a deviation is at least zero, so that no piece of evidence against a photograph can ever raise its score.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::{Calibration, EmbeddingEvidence, Evidence, OperatingPoints, ScoreMap, TargetError, Thresholds};
use crate::identity::{Claim, ErrorTargets};
use crate::models::{Manifest, ManifestError, Role};
use crate::template::{Embedding, Trace};
use crate::toml_file;

/// The coefficients of `models/fusion.toml`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fusion {
    /// The natural log odds of a photograph that lies exactly where genuine ones are expected.
    pub intercept: f32,
    /// One weight per embedding's deviation, in the order of [`Embedding::JUDGED`]; at least zero.
    pub embedding: Vec<f32>,
    /// For each kind of trace, in the order of [`Trace::ALL`], the weight per standard deviation by which it is
    /// stronger than in the references, beyond one; at least zero.
    pub traces: [f32; Trace::ALL.len()],
    /// The weight per standard deviation by which covering a part of the face gains more likeness than in the
    /// references, beyond one, for the part that gains most; at least zero.
    pub parts: f32,
    /// The weight per standard deviation by which the probe is nearer to a negative than to the nearest reference; at
    /// least zero. A probe that is farther from every negative counts as zero.
    pub negative: f32,
    /// The thresholds of the verdicts.
    pub thresholds: Thresholds,
    /// The map of the score: it calibrates scores on methods that the weights were not fitted to. That of an operator's
    /// calibration comes after it.
    #[serde(default)]
    pub map: ScoreMap,
    /// The decision on claimed identities; `None`: likeness alone decides.
    #[serde(skip)]
    pub claim: Option<Claim>,
    /// The thresholds for other error rates; empty where none were fitted.
    #[serde(default)]
    pub operating_points: OperatingPoints,
}

/// The terms that the evidence adds to the natural log odds of the score: below zero speaks against the photograph. For
/// an embedding zero is what genuine photographs have on average; for a trace, a part and the negative it is no excess.
/// With the intercept the terms sum to the log odds before the map of the score.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Contributions {
    /// One per embedding of the evidence.
    pub embeddings: Vec<f32>,
    /// One per attribute of the evidence: for the traces of the whole face, the term of their kind; for all others,
    /// zero.
    pub attributes: Vec<f32>,
    /// One per part of the evidence: the whole term for the farthest part, zero for the others.
    pub parts: Vec<f32>,
    /// The nearest negative's.
    pub negative: f32,
}

/// Deviations count within these bounds: beyond, more of the same says nothing new.
const DEVIATION_BOUNDS: (f32, f32) = (-10.0, 1.5);
/// The excess of a trace or a part over the references counts from this many standard deviations on. It speaks against
/// a photograph, never for one.
const EXCESS_THRESHOLD: f32 = 1.0;
/// The excess counts with at most this many standard deviations beyond [`EXCESS_THRESHOLD`].
const MAX_EXCESS: f32 = 4.0;

impl Fusion {
    /// Reads the file with the role `fusion` through the manifest.
    ///
    /// # Errors
    /// A missing or altered file, or coefficients that are not of the documented form.
    pub fn load(manifest: &Manifest) -> Result<Self, ManifestError> {
        manifest.read_toml(Role::Fusion, Self::parse)
    }

    /// Parses the coefficients.
    ///
    /// # Errors
    /// A sentence that says what is wrong.
    pub fn parse(text: &str) -> Result<Self, String> {
        let fusion: Self = toml_file::parse(text)?;
        let usable = |w: f32| w.is_finite() && w >= 0.0;
        let embeddings =
            fusion.embedding.len() == Embedding::JUDGED.len() && fusion.embedding.iter().all(|&w| usable(w));
        let others = fusion.traces.into_iter().chain([fusion.parts, fusion.negative]);
        if !(embeddings && others.into_iter().all(usable)) {
            return Err(format!("expected {} embedding weights and others, none below zero", Embedding::JUDGED.len()));
        }
        fusion.thresholds.check()?;
        fusion.operating_points.check()?;
        Ok(fusion)
    }

    /// The inputs of the model, in the order of the weights: the deviations of the embeddings within bounds, then the
    /// excess of each kind of trace over [`EXCESS_THRESHOLD`], then that of the farthest part.
    pub fn features(evidence: &Evidence) -> Vec<f32> {
        let excess_over_threshold = |deviation: f32| (deviation - EXCESS_THRESHOLD).clamp(0.0, MAX_EXCESS);
        let deviation = |e: Embedding| evidence.deviation(e).clamp(DEVIATION_BOUNDS.0, DEVIATION_BOUNDS.1);
        let mut features: Vec<f32> = Embedding::JUDGED.iter().map(|&e| deviation(e)).collect();
        features.extend(Trace::ALL.map(|kind| excess_over_threshold(evidence.excess(kind))));
        features.push(evidence.farthest_part().map_or(0.0, |p| excess_over_threshold(p.deviation)));
        features
    }

    /// The calibrated probability, 0..=1, that a face with these contributions is a genuine photograph of the profile's
    /// person.
    pub fn score(&self, c: &Contributions) -> f32 {
        let all = c.embeddings.iter().chain(&c.attributes).chain(&c.parts);
        let logit = self.intercept + all.sum::<f32>() + c.negative;
        self.map.apply(1.0 / (1.0 + (-logit).exp()))
    }

    /// The fusion with an operator's thresholds, operating points and score map.
    #[must_use]
    pub fn calibrated(mut self, calibration: &Calibration) -> Self {
        let claim = self.claim.as_ref();
        (self.thresholds, self.map) = (calibration.thresholds.with_claim(claim), calibration.map.after(self.map));
        self.operating_points.clone_from(&calibration.operating_points);
        self
    }

    /// The fusion with this decision on claimed identities beside the likeness.
    #[must_use]
    pub fn with_claim(self, claim: Claim) -> Self {
        let thresholds = self.thresholds.with_claim(Some(&claim));
        Self { claim: Some(claim), thresholds, ..self }
    }

    /// The fusion with the thresholds of an identity that has these targets.
    pub fn with_targets(&self, targets: &ErrorTargets) -> Cow<'_, Self> {
        if *targets == ErrorTargets::default() {
            return Cow::Borrowed(self);
        }
        let thresholds = self.operating_points.thresholds(targets, self.thresholds);
        Cow::Owned(Self { thresholds, ..self.clone() })
    }

    /// As [`Fusion::with_targets`], for a face whose identity a search has decided on.
    #[must_use]
    pub fn of_found_person(&self, targets: &ErrorTargets) -> Self {
        let fusion = self.with_targets(targets).into_owned();
        Self { thresholds: fusion.thresholds.of_found_person(), claim: None, ..fusion }
    }

    /// Whether identities can have these error rates.
    ///
    /// # Errors
    /// As [`OperatingPoints::admit`].
    pub fn admits(&self, targets: &ErrorTargets) -> Result<(), TargetError> {
        self.operating_points.admit(targets)
    }

    /// The terms that the evidence adds to the log odds of the score.
    pub fn contributions(&self, evidence: &Evidence) -> Contributions {
        let features = Self::features(evidence);
        let (deviations, excesses) = features.split_at(Embedding::JUDGED.len());
        let embedding = |e: &EmbeddingEvidence| deviations[e.embedding as usize] * self.embedding[e.embedding as usize];
        let against_part = self.parts * excesses.last().copied().unwrap_or_default();
        let farthest = evidence.farthest_part().map(|p| p.part);
        let mut attributes = vec![0.0; evidence.attributes.len()];
        for ((kind, excess), weight) in Trace::ALL.into_iter().zip(excesses).zip(self.traces) {
            if let Some(i) = evidence.trace_of_face(kind) {
                attributes[i] = -weight * excess;
            }
        }
        Contributions {
            embeddings: evidence.embeddings.iter().map(embedding).collect(),
            attributes,
            parts: evidence.parts.iter().map(|p| if Some(p.part) == farthest { -against_part } else { 0.0 }).collect(),
            negative: -self.negative * evidence.negative.map_or(0.0, |n| n.margin.max(0.0)),
        }
    }
}
