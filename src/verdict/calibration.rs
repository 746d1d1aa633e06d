//! An operator's calibration: thresholds and a map of the score, fitted to the operator's own data by
//! `faceward calibrate` and kept in the data folder.
//!
//! The shipped thresholds hold for the people and forgeries that they were fitted on. On pictures of another kind the
//! same networks and weights serve, but the score may be too sure or not sure enough, and the thresholds may be off. A
//! few numbers correct both, so a few hundred pictures are enough to fit them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{OperatingPoints, ScoreMap, Thresholds};
use crate::identity::Tails;
use crate::toml_file;

/// Error rates of verdicts, 0..=1; `None` where the data hold nothing to measure one on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = ErrorRates)]
pub struct Rates {
    /// Genuine photographs called fake (BPCER).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = f32, required = false, minimum = 0, maximum = 1)]
    pub genuine_called_fake: Option<f32>,
    /// Genuine photographs left undecided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = f32, required = false, minimum = 0, maximum = 1)]
    pub genuine_undecided: Option<f32>,
    /// Genuine photographs called a different person (FNMR).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = f32, required = false, minimum = 0, maximum = 1)]
    pub genuine_called_different: Option<f32>,
    /// Fakes called real (APCER).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = f32, required = false, minimum = 0, maximum = 1)]
    pub fakes_called_real: Option<f32>,
    /// Other people called real.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = f32, required = false, minimum = 0, maximum = 1)]
    pub others_called_real: Option<f32>,
}

/// The data that a calibration was fitted on, and its error rates there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CalibrationSource {
    /// The time of the fit.
    #[schema(value_type = String, format = DateTime)]
    pub fitted_at: Timestamp,
    /// The number of people.
    pub people: usize,
    /// References offered per person.
    pub references: usize,
    /// Different genuine photographs.
    pub genuine: usize,
    /// Different fakes.
    pub fakes: usize,
    /// Different pictures of other people.
    pub others: usize,
    /// Photographs of strangers for searches.
    #[serde(default)]
    #[schema(required)]
    pub strangers: usize,
    /// The degradations applied to the pictures before they were verified.
    pub degradations: Vec<String>,
    /// What was left as shipped, each with the reason.
    pub kept: Vec<String>,
    /// Error rates by cross-validation over people; `None` with too few people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Rates, required = false)]
    pub held_out: Option<Rates>,
}

/// The calibration file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calibration {
    /// The version of the models whose scores it was fitted to.
    pub models: String,
    /// The map of the score.
    pub map: ScoreMap,
    /// The thresholds on the mapped score, with the error rates that they were fitted to.
    pub thresholds: Thresholds,
    /// The thresholds for other error rates, on the mapped score; empty in files of older versions.
    #[serde(default)]
    pub operating_points: OperatingPoints,
    /// The tails of strangers' similarity, from which the thresholds of searches and claims follow; `None`: as shipped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tail: Option<Tails>,
    /// The data that it was fitted on.
    pub source: CalibrationSource,
}

/// The calibration was fitted to the scores of other models. Whoever knows its file adds what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the calibration was fitted to models {fitted}, and these are {present}")]
pub struct OtherModels {
    /// The version that it was fitted to.
    pub fitted: String,
    /// The version in use.
    pub present: String,
}

impl Calibration {
    /// The file's name in the data folder.
    pub const FILE: &str = "calibration.toml";

    /// Parses the text of a calibration file.
    ///
    /// # Errors
    /// Line and reason, or the reason alone where a value is out of range.
    pub fn parse(text: &str) -> Result<Self, String> {
        let it: Self = toml_file::parse(text)?;
        it.thresholds.check()?;
        it.operating_points.check()?;
        it.tail.map_or(Ok(()), |tail| tail.check())?;
        if !(it.map.slope > 0.0 && it.map.slope.is_finite() && it.map.offset.is_finite()) {
            return Err("the map's slope must be above zero, and both numbers finite".into());
        }
        Ok(it)
    }

    /// Checks that it was fitted to the models of this version.
    ///
    /// # Errors
    /// [`OtherModels`].
    pub fn check(&self, models: &str) -> Result<(), OtherModels> {
        if self.models == models {
            return Ok(());
        }
        Err(OtherModels { fitted: self.models.clone(), present: models.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::Tail;

    fn calibration() -> Calibration {
        let tail = Tail { from: 0.46, share: 0.001, scale: 0.04, shape: -0.07 };
        Calibration {
            models: "0123abcd".into(),
            map: ScoreMap { slope: 1.5, offset: -0.25 },
            thresholds: Thresholds {
                real: 0.6,
                fake: 0.4,
                likeness: -0.5,
                target_genuine_called_fake: 0.04,
                target_fake_called_real: 0.1,
                target_fnmr: 0.01,
                similarity: None,
                target_fmr: None,
                min_quality: 5.0,
            },
            operating_points: OperatingPoints {
                fake: vec![[0.01, 0.3].into(), [0.1, 0.45].into()],
                real: vec![[0.05, 0.7].into()],
            },
            tail: Some(Tails { searched: tail, confirmed: Tail { from: 0.36, ..tail } }),
            source: CalibrationSource {
                fitted_at: Timestamp::UNIX_EPOCH,
                people: 5,
                references: 10,
                genuine: 200,
                fakes: 100,
                others: 300,
                strangers: 0,
                degradations: vec!["none".into()],
                kept: vec![],
                held_out: Some(Rates { genuine_called_fake: Some(0.05), ..Rates::default() }),
            },
        }
    }

    #[test]
    fn the_text_is_read_back_and_mistakes_in_it_are_named() {
        let text = toml::to_string(&calibration()).unwrap();
        assert_eq!(Calibration::parse(&text), Ok(calibration()));
        for (from, to) in
            [("slope = 1.5", "slope = -1.5"), ("real = 0.6", "real = 0.1"), ("models", "modles"), ("0.45", "0.2")]
        {
            assert!(Calibration::parse(&text.replacen(from, to, 1)).is_err(), "{from}");
        }
    }

    #[test]
    fn other_models_are_refused() {
        assert!(calibration().check("0123abcd").is_ok());
        let e = calibration().check("ffff").unwrap_err().to_string();
        assert!(e.contains("0123abcd") && e.contains("ffff"), "{e}");
    }
}
