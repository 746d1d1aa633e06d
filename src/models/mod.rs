//! The model files: the manifest with roles and hashes, and the networks that it lists, loaded.

mod install;
mod manifest;
mod place;
mod probes;
mod versions;
mod zoo;

pub use install::{InstallError, install};
pub use manifest::{InputSpec, Manifest, ManifestError, ModelEntry, OutputSpec, Role};
pub use place::user_folder;
pub use probes::Probes;
pub use versions::Versions;
pub use zoo::{Zoo, ZooError};
