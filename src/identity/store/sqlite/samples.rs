//! Rows of `samples`.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row, Transaction, params};
use uuid::Uuid;

use super::fault::{Fault, is_duplicate, time, time_text, unreadable};
use super::{identities, scrub};
use crate::identity::store::{StoreError, decode_template, encode_template};
use crate::identity::{IdentityId, Sample, SampleKind};

pub(super) fn add(tx: &Transaction<'_>, id: &IdentityId, samples: &[Sample], now: Timestamp) -> Result<(), Fault> {
    if !identities::touch(tx, id, now)? {
        return Err(StoreError::UnknownIdentity(id.clone()).into());
    }
    let mut insert = tx.prepare_cached(
        "INSERT INTO samples (id, identity_id, kind, filename, image_sha256, added_at, template) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?;
    for sample in samples {
        // Taken apart, so that a new field cannot be forgotten here.
        let Sample { id: sample_id, kind, filename, image_sha256, added_at, template } = sample;
        let template = encode_template(template).map_err(|error| StoreError::Backend(Box::new(error)))?;
        insert
            .execute(params![
                sample_id.hyphenated().to_string(),
                id.as_str(),
                kind_text(*kind),
                filename,
                image_sha256,
                time_text(*added_at),
                template
            ])
            .map_err(|error| {
                if is_duplicate(&error) { Fault::Store(StoreError::DuplicateSample(*sample_id)) } else { error.into() }
            })?;
    }
    Ok(())
}

pub(super) fn all(connection: &Connection, id: &IdentityId) -> Result<Vec<Sample>, Fault> {
    let mut query = connection.prepare_cached(
        "SELECT id, kind, filename, image_sha256, added_at, template FROM samples WHERE identity_id = ?1 ORDER BY seq",
    )?;
    query.query_map([id.as_str()], Stored::read)?.map(|row| row?.sample(id)).collect()
}

pub(super) fn delete(
    tx: &Transaction<'_>,
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
    scrub::demand(tx)?;
    Ok(Some(kind_of(&kind, || format!("sample {sample_id}"))?))
}

/// The text in the schema's CHECK.
fn kind_text(kind: SampleKind) -> &'static str {
    match kind {
        SampleKind::Reference => "reference",
        SampleKind::NotThisPerson => "not_this_person",
        SampleKind::KnownFake => "known_fake",
    }
}

fn kind_of(text: &str, what: impl Fn() -> String) -> Result<SampleKind, StoreError> {
    [SampleKind::Reference, SampleKind::NotThisPerson, SampleKind::KnownFake]
        .into_iter()
        .find(|kind| kind_text(*kind) == text)
        .ok_or_else(|| unreadable(what(), &format!("{text:?} is not a kind of sample")))
}

/// A row as stored.
struct Stored {
    id: String,
    kind: String,
    filename: Option<String>,
    image_sha256: String,
    added_at: String,
    template: Vec<u8>,
}

impl Stored {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            kind: row.get(1)?,
            filename: row.get(2)?,
            image_sha256: row.get(3)?,
            added_at: row.get(4)?,
            template: row.get(5)?,
        })
    }

    fn sample(self, identity: &IdentityId) -> Result<Sample, Fault> {
        let what = || format!("sample {} of {identity}", self.id);
        Ok(Sample {
            id: self.id.parse().map_err(|error| unreadable(what(), &error))?,
            kind: kind_of(&self.kind, what)?,
            added_at: time(&self.added_at, what)?,
            template: decode_template(&self.template).map_err(|error| unreadable(what(), &error))?,
            filename: self.filename,
            image_sha256: self.image_sha256,
        })
    }
}
