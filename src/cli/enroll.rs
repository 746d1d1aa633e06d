//! `faceward enroll`: reference photographs of a protected person.

use std::path::PathBuf;
use std::process::ExitCode;

use faceward::audit::{Actor, Event};
use faceward::identity::{IdentityFields, IdentityId};
use faceward::service::{EnrollmentReport, ServiceError, Upload};

use super::Failure;
use super::open::{Places, plain, read};

/// Enroll photographs of a person; the identity is created when it is missing.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  faceward enroll jane.doe photos/jane/*.jpg --name \"Jane Doe\"\n\n\
    Exit codes: 0 at least one photograph was accepted, 1 none was or the command failed, 2 wrong usage.")]
pub(super) struct Args {
    /// The identity's id: [a-z0-9][a-z0-9._-]{0,63}.
    id: IdentityId,
    /// Photographs of that person; other people may be in them.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The person's name for reviewers; the id where it is not given.
    #[arg(long)]
    name: Option<String>,
    #[command(flatten)]
    places: Places,
    /// Print the report as one JSON document.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> Result<ExitCode, Failure> {
    let uploads = args.files.iter().map(|path| {
        let filename = path.file_name().map(|n| n.to_string_lossy().into_owned());
        Ok(Upload { filename, bytes: read(path)? })
    });
    let uploads = uploads.collect::<Result<Vec<_>, Failure>>()?;
    let (service, audit) = args.places.service()?;
    let known = match service.identity(&args.id) {
        Ok(enrolled) => Some(enrolled.record.fields.clone()),
        Err(ServiceError::UnknownIdentity(_)) => None,
        Err(e) => return Err(e.into()),
    };
    let created = known.is_none();
    let mut fields = known.unwrap_or_default();
    if created || args.name.is_some() {
        let display_name = args.name.clone().unwrap_or_else(|| args.id.to_string());
        fields = IdentityFields { display_name, ..fields };
        service.put_identity(&args.id, &fields)?;
        audit.append(&Actor::CommandLine, &Event::IdentityWritten { subject: audit.subject(&args.id), created })?;
    }
    let report = service.add_references(&args.id, &uploads)?;
    audit.append(&Actor::CommandLine, &Event::added(audit.subject(&args.id), false, &report))?;
    if args.json {
        println!("{}", serde_json::to_string(&report)?);
    } else {
        println!("{} {} ({})", if created { "created" } else { "identity" }, args.id, fields.display_name);
        print(args, &report);
    }
    Ok(if report.accepted.is_empty() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn print(args: &Args, report: &EnrollmentReport) {
    let file = |index: usize| args.files.get(index).map_or_else(String::new, |p| plain(p));
    for a in &report.accepted {
        let others = if a.faces > 1 { format!(", one of {} faces", a.faces) } else { String::new() };
        println!("  accepted  {}  (quality {:.0} of 100{others})", file(a.index), a.quality);
    }
    for r in &report.rejected {
        println!("  rejected  {}  {}: {}", file(r.index), r.code, r.detail);
    }
    match &report.profile {
        Some(p) if p.references == 1 => println!("1 reference in all: {}", p.remark),
        Some(p) => println!("{} references in all: {}", p.references, p.remark),
        None => println!("no reference in all: nothing can be verified against this identity yet"),
    }
}
