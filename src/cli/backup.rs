//! `faceward backup` and `faceward restore`: a copy of the data folder.

use std::path::PathBuf;
use std::process::ExitCode;

use faceward::backup::{self, Restored};
use serde_json::json;

use super::shared_args::DataFolder;
use super::{Failure, open};

/// Copy the database, the audit log and the calibration to a new folder; a server may be running.
///
/// The backup does not contain the master key: keep it elsewhere. Without it the templates in a backup cannot be read.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  faceward backup /backups/faceward-$(date +%F)\n\n\
    Exit codes: 0 the backup is complete, 1 it failed, 2 wrong usage.")]
pub(super) struct Args {
    /// Folder for the backup; it must not exist.
    folder: PathBuf,
    #[command(flatten)]
    data: Common,
}

/// Restore a backup to a data folder without a database; stop the server first.
///
/// Identities and samples that were erased since the backup, and API keys that were revoked, are erased and revoked
/// again, as far as the audit log in the data folder records it.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  mv enrollments/faceward.db enrollments/faceward.db-wal /somewhere/else\n  \
    faceward restore /backups/faceward-2026-01-31\n\n\
    Exit codes: 0 restored, 1 it failed, 2 wrong usage.")]
pub(super) struct RestoreArgs {
    /// Folder that `faceward backup` made.
    folder: PathBuf,
    #[command(flatten)]
    data: Common,
}

#[derive(clap::Args)]
struct Common {
    #[command(flatten)]
    folder: DataFolder,
    /// Print one JSON document.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> Result<ExitCode, Failure> {
    let folder = &args.data.folder;
    let data = folder.in_folder("back up the database with `pg_dump` (docs/store.md)")?;
    open::existing(&folder.store, data)?;
    let made = backup::backup(data, &folder.key()?, &args.folder)?;
    if args.data.json {
        println!("{}", serde_json::to_string(&made)?);
    } else {
        println!("{}: SHA-256 {}", open::plain(&args.folder), made.database());
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) fn restore(args: &RestoreArgs) -> Result<ExitCode, Failure> {
    let data = args.data.folder.in_folder("restore the database with `pg_restore` (docs/store.md)")?;
    let restored = backup::restore(&args.folder, data, &args.data.folder.key()?)?;
    if args.data.json {
        let Restored { manifest, identities, erased_again, samples_again, keys_again } = restored;
        let created_at = manifest.created_at;
        println!(
            "{}",
            json!({ "created_at": created_at, "identities": identities, "erased_again": erased_again,
                "samples_again": samples_again, "keys_again": keys_again })
        );
        return Ok(ExitCode::SUCCESS);
    }
    println!("{} identities as of {:.0}", restored.identities, restored.manifest.created_at);
    for (n, what) in [
        (restored.erased_again, "identities erased"),
        (restored.samples_again, "references and negatives deleted"),
        (restored.keys_again, "API keys revoked"),
    ] {
        if n > 0 {
            println!("{n} {what} again, as they had been since the backup");
        }
    }
    Ok(ExitCode::SUCCESS)
}
