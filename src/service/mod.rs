//! The use cases without HTTP. The API, the batch and the command line reach them through [`RecordedService`], which
//! writes every act to the audit log before it answers.
//!
//! Every method blocks, on the processor or on the disk: asynchronous callers run them through [`Pool`].

mod analyser;
mod calibration_file;
mod cases;
mod edited;
mod enroll;
mod error;
mod expiry;
mod following;
mod frames;
mod gallery;
mod helpers;
mod pool;
mod recorded;
mod refresh;
mod report;
mod review;
mod search;
mod spans;
mod stability;
mod timing;
mod verify;

use std::path::Path;
use std::sync::{Arc, Mutex};

use jiff::Timestamp;

use crate::access::KeyRing;
use crate::face::DetectorSettings;
use crate::identity::{DEFAULT_TARGET_FMR, DEFAULT_TARGET_FPIR, Population, Tails};
use crate::imaging::DecodeLimits;
use crate::inference::{Engine, TractEngine};
use crate::models::{Manifest, Versions, Zoo};
use crate::store::{Follower, KeysVersion, Store, StoreError};
use crate::verdict::{Calibration, CalibrationSource, Depth, Fusion};

use analyser::sha256;
pub use analyser::{Analyser, Analysis, MAX_FACES};
pub use calibration_file::{CalibrationFileError, read_calibration, write_calibration};
pub use cases::{
    COMMENT_MAX, CaseDecisionReport, CaseDetails, CasePolicy, CaseReport, CaseSummary, CaseSweep, report_page,
};
pub use enroll::{Accepted, EnrollmentReport, LookAlike, ProfileReport, Rejected, Upload};
pub use error::{ServiceError, StartError};
pub use expiry::Expiry;
pub(crate) use following::CURRENT;
pub use gallery::Enrolled;
pub use pool::{Overloaded, Pool};
pub use recorded::{Acting, CaseSample, Recorded, RecordedKeys, RecordedService, RecordedStore};
pub use refresh::Refreshed;
pub use report::{
    AnimationReport, ApparentTraits, CandidateReport, CopyReport, FaceReport, FrameReport, IdentityName, ImageReport,
    SearchReport, ThresholdReport, Verification,
};
pub use review::{FaceReview, NearReference};
pub use spans::{StageSpan, traced};
pub use timing::{Stage, StageTiming};
pub use verify::{MOST_CANDIDATES, VerifyOptions};

/// Everything that answers a request: networks, population, fusion, store, and the identities in memory. Its public
/// methods only read, except that [`Service::note_key_use`] notes when a key was used; [`Acting`] offers those that act.
pub struct Service {
    analyser: Analyser,
    population: Arc<Population>,
    fusion: Fusion,
    /// The data of the operator's own calibration; `None` with the shipped thresholds.
    calibration: Option<CalibrationSource>,
    /// The tail of strangers' similarity in it.
    own_tails: Option<Tails>,
    store: Arc<dyn Store>,
    gallery: Arc<gallery::Gallery>,
    /// Follows what other processes change, once it is asked to.
    follower: Option<Box<dyn Follower>>,
    /// How far it has followed; `None` where it does not.
    position: Option<Arc<following::Position>>,
    /// Held while samples of any identity change, so that two enrollments cannot both be an identity's first.
    writing: Mutex<()>,
    versions: Versions,
    /// Whether verdicts are checked for stability unless a request says otherwise.
    stability_check: bool,
    /// Whether answers tell apparent age, sex and expression.
    apparent_traits: bool,
    /// How closely a face that depicts somebody is looked at.
    depth: Depth,
    /// The share of strangers that a search may take for somebody enrolled, unless a request says otherwise.
    target_fpir: f32,
    /// Whether the encoded images of references and negatives are kept, sealed.
    keep_images: bool,
    /// Which verdicts become cases.
    cases: CasePolicy,
    /// Cases that are not written yet.
    waiting: cases::Waiting,
}

impl Service {
    /// Checks the models' hashes, loads them with the default engine, and loads every identity of the store.
    ///
    /// # Errors
    /// A [`StartError`].
    pub fn open(models: &Path, store: Arc<dyn Store>, limits: DecodeLimits) -> Result<Self, StartError> {
        Self::open_with(&TractEngine, models, store, limits)
    }

    /// As [`Service::open`], with the networks run by `engine`.
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
        let population = Arc::new(Population::load(&manifest)?);
        let versions = Versions {
            faceward: env!("CARGO_PKG_VERSION").into(),
            models: zoo.version.clone(),
            engine: zoo.engine.clone(),
        };
        // First: what is changed while the gallery is read is read again.
        let follower = store.follower()?;
        let gallery = Arc::new(gallery::Gallery::load(store.clone(), population.clone())?);
        let service = Self {
            analyser: Analyser::new(zoo, limits),
            fusion: Fusion::load(&manifest)?,
            calibration: None,
            own_tails: None,
            population,
            store,
            gallery,
            follower,
            position: None,
            writing: Mutex::new(()),
            versions,
            stability_check: false,
            apparent_traits: false,
            depth: Depth::default(),
            target_fpir: DEFAULT_TARGET_FPIR,
            keep_images: false,
            cases: CasePolicy::default(),
            waiting: cases::Waiting::default(),
        };
        Ok(service.with_target_fmr(DEFAULT_TARGET_FMR))
    }

    /// The service with an operator's calibration in place of the shipped thresholds.
    ///
    /// # Errors
    /// [`StartError::Calibration`] when it was fitted to other models, whose scores mean something else.
    pub fn with_calibration(mut self, calibration: Calibration) -> Result<Self, StartError> {
        calibration.check(&self.versions.models)?;
        self.fusion = self.fusion.calibrated(&calibration);
        self.own_tails = calibration.tail;
        self.calibration = Some(calibration.source);
        let target_fmr = self.fusion.claim.map_or(DEFAULT_TARGET_FMR, |claim| claim.target_fmr);
        Ok(self.with_target_fmr(target_fmr))
    }

    /// The service with the calibration in the data folder `dir`, where there is one.
    ///
    /// # Errors
    /// [`StartError::CalibrationFile`] when it cannot be read, [`StartError::Calibration`] when it was fitted to other
    /// models.
    pub fn calibrated_by(self, dir: &Path) -> Result<Self, StartError> {
        match read_calibration(&dir.join(Calibration::FILE))? {
            Some(calibration) => self.with_calibration(calibration),
            None => Ok(self),
        }
    }

    /// The service for requests that run on `threads` threads: an idle one helps a busy one.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn with_threads(mut self, threads: usize) -> std::io::Result<Self> {
        self.analyser = self.analyser.with_threads(threads)?;
        Ok(self)
    }

    /// The service with the stability check on or off for requests that do not choose.
    #[must_use]
    pub fn with_stability_check(mut self, on: bool) -> Self {
        self.stability_check = on;
        self
    }

    /// The service whose answers tell apparent age, sex and expression, or do not.
    #[must_use]
    pub fn with_apparent_traits(mut self, told: bool) -> Self {
        self.apparent_traits = told;
        self
    }

    /// The service that looks this closely at a face that depicts somebody.
    #[must_use]
    pub fn with_depth(mut self, depth: Depth) -> Self {
        self.depth = depth;
        self
    }

    /// The service with this share of strangers that may be matched with a person claimed, within
    /// [`TARGET_FMR`](crate::identity::TARGET_FMR).
    #[must_use]
    pub fn with_target_fmr(mut self, rate: f32) -> Self {
        let tails = self.tails();
        self.fusion = self.fusion.with_claim(tails.claim(rate));
        self
    }

    /// The service with this share of strangers that a search may take for somebody enrolled, within
    /// [`TARGET_FPIR`](crate::identity::TARGET_FPIR), for requests that do not choose.
    #[must_use]
    pub fn with_target_fpir(mut self, rate: f32) -> Self {
        self.target_fpir = rate;
        self
    }

    /// The service with these settings of the detector; it reads the `max_faces` largest faces.
    #[must_use]
    pub fn with_detector(mut self, settings: DetectorSettings) -> Self {
        self.analyser = self.analyser.with_detector(settings);
        self
    }

    /// The service that looks at `max_frames` frames of an animation at most.
    #[must_use]
    pub fn with_max_frames(mut self, max_frames: usize) -> Self {
        self.analyser = self.analyser.with_max_frames(max_frames);
        self
    }

    /// The service with this memory for the fitted profiles of the identities that faces were recently compared with,
    /// in bytes. They are fitted again when they are needed.
    #[must_use]
    pub fn with_profile_memory(mut self, bytes: usize) -> Self {
        // Only a service that follows shares it, and it keeps the memory that it had then.
        if let Some(gallery) = Arc::get_mut(&mut self.gallery) {
            gallery.set_profile_memory(bytes);
        }
        self
    }

    /// The service that keeps the images of new references and negatives, sealed as their templates are.
    #[must_use]
    pub fn with_images_kept(mut self, kept: bool) -> Self {
        self.keep_images = kept;
        self
    }

    /// The API keys as they are stored now.
    ///
    /// # Errors
    /// When the store fails.
    pub fn key_ring(&self) -> Result<KeyRing, StoreError> {
        Ok(KeyRing::new(self.store.keys()?, self.store.key_hasher().clone()))
    }

    /// Changes whenever a key is issued or revoked; see
    /// [`KeyStore::keys_version`](crate::store::KeyStore::keys_version).
    ///
    /// # Errors
    /// When the store fails.
    pub fn keys_version(&self) -> Result<KeysVersion, StoreError> {
        self.store.keys_version()
    }

    /// Notes that a key is used now. Use is not recorded by itself: the act that the key is used for is.
    ///
    /// # Errors
    /// When the store fails.
    pub fn note_key_use(&self, id: &str) -> Result<(), StoreError> {
        self.store.touch_key(id, Timestamp::now())
    }

    /// The versions of faceward, models and engine.
    pub fn versions(&self) -> &Versions {
        &self.versions
    }

    /// The tails of strangers' similarity that the thresholds of searches and claims follow from.
    fn tails(&self) -> Tails {
        self.own_tails.unwrap_or(self.population.model.tail)
    }

    /// Whether the service can answer. Its models are loaded, so only the store is checked.
    ///
    /// # Errors
    /// When the store cannot be read or written, or what is in memory may be out of date.
    pub fn ready(&self) -> Result<(), ServiceError> {
        self.current()?;
        Ok(self.store.check()?)
    }
}
