//! `faceward identities`: the identities of the data folder.

use std::process::ExitCode;

use clap::Subcommand;
use faceward::audit::Actor;
use faceward::identity::{IdentityFields, IdentityId, IdentityRecord, Sample, SearchRow};
use faceward::service::{RecordedService, RecordedStore, Refreshed};
use faceward::store::ErasureReason;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::shared_args::{DataFolder, Networks};
use super::when::when;
use super::{Failure, open};

/// List, show, change and erase identities. While a server runs on the folder, use the API of the server.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  faceward identities list\n  faceward identities set jane.doe --expires 52w\n  \
    faceward identities erase jane.doe")]
pub(super) struct Args {
    #[command(subcommand)]
    action: Action,
    #[command(flatten)]
    data: DataFolder,
    /// Print one JSON document per line.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Subcommand)]
enum Action {
    /// List all identities, expired ones included.
    #[command(after_help = "Example:\n  faceward identities list --json")]
    List,
    /// Show an identity with its references and negatives.
    #[command(after_help = "Example:\n  faceward identities show jane.doe")]
    Show {
        /// Id of the identity.
        id: IdentityId,
    },
    /// Change the given fields of an identity; the identity is created if it does not exist.
    #[command(
        after_help = "Example:\n  faceward identities set jane.doe --consent-basis \"contract 17\" --expires 52w"
    )]
    Set {
        /// Id of the identity.
        id: IdentityId,
        /// Name of the person, shown to reviewers [default for a new identity: the id].
        #[arg(long)]
        name: Option<String>,
        /// Legal basis for keeping the templates, for example `consent` (GDPR Art. 9(2)).
        #[arg(long, value_name = "TEXT")]
        consent_basis: Option<String>,
        /// Expiry of the identity: a time from now (12h, 90d, 4w) or a timestamp (2030-01-01T00:00:00Z).
        #[arg(long, value_parser = when, value_name = "TIME")]
        expires: Option<Timestamp>,
        /// Remove the expiry.
        #[arg(long, conflicts_with = "expires")]
        never_expires: bool,
    },
    /// Make the templates of earlier networks again, from kept images (docs/store.md).
    #[command(after_help = "Example:\n  faceward identities refresh")]
    Refresh {
        #[command(flatten)]
        networks: Networks,
        /// Ids of the identities [default: all].
        ids: Vec<IdentityId>,
    },
    /// Erase an identity with its key, references and negatives, and print the receipt.
    #[command(after_help = "Example:\n  faceward identities erase jane.doe --json")]
    Erase {
        /// Id of the identity.
        id: IdentityId,
    },
}

pub(super) fn run(args: &Args) -> Result<ExitCode, Failure> {
    if let Action::Refresh { networks, ids } = &args.action {
        return refresh(&networks.service(&args.data, |service| service)?, ids, args.json);
    }
    let store = match args.action {
        Action::Set { .. } => open::new_store(&args.data)?,
        _ => open::store(&args.data)?,
    };
    let operator = store.acting_as(Actor::CommandLine);
    match &args.action {
        Action::List => {
            for (record, row) in store.listing()? {
                if args.json {
                    println!("{}", document(&record, &row));
                } else {
                    println!(
                        "{:24}  {:24}  {}",
                        record.id.as_str(),
                        record.fields.display_name,
                        summary(&record, &row)
                    );
                }
            }
        }
        Action::Show { id } => show(&known(&store, id)?, &store.samples(id)?, args.json),
        Action::Set { id, name, consent_basis, expires, never_expires } => {
            let before = store.identity(id)?.map(|record| record.fields);
            let new = || IdentityFields { display_name: id.to_string(), ..IdentityFields::default() };
            let mut fields = before.unwrap_or_else(new);
            fields.display_name = name.clone().unwrap_or(fields.display_name);
            fields.consent_basis = consent_basis.clone().or(fields.consent_basis);
            fields.expires_at = if *never_expires { None } else { expires.or(fields.expires_at) };
            let (record, _) = operator.put_identity(id, &fields)?;
            show(&record, &store.samples(id)?, args.json);
        }
        // Needs the networks, and is done above.
        Action::Refresh { .. } => {}
        Action::Erase { id } => {
            let receipt = operator.erase_identity(id, ErasureReason::Requested)?.ok_or_else(|| unknown(id))?;
            if args.json {
                println!("{}", serde_json::to_string(&receipt)?);
            } else {
                println!("erased {id} with {} references and negatives; receipt {}", receipt.samples, receipt.id);
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Prints a line per identity with samples of earlier networks.
fn refresh(service: &RecordedService, ids: &[IdentityId], json: bool) -> Result<ExitCode, Failure> {
    let operator = service.acting_as(Actor::CommandLine);
    let all = if ids.is_empty() { service.identities(None, usize::MAX)? } else { Vec::new() };
    let all = all.iter().map(|e| &e.record.id);
    let mut code = ExitCode::SUCCESS;
    for id in ids.iter().chain(all) {
        let Refreshed { read, left } = operator.refresh(id)?;
        if !left.is_empty() {
            code = ExitCode::FAILURE;
        }
        if json {
            println!("{}", json!({ "id": id, "read": read, "left": left }));
        } else if !read.is_empty() || !left.is_empty() {
            let enroll = if left.is_empty() { "" } else { ": enroll these photographs again" };
            println!("{id:24}  {} read again, {} without a usable image{enroll}", read.len(), left.len());
        }
    }
    Ok(code)
}

fn unknown(id: &IdentityId) -> String {
    format!("there is no identity `{id}`: `faceward identities list` shows all of them")
}

fn known(store: &RecordedStore, id: &IdentityId) -> Result<IdentityRecord, Failure> {
    Ok(store.identity(id)?.ok_or_else(|| unknown(id))?)
}

/// As `GET /v1/identities/{id}` answers, without the profile.
fn document(record: &IdentityRecord, row: &SearchRow) -> Value {
    json!({
        "id": record.id,
        "display_name": record.fields.display_name,
        "consent_basis": record.fields.consent_basis,
        "expires_at": record.fields.expires_at,
        "created_at": record.created_at,
        "updated_at": record.updated_at,
        "references": row.references,
        "negatives": row.negatives,
        "enroll_again": row.is_outdated(),
    })
}

fn summary(record: &IdentityRecord, row: &SearchRow) -> String {
    let SearchRow { references, negatives, .. } = *row;
    let end = match record.fields.expires_at {
        Some(at) if at <= Timestamp::now() => format!("expired {at:.0}"),
        Some(at) => format!("until {at:.0}"),
        None => "does not expire".to_owned(),
    };
    let basis = record.fields.consent_basis.as_deref().unwrap_or("no consent basis");
    let again = if row.is_outdated() { ", searches cannot find it: enroll it again" } else { "" };
    let counted = |n: u32, noun: &str| format!("{n} {noun}{}", if n == 1 { "" } else { "s" });
    format!("{}, {}, {basis}, {end}{again}", counted(references, "reference"), counted(negatives, "negative"))
}

fn show(record: &IdentityRecord, samples: &[Sample], json: bool) {
    let row = SearchRow::of(samples);
    if json {
        let mut document = document(record, &row);
        let samples: Vec<Value> = samples
            .iter()
            .map(|s| {
                json!({ "id": s.id, "kind": s.kind, "filename": s.filename, "image_sha256": s.image_sha256,
                    "added_at": s.added_at, "quality": s.template.quality.score })
            })
            .collect();
        document["samples"] = samples.into();
        println!("{document}");
        return;
    }
    println!("{}  {}", record.id, record.fields.display_name);
    println!("  {}", summary(record, &row));
    for s in samples {
        let name = s.filename.as_deref().unwrap_or("without a name");
        println!(
            "  {}  {:15}  {:.0}  quality {:.0}  {name}",
            s.id,
            s.kind.name(),
            s.added_at,
            s.template.quality.score
        );
    }
}
