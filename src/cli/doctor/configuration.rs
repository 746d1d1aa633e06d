//! The settings: the file, their values, and variables that nothing reads.

use std::collections::BTreeSet;
use std::path::Path;

use clap::{ArgMatches, CommandFactory as _};
use faceward::config::{Flags, Settings, SettingsFile};

use super::report::Report;
use crate::cli::serve::Sources;
use crate::cli::{Cli, master, open};

const CHECK: &str = "configuration";

/// Every variable of the program begins with this.
const OURS: &str = "FACEWARD_";

/// Variables that no flag stands for: the key itself, and the filter of the log.
const WITHOUT_FLAG: [&str; 2] = [master::VARIABLE, "FACEWARD_LOG"];

/// Checks the settings and returns them. A file that cannot be used is left out, so that the other checks have
/// something to work on.
pub(super) fn check(report: &mut Report, file: Option<&Path>, flags: &Flags, matches: &ArgMatches) -> Settings {
    let read = file.map(SettingsFile::read).transpose();
    let sources = Sources { file: read.as_ref().ok().cloned().flatten(), matches };
    let settings = sources.merged(flags);
    let unread = unread_variables();
    if let Err(e) = &read {
        report.failed(CHECK, format!("{e}; the checks below take the defaults in place of this file"));
    } else if let Err(e) = sources.check(&settings) {
        report.failed(CHECK, e);
    } else if !unread.is_empty() {
        let (names, them) = (unread.join(", "), if unread.len() == 1 { "it" } else { "them" });
        report.warning(
            CHECK,
            format!("nothing reads {names}: correct the name (`faceward serve --help` lists all), or remove {them}"),
        );
    } else {
        let from = file.map_or_else(|| "no settings file".to_owned(), open::plain);
        report.ok(CHECK, format!("{from}; every setting can be used"));
    }
    settings
}

/// The variables in the environment that look like ours and are not.
fn unread_variables() -> Vec<String> {
    let mut known: BTreeSet<String> = WITHOUT_FLAG.iter().map(|&name| name.to_owned()).collect();
    collect(&Cli::command(), &mut known);
    let set = std::env::vars_os().map(|(name, _)| name.to_string_lossy().into_owned());
    set.filter(|name| name.starts_with(OURS) && !known.contains(name) && !of_kubernetes(name)).collect()
}

/// The variables of the flags of `command` and of every command below it.
fn collect(command: &clap::Command, into: &mut BTreeSet<String>) {
    into.extend(command.get_arguments().filter_map(|arg| Some(arg.get_env()?.to_string_lossy().into_owned())));
    command.get_subcommands().for_each(|below| collect(below, into));
}

/// Whether Kubernetes sets the variable for a service named `faceward` or `faceward-…`.
fn of_kubernetes(name: &str) -> bool {
    ["_SERVICE_HOST", "_SERVICE_PORT", "_PORT"].iter().any(|end| name.ends_with(end))
        || ["_SERVICE_PORT_", "_TCP", "_UDP"].iter().any(|part| name.contains(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variables_of_every_command_are_known() {
        let mut known = BTreeSet::new();
        collect(&Cli::command(), &mut known);
        for name in ["FACEWARD_CONFIG", "FACEWARD_THREADS", "FACEWARD_DATA_DIR", "FACEWARD_MASTER_KEY_FILE"] {
            assert!(known.contains(name), "{name}");
        }
        assert!(of_kubernetes("FACEWARD_PORT_8080_TCP_ADDR") && of_kubernetes("FACEWARD_SERVICE_HOST"));
        assert!(!of_kubernetes("FACEWARD_THREDS"));
    }
}
