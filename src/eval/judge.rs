//! The service without its store: what looks at pictures, and what decides.

use std::path::Path;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::identity::Population;
use crate::imaging::DecodeLimits;
use crate::inference::TractEngine;
use crate::models::{Manifest, Role, Versions, Zoo};
use crate::service::{Analyser, StartError};
use crate::verdict::{Calibration, Fusion};

/// Everything that a verdict depends on, apart from the references.
pub struct Judge {
    /// Bytes to templates.
    pub analyser: Analyser,
    /// What is known of people in general.
    pub population: Population,
    /// Evidence to verdict.
    pub fusion: Fusion,
    /// What runs.
    pub versions: Versions,
    /// One value that changes when a network does from which templates come (not when the fusion is fitted anew), or
    /// faceward itself.
    pub templates_version: String,
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
        let mut fusion = Fusion::load(&manifest)?;
        if let Some(calibration) = calibration {
            calibration.check(&versions.models)?;
            fusion = fusion.calibrated(calibration);
        }
        Ok(Self {
            analyser: Analyser::new(zoo, DecodeLimits::default()),
            population: Population::load(&manifest)?,
            fusion,
            templates_version: templates_version(&manifest, &versions),
            versions,
        })
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
