//! Torture: starts the real server and tries to break it, as attackers, full disks and power cuts do. Prints one table
//! and exits with 1 if any case fails. `scripts/torture` runs it; docs/torture.md describes the suites.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command line speaks on its terminal")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test tool may panic")]

mod faults;
mod hostile;
mod http;
mod images;
mod kills;
mod load;
mod requests;
mod server;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;

/// Start the real server and try to break it.
#[derive(Parser)]
pub(crate) struct Args {
    /// The program to test.
    #[arg(long, default_value = "target/release/faceward")]
    program: PathBuf,
    /// The folder with the networks.
    #[arg(long, default_value = "models")]
    models: PathBuf,
    /// The demo's photographs.
    #[arg(long, default_value = "demo")]
    photographs: PathBuf,
    /// The documented error codes.
    #[arg(long, default_value = "docs/errors.md")]
    codes: PathBuf,
    /// Run about a quarter of the cases, in about a minute.
    #[arg(long)]
    quick: bool,
    /// Run only suites whose name contains this.
    #[arg(long)]
    only: Option<String>,
    /// List every failure instead of the first 20.
    #[arg(long)]
    verbose: bool,
}

impl Args {
    pub(crate) fn photograph(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.photographs.join(name)).unwrap()
    }

    /// `full`, or about a quarter in a quick run.
    pub(crate) fn some(&self, full: usize) -> usize {
        if self.quick { full.div_ceil(4) } else { full }
    }
}

/// The result of a suite.
#[derive(Default)]
pub(crate) struct Outcome {
    /// Cases tried.
    pub(crate) cases: usize,
    /// Cases passed.
    pub(crate) right: usize,
    /// Times that the server died, or answered 5xx to a client's fault.
    pub(crate) crashes: usize,
    /// Acknowledged writes lost, and unacknowledged writes half done.
    pub(crate) lost: usize,
    /// Memory bounds exceeded.
    pub(crate) leaks: usize,
    /// Measurements.
    pub(crate) notes: Vec<String>,
    /// Failed cases, with the reason.
    pub(crate) failures: Vec<String>,
}

impl Outcome {
    /// Counts a case.
    pub(crate) fn case(&mut self, name: &str, result: Result<(), String>) {
        self.cases += 1;
        match result {
            Ok(()) => self.right += 1,
            Err(why) => self.failures.push(format!("{name}: {why}")),
        }
    }

    pub(crate) fn note(&mut self, text: impl Into<String>) {
        self.notes.push(text.into());
    }

    fn is_right(&self) -> bool {
        self.right == self.cases && self.crashes + self.lost + self.leaks == 0 && self.failures.is_empty()
    }
}

type Suite = (&'static str, fn(&Args) -> Outcome);

const SUITES: [Suite; 10] = [
    ("hostile images", hostile::images),
    ("hostile requests", hostile::requests),
    ("load, 10 x capacity", load::overload),
    ("slow clients", load::slow),
    ("drain on SIGTERM", load::drain),
    ("kill -9, server", kills::server),
    ("kill -9, command line", kills::commands),
    ("disk full, read-only", faults::disk),
    ("damaged store", faults::damage),
    ("two on one folder", faults::two),
];

fn main() -> ExitCode {
    let args = Args::parse();
    let started = Instant::now();
    let mut wrong = 0;
    println!(
        "{:22} {:>6} {:>6} {:>7} {:>5} {:>5} {:>6}  measured",
        "suite", "cases", "right", "crashes", "lost", "leaks", "s"
    );
    let mut total = Outcome::default();
    let mut failures = Vec::new();
    for (name, suite) in SUITES {
        if args.only.as_ref().is_some_and(|part| !name.contains(part.as_str())) {
            continue;
        }
        let begun = Instant::now();
        let o = suite(&args);
        println!(
            "{name:22} {:>6} {:>6} {:>7} {:>5} {:>5} {:>6.1}  {}",
            o.cases,
            o.right,
            o.crashes,
            o.lost,
            o.leaks,
            begun.elapsed().as_secs_f32(),
            o.notes.join(", ")
        );
        wrong += usize::from(!o.is_right());
        total.cases += o.cases;
        total.right += o.right;
        total.crashes += o.crashes;
        total.lost += o.lost;
        total.leaks += o.leaks;
        failures.extend(o.failures.into_iter().map(|f| format!("{name}: {f}")));
    }
    println!(
        "{:22} {:>6} {:>6} {:>7} {:>5} {:>5} {:>6.1}",
        "all",
        total.cases,
        total.right,
        total.crashes,
        total.lost,
        total.leaks,
        started.elapsed().as_secs_f32()
    );
    let shown = if args.verbose { failures.len() } else { 20 };
    for failure in failures.iter().take(shown) {
        println!("WRONG  {failure}");
    }
    if failures.len() > shown {
        println!("WRONG  and {} more (--verbose)", failures.len() - shown);
    }
    if wrong == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
