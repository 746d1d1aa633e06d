//! Where the keys and the sealed bytes are kept: the row of `vault`, the column `data_key`, and what older files had in
//! clear.

use rusqlite::{Connection, OptionalExtension as _, Transaction, params};

use super::fault::Fault;
use super::keys;
use crate::identity::IdentityId;
use crate::store::rows::kind_of;
use crate::store::sealing::{Content, Place, Vault, key_hasher, new_data_key, seal_content, unreadable};
use crate::vault::{DataKey, MasterId, MasterKey};

/// The id of the master key that the store needs; `None` for a store from before templates were sealed.
pub(super) fn needed(connection: &Connection) -> Result<Option<MasterId>, Fault> {
    let there = "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'vault'";
    if connection.query_row(there, [], |row| row.get::<_, i64>(0))? == 0 {
        return Ok(None);
    }
    let id = connection.query_row("SELECT master_id FROM vault", [], |row| row.get::<_, [u8; 8]>(0)).optional()?;
    Ok(id.map(MasterId::new))
}

/// Opens the keys with the master key that [`needed`] names.
pub(super) fn open(connection: &Connection, master: MasterKey) -> Result<Vault, Fault> {
    Ok(Vault::open(master, &service_key(connection)?)?)
}

/// Creates the row of a store that has none, and seals templates that are in clear.
pub(super) fn create(tx: &Transaction<'_>, master: &MasterKey) -> Result<(), Fault> {
    let service = Vault::new_service_key(master)?;
    let sql = "INSERT INTO vault (only, master_id, service_key) VALUES (1, ?1, ?2)";
    tx.execute(sql, params![master.id().as_bytes(), service])?;
    for id in ids(tx)? {
        let (key, wrapped) = new_data_key(master, &id)?;
        tx.execute("UPDATE identities SET data_key = ?2 WHERE id = ?1", params![id.as_str(), wrapped])?;
        seal_rows(tx, &id, &key)?;
    }
    tx.execute_batch("ALTER TABLE samples DROP COLUMN filename")?;
    Ok(())
}

/// Wraps every key with `master`; returns the number of identities.
pub(super) fn rewrap(tx: &Transaction<'_>, vault: &Vault, master: &MasterKey) -> Result<usize, Fault> {
    let service = vault.rewrap_service_key(master)?;
    let sql = "UPDATE vault SET master_id = ?1, service_key = ?2";
    tx.execute(sql, params![master.id().as_bytes(), service])?;
    let ids = ids(tx)?;
    for id in &ids {
        let Some(wrapped) = wrapped(tx, id)? else { continue };
        let wrapped = vault.rewrap(id, &wrapped, master)?;
        tx.execute("UPDATE identities SET data_key = ?2 WHERE id = ?1", params![id.as_str(), wrapped])?;
        let sql = "SELECT case_key FROM identities WHERE id = ?1";
        let cases: Option<Vec<u8>> = tx.query_row(sql, [id.as_str()], |row| row.get(0))?;
        if let Some(wrapped) = cases {
            let wrapped = vault.rewrap_case_key(id, &wrapped, master)?;
            tx.execute("UPDATE identities SET case_key = ?2 WHERE id = ?1", params![id.as_str(), wrapped])?;
        }
    }
    Ok(ids.len())
}

fn ids(tx: &Transaction<'_>) -> Result<Vec<IdentityId>, Fault> {
    let ids: Vec<String> =
        tx.prepare("SELECT id FROM identities")?.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    let parse = |id: String| id.parse().map_err(|e| unreadable(format!("identity {id:?}"), &e).into());
    ids.into_iter().map(parse).collect()
}

/// The key of an identity; `None` where there is no such identity.
pub(super) fn data_key(connection: &Connection, vault: &Vault, id: &IdentityId) -> Result<Option<DataKey>, Fault> {
    Ok(wrapped(connection, id)?.map(|wrapped| vault.unwrap(id, &wrapped)).transpose()?)
}

/// The wrapped key of an identity, empty where its row has none; `None` where there is no such identity.
fn wrapped(connection: &Connection, id: &IdentityId) -> Result<Option<Vec<u8>>, Fault> {
    let mut query = connection.prepare_cached("SELECT data_key FROM identities WHERE id = ?1")?;
    let wrapped: Option<Option<Vec<u8>>> = query.query_row([id.as_str()], |row| row.get(0)).optional()?;
    Ok(wrapped.map(Option::unwrap_or_default))
}

fn service_key(connection: &Connection) -> Result<Vec<u8>, Fault> {
    Ok(connection.query_row("SELECT service_key FROM vault", [], |row| row.get(0))?)
}

/// Replaces the SHA-256 of each API key by its keyed hash.
pub(super) fn hash_keys(tx: &Transaction<'_>, master: &MasterKey) -> Result<(), Fault> {
    let hasher = key_hasher(master, &service_key(tx)?)?;
    for key in keys::all(tx)? {
        let hash = hasher.hash_digest(key.hash.as_bytes(), &key.scopes, key.expires_at);
        tx.execute("UPDATE api_keys SET hash = ?2 WHERE id = ?1", params![key.id, hash.as_bytes()])?;
    }
    Ok(())
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
