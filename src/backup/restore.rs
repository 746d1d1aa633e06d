//! Restoring a backup, without bringing back what was erased or revoked since it was made.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use jiff::Timestamp;
use serde::Deserialize;
use uuid::Uuid;

use super::{BackupError, BackupManifest, DATABASE, checked, write_new};
use crate::audit::{self, Actor};
use crate::file_error::FileError;
use crate::service::RecordedStore;
use crate::store::{ErasureReason, StoreError};
use crate::vault::MasterKeySource;
use crate::verdict::Calibration;

/// The result of a restoration.
#[derive(Clone, Debug)]
pub struct Restored {
    /// The backup's manifest.
    pub manifest: BackupManifest,
    /// Identities in the backup.
    pub identities: usize,
    /// Identities of the backup that had been erased since, and were erased again.
    pub erased_again: usize,
    /// References and negatives that had been deleted since, and were deleted again.
    pub samples_again: usize,
    /// API keys that had been revoked since, and were revoked again.
    pub keys_again: usize,
}

/// Restores the backup in `from` to the data folder `data`, which must not contain a database. An audit log in `data`
/// stays, and what was erased or revoked since the backup according to it is erased or revoked again.
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
    // Before any file is written: without the key the backup cannot be read.
    source.read(data).map_err(StoreError::from)?;
    std::fs::create_dir_all(data).map_err(FileError::make(data))?;
    let database = from.join(DATABASE);
    let draft = data.join("faceward.db.restoring");
    let bytes = std::fs::read(&database).map_err(FileError::read(&database))?;
    let _ = std::fs::remove_file(&draft);
    write_new(&draft, &bytes)?;
    let ((log, head), (log_copy, head_copy)) = (audit::files(data), audit::files(from));
    if !log.exists() && !head.exists() && head_copy.exists() {
        for (copy, place) in [(&log_copy, &log), (&head_copy, &head)] {
            write_new(place, &std::fs::read(copy).map_err(FileError::read(copy))?)?;
        }
    }
    let (calibration, place) = (from.join(Calibration::FILE), data.join(Calibration::FILE));
    if manifest.files.contains_key(Calibration::FILE) && !place.exists() {
        write_new(&place, &std::fs::read(&calibration).map_err(FileError::read(&calibration))?)?;
    }
    std::fs::rename(&draft, &target).map_err(FileError::write(&target))?;
    #[cfg(unix)]
    File::open(data).and_then(|dir| dir.sync_all()).map_err(FileError::write(data))?;

    let store = RecordedStore::open(data, source)?;
    let restored = Undone::read(&log)?.again(&store, manifest)?;
    let Restored { manifest, erased_again, samples_again, keys_again, .. } = &restored;
    let operator = store.acting_as(Actor::CommandLine);
    operator.restored(manifest.database(), *erased_again, *samples_again, *keys_again)?;
    Ok(restored)
}

/// Erasures and revocations in an audit log, which a backup may undo.
#[derive(Default)]
struct Undone {
    /// Pseudonyms of erased identities, each with the time of its last erasure.
    identities: HashMap<String, Timestamp>,
    /// Erased references and negatives, with the pseudonym of their identity.
    samples: Vec<(String, Uuid)>,
    /// Ids of revoked API keys.
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
        let file = File::open(log).map_err(FileError::read(log))?;
        for line in BufReader::new(file).lines() {
            match serde_json::from_str(&line.map_err(FileError::read(log))?) {
                Ok(Line::IdentityErased { at, subject }) => drop(undone.identities.insert(subject, at)),
                Ok(Line::SampleErased { subject, sample }) => undone.samples.push((subject, sample)),
                Ok(Line::KeyRevoked { key }) => undone.keys.push(key),
                // Any other action.
                Err(_) => {}
            }
        }
        Ok(undone)
    }

    /// Erases and revokes again in a restored store, with one line per act in the audit log.
    fn again(&self, store: &RecordedStore, manifest: BackupManifest) -> Result<Restored, BackupError> {
        let operator = store.acting_as(Actor::CommandLine);
        let all = store.identities()?;
        let mut restored =
            Restored { manifest, identities: all.len(), erased_again: 0, samples_again: 0, keys_again: 0 };
        for record in &all {
            let subject = store.subject(&record.id);
            // An identity that was created again after its erasure stays.
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
