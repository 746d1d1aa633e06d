//! Storage of identities, their samples and the API keys.
//!
//! The service sees [`Store`]; [`SqliteStore`] keeps everything in one file of a data folder, [`PostgresStore`] in a
//! database that any number of servers share. `docs/store.md` says what each guarantees and what it does not. A store
//! does not write the audit log: the service records what is done to it.
//!
//! Every method blocks on the disk or the network: from asynchronous code, call it on a thread that may block.

mod case_rows;
mod cases;
mod changes;
mod choice;
mod codec;
mod error;
mod postgres;
mod raw;
mod receipt;
mod rows;
mod sealing;
mod service_keys;
mod sqlite;

#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod tests;

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::access::{ApiKey, KeyHasher};
use crate::identity::{IdentityFields, IdentityId, IdentityRecord, Sample, SampleKind, SearchRow};
use crate::template::Template;
use crate::vault::{MasterId, MasterKey};

pub use cases::{Case, CaseBounds, CaseDecision, CaseFilter, CaseRecord, CaseStore, CasesKept, NewCase, Ruling, Swept};
pub use changes::{Changed, Changes, Follower};
pub use choice::{StoreChoice, StoreChoiceError};
pub use codec::{CodecError, decode_template, encode_template};
pub use error::StoreError;
pub use postgres::{PostgresStore, PostgresUrl, PostgresUrlError};
pub use raw::{RawIdentity, RawStore, RawVault, StoreCopied, copy_store};
pub use receipt::{ErasureReason, ErasureReceipt};
#[cfg(any(test, fuzzing))]
pub(crate) use sealing::read_sealed_content;
pub use service_keys::ServiceKeys;
pub use sqlite::{SharedKeys, SqliteStore, copy_database, holds_store};

/// [`KeyStore::touch_key`] writes at most this often for one key, so that a busy key does not cost one write per
/// request.
pub const TOUCH_RESOLUTION: SignedDuration = SignedDuration::from_secs(60);

/// The result of every method of a store.
pub type StoreResult<T> = Result<T, StoreError>;

/// An identity as listing and searching need it.
#[derive(Clone, Debug, PartialEq)]
pub struct Listed {
    /// The record.
    pub record: IdentityRecord,
    /// What finds it; `None` where there is no readable row for the networks that run: see
    /// [`Store::renew_search_rows`].
    pub row: Option<SearchRow>,
}

/// Durable storage. When a method returns `Ok`, its effect is on disk; when it returns an error, it has no effect, with
/// the one exception of [`StoreError::ErasureUnfinished`].
///
/// Every method can fail with [`StoreError::Corrupted`], [`StoreError::Busy`], [`StoreError::Unwritable`],
/// [`StoreError::Unreachable`] or [`StoreError::Backend`], called "when the storage fails" below; those that read also
/// with [`StoreError::UnreadableRecord`].
pub trait Store: KeyStore + CaseStore + RawStore {
    /// Creates the identity, or replaces its fields. Returns the record and whether it was created. Where the fields
    /// are unchanged, nothing is written and `updated_at` stays.
    ///
    /// # Errors
    /// When the storage fails.
    fn put_identity(
        &self,
        id: &IdentityId,
        fields: &IdentityFields,
        now: Timestamp,
    ) -> StoreResult<(IdentityRecord, bool)>;

    /// One identity; `None` where there is none.
    ///
    /// # Errors
    /// When the storage fails.
    fn identity(&self, id: &IdentityId) -> StoreResult<Option<IdentityRecord>>;

    /// At most `limit` identities after `after`, in the order of their ids. The last id of one page is the cursor of
    /// the next.
    ///
    /// # Errors
    /// When the storage fails.
    fn identities(&self, after: Option<&IdentityId>, limit: usize) -> StoreResult<Vec<IdentityRecord>>;

    /// One identity with its search row; `None` where there is none. Every change of an identity's samples writes the
    /// row in the same transaction.
    ///
    /// # Errors
    /// When the storage fails.
    fn listed(&self, id: &IdentityId) -> StoreResult<Option<Listed>>;

    /// As [`Store::identities`], with their search rows.
    ///
    /// # Errors
    /// When the storage fails.
    fn listing(&self, after: Option<&IdentityId>, limit: usize) -> StoreResult<Vec<Listed>>;

    /// Those of these identities that there are, with their search rows, in no order.
    ///
    /// # Errors
    /// When the storage fails.
    fn listed_of(&self, ids: &[IdentityId]) -> StoreResult<Vec<Listed>> {
        ids.iter().filter_map(|id| self.listed(id).transpose()).collect()
    }

    /// Makes the search rows of these identities from their samples. For each the row, or why it could not be made; its
    /// old row is gone then.
    ///
    /// # Errors
    /// When the storage fails; nothing has changed then.
    fn renew_search_rows(&self, ids: &[IdentityId]) -> StoreResult<Vec<StoreResult<SearchRow>>>;

    /// Deletes the identity with its key and all its samples, and erases their bytes from the disk. `None` where there
    /// is no such identity.
    ///
    /// # Errors
    /// When the storage fails; [`StoreError::ErasureUnfinished`] when it is deleted, but its bytes may still be in a
    /// file.
    fn delete_identity(
        &self,
        id: &IdentityId,
        reason: ErasureReason,
        now: Timestamp,
    ) -> StoreResult<Option<ErasureReceipt>>;

    /// The receipt of an erasure; `None` where no receipt has this number.
    ///
    /// # Errors
    /// When the storage fails.
    fn receipt(&self, id: Uuid) -> StoreResult<Option<ErasureReceipt>>;

    /// Adds samples, all or none, and sets the identity's `updated_at`.
    ///
    /// # Errors
    /// [`StoreError::UnknownIdentity`]; [`StoreError::DuplicateSample`] when a sample's id is taken; when the storage
    /// fails.
    fn add_samples(&self, id: &IdentityId, samples: &[Sample], now: Timestamp) -> StoreResult<()> {
        self.add_samples_with_images(id, samples, &[], now)
    }

    /// As [`Store::add_samples`], and keeps the encoded `images` of the samples that they name, sealed as the templates
    /// are. An image is erased with its sample.
    ///
    /// # Errors
    /// As [`Store::add_samples`].
    fn add_samples_with_images(
        &self,
        id: &IdentityId,
        samples: &[Sample],
        images: &[(Uuid, &[u8])],
        now: Timestamp,
    ) -> StoreResult<()>;

    /// Replaces the templates of these samples, all or none, and sets the identity's `updated_at`. Samples that the
    /// identity does not have are passed over. Returns the number replaced.
    ///
    /// # Errors
    /// [`StoreError::UnknownIdentity`]; when the storage fails.
    fn replace_templates(&self, id: &IdentityId, templates: &[(Uuid, Template)], now: Timestamp) -> StoreResult<usize>;

    /// The encoded image of a sample; `None` where it is not kept, or the identity has no such sample.
    ///
    /// # Errors
    /// When the storage fails.
    fn image(&self, id: &IdentityId, sample: Uuid) -> StoreResult<Option<Vec<u8>>>;

    /// All samples of the identity in the order in which they were added; empty where there is no such identity.
    ///
    /// # Errors
    /// When the storage fails.
    fn samples(&self, id: &IdentityId) -> StoreResult<Vec<Sample>>;

    /// The kind of a sample; `None` where the identity has no such sample. The sample need not be readable.
    ///
    /// # Errors
    /// When the storage fails.
    fn sample_kind(&self, id: &IdentityId, sample: Uuid) -> StoreResult<Option<SampleKind>>;

    /// Deletes one sample, erases its bytes from the disk and sets the identity's `updated_at`. Returns its kind;
    /// `None` where the identity has no such sample. The sample need not be readable.
    ///
    /// # Errors
    /// As [`Store::delete_identity`].
    fn delete_sample(&self, id: &IdentityId, sample_id: Uuid, now: Timestamp) -> StoreResult<Option<SampleKind>>;

    /// Whether the store can be read and written. Cheap enough for one call per second.
    ///
    /// # Errors
    /// When it cannot.
    fn check(&self) -> StoreResult<()>;

    /// The keys for the audit log and for pseudonyms.
    fn service_keys(&self) -> &ServiceKeys;

    /// The id of the master key that wraps the keys.
    fn master_id(&self) -> MasterId;

    /// Wraps every key with `master` and erases the old wrapped forms. Returns the number of identities. The store is
    /// closed, because it holds the old key.
    ///
    /// # Errors
    /// When the storage fails or a key cannot be unwrapped; nothing has changed then, except after
    /// [`StoreError::ErasureUnfinished`].
    fn rotate_master(self: Box<Self>, master: &MasterKey) -> StoreResult<usize>;

    /// Keeps every other process from doing the same with this identity until the answer is dropped: what is read
    /// meanwhile is still so when something is written because of it. Threads of one process exclude each other by
    /// themselves.
    ///
    /// # Errors
    /// When the storage fails, or another process holds the identity for too long.
    fn exclusive(&self, _id: &IdentityId) -> StoreResult<Box<dyn Send>> {
        Ok(Box::new(()))
    }

    /// Follows what other processes change; `None` where no other process can. Ask for it before anything is read that
    /// is to be kept in memory.
    ///
    /// # Errors
    /// When the storage fails.
    fn follower(&self) -> StoreResult<Option<Box<dyn Follower>>> {
        Ok(None)
    }

    /// The latest version of the store that this process wrote; `None` where versions are not counted.
    fn written(&self) -> Option<u64> {
        None
    }
}

/// Durable storage of API keys, with the guarantees of [`Store`].
pub trait KeyStore: Send + Sync {
    /// The hasher of this store's API keys.
    fn key_hasher(&self) -> &KeyHasher;

    /// Adds an API key.
    ///
    /// # Errors
    /// [`StoreError::DuplicateKey`] when its id is taken (issue another); when the storage fails.
    fn insert_key(&self, key: &ApiKey) -> StoreResult<()>;

    /// Every key, revoked and expired ones too, oldest first.
    ///
    /// # Errors
    /// When the storage fails.
    fn keys(&self) -> StoreResult<Vec<ApiKey>>;

    /// The key with this id (its public prefix); `None` where there is none.
    ///
    /// # Errors
    /// When the storage fails.
    fn key(&self, id: &str) -> StoreResult<Option<ApiKey>>;

    /// Revokes a key for good; a revoked one keeps its `revoked_at`. `false` where there is none with this id.
    ///
    /// # Errors
    /// When the storage fails.
    fn revoke_key(&self, id: &str, now: Timestamp) -> StoreResult<bool>;

    /// Sets `last_used_at`. Nothing is written within [`TOUCH_RESOLUTION`] of the last time, nor for an unknown key.
    ///
    /// # Errors
    /// When the storage fails.
    fn touch_key(&self, id: &str, now: Timestamp) -> StoreResult<()>;

    /// A value that changes whenever any process issues or revokes a key, so that a cache of the keys knows when to
    /// read them again. It may also change when no key did. Cheap enough for one call per second.
    ///
    /// # Errors
    /// When the storage fails.
    fn keys_version(&self) -> StoreResult<KeysVersion>;
}

/// See [`KeyStore::keys_version`]; two values can only be compared for equality.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeysVersion {
    /// Counts commits by other processes.
    others: i64,
    /// Counts rows changed by this process.
    own: u64,
}
