//! Backups: a folder with the database, the audit log, the operator's calibration and a manifest. The master key is not in it.

use std::collections::{BTreeMap, HashMap};
use std::fs::{DirBuilder, File};
use std::io::{BufRead, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::audit::{self, Actor};
use crate::service::{RecordedKeys, RecordedStore, ServiceError};
use crate::store::{ErasureReason, SharedKeys, StoreError, copy_database};
use crate::vault::MasterKeySource;
use crate::verdict::Calibration;

/// The file that says what a backup is made of.
const MANIFEST: &str = "backup.json";
const DATABASE: &str = "faceward.db";
const FORMAT: u32 = 1;

/// What a backup says of itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct BackupManifest {
    /// Of this file.
    pub format: u32,
    /// When it was made.
    pub created_at: Timestamp,
    /// The version that made it.
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

/// Why a backup was not made or not put in place.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BackupError {
    /// A file or folder.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// A verb.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// It is not a backup, or not as it was made.
    #[error("{}: {detail}", path.display())]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        detail: String,
    },
    /// There is a store already.
    #[error("there is a database already: move {} and what belongs to it (-wal, -shm) away first", .0.display())]
    Occupied(PathBuf),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The audit log, or the store as the service sees it.
    #[error(transparent)]
    Service(#[from] ServiceError),
}

fn io<'a>(action: &'static str, path: &'a Path) -> impl FnOnce(std::io::Error) -> BackupError + 'a {
    move |source| BackupError::Io { action, path: path.to_path_buf(), source }
}

/// Makes a backup of `data` in the new folder `to`; a server may be running on `data`.
///
/// # Errors
/// A [`BackupError`]; then the folder is not a backup, because its manifest, which is written last, is missing.
pub fn backup(data: &Path, source: &MasterKeySource, to: &Path) -> Result<BackupManifest, BackupError> {
    // First: without the key there is no record, and so no backup.
    let keys = SharedKeys::open(data, source)?;
    let mut folder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut folder, 0o700);
    folder.create(to).map_err(io("make the new folder", to))?;
    copy_database(data, &to.join(DATABASE))?;
    let ((log, head), (log_copy, head_copy)) = (audit::files(data), audit::files(to));
    // The head first: the log may then hold more than the head names, but never less.
    let mut copied = vec![to.join(DATABASE)];
    if head.exists() {
        write_new(&head_copy, &std::fs::read(&head).map_err(io("read", &head))?)?;
        let mut lines = std::fs::read(&log).map_err(io("read", &log))?;
        lines.truncate(lines.iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1));
        write_new(&log_copy, &lines)?;
        copied.extend([head_copy, log_copy]);
    }
    let calibration = data.join(Calibration::FILE);
    if calibration.exists() {
        let copy = to.join(Calibration::FILE);
        write_new(&copy, &std::fs::read(&calibration).map_err(io("read", &calibration))?)?;
        copied.push(copy);
    }
    let files = copied.iter().map(|path| Ok((name(path), sha256(path)?))).collect::<Result<_, BackupError>>()?;
    let manifest = BackupManifest {
        format: FORMAT,
        created_at: Timestamp::now(),
        faceward: env!("CARGO_PKG_VERSION").to_owned(),
        files,
    };
    let text = serde_json::to_vec_pretty(&manifest).map_err(|e| io("write", to)(e.into()))?;
    write_new(&to.join(MANIFEST), &text)?;
    RecordedKeys::beside_server(data, keys)?.acting_as(Actor::CommandLine).backed_up(manifest.database())?;
    Ok(manifest)
}

/// What a restored backup brought back.
#[derive(Clone, Debug)]
pub struct Restored {
    /// The backup's manifest.
    pub manifest: BackupManifest,
    /// Identities in it.
    pub identities: usize,
    /// Of these, how many had been erased since it was made, and were erased again.
    pub erased_again: usize,
    /// References and negatives that had been deleted since, and were deleted again.
    pub samples_again: usize,
    /// API keys that had been revoked since, and were revoked again.
    pub keys_again: usize,
}

/// Puts the backup in `from` into the data folder `data`, which must hold no database. Where `data` still has its audit
/// log, that stays, and what it says was erased or revoked since is erased or revoked again.
///
/// # Errors
/// A [`BackupError`].
pub fn restore(from: &Path, data: &Path, source: &MasterKeySource) -> Result<Restored, BackupError> {
    let manifest = checked(from)?;
    let target = data.join(DATABASE);
    for name in [DATABASE, "faceward.db-wal"] {
        if data.join(name).exists() {
            return Err(BackupError::Occupied(data.join(name)));
        }
    }
    // Before anything is put in place: without the key there is nothing to be had from it.
    source.read(data).map_err(StoreError::from)?;
    std::fs::create_dir_all(data).map_err(io("make", data))?;
    let draft = data.join("faceward.db.restoring");
    let bytes = std::fs::read(from.join(DATABASE)).map_err(io("read", from))?;
    let _ = std::fs::remove_file(&draft);
    write_new(&draft, &bytes)?;
    let ((log, head), (log_copy, head_copy)) = (audit::files(data), audit::files(from));
    if !log.exists() && !head.exists() && head_copy.exists() {
        for (copy, place) in [(&log_copy, &log), (&head_copy, &head)] {
            write_new(place, &std::fs::read(copy).map_err(io("read", copy))?)?;
        }
    }
    let (calibration, place) = (from.join(Calibration::FILE), data.join(Calibration::FILE));
    if manifest.files.contains_key(Calibration::FILE) && !place.exists() {
        write_new(&place, &std::fs::read(&calibration).map_err(io("read", &calibration))?)?;
    }
    std::fs::rename(&draft, &target).map_err(io("put in place", &target))?;
    #[cfg(unix)]
    File::open(data).and_then(|dir| dir.sync_all()).map_err(io("flush", data))?;

    let store = RecordedStore::open(data, source)?;
    let restored = Undone::read(&log)?.again(&store, manifest)?;
    let Restored { manifest, erased_again, samples_again, keys_again, .. } = &restored;
    let operator = store.acting_as(Actor::CommandLine);
    operator.restored(manifest.database(), *erased_again, *samples_again, *keys_again)?;
    Ok(restored)
}

/// The manifest of a backup whose files are as they were made.
fn checked(from: &Path) -> Result<BackupManifest, BackupError> {
    let path = from.join(MANIFEST);
    let damaged = |path: &Path, detail: String| BackupError::Damaged { path: path.to_path_buf(), detail };
    let text = std::fs::read(&path).map_err(io("read", &path))?;
    let manifest: BackupManifest = serde_json::from_slice(&text).map_err(|e| damaged(&path, e.to_string()))?;
    if manifest.format != FORMAT || manifest.database().is_empty() {
        return Err(damaged(&path, format!("it is not a backup of format {FORMAT}")));
    }
    for (name, expected) in &manifest.files {
        let file = from.join(Path::new(name).file_name().unwrap_or_default());
        if sha256(&file)? != *expected {
            return Err(damaged(&file, "it is not as it was made: its SHA-256 is another".into()));
        }
    }
    Ok(manifest)
}

/// What an audit log says is no more, and a backup may bring back.
#[derive(Default)]
struct Undone {
    /// Pseudonyms of identities, each with the last time that it was erased.
    identities: HashMap<String, Timestamp>,
    /// References and negatives, by the pseudonym of their identity.
    samples: Vec<(String, Uuid)>,
    /// API keys.
    keys: Vec<String>,
}

impl Undone {
    fn read(log: &Path) -> Result<Self, BackupError> {
        #[derive(Deserialize)]
        #[serde(tag = "action", rename_all = "snake_case")]
        enum Line {
            IdentityErased { at: Timestamp, subject: String },
            SampleErased { subject: String, sample: Uuid },
            KeyRevoked { key: String },
        }
        let mut undone = Self::default();
        if !log.exists() {
            return Ok(undone);
        }
        let file = File::open(log).map_err(io("read", log))?;
        for line in BufReader::new(file).lines() {
            match serde_json::from_str(&line.map_err(io("read", log))?) {
                Ok(Line::IdentityErased { at, subject }) => drop(undone.identities.insert(subject, at)),
                Ok(Line::SampleErased { subject, sample }) => undone.samples.push((subject, sample)),
                Ok(Line::KeyRevoked { key }) => undone.keys.push(key),
                // Any other act.
                Err(_) => {}
            }
        }
        Ok(undone)
    }

    /// Does it again in a restored store, each with its line in the audit log.
    fn again(&self, store: &RecordedStore, manifest: BackupManifest) -> Result<Restored, BackupError> {
        let operator = store.acting_as(Actor::CommandLine);
        let all = store.identities()?;
        let mut restored =
            Restored { manifest, identities: all.len(), erased_again: 0, samples_again: 0, keys_again: 0 };
        for record in &all {
            let subject = store.subject(&record.id);
            // One that was created anew since then has another life.
            if self.identities.get(&subject).is_some_and(|at| *at > record.created_at) {
                if operator.erase_identity(&record.id, ErasureReason::Restored)?.is_some() {
                    restored.erased_again += 1;
                }
                continue;
            }
            for (_, sample) in self.samples.iter().filter(|(of, _)| *of == subject) {
                if operator.erase_sample(&record.id, *sample)?.is_some() {
                    restored.samples_again += 1;
                }
            }
        }
        for key in &self.keys {
            if store.key(key)?.is_some_and(|k| k.revoked_at.is_none()) {
                operator.revoke_key(key)?;
                restored.keys_again += 1;
            }
        }
        Ok(restored)
    }
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn sha256(path: &Path) -> Result<String, BackupError> {
    let mut file = File::open(path).map_err(io("read", path))?;
    let (mut hash, mut buffer) = (Sha256::new(), vec![0; 1 << 16]);
    loop {
        match file.read(&mut buffer).map_err(io("read", path))? {
            0 => return Ok(hex::encode(hash.finalize())),
            n => hash.update(&buffer[..n]),
        }
    }
}

/// Writes a file that only its owner can read, and to the disk.
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
    write().map_err(io("write", path))
}
