//! The population: how alike photographs of one person are in general, how much that differs between people, and a
//! cohort of strangers.

use serde::{Deserialize, Serialize};

use super::{ConditionEffects, Tails};
use crate::models::{Manifest, ManifestError, Role};
use crate::template::{Embedding, Embeddings, Part};
use crate::toml_file;

/// How one embedding behaves over the training people.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct EmbeddingPrior {
    /// Mean cosine between two photographs of one person.
    pub pairwise: f32,
    /// Standard deviation of that mean between people.
    pub between_people: f32,
    /// Standard deviation of a photograph's cosine to the mean embedding of its person's other photographs.
    pub spread: f32,
    /// The effects of conditions on a genuine photograph's likeness.
    #[serde(default)]
    pub conditions: ConditionEffects,
    /// The standard deviation of the observed effect of the conditions, as a share of the expected one.
    #[serde(default)]
    pub effect_uncertainty: f32,
}

/// The committed coefficients, `models/population.toml`; training/README.md says how they were obtained.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PopulationModel {
    /// One for each of [`Embedding::JUDGED`].
    pub embedding: Vec<EmbeddingPrior>,
    /// The number of references that the priors weigh as much as.
    pub prior_weight: f32,
    /// For each of [`Part::ALL`](crate::template::Part::ALL), the standard deviation over one person's photographs of
    /// the gain in likeness to the others when that part is covered, as a cosine.
    pub parts: Vec<f32>,
    /// The natural log odds that two sides show one person: intercept, then one weight per embedding for its normalised
    /// cosine, 0 at the mean of the nearest impostors and 1 at the person's own expectation (F-norm).
    pub likeness: Vec<f32>,
    /// The upper tails of strangers' similarity, from which the thresholds of searches and claims follow.
    pub tail: Tails,
}

/// Priors and cohort.
#[derive(Clone, Debug)]
pub struct Population {
    /// The coefficients.
    pub model: PopulationModel,
    /// Strangers' faces: impostors to every identity.
    pub cohort: Vec<Embeddings>,
}

impl Population {
    /// Reads `population.toml` and `cohort.bin` through the manifest.
    ///
    /// # Errors
    /// A [`ManifestError`] that names the file.
    pub fn load(manifest: &Manifest) -> Result<Self, ManifestError> {
        let cohort = manifest.read_record(Role::Cohort)?;
        manifest.read_toml(Role::Population, |text| Self::parse(text, cohort))
    }

    /// From the text of `population.toml` and a cohort.
    ///
    /// # Errors
    /// Where and why the coefficients are not of the documented form.
    pub fn parse(text: &str, cohort: Vec<Embeddings>) -> Result<Self, String> {
        let model: PopulationModel = toml_file::parse(text)?;
        let n = Embedding::JUDGED.len();
        if model.embedding.len() != n || model.likeness.len() != n + 1 {
            return Err(format!("expected {n} embeddings and {} likeness weights", n + 1));
        }
        if model.parts.len() != Part::ALL.len() {
            return Err(format!("expected the spreads of {} parts", Part::ALL.len()));
        }
        model.tail.check()?;
        Ok(Self { model, cohort })
    }

    /// The prior of one embedding.
    pub fn prior(&self, which: Embedding) -> EmbeddingPrior {
        self.model.embedding[which as usize]
    }
}
