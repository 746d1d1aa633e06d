//! The service without its store: networks, population, fusion.

use std::path::Path;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::identity::{DEFAULT_TARGET_FMR, Population, Tails};
use crate::imaging::DecodeLimits;
use crate::inference::TractEngine;
use crate::models::{Manifest, Role, Versions, Zoo};
use crate::service::{Analyser, StartError};
use crate::verdict::{Calibration, Fusion};

/// Everything that a verdict depends on, except the references.
pub struct Judge {
    /// Bytes to templates.
    pub analyser: Analyser,
    /// Priors and cohort.
    pub population: Population,
    /// Evidence to verdict.
    pub fusion: Fusion,
    /// The versions of faceward, models and engine.
    pub versions: Versions,
    /// A value that changes with faceward and with the networks that templates come from, but not with the fusion.
    pub templates_version: String,
    tails: Tails,
}

impl Judge {
    /// Loads the models after checking their hashes. With `calibration`, its thresholds decide.
    ///
    /// # Errors
    /// A [`StartError`] that names the file.
    pub fn open(models: &Path, calibration: Option<&Calibration>) -> Result<Self, StartError> {
        let manifest = Manifest::open(models)?;
        let zoo = Arc::new(Zoo::load(&manifest, &TractEngine)?);
        let versions = Versions {
            faceward: env!("CARGO_PKG_VERSION").into(),
            models: zoo.version.clone(),
            engine: zoo.engine.clone(),
        };
        let population = Population::load(&manifest)?;
        let mut fusion = Fusion::load(&manifest)?;
        if let Some(calibration) = calibration {
            calibration.check(&versions.models)?;
            fusion = fusion.calibrated(calibration);
        }
        let tails = calibration.and_then(|c| c.tail).unwrap_or(population.model.tail);
        let fusion = fusion.with_claim(tails.claim(DEFAULT_TARGET_FMR));
        Ok(Self {
            tails,
            analyser: Analyser::new(zoo, DecodeLimits::default()),
            population,
            fusion,
            templates_version: templates_version(&manifest, &versions),
            versions,
        })
    }

    /// The tails of strangers' similarity that the threshold of a search follows from.
    pub fn tails(&self) -> Tails {
        self.tails
    }
}

fn templates_version(manifest: &Manifest, versions: &Versions) -> String {
    let fitted = [Role::Fusion, Role::Population, Role::Cohort];
    let mut hash = Sha256::new();
    hash.update(format!("{} {}", versions.faceward, versions.engine));
    for model in manifest.models.iter().filter(|m| !fitted.contains(&m.role)) {
        hash.update(model.sha256.to_ascii_lowercase());
    }
    hex::encode(&hash.finalize()[..8])
}
