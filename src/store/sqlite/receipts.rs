//! Rows of `receipts`: proof of erasures, by pseudonym.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Transaction, params};
use uuid::Uuid;

use super::fault::{Fault, optional_time, time, time_text, unreadable};
use crate::store::{ErasureReason, ErasureReceipt};

pub(super) fn insert(tx: &Transaction<'_>, receipt: &ErasureReceipt) -> Result<(), Fault> {
    let ErasureReceipt { id, subject, reason, samples, deleted_at, erased_at } = receipt;
    tx.execute(
        "INSERT INTO receipts (id, subject, reason, samples, deleted_at, erased_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![
            id.hyphenated().to_string(),
            subject,
            reason.name(),
            i64::try_from(*samples).unwrap_or(i64::MAX),
            time_text(*deleted_at),
            erased_at.map(time_text)
        ],
    )?;
    Ok(())
}

/// Sets `erased_at` of every receipt that waits for it.
pub(super) fn complete(connection: &Connection, now: Timestamp) -> rusqlite::Result<()> {
    connection.execute("UPDATE receipts SET erased_at = ?1 WHERE erased_at IS NULL", [time_text(now)])?;
    Ok(())
}

pub(super) fn get(connection: &Connection, id: Uuid) -> Result<Option<ErasureReceipt>, Fault> {
    type Row = (String, String, i64, String, Option<String>);
    let sql = "SELECT subject, reason, samples, deleted_at, erased_at FROM receipts WHERE id = ?1";
    let row: Option<Row> = connection
        .query_row(sql, [id.hyphenated().to_string()], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?, r.get(4)?)))
        .optional()?;
    let Some((subject, reason, samples, deleted_at, erased_at)) = row else { return Ok(None) };
    let what = || format!("receipt {id}");
    Ok(Some(ErasureReceipt {
        id,
        subject,
        reason: ErasureReason::of(&reason).ok_or_else(|| unreadable(what(), &"its reason is unknown"))?,
        samples: usize::try_from(samples).unwrap_or_default(),
        deleted_at: time(&deleted_at, what)?,
        erased_at: optional_time(erased_at.as_deref(), what)?,
    }))
}
