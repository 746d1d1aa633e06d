//! `faceward keys rotate-master`: replacing the master key.

use std::path::PathBuf;
use std::process::ExitCode;

use faceward::audit::Actor;
use faceward::vault::{MasterKeySource, rotate_file};
use serde_json::json;
use zeroize::Zeroizing;

use super::shared_args::DataFolder;
use super::{Failure, open};

/// Replace the master key. The key of each identity is wrapped again; templates are not touched. Stop the server first.
///
/// A master key in a file is replaced by a new one in the same file, unless an option says where the new key is. A
/// master key from a command or a variable always needs such an option.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  faceward keys rotate-master\n  \
    FACEWARD_MASTER_KEY=$OLD faceward keys rotate-master --to-variable NEW_MASTER_KEY\n\n\
    Exit codes: 0 replaced, 1 failed, 2 wrong usage.")]
#[allow(clippy::struct_field_names, reason = "the flags have these names")]
pub(super) struct Args {
    /// File that holds the new key, 64 hex digits.
    #[arg(long, value_name = "FILE", group = "to")]
    to_file: Option<PathBuf>,
    /// Environment variable that holds the new key.
    #[arg(long, value_name = "NAME", group = "to")]
    to_variable: Option<String>,
    /// Command that prints the new key, run by `sh -c`.
    #[arg(long, value_name = "COMMAND", group = "to")]
    to_command: Option<String>,
}

impl Args {
    fn target(&self) -> Result<Option<MasterKeySource>, Failure> {
        let variable = self.to_variable.as_ref().map(|name| {
            let digits = std::env::var(name).map(Zeroizing::new).map_err(|_| {
                format!(
                    "there is no variable {name} in the environment: set it to the new key, 64 hex digits, as \
                     `openssl rand -hex 32` prints them, or use --to-file"
                )
            })?;
            Ok::<_, Failure>(MasterKeySource::Variable { name: name.clone(), digits })
        });
        let file = self.to_file.clone().map(MasterKeySource::File);
        let command = self.to_command.clone().map(MasterKeySource::Command);
        Ok(file.or(command).or(variable.transpose()?))
    }
}

pub(super) fn run(args: &Args, data: &DataFolder, source: &MasterKeySource, json: bool) -> Result<ExitCode, Failure> {
    let target = args.target()?;
    let (store, data_dir) = (open::store(data)?, data.path());
    let mut identities = 0;
    let id = match (target, source.file(data_dir)) {
        (Some(target), _) => {
            let key = target.read(data_dir)?;
            identities = store.rotate_master(&Actor::CommandLine, &key)?;
            key.id()
        }
        (None, Some(file)) => rotate_file::<Failure>(&file, |key| {
            identities = store.rotate_master(&Actor::CommandLine, &key)?;
            Ok(())
        })?,
        (None, None) => return Err(
            "the master key is not in a file: say where the new key is with --to-file, --to-variable or --to-command"
                .into(),
        ),
    };
    if json {
        println!("{}", json!({ "master_key": id.to_string(), "identities": identities }));
    } else {
        println!("the master key is now {id}; the keys of {identities} identities are wrapped with it");
    }
    Ok(ExitCode::SUCCESS)
}
