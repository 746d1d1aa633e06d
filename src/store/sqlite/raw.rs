//! Rows as they lie in the file.

use rusqlite::{Connection, OptionalExtension as _, Row, Transaction, params};
use uuid::Uuid;

use super::fault::Fault;
use super::{identities, keys, samples};
use crate::identity::{ErrorTargets, IdentityId};
use crate::store::raw::{RawIdentity, RawVault};
use crate::store::rows::{IdentityRow, KeyRow, ReceiptRow, SampleRow};
use crate::store::sealing::unreadable;
use crate::vault::MasterId;

fn number(text: &str) -> Result<Uuid, Fault> {
    Ok(text.parse().map_err(|e| unreadable(format!("number {text:?}"), &e))?)
}

pub(super) fn vault(connection: &Connection) -> Result<RawVault, Fault> {
    let read = |row: &Row<'_>| Ok((row.get::<_, [u8; 8]>(0)?, row.get(1)?));
    let (master, service_key) = connection.query_row("SELECT master_id, service_key FROM vault", [], read)?;
    let sql = format!("SELECT {} FROM api_keys ORDER BY created_at, id", KeyRow::COLUMNS);
    let keys = connection.prepare(&sql)?.query_map([], keys::read)?.collect::<Result<_, _>>()?;
    let mut receipts = Vec::new();
    let sql = "SELECT subject, reason, samples, deleted_at, erased_at, id FROM receipts ORDER BY id";
    let read = |row: &Row<'_>| {
        let receipt = ReceiptRow {
            subject: row.get(0)?,
            reason: row.get(1)?,
            samples: row.get(2)?,
            deleted_at: row.get(3)?,
            erased_at: row.get(4)?,
        };
        Ok((row.get::<_, String>(5)?, receipt))
    };
    for row in connection.prepare(sql)?.query_map([], read)? {
        let (id, receipt) = row?;
        receipts.push((number(&id)?, receipt));
    }
    Ok(RawVault { master: MasterId::new(master), service_key, keys, receipts })
}

pub(super) fn identity(connection: &Connection, id: &IdentityId) -> Result<Option<RawIdentity>, Fault> {
    let columns = IdentityRow::COLUMNS;
    let sql = format!("SELECT {columns}, data_key FROM identities WHERE id = ?1");
    let read = |row: &Row<'_>| Ok((identities::read(row)?, row.get::<_, Option<Vec<u8>>>("data_key")?));
    let Some((row, data_key)) = connection.query_row(&sql, [id.as_str()], read).optional()? else { return Ok(None) };
    let sql = "SELECT sealed FROM search WHERE identity_id = ?1";
    let search = connection.query_row(sql, [id.as_str()], |row| row.get(0)).optional()?;
    let sql = "SELECT id, kind, image_sha256, added_at, sealed FROM samples WHERE identity_id = ?1 ORDER BY seq";
    let samples: Vec<SampleRow> =
        connection.prepare(sql)?.query_map([id.as_str()], samples::read)?.collect::<Result<_, _>>()?;
    let mut images = Vec::new();
    let mut query = connection.prepare("SELECT sealed FROM images WHERE sample_id = ?1")?;
    for sample in &samples {
        if let Some(sealed) = query.query_row([&sample.id], |row| row.get(0)).optional()? {
            images.push((number(&sample.id)?, sealed));
        }
    }
    Ok(Some(RawIdentity { row, data_key: data_key.unwrap_or_default(), search, samples, images }))
}

pub(super) fn fill_vault(tx: &Transaction<'_>, vault: &RawVault) -> Result<(), Fault> {
    tx.execute("UPDATE vault SET service_key = ?1", [&vault.service_key])?;
    for key in &vault.keys {
        keys::insert_row(tx, key)?;
    }
    let sql =
        "INSERT INTO receipts (id, subject, reason, samples, deleted_at, erased_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    for (id, ReceiptRow { subject, reason, samples, deleted_at, erased_at }) in &vault.receipts {
        let id = id.hyphenated().to_string();
        tx.execute(sql, params![id, subject, reason, samples, deleted_at, erased_at])?;
    }
    Ok(())
}

pub(super) fn fill_identity(tx: &Transaction<'_>, identity: &RawIdentity) -> Result<(), Fault> {
    let RawIdentity { row, data_key, search, samples, images } = identity;
    let IdentityRow { id, display_name, consent_basis, expires_at, created_at, updated_at, targets } = row;
    let ErrorTargets { genuine_called_fake, fake_called_real } = targets;
    let sql = format!(
        "INSERT INTO identities ({}, data_key) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        IdentityRow::COLUMNS
    );
    let (fake, real) = (genuine_called_fake, fake_called_real);
    tx.execute(
        &sql,
        params![id, display_name, consent_basis, expires_at, created_at, updated_at, fake, real, data_key],
    )?;
    let sql =
        "INSERT INTO samples (id, identity_id, kind, image_sha256, added_at, sealed) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    for SampleRow { id: sample, kind, image_sha256, added_at, sealed } in samples {
        tx.execute(sql, params![sample, id, kind, image_sha256, added_at, sealed])?;
    }
    for (sample, sealed) in images {
        let sql = "INSERT INTO images (sample_id, sealed) VALUES (?1, ?2)";
        tx.execute(sql, params![sample.hyphenated().to_string(), sealed])?;
    }
    if let Some(sealed) = search {
        tx.execute("INSERT INTO search (identity_id, sealed) VALUES (?1, ?2)", params![id, sealed])?;
    }
    Ok(())
}
