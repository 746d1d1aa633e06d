//! [`Store`] in one `SQLite` file.
//!
//! One connection behind a lock: writes are rare, reads take a few rows per identity, and without a second reader of
//! our own nothing keeps an erasure from emptying the write-ahead log.

mod backup;
mod cases;
mod fault;
mod identities;
mod images;
mod keys;
mod open;
mod raw;
mod receipts;
mod samples;
mod scrub;
mod sealing;
mod search;
mod shared;

#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use rusqlite::{Connection, Transaction, TransactionBehavior};
use uuid::Uuid;

use super::sealing::Vault;
use super::{
    ErasureReason, ErasureReceipt, KeyStore, KeysVersion, Listed, RawIdentity, RawStore, RawVault, ServiceKeys, Store,
    StoreResult,
};
use crate::access::{ApiKey, KeyHasher};
use crate::identity::{IdentityFields, IdentityId, IdentityRecord, Sample, SampleKind, SearchRow};
use crate::template::Template;
use crate::vault::{MasterId, MasterKey, MasterKeySource};
use fault::Fault;
use open::Folder;

pub use backup::copy_database;
pub use open::holds_store;
pub use shared::SharedKeys;

/// The embedded store: `faceward.db` in a data folder that no other process uses at the same time.
#[derive(Debug)]
pub struct SqliteStore {
    // Declared, and so dropped, before the folder: the database closes while the folder is still locked.
    connection: Mutex<Connection>,
    vault: Vault,
    service_keys: ServiceKeys,
    folder: Folder,
}

impl SqliteStore {
    /// [`SqliteStore::open_with`] the master key beside the data.
    ///
    /// # Errors
    /// As [`SqliteStore::open_with`].
    pub fn open(dir: &Path) -> StoreResult<Self> {
        Self::open_with(dir, &MasterKeySource::Beside)
    }

    /// Opens the store in `dir`; creates the folder (mode 0700) and an empty database (0600) where they are missing.
    /// Checks the whole file, migrates its schema and completes an interrupted erasure.
    ///
    /// # Errors
    /// [`StoreError::DataDirInUse`](super::StoreError::DataDirInUse) while any other store has the folder open;
    /// [`NotAStore`](super::StoreError::NotAStore), [`NewerSchema`](super::StoreError::NewerSchema) and
    /// [`Corrupted`](super::StoreError::Corrupted) for files that it refuses to touch;
    /// [`MasterKey`](super::StoreError::MasterKey) without the right master key;
    /// [`Io`](super::StoreError::Io) and what every method can fail with.
    pub fn open_with(dir: &Path, source: &MasterKeySource) -> StoreResult<Self> {
        let folder = Folder::claim(dir)?;
        let (connection, vault) = open::database(&folder, source)?;
        let service_keys = ServiceKeys::of(&vault)?;
        Ok(Self { connection: Mutex::new(connection), service_keys, vault, folder })
    }

    /// The database file.
    pub fn path(&self) -> &Path {
        &self.folder.database
    }

    /// A thread that panics with the connection leaves at most a transaction behind, which is rolled back.
    fn lock(&self) -> MutexGuard<'_, Connection> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read<T>(&self, query: impl FnOnce(&Connection) -> Result<T, Fault>) -> StoreResult<T> {
        query(&self.lock()).map_err(|fault| fault.at(self.path()))
    }

    /// Runs `change` in a transaction; an error rolls it back.
    fn write<T>(&self, change: impl FnOnce(&Transaction<'_>) -> Result<T, Fault>) -> StoreResult<T> {
        transact(&mut self.lock(), change).map_err(|fault| fault.at(self.path()))
    }

    /// Runs `change`, which deletes templates, and then erases their bytes from the files, with those of an earlier
    /// unfinished erasure.
    fn erase<T>(&self, change: impl FnOnce(&Transaction<'_>) -> Result<T, Fault>) -> StoreResult<T> {
        let mut connection = self.lock();
        let done = transact(&mut connection, change).map_err(|fault| fault.at(self.path()))?;
        scrub::finish(&connection, self.path())?;
        Ok(done)
    }
}

fn transact<T>(
    connection: &mut Connection,
    change: impl FnOnce(&Transaction<'_>) -> Result<T, Fault>,
) -> Result<T, Fault> {
    // Immediate: a lock held by another program shows here, before anything is done.
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let done = change(&transaction)?;
    transaction.commit()?;
    Ok(done)
}

impl AsRef<dyn KeyStore> for SqliteStore {
    fn as_ref(&self) -> &(dyn KeyStore + 'static) {
        self
    }
}

impl Store for SqliteStore {
    fn put_identity(
        &self,
        id: &IdentityId,
        fields: &IdentityFields,
        now: Timestamp,
    ) -> StoreResult<(IdentityRecord, bool)> {
        self.write(|tx| identities::put(tx, &self.vault, id, fields, now))
    }

    fn identity(&self, id: &IdentityId) -> StoreResult<Option<IdentityRecord>> {
        self.read(|connection| identities::get(connection, id))
    }

    fn identities(&self, after: Option<&IdentityId>, limit: usize) -> StoreResult<Vec<IdentityRecord>> {
        self.read(|connection| identities::page(connection, after, limit))
    }

    fn listed(&self, id: &IdentityId) -> StoreResult<Option<Listed>> {
        self.read(|connection| search::get(connection, &self.vault, id))
    }

    fn listing(&self, after: Option<&IdentityId>, limit: usize) -> StoreResult<Vec<Listed>> {
        self.read(|connection| search::page(connection, &self.vault, after, limit))
    }

    fn renew_search_rows(&self, ids: &[IdentityId]) -> StoreResult<Vec<StoreResult<SearchRow>>> {
        self.write(|tx| ids.iter().map(|id| search::renew(tx, &self.vault, id)).collect())
    }

    fn delete_identity(
        &self,
        id: &IdentityId,
        reason: ErasureReason,
        now: Timestamp,
    ) -> StoreResult<Option<ErasureReceipt>> {
        let receipt = self.erase(|tx| {
            let Some(samples) = identities::delete(tx, id)? else { return Ok(None) };
            let subject = self.service_keys.subject(id);
            let number = Uuid::now_v7();
            let receipt = ErasureReceipt { id: number, subject, reason, samples, deleted_at: now, erased_at: None };
            receipts::insert(tx, &receipt)?;
            Ok(Some(number))
        })?;
        receipt.map_or(Ok(None), |number| self.receipt(number))
    }

    fn receipt(&self, id: Uuid) -> StoreResult<Option<ErasureReceipt>> {
        self.read(|connection| receipts::get(connection, id))
    }

    fn add_samples_with_images(
        &self,
        id: &IdentityId,
        samples: &[Sample],
        images: &[(Uuid, &[u8])],
        now: Timestamp,
    ) -> StoreResult<()> {
        self.write(|tx| {
            samples::add(tx, &self.vault, id, samples, now)?;
            images::add(tx, &self.vault, id, images)
        })
    }

    fn replace_templates(&self, id: &IdentityId, templates: &[(Uuid, Template)], now: Timestamp) -> StoreResult<usize> {
        self.write(|tx| samples::replace(tx, &self.vault, id, templates, now))
    }

    fn image(&self, id: &IdentityId, sample: Uuid) -> StoreResult<Option<Vec<u8>>> {
        self.read(|connection| images::get(connection, &self.vault, id, sample))
    }

    fn samples(&self, id: &IdentityId) -> StoreResult<Vec<Sample>> {
        self.read(|connection| samples::all(connection, &self.vault, id))
    }

    fn sample_kind(&self, id: &IdentityId, sample: Uuid) -> StoreResult<Option<SampleKind>> {
        self.read(|connection| samples::kind(connection, id, sample))
    }

    fn delete_sample(&self, id: &IdentityId, sample_id: Uuid, now: Timestamp) -> StoreResult<Option<SampleKind>> {
        self.erase(|tx| samples::delete(tx, &self.vault, id, sample_id, now))
    }

    fn check(&self) -> StoreResult<()> {
        self.folder.check()?;
        let mut connection = self.lock();
        // A change that is rolled back: it meets every lock and a read-only file system, and costs no disk write.
        let probe = |connection: &mut Connection| -> Result<(), Fault> {
            let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            tx.query_row("SELECT count(*) FROM (SELECT 1 FROM identities LIMIT 1)", [], |_| Ok(()))?;
            tx.execute("UPDATE erasure SET pending = pending", [])?;
            tx.rollback()?;
            Ok(())
        };
        probe(&mut connection).map_err(|fault| fault.at(self.path()))
    }

    fn service_keys(&self) -> &ServiceKeys {
        &self.service_keys
    }

    fn master_id(&self) -> MasterId {
        self.vault.master.id()
    }

    fn rotate_master(self: Box<Self>, master: &MasterKey) -> StoreResult<usize> {
        self.erase(|tx| {
            scrub::demand(tx)?;
            sealing::rewrap(tx, &self.vault, master)
        })
    }
}

impl RawStore for SqliteStore {
    fn raw_vault(&self) -> StoreResult<RawVault> {
        self.read(raw::vault)
    }

    fn raw_identity(&self, id: &IdentityId) -> StoreResult<Option<RawIdentity>> {
        self.read(|connection| raw::identity(connection, id))
    }

    fn fill_vault(&self, vault: &RawVault) -> StoreResult<()> {
        self.write(|tx| raw::fill_vault(tx, vault))
    }

    fn fill_identity(&self, identity: &RawIdentity) -> StoreResult<()> {
        self.write(|tx| raw::fill_identity(tx, identity))
    }
}

impl KeyStore for SqliteStore {
    fn key_hasher(&self) -> &KeyHasher {
        self.service_keys.api_keys()
    }

    fn insert_key(&self, key: &ApiKey) -> StoreResult<()> {
        self.write(|tx| keys::insert(tx, key))
    }

    fn keys(&self) -> StoreResult<Vec<ApiKey>> {
        self.read(keys::all)
    }

    fn key(&self, id: &str) -> StoreResult<Option<ApiKey>> {
        self.read(|connection| keys::get(connection, id))
    }

    fn revoke_key(&self, id: &str, now: Timestamp) -> StoreResult<bool> {
        self.write(|tx| keys::revoke(tx, id, now))
    }

    fn touch_key(&self, id: &str, now: Timestamp) -> StoreResult<()> {
        self.write(|tx| keys::touch(tx, id, now))
    }

    fn keys_version(&self) -> StoreResult<KeysVersion> {
        self.read(keys::version)
    }
}
