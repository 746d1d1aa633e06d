//! `faceward enroll`: reference photographs of a protected person.

use std::path::PathBuf;
use std::process::ExitCode;

use faceward::audit::Actor;
use faceward::identity::{ErrorTargets, IdentityFields, IdentityId, SampleKind};
use faceward::service::{EnrollmentReport, ServiceError, Upload};
use jiff::Timestamp;

use super::Failure;
use super::open::{Places, plain, read};
use super::when::when;

/// Enroll photographs of a person; the identity is created when it is missing.
#[derive(clap::Args)]
#[command(
    after_help = "Example:\n  faceward enroll jane.doe photos/jane/*.jpg --name \"Jane Doe\" --consent-basis consent --expires 52w\n  \
    faceward enroll jane.doe photos/jane/new.jpg --target-fake-called-real 0.02\n\n\
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
    /// The share of this person's genuine photographs that may be called fake, `default` for that of everybody.
    #[arg(long, value_name = "RATE", value_parser = rate)]
    target_genuine_called_fake: Option<Rate>,
    /// The share of fakes of this person that may be called real, `default` for that of everybody.
    #[arg(long, value_name = "RATE", value_parser = rate)]
    target_fake_called_real: Option<Rate>,
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

/// A rate that is given; `None`: `default`.
#[derive(Clone, Copy)]
struct Rate(Option<f32>);

/// Which rates can be had depends on the thresholds in use: the service says.
fn rate(text: &str) -> Result<Rate, String> {
    match text {
        "default" => Ok(Rate(None)),
        _ => text.parse().map(|r| Rate(Some(r))).map_err(|_| "a number or `default` is asked for".into()),
    }
}

impl Args {
    /// `known` with what was given laid over it; `None` where that is nothing.
    fn fields(&self, known: Option<&IdentityFields>) -> Option<IdentityFields> {
        let mut fields = known.cloned().unwrap_or_default();
        if known.is_none() || self.name.is_some() {
            fields.display_name = self.name.clone().unwrap_or_else(|| self.id.to_string());
        }
        if let Some(basis) = &self.consent_basis {
            fields.consent_basis = Some(basis.clone());
        }
        fields.expires_at = self.expires.or(fields.expires_at);
        if let Some(Rate(rate)) = self.target_genuine_called_fake {
            fields.targets.genuine_called_fake = rate;
        }
        if let Some(Rate(rate)) = self.target_fake_called_real {
            fields.targets.fake_called_real = rate;
        }
        (known != Some(&fields)).then_some(fields)
    }
}

pub(super) fn run(args: &Args) -> Result<ExitCode, Failure> {
    let uploads = args.files.iter().map(|path| {
        let filename = path.file_name().map(|n| n.to_string_lossy().into_owned());
        Ok(Upload { filename, bytes: read(path)? })
    });
    let uploads = uploads.collect::<Result<Vec<_>, Failure>>()?;
    let service = args.places.service(|service| service.with_images_kept(args.keep_images))?;
    let operator = service.acting_as(Actor::CommandLine);
    let known = match service.identity(&args.id) {
        Ok(enrolled) => Some(enrolled.record.fields.clone()),
        Err(ServiceError::UnknownIdentity(_)) => None,
        Err(e) => return Err(e.into()),
    };
    let created = known.is_none();
    if let Some(fields) = args.fields(known.as_ref()) {
        operator.put_identity(&args.id, &fields)?;
    }
    let report = operator.enroll(&args.id, SampleKind::Reference, &uploads)?;
    if args.json {
        println!("{}", serde_json::to_string(&report)?);
    } else {
        let enrolled = service.identity(&args.id)?;
        let name = &enrolled.record.fields.display_name;
        println!("{} {} ({name})", if created { "created" } else { "identity" }, args.id);
        print(args, &report);
        if enrolled.record.fields.targets != ErrorTargets::default() {
            let t = service.thresholds(&enrolled);
            println!(
                "thresholds of its own: fake up to {:.3} ({} of genuine photographs called fake), real from {:.3} ({} of \
                 fakes called real)",
                t.fake, t.target_genuine_called_fake, t.real, t.target_fake_called_real
            );
        }
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
