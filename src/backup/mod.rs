//! Backups: a folder with the database, the audit log, the operator's calibration and a manifest, without the master
//! key.

mod restore;

use std::collections::BTreeMap;
use std::fs::{DirBuilder, File};
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::audit::{self, Actor};
use crate::file_error::FileError;
use crate::service::{RecordedKeys, ServiceError};
use crate::store::{SharedKeys, StoreError, copy_database};
use crate::vault::MasterKeySource;
use crate::verdict::Calibration;

pub use restore::{Restored, restore};

/// The file that lists the files of a backup.
const MANIFEST: &str = "backup.json";
const DATABASE: &str = "faceward.db";
const FORMAT: u32 = 1;

/// The manifest of a backup.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct BackupManifest {
    /// The version of this format.
    pub format: u32,
    /// The time of the backup.
    pub created_at: Timestamp,
    /// The version of faceward that made it.
    pub faceward: String,
    /// SHA-256 of each file, hex.
    pub files: BTreeMap<String, String>,
}

impl BackupManifest {
    /// SHA-256 of the database, hex.
    pub fn database(&self) -> &str {
        self.files.get(DATABASE).map_or("", String::as_str)
    }
}

/// A backup that cannot be made or restored.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BackupError {
    /// A file or folder cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// There is no folder to restore from.
    #[error("there is no folder `{}`: give a folder that `faceward backup` made", .0.display())]
    NoFolder(PathBuf),
    /// The folder for a backup exists.
    #[error("`{}` exists already: give a folder that does not exist", .0.display())]
    Exists(PathBuf),
    /// The folder is not a backup, or was changed since.
    #[error("{}: {detail}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The reason.
        detail: String,
    },
    /// The data folder contains a database.
    #[error("there is a database already: move {} and its companions (-wal, -shm) away first", .0.display())]
    Occupied(PathBuf),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The audit log or the recorded store failed.
    #[error(transparent)]
    Service(#[from] ServiceError),
}

/// Makes a backup of `data` in the new folder `to`; a server may be running on `data`.
///
/// # Errors
/// A [`BackupError`]. The folder is then not a backup: its manifest, which is written last, is missing.
pub fn backup(data: &Path, source: &MasterKeySource, to: &Path) -> Result<BackupManifest, BackupError> {
    // First: without the key the backup could not be recorded.
    let keys = SharedKeys::open(data, source)?;
    let mut folder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut folder, 0o700);
    folder.create(to).map_err(|e| match e.kind() {
        std::io::ErrorKind::AlreadyExists => BackupError::Exists(to.to_path_buf()),
        _ => FileError::make(to)(e).into(),
    })?;
    copy_database(data, &to.join(DATABASE))?;
    let ((log, head), (log_copy, head_copy)) = (audit::files(data), audit::files(to));
    // The head first: the copied log may then contain lines after the head, but never lacks lines.
    let mut copied = vec![to.join(DATABASE)];
    if head.exists() {
        write_new(&head_copy, &std::fs::read(&head).map_err(FileError::read(&head))?)?;
        let mut lines = std::fs::read(&log).map_err(FileError::read(&log))?;
        lines.truncate(lines.iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1));
        write_new(&log_copy, &lines)?;
        copied.extend([head_copy, log_copy]);
    }
    let calibration = data.join(Calibration::FILE);
    if calibration.exists() {
        let copy = to.join(Calibration::FILE);
        write_new(&copy, &std::fs::read(&calibration).map_err(FileError::read(&calibration))?)?;
        copied.push(copy);
    }
    let files = copied.iter().map(|path| Ok((name(path), sha256(path)?))).collect::<Result<_, BackupError>>()?;
    let manifest = BackupManifest {
        format: FORMAT,
        created_at: Timestamp::now(),
        faceward: env!("CARGO_PKG_VERSION").to_owned(),
        files,
    };
    let text = serde_json::to_vec_pretty(&manifest).map_err(|e| FileError::write(to)(e.into()))?;
    write_new(&to.join(MANIFEST), &text)?;
    RecordedKeys::beside_server(data, keys)?.acting_as(Actor::CommandLine).backed_up(manifest.database())?;
    Ok(manifest)
}

/// The manifest of a backup, once every file matches it.
fn checked(from: &Path) -> Result<BackupManifest, BackupError> {
    if !from.is_dir() {
        return Err(BackupError::NoFolder(from.to_path_buf()));
    }
    let path = from.join(MANIFEST);
    let damaged = |path: &Path, detail: String| BackupError::Damaged { path: path.to_path_buf(), detail };
    let text = std::fs::read(&path).map_err(|e| match e.kind() {
        std::io::ErrorKind::NotFound => damaged(
            from,
            format!(
                "there is no {MANIFEST} in it, so it is no complete backup: give a folder that `faceward backup` made"
            ),
        ),
        _ => FileError::read(&path)(e).into(),
    })?;
    let manifest: BackupManifest = serde_json::from_slice(&text).map_err(|e| damaged(&path, e.to_string()))?;
    if manifest.format != FORMAT || manifest.database().is_empty() {
        return Err(damaged(
            &path,
            format!("not a backup of format {FORMAT}: give a folder that `faceward backup` made"),
        ));
    }
    for (name, expected) in &manifest.files {
        let file = from.join(Path::new(name).file_name().unwrap_or_default());
        if sha256(&file)? != *expected {
            return Err(damaged(
                &file,
                "the file was changed since the backup: its SHA-256 differs from the manifest".into(),
            ));
        }
    }
    Ok(manifest)
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn sha256(path: &Path) -> Result<String, BackupError> {
    let mut file = File::open(path).map_err(FileError::read(path))?;
    let (mut hash, mut buffer) = (Sha256::new(), vec![0; 1 << 16]);
    loop {
        match file.read(&mut buffer).map_err(FileError::read(path))? {
            0 => return Ok(hex::encode(hash.finalize())),
            n => hash.update(&buffer[..n]),
        }
    }
}

/// Writes a new file that only its owner can read, and syncs it to the disk.
fn write_new(path: &Path, bytes: &[u8]) -> Result<(), BackupError> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let write = || {
        let mut file = options.open(path)?;
        file.write_all(bytes)?;
        file.sync_all()
    };
    Ok(write().map_err(FileError::write(path))?)
}
