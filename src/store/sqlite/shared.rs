//! API keys of a data folder that a server has open.
//!
//! The folder's lock keeps other processes away from identities, because a server holds those in memory. It reads keys
//! again when they change ([`KeyStore::keys_version`]), and `SQLite` lets several processes write in turn. So access to
//! the folder is enough to issue or revoke a key while the server runs.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use rusqlite::Connection;

use super::fault::Fault;
use super::{keys, open, sealing, transact};
use crate::access::{ApiKey, KeyHasher};
use crate::store::{KeyStore, KeysVersion, ServiceKeys, StoreError, StoreResult};
use crate::vault::{MasterKey, MasterKeyError, MasterKeySource};

/// The API keys, opened without the folder's lock.
#[derive(Debug)]
pub struct SharedKeys {
    connection: Mutex<Connection>,
    service_keys: ServiceKeys,
    path: PathBuf,
}

impl SharedKeys {
    /// Opens the keys of the store in `dir`, which must exist and have this faceward's schema: nothing is created,
    /// migrated or repaired here.
    ///
    /// # Errors
    /// [`StoreError::NotAStore`], [`StoreError::OtherSchema`]; when the storage fails.
    pub fn open(dir: &Path, source: &MasterKeySource) -> StoreResult<Self> {
        let path = dir.join(open::DATABASE);
        let connection = open::connect(&path)?;
        let pragma = |name: &str| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
        let read = pragma("application_id").and_then(|id| Ok((id, pragma("user_version")?)));
        let (id, found) = read.map_err(|error| Fault::from(error).at(&path))?;
        if id != i64::from(open::APPLICATION_ID) {
            let detail = "it is the SQLite file of another program".to_owned();
            return Err(StoreError::NotAStore { path, detail });
        }
        if found != open::SCHEMA {
            return Err(StoreError::OtherSchema { path, found, known: open::SCHEMA });
        }
        let service_keys = service_keys(&connection, source.read(dir)?).map_err(|fault| fault.at(&path))?;
        Ok(Self { connection: Mutex::new(connection), service_keys, path })
    }

    /// The keys for the audit log and for pseudonyms.
    pub fn service_keys(&self) -> &ServiceKeys {
        &self.service_keys
    }

    fn lock(&self) -> MutexGuard<'_, Connection> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn service_keys(connection: &Connection, master: MasterKey) -> Result<ServiceKeys, Fault> {
    match sealing::needed(connection)? {
        Some(needed) if needed != master.id() => {
            let wrong = MasterKeyError::Wrong { given: master.id(), needed };
            Err(StoreError::from(wrong).into())
        }
        _ => Ok(ServiceKeys::of(&sealing::open(connection, master)?)?),
    }
}

impl KeyStore for SharedKeys {
    fn key_hasher(&self) -> &KeyHasher {
        self.service_keys.api_keys()
    }

    fn insert_key(&self, key: &ApiKey) -> StoreResult<()> {
        transact(&mut self.lock(), |tx| keys::insert(tx, key)).map_err(|fault| fault.at(&self.path))
    }

    fn keys(&self) -> StoreResult<Vec<ApiKey>> {
        keys::all(&self.lock()).map_err(|fault| fault.at(&self.path))
    }

    fn key(&self, id: &str) -> StoreResult<Option<ApiKey>> {
        keys::get(&self.lock(), id).map_err(|fault| fault.at(&self.path))
    }

    fn revoke_key(&self, id: &str, now: Timestamp) -> StoreResult<bool> {
        transact(&mut self.lock(), |tx| keys::revoke(tx, id, now)).map_err(|fault| fault.at(&self.path))
    }

    fn touch_key(&self, id: &str, now: Timestamp) -> StoreResult<()> {
        transact(&mut self.lock(), |tx| keys::touch(tx, id, now)).map_err(|fault| fault.at(&self.path))
    }

    fn keys_version(&self) -> StoreResult<KeysVersion> {
        keys::version(&self.lock()).map_err(|fault| fault.at(&self.path))
    }
}
