//! `faceward config`: the settings file of the server.

use std::path::PathBuf;
use std::process::ExitCode;

use faceward::config::{DEFAULT_FILE, SettingsFile};

use super::Failure;

/// Print a settings file with every default, to start from; or check such a file.
///
/// `faceward serve --print-settings` prints the settings in effect instead, with where each comes from.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  faceward config > faceward.toml\n  faceward config --check faceward.toml\n  \
    faceward serve --config faceward.toml\n\n\
    Exit codes: 0 printed, or the file can be used, 1 it cannot, 2 wrong usage.")]
pub(super) struct Args {
    /// Check this file and print nothing if it can be used.
    #[arg(long, value_name = "FILE")]
    check: Option<PathBuf>,
}

pub(super) fn run(args: &Args) -> Result<ExitCode, Failure> {
    match &args.check {
        Some(path) => {
            let file = SettingsFile::read(path)?;
            file.settings().check().map_err(|invalid| invalid.given_by(|setting| file.origin(setting)))?;
        }
        None => print!("{DEFAULT_FILE}"),
    }
    Ok(ExitCode::SUCCESS)
}
