//! Rows of `samples`.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row, Transaction, params};
use uuid::Uuid;

use super::fault::{Fault, is_duplicate, kind_of, time, time_text, unreadable};
use super::sealing::{Place, Vault, seal, unseal};
use super::{identities, scrub, search};
use crate::identity::{IdentityId, Sample, SampleKind};
use crate::store::StoreError;
use crate::template::Template;
use crate::vault::DataKey;

pub(super) fn add(
    tx: &Transaction<'_>,
    vault: &Vault,
    id: &IdentityId,
    samples: &[Sample],
    now: Timestamp,
) -> Result<(), Fault> {
    let key = vault.data_key(tx, id)?.ok_or_else(|| StoreError::UnknownIdentity(id.clone()))?;
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
    let Some(key) = vault.data_key(connection, id)? else { return Ok(Vec::new()) };
    let mut query = connection.prepare_cached(
        "SELECT id, kind, image_sha256, added_at, sealed FROM samples WHERE identity_id = ?1 ORDER BY seq",
    )?;
    query.query_map([id.as_str()], Stored::read)?.map(|row| row?.sample(id, &key)).collect()
}

/// Seals other templates in the place of those that these samples have. Returns the number of samples that there were.
pub(super) fn replace(
    tx: &Transaction<'_>,
    vault: &Vault,
    id: &IdentityId,
    templates: &[(Uuid, Template)],
    now: Timestamp,
) -> Result<usize, Fault> {
    let key = vault.data_key(tx, id)?.ok_or_else(|| StoreError::UnknownIdentity(id.clone()))?;
    let sql = "SELECT id, kind, image_sha256, added_at, sealed FROM samples WHERE id = ?1 AND identity_id = ?2";
    let (mut read, mut replaced) = (tx.prepare_cached(sql)?, 0);
    let mut write = tx.prepare_cached("UPDATE samples SET sealed = ?2 WHERE id = ?1")?;
    for (sample, template) in templates {
        let sample = sample.hyphenated().to_string();
        let stored = read.query_row(params![sample, id.as_str()], Stored::read).optional()?;
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

/// A row as stored.
struct Stored {
    id: String,
    kind: String,
    image_sha256: String,
    added_at: String,
    sealed: Vec<u8>,
}

impl Stored {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            kind: row.get(1)?,
            image_sha256: row.get(2)?,
            added_at: row.get(3)?,
            sealed: row.get(4)?,
        })
    }

    fn sample(self, identity: &IdentityId, key: &DataKey) -> Result<Sample, Fault> {
        let what = || format!("sample {} of {identity}", self.id);
        let id = self.id.parse().map_err(|error| unreadable(what(), &error))?;
        let kind = kind_of(&self.kind, what)?;
        let place = Place { identity, sample: id, kind, image_sha256: &self.image_sha256 };
        let (filename, template) = unseal(key, &place, &self.sealed).map_err(|error| unreadable(what(), &error))?;
        let added_at = time(&self.added_at, what)?;
        Ok(Sample { id, kind, filename, image_sha256: self.image_sha256, added_at, template })
    }
}
