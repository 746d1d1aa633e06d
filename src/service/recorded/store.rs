//! Acts on a store without networks: for a data folder that no server has open.

use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use uuid::Uuid;

use super::{Acting, Recorded, RecordedService, RecordedStore, make_folder};
use crate::audit::{Actor, AuditLog, Event};
use crate::identity::{IdentityFields, IdentityId, IdentityRecord, Sample, SampleKind, SearchRow};
use crate::service::{Service, ServiceError};
use crate::store::{
    ErasureReason, ErasureReceipt, KeyStore, Listed, PostgresStore, SqliteStore, Store, StoreChoice, StoreCopied,
    StoreError, copy_store,
};
use crate::vault::{MasterKey, MasterKeySource};

impl RecordedStore {
    /// Opens the store and the audit log of the data folder `dir`, which is created where it is missing.
    ///
    /// # Errors
    /// When either cannot be opened.
    pub fn open(dir: &Path, source: &MasterKeySource) -> Result<Self, ServiceError> {
        Self::over(Box::new(SqliteStore::open_with(dir, source)?), dir)
    }

    /// Opens the store that `choice` names, and the audit log of the data folder `dir`, which is created where it is
    /// missing. With `create`, a database without a store gets one.
    ///
    /// # Errors
    /// When either cannot be opened.
    pub fn open_choice(
        choice: &StoreChoice,
        dir: &Path,
        source: &MasterKeySource,
        create: bool,
    ) -> Result<Self, ServiceError> {
        make_folder(dir)?;
        Self::over(open_store(choice, dir, source, create)?, dir)
    }

    /// This store with the audit log of the data folder `dir`.
    fn over(target: Box<dyn Store>, dir: &Path) -> Result<Self, ServiceError> {
        let audit = AuditLog::open(dir, target.service_keys().clone())?;
        Ok(Self { target, audit })
    }

    /// The service that `build` makes over this store.
    ///
    /// # Errors
    /// The errors of `build`.
    pub fn into_service<E>(
        self,
        build: impl FnOnce(Arc<dyn Store>) -> Result<Service, E>,
    ) -> Result<RecordedService, E> {
        let Self { target, audit } = self;
        Ok(Recorded { target: build(Arc::from(target))?, audit })
    }

    /// Copies everything from `from` to the empty store `to`, under the same master key, and compares every row. It is
    /// recorded in the audit log of the data folder `dir`.
    ///
    /// # Errors
    /// When either store fails, or they cannot be copied; when it cannot be recorded.
    pub fn copy(
        actor: &Actor,
        (from, to): (&StoreChoice, &StoreChoice),
        dir: &Path,
        source: &MasterKeySource,
    ) -> Result<StoreCopied, ServiceError> {
        make_folder(dir)?;
        let from = open_store(from, dir, source, false)?;
        let to = open_store(to, dir, source, true)?;
        let copied = copy_store(from.as_ref(), to.as_ref())?;
        let audit = AuditLog::open(dir, from.service_keys().clone())?;
        audit.append(&actor.clone().into(), &Event::StoreCopied { identities: copied.identities })?;
        Ok(copied)
    }

    /// One identity; `None` where there is none.
    ///
    /// # Errors
    /// When the store fails.
    pub fn identity(&self, id: &IdentityId) -> Result<Option<IdentityRecord>, ServiceError> {
        Ok(self.target.identity(id)?)
    }

    /// Every identity in the order of ids, expired ones too.
    ///
    /// # Errors
    /// When the store fails.
    pub fn identities(&self) -> Result<Vec<IdentityRecord>, ServiceError> {
        Ok(self.target.identities(None, usize::MAX)?)
    }

    /// Every identity with its search row, in the order of ids, expired ones too. A row that is missing is made here.
    ///
    /// # Errors
    /// When the store fails, or a sample of an identity without a row cannot be read.
    pub fn listing(&self) -> Result<Vec<(IdentityRecord, SearchRow)>, ServiceError> {
        let all = self.target.listing(None, usize::MAX)?.into_iter();
        all.map(|Listed { record, row }| {
            let row = row.map_or_else(|| self.samples(&record.id).map(|s| SearchRow::of(&s)), Ok)?;
            Ok((record, row))
        })
        .collect()
    }

    /// The samples of an identity in the order in which they were added; empty where there is no such identity.
    ///
    /// # Errors
    /// When the store fails.
    pub fn samples(&self, id: &IdentityId) -> Result<Vec<Sample>, ServiceError> {
        Ok(self.target.samples(id)?)
    }

    /// The identity's pseudonym in the audit log.
    pub fn subject(&self, id: &IdentityId) -> String {
        self.audit.subject(id)
    }

    /// Wraps every key with `master` and returns the number of identities. The store is closed, because it holds the
    /// old key.
    ///
    /// # Errors
    /// When the store fails, or it cannot be recorded.
    pub fn rotate_master(self, actor: &Actor, master: &MasterKey) -> Result<usize, ServiceError> {
        let Self { target, audit } = self;
        let identities = target.rotate_master(master)?;
        audit.append(&actor.clone().into(), &Event::MasterRotated { master: master.id().to_string() })?;
        Ok(identities)
    }
}

fn open_store(
    choice: &StoreChoice,
    dir: &Path,
    source: &MasterKeySource,
    create: bool,
) -> Result<Box<dyn Store>, StoreError> {
    Ok(match choice {
        StoreChoice::DataFolder => Box::new(SqliteStore::open_with(dir, source)?),
        StoreChoice::Postgres(url) => Box::new(PostgresStore::open(url, dir, source, create)?),
    })
}

impl AsRef<dyn KeyStore> for Box<dyn Store> {
    fn as_ref(&self) -> &(dyn KeyStore + 'static) {
        &**self
    }
}

impl Acting<'_, Box<dyn Store>> {
    /// Creates an identity or replaces its fields; `true` when it was created.
    ///
    /// # Errors
    /// A field that is not acceptable; when the store fails.
    pub fn put_identity(
        &self,
        id: &IdentityId,
        fields: &IdentityFields,
    ) -> Result<(IdentityRecord, bool), ServiceError> {
        let now = Timestamp::now();
        fields.check(now).map_err(ServiceError::InvalidField)?;
        let (record, created) = self.target().put_identity(id, fields, now)?;
        self.record(&Event::IdentityWritten { subject: self.subject(id), created })?;
        Ok((record, created))
    }

    /// Erases an identity with its key and everything kept of it; `None` where there is none.
    ///
    /// # Errors
    /// When the store fails.
    pub fn erase_identity(
        &self,
        id: &IdentityId,
        reason: ErasureReason,
    ) -> Result<Option<ErasureReceipt>, ServiceError> {
        let receipt = self.target().delete_identity(id, reason, Timestamp::now())?;
        if let Some(receipt) = &receipt {
            self.record(&Event::erased(receipt))?;
        }
        Ok(receipt)
    }

    /// Erases one sample and returns its kind; `None` where the identity has no such sample.
    ///
    /// # Errors
    /// When the store fails.
    pub fn erase_sample(&self, id: &IdentityId, sample: Uuid) -> Result<Option<SampleKind>, ServiceError> {
        let kind = self.target().delete_sample(id, sample, Timestamp::now())?;
        if kind.is_some() {
            self.record(&Event::SampleErased { subject: self.subject(id), sample })?;
        }
        Ok(kind)
    }

    /// Records that a backup was put in place, by the SHA-256 of its database (hex), and how many identities, samples
    /// and API keys in it were erased or revoked again.
    ///
    /// # Errors
    /// When it cannot be recorded.
    pub fn restored(
        &self,
        sha256: &str,
        erased_again: usize,
        samples_again: usize,
        keys_again: usize,
    ) -> Result<(), ServiceError> {
        self.record(&Event::Restored { sha256: sha256.to_owned(), erased_again, samples_again, keys_again })
    }
}
