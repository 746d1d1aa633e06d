//! Rows of `api_keys`.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row, Transaction, params};

use super::fault::{Fault, is_duplicate};
use crate::access::ApiKey;
use crate::store::rows::{KeyRow, time_text};
use crate::store::{KeysVersion, StoreError, TOUCH_RESOLUTION};

pub(super) fn insert(tx: &Transaction<'_>, key: &ApiKey) -> Result<(), Fault> {
    insert_row(tx, &KeyRow::of(key))
}

pub(super) fn insert_row(tx: &Transaction<'_>, row: &KeyRow) -> Result<(), Fault> {
    let KeyRow { id, name, scopes, hash, created_at, expires_at, last_used_at, revoked_at } = row;
    let sql = format!("INSERT INTO api_keys ({}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)", KeyRow::COLUMNS);
    tx.execute(&sql, params![id, name, scopes, hash, created_at, expires_at, last_used_at, revoked_at]).map_err(
        |error| if is_duplicate(&error) { Fault::Store(StoreError::DuplicateKey(id.clone())) } else { error.into() },
    )?;
    Ok(())
}

pub(super) fn all(connection: &Connection) -> Result<Vec<ApiKey>, Fault> {
    let sql = format!("SELECT {} FROM api_keys ORDER BY created_at, id", KeyRow::COLUMNS);
    connection.prepare_cached(&sql)?.query_map([], read)?.map(|row| Ok(row?.key()?)).collect()
}

pub(super) fn get(connection: &Connection, id: &str) -> Result<Option<ApiKey>, Fault> {
    let sql = format!("SELECT {} FROM api_keys WHERE id = ?1", KeyRow::COLUMNS);
    let row = connection.prepare_cached(&sql)?.query_row([id], read).optional()?;
    Ok(row.map(KeyRow::key).transpose()?)
}

pub(super) fn revoke(tx: &Transaction<'_>, id: &str, now: Timestamp) -> Result<bool, Fault> {
    let sql = "UPDATE api_keys SET revoked_at = coalesce(revoked_at, ?2) WHERE id = ?1";
    Ok(tx.execute(sql, params![id, time_text(now)])? > 0)
}

pub(super) fn touch(tx: &Transaction<'_>, id: &str, now: Timestamp) -> Result<(), Fault> {
    // No time lies before the year -9999; then every note is written.
    let due = now.checked_sub(TOUCH_RESOLUTION).unwrap_or(now);
    let sql = "UPDATE api_keys SET last_used_at = ?2 WHERE id = ?1 AND (last_used_at IS NULL OR last_used_at <= ?3)";
    tx.prepare_cached(sql)?.execute(params![id, time_text(now), time_text(due)])?;
    Ok(())
}

/// Counts what other processes committed, and what this connection wrote. Noting a last use counts too: reading the
/// keys again once a minute costs less than telling the two apart.
pub(super) fn version(connection: &Connection) -> Result<KeysVersion, Fault> {
    let others = connection.pragma_query_value(None, "data_version", |row| row.get(0))?;
    Ok(KeysVersion { others, own: connection.total_changes() })
}

pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<KeyRow> {
    Ok(KeyRow {
        id: row.get(0)?,
        name: row.get(1)?,
        scopes: row.get(2)?,
        hash: row.get(3)?,
        created_at: row.get(4)?,
        expires_at: row.get(5)?,
        last_used_at: row.get(6)?,
        revoked_at: row.get(7)?,
    })
}
