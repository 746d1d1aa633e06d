//! The networks of the pipeline, loaded once and shared by every thread.

use super::{Manifest, ManifestError, Role};
use crate::inference::{Engine, InferenceError, Network};
use crate::parallel;

/// Every network that a face passes through.
pub struct Zoo {
    /// Faces and five points.
    pub detector: Box<dyn Network>,
    /// 468-point mesh.
    pub landmarks: Box<dyn Network>,
    /// Eyelids and iris.
    pub iris: Box<dyn Network>,
    /// Embedding A, age, sex.
    pub embedding_a: Box<dyn Network>,
    /// Embedding B.
    pub embedding_b: Box<dyn Network>,
    /// Embedding C.
    pub embedding_c: Box<dyn Network>,
    /// Expression.
    pub emotion: Box<dyn Network>,
    /// Traces of manipulation.
    pub forensics: Box<dyn Network>,
    /// The engine that loaded them.
    pub engine: String,
    /// One value that changes when any model file does.
    pub version: String,
}

/// Why the networks did not load.
#[derive(Debug, thiserror::Error)]
pub enum ZooError {
    /// The folder is not as its manifest says.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// A file has the right hash but the engine does not take it.
    #[error("{file}: {source}")]
    Network {
        /// The file.
        file: String,
        /// What the engine said.
        source: InferenceError,
    },
}

/// The networks that are loaded, the largest first: the last to end is then a small one.
const NETWORKS: [Role; 8] = [
    Role::EmbeddingB,
    Role::EmbeddingA,
    Role::Detector,
    Role::Forensics,
    Role::Landmarks,
    Role::Iris,
    Role::EmbeddingC,
    Role::Emotion,
];

impl Zoo {
    /// Checks every listed file's hash and loads the networks with `engine`. The network for [`Role::Demographics`] is
    /// not loaded: nothing in the pipeline asks it yet.
    ///
    /// # Errors
    /// A [`ZooError`] that names the file.
    pub fn load(manifest: &Manifest, engine: &dyn Engine) -> Result<Self, ZooError> {
        let network = |role: Role| -> Result<Box<dyn Network>, ZooError> {
            let bytes = manifest.read(role)?;
            let file = || manifest.entry(role).map(|e| e.file.clone()).unwrap_or_default();
            engine.load(bytes).map_err(|source| ZooError::Network { file: file(), source })
        };
        // What is not loaded here must be intact all the same.
        for entry in manifest.models.iter().filter(|m| !NETWORKS.contains(&m.role)) {
            manifest.read(entry.role)?;
        }
        // No more at a time than cores: to load a network takes several times the memory that it keeps.
        let [embedding_b, embedding_a, detector, forensics, landmarks, iris, embedding_c, emotion] =
            parallel::map(&NETWORKS, parallel::cores(), |role| network(*role));
        Ok(Self {
            detector: detector?,
            landmarks: landmarks?,
            iris: iris?,
            embedding_a: embedding_a?,
            embedding_b: embedding_b?,
            embedding_c: embedding_c?,
            emotion: emotion?,
            forensics: forensics?,
            engine: engine.name(),
            version: manifest.version(),
        })
    }
}
