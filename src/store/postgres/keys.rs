//! Rows of `api_keys`.

use deadpool_postgres::{GenericClient, Transaction};
use jiff::Timestamp;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use super::fault::{Fault, is_duplicate};
use crate::access::ApiKey;
use crate::store::rows::{KeyRow, time_text};
use crate::store::sealing::unreadable;
use crate::store::{KeysVersion, StoreError, TOUCH_RESOLUTION};

pub(super) async fn insert(tx: &Transaction<'_>, key: &ApiKey) -> Result<(), Fault> {
    insert_row(tx, &KeyRow::of(key)).await
}

pub(super) async fn insert_row(tx: &Transaction<'_>, row: &KeyRow) -> Result<(), Fault> {
    let KeyRow { id, name, scopes, hash, created_at, expires_at, last_used_at, revoked_at } = row;
    let sql = format!("INSERT INTO api_keys ({}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)", KeyRow::COLUMNS);
    let row: [&(dyn ToSql + Sync); 8] =
        [id, name, scopes, &hash.as_slice(), created_at, expires_at, last_used_at, revoked_at];
    tx.execute(&sql, &row).await.map_err(|error| {
        if is_duplicate(&error) { Fault::Store(StoreError::DuplicateKey(id.clone())) } else { error.into() }
    })?;
    Ok(())
}

pub(super) async fn all(client: &impl GenericClient) -> Result<Vec<ApiKey>, Fault> {
    let sql = format!("SELECT {} FROM api_keys ORDER BY created_at, id", KeyRow::COLUMNS);
    client.query(&client.prepare_cached(&sql).await?, &[]).await?.iter().map(|row| Ok(read(row)?.key()?)).collect()
}

pub(super) async fn get(client: &impl GenericClient, id: &str) -> Result<Option<ApiKey>, Fault> {
    let sql = format!("SELECT {} FROM api_keys WHERE id = $1", KeyRow::COLUMNS);
    client.query_opt(&client.prepare_cached(&sql).await?, &[&id]).await?.map(|row| Ok(read(&row)?.key()?)).transpose()
}

pub(super) async fn revoke(tx: &Transaction<'_>, id: &str, now: Timestamp) -> Result<bool, Fault> {
    let sql = "UPDATE api_keys SET revoked_at = coalesce(revoked_at, $2) WHERE id = $1";
    Ok(tx.execute(sql, &[&id, &time_text(now)]).await? > 0)
}

/// No version comes of it: nobody has to know it soon, and a write of every server per key and minute is enough.
pub(super) async fn touch(client: &impl GenericClient, id: &str, now: Timestamp) -> Result<(), Fault> {
    // No time lies before the year -9999; then every note is written.
    let due = now.checked_sub(TOUCH_RESOLUTION).unwrap_or(now);
    let sql = "UPDATE api_keys SET last_used_at = $2 WHERE id = $1 AND (last_used_at IS NULL OR last_used_at <= $3)";
    client.execute(&client.prepare_cached(sql).await?, &[&id, &time_text(now), &time_text(due)]).await?;
    Ok(())
}

pub(super) async fn version(client: &impl GenericClient) -> Result<KeysVersion, Fault> {
    let row = client.query_one(&client.prepare_cached("SELECT keys FROM store_version").await?, &[]).await?;
    Ok(KeysVersion { others: row.try_get(0)?, own: 0 })
}

pub(super) fn read(row: &Row) -> Result<KeyRow, Fault> {
    let id: String = row.try_get(0)?;
    let hash: &[u8] = row.try_get(3)?;
    let hash = hash.try_into().map_err(|e| unreadable(format!("API key {id}"), &e))?;
    Ok(KeyRow {
        id,
        name: row.try_get(1)?,
        scopes: row.try_get(2)?,
        hash,
        created_at: row.try_get(4)?,
        expires_at: row.try_get(5)?,
        last_used_at: row.try_get(6)?,
        revoked_at: row.try_get(7)?,
    })
}
