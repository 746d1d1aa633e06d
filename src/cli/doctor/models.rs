//! The models folder, and whether the engine runs what is in it.

use faceward::config::Models;
use faceward::models::{Manifest, Role};

use super::report::Report;
use crate::cli::open;

const FILES: &str = "models";
const ENGINE: &str = "engine";

/// The network that is loaded: one of the smallest.
const SMALL: Role = Role::Iris;

/// Checks every file against the manifest, and loads one network.
pub(super) fn check(report: &mut Report, models: &Models) {
    let manifest = match Manifest::open(&models.folder) {
        Ok(manifest) => manifest,
        Err(e) => return report.failed(FILES, e.to_string()),
    };
    let count = manifest.models.len();
    let wrong: Vec<String> =
        manifest.models.iter().filter_map(|m| manifest.read(m.role).err()).map(|e| e.to_string()).collect();
    match wrong.as_slice() {
        [] => report.ok(FILES, format!("all {count} files in {} match the manifest", open::plain(manifest.folder()))),
        [one] => report.failed(FILES, one.clone()),
        [one, more @ ..] => {
            let more = more.len();
            report.failed(FILES, format!("{one}; and {more} more of {count} files: `faceward models` lists them"));
        }
    }
    match models.engine.open() {
        Err(e) => report.failed(ENGINE, e.to_string()),
        Ok(engine) => match manifest.read(SMALL) {
            Err(_) => report.warning(ENGINE, "not checked, as the files are not whole: restore them first"),
            Ok(bytes) => match engine.load(bytes) {
                Ok(_) => report.ok(ENGINE, format!("{} loads a network", engine.name())),
                Err(e) => {
                    report.failed(
                        ENGINE,
                        format!(
                            "{} refuses a network whose file is whole ({e}): give another engine \
                        with --engine, or reinstall faceward",
                            engine.name()
                        ),
                    );
                }
            },
        },
    }
}
