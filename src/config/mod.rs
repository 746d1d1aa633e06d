//! Settings of the server: the defaults, then a file, then the environment, then flags.
//!
//! One struct per concern, named after the file's tables and declared in `tables.rs` together with its flags and
//! variables. `default.toml` beside this file is what `faceward config` prints; a test compares it with the defaults.

mod check;
mod setting;
mod store_parser;
mod tables;

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::face::DetectorSettings;
use crate::imaging::DecodeLimits;
use crate::toml_file::{self, TomlFileError};

pub use check::{Invalid, Origin};
pub use setting::{Row, Setting};
pub use store_parser::StoreParser;
pub use tables::{Cases, Detector, Limits, Log, Models, Search, Server, Storage, Telemetry, Verdict};
pub use tables::{
    CasesFlags, DetectorFlags, LimitsFlags, LogFlags, ModelsFlags, SearchFlags, ServerFlags, StorageFlags,
    TelemetryFlags, VerdictFlags,
};

/// The commented file with every default.
pub const DEFAULT_FILE: &str = include_str!("default.toml");

/// Everything that can be set.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields, expecting = "tables of settings")]
pub struct Settings {
    /// How the server listens and works.
    pub server: Server,
    /// How much it takes.
    pub limits: Limits,
    /// Where it keeps identities.
    pub storage: Storage,
    /// Which networks it runs, and on what.
    pub models: Models,
    /// How it detects faces.
    pub detector: Detector,
    /// How it judges them.
    pub verdict: Verdict,
    /// The table `[search]`.
    pub search: Search,
    /// Which verdicts it keeps for reviewers.
    pub cases: Cases,
    /// How it logs.
    pub log: Log,
    /// What it sends to an OpenTelemetry collector.
    pub telemetry: Telemetry,
}

/// What the command line and the environment set; `None` if they are silent.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Flags {
    #[command(flatten, next_help_heading = "Server")]
    server: ServerFlags,
    #[command(flatten, next_help_heading = "Limits")]
    limits: LimitsFlags,
    #[command(flatten, next_help_heading = "Storage")]
    storage: StorageFlags,
    #[command(flatten, next_help_heading = "Models")]
    models: ModelsFlags,
    #[command(flatten, next_help_heading = "Detector")]
    detector: DetectorFlags,
    #[command(flatten, next_help_heading = "Verdict")]
    verdict: VerdictFlags,
    #[command(flatten, next_help_heading = "Search")]
    search: SearchFlags,
    #[command(flatten, next_help_heading = "Cases")]
    cases: CasesFlags,
    #[command(flatten, next_help_heading = "Log")]
    log: LogFlags,
    #[command(flatten, next_help_heading = "Telemetry")]
    telemetry: TelemetryFlags,
}

impl Flags {
    /// Whether a flag or a variable says where the master key is.
    pub fn names_master_key(&self) -> bool {
        self.storage.names_master_key()
    }
}

/// A settings file that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{0}; `faceward config` prints every setting with its default")]
pub struct SettingsError(#[from] TomlFileError);

/// A settings file.
#[derive(Clone, Debug)]
pub struct SettingsFile {
    path: PathBuf,
    given: toml::Table,
    settings: Settings,
}

impl SettingsFile {
    /// Reads the file and refuses what cannot be set.
    ///
    /// # Errors
    /// When the file cannot be read, is not TOML, or names something that cannot be set.
    pub fn read(path: &Path) -> Result<Self, SettingsError> {
        let parse = |text: &str| Ok((Settings::parse(text)?, toml_file::parse(text)?));
        let (settings, given) = toml_file::read(path, parse)?;
        Ok(Self { path: path.into(), given, settings })
    }

    /// The defaults, overridden by the file.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Whether a setting has its value from the file or from the defaults.
    pub fn origin(&self, setting: &Setting) -> Origin {
        let (table, field) = setting.name.split_once('.').unwrap_or_default();
        match self.given.get(table).and_then(|table| table.get(field)) {
            Some(_) => Origin::File(self.path.clone()),
            None => Origin::Default,
        }
    }
}

impl Settings {
    /// The defaults, overridden by the text of a file.
    ///
    /// # Errors
    /// Line, column and reason.
    pub fn parse(text: &str) -> Result<Self, String> {
        toml_file::parse(text)
    }

    /// These settings, overridden by flags and variables. A source of the master key replaces the other source too.
    #[must_use]
    pub fn overridden_by(mut self, flags: &Flags) -> Self {
        if flags.names_master_key() {
            (self.storage.master_key_file, self.storage.master_key_command) = (None, None);
        }
        flags.server.override_in(&mut self.server);
        flags.limits.override_in(&mut self.limits);
        flags.storage.override_in(&mut self.storage);
        flags.models.override_in(&mut self.models);
        flags.detector.override_in(&mut self.detector);
        flags.verdict.override_in(&mut self.verdict);
        flags.search.override_in(&mut self.search);
        flags.cases.override_in(&mut self.cases);
        flags.log.override_in(&mut self.log);
        flags.telemetry.override_in(&mut self.telemetry);
        self
    }

    /// Every setting with its value, in the order of the file.
    pub fn rows(&self) -> Vec<Row> {
        [
            self.server.rows(),
            self.limits.rows(),
            self.storage.rows(),
            self.models.rows(),
            self.detector.rows(),
            self.verdict.rows(),
            self.search.rows(),
            self.cases.rows(),
            self.log.rows(),
            self.telemetry.rows(),
        ]
        .concat()
    }

    /// What the decoder may spend on an image.
    pub fn decode_limits(&self) -> DecodeLimits {
        DecodeLimits {
            max_bytes: self.limits.max_image_mib << 20,
            max_pixels: self.limits.max_megapixels.saturating_mul(1_000_000),
            max_side: self.limits.max_side,
        }
    }

    /// How faces are detected.
    pub fn detector_settings(&self) -> DetectorSettings {
        DetectorSettings {
            sides: self.detector.sides.clone(),
            search_side: self.detector.search_side,
            max_faces: self.limits.max_faces,
            ..DetectorSettings::default()
        }
    }
}

#[cfg(test)]
mod tests;
