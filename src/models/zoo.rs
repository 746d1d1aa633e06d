//! The networks of the pipeline, loaded once and shared by every thread.

use std::num::NonZero;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::{Manifest, ManifestError, Role};
use crate::inference::{Engine, InferenceError, Network};

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

/// What `work` makes of each item, one at a time on each core: loading a network takes several times the memory that the
/// network keeps, so that all at once would be what a server needs most of in its life.
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
