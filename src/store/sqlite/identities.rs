//! Rows of `identities`.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row, Transaction, params};

use super::fault::Fault;
use super::{scrub, search};
use crate::identity::{ErrorTargets, IdentityFields, IdentityId, IdentityRecord};
use crate::store::rows::{IdentityRow, cursor, limited, time_text};
use crate::store::sealing::{Vault, new_data_key};

pub(super) fn put(
    tx: &Transaction<'_>,
    vault: &Vault,
    id: &IdentityId,
    fields: &IdentityFields,
    now: Timestamp,
) -> Result<(IdentityRecord, bool), Fault> {
    let before = get(tx, id)?;
    if let Some(record) = &before
        && record.fields == *fields
    {
        return Ok((record.clone(), false));
    }
    // Destructured, so that a new field does not compile until it is stored.
    let IdentityFields { display_name, consent_basis, expires_at, targets } = fields;
    let ErrorTargets { genuine_called_fake, fake_called_real } = targets;
    // Only a new identity takes this key; an old one keeps the key that its templates are sealed with.
    let (_, data_key) = new_data_key(&vault.master, id)?;
    tx.prepare_cached(
        "INSERT INTO identities (id, display_name, consent_basis, expires_at, created_at, updated_at, data_key, \
         target_genuine_called_fake, target_fake_called_real) VALUES (?1, ?2, ?3, ?4, ?5, ?5, ?6, ?7, ?8) \
         ON CONFLICT (id) DO UPDATE SET display_name = ?2, consent_basis = ?3, expires_at = ?4, updated_at = ?5, \
         target_genuine_called_fake = ?7, target_fake_called_real = ?8",
    )?
    .execute(params![
        id.as_str(),
        display_name,
        consent_basis,
        expires_at.map(time_text),
        time_text(now),
        data_key,
        genuine_called_fake,
        fake_called_real
    ])?;
    if before.is_none() {
        let _row = search::renew(tx, vault, id)?;
    }
    let created_at = before.as_ref().map_or(now, |record| record.created_at);
    Ok((IdentityRecord { id: id.clone(), fields: fields.clone(), created_at, updated_at: now }, before.is_none()))
}

pub(super) fn get(connection: &Connection, id: &IdentityId) -> Result<Option<IdentityRecord>, Fault> {
    let sql = format!("SELECT {} FROM identities WHERE id = ?1", IdentityRow::COLUMNS);
    let row = connection.prepare_cached(&sql)?.query_row([id.as_str()], read).optional()?;
    Ok(row.map(IdentityRow::record).transpose()?)
}

pub(super) fn page(
    connection: &Connection,
    after: Option<&IdentityId>,
    limit: usize,
) -> Result<Vec<IdentityRecord>, Fault> {
    let sql = format!("SELECT {} FROM identities WHERE id > ?1 ORDER BY id LIMIT ?2", IdentityRow::COLUMNS);
    let mut query = connection.prepare_cached(&sql)?;
    query.query_map(params![cursor(after), limited(limit)], read)?.map(|row| Ok(row?.record()?)).collect()
}

/// Deletes the identity with its key; its samples follow by the foreign key. Returns their number; `None` where there
/// is no such identity.
pub(super) fn delete(tx: &Transaction<'_>, id: &IdentityId) -> Result<Option<usize>, Fault> {
    let count = "SELECT count(*) FROM samples WHERE identity_id = ?1";
    let samples: i64 = tx.query_row(count, [id.as_str()], |row| row.get(0))?;
    if tx.execute("DELETE FROM identities WHERE id = ?1", [id.as_str()])? == 0 {
        return Ok(None);
    }
    scrub::demand(tx)?;
    Ok(Some(usize::try_from(samples).unwrap_or_default()))
}

/// Sets `updated_at`; `false` where there is no such identity.
pub(super) fn touch(tx: &Transaction<'_>, id: &IdentityId, now: Timestamp) -> Result<bool, Fault> {
    let sql = "UPDATE identities SET updated_at = ?2 WHERE id = ?1";
    Ok(tx.prepare_cached(sql)?.execute(params![id.as_str(), time_text(now)])? > 0)
}

pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<IdentityRow> {
    Ok(IdentityRow {
        id: row.get(0)?,
        display_name: row.get(1)?,
        consent_basis: row.get(2)?,
        expires_at: row.get(3)?,
        created_at: row.get(4)?,
        updated_at: row.get(5)?,
        targets: ErrorTargets { genuine_called_fake: row.get(6)?, fake_called_real: row.get(7)? },
    })
}
