//! The command line: one file a command.

mod pipeline;
mod serve;
mod train;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Self-hosted, identity-aware deepfake verification.
#[derive(Parser)]
#[command(name = "faceward", version, about, max_term_width = 110)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Serve(serve::Args),
    Train(train::Args),
}

/// Runs the command line; the exit code is 0 for success, 1 for a failure, 2 for wrong usage.
pub(crate) fn run() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Serve(args) => serve::run(&args),
        Command::Train(args) => train::run(&args),
    };
    match result {
        Ok(code) => code,
        Err(e) => {
            eprintln!("faceward: {e}");
            ExitCode::FAILURE
        }
    }
}

/// What a command fails with: a sentence for the person at the terminal.
type Failure = Box<dyn std::error::Error>;
