//! Rows of `api_keys`.

use std::collections::BTreeSet;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row, Transaction, params};

use super::fault::{Fault, is_duplicate, optional_time, time, time_text, unreadable};
use crate::access::{ApiKey, KeyHash, Scope};
use crate::store::{KeysVersion, StoreError, TOUCH_RESOLUTION};

const COLUMNS: &str = "id, name, scopes, hash, created_at, expires_at, last_used_at, revoked_at";

pub(super) fn insert(tx: &Transaction<'_>, key: &ApiKey) -> Result<(), Fault> {
    let ApiKey { id, name, scopes, created_at, expires_at, last_used_at, revoked_at, hash } = key;
    let scopes = scopes.iter().map(|scope| scope.name()).collect::<Vec<_>>().join(",");
    let sql = format!("INSERT INTO api_keys ({COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)");
    tx.execute(
        &sql,
        params![
            id,
            name,
            scopes,
            hash.as_bytes(),
            time_text(*created_at),
            expires_at.map(time_text),
            last_used_at.map(time_text),
            revoked_at.map(time_text)
        ],
    )
    .map_err(|error| {
        if is_duplicate(&error) { Fault::Store(StoreError::DuplicateKey(id.clone())) } else { error.into() }
    })?;
    Ok(())
}

pub(super) fn all(connection: &Connection) -> Result<Vec<ApiKey>, Fault> {
    let sql = format!("SELECT {COLUMNS} FROM api_keys ORDER BY created_at, id");
    connection.prepare_cached(&sql)?.query_map([], Stored::read)?.map(|row| row?.key()).collect()
}

pub(super) fn get(connection: &Connection, id: &str) -> Result<Option<ApiKey>, Fault> {
    let sql = format!("SELECT {COLUMNS} FROM api_keys WHERE id = ?1");
    let row = connection.prepare_cached(&sql)?.query_row([id], Stored::read).optional()?;
    row.map(Stored::key).transpose()
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

/// A row as stored.
struct Stored {
    id: String,
    name: String,
    scopes: String,
    hash: [u8; 32],
    created_at: String,
    expires_at: Option<String>,
    last_used_at: Option<String>,
    revoked_at: Option<String>,
}

impl Stored {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
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

    fn key(self) -> Result<ApiKey, Fault> {
        let what = || format!("API key {}", self.id);
        let scopes: BTreeSet<Scope> = self
            .scopes
            .split(',')
            .map(|name| name.parse().map_err(|error| unreadable(what(), &error)))
            .collect::<Result<_, _>>()?;
        Ok(ApiKey {
            created_at: time(&self.created_at, what)?,
            expires_at: optional_time(self.expires_at.as_deref(), what)?,
            last_used_at: optional_time(self.last_used_at.as_deref(), what)?,
            revoked_at: optional_time(self.revoked_at.as_deref(), what)?,
            hash: KeyHash::new(self.hash),
            id: self.id,
            name: self.name,
            scopes,
        })
    }
}
