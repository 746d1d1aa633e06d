//! Opening what several commands need: the store, the keys of the data folder, a file.

use std::path::Path;

use faceward::file_error::FileError;
use faceward::imaging::DecodeLimits;
use faceward::service::{RecordedStore, ServiceError};
use faceward::store::{PostgresStore, ServiceKeys, SharedKeys, Store as _, StoreChoice, StoreError, holds_store};
use faceward::vault::MasterKeySource;

use super::Failure;
use super::shared_args::DataFolder;

/// Refuses a data folder without a store: a mistyped folder must not pass for one that holds nobody. A database is
/// looked at when it is opened.
pub(super) fn existing(choice: &StoreChoice, data_dir: &Path) -> Result<(), Failure> {
    if *choice != StoreChoice::DataFolder || holds_store(data_dir) {
        return Ok(());
    }
    let dir = plain(data_dir);
    Err(format!(
        "there is no store in the data folder `{dir}`: check --data-dir (or FACEWARD_DATA_DIR); `faceward enroll`, \
         `faceward keys create` and `faceward serve --create` make a new one"
    )
    .into())
}

/// Opens a store that is there, and the audit log.
pub(super) fn store(data: &DataFolder) -> Result<RecordedStore, Failure> {
    existing(&data.store, data.path())?;
    any_store(&data.store, data.path(), &data.key()?, false)
}

/// The same; a folder without a store gets one, which is said.
pub(super) fn new_store(data: &DataFolder) -> Result<RecordedStore, Failure> {
    announce(data);
    any_store(&data.store, data.path(), &data.key()?, true)
}

/// Opens the store and the audit log, and makes them where they are missing: in a database only with `create`. Where
/// another process holds the folder, the error points to the server.
pub(super) fn any_store(
    choice: &StoreChoice,
    data_dir: &Path,
    source: &MasterKeySource,
    create: bool,
) -> Result<RecordedStore, Failure> {
    match RecordedStore::open_choice(choice, data_dir, source, create) {
        Err(e @ ServiceError::Store(StoreError::DataDirInUse { .. })) => {
            Err(format!("{e}; while a server runs on this folder, use its API instead").into())
        }
        opened => Ok(opened?),
    }
}

/// Says that a folder without a store is about to get one.
pub(super) fn announce(data: &DataFolder) {
    if data.store == StoreChoice::DataFolder && !holds_store(data.path()) {
        eprintln!("faceward: making a new store in `{}`", plain(data.path()));
    }
}

/// The keys of the audit log and of pseudonyms; a server may have the store open.
pub(super) fn service_keys(data: &DataFolder) -> Result<ServiceKeys, Failure> {
    existing(&data.store, data.path())?;
    let source = data.key()?;
    Ok(match &data.store {
        StoreChoice::DataFolder => SharedKeys::open(data.path(), &source)?.service_keys().clone(),
        StoreChoice::Postgres(url) => PostgresStore::open(url, data.path(), &source, false)?.service_keys().clone(),
    })
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
