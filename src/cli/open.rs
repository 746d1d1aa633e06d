//! What several commands start with: the folders, the store, the service, a file's bytes.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use faceward::audit::AuditLog;
use faceward::imaging::DecodeLimits;
use faceward::service::{Service, read_calibration};
use faceward::store::{KeyStore, ServiceKeys, SharedKeys, SqliteStore, StoreError};
use faceward::vault::MasterKeySource;
use faceward::verdict::Calibration;

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
    /// The service over both with the operator's own calibration, and the audit log that its work goes to.
    pub(super) fn service(&self) -> Result<(Service, AuditLog), Failure> {
        let store = store(&self.data_dir, &self.master.source()?)?;
        let audit = AuditLog::open(&self.data_dir, store.service_keys().clone())?;
        let service = Service::open(&self.models, store, DecodeLimits::default())?;
        Ok((calibrated(service, &self.data_dir)?, audit))
    }
}

/// The service with the operator's calibration, where the data folder holds one.
pub(super) fn calibrated(service: Service, data_dir: &Path) -> Result<Service, Failure> {
    Ok(match read_calibration(&data_dir.join(Calibration::FILE))? {
        Some(calibration) => service.with_calibration(calibration)?,
        None => service,
    })
}

/// Opens the store; where another process holds it, says what else can be done.
pub(super) fn store(data_dir: &Path, source: &MasterKeySource) -> Result<Arc<SqliteStore>, Failure> {
    match SqliteStore::open_with(data_dir, source) {
        Ok(store) => Ok(Arc::new(store)),
        Err(e @ StoreError::DataDirInUse { .. }) => {
            Err(format!("{e}; while a server runs on this folder, work through the server instead").into())
        }
        Err(e) => Err(e.into()),
    }
}

/// As [`store`], for a command that needs the store itself.
pub(super) fn exclusive(data_dir: &Path, source: &MasterKeySource) -> Result<SqliteStore, Failure> {
    let store = store(data_dir, source)?;
    Arc::into_inner(store).ok_or_else(|| "the store is in use".into())
}

/// The keys for the audit log and for pseudonyms, beside a server that may have the folder open.
pub(super) fn service_keys(data_dir: &Path, source: &MasterKeySource) -> Result<ServiceKeys, Failure> {
    Ok(SharedKeys::open(data_dir, source)?.service_keys().clone())
}

/// Opens the keys of the folder with its audit log, beside a server that may have it open.
pub(super) fn keys(data_dir: &Path, source: &MasterKeySource) -> Result<(Box<dyn KeyStore>, AuditLog), Failure> {
    let (keys, service): (Box<dyn KeyStore>, ServiceKeys) = match SqliteStore::open_with(data_dir, source) {
        Ok(store) => {
            let service = store.service_keys().clone();
            (Box::new(store), service)
        }
        Err(StoreError::DataDirInUse { .. }) => {
            let shared = SharedKeys::open(data_dir, source)?;
            let service = shared.service_keys().clone();
            (Box::new(shared), service)
        }
        Err(e) => return Err(e.into()),
    };
    let audit = AuditLog::open(data_dir, service)?;
    Ok((keys, audit))
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
