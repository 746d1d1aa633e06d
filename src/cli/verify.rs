//! `faceward verify`: a few images, verified at a terminal.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use faceward::audit::Actor;
use faceward::error_code::ErrorCode;
use faceward::identity::IdentityId;
use faceward::service::{RecordedService, ServiceError, Verification};
use serde_json::json;

use super::Failure;
use super::open::{plain, read};
use super::places::Places;

/// Verify whether images are genuine photographs of a protected person.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  faceward verify --identity jane.doe suspicious.jpg\n\n\
    Exit codes: 0 every image has a verdict (whichever it is), 1 an image or the command failed, 2 wrong usage.\n\
    For many images, and for an exit code that reports fakes, use `faceward batch`.")]
pub(super) struct Args {
    /// Images to verify.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Identity that the images claim to show; without it every face is searched over all identities.
    #[arg(long, value_name = "ID")]
    identity: Option<IdentityId>,
    #[command(flatten)]
    places: Places,
    /// Verify a degraded copy of every face called real or fake too (docs/robustness.md).
    #[arg(long)]
    stability_check: bool,
    /// Print one JSON document per image, one per line.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> Result<ExitCode, Failure> {
    let service = args.places.service(|service| service.with_stability_check(args.stability_check))?;
    if let Some(id) = &args.identity {
        let enrolled = service.identity(id)?;
        if enrolled.profile.is_none() {
            return Err(ServiceError::NoReferences(id.clone()).into());
        }
    }
    let mut code = ExitCode::SUCCESS;
    for path in &args.files {
        match verify(&service, path, args.identity.as_ref()) {
            Ok(v) if args.json => {
                let mut line = serde_json::to_value(&v)?;
                if let Some(object) = line.as_object_mut() {
                    object.insert("path".into(), json!(path.to_string_lossy()));
                }
                println!("{line}");
            }
            Ok(v) => {
                println!("{}", plain(path));
                print(&v);
            }
            Err((error, detail)) => {
                code = ExitCode::FAILURE;
                if args.json {
                    println!("{}", json!({ "path": path.to_string_lossy(), "error": error, "detail": detail }));
                }
                eprintln!("faceward: {}: {detail}", plain(path));
            }
        }
    }
    Ok(code)
}

fn verify(
    service: &RecordedService,
    path: &Path,
    id: Option<&IdentityId>,
) -> Result<Verification, (ErrorCode, String)> {
    let bytes = read(path).map_err(|e| (ErrorCode::FileUnreadable, e.to_string()))?;
    service.acting_as(Actor::CommandLine).verify(&bytes, id).map_err(|e| (e.code(), e.to_string()))
}

/// The answer in words.
pub(super) fn print(v: &Verification) {
    let score = v.score.map_or_else(|| "-".to_owned(), |s| format!("{s:.3}"));
    let who = v.identity.as_ref().map_or_else(String::new, |i| format!("   identity {} ({})", i.id, i.display_name));
    println!("  verdict {}   score {score}{who}", v.verdict.name());
    println!("  {}", v.explanation.summary);
    for d in &v.explanation.differences {
        println!("    - {}: {}", d.region, d.text);
        let digits = if d.unit == "cosine" { 3 } else { 1 };
        let [from, to] = d.expected;
        println!("      {:.digits$} {} (usual: {from:.digits$} to {to:.digits$})", d.observed, d.unit);
    }
}
