//! The service itself, without HTTP: what the API and the command line both call.
//!
//! Every method blocks, on the processor or on the disk: asynchronous callers run them through [`Pool`].

mod enroll;
mod error;
mod gallery;
mod pool;
mod report;
mod verify;

use std::path::Path;
use std::sync::{Arc, Mutex};

use sha2::{Digest, Sha256};

use crate::face::{DetectorSettings, FaceFinder};
use crate::identity::Population;
use crate::identity::store::Store;
use crate::imaging::{DecodeLimits, decode};
use crate::inference::{Manifest, TractEngine, Zoo};
use crate::traits::{Template, TemplateExtractor};
use crate::verdict::Fusion;

pub use enroll::{Accepted, EnrollmentReport, ProfileReport, Rejected, Upload};
pub use error::{ServiceError, StartError};
pub use gallery::Enrolled;
pub use pool::{Overloaded, Pool};
pub use report::{ApparentTraits, FaceReport, IdentityName, ImageReport, ThresholdReport, Verification, Versions};

/// Everything that answers a request: networks, population, fusion, store, and the profiles in memory.
pub struct Service {
    finder: FaceFinder,
    extractor: TemplateExtractor,
    population: Population,
    fusion: Fusion,
    store: Arc<dyn Store>,
    gallery: gallery::Gallery,
    /// Held while samples of any identity change, so that two enrollments cannot both be the first.
    writing: Mutex<()>,
    limits: DecodeLimits,
    versions: Versions,
}

/// What one image shows.
pub(crate) struct Analysis {
    pub(crate) image: ImageReport,
    pub(crate) faces: Vec<(f32, Template)>,
}

impl Service {
    /// Loads the models after checking their hashes, and every identity of the store.
    ///
    /// # Errors
    /// A [`StartError`] that names the file or says what is wrong with the store.
    pub fn open(models: &Path, store: Arc<dyn Store>, limits: DecodeLimits) -> Result<Self, StartError> {
        let manifest = Manifest::open(models)?;
        let zoo = Arc::new(Zoo::load(&manifest, &TractEngine)?);
        let population = Population::load(&manifest)?;
        let versions = Versions {
            faceward: env!("CARGO_PKG_VERSION").into(),
            models: zoo.version.clone(),
            engine: zoo.engine.clone(),
        };
        let gallery = gallery::Gallery::load(store.as_ref(), &population)?;
        Ok(Self {
            finder: FaceFinder::new(zoo.clone(), DetectorSettings::default()),
            extractor: TemplateExtractor::new(zoo),
            fusion: Fusion::load(&manifest)?,
            population,
            store,
            gallery,
            writing: Mutex::new(()),
            limits,
            versions,
        })
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

    /// Decodes an image and describes every face in it, the largest first.
    pub(crate) fn analyse(&self, bytes: &[u8]) -> Result<Analysis, ServiceError> {
        let decoded = decode(bytes, &self.limits)?;
        let faces = self.finder.find(&decoded.image)?;
        let faces = faces
            .iter()
            .map(|f| Ok((f.detection.confidence, self.extractor.extract(&decoded.image, f)?)))
            .collect::<Result<_, ServiceError>>()?;
        let image = ImageReport {
            width: decoded.image.width(),
            height: decoded.image.height(),
            format: decoded.format.into(),
            sha256: hex::encode(Sha256::digest(bytes)),
        };
        Ok(Analysis { image, faces })
    }
}
