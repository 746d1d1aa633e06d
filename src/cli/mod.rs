//! The command line: one file a command.

/// As the standard library's, but for a reader that goes away.
macro_rules! println {
    ($($what:tt)*) => { $crate::cli::out::print(format_args!("{}\n", format_args!($($what)*))) };
}
/// Likewise.
macro_rules! print {
    ($($what:tt)*) => { $crate::cli::out::print(format_args!($($what)*)) };
}

mod audit;
mod backup;
mod batch;
mod calibrate;
mod config;
mod demo;
mod enroll;
mod eval;
mod healthcheck;
mod identities;
mod keys;
mod master;
mod models;
mod open;
mod out;
mod pipeline;
mod rotate;
mod serve;
mod train;
mod verify;
mod when;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Self-hosted, identity-aware deepfake verification.
///
/// Exit codes: 0 success, 1 failure, 2 wrong usage, 141 nobody reads the output any more; `faceward batch` has two more,
/// see its help.
#[derive(Parser)]
#[command(name = "faceward", version, about, long_about, max_term_width = 110)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Serve(serve::Args),
    Enroll(enroll::Args),
    Verify(verify::Args),
    Batch(batch::Args),
    Identities(identities::Args),
    Eval(eval::Args),
    Calibrate(calibrate::Args),
    Keys(keys::Args),
    Audit(audit::Args),
    Backup(backup::Args),
    Restore(backup::RestoreArgs),
    Config(config::Args),
    Healthcheck(healthcheck::Args),
    Models(models::Args),
    Demo(demo::Args),
    Train(train::Args),
}

/// Runs the command line; the exit code is 0 for success, 1 for a failure, 2 for wrong usage.
pub(crate) fn run() -> ExitCode {
    let command = Cli::parse().command;
    out::guarded(|| dispatch(command))
}

fn dispatch(command: Command) -> ExitCode {
    let result = match command {
        Command::Serve(args) => serve::run(&args),
        Command::Enroll(args) => enroll::run(&args),
        Command::Verify(args) => verify::run(&args),
        Command::Batch(args) => batch::run(&args),
        Command::Identities(args) => identities::run(&args),
        Command::Eval(args) => eval::run(&args),
        Command::Calibrate(args) => calibrate::run(&args),
        Command::Keys(args) => keys::run(&args),
        Command::Audit(args) => audit::run(&args),
        Command::Backup(args) => backup::run(&args),
        Command::Restore(args) => backup::restore(&args),
        Command::Config(args) => config::run(&args),
        Command::Healthcheck(args) => healthcheck::run(&args),
        Command::Models(args) => models::run(&args),
        Command::Demo(args) => demo::run(&args),
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
