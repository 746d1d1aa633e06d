//! The networks of the pipeline, loaded once and shared by every thread.

use super::{Engine, InferenceError, Manifest, ManifestError, Network, Role};

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
    /// Age band, sex, ancestry group.
    pub demographics: Box<dyn Network>,
    /// Expression.
    pub emotion: Box<dyn Network>,
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

impl Zoo {
    /// Checks every listed file's hash and loads the networks with `engine`.
    ///
    /// # Errors
    /// A [`ZooError`] that names the file.
    pub fn load(manifest: &Manifest, engine: &dyn Engine) -> Result<Self, ZooError> {
        let network = |role: Role| -> Result<Box<dyn Network>, ZooError> {
            let bytes = manifest.read(role)?;
            let file = || manifest.entry(role).map(|e| e.file.clone()).unwrap_or_default();
            engine.load(&bytes).map_err(|source| ZooError::Network { file: file(), source })
        };
        Ok(Self {
            detector: network(Role::Detector)?,
            landmarks: network(Role::Landmarks)?,
            iris: network(Role::Iris)?,
            embedding_a: network(Role::EmbeddingA)?,
            embedding_b: network(Role::EmbeddingB)?,
            embedding_c: network(Role::EmbeddingC)?,
            demographics: network(Role::Demographics)?,
            emotion: network(Role::Emotion)?,
            engine: engine.name(),
            version: manifest.version(),
        })
    }
}
