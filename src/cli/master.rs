//! The arguments that say where the master key is.

use std::path::PathBuf;

use faceward::config::Storage;
use faceward::vault::MasterKeySource;
use zeroize::Zeroizing;

use super::Failure;

/// The variable that holds the key itself. It has no flag: every process of the machine can read a command line.
pub(super) const VARIABLE: &str = "FACEWARD_MASTER_KEY";

/// Where the key that opens the templates is; `master.key` in the data folder by default.
#[derive(clap::Args)]
#[allow(clippy::struct_field_names, reason = "the flags have these names")]
pub(super) struct MasterArgs {
    /// File with the master key, 64 hex digits [default: master.key in the data folder]. The variable
    /// `FACEWARD_MASTER_KEY` may hold the key itself.
    #[arg(long, env = "FACEWARD_MASTER_KEY_FILE", value_name = "FILE", global = true)]
    master_key_file: Option<PathBuf>,
    /// Command that prints the master key, run by `sh -c`, for example the client of a key management service.
    #[arg(long, env = "FACEWARD_MASTER_KEY_COMMAND", value_name = "COMMAND", global = true)]
    master_key_command: Option<String>,
}

impl MasterArgs {
    /// The source in the merged settings of a server. One that only the settings file gives (`overridden` is false)
    /// yields to the variable that holds the key itself.
    pub(super) fn merged(storage: &Storage, overridden: bool) -> Self {
        if !overridden && variable().is_some() {
            return Self { master_key_file: None, master_key_command: None };
        }
        Self {
            master_key_file: storage.master_key_file.clone(),
            master_key_command: storage.master_key_command.clone(),
        }
    }

    /// The one source that was given; `master.key` in the data folder if none was.
    pub(super) fn source(&self) -> Result<MasterKeySource, Failure> {
        let file = self.master_key_file.clone().map(MasterKeySource::File);
        let command = self.master_key_command.clone().map(MasterKeySource::Command);
        let variable = variable().map(|digits| MasterKeySource::Variable { name: VARIABLE.to_owned(), digits });
        let given = [
            (file, named("--master-key-file", "FACEWARD_MASTER_KEY_FILE")),
            (command, named("--master-key-command", "FACEWARD_MASTER_KEY_COMMAND")),
            (variable, VARIABLE),
        ];
        let mut given = given.into_iter().filter_map(|(source, name)| Some((source?, name)));
        let Some((source, first)) = given.next() else { return Ok(MasterKeySource::default()) };
        match given.next() {
            None => Ok(source),
            Some((_, second)) => {
                Err(format!("the master key is given twice, by {first} and by {second}: leave out one of them").into())
            }
        }
    }
}

/// The key itself, if the variable holds it.
fn variable() -> Option<Zeroizing<String>> {
    std::env::var(VARIABLE).ok().filter(|text| !text.is_empty()).map(Zeroizing::new)
}

/// The name by which an argument was given: that of its flag, or of its variable.
fn named(flag: &'static str, variable: &'static str) -> &'static str {
    let set = std::env::var_os(variable).is_some_and(|value| !value.is_empty());
    if set && !super::flagged(flag) { variable } else { flag }
}
