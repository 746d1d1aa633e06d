//! `faceward backup` and `faceward restore`.

use std::path::PathBuf;
use std::process::ExitCode;

use faceward::backup::{self, Restored};
use serde_json::json;

use super::master::MasterArgs;
use super::{Failure, open};

/// Copy the database and the audit log to a new folder; a server may be running.
///
/// The master key is not in the backup: keep it elsewhere. Without it the templates in a backup cannot be read.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  faceward backup /backups/faceward-$(date +%F)")]
pub(super) struct Args {
    /// The new folder.
    folder: PathBuf,
    #[command(flatten)]
    data: Common,
}

/// Put a backup into a data folder that holds no database; stop the server first.
///
/// What the data folder's audit log says was erased or revoked since the backup was made is erased or revoked again.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  mv enrollments/faceward.db enrollments/faceward.db-wal /somewhere/else\n  \
    faceward restore /backups/faceward-2026-01-31")]
pub(super) struct RestoreArgs {
    /// The folder that `faceward backup` made.
    folder: PathBuf,
    #[command(flatten)]
    data: Common,
}

#[derive(clap::Args)]
struct Common {
    /// The folder with the enrolled identities.
    #[arg(long, env = "FACEWARD_DATA_DIR", default_value = "enrollments", value_name = "DIR")]
    data_dir: PathBuf,
    #[command(flatten)]
    master: MasterArgs,
    /// Print one JSON document.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> Result<ExitCode, Failure> {
    let made = backup::backup(&args.data.data_dir, &args.data.master.source()?, &args.folder)?;
    if args.data.json {
        println!("{}", serde_json::to_string(&made)?);
    } else {
        println!("{}: SHA-256 {}", open::plain(&args.folder), made.database());
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) fn restore(args: &RestoreArgs) -> Result<ExitCode, Failure> {
    let restored = backup::restore(&args.folder, &args.data.data_dir, &args.data.master.source()?)?;
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
            println!("{n} {what} again: they had been since the backup was made");
        }
    }
    Ok(ExitCode::SUCCESS)
}
