//! What settings are refused, and how the refusal names them.

use std::ops::RangeInclusive;
use std::path::PathBuf;

use super::Settings;
use super::setting::{Setting, bounds, unquoted};
use crate::identity::TARGET_FPIR;

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
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{}{}`: {advice}", setting.name, value.as_ref().map_or_else(String::new, |v| format!(" = {v}")))]
pub struct Invalid {
    /// The setting.
    pub setting: Setting,
    /// The value as a file writes it; `None` if it is missing.
    pub value: Option<String>,
    /// What to give instead.
    pub advice: String,
}

impl Invalid {
    /// The refusal, with the setting as the operator gave it.
    pub fn given_by(&self, origin: &Origin) -> String {
        let value = self.value.as_deref().map(unquoted).unwrap_or_default();
        match (origin, &self.value) {
            (Origin::Flag, _) => format!("`--{} {value}`: {}", self.setting.flag, self.advice),
            (Origin::Variable, _) => format!("`{}={value}`: {}", self.setting.variable, self.advice),
            (Origin::File(path), _) => format!("{}: {self}", path.display()),
            (Origin::Default, Some(_)) => {
                format!("`{}` has the default {value}: {}", self.setting.name, self.advice)
            }
            (Origin::Default, None) => format!("`{}` is missing: {}", self.setting.name, self.advice),
        }
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
                    advice: format!("give {}", bounds(&range)),
                });
            }
        }
        let (server, limits, storage) = (&self.server, &self.limits, &self.storage);
        let sides = &self.detector.sides;
        let sides_usable =
            !sides.is_empty() && sides.is_sorted() && sides.iter().all(|side| DETECTOR_SIDES.contains(side));
        let clauses = [
            (
                sides_usable,
                "detector.sides",
                "give at least one side, each 64 to 4096 pixels, in ascending order".to_owned(),
            ),
            (
                TARGET_FPIR.contains(&self.search.target_fpir),
                "search.target_fpir",
                format!("give a rate of {} to {}, for example 0.0033", TARGET_FPIR.start(), TARGET_FPIR.end()),
            ),
            (
                server.tls_cert.is_none() || server.tls_key.is_some(),
                "server.tls_key",
                "give the private key of the certificate too (--tls-key, FACEWARD_TLS_KEY)".into(),
            ),
            (
                server.tls_key.is_none() || server.tls_cert.is_some(),
                "server.tls_cert",
                "give the certificate of the private key too (--tls-cert, FACEWARD_TLS_CERT)".into(),
            ),
            (
                storage.master_key_file.is_none() || storage.master_key_command.is_none(),
                "storage.master_key_command",
                "the master key also comes from storage.master_key_file: give one of the two".into(),
            ),
            (
                limits.max_body_mib >= limits.max_image_mib,
                "limits.max_body_mib",
                format!(
                    "a body must hold an image: give at least the {} of limits.max_image_mib (--max-body-mib, \
                     FACEWARD_MAX_BODY_MIB)",
                    limits.max_image_mib
                ),
            ),
            (
                limits.body_memory_mib >= limits.max_body_mib,
                "limits.body_memory_mib",
                format!(
                    "memory must hold a body: give at least the {} of limits.max_body_mib (--body-memory-mib, \
                     FACEWARD_BODY_MEMORY_MIB)",
                    limits.max_body_mib
                ),
            ),
        ];
        let failed = clauses.into_iter().find(|(holds, ..)| !holds);
        failed.map_or(Ok(()), |(_, name, advice)| Err(self.invalid(name, advice)))
    }

    fn invalid(&self, name: &'static str, advice: String) -> Invalid {
        let row = self.rows().into_iter().find(|row| row.setting.name == name);
        let unnamed = Setting { name, flag: name, variable: name };
        let (setting, value) = row.map_or((unnamed, None), |row| (row.setting, row.value));
        Invalid { setting, value, advice }
    }
}
