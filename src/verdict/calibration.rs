//! An operator's calibration: thresholds and a map of the score, fitted to the operator's own data by
//! `faceward calibrate` and kept beside the enrolled identities.
//!
//! The shipped thresholds hold for the people and forgeries that they were fitted on. Where an operator's pictures are
//! of another kind, the same networks and weights serve, but the score promises too much or too little and the
//! verdicts begin at the wrong place. Both are put right by few numbers, so a few hundred pictures are enough.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{OperatingPoints, Thresholds};
use crate::toml_file::{self, TomlFileError};

/// Platt scaling: a straight line on the scale of log odds. It never changes which of two faces scores higher.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ScoreMap {
    /// Above zero; above 1 makes the score surer, below less sure.
    pub slope: f32,
    /// In log odds.
    pub offset: f32,
}

impl Default for ScoreMap {
    /// The map that changes nothing.
    fn default() -> Self {
        Self { slope: 1.0, offset: 0.0 }
    }
}

impl ScoreMap {
    /// The mapped score, 0..=1.
    pub fn apply(&self, score: f32) -> f32 {
        if *self == Self::default() {
            return score;
        }
        let score = score.clamp(1e-6, 1.0 - 1e-6);
        let logit = self.slope * (score / (1.0 - score)).ln() + self.offset;
        1.0 / (1.0 + (-logit).exp())
    }
}

/// Error rates of verdicts, 0..=1; `None` where the data hold nothing to measure them on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Rates {
    /// Genuine photographs called fake (BPCER).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub genuine_called_fake: Option<f32>,
    /// Genuine photographs left undecided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub genuine_undecided: Option<f32>,
    /// Genuine photographs called a different person (FNMR).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub genuine_called_different: Option<f32>,
    /// Fakes called real (APCER).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fakes_called_real: Option<f32>,
    /// Other people called real.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub others_called_real: Option<f32>,
}

/// What a calibration was fitted on, and how it did there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CalibrationSource {
    /// When.
    pub fitted_at: Timestamp,
    /// People.
    pub people: usize,
    /// References offered for each.
    pub references: usize,
    /// Genuine photographs, counted once however often they were drawn.
    pub genuine: usize,
    /// Fakes, likewise.
    pub fakes: usize,
    /// Pictures of other people, likewise.
    pub others: usize,
    /// What was done to the pictures before they were verified.
    pub degradations: Vec<String>,
    /// What was left as shipped, and why.
    pub kept: Vec<String>,
    /// Error rates on people who were held out of the fit in turn; `None` with too few people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
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
    /// Where the verdicts begin, on the mapped score, with the error rates that they were fitted to.
    pub thresholds: Thresholds,
    /// Where they would begin for other error rates, likewise; empty in files of versions before it was fitted.
    #[serde(default)]
    pub operating_points: OperatingPoints,
    /// What it was fitted on.
    pub source: CalibrationSource,
}

/// Why a calibration is not used.
#[derive(Debug, thiserror::Error)]
pub enum CalibrationError {
    /// The file cannot be read, or is not a calibration.
    #[error("{0}; run `faceward calibrate` again, or delete the file to return to the shipped thresholds")]
    File(#[from] TomlFileError),
    /// The file cannot be written.
    #[error("{}: cannot be written: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// It was fitted to the scores of other models.
    #[error(
        "the calibration was fitted to models {fitted}, and these are {present}: run `faceward calibrate` again, or \
         delete calibration.toml in the data folder to return to the shipped thresholds"
    )]
    OtherModels {
        /// What it was fitted to.
        fitted: String,
        /// What runs.
        present: String,
    },
}

impl Calibration {
    /// The file's name in the data folder.
    pub const FILE: &str = "calibration.toml";

    /// Reads a calibration file; `None` where there is none.
    ///
    /// # Errors
    /// [`CalibrationError::File`].
    pub fn read(path: &Path) -> Result<Option<Self>, CalibrationError> {
        match toml_file::read(path, Self::parse) {
            Ok(calibration) => Ok(Some(calibration)),
            Err(e) if e.is_missing() => Ok(None),
            Err(e) => Err(e.into()),
        }
    }

    fn parse(text: &str) -> Result<Self, String> {
        let it: Self = toml_file::parse(text)?;
        it.thresholds.check()?;
        it.operating_points.check()?;
        if !(it.map.slope > 0.0 && it.map.slope.is_finite() && it.map.offset.is_finite()) {
            return Err("the map's slope must be above zero, and both numbers finite".into());
        }
        Ok(it)
    }

    /// Writes the file, whole or not at all.
    ///
    /// # Errors
    /// [`CalibrationError::Write`].
    pub fn write(&self, path: &Path) -> Result<(), CalibrationError> {
        let aside = path.with_extension("toml.new");
        let head = "# Written by `faceward calibrate`; docs/evaluation.md says what each line means. Read when the \
                    service starts.\n";
        let written = toml::to_string(self)
            .map_err(std::io::Error::other)
            .and_then(|text| std::fs::write(&aside, format!("{head}{text}")))
            .and_then(|()| std::fs::rename(&aside, path));
        written.map_err(|source| CalibrationError::Write { path: path.into(), source })
    }

    /// Whether it is for the models of this version.
    ///
    /// # Errors
    /// [`CalibrationError::OtherModels`].
    pub fn check(&self, models: &str) -> Result<(), CalibrationError> {
        if self.models == models {
            return Ok(());
        }
        Err(CalibrationError::OtherModels { fitted: self.models.clone(), present: models.to_owned() })
    }
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "figures that are exact are compared exactly")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn calibration() -> Calibration {
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
                min_quality: 5.0,
            },
            operating_points: OperatingPoints {
                fake: vec![[0.01, 0.3].into(), [0.1, 0.45].into()],
                real: vec![[0.05, 0.7].into()],
            },
            source: CalibrationSource {
                fitted_at: Timestamp::UNIX_EPOCH,
                people: 5,
                references: 10,
                genuine: 200,
                fakes: 100,
                others: 300,
                degradations: vec!["none".into()],
                kept: vec![],
                held_out: Some(Rates { genuine_called_fake: Some(0.05), ..Rates::default() }),
            },
        }
    }

    #[test]
    fn the_file_is_read_back_and_typing_errors_are_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(Calibration::FILE);
        assert!(Calibration::read(&path).unwrap().is_none());
        calibration().write(&path).unwrap();
        assert_eq!(Calibration::read(&path).unwrap(), Some(calibration()));
        let text = std::fs::read_to_string(&path).unwrap();
        for (from, to) in
            [("slope = 1.5", "slope = -1.5"), ("real = 0.6", "real = 0.1"), ("models", "modles"), ("0.45", "0.2")]
        {
            std::fs::write(&path, text.replacen(from, to, 1)).unwrap();
            assert!(matches!(Calibration::read(&path), Err(CalibrationError::File(_))), "{from}");
        }
    }

    #[test]
    fn other_models_are_refused() {
        assert!(calibration().check("0123abcd").is_ok());
        let e = calibration().check("ffff").unwrap_err().to_string();
        assert!(e.contains("0123abcd") && e.contains("ffff") && e.contains("faceward calibrate"), "{e}");
    }

    proptest! {
        #[test]
        fn maps_keep_the_order_and_the_range(a in 0.0..=1.0f32, b in 0.0..=1.0f32, slope in 0.1..5.0f32, offset in -3.0..3.0f32) {
            let map = ScoreMap { slope, offset };
            let (low, high) = (map.apply(a.min(b)), map.apply(a.max(b)));
            prop_assert!(0.0 <= low && low <= high && high <= 1.0);
            prop_assert_eq!(ScoreMap::default().apply(a), a);
        }
    }
}
