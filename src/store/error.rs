//! Errors of the store. Each text says what is wrong and what to do next; none holds anything of a template.

use std::path::PathBuf;

use uuid::Uuid;

use crate::identity::IdentityId;
use crate::vault::MasterKeyError;

/// Why the store did not do what was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The identity that samples were meant for does not exist.
    #[error("there is no identity `{0}`: create it first")]
    UnknownIdentity(IdentityId),

    /// The sample's id is taken.
    #[error("a sample with the id `{0}` is already stored: give each sample a new id")]
    DuplicateSample(Uuid),

    /// The key's id is taken.
    #[error("an API key with the id `{0}` is already stored: issue another")]
    DuplicateKey(String),

    /// Another process has the folder open.
    #[error(
        "the data folder {} is in use by another faceward process{}: stop it, or use another folder",
        dir.display(),
        holder.map(|pid| format!(" (process {pid})")).unwrap_or_default()
    )]
    DataDirInUse {
        /// The data folder.
        dir: PathBuf,
        /// The id of that process, where it is known.
        holder: Option<u32>,
    },

    /// The file is not a faceward database, or its header is destroyed.
    #[error(
        "{} is not a faceward database ({detail}): if it was one, restore it from a backup; otherwise use another data \
         folder",
        path.display()
    )]
    NotAStore {
        /// The file.
        path: PathBuf,
        /// The finding.
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

    /// The master key is missing or wrong.
    #[error("{0}")]
    MasterKey(#[from] MasterKeyError),

    /// The file has another version, and only the process that has it open may migrate it.
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

    /// The file is a faceward database, but damaged.
    #[error("the database {} is damaged ({detail}): stop faceward and restore the file from a backup", path.display())]
    Corrupted {
        /// The file.
        path: PathBuf,
        /// The finding.
        detail: String,
    },

    /// One row cannot be read; others can.
    #[error("the stored {what} cannot be read ({detail}): delete it and add it again, or restore a backup")]
    UnreadableRecord {
        /// The row.
        what: String,
        /// The cause.
        detail: String,
    },

    /// Another program holds a lock on the file for longer than the store waits (5 s).
    #[error("the database {} is locked by another program: end it and try again", path.display())]
    Busy {
        /// The file.
        path: PathBuf,
    },

    /// The database server cannot be reached, or refuses the connection.
    #[error(
        "the database {server} cannot be reached ({detail}): check that it runs, the address, the user and the password"
    )]
    Unreachable {
        /// The database, without a password.
        server: String,
        /// The cause.
        detail: String,
    },

    /// The database has no tables of faceward.
    #[error(
        "there is no store in the database {0}: check its name; `faceward enroll`, `faceward keys create` and `faceward \
         serve --create` make a new one"
    )]
    NoStore(String),

    /// Two stores cannot be copied, or a copy is not like its original.
    #[error(
        "the store cannot be copied: {0}; copy into a store that was just made, with the same master key, in use by nobody"
    )]
    NotACopy(String),

    /// A read or write failed.
    #[error("{} cannot be read or written ({detail}): check free space, permissions and the disk", path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// The system's error.
        detail: String,
    },

    /// The rows are deleted, but their bytes may still be in a file.
    #[error(
        "deleted, but the bytes may still be on disk in {} ({detail}): remove that cause, then repeat the deletion or \
         restart faceward to complete the erasure",
        path.display()
    )]
    ErasureUnfinished {
        /// The file.
        path: PathBuf,
        /// The cause.
        detail: String,
    },

    /// The data folder or a file in it cannot be created or opened.
    #[error("cannot {action} {} ({source}): check the path and its permissions", path.display())]
    Io {
        /// The attempt, a verb.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The system's error.
        source: std::io::Error,
    },

    /// Any other error of the database: a defect of faceward.
    #[error("the database failed ({0}): this is a defect of faceward, please report it")]
    Backend(#[source] Box<dyn std::error::Error + Send + Sync>),
}
