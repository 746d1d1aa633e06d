//! The networks of the pipeline, loaded once and shared by all threads.

use std::num::NonZero;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::{Manifest, ManifestError, Role};
use crate::inference::{Engine, InferenceError, Network};

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
    /// Facial expression.
    pub emotion: Box<dyn Network>,
    /// Traces of manipulation.
    pub forensics: Box<dyn Network>,
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
        let [embedding_b, embedding_a, detector, forensics, landmarks, iris, embedding_c, emotion] =
            on_every_core(NETWORKS, network);
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

/// Maps `work` over the items, one item per core at a time: loading a network takes several times the memory that it
/// keeps, so loading all of them together would set the peak of the process.
fn on_every_core<I: Copy + Sync, O: Send + Sync, const N: usize>(
    items: [I; N],
    work: impl Fn(I) -> O + Sync,
) -> [O; N] {
    let (next, done) = (AtomicUsize::new(0), [const { OnceLock::new() }; N]);
    let take_turns = || {
        loop {
            let i = next.fetch_add(1, Ordering::Relaxed);
            let (Some(item), Some(place)) = (items.get(i), done.get(i)) else { break };
            place.get_or_init(|| work(*item));
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, NonZero::get).min(N) {
            scope.spawn(take_turns);
        }
    });
    let mut done = done.into_iter().map(OnceLock::into_inner);
    items.map(|item| done.next().flatten().unwrap_or_else(|| work(item)))
}
