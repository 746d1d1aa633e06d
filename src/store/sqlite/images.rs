//! Rows of `images`: the encoded images of samples, where the operator keeps them.

use rusqlite::{Connection, OptionalExtension as _, Transaction, params};
use uuid::Uuid;

use super::fault::Fault;
use super::sealing::data_key;
use crate::identity::IdentityId;
use crate::store::StoreError;
use crate::store::sealing::{Vault, seal_image, unseal_image};

pub(super) fn add(tx: &Transaction<'_>, vault: &Vault, id: &IdentityId, images: &[(Uuid, &[u8])]) -> Result<(), Fault> {
    let key = data_key(tx, vault, id)?.ok_or_else(|| StoreError::UnknownIdentity(id.clone()))?;
    let mut insert = tx.prepare_cached("INSERT INTO images (sample_id, sealed) VALUES (?1, ?2)")?;
    for (sample, bytes) in images {
        let sealed = seal_image(&key, id, *sample, bytes)?;
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
    let Some(key) = data_key(connection, vault, id)? else { return Ok(None) };
    let sql =
        "SELECT images.sealed FROM images JOIN samples ON id = sample_id WHERE sample_id = ?1 AND identity_id = ?2";
    let wanted = params![sample.hyphenated().to_string(), id.as_str()];
    let sealed: Option<Vec<u8>> = connection.prepare_cached(sql)?.query_row(wanted, |row| row.get(0)).optional()?;
    Ok(sealed.map(|sealed| unseal_image(&key, id, sample, &sealed)).transpose()?)
}
