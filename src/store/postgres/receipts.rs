//! Rows of `receipts`: proof of erasures, by pseudonym.

use deadpool_postgres::{GenericClient, Transaction};
use jiff::Timestamp;
use tokio_postgres::Row;
use uuid::Uuid;

use super::fault::Fault;
use crate::store::ErasureReceipt;
use crate::store::rows::{ReceiptRow, time_text};

pub(super) async fn insert(tx: &Transaction<'_>, receipt: &ErasureReceipt) -> Result<(), Fault> {
    insert_row(tx, receipt.id, &ReceiptRow::of(receipt)).await
}

pub(super) async fn insert_row(tx: &Transaction<'_>, id: Uuid, row: &ReceiptRow) -> Result<(), Fault> {
    let ReceiptRow { subject, reason, samples, deleted_at, erased_at } = row;
    let sql = "INSERT INTO receipts (id, subject, reason, samples, deleted_at, erased_at) \
               VALUES ($1, $2, $3, $4, $5, $6)";
    tx.execute(sql, &[&id, subject, reason, samples, deleted_at, erased_at]).await?;
    Ok(())
}

/// Sets `erased_at` of every receipt that waits for it.
pub(super) async fn complete(tx: &Transaction<'_>, now: Timestamp) -> Result<(), Fault> {
    tx.execute("UPDATE receipts SET erased_at = $1 WHERE erased_at IS NULL", &[&time_text(now)]).await?;
    Ok(())
}

pub(super) async fn get(client: &impl GenericClient, id: Uuid) -> Result<Option<ErasureReceipt>, Fault> {
    let sql = "SELECT subject, reason, samples, deleted_at, erased_at FROM receipts WHERE id = $1";
    let row = client.query_opt(&client.prepare_cached(sql).await?, &[&id]).await?;
    row.map(|row| Ok(read(&row)?.receipt(id)?)).transpose()
}

pub(super) fn read(row: &Row) -> Result<ReceiptRow, Fault> {
    Ok(ReceiptRow {
        subject: row.try_get(0)?,
        reason: row.try_get(1)?,
        samples: row.try_get(2)?,
        deleted_at: row.try_get(3)?,
        erased_at: row.try_get(4)?,
    })
}
