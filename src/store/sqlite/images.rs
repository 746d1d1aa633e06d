//! Rows of `images`: the encoded images of samples, where the operator keeps them.

use rusqlite::{Connection, OptionalExtension as _, Transaction, params};
use uuid::Uuid;

use super::fault::{Fault, unreadable};
use super::sealing::{Vault, image_place, no_key};
use crate::identity::IdentityId;
use crate::store::StoreError;

pub(super) fn add(tx: &Transaction<'_>, vault: &Vault, id: &IdentityId, images: &[(Uuid, &[u8])]) -> Result<(), Fault> {
    let key = vault.data_key(tx, id)?.ok_or_else(|| StoreError::UnknownIdentity(id.clone()))?;
    let mut insert = tx.prepare_cached("INSERT INTO images (sample_id, sealed) VALUES (?1, ?2)")?;
    for (sample, bytes) in images {
        let sealed = key.seal(&image_place(id, *sample), bytes).map_err(no_key)?;
        insert.execute(params![sample.hyphenated().to_string(), sealed])?;
    }
    Ok(())
}

pub(super) fn get(
    connection: &Connection,
    vault: &Vault,
    id: &IdentityId,
    sample: Uuid,
) -> Result<Option<Vec<u8>>, Fault> {
    let Some(key) = vault.data_key(connection, id)? else { return Ok(None) };
    let sql =
        "SELECT images.sealed FROM images JOIN samples ON id = sample_id WHERE sample_id = ?1 AND identity_id = ?2";
    let wanted = params![sample.hyphenated().to_string(), id.as_str()];
    let sealed: Option<Vec<u8>> = connection.prepare_cached(sql)?.query_row(wanted, |row| row.get(0)).optional()?;
    let Some(sealed) = sealed else { return Ok(None) };
    let opened = key.open(&image_place(id, sample), &sealed);
    Ok(Some(opened.map_err(|e| unreadable(format!("image of sample {sample} of {id}"), &e))?.to_vec()))
}
