//! `faceward doctor`: whether a server would start with these settings and serve well, one line per check. A file here
//! per subject; each adds its checks to the [`Report`].

mod configuration;
mod data;
mod database;
mod limits;
mod listening;
mod models;
mod report;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::ArgMatches;
use faceward::config::{Flags, Storage};
use serde_json::json;

use super::master::MasterArgs;
use report::{Report, State};

/// Check the settings, the models, the data folder, keys, certificate and limits of a server.
///
/// It reads what `faceward serve` would read, from the same file, variables and flags, and changes nothing; a server may
/// be running on the folder. Each line is one check: ok, warning or failed. What is not ok says what to do.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  faceward doctor --config faceward.toml\n  \
    faceward doctor --data-dir /srv/faceward --strict --json\n\n\
    Exit codes: 0 nothing failed, 1 a check failed, or with --strict there was a warning, 2 wrong usage.")]
pub(super) struct Args {
    /// Settings file (TOML).
    #[arg(long, env = "FACEWARD_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// The server is started with --create: it makes the store where the data folder has none.
    #[arg(long, env = "FACEWARD_CREATE")]
    create: bool,
    /// Fail on warnings too.
    #[arg(long)]
    strict: bool,
    /// Print one JSON document.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    flags: Flags,
}

/// `matches` are those of this command.
pub(super) fn run(args: &Args, matches: &ArgMatches) -> ExitCode {
    let mut report = Report::new(!args.json);
    let settings = configuration::check(&mut report, args.config.as_deref(), &args.flags, matches);
    models::check(&mut report, &settings.models);
    let source = MasterArgs::merged(&settings.storage, args.flags.names_master_key()).source();
    let created = args.create || settings.storage.data_dir == Storage::default().data_dir;
    let held = data::check(&mut report, &settings, source, created);
    listening::certificate(&mut report, &settings.server);
    listening::server(&mut report, &settings.server, held);
    listening::collector(&mut report, &settings.telemetry);
    limits::check(&mut report, &settings);
    let (failed, warnings) = (report.count(State::Failed), report.count(State::Warning));
    if args.json {
        let state = report.worst();
        println!("{}", json!({ "state": state, "version": env!("CARGO_PKG_VERSION"), "checks": report.checks() }));
    } else {
        println!("{}", summary(report.checks().len(), failed, warnings));
    }
    let bad = failed > 0 || (args.strict && warnings > 0);
    if bad { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn summary(checks: usize, failed: usize, warnings: usize) -> String {
    let plural = if warnings == 1 { "" } else { "s" };
    match (failed, warnings) {
        (0, 0) => format!("{checks} checks, all ok"),
        (0, _) => format!("{checks} checks, none failed, {warnings} warning{plural}"),
        _ => format!("{checks} checks, {failed} failed, {warnings} warning{plural}"),
    }
}
