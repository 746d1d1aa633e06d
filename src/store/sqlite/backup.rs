//! A copy of the database of a data folder, which a server may have open.

use std::path::Path;
use std::time::Duration;

use rusqlite::backup::Backup;
use rusqlite::{Connection, OpenFlags};

use super::fault::Fault;
use super::open;
use crate::store::{StoreError, StoreResult};

/// Pages per step. The server may write between two steps; `SQLite` then starts over.
const STEP: i32 = 256;

/// Copies the database in `dir` to the new file `to`: a snapshot of one moment, checked and flushed to disk. It reads
/// in short steps, so that it holds up neither writes nor erasures of a running server.
///
/// # Errors
/// When a file cannot be read or written, or the copy is damaged.
pub fn copy_database(dir: &Path, to: &Path) -> StoreResult<()> {
    let path = dir.join(open::DATABASE);
    let source = open::connect(&path)?;
    open::make_private(to)?;
    let copy = || -> Result<(), Fault> {
        let mut copy = Connection::open_with_flags(to, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        Backup::new(&source, &mut copy)?.run_to_completion(STEP, Duration::from_millis(1), None)?;
        // One file, without a log beside it.
        copy.pragma_update_and_check(None, "journal_mode", "DELETE", |_| Ok(()))?;
        open::verify(&copy)?;
        copy.close().map_err(|(_, error)| error)?;
        Ok(())
    };
    copy().map_err(|fault| fault.at(to))?;
    let flush = |source| StoreError::Io { action: "flush", path: to.to_path_buf(), source };
    std::fs::File::open(to).and_then(|file| file.sync_all()).map_err(flush)
}
