//! API keys, and the backup, which works beside a server as they do.

use std::path::Path;

use jiff::Timestamp;

use super::{Acting, Recorded, RecordedKeys, make_folder};
use crate::access::{ApiKey, KeySecret, Scope};
use crate::audit::{AuditLog, Event};
use crate::service::ServiceError;
use crate::store::{KeyStore, PostgresStore, SharedKeys, SqliteStore, Store as _, StoreChoice, StoreError};
use crate::vault::MasterKeySource;

impl RecordedKeys {
    /// Opens the keys of the data folder `dir`; a server may have it open.
    ///
    /// # Errors
    /// When the store or the audit log cannot be opened.
    pub fn open(dir: &Path, source: &MasterKeySource) -> Result<Self, ServiceError> {
        match SqliteStore::open_with(dir, source) {
            Ok(store) => {
                let audit = AuditLog::open(dir, store.service_keys().clone())?;
                Ok(Self { target: Box::new(store), audit })
            }
            Err(StoreError::DataDirInUse { .. }) => Self::beside_server(dir, SharedKeys::open(dir, source)?),
            Err(e) => Err(e.into()),
        }
    }

    /// Opens the keys of the store that `choice` names, with the audit log of the data folder `dir`. With `create`, a
    /// database without a store gets one.
    ///
    /// # Errors
    /// When the store or the audit log cannot be opened.
    pub fn open_choice(
        choice: &StoreChoice,
        dir: &Path,
        source: &MasterKeySource,
        create: bool,
    ) -> Result<Self, ServiceError> {
        let StoreChoice::Postgres(url) = choice else { return Self::open(dir, source) };
        make_folder(dir)?;
        let store = PostgresStore::open(url, dir, source, create)?;
        let audit = AuditLog::open(dir, store.service_keys().clone())?;
        Ok(Self { target: Box::new(store), audit })
    }

    /// The `keys` of the data folder `dir`, without its lock.
    ///
    /// # Errors
    /// When the audit log cannot be opened.
    pub fn beside_server(dir: &Path, keys: SharedKeys) -> Result<Self, ServiceError> {
        let audit = AuditLog::open(dir, keys.service_keys().clone())?;
        Ok(Self { target: Box::new(keys), audit })
    }
}

impl<T: AsRef<dyn KeyStore>> Recorded<T> {
    /// Every key, revoked and expired ones too, oldest first.
    ///
    /// # Errors
    /// When the store fails.
    pub fn keys(&self) -> Result<Vec<ApiKey>, ServiceError> {
        Ok(self.target.as_ref().keys()?)
    }

    /// The key with this id; `None` where there is none.
    ///
    /// # Errors
    /// When the store fails.
    pub fn key(&self, id: &str) -> Result<Option<ApiKey>, ServiceError> {
        Ok(self.target.as_ref().key(id)?)
    }
}

impl<T: AsRef<dyn KeyStore>> Acting<'_, T> {
    /// Issues a key: its record, and the secret to show once.
    ///
    /// # Errors
    /// A key that would be useless or unnamed; when the store fails.
    pub fn issue_key(
        &self,
        name: &str,
        scopes: impl IntoIterator<Item = Scope>,
        expires_at: Option<Timestamp>,
    ) -> Result<(ApiKey, KeySecret), ServiceError> {
        let store = self.target().as_ref();
        let (key, secret) = ApiKey::issue(store.key_hasher(), name, scopes, expires_at, Timestamp::now())?;
        store.insert_key(&key)?;
        self.record(&Event::key_issued(&key))?;
        Ok((key, secret))
    }

    /// Revokes a key for good; `false` where there is none with this id.
    ///
    /// # Errors
    /// When the store fails.
    pub fn revoke_key(&self, id: &str) -> Result<bool, ServiceError> {
        let revoked = self.target().as_ref().revoke_key(id, Timestamp::now())?;
        if revoked {
            self.record(&Event::KeyRevoked { key: id.to_owned() })?;
        }
        Ok(revoked)
    }

    /// Records a backup by the SHA-256 of its database, hex.
    ///
    /// # Errors
    /// When it cannot be recorded.
    pub fn backed_up(&self, sha256: &str) -> Result<(), ServiceError> {
        self.record(&Event::BackedUp { sha256: sha256.to_owned() })
    }
}
