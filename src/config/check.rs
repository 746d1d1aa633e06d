//! What settings are refused, and how the refusal names them.

use std::ops::RangeInclusive;
use std::path::PathBuf;

use super::Settings;
use super::setting::{Setting, bounds, unquoted};
use crate::identity::{TARGET_FMR, TARGET_FPIR};

/// The longer side of a pass of the detector, in pixels.
const DETECTOR_SIDES: RangeInclusive<u32> = 64..=4096;

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The default.
    Default,
    /// This settings file.
    File(PathBuf),
    /// The environment.
    Variable,
    /// The command line.
    Flag,
}

/// A value that cannot work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalid {
    /// The setting.
    pub setting: Setting,
    /// The value as a file writes it; `None` if it is missing.
    pub value: Option<String>,
    /// The setting that it does not go with, and the value of that, if it would do by itself.
    pub beside: Option<Box<(Setting, String)>>,
    /// What to give instead.
    pub advice: String,
}

impl Invalid {
    /// The refusal, with each setting as the operator gave it; `origin` says how.
    pub fn given_by(&self, origin: impl Fn(&Setting) -> Origin) -> String {
        let own = origin(&self.setting);
        let what = match &self.value {
            None => format!("`{}` is missing", self.setting.name),
            Some(value) if own == Origin::Default => {
                format!("`{}` has the default {}", self.setting.name, unquoted(value))
            }
            Some(value) => given(&self.setting, value, &own),
        };
        let mut text = format!("{what}: {}", self.advice);
        let mut file = own;
        if let Some((other, value)) = self.beside.as_deref() {
            let others = origin(other);
            let default = if others == Origin::Default { " (the default)" } else { "" };
            text = format!("{what} beside {}{default}: {}", given(other, value, &others), self.advice);
            file = if matches!(file, Origin::File(_)) { file } else { others };
        }
        match file {
            Origin::File(path) => format!("{}: {text}", path.display()),
            _ => text,
        }
    }
}

/// A setting with its value, as it was given.
fn given(setting: &Setting, value: &str, origin: &Origin) -> String {
    match origin {
        Origin::Flag => format!("`--{} {}`", setting.flag, unquoted(value)),
        Origin::Variable => format!("`{}={}`", setting.variable, unquoted(value)),
        Origin::File(_) | Origin::Default => format!("`{} = {value}`", setting.name),
    }
}

impl Settings {
    /// Refuses values with which the server would start and then answer nothing, or with which sums and products of
    /// settings would overflow.
    ///
    /// # Errors
    /// The first value that cannot work.
    pub fn check(&self) -> Result<(), Invalid> {
        for row in self.rows() {
            if let (Some(number), Some(range)) = (row.number, row.range)
                && !range.contains(&number)
            {
                return Err(Invalid {
                    setting: row.setting,
                    value: row.value,
                    beside: None,
                    advice: format!("give {}", bounds(&range)),
                });
            }
        }
        let (server, limits, storage) = (&self.server, &self.limits, &self.storage);
        let sides = &self.detector.sides;
        let sides_usable = !sides.is_empty()
            && sides.is_sorted_by(|one, next| one < next)
            && sides.iter().all(|side| DETECTOR_SIDES.contains(side));
        let clauses = [
            (
                sides_usable,
                "detector.sides",
                None,
                "give at least one side, each 64 to 4096 pixels, in ascending order and none twice".to_owned(),
            ),
            (
                TARGET_FMR.contains(&self.verdict.target_fmr),
                "verdict.target_fmr",
                None,
                format!("give a rate of {} to {}, for example 0.0005", TARGET_FMR.start(), TARGET_FMR.end()),
            ),
            (
                TARGET_FPIR.contains(&self.search.target_fpir),
                "search.target_fpir",
                None,
                format!("give a rate of {} to {}, for example 0.0033", TARGET_FPIR.start(), TARGET_FPIR.end()),
            ),
            (
                self.telemetry.endpoint().is_none_or(|url| url.starts_with("http://") || url.starts_with("https://")),
                "telemetry.otlp_endpoint",
                None,
                "give the collector's address for OTLP over HTTP, for example http://127.0.0.1:4318".to_owned(),
            ),
            (
                (0.0..=1.0).contains(&self.telemetry.otlp_sample_ratio),
                "telemetry.otlp_sample_ratio",
                None,
                "give a share of 0 to 1, for example 0.1".to_owned(),
            ),
            (
                server.tls_cert.is_none() || server.tls_key.is_some(),
                "server.tls_key",
                Some("server.tls_cert"),
                "give the private key of the certificate too (--tls-key, FACEWARD_TLS_KEY)".into(),
            ),
            (
                server.tls_key.is_none() || server.tls_cert.is_some(),
                "server.tls_cert",
                Some("server.tls_key"),
                "give the certificate of the private key too (--tls-cert, FACEWARD_TLS_CERT)".into(),
            ),
            (
                storage.master_key_file.is_none() || storage.master_key_command.is_none(),
                "storage.master_key_command",
                Some("storage.master_key_file"),
                "the master key comes from one place: leave out one of the two".into(),
            ),
            (
                limits.max_body_mib >= limits.max_image_mib,
                "limits.max_body_mib",
                Some("limits.max_image_mib"),
                format!(
                    "a body must hold an image: set max_body_mib to at least {} (--max-body-mib, \
                     FACEWARD_MAX_BODY_MIB)",
                    limits.max_image_mib
                ),
            ),
            (
                limits.body_memory_mib >= limits.max_body_mib,
                "limits.body_memory_mib",
                Some("limits.max_body_mib"),
                format!(
                    "memory must hold a body: set body_memory_mib to at least {} (--body-memory-mib, \
                     FACEWARD_BODY_MEMORY_MIB)",
                    limits.max_body_mib
                ),
            ),
        ];
        let failed = clauses.into_iter().find(|(holds, ..)| !holds);
        failed.map_or(Ok(()), |(_, name, beside, advice)| Err(self.invalid(name, beside, advice)))
    }

    fn invalid(&self, name: &'static str, beside: Option<&'static str>, advice: String) -> Invalid {
        let rows = self.rows();
        let named = |name: &'static str| {
            let row = rows.iter().find(|row| row.setting.name == name);
            let unnamed = Setting { name, flag: name, variable: name };
            row.map_or((unnamed, None), |row| (row.setting, row.value.clone()))
        };
        let (setting, value) = named(name);
        let beside = beside.map(named).and_then(|(setting, value)| Some(Box::new((setting, value?))));
        Invalid { setting, value, beside, advice }
    }
}
