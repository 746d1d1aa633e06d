//! The networks of the pipeline, loaded once and shared by all threads.

use super::{Manifest, ManifestError, Probes, Role};
use crate::inference::{Engine, InferenceError, Network};
use crate::parallel;

/// All networks of the pipeline.
pub struct Zoo {
    /// Face detection, with five points per face.
    pub detector: Box<dyn Network>,
    /// The 468-point mesh of a face.
    pub landmarks: Box<dyn Network>,
    /// Eyelid contour and iris of an eye.
    pub iris: Box<dyn Network>,
    /// Embedding A, age, sex.
    pub embedding_a: Box<dyn Network>,
    /// Embedding B.
    pub embedding_b: Box<dyn Network>,
    /// Embedding C.
    pub embedding_c: Box<dyn Network>,
    /// Embedding D.
    pub embedding_d: Box<dyn Network>,
    /// Facial expression.
    pub emotion: Box<dyn Network>,
    /// Traces of manipulation.
    pub forensics: Box<dyn Network>,
    /// A pretrained image encoder, whose answer [`Zoo::probes`] read.
    pub encoder: Box<dyn Network>,
    /// What covers a face.
    pub occlusion: Box<dyn Network>,
    /// The probes on the image encoder's answer.
    pub probes: Probes,
    /// The name and version of the engine.
    pub engine: String,
    /// [`Manifest::version`].
    pub version: String,
}

/// The networks did not load.
#[derive(Debug, thiserror::Error)]
pub enum ZooError {
    /// The folder does not match its manifest.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// The engine refused a file whose hash is right.
    #[error("{file}: {source}")]
    Network {
        /// The file.
        file: String,
        /// The engine's error.
        source: InferenceError,
    },
}

/// The networks, the largest first, so that the last one to finish loading is small.
const NETWORKS: [Role; 11] = [
    Role::Encoder,
    Role::EmbeddingB,
    Role::EmbeddingA,
    Role::Detector,
    Role::Forensics,
    Role::Landmarks,
    Role::Iris,
    Role::EmbeddingC,
    Role::EmbeddingD,
    Role::Emotion,
    Role::Occlusion,
];

impl Zoo {
    /// Checks the hash of every listed file and loads the networks with `engine`.
    ///
    /// # Errors
    /// A [`ZooError`] that names the file.
    pub fn load(manifest: &Manifest, engine: &dyn Engine) -> Result<Self, ZooError> {
        let network = |role: Role| -> Result<Box<dyn Network>, ZooError> {
            let bytes = manifest.read(role)?;
            let file = || manifest.entry(role).map(|e| e.file.clone()).unwrap_or_default();
            engine.load(bytes).map_err(|source| ZooError::Network { file: file(), source })
        };
        // The other files are read elsewhere, but a damaged one should stop the start.
        for entry in manifest.models.iter().filter(|m| !NETWORKS.contains(&m.role)) {
            manifest.read(entry.role)?;
        }
        // No more at a time than cores: to load a network takes several times the memory that it keeps.
        let loaded = parallel::map(&NETWORKS, parallel::cores(), |role| network(*role));
        let [
            encoder,
            embedding_b,
            embedding_a,
            detector,
            forensics,
            landmarks,
            iris,
            embedding_c,
            embedding_d,
            emotion,
            occlusion,
        ] = loaded;
        Ok(Self {
            detector: detector?,
            landmarks: landmarks?,
            iris: iris?,
            embedding_a: embedding_a?,
            embedding_b: embedding_b?,
            embedding_c: embedding_c?,
            embedding_d: embedding_d?,
            emotion: emotion?,
            forensics: forensics?,
            encoder: encoder?,
            occlusion: occlusion?,
            probes: manifest.read_toml(Role::Probes, Probes::parse)?,
            engine: engine.name(),
            version: manifest.version(),
        })
    }
}
