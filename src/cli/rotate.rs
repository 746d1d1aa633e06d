//! `faceward keys rotate-master`: a new master key.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use faceward::audit::Actor;
use faceward::vault::{MasterKeySource, rotate_file};
use serde_json::json;
use zeroize::Zeroizing;

use super::{Failure, open};

/// Replace the master key; templates stay as they are, the keys that seal them are wrapped anew. Stop the server first.
///
/// Where the present key is in a file, a new one is made in its place. Where it comes from a command or a variable, say
/// where the new one is.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  faceward keys rotate-master\n  \
    FACEWARD_MASTER_KEY=$OLD faceward keys rotate-master --to-variable NEW_MASTER_KEY")]
#[allow(clippy::struct_field_names, reason = "the options are named so")]
pub(super) struct Args {
    /// A file that holds the new key, 64 hex digits.
    #[arg(long, value_name = "FILE", group = "to")]
    to_file: Option<PathBuf>,
    /// An environment variable that holds the new key.
    #[arg(long, value_name = "NAME", group = "to")]
    to_variable: Option<String>,
    /// A command that prints the new key.
    #[arg(long, value_name = "COMMAND", group = "to")]
    to_command: Option<String>,
}

impl Args {
    fn target(&self) -> Result<Option<MasterKeySource>, Failure> {
        let variable = self.to_variable.as_ref().map(|name| {
            let text = std::env::var(name).map_err(|e| format!("{name}: {e}"))?;
            Ok::<_, Failure>(MasterKeySource::Hex(Zeroizing::new(text)))
        });
        let file = self.to_file.clone().map(MasterKeySource::File);
        let command = self.to_command.clone().map(MasterKeySource::Command);
        Ok(file.or(command).or(variable.transpose()?))
    }
}

pub(super) fn run(args: &Args, data_dir: &Path, source: &MasterKeySource, json: bool) -> Result<ExitCode, Failure> {
    let store = open::store(data_dir, source)?;
    let mut identities = 0;
    let id = match (args.target()?, source.file(data_dir)) {
        (Some(target), _) => {
            let key = target.read(data_dir)?;
            identities = store.rotate_master(&Actor::CommandLine, &key)?;
            key.id()
        }
        (None, Some(file)) => rotate_file::<Failure>(&file, |key| {
            identities = store.rotate_master(&Actor::CommandLine, &key)?;
            Ok(())
        })?,
        (None, None) => return Err("say where the new key is: --to-file, --to-variable or --to-command".into()),
    };
    if json {
        println!("{}", json!({ "master_key": id.to_string(), "identities": identities }));
    } else {
        println!("the master key is now {id}; the keys of {identities} identities are wrapped with it");
    }
    Ok(ExitCode::SUCCESS)
}
