//! Erasure: after a deletion, no file of the tables with names and keys holds a byte of them.
//!
//! A deleted row stays in its file until the table is vacuumed, and longer: VACUUM makes its place free and moves rows
//! together, and does not overwrite what is left behind; VACUUM FULL copies rows that an open transaction may still see.
//! Rewriting a table by ALTER TABLE does neither: the new file holds the living rows alone, and the old one goes at the
//! commit. What was sealed needs no such care: without its key it does not open. The demand is stored in the transaction
//! that deletes, so that an erasure that is held up is completed later, by whichever process comes first.

use deadpool_postgres::{Object, Transaction};
use jiff::Timestamp;

use super::fault::{Fault, is_locked};
use super::receipts;

/// Writes the tables anew. Whoever reads them waits meanwhile; so it is given up soon where a backup reads them.
const REWRITE: &str = "
    SET LOCAL lock_timeout = '250ms';
    LOCK TABLE identities, identity_keys IN ACCESS EXCLUSIVE MODE;
    ALTER TABLE identities ALTER COLUMN display_name TYPE text USING display_name || '';
    ALTER TABLE identity_keys ALTER COLUMN data_key TYPE bytea USING data_key || ''::bytea;
";

/// Notes that the rows deleted in this transaction must be erased.
pub(super) async fn demand(tx: &Transaction<'_>) -> Result<(), Fault> {
    tx.execute("UPDATE store_version SET erasing = true", &[]).await?;
    Ok(())
}

/// Completes a demanded erasure; does nothing without one. `false` where another program that reads the tables holds it
/// up.
pub(super) async fn finish(client: &mut Object) -> Result<bool, Fault> {
    let tx = client.transaction().await?;
    let pending: bool = tx.query_one("SELECT erasing FROM store_version FOR UPDATE", &[]).await?.try_get(0)?;
    if !pending {
        return Ok(true);
    }
    match tx.batch_execute(REWRITE).await {
        Ok(()) => {}
        Err(error) if is_locked(&error) => return Ok(false),
        Err(error) => return Err(error.into()),
    }
    tx.execute("UPDATE store_version SET erasing = false", &[]).await?;
    receipts::complete(&tx, Timestamp::now()).await?;
    tx.commit().await?;
    Ok(true)
}
