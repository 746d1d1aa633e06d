//! `faceward verify`: a few images, verified at a terminal.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use faceward::audit::Actor;
use faceward::error_code::ErrorCode;
use faceward::identity::IdentityId;
use faceward::service::{RecordedService, ServiceError, Verification, VerifyOptions};
use serde_json::json;

use super::Failure;
use super::open::{plain, read};
use super::shared_args::ServiceArgs;

/// Verify whether images are genuine photographs of a protected person.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  faceward verify --identity jane.doe suspicious.jpg\n\n\
    Exit codes: 0 every image has a verdict (whichever it is), 1 an image or the command failed, 2 wrong usage.\n\n\
    For many images, and for an exit code that reports fakes, use `faceward batch`.")]
#[allow(clippy::struct_excessive_bools, reason = "each is a flag")]
pub(super) struct Args {
    /// Images to verify.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Identity that the images claim to show; without it, all identities are searched for each face.
    #[arg(long, value_name = "ID")]
    identity: Option<IdentityId>,
    #[command(flatten)]
    service: ServiceArgs,
    /// Verify a degraded copy of every face called real or fake too (docs/robustness.md).
    #[arg(
        long,
        value_name = "BOOL",
        num_args = 0..=1,
        require_equals = true,
        action = clap::ArgAction::Set,
        default_value_t = false,
        default_missing_value = "true"
    )]
    stability_check: bool,
    /// Candidates to list per face, 1 to 100; without --identity only.
    #[arg(long, value_name = "N", conflicts_with = "identity")]
    top_k: Option<usize>,
    /// Share of strangers that may be taken for somebody enrolled, 0.000001 to 0.5 [default: 0.0033]; without
    /// --identity only.
    #[arg(long, value_name = "RATE", conflicts_with = "identity")]
    target_fpir: Option<f32>,
    /// Also tell apparent age, sex and expression of faces, in the JSON documents.
    #[arg(long)]
    full: bool,
    /// Print the measured value of each difference, with its usual range and unit.
    #[arg(long)]
    figures: bool,
    /// Print one JSON document per image, one per line.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> Result<ExitCode, Failure> {
    let service = args.service.service(|service| service.with_apparent_traits(args.full))?;
    let options = VerifyOptions {
        stability_check: Some(args.stability_check),
        full: args.full,
        top_k: args.top_k,
        target_fpir: args.target_fpir,
        review: false,
    };
    if let Some(id) = &args.identity {
        let enrolled = service.identity(id)?;
        if enrolled.references == 0 {
            return Err(ServiceError::NoReferences(id.clone()).into());
        }
    }
    let mut code = ExitCode::SUCCESS;
    for path in &args.files {
        match verify(&service, path, args.identity.as_ref(), &options) {
            Ok(v) if args.json => {
                let mut line = serde_json::to_value(&v)?;
                if let Some(object) = line.as_object_mut() {
                    object.insert("path".into(), json!(path.to_string_lossy()));
                }
                println!("{line}");
            }
            Ok(v) => {
                println!("{}", plain(path));
                print(&v, args.figures);
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
    options: &VerifyOptions,
) -> Result<Verification, (ErrorCode, String)> {
    let bytes = read(path).map_err(|e| (ErrorCode::FileUnreadable, e))?;
    service.acting_as(Actor::CommandLine).verify_with(&bytes, id, options).map_err(|e| (e.code(), e.to_string()))
}

/// The answer in words; with `figures`, the measured value of each difference too.
pub(super) fn print(v: &Verification, figures: bool) {
    let t = &v.thresholds;
    let score = v.score.map_or_else(|| "-".to_owned(), |score| fixed([score, t.fake, t.real], 2)[0].clone());
    let who =
        v.identity.as_ref().map_or_else(String::new, |i| format!("   identity {}", named(&i.id, &i.display_name)));
    println!("  verdict {}   score {score}{who}", v.verdict.name());
    println!("  {}", v.explanation.summary);
    let listed = v.search.iter().flat_map(|s| &s.candidates).skip(1);
    for c in listed {
        println!(
            "    candidate {}   cosine similarity {:.2}",
            named(&c.identity.id, &c.identity.display_name),
            c.similarity
        );
    }
    for d in &v.explanation.differences {
        println!("    - {}: {}", d.region, d.text);
        if figures {
            let [from, to] = d.expected;
            let [observed, from, to] = fixed([d.observed, from, to], if d.unit == "cosine" { 3 } else { 1 });
            println!("      {observed} {} (usual: {from} to {to})", d.unit);
        }
    }
}

/// An identity's id, with its name if that is another.
pub(super) fn named(id: &str, name: &str) -> String {
    if id == name { id.to_owned() } else { format!("{id} ({name})") }
}

/// The values with the same number of digits after the point, at least `digits`: enough to tell the first from the
/// others, and no negative zero.
fn fixed(values: [f32; 3], digits: usize) -> [String; 3] {
    // Beyond these an `f32` below 1 holds nothing.
    const MOST: usize = 9;
    let printed = |digits: usize| {
        values.map(|value| {
            let text = format!("{value:.digits$}");
            let zero = !text.contains(|c: char| ('1'..='9').contains(&c));
            if zero { text.trim_start_matches('-').to_owned() } else { text }
        })
    };
    let told_apart =
        |text: &[String; 3]| (1..3).all(|i| values[0].to_bits() == values[i].to_bits() || text[0] != text[i]);
    (digits..=MOST).map(printed).find(told_apart).unwrap_or_else(|| printed(MOST))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_told_apart_without_a_negative_zero() {
        assert_eq!(fixed([0.505, 0.18, 0.53], 2), ["0.50", "0.18", "0.53"]);
        assert_eq!(fixed([0.9539, 0.9541, 1.0], 3), ["0.9539", "0.9541", "1.0000"]);
        assert_eq!(fixed([-0.01, 0.4, 2.0], 1), ["0.0", "0.4", "2.0"]);
        assert_eq!(fixed([0.5, 0.5, 0.5], 1), ["0.5", "0.5", "0.5"]);
    }

    #[test]
    fn a_name_equal_to_the_id_is_not_repeated() {
        assert_eq!(named("jane", "jane"), "jane");
        assert_eq!(named("jane", "Jane Doe"), "jane (Jane Doe)");
    }
}
