//! What several commands start with: the folders, the store, the service, a file's bytes.

use std::path::{Path, PathBuf};

use faceward::imaging::DecodeLimits;
use faceward::service::{RecordedService, RecordedStore, Service, ServiceError};
use faceward::store::{ServiceKeys, SharedKeys, StoreError};
use faceward::vault::MasterKeySource;

use super::Failure;
use super::master::MasterArgs;

/// Where data and models are.
#[derive(clap::Args)]
pub(super) struct Places {
    /// The folder with the enrolled identities; made where it is missing.
    #[arg(long, env = "FACEWARD_DATA_DIR", default_value = "enrollments", value_name = "DIR")]
    pub(super) data_dir: PathBuf,
    /// The folder with the networks and their manifest.
    #[arg(long, env = "FACEWARD_MODELS", default_value = "models", value_name = "DIR")]
    pub(super) models: PathBuf,
    #[command(flatten)]
    pub(super) master: MasterArgs,
}

impl Places {
    /// The service over both with the operator's own calibration, set up by `options`.
    pub(super) fn service(&self, options: impl FnOnce(Service) -> Service) -> Result<RecordedService, Failure> {
        let store = store(&self.data_dir, &self.master.source()?)?;
        store.into_service(|store| {
            let service = Service::open(&self.models, store, DecodeLimits::default())?;
            Ok(options(service.calibrated_by(&self.data_dir)?))
        })
    }
}

/// Opens the store and the audit log; where another process holds the folder, says what else can be done.
pub(super) fn store(data_dir: &Path, source: &MasterKeySource) -> Result<RecordedStore, Failure> {
    match RecordedStore::open(data_dir, source) {
        Err(e @ ServiceError::Store(StoreError::DataDirInUse { .. })) => {
            Err(format!("{e}; while a server runs on this folder, work through the server instead").into())
        }
        opened => Ok(opened?),
    }
}

/// The keys for the audit log and for pseudonyms, beside a server that may have the folder open.
pub(super) fn service_keys(data_dir: &Path, source: &MasterKeySource) -> Result<ServiceKeys, Failure> {
    Ok(SharedKeys::open(data_dir, source)?.service_keys().clone())
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
