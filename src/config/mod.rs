//! Settings of the server: the defaults, then a file over them; the command line lays environment and flags over both.
//!
//! One struct a concern, with the names of the file's tables. `default.toml` beside this file is what
//! `faceward config` prints; a test holds it to the defaults in code.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;

use crate::api::{ServerSettings, TlsFiles};
use crate::face::DetectorSettings;
use crate::imaging::DecodeLimits;
use crate::inference::EngineKind;
use crate::service::MAX_FACES;
use crate::toml_file::{self, TomlFileError};

/// The commented file with every default.
pub const DEFAULT_FILE: &str = include_str!("default.toml");

/// What a pass of the detector may have.
const DETECTOR_SIDES: std::ops::RangeInclusive<u32> = 64..=4096;

/// In seconds.
const DAY: u64 = 24 * 60 * 60;

/// Everything that can be set.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// How the server listens and works.
    pub server: Server,
    /// What it takes.
    pub limits: Limits,
    /// Where it keeps identities.
    pub storage: Storage,
    /// Where the networks are.
    pub models: Models,
    /// How it looks for faces.
    pub detector: Detector,
    /// How it judges.
    pub verdict: Verdict,
    /// What it says of its work.
    pub log: Log,
}

/// How the server listens and works.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Server {
    /// Address and port.
    pub listen: SocketAddr,
    /// Listen beyond loopback although no API key exists, and without TLS.
    pub allow_unauthenticated: bool,
    /// Something in front of the server ends TLS: it may speak plain HTTP beyond loopback.
    pub tls_in_front: bool,
    /// Threads for inference; `None`: as many as cores.
    pub threads: Option<usize>,
    /// Requests that may wait for a thread; `None`: 16 a thread.
    pub queue: Option<usize>,
    /// Seconds after which a request is given up.
    pub deadline_s: u64,
    /// Seconds after which an enrollment is given up: it may bring many photographs in one request.
    pub enroll_deadline_s: u64,
    /// Connections at once; further ones wait to be accepted.
    pub connections: usize,
    /// Connections an address; further ones are answered 429.
    pub connections_per_address: usize,
    /// Seconds for a request's head, a TLS handshake, or the next piece of a body; an idle connection is closed after
    /// as many.
    pub head_timeout_s: u64,
    /// The certificate for TLS (PEM); plain HTTP without.
    pub tls_cert: Option<PathBuf>,
    /// Its private key (PEM).
    pub tls_key: Option<PathBuf>,
}

/// What the server takes.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// The largest image in MiB.
    pub max_image_mib: usize,
    /// The most pixels of an image, in millions.
    pub max_megapixels: u64,
    /// The longest side of an image in pixels.
    pub max_side: u32,
    /// The most faces of an image that are looked at: its largest.
    pub max_faces: usize,
    /// The largest request body in MiB.
    pub max_body_mib: usize,
    /// What all request bodies may have of memory together, in MiB.
    pub body_memory_mib: usize,
}

/// Where identities are kept.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Storage {
    /// The data folder.
    pub data_dir: PathBuf,
    /// The file with the master key; `None`: `master.key` in the data folder.
    pub master_key_file: Option<PathBuf>,
    /// A command that prints the master key instead.
    pub master_key_command: Option<String>,
    /// Seconds that an identity must have been expired before it is erased.
    pub erasure_grace_s: u64,
    /// Keep the images of references and negatives too, sealed.
    pub keep_images: bool,
}

/// Where the networks are.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Models {
    /// The folder with the manifest.
    pub folder: PathBuf,
    /// What runs them.
    pub engine: EngineKind,
}

/// How the server looks for faces.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Detector {
    /// The longer sides of the detector's passes in pixels, the coarsest first.
    pub sides: Vec<u32>,
}

/// How the server judges.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Verdict {
    /// Judge a degraded copy of every face called real or fake too, where a request does not say.
    pub stability_check: bool,
}

/// How the server logs.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    /// JSON lines in place of text.
    pub json: bool,
}

impl Default for Server {
    fn default() -> Self {
        let listen = SocketAddr::from(([127, 0, 0, 1], 8080));
        Self {
            listen,
            allow_unauthenticated: false,
            tls_in_front: false,
            threads: None,
            queue: None,
            deadline_s: 60,
            enroll_deadline_s: 600,
            connections: 1024,
            connections_per_address: 256,
            head_timeout_s: 15,
            tls_cert: None,
            tls_key: None,
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_image_mib: 20,
            max_megapixels: 50,
            max_side: 16_384,
            max_faces: MAX_FACES,
            max_body_mib: 64,
            body_memory_mib: 512,
        }
    }
}

impl Default for Storage {
    fn default() -> Self {
        Self {
            data_dir: "enrollments".into(),
            master_key_file: None,
            master_key_command: None,
            erasure_grace_s: 600,
            keep_images: false,
        }
    }
}

impl Default for Models {
    fn default() -> Self {
        Self { folder: "models".into(), engine: EngineKind::default() }
    }
}

impl Default for Detector {
    fn default() -> Self {
        Self { sides: DetectorSettings::default().sides }
    }
}

/// Why a settings file is not taken.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// It cannot be read, is not TOML, or names something that cannot be set.
    #[error("{0}; `faceward config` prints every setting with its default")]
    File(#[from] TomlFileError),
    /// A value that cannot work.
    #[error("{name} = {value}: {reason}")]
    Value {
        /// The setting, with its table.
        name: &'static str,
        /// What was set.
        value: String,
        /// What is asked for.
        reason: &'static str,
    },
}

impl Settings {
    /// The defaults with `file` laid over them.
    ///
    /// # Errors
    /// [`SettingsError::File`].
    pub fn from_file(file: &Path) -> Result<Self, SettingsError> {
        Ok(toml_file::read(file, Self::parse)?)
    }

    /// The defaults with the text of a file laid over them.
    ///
    /// # Errors
    /// Line, column and reason.
    pub fn parse(text: &str) -> Result<Self, String> {
        toml_file::parse(text)
    }

    /// Refuses values with which the server would start and then answer nothing.
    ///
    /// # Errors
    /// [`SettingsError::Value`].
    pub fn check(&self) -> Result<(), SettingsError> {
        let value = |name, value: String, reason| Err(SettingsError::Value { name, value, reason });
        for (name, v) in [("server.threads", self.server.threads), ("server.queue", self.server.queue)] {
            if v == Some(0) {
                return value(name, "0".into(), "at least 1, or left out");
            }
        }
        if self.server.deadline_s == 0 || self.server.enroll_deadline_s == 0 {
            return value("server.deadline_s or server.enroll_deadline_s", "0".into(), "at least 1 second");
        }
        let s = &self.server;
        if s.connections == 0 || s.connections_per_address == 0 || s.head_timeout_s == 0 {
            let name = "server.connections, server.connections_per_address or server.head_timeout_s";
            return value(name, "0".into(), "at least 1");
        }
        self.check_upper_bounds()?;
        if self.server.tls_cert.is_some() != self.server.tls_key.is_some() {
            return value(
                "server.tls_cert",
                format!("{:?}", self.server.tls_cert),
                "a certificate and its key, or neither",
            );
        }
        let l = &self.limits;
        if l.max_image_mib == 0 || l.max_megapixels == 0 || l.max_side == 0 || l.max_faces == 0 {
            return value("limits", format!("{l:?}"), "each at least 1");
        }
        let sides = &self.detector.sides;
        if sides.is_empty() || !sides.is_sorted() || !sides.iter().all(|side| DETECTOR_SIDES.contains(side)) {
            return value("detector.sides", format!("{sides:?}"), "at least one, growing, each from 64 to 4096");
        }
        if l.max_body_mib < l.max_image_mib {
            return value("limits.max_body_mib", l.max_body_mib.to_string(), "at least limits.max_image_mib");
        }
        if l.body_memory_mib < l.max_body_mib {
            return value("limits.body_memory_mib", l.body_memory_mib.to_string(), "at least limits.max_body_mib");
        }
        Ok(())
    }

    /// Beyond these nothing gets better, and sums and products of settings would no longer hold.
    fn check_upper_bounds(&self) -> Result<(), SettingsError> {
        let (s, l) = (&self.server, &self.limits);
        let bounds = [
            ("server.threads", s.threads.unwrap_or(1) as u64, 4096, "at most 4096"),
            ("server.queue", s.queue.unwrap_or(1) as u64, 1 << 20, "at most a million"),
            ("server.connections", s.connections as u64, 1 << 20, "at most a million"),
            ("server.connections_per_address", s.connections_per_address as u64, 1 << 20, "at most a million"),
            ("server.deadline_s", s.deadline_s, DAY, "at most a day"),
            ("server.enroll_deadline_s", s.enroll_deadline_s, DAY, "at most a day"),
            ("server.head_timeout_s", s.head_timeout_s, DAY, "at most a day"),
            ("storage.erasure_grace_s", self.storage.erasure_grace_s, 366 * DAY, "at most a year"),
            ("limits.max_image_mib", l.max_image_mib as u64, 1 << 12, "at most 4096"),
            ("limits.max_body_mib", l.max_body_mib as u64, 1 << 12, "at most 4096"),
            ("limits.body_memory_mib", l.body_memory_mib as u64, 1 << 20, "at most a million"),
            ("limits.max_megapixels", l.max_megapixels, 1 << 12, "at most 4096"),
            ("limits.max_faces", l.max_faces as u64, 1 << 10, "at most 1024"),
        ];
        let beyond = bounds.into_iter().find(|(_, set, most, _)| set > most);
        beyond
            .map_or(Ok(()), |(name, set, _, reason)| Err(SettingsError::Value { name, value: set.to_string(), reason }))
    }

    /// What the decoder may spend on an image.
    pub fn decode_limits(&self) -> DecodeLimits {
        DecodeLimits {
            max_bytes: self.limits.max_image_mib << 20,
            max_pixels: self.limits.max_megapixels.saturating_mul(1_000_000),
            max_side: self.limits.max_side,
        }
    }

    /// How faces are looked for.
    pub fn detector_settings(&self) -> DetectorSettings {
        DetectorSettings {
            sides: self.detector.sides.clone(),
            max_faces: self.limits.max_faces,
            ..DetectorSettings::default()
        }
    }

    fn tls(&self) -> Option<TlsFiles> {
        let (certificate, key) = self.server.tls_cert.clone().zip(self.server.tls_key.clone())?;
        Some(TlsFiles { certificate, key })
    }

    /// What the HTTP server runs with.
    pub fn server_settings(&self) -> ServerSettings {
        let defaults = ServerSettings::default();
        let threads = self.server.threads.unwrap_or(defaults.threads);
        ServerSettings {
            listen: self.server.listen,
            threads,
            queue: self.server.queue.unwrap_or(16 * threads),
            max_body: self.limits.max_body_mib << 20,
            deadline: Duration::from_secs(self.server.deadline_s),
            enroll_deadline: Duration::from_secs(self.server.enroll_deadline_s),
            body_memory: self.limits.body_memory_mib << 20,
            connections: self.server.connections,
            connections_per_address: self.server.connections_per_address,
            head_timeout: Duration::from_secs(self.server.head_timeout_s),
            erasure_grace: Duration::from_secs(self.storage.erasure_grace_s),
            tls: self.tls(),
            tls_in_front: self.server.tls_in_front,
            allow_unauthenticated: self.server.allow_unauthenticated,
        }
    }
}

#[cfg(test)]
mod tests;
