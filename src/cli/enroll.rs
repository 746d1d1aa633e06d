//! `faceward enroll`: reference photographs of a protected person.

use std::path::PathBuf;
use std::process::ExitCode;

use faceward::audit::{Actor, Event};
use faceward::identity::{IdentityFields, IdentityId};
use faceward::service::{EnrollmentReport, ServiceError, Upload};
use jiff::Timestamp;

use super::Failure;
use super::open::{Places, plain, read};
use super::when::when;

/// Enroll photographs of a person; the identity is created when it is missing.
#[derive(clap::Args)]
#[command(
    after_help = "Example:\n  faceward enroll jane.doe photos/jane/*.jpg --name \"Jane Doe\" --consent-basis consent --expires 52w\n\n\
    Exit codes: 0 at least one photograph was accepted, 1 none was or the command failed, 2 wrong usage."
)]
pub(super) struct Args {
    /// The identity's id: [a-z0-9][a-z0-9._-]{0,63}.
    id: IdentityId,
    /// Photographs of that person; other people may be in them.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The person's name for reviewers; the id where it is not given.
    #[arg(long)]
    name: Option<String>,
    /// Why the templates may be kept, for example `consent` (GDPR Art. 9(2)).
    #[arg(long, value_name = "TEXT")]
    consent_basis: Option<String>,
    /// When the identity must be erased: after a time (90d, 12h, 4w) or at one (2030-01-01T00:00:00Z).
    #[arg(long, value_parser = when, value_name = "TIME")]
    expires: Option<Timestamp>,
    /// Keep the photographs too, sealed as their templates are (docs/store.md).
    #[arg(long, env = "FACEWARD_KEEP_IMAGES")]
    keep_images: bool,
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
    let service = service.with_images_kept(args.keep_images);
    let known = match service.identity(&args.id) {
        Ok(enrolled) => Some(enrolled.record.fields.clone()),
        Err(ServiceError::UnknownIdentity(_)) => None,
        Err(e) => return Err(e.into()),
    };
    let created = known.is_none();
    let mut fields = known.unwrap_or_default();
    if created {
        fields.display_name = args.id.to_string();
    }
    let changed = IdentityFields {
        display_name: args.name.clone().unwrap_or_else(|| fields.display_name.clone()),
        consent_basis: args.consent_basis.clone().or_else(|| fields.consent_basis.clone()),
        expires_at: args.expires.or(fields.expires_at),
    };
    if created || changed != fields {
        fields = changed;
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
