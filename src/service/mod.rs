//! The service itself, without HTTP: what the API and the command line both call.
//!
//! Every method blocks, on the processor or on the disk: asynchronous callers run them through [`Pool`].

mod analyser;
mod calibration_file;
mod enroll;
mod error;
mod expiry;
mod gallery;
mod helpers;
mod pool;
mod report;
mod stability;
mod timing;
mod verify;

use std::path::Path;
use std::sync::{Arc, Mutex};

use crate::face::DetectorSettings;
use crate::identity::Population;
use crate::imaging::DecodeLimits;
use crate::inference::{Engine, TractEngine};
use crate::models::{Manifest, Zoo};
use crate::store::Store;
use crate::verdict::{Calibration, CalibrationSource, Fusion};

pub use analyser::{Analyser, Analysis, MAX_FACES};
pub use calibration_file::{CalibrationFileError, read_calibration, write_calibration};
pub use enroll::{Accepted, EnrollmentReport, ProfileReport, Rejected, Upload};
pub use error::{ServiceError, StartError};
pub use expiry::Expiry;
pub use gallery::Enrolled;
pub use pool::{Overloaded, Pool};
pub use report::{
    ApparentTraits, CopyReport, FaceReport, IdentityName, ImageReport, ThresholdReport, Verification, Versions,
};
pub use timing::{Stage, StageTiming};

/// Everything that answers a request: networks, population, fusion, store, and the profiles in memory.
pub struct Service {
    analyser: Analyser,
    population: Population,
    fusion: Fusion,
    /// What the operator's own calibration was fitted on; `None` with the shipped thresholds.
    calibration: Option<CalibrationSource>,
    store: Arc<dyn Store>,
    gallery: gallery::Gallery,
    /// Held while samples of any identity change, so that two enrollments cannot both be the first.
    writing: Mutex<()>,
    versions: Versions,
    /// Whether verdicts are checked for stability where a request does not say.
    stability_check: bool,
    /// Whether the encoded images of references and negatives are kept, sealed.
    keep_images: bool,
}

impl Service {
    /// Loads the models with the default engine after checking their hashes, and every identity of the store.
    ///
    /// # Errors
    /// A [`StartError`] that names the file or says what is wrong with the store.
    pub fn open(models: &Path, store: Arc<dyn Store>, limits: DecodeLimits) -> Result<Self, StartError> {
        Self::open_with(&TractEngine, models, store, limits)
    }

    /// The same with the networks run by `engine`.
    ///
    /// # Errors
    /// As [`Service::open`].
    pub fn open_with(
        engine: &dyn Engine,
        models: &Path,
        store: Arc<dyn Store>,
        limits: DecodeLimits,
    ) -> Result<Self, StartError> {
        let manifest = Manifest::open(models)?;
        let zoo = Arc::new(timing::with_clocks(Zoo::load(&manifest, engine)?));
        let population = Population::load(&manifest)?;
        let versions = Versions {
            faceward: env!("CARGO_PKG_VERSION").into(),
            models: zoo.version.clone(),
            engine: zoo.engine.clone(),
        };
        let gallery = gallery::Gallery::load(store.as_ref(), &population)?;
        Ok(Self {
            analyser: Analyser::new(zoo, limits),
            fusion: Fusion::load(&manifest)?,
            calibration: None,
            population,
            store,
            gallery,
            writing: Mutex::new(()),
            versions,
            stability_check: false,
            keep_images: false,
        })
    }

    /// The service with an operator's calibration in place of the shipped thresholds.
    ///
    /// # Errors
    /// [`StartError::Calibration`] when it was fitted to other models: their scores mean something else.
    pub fn with_calibration(mut self, calibration: Calibration) -> Result<Self, StartError> {
        calibration.check(&self.versions.models)?;
        self.fusion = self.fusion.calibrated(&calibration);
        self.calibration = Some(calibration.source);
        Ok(self)
    }

    /// The service for requests that run on `threads` threads: one that has nothing to do helps another.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn with_threads(mut self, threads: usize) -> std::io::Result<Self> {
        self.analyser = self.analyser.with_threads(threads)?;
        Ok(self)
    }

    /// The service that checks every verdict for stability, or none, where a request does not say.
    #[must_use]
    pub fn with_stability_check(mut self, on: bool) -> Self {
        self.stability_check = on;
        self
    }

    /// The service that looks for faces in this way, and at the `max_faces` largest.
    #[must_use]
    pub fn with_detector(mut self, settings: DetectorSettings) -> Self {
        self.analyser = self.analyser.with_detector(settings);
        self
    }

    /// The service that keeps the images of references and negatives from now on, sealed as their templates are.
    #[must_use]
    pub fn with_images_kept(mut self, kept: bool) -> Self {
        self.keep_images = kept;
        self
    }

    /// The store, for keys.
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// What the service runs.
    pub fn versions(&self) -> &Versions {
        &self.versions
    }

    /// Whether the service can answer: models are loaded once it exists, so the store is what is asked.
    ///
    /// # Errors
    /// When the store cannot be reached or written.
    pub fn ready(&self) -> Result<(), ServiceError> {
        Ok(self.store.check()?)
    }
}
