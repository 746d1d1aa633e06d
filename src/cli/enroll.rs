//! `faceward enroll`: reference photographs of an identity.

use std::path::PathBuf;
use std::process::ExitCode;

use faceward::audit::Actor;
use faceward::identity::{ErrorTargets, IdentityFields, IdentityId, SampleKind};
use faceward::imaging::image_files;
use faceward::service::{EnrollmentReport, ServiceError, Upload};
use jiff::Timestamp;

use super::open::{plain, read};
use super::shared_args::ServiceArgs;
use super::verify::named;
use super::when::when;
use super::{Failure, NothingFound, left_out};

/// Enroll photographs of a person; the identity is created if it does not exist.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  faceward enroll jane.doe photos/jane/*.jpg --name \"Jane Doe\" --consent-basis consent --expires 52w\n  \
    faceward enroll jane.doe photos/jane/new.jpg --target-fake-called-real 0.02\n\n\
    Exit codes: 0 at least one photograph was accepted, 1 none was or the command failed, 2 wrong usage, \
    5 there was no image in the folders."
)]
pub(super) struct Args {
    /// Id of the identity: up to 64 of a-z, 0-9, dot, underscore and hyphen, starting with a letter or digit.
    id: IdentityId,
    /// Photographs of the person, or folders with such; they may show other people too.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Name of the person, shown to reviewers [default: the id].
    #[arg(long)]
    name: Option<String>,
    /// Share of this person's genuine photographs that may be called fake, above 0 and below 1, within the operating
    /// points (as shipped .005 to .2); `default` for the rate of all identities.
    #[arg(long, value_name = "RATE", value_parser = rate)]
    target_genuine_called_fake: Option<Rate>,
    /// Share of fakes of this person that may be called real, above 0 and below 1, within the operating points (as
    /// shipped .01 to .3); `default` for the rate of all identities.
    #[arg(long, value_name = "RATE", value_parser = rate)]
    target_fake_called_real: Option<Rate>,
    /// Legal basis for keeping the templates, for example `consent` (GDPR Art. 9(2)).
    #[arg(long, value_name = "TEXT")]
    consent_basis: Option<String>,
    /// Expiry of the identity: a time from now (12h, 90d, 4w) or a timestamp (2030-01-01T00:00:00Z).
    #[arg(long, value_parser = when, value_name = "TIME")]
    expires: Option<Timestamp>,
    /// Keep the photographs, sealed like their templates (docs/store.md); --keep-images=false overrides the variable.
    #[arg(
        long,
        env = "FACEWARD_KEEP_IMAGES",
        value_name = "BOOL",
        num_args = 0..=1,
        require_equals = true,
        action = clap::ArgAction::Set,
        default_value_t = false,
        default_missing_value = "true"
    )]
    keep_images: bool,
    #[command(flatten)]
    service: ServiceArgs,
    /// Print the report as one JSON document.
    #[arg(long)]
    json: bool,
}

/// A rate; `None` for `default`.
#[derive(Clone, Copy)]
struct Rate(Option<f32>);

/// The service checks the range: it depends on the thresholds in use.
fn rate(text: &str) -> Result<Rate, String> {
    match text {
        "default" => Ok(Rate(None)),
        _ => text.parse().map(|r| Rate(Some(r))).map_err(|_| "give a number or `default`".into()),
    }
}

impl Args {
    /// The fields of a new identity, or `known` with the given fields changed; `None` if nothing changes.
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
    let files = files(args)?;
    let uploads = files.iter().map(|path| {
        let filename = path.file_name().map(|n| n.to_string_lossy().into_owned());
        let bytes = read(path).map_err(|e| format!("cannot read `{}`: {e}", plain(path)))?;
        Ok(Upload { filename, bytes })
    });
    let uploads = uploads.collect::<Result<Vec<_>, Failure>>()?;
    let service = args.service.new_service(|service| service.with_images_kept(args.keep_images))?;
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
        let identity = named(args.id.as_str(), &enrolled.record.fields.display_name);
        println!("{} {identity}", if created { "created" } else { "identity" });
        print(&files, &report);
        if enrolled.record.fields.targets != ErrorTargets::default() {
            let t = service.thresholds(&enrolled);
            println!(
                "thresholds of its own: {:.3} or less is fake ({} of genuine photographs called fake), {:.3} or more \
                 is real ({} of fakes called real)",
                t.fake, t.target_genuine_called_fake, t.real, t.target_fake_called_real
            );
        }
    }
    Ok(if report.accepted.is_empty() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// The files that are given, and those in the folders that are given; what of these is left out is printed.
fn files(args: &Args) -> Result<Vec<PathBuf>, Failure> {
    let (mut files, mut left_out) = (Vec::new(), Vec::new());
    for path in &args.files {
        if path.is_dir() {
            let found = image_files(path);
            files.extend(found.files);
            left_out.extend(found.left_out);
        } else {
            files.push(path.clone());
        }
    }
    left_out::print(&left_out);
    if files.is_empty() {
        return Err(NothingFound("the folders hold no image: give photographs of the person".into()).into());
    }
    Ok(files)
}

fn print(files: &[PathBuf], report: &EnrollmentReport) {
    let file = |index: usize| files.get(index).map_or_else(String::new, |p| plain(p));
    for a in &report.accepted {
        let others = if a.faces > 1 { format!(", one of {} faces", a.faces) } else { String::new() };
        println!("  accepted  {}  (quality {:.0} of 100{others})", file(a.index), a.quality);
    }
    for r in &report.rejected {
        println!("  rejected  {}  {}: {}", file(r.index), r.code, r.detail);
    }
    for l in &report.look_alikes {
        println!(
            "  looks like {} (cosine similarity {:.2}): if it is the same person, keep one; a search may answer with \
             either",
            named(&l.identity.id, &l.identity.display_name),
            l.similarity
        );
    }
    match &report.profile {
        Some(p) if p.references == 1 => println!("1 reference in total; {}", p.remark),
        Some(p) => println!("{} references in total; {}", p.references, p.remark),
        None => {
            println!(
                "no photograph was accepted, but the identity exists: enroll one of this person before you verify"
            );
        }
    }
}
