//! Sealing of rows: the master key of an open store, the data key of an identity, the sealed content of a sample.

use hmac::{Hmac, KeyInit as _, Mac as _};
use rusqlite::{Connection, OptionalExtension as _, Transaction, params};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::fault::{Fault, kind_of, unreadable};
use super::keys;
use crate::access::KeyHasher;
use crate::identity::{IdentityId, SampleKind};
use crate::store::{StoreError, decode_template, encode_template};
use crate::template::Template;
use crate::vault::{DataKey, MasterId, MasterKey, SealError};

/// The place for which the service key is wrapped.
const SERVICE: &[u8] = b"faceward service key";

/// The purpose of the key that hashes API keys.
const API_KEYS: &str = "api keys";

/// The keys of an open store.
#[derive(Debug)]
pub(super) struct Vault {
    pub(super) master: MasterKey,
    service: DataKey,
}

impl Vault {
    /// The id of the master key that the store needs; `None` for a store from before templates were sealed.
    pub(super) fn needed(connection: &Connection) -> Result<Option<MasterId>, Fault> {
        let there = "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'vault'";
        if connection.query_row(there, [], |row| row.get::<_, i64>(0))? == 0 {
            return Ok(None);
        }
        let id = connection.query_row("SELECT master_id FROM vault", [], |row| row.get::<_, [u8; 8]>(0)).optional()?;
        Ok(id.map(MasterId::new))
    }

    /// Opens the keys with the master key that [`Vault::needed`] names.
    pub(super) fn open(connection: &Connection, master: MasterKey) -> Result<Self, Fault> {
        let service = service_key(connection, &master)?;
        Ok(Self { master, service })
    }

    /// The hasher of API keys.
    pub(super) fn key_hasher(&self) -> Result<KeyHasher, Fault> {
        Ok(KeyHasher::new(self.derive(API_KEYS)?))
    }

    /// Creates the row of a store that has none, and seals templates that are in clear.
    pub(super) fn create(tx: &Transaction<'_>, master: &MasterKey) -> Result<(), Fault> {
        let service = DataKey::generate().and_then(|key| master.wrap(SERVICE, &key)).map_err(no_key)?;
        let sql = "INSERT INTO vault (only, master_id, service_key) VALUES (1, ?1, ?2)";
        tx.execute(sql, params![master.id().as_bytes(), service])?;
        let ids: Vec<String> =
            tx.prepare("SELECT id FROM identities")?.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
        for id in ids {
            let id: IdentityId = id.parse().map_err(|e| unreadable(format!("identity {id:?}"), &e))?;
            let (key, wrapped) = new_data_key(master, &id)?;
            tx.execute("UPDATE identities SET data_key = ?2 WHERE id = ?1", params![id.as_str(), wrapped])?;
            seal_rows(tx, &id, &key)?;
        }
        tx.execute_batch("ALTER TABLE samples DROP COLUMN filename")?;
        Ok(())
    }

    /// Wraps every key with `master`; returns the number of identities.
    pub(super) fn rewrap(&self, tx: &Transaction<'_>, master: &MasterKey) -> Result<usize, Fault> {
        let service = master.wrap(SERVICE, &self.service).map_err(no_key)?;
        let sql = "UPDATE vault SET master_id = ?1, service_key = ?2";
        tx.execute(sql, params![master.id().as_bytes(), service])?;
        let ids: Vec<String> =
            tx.prepare("SELECT id FROM identities")?.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
        for id in &ids {
            let id: IdentityId = id.parse().map_err(|e| unreadable(format!("identity {id:?}"), &e))?;
            let Some(key) = self.data_key(tx, &id)? else { continue };
            let wrapped = master.wrap(&key_place(&id), &key).map_err(no_key)?;
            tx.execute("UPDATE identities SET data_key = ?2 WHERE id = ?1", params![id.as_str(), wrapped])?;
        }
        Ok(ids.len())
    }

    /// The key of an identity; `None` where there is no such identity.
    pub(super) fn data_key(&self, connection: &Connection, id: &IdentityId) -> Result<Option<DataKey>, Fault> {
        let mut query = connection.prepare_cached("SELECT data_key FROM identities WHERE id = ?1")?;
        let wrapped: Option<Option<Vec<u8>>> = query.query_row([id.as_str()], |row| row.get(0)).optional()?;
        wrapped.map(|wrapped| self.unwrap(id, &wrapped.unwrap_or_default())).transpose()
    }

    /// The key of an identity from its wrapped form.
    pub(super) fn unwrap(&self, id: &IdentityId, wrapped: &[u8]) -> Result<DataKey, Fault> {
        let key = self.master.unwrap(&key_place(id), wrapped);
        Ok(key.map_err(|e| unreadable(format!("key of identity {id}"), &e))?)
    }

    /// A key derived from the service key, for one purpose.
    pub(super) fn derive(&self, purpose: &str) -> Result<Zeroizing<[u8; 32]>, Fault> {
        derive(&self.service, purpose)
    }
}

fn service_key(connection: &Connection, master: &MasterKey) -> Result<DataKey, Fault> {
    let wrapped: Vec<u8> = connection.query_row("SELECT service_key FROM vault", [], |row| row.get(0))?;
    Ok(master.unwrap(SERVICE, &wrapped).map_err(|e| unreadable("service key", &e))?)
}

fn derive(service: &DataKey, purpose: &str) -> Result<Zeroizing<[u8; 32]>, Fault> {
    let mac = Hmac::<Sha256>::new_from_slice(service.as_bytes()).map_err(|e| unreadable("service key", &e))?;
    Ok(Zeroizing::new(mac.chain_update(purpose).finalize().into_bytes().into()))
}

/// Replaces the SHA-256 of each API key by its keyed hash.
pub(super) fn hash_keys(tx: &Transaction<'_>, master: &MasterKey) -> Result<(), Fault> {
    let hasher = KeyHasher::new(derive(&service_key(tx, master)?, API_KEYS)?);
    for key in keys::all(tx)? {
        let hash = hasher.hash_digest(key.hash.as_bytes(), &key.scopes, key.expires_at);
        tx.execute("UPDATE api_keys SET hash = ?2 WHERE id = ?1", params![key.id, hash.as_bytes()])?;
    }
    Ok(())
}

/// A data key for an identity, and its wrapped form for the row.
pub(super) fn new_data_key(master: &MasterKey, id: &IdentityId) -> Result<(DataKey, Vec<u8>), Fault> {
    let key = DataKey::generate().map_err(no_key)?;
    let wrapped = master.wrap(&key_place(id), &key).map_err(no_key)?;
    Ok((key, wrapped))
}

/// The sealed part of a sample.
#[derive(Serialize, Deserialize)]
struct Content {
    filename: Option<String>,
    /// The record of store/codec.rs.
    template: Vec<u8>,
}

/// The row that something is sealed for. Moved to another identity, or relabelled from negative to reference, it does
/// not open.
pub(super) struct Place<'a> {
    pub(super) identity: &'a IdentityId,
    pub(super) sample: Uuid,
    pub(super) kind: SampleKind,
    pub(super) image_sha256: &'a str,
}

impl Place<'_> {
    fn bytes(&self) -> Vec<u8> {
        let sample = self.sample.hyphenated().to_string();
        // No part can hold a zero byte, so no two places have the same bytes.
        ["faceward sample", self.identity.as_str(), &sample, self.kind.name(), self.image_sha256]
            .join("\0")
            .into_bytes()
    }
}

/// The row that a sample's image is sealed for. Kind and SHA-256 are bound by the place of its template.
pub(super) fn image_place(id: &IdentityId, sample: Uuid) -> Vec<u8> {
    format!("faceward image\0{id}\0{}", sample.hyphenated()).into_bytes()
}

pub(super) fn seal(
    key: &DataKey,
    place: &Place<'_>,
    filename: Option<&str>,
    template: &Template,
) -> Result<Vec<u8>, Fault> {
    let template = encode_template(template).map_err(|error| StoreError::Backend(Box::new(error)))?;
    seal_content(key, place, &Content { filename: filename.map(str::to_owned), template })
}

fn seal_content(key: &DataKey, place: &Place<'_>, content: &Content) -> Result<Vec<u8>, Fault> {
    let clear = postcard::to_stdvec(content).map_err(|error| StoreError::Backend(Box::new(error)))?;
    key.seal(&place.bytes(), &Zeroizing::new(clear)).map_err(no_key)
}

/// The file name and the template of a row. The error's text is about the row.
pub(super) fn unseal(
    key: &DataKey,
    place: &Place<'_>,
    sealed: &[u8],
) -> Result<(Option<String>, Template), Box<dyn std::error::Error>> {
    read_sealed_content(&key.open(&place.bytes(), sealed)?)
}

/// The file name and the template in a row's opened content.
pub(crate) fn read_sealed_content(clear: &[u8]) -> Result<(Option<String>, Template), Box<dyn std::error::Error>> {
    let content: Content = postcard::from_bytes(clear)?;
    Ok((content.filename, decode_template(&content.template)?))
}

/// Seals the rows of one identity whose templates and file names are in clear.
fn seal_rows(tx: &Transaction<'_>, id: &IdentityId, key: &DataKey) -> Result<(), Fault> {
    type Row = (i64, String, String, Option<String>, String, Vec<u8>);
    let mut query =
        tx.prepare_cached("SELECT seq, id, kind, filename, image_sha256, sealed FROM samples WHERE identity_id = ?1")?;
    let rows: Vec<Row> = query
        .query_map([id.as_str()], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?, r.get(4)?, r.get(5)?)))?
        .collect::<Result<_, _>>()?;
    for (seq, sample, kind, filename, image_sha256, template) in rows {
        let what = || format!("sample {sample} of {id}");
        let place = Place {
            identity: id,
            sample: sample.parse().map_err(|e| unreadable(what(), &e))?,
            kind: kind_of(&kind, what)?,
            image_sha256: &image_sha256,
        };
        // An unreadable template is sealed as it is: reading it reports the damage, and nothing is lost here.
        let sealed = seal_content(key, &place, &Content { filename, template })?;
        tx.execute("UPDATE samples SET sealed = ?2 WHERE seq = ?1", params![seq, sealed])?;
    }
    Ok(())
}

fn key_place(id: &IdentityId) -> Vec<u8> {
    format!("faceward identity key\0{id}").into_bytes()
}

pub(super) fn no_key(error: SealError) -> Fault {
    StoreError::Backend(Box::new(error)).into()
}
