//! Opening what several commands need: the store, the keys of the data folder, a file.

use std::path::Path;

use faceward::file_error::FileError;
use faceward::imaging::DecodeLimits;
use faceward::service::{RecordedStore, ServiceError};
use faceward::store::{ServiceKeys, SharedKeys, StoreError, holds_store};
use faceward::vault::MasterKeySource;

use super::Failure;

/// Refuses a data folder without a store: a mistyped folder must not pass for one that holds nobody.
pub(super) fn existing(data_dir: &Path) -> Result<(), Failure> {
    if holds_store(data_dir) {
        return Ok(());
    }
    let dir = plain(data_dir);
    Err(format!(
        "there is no store in the data folder `{dir}`: check --data-dir (or FACEWARD_DATA_DIR); `faceward enroll`, \
         `faceward keys create` and `faceward serve --create` make a new one"
    )
    .into())
}

/// Opens the store and the audit log of a folder that has them.
pub(super) fn store(data_dir: &Path, source: &MasterKeySource) -> Result<RecordedStore, Failure> {
    existing(data_dir)?;
    any_store(data_dir, source)
}

/// The same; a folder without a store gets one, which is said.
pub(super) fn new_store(data_dir: &Path, source: &MasterKeySource) -> Result<RecordedStore, Failure> {
    announce(data_dir);
    any_store(data_dir, source)
}

/// Opens the store and the audit log, and makes them where they are missing. Where another process holds the folder, the
/// error points to the server.
pub(super) fn any_store(data_dir: &Path, source: &MasterKeySource) -> Result<RecordedStore, Failure> {
    match RecordedStore::open(data_dir, source) {
        Err(e @ ServiceError::Store(StoreError::DataDirInUse { .. })) => {
            Err(format!("{e}; while a server runs on this folder, use its API instead").into())
        }
        opened => Ok(opened?),
    }
}

/// Says that a folder without a store is about to get one.
pub(super) fn announce(data_dir: &Path) {
    if !holds_store(data_dir) {
        eprintln!("faceward: making a new store in `{}`", plain(data_dir));
    }
}

/// The keys of the audit log and of pseudonyms; a server may have the folder open.
pub(super) fn service_keys(data_dir: &Path, source: &MasterKeySource) -> Result<ServiceKeys, Failure> {
    existing(data_dir)?;
    Ok(SharedKeys::open(data_dir, source)?.service_keys().clone())
}

/// Reads an image; a file larger than an image may be is refused before it is read.
///
/// # Errors
/// The reason, without the path.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, String> {
    let fail = |e: std::io::Error| FileError::read(path)(e).reason();
    let meta = std::fs::metadata(path).map_err(fail)?;
    let limit = DecodeLimits::default().max_bytes as u64;
    if !meta.is_file() {
        return Err("not a regular file: give an image".into());
    }
    if meta.len() > limit {
        return Err(format!("{} bytes: at most {limit} are accepted: send a smaller copy", meta.len()));
    }
    std::fs::read(path).map_err(fail)
}

/// A path for a terminal, without control characters.
pub(super) fn plain(path: &Path) -> String {
    path.to_string_lossy().chars().filter(|c| !c.is_control()).collect()
}
