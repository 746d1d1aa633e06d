//! Rows of `samples`.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row, Transaction, params};
use uuid::Uuid;

use super::fault::{Fault, is_duplicate};
use super::sealing::data_key;
use super::{identities, scrub, search};
use crate::identity::{IdentityId, Sample, SampleKind};
use crate::store::StoreError;
use crate::store::rows::{SampleRow, kind_of, time_text};
use crate::store::sealing::{Place, Vault, seal};
use crate::template::Template;

pub(super) fn add(
    tx: &Transaction<'_>,
    vault: &Vault,
    id: &IdentityId,
    samples: &[Sample],
    now: Timestamp,
) -> Result<(), Fault> {
    let key = data_key(tx, vault, id)?.ok_or_else(|| StoreError::UnknownIdentity(id.clone()))?;
    identities::touch(tx, id, now)?;
    let mut insert = tx.prepare_cached(
        "INSERT INTO samples (id, identity_id, kind, image_sha256, added_at, sealed) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    for sample in samples {
        // Destructured, so that a new field does not compile until it is stored.
        let Sample { id: sample_id, kind, filename, image_sha256, added_at, template } = sample;
        let place = Place { identity: id, sample: *sample_id, kind: *kind, image_sha256 };
        let sealed = seal(&key, &place, filename.as_deref(), template)?;
        insert
            .execute(params![
                sample_id.hyphenated().to_string(),
                id.as_str(),
                kind.name(),
                image_sha256,
                time_text(*added_at),
                sealed
            ])
            .map_err(|error| {
                if is_duplicate(&error) { Fault::Store(StoreError::DuplicateSample(*sample_id)) } else { error.into() }
            })?;
    }
    let _row = search::renew(tx, vault, id)?;
    Ok(())
}

pub(super) fn all(connection: &Connection, vault: &Vault, id: &IdentityId) -> Result<Vec<Sample>, Fault> {
    let Some(key) = data_key(connection, vault, id)? else { return Ok(Vec::new()) };
    let mut query = connection.prepare_cached(
        "SELECT id, kind, image_sha256, added_at, sealed FROM samples WHERE identity_id = ?1 ORDER BY seq",
    )?;
    query.query_map([id.as_str()], read)?.map(|row| Ok(row?.sample(id, &key)?)).collect()
}

/// Seals other templates in the place of those that these samples have. Returns the number of samples that there were.
pub(super) fn replace(
    tx: &Transaction<'_>,
    vault: &Vault,
    id: &IdentityId,
    templates: &[(Uuid, Template)],
    now: Timestamp,
) -> Result<usize, Fault> {
    let key = data_key(tx, vault, id)?.ok_or_else(|| StoreError::UnknownIdentity(id.clone()))?;
    let sql = "SELECT id, kind, image_sha256, added_at, sealed FROM samples WHERE id = ?1 AND identity_id = ?2";
    let (mut query, mut replaced) = (tx.prepare_cached(sql)?, 0);
    let mut write = tx.prepare_cached("UPDATE samples SET sealed = ?2 WHERE id = ?1")?;
    for (sample, template) in templates {
        let sample = sample.hyphenated().to_string();
        let stored = query.query_row(params![sample, id.as_str()], read).optional()?;
        let Some(Sample { id: sample_id, kind, filename, image_sha256, .. }) =
            stored.map(|row| row.sample(id, &key)).transpose()?
        else {
            continue;
        };
        let place = Place { identity: id, sample: sample_id, kind, image_sha256: &image_sha256 };
        write.execute(params![sample, seal(&key, &place, filename.as_deref(), template)?])?;
        replaced += 1;
    }
    if replaced > 0 {
        identities::touch(tx, id, now)?;
        let _row = search::renew(tx, vault, id)?;
    }
    Ok(replaced)
}

/// The kind of a sample; `None` where the identity has no such sample.
pub(super) fn kind(connection: &Connection, id: &IdentityId, sample_id: Uuid) -> Result<Option<SampleKind>, Fault> {
    let sql = "SELECT kind FROM samples WHERE id = ?1 AND identity_id = ?2";
    let wanted = params![sample_id.hyphenated().to_string(), id.as_str()];
    let kind: Option<String> = connection.prepare_cached(sql)?.query_row(wanted, |row| row.get(0)).optional()?;
    Ok(kind.map(|kind| kind_of(&kind, || format!("sample {sample_id}"))).transpose()?)
}

pub(super) fn delete(
    tx: &Transaction<'_>,
    vault: &Vault,
    id: &IdentityId,
    sample_id: Uuid,
    now: Timestamp,
) -> Result<Option<SampleKind>, Fault> {
    let kind: Option<String> = tx
        .query_row(
            "DELETE FROM samples WHERE id = ?1 AND identity_id = ?2 RETURNING kind",
            params![sample_id.hyphenated().to_string(), id.as_str()],
            |row| row.get(0),
        )
        .optional()?;
    let Some(kind) = kind else { return Ok(None) };
    identities::touch(tx, id, now)?;
    let _row = search::renew(tx, vault, id)?;
    scrub::demand(tx)?;
    Ok(Some(kind_of(&kind, || format!("sample {sample_id}"))?))
}

pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<SampleRow> {
    Ok(SampleRow {
        id: row.get(0)?,
        kind: row.get(1)?,
        image_sha256: row.get(2)?,
        added_at: row.get(3)?,
        sealed: row.get(4)?,
    })
}
