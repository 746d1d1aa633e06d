//! The claims of an explanation in a few numbers, and the forged regions of forgeries, to compare the two. Only listed
//! differences that are said to depart count.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::Record;
use crate::file_error::FileError;
use crate::template::Region;
use crate::verdict::{Difference, Direction, Explanation};

/// The claims of one explanation.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Explained {
    /// Differences that are said to depart.
    pub departing: usize,
    /// The largest of them, in standard deviations; 0 without any.
    pub farthest: f64,
    /// The sum of their excess over 2 standard deviations; 0 for an explanation that names no departure.
    pub departure: f64,
    /// The region of the first difference that departs and lies in a part of the face.
    pub region: Option<String>,
}

impl Explained {
    /// The claims of the differences that `explanation` lists.
    pub fn of(explanation: &Explanation) -> Self {
        let departing = || explanation.differences.iter().filter(|d| d.direction != Direction::Within);
        let sizes = || departing().map(|d| f64::from(d.deviation.abs()));
        Self {
            departing: departing().count(),
            farthest: sizes().fold(0.0, f64::max),
            departure: sizes().map(|s| (s - f64::from(Explanation::DEPARTS)).max(0.0)).sum(),
            region: departing().find_map(part),
        }
    }

    /// Whether its region is one of `forged`; `None` where it names none.
    pub fn points_to(&self, forged: &[String]) -> Option<bool> {
        self.region.as_ref().map(|region| forged.contains(region))
    }
}

/// The part of the face that a difference lies in. Brows count as eyes: a forgery of the eyes covers both.
fn part(difference: &Difference) -> Option<String> {
    match difference.region.as_str() {
        region if region == Region::Overall.name() => None,
        region if region == Region::Brows.name() => Some(Region::Eyes.name().into()),
        region => Some(region.into()),
    }
}

/// The forged regions of forgeries, by path, from the list that `training/forge` writes beside them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ForgedRegions(BTreeMap<String, Vec<String>>);

/// A list of forgeries that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ForgedRegionsError {
    /// The list cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// A line is not of the form that `training/forge` writes.
    #[error("{}, line {line}: {detail}: write it again with `training/forge`, or remove the file", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// The line's number, from 1.
        line: usize,
        /// The reason.
        detail: String,
    },
}

/// One line of the list; other fields are ignored.
#[derive(Deserialize)]
struct Line {
    path: String,
    regions: Vec<String>,
}

/// The region of a forgery of the whole face.
const WHOLE: &str = "face";
/// The longest line in bytes.
const LINE_MAX: usize = 64 << 10;

impl ForgedRegions {
    /// The list's name at the top of a folder.
    pub const FILE: &str = "forgeries.jsonl";

    /// Reads the list of `folder`; empty where there is none. Forgeries of the whole face and genuine pictures are left
    /// out: an explanation cannot point to them.
    ///
    /// # Errors
    /// A [`ForgedRegionsError`].
    pub fn read(folder: &Path) -> Result<Self, ForgedRegionsError> {
        let path = folder.join(Self::FILE);
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(e) if e.kind() == ErrorKind::NotFound => return Ok(Self::default()),
            Err(e) => return Err(FileError::read(&path)(e).into()),
        };
        let (mut reader, mut text, mut known) = (BufReader::new(file), Vec::new(), BTreeMap::new());
        for number in 1.. {
            text.clear();
            let read = (&mut reader).take(LINE_MAX as u64).read_until(b'\n', &mut text);
            if read.map_err(FileError::read(&path))? == 0 {
                break;
            }
            if text.trim_ascii().is_empty() {
                continue;
            }
            let line: Line = serde_json::from_slice(&text).map_err(|e| ForgedRegionsError::Line {
                path: path.clone(),
                line: number,
                detail: e.to_string(),
            })?;
            if !line.regions.is_empty() && !line.regions.iter().any(|r| r == WHOLE) {
                known.insert(line.path, line.regions);
            }
        }
        Ok(Self(known))
    }

    /// Fills in the forged regions of each record, where they are known.
    pub fn note_in(&self, records: &mut [Record]) {
        for record in records {
            record.forged = self.0.get(&record.path).cloned();
        }
    }
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "figures that are exact are compared exactly")]
mod tests {
    use super::*;

    fn difference(region: &str, deviation: f32, direction: Direction) -> Difference {
        Difference {
            region: region.into(),
            attribute: "a".into(),
            observed: 0.0,
            expected: [0.0, 0.0],
            unit: String::new(),
            deviation,
            direction,
            weight: 0.0,
            text: String::new(),
        }
    }

    fn explained(differences: Vec<Difference>) -> Explained {
        Explained::of(&Explanation { summary: String::new(), differences })
    }

    #[test]
    fn only_departures_count_and_the_whole_face_is_no_region() {
        use Direction::{Higher, Lower, Within};
        let it = explained(vec![
            difference("overall", -5.5, Lower),
            difference("nose", 9.0, Within),
            difference("brows", 2.5, Higher),
            difference("mouth", -3.0, Lower),
        ]);
        assert_eq!((it.departing, it.farthest, it.departure), (3, 5.5, 3.5 + 0.5 + 1.0));
        assert_eq!(it.region.as_deref(), Some("eyes"));
        let forged = |regions: &[&str]| it.points_to(&regions.iter().map(|r| (*r).to_owned()).collect::<Vec<_>>());
        assert_eq!((forged(&["eyes", "nose"]), forged(&["mouth"])), (Some(true), Some(false)));
        let silent = explained(vec![difference("nose", 1.0, Within)]);
        assert_eq!((silent.clone(), silent.points_to(&["nose".into()])), (Explained::default(), None));
        assert_eq!(explained(vec![difference("overall", -4.0, Lower)]).region, None);
    }

    #[test]
    fn the_list_of_forgeries_is_read_and_a_broken_line_is_named() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(ForgedRegions::read(folder.path()).unwrap(), ForgedRegions::default());
        let file = folder.path().join(ForgedRegions::FILE);
        let lines = "{\"path\":\"a/fake/partial/1.jpg\",\"method\":\"partial\",\"regions\":[\"eyes\",\"nose\"]}\n\n\
                     {\"path\":\"a/fake/swap/1.jpg\",\"regions\":[\"face\"]}\n{\"path\":\"a/real/1.jpg\",\"regions\":[]}";
        std::fs::write(&file, lines).unwrap();
        let known = ForgedRegions::read(folder.path()).unwrap();
        assert_eq!(known.0.len(), 1);
        assert_eq!(known.0["a/fake/partial/1.jpg"], ["eyes", "nose"]);
        for broken in ["{\"path\":1}", "no json", &"x".repeat(2 * LINE_MAX)] {
            std::fs::write(&file, format!("\n{broken}\n")).unwrap();
            let error = ForgedRegions::read(folder.path()).unwrap_err().to_string();
            assert!(error.contains("forgeries.jsonl, line 2"), "{error}");
        }
        std::fs::remove_file(&file).unwrap();
        std::fs::create_dir(&file).unwrap();
        assert!(matches!(ForgedRegions::read(folder.path()), Err(ForgedRegionsError::File(_))));
    }
}
