//! `faceward keys`: the API keys of the data folder.

use std::process::ExitCode;

use clap::Subcommand;
use faceward::access::{ApiKey, Scope};
use faceward::audit::Actor;
use faceward::service::RecordedKeys;
use jiff::Timestamp;
use serde_json::json;

use super::shared_args::DataFolder;
use super::when::when;
use super::{Failure, open, rotate};

/// Create, list and revoke API keys. Servers that run on the store apply changes within two seconds.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  faceward keys create --name moderation --scope verify --expires 90d\n  \
    faceward keys list\n  faceward keys revoke 1a2b3c4d")]
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
    /// Create a key. It is printed once; only its hash is kept.
    #[command(after_help = "Example:\n  faceward keys create --name moderation --scope verify --expires 90d")]
    Create {
        /// Name of the key in `faceward keys list`.
        #[arg(long, default_value = "unnamed")]
        name: String,
        /// Scopes of the key: enroll, verify, admin (admin implies the others).
        #[arg(long, required = true, value_delimiter = ',', value_name = "SCOPE,…")]
        scope: Vec<Scope>,
        /// Expiry of the key: a time from now (12h, 90d, 4w) or a timestamp (2030-01-01T00:00:00Z) [default: never].
        #[arg(long, value_parser = when, value_name = "TIME")]
        expires: Option<Timestamp>,
    },
    /// List all keys, revoked and expired ones included.
    #[command(after_help = "Example:\n  faceward keys list --json")]
    List,
    /// Revoke a key, permanently.
    #[command(after_help = "Example:\n  faceward keys revoke 1a2b3c4d")]
    Revoke {
        /// Id of the key: the 8 digits after fw_.
        id: String,
    },
    RotateMaster(rotate::Args),
}

pub(super) fn run(args: &Args) -> Result<ExitCode, Failure> {
    let source = args.data.key()?;
    if let Action::RotateMaster(rotation) = &args.action {
        return rotate::run(rotation, &args.data, &source, args.json);
    }
    let create = matches!(args.action, Action::Create { .. });
    if create {
        open::announce(&args.data);
    } else {
        open::existing(&args.data.store, args.data.path())?;
    }
    let keys = RecordedKeys::open_choice(&args.data.store, args.data.path(), &source, create)?;
    let operator = keys.acting_as(Actor::CommandLine);
    match &args.action {
        Action::Create { name, scope, expires } => {
            let (key, secret) = operator.issue_key(name, scope.iter().copied(), *expires)?;
            if args.json {
                let mut line = serde_json::to_value(&key)?;
                if let Some(object) = line.as_object_mut() {
                    object.insert("key".into(), json!(secret.expose()));
                }
                println!("{line}");
            } else {
                println!("{}", secret.expose());
                eprintln!("Store the key now: it is not shown again. Id {}, {}.", key.id, state(&key));
            }
        }
        Action::List => {
            let keys = keys.keys()?;
            if keys.is_empty() && !args.json {
                eprintln!("There are no keys: create one with `faceward keys create --scope verify`.");
            }
            for key in keys {
                if args.json {
                    println!("{}", serde_json::to_string(&key)?);
                } else {
                    let scopes: Vec<&str> = key.scopes.iter().map(|s| s.name()).collect();
                    println!("{}  {:20}  {:20}  {}, {}", key.id, key.name, scopes.join(","), state(&key), used(&key));
                }
            }
        }
        Action::Revoke { id } => {
            if !operator.revoke_key(id)? {
                return Err(format!("there is no key `{id}`: `faceward keys list` shows the ids").into());
            }
            if args.json {
                println!("{}", json!({ "id": id, "revoked": true }));
            } else {
                println!("revoked {id}");
            }
        }
        Action::RotateMaster(_) => {}
    }
    Ok(ExitCode::SUCCESS)
}

fn state(key: &ApiKey) -> String {
    match (key.revoked_at, key.expires_at) {
        (Some(at), _) => format!("revoked {at:.0}"),
        (None, Some(at)) if at <= Timestamp::now() => format!("expired {at:.0}"),
        (None, Some(at)) => format!("valid until {at:.0}"),
        (None, None) => "valid, never expires".to_owned(),
    }
}

fn used(key: &ApiKey) -> String {
    key.last_used_at.map_or_else(|| "never used".to_owned(), |at| format!("last used {at:.0}"))
}
