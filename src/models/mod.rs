//! The networks: the manifest with their hashes, and which network plays which role.

mod manifest;
mod versions;
mod zoo;

pub use manifest::{InputSpec, Manifest, ManifestError, ModelEntry, OutputSpec, Role};
pub use versions::Versions;
pub use zoo::{Zoo, ZooError};
