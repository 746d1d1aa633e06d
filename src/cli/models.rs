//! `faceward models`: the networks, their sources and licences, and whether every file matches the manifest.

use std::process::ExitCode;

use faceward::models::Manifest;
use serde_json::json;

use super::Failure;
use super::shared_args::ModelsDir;

/// List the networks with their sources and licences, and check every file's hash.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  faceward models --models /srv/faceward/models\n\n\
    Exit codes: 0 every file matches the manifest, 1 a file is missing or altered, 2 wrong usage.")]
pub(super) struct Args {
    #[command(flatten)]
    networks: ModelsDir,
    /// Print one JSON document per file, one per line.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> Result<ExitCode, Failure> {
    let manifest = Manifest::open(&args.networks.models)?;
    let width = |f: fn(&faceward::models::ModelEntry) -> &str| manifest.models.iter().map(|m| f(m).len()).max();
    let (files, licenses) = (width(|m| &m.file).unwrap_or(0), width(|m| &m.license).unwrap_or(0));
    if !args.json {
        println!("{:13} {:files$} {:licenses$} {:8} {:12} source", "role", "file", "licence", "hash", "sha256");
    }
    let mut failures = Vec::new();
    for m in &manifest.models {
        let checked = manifest.read(m.role);
        let state = if checked.is_ok() { "ok" } else { "WRONG" };
        let role = serde_json::to_value(m.role)?;
        if args.json {
            let mut line = serde_json::to_value(m)?;
            if let Some(object) = line.as_object_mut() {
                object.insert("intact".into(), json!(checked.is_ok()));
            }
            println!("{line}");
        } else {
            let (role, hash) = (role.as_str().unwrap_or_default(), &m.sha256[..12]);
            println!("{role:13} {:files$} {:licenses$} {state:8} {hash} {}", m.file, m.license, m.source);
        }
        failures.extend(checked.err());
    }
    for e in &failures {
        eprintln!("faceward: {e}");
    }
    if !args.json {
        println!("models version {}", manifest.version());
    }
    Ok(if failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
