//! Groups of people, for error rates by group: from a file, or as they are read from the people's photographs.
//!
//! A group is a property of the claimed person, not of the probe: the look of a forgery is its maker's choice. The
//! networks' readings have errors of their own, which differ between groups; a file checked by people is better.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::{Apparent, Measured};
use crate::file_error::FileError;
use crate::template::Sex;

/// For each attribute (`sex`, …), the value of each person.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Labels(pub BTreeMap<String, BTreeMap<String, String>>);

/// A file of labels that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LabelsError {
    /// The file cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// A line is not CSV, or has more or fewer fields than the header.
    #[error("{}: {source}: correct the line", path.display())]
    Csv {
        /// The file.
        path: PathBuf,
        /// The line and the reason.
        source: csv::Error,
    },
    /// The header has no column `identity`, or no other column.
    #[error(
        "{}: there is no column `identity` with an attribute beside it: start the file with `identity,sex`",
        .0.display()
    )]
    Header(PathBuf),
}

/// Apparent ages from which bands begin, in years: wide, as the estimate is off by several years.
const BANDS: [(f32, &str); 4] = [(60.0, "60 and over"), (45.0, "45 to 59"), (30.0, "30 to 44"), (0.0, "under 30")];

/// Individual typology angles above which bands begin, in degrees (Del Bino and Bernerd 2013, after Chardon et al. 1991).
const TONES: [(f32, &str); 6] =
    [(55.0, "very light"), (41.0, "light"), (28.0, "intermediate"), (10.0, "tan"), (-30.0, "brown"), (-90.0, "dark")];

impl Labels {
    /// Reads CSV: a column `identity` with the names of the people's folders, and a column per attribute. Empty fields
    /// are ignored.
    ///
    /// # Errors
    /// A [`LabelsError`].
    pub fn read(path: &Path) -> Result<Self, LabelsError> {
        let bytes = std::fs::read(path).map_err(FileError::read(path))?;
        let fail = |source| LabelsError::Csv { path: path.into(), source };
        let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(bytes.as_slice());
        let header = reader.headers().map_err(fail)?.clone();
        let no_header = || LabelsError::Header(path.into());
        let person = header.iter().position(|h| h == "identity").ok_or_else(no_header)?;
        if header.len() < 2 {
            return Err(no_header());
        }
        let mut labels = Self::default();
        for line in reader.records() {
            let line = line.map_err(fail)?;
            let who = line.get(person).unwrap_or_default();
            for (attribute, value) in header.iter().zip(&line).filter(|(a, v)| *a != "identity" && !v.is_empty()) {
                labels.0.entry(attribute.into()).or_default().insert(who.into(), value.into());
            }
        }
        Ok(labels)
    }

    /// Apparent sex, age band and band of skin tone, from the people's enrolled photographs.
    pub fn apparent(measured: &Measured) -> Self {
        let of = |value: &dyn Fn(&Apparent) -> &'static str| {
            measured.apparent.iter().map(|(person, a)| (person.clone(), value(a).to_owned())).collect()
        };
        let sex = |a: &Apparent| match a.sex {
            Sex::Female => "female",
            Sex::Male => "male",
            Sex::Unclear => "unclear",
        };
        let age = |a: &Apparent| BANDS.iter().find(|(from, _)| a.age >= *from).map_or("under 30", |(_, name)| *name);
        let tone = |tone: f32| TONES.iter().find(|(above, _)| tone > *above).map_or("dark", |(_, name)| *name);
        let tones = measured.apparent.iter().filter_map(|(who, a)| Some((who.clone(), tone(a.skin_tone?).to_owned())));
        let (sex, age, tone) = (of(&sex), of(&age), tones.collect());
        Self(
            [("apparent sex", sex), ("apparent age", age), ("apparent skin tone", tone)]
                .map(|(k, v)| (k.into(), v))
                .into(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_and_empty_fields_are_ignored() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("labels.csv");
        std::fs::write(&path, "identity, sex, ancestry\njane,female,\nbob, male ,\"north, east\"\n").unwrap();
        let labels = Labels::read(&path).unwrap().0;
        assert_eq!(labels["sex"]["bob"], "male");
        assert_eq!(labels["ancestry"].len(), 1);
        assert_eq!(labels["ancestry"]["bob"], "north, east");
        std::fs::write(&path, "who,sex\njane,female\n").unwrap();
        assert!(matches!(Labels::read(&path), Err(LabelsError::Header(_))));
        std::fs::write(&path, "identity,sex\njane,female,odd\n").unwrap();
        for (path, said) in
            [(path.as_path(), "labels.csv: CSV error: record 1 (line: 2"), (folder.path(), "it is a folder")]
        {
            let refused = Labels::read(path).unwrap_err().to_string();
            assert!(refused.contains(said), "{refused}");
        }
    }

    #[test]
    fn people_are_grouped_by_apparent_age_sex_and_skin_tone() {
        let apparent = |age, sex, skin_tone| Apparent { age, sex, skin_tone };
        let people = [
            ("a", apparent(61.0, Sex::Female, Some(41.5))),
            ("b", apparent(29.9, Sex::Male, Some(-30.0))),
            ("c", apparent(45.0, Sex::Unclear, None)),
        ];
        let apparent = people.into_iter().map(|(p, a)| (p.to_owned(), a)).collect();
        let labels = Labels::apparent(&Measured { apparent, ..Measured::default() }).0;
        let ages: Vec<&str> = labels["apparent age"].values().map(String::as_str).collect();
        assert_eq!(ages, ["60 and over", "under 30", "45 to 59"]);
        assert_eq!(labels["apparent sex"]["c"], "unclear");
        let tones: Vec<(&str, &str)> =
            labels["apparent skin tone"].iter().map(|(who, tone)| (who.as_str(), tone.as_str())).collect();
        assert_eq!(tones, [("a", "light"), ("b", "dark")], "nothing is said of a tone that cannot be read");
    }
}
