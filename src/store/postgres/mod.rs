//! [`Store`] in a `PostgreSQL` database that any number of processes share.
//!
//! What is sealed, and with which keys, is as in the embedded store: the database alone opens nothing. Writes take their
//! turn by the lock on one row (`versions.rs`), so that each sees what the one before it did, and every acknowledged
//! write has a version by which others follow it (`follow.rs`). Reads take no lock.

mod cases;
mod fault;
mod follow;
mod identities;
mod images;
mod keys;
mod open;
mod raw;
mod receipts;
mod runtime;
mod samples;
mod scrub;
mod search;
mod shared;
mod tls;
mod url;
mod versions;

#[cfg(test)]
pub(in crate::store) mod tests;

use std::cell::Cell;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use deadpool_postgres::{Object, Transaction};
use jiff::Timestamp;
use uuid::Uuid;

use super::sealing::Vault;
use super::{
    ErasureReason, ErasureReceipt, Follower, KeyStore, KeysVersion, Listed, RawIdentity, RawStore, RawVault,
    ServiceKeys, Store, StoreError, StoreResult,
};
use crate::access::{ApiKey, KeyHasher};
use crate::identity::{IdentityFields, IdentityId, IdentityRecord, Sample, SampleKind, SearchRow};
use crate::template::Template;
use crate::vault::{MasterId, MasterKey, MasterKeySource};
use fault::Fault;
use follow::Following;
use runtime::Runtime;
use shared::{Held, Shared};
use versions::Change;

pub use url::{PostgresUrl, PostgresUrlError};

/// The shared store: the schema `faceward` of a database.
#[derive(Debug)]
pub struct PostgresStore {
    shared: Arc<Shared>,
    vault: Vault,
    service_keys: ServiceKeys,
    /// The latest version that this process wrote.
    written: AtomicU64,
}

impl PostgresStore {
    /// The schema version that this faceward writes.
    pub const SCHEMA: i64 = open::SCHEMA;

    /// The version of the schema in a database; `None` where it has no store. Changes nothing.
    ///
    /// # Errors
    /// [`StoreError::Unreachable`]; when the storage fails.
    pub fn schema(url: &PostgresUrl) -> StoreResult<Option<i64>> {
        let runtime = Runtime::start().map_err(|e| StoreError::Backend(Box::new(e)))?;
        let tls = tls::connector(url)?;
        let found = runtime.wait(async {
            let pool = open::pool(url.config(), tls)?;
            open::found(&mut pool.get().await?).await
        });
        found.map_err(|fault| fault.at(&url.to_string()))
    }

    /// Opens the store in a database, and migrates its schema where it is older. With `create`, a database without a
    /// store gets one. `dir` is the data folder, for a master key that lies there.
    ///
    /// # Errors
    /// [`StoreError::Unreachable`]; [`StoreError::NoStore`] without `create`; [`StoreError::NewerSchema`];
    /// [`StoreError::MasterKey`] without the right master key; what every method can fail with.
    pub fn open(url: &PostgresUrl, dir: &Path, source: &MasterKeySource, create: bool) -> StoreResult<Self> {
        let place = url.to_string();
        let failed = |e: std::io::Error| StoreError::Backend(Box::new(e));
        let runtime = Runtime::start().map_err(failed)?;
        let tls = tls::connector(url)?;
        let pool = open::pool(url.config(), tls.clone()).map_err(|fault| fault.at(&place))?;
        let opened = runtime.wait(async {
            let mut client = pool.get().await?;
            let vault = open::vault(&mut client, &place, dir, source, create).await?;
            scrub::finish(&mut client).await?;
            Ok::<_, Fault>(vault)
        });
        let vault = opened.map_err(|fault| fault.at(&place))?;
        let service_keys = ServiceKeys::of(&vault)?;
        if url.is_exposed() {
            tracing::warn!("templates and keys travel to the database in clear: use `sslmode=verify-full`");
        }
        let shared = Arc::new(Shared { pool, url: url.clone(), tls, place, runtime });
        shared.keep_up();
        Ok(Self { shared, vault, service_keys, written: AtomicU64::new(0) })
    }

    fn place(&self) -> &str {
        &self.shared.place
    }

    #[allow(clippy::needless_pass_by_value, reason = "closures are written where they are handed over")]
    fn read<T>(&self, query: impl AsyncFn(&Object) -> Result<T, Fault>) -> StoreResult<T> {
        self.shared.with_client(&Cell::new(false), async |client| query(&*client).await)
    }

    /// Runs `change` in a transaction; an error rolls it back. The changes that it returns make a new version.
    #[allow(clippy::needless_pass_by_value, reason = "closures are written where they are handed over")]
    fn write<T>(&self, change: impl AsyncFn(&Transaction<'_>) -> Result<(T, Vec<Change>), Fault>) -> StoreResult<T> {
        let once = Cell::new(false);
        self.shared.with_client(&once, async |client| {
            let tx = client.transaction().await?;
            let version = versions::lock(&tx, self.place(), self.vault.master.id()).await?;
            let (done, changes) = change(&tx).await?;
            // Where nothing was to be changed, what the caller wanted is part of the version as it is.
            let version = if changes.is_empty() { version } else { versions::note(&tx, version, &changes).await? };
            // From here on a lost connection does not say whether it was done.
            once.set(!changes.is_empty());
            tx.commit().await?;
            self.written.fetch_max(version.cast_unsigned(), Ordering::Release);
            Ok(done)
        })
    }

    /// Erases what was deleted as far as it can be done now; the rest is done later. The deletion itself is done.
    fn erase(&self) {
        let done = self.shared.with_client(&Cell::new(false), scrub::finish);
        if !done.as_ref().is_ok_and(|erased| *erased) {
            let cause = done.err().map_or_else(|| "another program reads the tables".to_owned(), |e| e.to_string());
            tracing::warn!(cause, "names and keys of a deletion are erased from the database later");
        }
    }
}

impl AsRef<dyn KeyStore> for PostgresStore {
    fn as_ref(&self) -> &(dyn KeyStore + 'static) {
        self
    }
}

impl Store for PostgresStore {
    fn put_identity(
        &self,
        id: &IdentityId,
        fields: &IdentityFields,
        now: Timestamp,
    ) -> StoreResult<(IdentityRecord, bool)> {
        self.write(async |tx| {
            let (record, created, changed) = identities::put(tx, &self.vault, id, fields, now).await?;
            Ok(((record, created), changed.then(|| Change::Identity(id.clone())).into_iter().collect()))
        })
    }

    fn identity(&self, id: &IdentityId) -> StoreResult<Option<IdentityRecord>> {
        self.read(async |client| identities::get(client, id).await)
    }

    fn identities(&self, after: Option<&IdentityId>, limit: usize) -> StoreResult<Vec<IdentityRecord>> {
        self.read(async |client| identities::page(client, after, limit).await)
    }

    fn listed(&self, id: &IdentityId) -> StoreResult<Option<Listed>> {
        Ok(self.listed_of(std::slice::from_ref(id))?.pop())
    }

    fn listed_of(&self, ids: &[IdentityId]) -> StoreResult<Vec<Listed>> {
        self.read(async |client| search::of(client, &self.vault, ids).await)
    }

    fn listing(&self, after: Option<&IdentityId>, limit: usize) -> StoreResult<Vec<Listed>> {
        self.read(async |client| search::page(client, &self.vault, after, limit).await)
    }

    fn renew_search_rows(&self, ids: &[IdentityId]) -> StoreResult<Vec<StoreResult<SearchRow>>> {
        self.write(async |tx| {
            let mut rows = Vec::new();
            for id in ids {
                rows.push(search::renew(tx, &self.vault, id).await?);
            }
            // Each server that lacks a row makes it for itself. To follow it would make them take turns for ever where
            // a damaged sample lets none be made.
            Ok((rows, Vec::new()))
        })
    }

    fn delete_identity(
        &self,
        id: &IdentityId,
        reason: ErasureReason,
        now: Timestamp,
    ) -> StoreResult<Option<ErasureReceipt>> {
        let number = Uuid::now_v7();
        let deleted = self.write(async |tx| {
            let Some(samples) = identities::delete(tx, id).await? else { return Ok((false, Vec::new())) };
            let subject = self.service_keys.subject(id);
            let receipt = ErasureReceipt { id: number, subject, reason, samples, deleted_at: now, erased_at: None };
            receipts::insert(tx, &receipt).await?;
            Ok((true, vec![Change::Identity(id.clone())]))
        })?;
        if !deleted {
            return Ok(None);
        }
        self.erase();
        self.receipt(number)
    }

    fn receipt(&self, id: Uuid) -> StoreResult<Option<ErasureReceipt>> {
        self.read(async |client| receipts::get(client, id).await)
    }

    fn add_samples_with_images(
        &self,
        id: &IdentityId,
        samples: &[Sample],
        images: &[(Uuid, &[u8])],
        now: Timestamp,
    ) -> StoreResult<()> {
        self.write(async |tx| {
            samples::add(tx, &self.vault, id, samples, now).await?;
            images::add(tx, &self.vault, id, images).await?;
            Ok(((), vec![Change::Identity(id.clone())]))
        })
    }

    fn replace_templates(&self, id: &IdentityId, templates: &[(Uuid, Template)], now: Timestamp) -> StoreResult<usize> {
        self.write(async |tx| {
            let replaced = samples::replace(tx, &self.vault, id, templates, now).await?;
            Ok((replaced, (replaced > 0).then(|| Change::Identity(id.clone())).into_iter().collect()))
        })
    }

    fn image(&self, id: &IdentityId, sample: Uuid) -> StoreResult<Option<Vec<u8>>> {
        self.read(async |client| images::get(client, &self.vault, id, sample).await)
    }

    fn samples(&self, id: &IdentityId) -> StoreResult<Vec<Sample>> {
        self.read(async |client| samples::all(client, &self.vault, id).await)
    }

    fn sample_kind(&self, id: &IdentityId, sample: Uuid) -> StoreResult<Option<SampleKind>> {
        self.read(async |client| samples::kind(client, id, sample).await)
    }

    fn delete_sample(&self, id: &IdentityId, sample_id: Uuid, now: Timestamp) -> StoreResult<Option<SampleKind>> {
        let kind = self.write(async |tx| {
            let kind = samples::delete(tx, &self.vault, id, sample_id, now).await?;
            Ok((kind, kind.map(|_| Change::Identity(id.clone())).into_iter().collect()))
        })?;
        if kind.is_some() {
            self.erase();
        }
        Ok(kind)
    }

    fn check(&self) -> StoreResult<()> {
        let standby = self.read(async |client| {
            let sql = "SELECT pg_is_in_recovery() OR current_setting('transaction_read_only')::bool FROM store_version";
            Ok(client.query_one(&client.prepare_cached(sql).await?, &[]).await?.try_get::<_, bool>(0)?)
        })?;
        if standby {
            let detail = "it is read-only, as a standby is".to_owned();
            return Err(StoreError::Unwritable { path: self.place().into(), detail });
        }
        Ok(())
    }

    fn service_keys(&self) -> &ServiceKeys {
        &self.service_keys
    }

    fn master_id(&self) -> MasterId {
        self.vault.master.id()
    }

    fn rotate_master(self: Box<Self>, master: &MasterKey) -> StoreResult<usize> {
        let identities = self.write(async |tx| {
            let identities = identities::rewrap(tx, &self.vault, master).await?;
            Ok((identities, vec![Change::Key]))
        })?;
        if self.shared.with_client(&Cell::new(false), scrub::finish)? {
            return Ok(identities);
        }
        let detail = "another program reads the tables".to_owned();
        Err(StoreError::ErasureUnfinished { path: self.place().into(), detail })
    }

    fn exclusive(&self, id: &IdentityId) -> StoreResult<Box<dyn Send>> {
        Ok(Box::new(Held::of(&self.shared, id)?))
    }

    fn follower(&self) -> StoreResult<Option<Box<dyn Follower>>> {
        let sql = "SELECT version FROM store_version";
        let start: i64 = self.read(async |client| Ok(client.query_one(sql, &[]).await?.try_get(0)?))?;
        let following = Following::new(self.shared.clone(), start.cast_unsigned(), self.vault.master.id());
        Ok(Some(Box::new(following)))
    }

    fn written(&self) -> Option<u64> {
        Some(self.written.load(Ordering::Acquire))
    }
}

impl RawStore for PostgresStore {
    fn raw_vault(&self) -> StoreResult<RawVault> {
        self.read(async |client| raw::vault(client).await)
    }

    fn raw_identity(&self, id: &IdentityId) -> StoreResult<Option<RawIdentity>> {
        self.read(async |client| raw::identity(client, id).await)
    }

    fn fill_vault(&self, vault: &RawVault) -> StoreResult<()> {
        self.write(async |tx| Ok((raw::fill_vault(tx, vault).await?, vec![Change::Key])))
    }

    fn fill_identity(&self, identity: &RawIdentity) -> StoreResult<()> {
        self.write(async |tx| Ok(((), vec![Change::Identity(raw::fill_identity(tx, identity).await?)])))
    }
}

impl KeyStore for PostgresStore {
    fn key_hasher(&self) -> &KeyHasher {
        self.service_keys.api_keys()
    }

    fn insert_key(&self, key: &ApiKey) -> StoreResult<()> {
        self.write(async |tx| Ok((keys::insert(tx, key).await?, vec![Change::Key])))
    }

    fn keys(&self) -> StoreResult<Vec<ApiKey>> {
        self.read(async |client| keys::all(client).await)
    }

    fn key(&self, id: &str) -> StoreResult<Option<ApiKey>> {
        self.read(async |client| keys::get(client, id).await)
    }

    fn revoke_key(&self, id: &str, now: Timestamp) -> StoreResult<bool> {
        self.write(async |tx| {
            let revoked = keys::revoke(tx, id, now).await?;
            Ok((revoked, revoked.then_some(Change::Key).into_iter().collect()))
        })
    }

    fn touch_key(&self, id: &str, now: Timestamp) -> StoreResult<()> {
        self.read(async |client| keys::touch(client, id, now).await)
    }

    fn keys_version(&self) -> StoreResult<KeysVersion> {
        self.read(async |client| keys::version(client).await)
    }
}
