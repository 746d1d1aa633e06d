//! What several commands start with: the folders, the store, the service, a file's bytes.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use faceward::identity::store::{SqliteStore, StoreError};
use faceward::imaging::DecodeLimits;
use faceward::service::Service;

use super::Failure;

/// Where data and models are.
#[derive(clap::Args)]
pub(super) struct Places {
    /// The folder with the enrolled identities; made where it is missing.
    #[arg(long, default_value = "enrollments", value_name = "DIR")]
    pub(super) data_dir: PathBuf,
    /// The folder with the networks and their manifest.
    #[arg(long, default_value = "models", value_name = "DIR")]
    pub(super) models: PathBuf,
}

impl Places {
    /// The service over both.
    pub(super) fn service(&self) -> Result<Service, Failure> {
        Ok(Service::open(&self.models, store(&self.data_dir)?, DecodeLimits::default())?)
    }
}

/// Opens the store; where another process holds it, says what else can be done.
pub(super) fn store(data_dir: &Path) -> Result<Arc<SqliteStore>, Failure> {
    match SqliteStore::open(data_dir) {
        Ok(store) => Ok(Arc::new(store)),
        Err(e @ StoreError::DataDirInUse { .. }) => {
            Err(format!("{e}; while a server runs on this folder, work through the server instead").into())
        }
        Err(e) => Err(e.into()),
    }
}

/// A file's bytes, refused by its size before it is read.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let fail = |e: std::io::Error| format!("{}: {e}", plain(path));
    let meta = std::fs::metadata(path).map_err(fail)?;
    let limit = DecodeLimits::default().max_bytes as u64;
    if !meta.is_file() {
        return Err(format!("{}: not a regular file", plain(path)).into());
    }
    if meta.len() > limit {
        return Err(format!("{}: {} bytes; at most {limit} are accepted", plain(path), meta.len()).into());
    }
    Ok(std::fs::read(path).map_err(fail)?)
}

/// A path fit for a terminal: what would steer it is left out.
pub(super) fn plain(path: &Path) -> String {
    path.to_string_lossy().chars().filter(|c| !c.is_control()).collect()
}
