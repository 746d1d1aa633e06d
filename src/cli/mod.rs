//! The command line: a module per command, beside what commands share: the groups of arguments (`shared_args`,
//! `master`), opening the data folder (`open`), what of a folder is not read (`left_out`), standard output (`out`) and
//! times (`when`).

/// `std::println!` that ends the command quietly, instead of panicking, when its output was closed.
macro_rules! println {
    ($($what:tt)*) => { $crate::cli::out::print(format_args!("{}\n", format_args!($($what)*))) };
}
/// `std::print!` with the same end.
macro_rules! print {
    ($($what:tt)*) => { $crate::cli::out::print(format_args!($($what)*)) };
}

mod audit;
mod av1;
mod backup;
mod batch;
mod calibrate;
mod config;
mod decided;
mod demo;
mod doctor;
mod enroll;
mod eval;
mod healthcheck;
mod identities;
mod keys;
mod left_out;
mod master;
mod models;
mod open;
mod out;
mod pipeline;
mod rotate;
mod serve;
mod shared_args;
mod store;
mod train;
mod verify;
mod when;

use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue};
use clap::{ArgMatches, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

/// Self-hosted, identity-aware deepfake verification.
///
/// Enroll photographs of the people you protect; verify images against them; read why an image is called fake.
#[derive(Parser)]
#[command(
    name = "faceward",
    version,
    about,
    long_about,
    max_term_width = 110,
    after_help = "Example:\n  faceward demo\n  faceward enroll jane.doe photos/*.jpg --name \"Jane Doe\"\n  \
        faceward verify --identity jane.doe suspicious.jpg\n\n\
        Exit codes: 0 success, 1 failure, 2 wrong usage, 141 the output was closed. If a command has others, \
        its help lists them."
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Serve(Box<serve::Args>),
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
    Store(store::Args),
    Config(config::Args),
    Doctor(Box<doctor::Args>),
    Healthcheck(healthcheck::Args),
    Models(models::Args),
    Demo(demo::Args),
    Train(train::Args),
}

/// Runs the command line; the help of each command lists its exit codes.
pub(crate) fn run() -> ExitCode {
    if let Some(end) = av1::worker() {
        return end;
    }
    let matches = Cli::command().try_get_matches().unwrap_or_else(|e| under_its_name(e).exit());
    let command = Cli::from_arg_matches(&matches).unwrap_or_else(|e| e.exit()).command;
    let matches = matches.subcommand().map_or_else(ArgMatches::default, |(_, matches)| matches.clone());
    out::guarded(|| dispatch(command, &matches))
}

/// The error; a refused value that comes from the environment is named by its variable instead of its flag.
fn under_its_name(mut error: clap::Error) -> clap::Error {
    if let (Some(ContextValue::String(argument)), Some(ContextValue::String(value))) =
        (error.get(ContextKind::InvalidArg), error.get(ContextKind::InvalidValue))
    {
        let mut command = Cli::command();
        command.build();
        if let Some(variable) = variable(&command, argument, value) {
            error.insert(ContextKind::InvalidArg, ContextValue::String(variable));
        }
    }
    error
}

/// The variable that gives `value` to the argument shown as `shown`; `None` if its flag is given.
fn variable(command: &clap::Command, shown: &str, value: &str) -> Option<String> {
    let set = |arg: &clap::Arg| {
        let variable = arg.get_env().filter(|_| arg.to_string() == shown)?;
        let flag = format!("--{}", arg.get_long()?);
        let given = std::env::var(variable).is_ok_and(|it| it == value) && !flagged(&flag);
        given.then(|| variable.to_string_lossy().into_owned())
    };
    let mut below = command.get_subcommands();
    command.get_arguments().find_map(set).or_else(|| below.find_map(|command| variable(command, shown, value)))
}

/// Whether the flag, with its dashes, is on the command line.
fn flagged(flag: &str) -> bool {
    std::env::args_os().any(|word| word.to_string_lossy().split('=').next() == Some(flag))
}

/// `matches` are those of the command.
fn dispatch(command: Command, matches: &ArgMatches) -> ExitCode {
    let result = match command {
        Command::Serve(args) => serve::run(&args, matches),
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
        Command::Store(args) => store::run(&args),
        Command::Config(args) => config::run(&args),
        Command::Doctor(args) => Ok(doctor::run(&args, matches)),
        Command::Healthcheck(args) => healthcheck::run(&args),
        Command::Models(args) => models::run(&args),
        Command::Demo(args) => demo::run(&args),
        Command::Train(args) => train::run(&args),
    };
    match result {
        Ok(code) => code,
        Err(e) => {
            eprintln!("faceward: {e}");
            if e.is::<NothingFound>() { ExitCode::from(NothingFound::CODE) } else { ExitCode::FAILURE }
        }
    }
}

/// Why a command failed: one sentence for the person at the terminal.
type Failure = Box<dyn std::error::Error>;

/// A folder or list in which a command found nothing to work on: an end of its own, so that a script that looked in the
/// wrong place does not pass for one that found nothing wrong.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct NothingFound(String);

impl NothingFound {
    /// The exit code.
    const CODE: u8 = 5;
}
