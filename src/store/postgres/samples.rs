//! Rows of `samples`.
//!
//! The key of an identity is read in the same statement as what it opens: a statement sees one moment, and the key
//! changes when a sample is deleted.

use deadpool_postgres::{GenericClient, Transaction};
use jiff::Timestamp;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use super::fault::{Fault, is_duplicate};
use super::identities::{self, data_key};
use super::search;
use crate::identity::{IdentityId, Sample, SampleKind};
use crate::store::StoreError;
use crate::store::rows::{SampleRow, kind_of, time_text};
use crate::store::sealing::{Place, Vault, image_place, no_key, seal};
use crate::template::Template;
use crate::vault::DataKey;

pub(super) const COLUMNS: &str = "samples.id, kind, image_sha256, added_at, sealed";

pub(super) async fn add(
    tx: &Transaction<'_>,
    vault: &Vault,
    id: &IdentityId,
    samples: &[Sample],
    now: Timestamp,
) -> Result<(), Fault> {
    let key = data_key(tx, vault, id).await?.ok_or_else(|| StoreError::UnknownIdentity(id.clone()))?;
    identities::touch(tx, id, now).await?;
    let sql = "INSERT INTO samples (id, identity_id, kind, image_sha256, added_at, sealed) \
               VALUES ($1, $2, $3, $4, $5, $6)";
    let insert = tx.prepare_cached(sql).await?;
    for sample in samples {
        // Destructured, so that a new field does not compile until it is stored.
        let Sample { id: sample_id, kind, filename, image_sha256, added_at, template } = sample;
        let place = Place { identity: id, sample: *sample_id, kind: *kind, image_sha256 };
        let sealed = seal(&key, &place, filename.as_deref(), template)?;
        let added_at = time_text(*added_at);
        let row: [&(dyn ToSql + Sync); 6] = [sample_id, &id.as_str(), &kind.name(), image_sha256, &added_at, &sealed];
        tx.execute(&insert, &row).await.map_err(|error| {
            if is_duplicate(&error) { Fault::Store(StoreError::DuplicateSample(*sample_id)) } else { error.into() }
        })?;
    }
    let _row = search::renew(tx, vault, id).await?;
    Ok(())
}

pub(super) async fn all(client: &impl GenericClient, vault: &Vault, id: &IdentityId) -> Result<Vec<Sample>, Fault> {
    let sql = format!(
        "SELECT {COLUMNS}, data_key FROM samples LEFT JOIN identity_keys USING (identity_id) WHERE identity_id = $1 \
         ORDER BY seq"
    );
    let rows = client.query(&client.prepare_cached(&sql).await?, &[&id.as_str()]).await?;
    let Some(first) = rows.first() else { return Ok(Vec::new()) };
    let wrapped: Option<&[u8]> = first.try_get(5)?;
    let key = vault.unwrap(id, wrapped.unwrap_or_default())?;
    rows.iter().map(|row| Ok(read(row)?.sample(id, &key)?)).collect()
}

/// Seals other templates in the place of those that these samples have. Returns the number of samples that there were.
pub(super) async fn replace(
    tx: &Transaction<'_>,
    vault: &Vault,
    id: &IdentityId,
    templates: &[(Uuid, Template)],
    now: Timestamp,
) -> Result<usize, Fault> {
    let key = data_key(tx, vault, id).await?.ok_or_else(|| StoreError::UnknownIdentity(id.clone()))?;
    let sql = format!("SELECT {COLUMNS} FROM samples WHERE id = $1 AND identity_id = $2");
    let (query, mut replaced) = (tx.prepare_cached(&sql).await?, 0);
    let write = tx.prepare_cached("UPDATE samples SET sealed = $2 WHERE id = $1").await?;
    for (sample, template) in templates {
        let stored = tx.query_opt(&query, &[sample, &id.as_str()]).await?;
        let Some(row) = stored else { continue };
        let Sample { id: sample_id, kind, filename, image_sha256, .. } = read(&row)?.sample(id, &key)?;
        let place = Place { identity: id, sample: sample_id, kind, image_sha256: &image_sha256 };
        tx.execute(&write, &[sample, &seal(&key, &place, filename.as_deref(), template)?]).await?;
        replaced += 1;
    }
    if replaced > 0 {
        identities::touch(tx, id, now).await?;
        let _row = search::renew(tx, vault, id).await?;
    }
    Ok(replaced)
}

/// The kind of a sample; `None` where the identity has no such sample.
pub(super) async fn kind(
    client: &impl GenericClient,
    id: &IdentityId,
    sample: Uuid,
) -> Result<Option<SampleKind>, Fault> {
    let sql = "SELECT kind FROM samples WHERE id = $1 AND identity_id = $2";
    let row = client.query_opt(&client.prepare_cached(sql).await?, &[&sample, &id.as_str()]).await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(kind_of(row.try_get(0)?, || format!("sample {sample}"))?))
}

/// Deletes a sample. What the identity keeps is sealed with another key: old versions of the deleted row, which the
/// database may still hold, do not open any more.
pub(super) async fn delete(
    tx: &Transaction<'_>,
    vault: &Vault,
    id: &IdentityId,
    sample: Uuid,
    now: Timestamp,
) -> Result<Option<SampleKind>, Fault> {
    let sql = "DELETE FROM samples WHERE id = $1 AND identity_id = $2 RETURNING kind";
    let row = tx.query_opt(&tx.prepare_cached(sql).await?, &[&sample, &id.as_str()]).await?;
    let Some(row) = row else { return Ok(None) };
    let old = data_key(tx, vault, id).await;
    let new = identities::renew_key(tx, vault, id).await?;
    match old {
        Ok(Some(old)) => reseal(tx, id, &old, &new).await?,
        // Nothing that it sealed can be read anyway.
        Ok(None) | Err(Fault::Store(StoreError::UnreadableRecord { .. })) => {}
        Err(fault) => return Err(fault),
    }
    identities::touch(tx, id, now).await?;
    let _row = search::renew(tx, vault, id).await?;
    Ok(Some(kind_of(row.try_get(0)?, || format!("sample {sample}"))?))
}

/// Seals the samples and images of an identity with another key. What does not open stays as it is.
async fn reseal(tx: &Transaction<'_>, id: &IdentityId, old: &DataKey, new: &DataKey) -> Result<(), Fault> {
    let sql = "SELECT id, kind, image_sha256 FROM samples WHERE identity_id = $1";
    let rows = tx.query(&tx.prepare_cached(sql).await?, &[&id.as_str()]).await?;
    for row in rows {
        let (sample, kind, image_sha256): (Uuid, &str, &str) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        let Ok(kind) = kind_of(kind, String::new) else { continue };
        let place = Place { identity: id, sample, kind, image_sha256 }.bytes();
        resealed(tx, ("samples", "id"), sample, &place, (old, new)).await?;
        resealed(tx, ("images", "sample_id"), sample, &image_place(id, sample), (old, new)).await?;
    }
    Ok(())
}

async fn resealed(
    tx: &Transaction<'_>,
    (table, column): (&str, &str),
    sample: Uuid,
    place: &[u8],
    (old, new): (&DataKey, &DataKey),
) -> Result<(), Fault> {
    let sql = format!("SELECT sealed FROM {table} WHERE {column} = $1");
    let row = tx.query_opt(&tx.prepare_cached(&sql).await?, &[&sample]).await?;
    let Some(row) = row else { return Ok(()) };
    let Ok(clear) = old.open(place, row.try_get(0)?) else { return Ok(()) };
    let sealed = new.seal(place, &clear).map_err(no_key)?;
    let sql = format!("UPDATE {table} SET sealed = $2 WHERE {column} = $1");
    tx.execute(&tx.prepare_cached(&sql).await?, &[&sample, &sealed]).await?;
    Ok(())
}

pub(super) fn read(row: &Row) -> Result<SampleRow, Fault> {
    let id: Uuid = row.try_get(0)?;
    Ok(SampleRow {
        id: id.hyphenated().to_string(),
        kind: row.try_get(1)?,
        image_sha256: row.try_get(2)?,
        added_at: row.try_get(3)?,
        sealed: row.try_get(4)?,
    })
}
