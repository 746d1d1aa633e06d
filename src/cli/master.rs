//! The arguments that say where the master key is.

use std::path::PathBuf;

use faceward::config::Storage;
use faceward::vault::MasterKeySource;
use zeroize::Zeroizing;

use super::Failure;

/// The variable that holds the key itself. It has no flag: every process of the machine can read a command line.
const VARIABLE: &str = "FACEWARD_MASTER_KEY";

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
    /// The source in the merged settings of a server. One that only the settings file gives (`overridden` is false) yields
    /// to the variable that holds the key itself.
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
        let mut sources = [
            self.master_key_file.clone().map(MasterKeySource::File),
            self.master_key_command.clone().map(MasterKeySource::Command),
            variable().map(MasterKeySource::Hex),
        ]
        .into_iter()
        .flatten();
        let source = sources.next().unwrap_or_default();
        if sources.next().is_some() {
            return Err(format!(
                "the master key is given more than once: keep one of --master-key-file (FACEWARD_MASTER_KEY_FILE), \
                 --master-key-command (FACEWARD_MASTER_KEY_COMMAND) and the variable {VARIABLE}"
            )
            .into());
        }
        Ok(source)
    }
}

/// The key itself, if the variable holds it.
fn variable() -> Option<Zeroizing<String>> {
    std::env::var(VARIABLE).ok().filter(|text| !text.is_empty()).map(Zeroizing::new)
}
