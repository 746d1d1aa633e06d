//! What can go wrong in the store. Each message says what happened and what a person can do about it; none holds
//! anything of a template.

use std::path::PathBuf;

use uuid::Uuid;

use crate::identity::IdentityId;
use crate::vault::MasterKeyError;

/// Why the store could not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The identity that samples were meant for does not exist.
    #[error("there is no identity {0}: create it first")]
    UnknownIdentity(IdentityId),

    /// A sample of this id is already stored.
    #[error("a sample with the id {0} is already stored: give each sample a new id")]
    DuplicateSample(Uuid),

    /// A key of this id is already stored.
    #[error("an API key with the id {0} is already stored: issue another")]
    DuplicateKey(String),

    /// Another process works on the folder.
    #[error(
        "the data folder {} is in use by another faceward process{}: stop it, or use another folder",
        dir.display(),
        holder.map(|pid| format!(" (process {pid})")).unwrap_or_default()
    )]
    DataDirInUse {
        /// The data folder.
        dir: PathBuf,
        /// The process that holds it, where it could be read.
        holder: Option<u32>,
    },

    /// The file is something else, or its beginning is destroyed.
    #[error(
        "{} is not a faceward database ({detail}): if it should be one, it is damaged; restore it from a backup, \
         otherwise use another data folder",
        path.display()
    )]
    NotAStore {
        /// The file.
        path: PathBuf,
        /// What was found.
        detail: String,
    },

    /// A newer faceward wrote the file.
    #[error(
        "{} has schema version {found}, and this faceward knows versions up to {known}: run the newer faceward that \
         wrote it, or restore a backup from before the upgrade",
        path.display()
    )]
    NewerSchema {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// The newest version known here.
        known: i64,
    },

    /// The key that opens the data is not there, or it is another.
    #[error("{0}")]
    MasterKey(#[from] MasterKeyError),

    /// The file is of another version, and the process that has it open is the one to bring it up to date.
    #[error(
        "{} has schema version {found}, and this faceward needs version {known}: use the faceward that the server runs, \
         or stop the server first",
        path.display()
    )]
    OtherSchema {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// The version needed.
        known: i64,
    },

    /// The file is a faceward database and is damaged.
    #[error("the database {} is damaged ({detail}): stop faceward and restore the file from a backup", path.display())]
    Corrupted {
        /// The file.
        path: PathBuf,
        /// What the check found.
        detail: String,
    },

    /// One row cannot be read; the others can.
    #[error("the stored {what} cannot be read ({detail}): delete it and enter it again, or restore a backup")]
    UnreadableRecord {
        /// Which one.
        what: String,
        /// Why.
        detail: String,
    },

    /// Another program holds a lock on the file for longer than the store waits.
    #[error("the database {} is locked by another program: end it and try again", path.display())]
    Busy {
        /// The file.
        path: PathBuf,
    },

    /// The disk did not take a write, or did not give a read.
    #[error("{} cannot be read or written ({detail}): check free space, permissions and the disk", path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        detail: String,
    },

    /// The rows are deleted, but their bytes may still lie in a file.
    #[error(
        "deleted, but the bytes may still be on disk in {} ({detail}): mend that, then repeat the deletion or restart \
         faceward, which completes the erasure",
        path.display()
    )]
    ErasureUnfinished {
        /// The file.
        path: PathBuf,
        /// What stopped it.
        detail: String,
    },

    /// The data folder or a file in it could not be made or opened.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was tried: a verb.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },

    /// Anything else that the database said: a defect of this program.
    #[error("the database failed: {0}")]
    Backend(#[source] Box<dyn std::error::Error + Send + Sync>),
}
