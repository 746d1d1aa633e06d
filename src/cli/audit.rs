//! `faceward audit`: the audit log.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Subcommand;
use faceward::audit::{self, Head, HeadError};
use faceward::file_error::FileError;
use faceward::identity::IdentityId;
use serde_json::json;

use super::shared_args::DataFolder;
use super::{Failure, open};

/// Check the audit log, and find the lines about an identity.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  faceward audit verify\n  faceward audit head >> elsewhere/heads.txt\n  \
    grep $(faceward audit subject jane.doe) enrollments/audit.jsonl")]
pub(super) struct Args {
    #[command(subcommand)]
    action: Action,
    #[command(flatten)]
    data: DataFolder,
}

#[derive(Subcommand)]
enum Action {
    /// Check that no line of the log was changed, removed or moved. A server may be running.
    #[command(after_help = "Example:\n  faceward audit verify --expect $(tail -1 elsewhere/heads.txt)\n\n\
        Exit codes: 0 the log is whole, 1 it is not, or it cannot be checked, 2 wrong usage.")]
    Verify {
        /// Head that `faceward audit head` printed earlier and that was kept elsewhere; may be given several times.
        #[arg(long, value_name = "NUMBER:HASH")]
        expect: Vec<Head>,
        /// Check this copy of a log, by its chain of hashes alone: without the head beside it and without the master
        /// key.
        #[arg(long, value_name = "FILE")]
        file: Option<PathBuf>,
        /// Print one JSON document.
        #[arg(long)]
        json: bool,
    },
    /// Print the number and the hash of the last line, to keep elsewhere.
    #[command(after_help = "Example:\n  faceward audit head")]
    Head {
        /// Print one JSON document.
        #[arg(long)]
        json: bool,
    },
    /// Print the pseudonym of an identity in the log.
    #[command(after_help = "Example:\n  faceward audit subject jane.doe")]
    Subject {
        /// The identity's id; the identity may have been erased.
        id: IdentityId,
        /// Print one JSON document.
        #[arg(long)]
        json: bool,
    },
}

pub(super) fn run(args: &Args) -> Result<ExitCode, Failure> {
    match &args.action {
        Action::Verify { expect, file: Some(file), json } => verify(file, expect, *json),
        Action::Verify { expect, file: None, json } => {
            let heads = [expect.clone(), head(args)?.into_iter().collect()].concat();
            verify(&audit::files(args.data.path()).0, &heads, *json)
        }
        Action::Head { json } => {
            let head =
                head(args)?.ok_or("there is no audit log yet: it starts with the first recorded action")?.to_string();
            println!("{}", if *json { json!({ "head": head }).to_string() } else { head });
            Ok(ExitCode::SUCCESS)
        }
        Action::Subject { id, json } => {
            let subject = open::service_keys(&args.data)?.subject(id);
            println!("{}", if *json { json!({ "id": id, "subject": subject }).to_string() } else { subject });
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// The authentic head beside the log.
fn head(args: &Args) -> Result<Option<Head>, Failure> {
    let keys = open::service_keys(&args.data)?;
    let (_, path) = audit::files(args.data.path());
    Head::read(&path, keys.audit()).map_err(|e| match e {
        HeadError::Io(e) => FileError::read(&path)(e).into(),
        HeadError::Forged => format!("`{}`: {e}: keep it as evidence (docs/audit.md)", open::plain(&path)).into(),
    })
}

fn verify(log: &Path, heads: &[Head], json: bool) -> Result<ExitCode, Failure> {
    let file = File::open(log).map_err(FileError::read(log))?;
    let report = audit::verify(BufReader::new(file), heads).map_err(FileError::read(log))?;
    let findings: Vec<String> = report.findings.iter().map(ToString::to_string).collect();
    let last = report.last.map(|head| head.to_string());
    if json {
        let whole = findings.is_empty();
        println!(
            "{}",
            json!({ "whole": whole, "lines": report.lines, "last": last, "beyond_head": report.beyond_head, "findings": findings })
        );
    } else {
        for finding in &findings {
            println!("{finding}");
        }
        println!("{} lines, last {}", report.lines, last.unwrap_or_else(|| "none".to_owned()));
        if report.beyond_head > 0 {
            println!("{} lines follow the head: written since, or during a crash", report.beyond_head);
        }
    }
    Ok(if findings.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
