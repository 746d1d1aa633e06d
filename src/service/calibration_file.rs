//! The calibration file in the data folder.

use std::path::Path;

use crate::file_error::FileError;
use crate::toml_file::{self, TomlFileError};
use crate::verdict::Calibration;

/// A calibration file that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CalibrationFileError {
    /// The file cannot be read, or is not a calibration.
    #[error("{0}; run `faceward calibrate` again, or delete the file to return to the shipped thresholds")]
    File(#[from] TomlFileError),
    /// The file cannot be written.
    #[error(transparent)]
    Write(#[from] FileError),
}

/// The calibration in the file at `path`; `None` where there is no such file.
///
/// # Errors
/// [`CalibrationFileError::File`].
pub fn read_calibration(path: &Path) -> Result<Option<Calibration>, CalibrationFileError> {
    match toml_file::read(path, Calibration::parse) {
        Ok(calibration) => Ok(Some(calibration)),
        Err(e) if e.is_missing() => Ok(None),
        Err(e) => Err(e.into()),
    }
}

/// Writes the file at `path`, whole or not at all.
///
/// # Errors
/// [`CalibrationFileError::Write`].
pub fn write_calibration(path: &Path, calibration: &Calibration) -> Result<(), CalibrationFileError> {
    let aside = path.with_extension("toml.new");
    let head =
        "# Written by `faceward calibrate`; docs/evaluation.md explains each line. Read when the service starts.\n";
    let written = toml::to_string(calibration)
        .map_err(std::io::Error::other)
        .and_then(|text| std::fs::write(&aside, format!("{head}{text}")))
        .and_then(|()| std::fs::rename(&aside, path));
    Ok(written.map_err(FileError::write(path))?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verdict::{CalibrationSource, OperatingPoints, ScoreMap, Thresholds};

    #[test]
    fn the_file_is_read_back_and_a_mistake_in_it_is_named_with_the_file() {
        let calibration = Calibration {
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
            operating_points: OperatingPoints::default(),
            tail: None,
            source: CalibrationSource {
                fitted_at: jiff::Timestamp::UNIX_EPOCH,
                people: 5,
                references: 10,
                genuine: 200,
                fakes: 100,
                others: 300,
                strangers: 0,
                degradations: vec!["none".into()],
                kept: vec![],
                held_out: None,
            },
        };
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(Calibration::FILE);
        assert!(read_calibration(&path).unwrap().is_none());
        write_calibration(&path, &calibration).unwrap();
        assert_eq!(read_calibration(&path).unwrap(), Some(calibration));
        std::fs::write(&path, "models = 1").unwrap();
        let error = read_calibration(&path).unwrap_err().to_string();
        assert!(error.contains(Calibration::FILE) && error.contains("faceward calibrate"), "{error}");
    }
}
