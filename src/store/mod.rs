//! Where identities, their samples and the API keys are kept.
//!
//! [`Store`] is what the rest of the service sees; [`SqliteStore`] keeps everything in one file. What it guarantees,
//! and what it does not, is in `docs/store.md`.
//!
//! Every method blocks on the disk: from asynchronous code, call it on a thread that may block.

mod codec;
mod error;
mod receipt;
mod sqlite;

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::access::{ApiKey, KeyHasher};
use crate::identity::{IdentityFields, IdentityId, IdentityRecord, Sample, SampleKind};

pub use codec::{CodecError, decode_template, encode_template};
pub use error::StoreError;
pub use receipt::{ErasureReason, ErasureReceipt};
#[cfg(any(test, fuzzing))]
pub(crate) use sqlite::read_sealed_content;
pub use sqlite::{ServiceKeys, SharedKeys, SqliteStore, copy_database};

/// [`KeyStore::touch_key`] writes at most this often for one key, so that a busy key does not cost a write a request.
pub const TOUCH_RESOLUTION: SignedDuration = SignedDuration::from_secs(60);

/// What every method here returns.
pub type StoreResult<T> = Result<T, StoreError>;

/// Durable storage. A method that has returned `Ok` has its effect on disk; one that has returned an error has none,
/// with the one exception of [`StoreError::ErasureUnfinished`].
///
/// Each method can fail with what concerns the storage as a whole: [`StoreError::Corrupted`], [`StoreError::Busy`],
/// [`StoreError::Unwritable`] and [`StoreError::Backend`]; those that read, with [`StoreError::UnreadableRecord`].
pub trait Store: KeyStore {
    /// Creates the identity, or replaces its fields. Returns the record and whether it was created. Where the fields
    /// are what they were, nothing is written and `updated_at` stays.
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

    /// At most `limit` identities in the order of their ids, those behind `after` alone: the last id of one page is the
    /// cursor of the next.
    ///
    /// # Errors
    /// When the storage fails.
    fn identities(&self, after: Option<&IdentityId>, limit: usize) -> StoreResult<Vec<IdentityRecord>>;

    /// Deletes the identity with its key and all its samples and erases their bytes from the disk. `None` where there
    /// was none.
    ///
    /// # Errors
    /// When the storage fails; [`StoreError::ErasureUnfinished`] when it is deleted, but its bytes may still lie in a
    /// file.
    fn delete_identity(
        &self,
        id: &IdentityId,
        reason: ErasureReason,
        now: Timestamp,
    ) -> StoreResult<Option<ErasureReceipt>>;

    /// The receipt for an erasure; `None` where there is none of this number.
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

    /// The same, and keeps the encoded images of those that are named, sealed as the templates are. An image goes with
    /// its sample.
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

    /// The encoded image of a sample; `None` where it was not kept, or the identity has no such sample.
    ///
    /// # Errors
    /// When the storage fails.
    fn image(&self, id: &IdentityId, sample: Uuid) -> StoreResult<Option<Vec<u8>>>;

    /// All samples of the identity in the order in which they were added; empty where there is no such identity.
    ///
    /// # Errors
    /// When the storage fails.
    fn samples(&self, id: &IdentityId) -> StoreResult<Vec<Sample>>;

    /// Deletes one sample, erases its bytes from the disk and sets the identity's `updated_at`. Returns what kind it
    /// was; `None` where the identity has no such sample. It need not be readable.
    ///
    /// # Errors
    /// As [`Store::delete_identity`].
    fn delete_sample(&self, id: &IdentityId, sample_id: Uuid, now: Timestamp) -> StoreResult<Option<SampleKind>>;

    /// Whether the store can serve: reads, and tries whether it may write. Cheap enough for a probe every second.
    ///
    /// # Errors
    /// When it cannot; the error says what to do.
    fn check(&self) -> StoreResult<()>;
}

/// Durable storage of API keys; what is said of [`Store`] holds here too.
pub trait KeyStore: Send + Sync {
    /// What hashes API keys.
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

    /// Revokes a key for good; one already revoked keeps its time. `false` where there is none.
    ///
    /// # Errors
    /// When the storage fails.
    fn revoke_key(&self, id: &str, now: Timestamp) -> StoreResult<bool>;

    /// Notes that a key was used. Nothing is written within [`TOUCH_RESOLUTION`] of the last note, nor for a key that
    /// is not there.
    ///
    /// # Errors
    /// When the storage fails.
    fn touch_key(&self, id: &str, now: Timestamp) -> StoreResult<()>;

    /// What changes whenever any process has issued or revoked a key: whoever holds the keys in memory reads them again
    /// then. Cheap enough to be asked every second; it may also change when no key did.
    ///
    /// # Errors
    /// When the storage fails.
    fn keys_version(&self) -> StoreResult<KeysVersion>;
}

/// See [`KeyStore::keys_version`]: good for comparing only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeysVersion {
    /// Commits by other processes.
    others: i64,
    /// Rows that this process has changed.
    own: u64,
}
