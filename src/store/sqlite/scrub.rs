//! Erasure: after a deletion, no file of the folder holds a byte of the sealed template, nor of the key that opens it.
//!
//! `secure_delete` overwrites rows where they stand. That is not enough: when `SQLite` moves rows between pages it can
//! leave copies in the unused middle of a page, and the write-ahead log holds old versions of pages. So the file is
//! rewritten from its living rows (VACUUM, through memory) and the log is truncated. The demand is stored in the
//! transaction that deletes, so that an erasure interrupted by a crash is completed when the store is opened again.

use std::path::Path;

use jiff::Timestamp;
use rusqlite::{Connection, Transaction};

use super::fault::Fault;
use super::receipts;
use crate::store::StoreError;

/// Notes that the rows deleted in this transaction must be erased.
pub(super) fn demand(tx: &Transaction<'_>) -> Result<(), Fault> {
    tx.execute("UPDATE erasure SET pending = 1", [])?;
    Ok(())
}

/// Completes a demanded erasure; does nothing without one.
pub(super) fn finish(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    let unfinished = |detail: String| StoreError::ErasureUnfinished { path: path.to_path_buf(), detail };
    let erased = erase(connection).map_err(|error| unfinished(error.to_string()))?;
    if erased { Ok(()) } else { Err(unfinished("another program is reading the database".to_owned())) }
}

fn erase(connection: &Connection) -> rusqlite::Result<bool> {
    let pending: bool = connection.query_row("SELECT pending FROM erasure", [], |row| row.get(0))?;
    if !pending {
        return Ok(true);
    }
    connection.execute_batch("VACUUM")?;
    if !empty_log(connection)? {
        return Ok(false);
    }
    connection.execute("UPDATE erasure SET pending = 0", [])?;
    receipts::complete(connection, Timestamp::now())?;
    Ok(true)
}

/// Moves the log into the file and truncates it; `false` where another program's reading prevents it.
pub(super) fn empty_log(connection: &Connection) -> rusqlite::Result<bool> {
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, i64>(0)).map(|busy| busy == 0)
}
