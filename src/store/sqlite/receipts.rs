//! Rows of `receipts`: proof of erasures, by pseudonym.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row, Transaction, params};
use uuid::Uuid;

use super::fault::Fault;
use crate::store::ErasureReceipt;
use crate::store::rows::{ReceiptRow, time_text};

pub(super) fn insert(tx: &Transaction<'_>, receipt: &ErasureReceipt) -> Result<(), Fault> {
    let ReceiptRow { subject, reason, samples, deleted_at, erased_at } = ReceiptRow::of(receipt);
    tx.execute(
        "INSERT INTO receipts (id, subject, reason, samples, deleted_at, erased_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![receipt.id.hyphenated().to_string(), subject, reason, samples, deleted_at, erased_at],
    )?;
    Ok(())
}

/// Sets `erased_at` of every receipt that waits for it.
pub(super) fn complete(connection: &Connection, now: Timestamp) -> rusqlite::Result<()> {
    connection.execute("UPDATE receipts SET erased_at = ?1 WHERE erased_at IS NULL", [time_text(now)])?;
    Ok(())
}

pub(super) fn get(connection: &Connection, id: Uuid) -> Result<Option<ErasureReceipt>, Fault> {
    let sql = "SELECT subject, reason, samples, deleted_at, erased_at FROM receipts WHERE id = ?1";
    let read = |row: &Row<'_>| {
        Ok(ReceiptRow {
            subject: row.get(0)?,
            reason: row.get(1)?,
            samples: row.get(2)?,
            deleted_at: row.get(3)?,
            erased_at: row.get(4)?,
        })
    };
    let row = connection.query_row(sql, [id.hyphenated().to_string()], read).optional()?;
    Ok(row.map(|row| row.receipt(id)).transpose()?)
}
