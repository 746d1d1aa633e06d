//! Where a command finds the master key.

use std::path::PathBuf;

use faceward::config::Storage;
use faceward::vault::MasterKeySource;
use zeroize::Zeroizing;

use super::Failure;

/// The variable that holds the key itself. There is no option for it: the command line is there for all to see.
const VARIABLE: &str = "FACEWARD_MASTER_KEY";

/// The key that opens what is kept of people; master.key in the data folder without these.
#[derive(Clone, clap::Args)]
#[allow(clippy::struct_field_names, reason = "the options are named so")]
pub(super) struct MasterArgs {
    /// A file with the master key, 64 hex digits; the variable `FACEWARD_MASTER_KEY` may hold the key itself.
    #[arg(long, env = "FACEWARD_MASTER_KEY_FILE", value_name = "FILE", global = true)]
    master_key_file: Option<PathBuf>,
    /// A command that prints the master key, run by `sh -c`: of a key management service, for example.
    #[arg(long, env = "FACEWARD_MASTER_KEY_COMMAND", value_name = "COMMAND", global = true)]
    master_key_command: Option<String>,
}

impl MasterArgs {
    /// What was said here, or else in the settings file.
    pub(super) fn or(&self, file: &Storage) -> Self {
        if self.master_key_file.is_some() || self.master_key_command.is_some() {
            return self.clone();
        }
        Self { master_key_file: file.master_key_file.clone(), master_key_command: file.master_key_command.clone() }
    }

    /// What was said; two sources are one too many.
    pub(super) fn source(&self) -> Result<MasterKeySource, Failure> {
        let given = std::env::var(VARIABLE).ok().filter(|text| !text.is_empty()).map(Zeroizing::new);
        let mut sources = [
            self.master_key_file.clone().map(MasterKeySource::File),
            self.master_key_command.clone().map(MasterKeySource::Command),
            given.map(MasterKeySource::Hex),
        ]
        .into_iter()
        .flatten();
        let source = sources.next().unwrap_or_default();
        if sources.next().is_some() {
            return Err(format!("give the master key once: by file, by command or in {VARIABLE}").into());
        }
        Ok(source)
    }
}
