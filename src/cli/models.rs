//! `faceward models`: the networks, their sources and licences, and whether every file matches the manifest; and a copy
//! of them where they are found from any folder.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Subcommand;
use faceward::models::{Manifest, install, user_folder};
use serde_json::json;

use super::shared_args::ModelsDir;
use super::{Failure, open};

/// List the networks with their sources and licences, and check every file's hash.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  faceward models --models /srv/faceward/models\n  faceward models install\n\n\
    Exit codes: 0 every file matches the manifest, 1 a file is missing or altered, 2 wrong usage.",
    args_conflicts_with_subcommands = true
)]
pub(super) struct Args {
    #[command(subcommand)]
    action: Option<Action>,
    #[command(flatten)]
    networks: ModelsDir,
    /// Print one JSON document per file, one per line.
    #[arg(long)]
    json: bool,
}

#[derive(Subcommand)]
enum Action {
    /// Copy the models to a folder of your own, where the program finds them from anywhere.
    ///
    /// After `cargo install --path .` run it once in the source tree, and again after each upgrade: then the program
    /// no longer needs the source tree.
    #[command(after_help = "Examples:\n  faceward models install\n  \
        sudo faceward models install --to /usr/local/share/faceward/models\n\n\
        Exit codes: 0 the models were copied, 1 they were not, 2 wrong usage.")]
    Install {
        #[command(flatten)]
        networks: ModelsDir,
        /// Folder to copy to [default: `faceward/models` in `XDG_DATA_HOME`, or in `~/.local/share` if that is unset].
        #[arg(long, value_name = "DIR")]
        to: Option<PathBuf>,
        /// Print one JSON document.
        #[arg(long)]
        json: bool,
    },
}

pub(super) fn run(args: &Args) -> Result<ExitCode, Failure> {
    match &args.action {
        None => list(args),
        Some(Action::Install { networks, to, json }) => {
            let manifest = Manifest::open(&networks.models)?;
            let to = to.clone().or_else(user_folder);
            let to = to.ok_or("no folder of your own is known (HOME is not set): give one with --to DIR")?;
            let files = install(&manifest, &to)?;
            let version = manifest.version();
            if *json {
                println!("{}", json!({ "folder": to, "files": files, "version": version }));
            } else {
                println!("copied {files} files, models version {version}, to {}", open::plain(&to));
            }
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn list(args: &Args) -> Result<ExitCode, Failure> {
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
