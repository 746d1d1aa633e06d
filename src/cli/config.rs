//! `faceward config`.

use std::path::PathBuf;
use std::process::ExitCode;

use faceward::config::{DEFAULT_FILE, Settings};

use super::Failure;

/// Print the server's settings with their defaults, as a file to start from; or check such a file.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  faceward config > faceward.toml\n  faceward config --check faceward.toml\n  \
    faceward serve --config faceward.toml")]
pub(super) struct Args {
    /// Check this file and print nothing.
    #[arg(long, value_name = "FILE")]
    check: Option<PathBuf>,
}

pub(super) fn run(args: &Args) -> Result<ExitCode, Failure> {
    match &args.check {
        Some(file) => Settings::from_file(file)?.check()?,
        None => print!("{DEFAULT_FILE}"),
    }
    Ok(ExitCode::SUCCESS)
}
