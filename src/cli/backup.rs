//! `faceward backup` and `faceward restore`.

use std::path::PathBuf;
use std::process::ExitCode;

use faceward::jobs::backup;

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
    data: Data,
}

/// Put a backup into a data folder that holds no database; stop the server first.
///
/// What the data folder's audit log says was erased since the backup was made is erased again.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  mv enrollments/faceward.db enrollments/faceward.db-wal /somewhere/else\n  \
    faceward restore /backups/faceward-2026-01-31")]
pub(super) struct RestoreArgs {
    /// The folder that `faceward backup` made.
    folder: PathBuf,
    #[command(flatten)]
    data: Data,
}

#[derive(clap::Args)]
struct Data {
    /// The folder with the enrolled identities.
    #[arg(long, env = "FACEWARD_DATA_DIR", default_value = "enrollments", value_name = "DIR")]
    data_dir: PathBuf,
    #[command(flatten)]
    master: MasterArgs,
}

pub(super) fn run(args: &Args) -> Result<ExitCode, Failure> {
    let keys = open::service_keys(&args.data.data_dir, &args.data.master.source()?)?;
    let made = backup::backup(&args.data.data_dir, &keys, &args.folder)?;
    println!("{}: SHA-256 {}", open::plain(&args.folder), made.database());
    Ok(ExitCode::SUCCESS)
}

pub(super) fn restore(args: &RestoreArgs) -> Result<ExitCode, Failure> {
    let restored = backup::restore(&args.folder, &args.data.data_dir, &args.data.master.source()?)?;
    let again = match restored.erased_again {
        0 => String::new(),
        n => format!("; {n} that had been erased since were erased again"),
    };
    println!("{} identities as of {:.0}{again}", restored.identities, restored.manifest.created_at);
    Ok(ExitCode::SUCCESS)
}
