//! Rows of `identities` and of `identity_keys`.

use deadpool_postgres::{GenericClient, Transaction};
use jiff::Timestamp;
use tokio_postgres::Row;

use super::fault::Fault;
use super::{scrub, search};
use crate::identity::{ErrorTargets, IdentityFields, IdentityId, IdentityRecord};
use crate::store::rows::{IdentityRow, cursor, limited, time_text};
use crate::store::sealing::{Vault, new_data_key, unreadable};
use crate::vault::{DataKey, MasterKey};

/// Returns the record, whether it was created, and whether anything was written.
pub(super) async fn put(
    tx: &Transaction<'_>,
    vault: &Vault,
    id: &IdentityId,
    fields: &IdentityFields,
    now: Timestamp,
) -> Result<(IdentityRecord, bool, bool), Fault> {
    let before = get(tx, id).await?;
    if let Some(record) = &before
        && record.fields == *fields
    {
        return Ok((record.clone(), false, false));
    }
    // Destructured, so that a new field does not compile until it is stored.
    let IdentityFields { display_name, consent_basis, expires_at, targets } = fields;
    let ErrorTargets { genuine_called_fake, fake_called_real } = targets;
    let sql = "INSERT INTO identities (id, display_name, consent_basis, expires_at, created_at, updated_at, \
               target_genuine_called_fake, target_fake_called_real) VALUES ($1, $2, $3, $4, $5, $5, $6, $7) \
               ON CONFLICT (id) DO UPDATE SET display_name = $2, consent_basis = $3, expires_at = $4, updated_at = $5, \
               target_genuine_called_fake = $6, target_fake_called_real = $7";
    let (id_text, expires_at, at) = (id.as_str(), expires_at.map(time_text), time_text(now));
    tx.execute(
        &tx.prepare_cached(sql).await?,
        &[&id_text, display_name, consent_basis, &expires_at, &at, genuine_called_fake, fake_called_real],
    )
    .await?;
    if before.is_none() {
        let (_, wrapped) = new_data_key(&vault.master, id)?;
        let sql = "INSERT INTO identity_keys (identity_id, data_key) VALUES ($1, $2)";
        tx.execute(&tx.prepare_cached(sql).await?, &[&id_text, &wrapped]).await?;
        let _row = search::renew(tx, vault, id).await?;
    }
    let created_at = before.as_ref().map_or(now, |record| record.created_at);
    let record = IdentityRecord { id: id.clone(), fields: fields.clone(), created_at, updated_at: now };
    Ok((record, before.is_none(), true))
}

pub(super) async fn get(client: &impl GenericClient, id: &IdentityId) -> Result<Option<IdentityRecord>, Fault> {
    let sql = format!("SELECT {} FROM identities WHERE id = $1", IdentityRow::COLUMNS);
    let row = client.query_opt(&client.prepare_cached(&sql).await?, &[&id.as_str()]).await?;
    row.map(|row| Ok(read(&row)?.record()?)).transpose()
}

pub(super) async fn page(
    client: &impl GenericClient,
    after: Option<&IdentityId>,
    limit: usize,
) -> Result<Vec<IdentityRecord>, Fault> {
    let sql = format!("SELECT {} FROM identities WHERE id > $1 ORDER BY id LIMIT $2", IdentityRow::COLUMNS);
    let rows = client.query(&client.prepare_cached(&sql).await?, &[&cursor(after), &limited(limit)]).await?;
    rows.iter().map(|row| Ok(read(row)?.record()?)).collect()
}

/// Deletes the identity; its key and its samples follow by foreign keys. Returns the number of samples; `None` where
/// there is no such identity.
pub(super) async fn delete(tx: &Transaction<'_>, id: &IdentityId) -> Result<Option<usize>, Fault> {
    let count = tx.prepare_cached("SELECT count(*) FROM samples WHERE identity_id = $1").await?;
    let samples: i64 = tx.query_one(&count, &[&id.as_str()]).await?.try_get(0)?;
    let delete = tx.prepare_cached("DELETE FROM identities WHERE id = $1").await?;
    if tx.execute(&delete, &[&id.as_str()]).await? == 0 {
        return Ok(None);
    }
    scrub::demand(tx).await?;
    Ok(Some(usize::try_from(samples).unwrap_or_default()))
}

/// Sets `updated_at`.
pub(super) async fn touch(tx: &Transaction<'_>, id: &IdentityId, now: Timestamp) -> Result<(), Fault> {
    let sql = tx.prepare_cached("UPDATE identities SET updated_at = $2 WHERE id = $1").await?;
    tx.execute(&sql, &[&id.as_str(), &time_text(now)]).await?;
    Ok(())
}

/// The key of an identity; `None` where there is no such identity.
pub(super) async fn data_key(
    client: &impl GenericClient,
    vault: &Vault,
    id: &IdentityId,
) -> Result<Option<DataKey>, Fault> {
    let sql = "SELECT data_key FROM identities LEFT JOIN identity_keys ON identity_id = id WHERE id = $1";
    let row = client.query_opt(&client.prepare_cached(sql).await?, &[&id.as_str()]).await?;
    let Some(row) = row else { return Ok(None) };
    let wrapped: Option<&[u8]> = row.try_get(0)?;
    Ok(Some(vault.unwrap(id, wrapped.unwrap_or_default())?))
}

/// Gives the identity another key, which it returns.
pub(super) async fn renew_key(tx: &Transaction<'_>, vault: &Vault, id: &IdentityId) -> Result<DataKey, Fault> {
    let (key, wrapped) = new_data_key(&vault.master, id)?;
    let sql = tx.prepare_cached("UPDATE identity_keys SET data_key = $2 WHERE identity_id = $1").await?;
    tx.execute(&sql, &[&id.as_str(), &wrapped]).await?;
    scrub::demand(tx).await?;
    Ok(key)
}

/// Wraps every key with `master`; returns the number of identities.
pub(super) async fn rewrap(tx: &Transaction<'_>, vault: &Vault, master: &MasterKey) -> Result<usize, Fault> {
    let service = vault.rewrap_service_key(master)?;
    let sql = "UPDATE vault SET master_id = $1, service_key = $2";
    tx.execute(sql, &[&master.id().as_bytes().as_slice(), &service]).await?;
    let rows = tx.query("SELECT identity_id, data_key, case_key FROM identity_keys", &[]).await?;
    let sql = "UPDATE identity_keys SET data_key = $2, case_key = $3 WHERE identity_id = $1";
    let write = tx.prepare_cached(sql).await?;
    for row in &rows {
        let text: &str = row.try_get(0)?;
        let id: IdentityId = text.parse().map_err(|e| unreadable(format!("identity {text:?}"), &e))?;
        let wrapped = vault.rewrap(&id, row.try_get(1)?, master)?;
        let cases: Option<&[u8]> = row.try_get(2)?;
        let cases = cases.map(|wrapped| vault.rewrap_case_key(&id, wrapped, master)).transpose()?;
        tx.execute(&write, &[&text, &wrapped, &cases]).await?;
    }
    scrub::demand(tx).await?;
    Ok(rows.len())
}

/// The columns of [`IdentityRow`].
pub(super) fn read(row: &Row) -> Result<IdentityRow, Fault> {
    Ok(IdentityRow {
        id: row.try_get(0)?,
        display_name: row.try_get(1)?,
        consent_basis: row.try_get(2)?,
        expires_at: row.try_get(3)?,
        created_at: row.try_get(4)?,
        updated_at: row.try_get(5)?,
        targets: ErrorTargets { genuine_called_fake: row.try_get(6)?, fake_called_real: row.try_get(7)? },
    })
}
