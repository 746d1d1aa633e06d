//! Pictures by person and set, in the layout of `VIPBench`:
//!
//! ```text
//! DIR/<person>/real/…              genuine photographs of the person
//! DIR/<person>/fake/<method>/…     manipulated or synthetic faces that depict the person
//! DIR/<person>/other/…             other people (optional)
//! DIR/others/…                     strangers to all of them, for searches (optional)
//! ```
//!
//! Folders below these are walked. Pictures directly in a person's folder count as genuine; pictures elsewhere are left
//! out, and listed.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use crate::imaging::{LeftOut, Why, image_files};

/// The relation of a picture to the person in whose folder it lies.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Set {
    /// A genuine photograph.
    Real,
    /// Manipulated or synthetic, by the method of that name.
    Fake(String),
    /// Another person.
    Other,
}

impl fmt::Display for Set {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Real => f.write_str("real"),
            Self::Fake(method) => write!(f, "fake:{method}"),
            Self::Other => f.write_str("other"),
        }
    }
}

impl Set {
    /// `real`, `fake` or `other`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Real => "real",
            Self::Fake(_) => "fake",
            Self::Other => "other",
        }
    }
}

/// A picture and its content.
#[derive(Clone, Debug)]
pub struct Picture<T> {
    /// The path below the data folder, with `/` between its parts.
    pub path: String,
    /// Its templates, or nothing where only paths matter.
    pub content: T,
}

impl<T> Picture<T> {
    /// The file's name without its extension.
    pub fn stem(&self) -> &str {
        let name = self.path.rsplit('/').next().unwrap_or(&self.path);
        name.rsplit_once('.').map_or(name, |(stem, _)| stem)
    }

    /// Whether this forgery's name says that it was made from `photograph`: names of the form `number__photo__donor`,
    /// as `training/forge` writes them, hold the names of both. Other names say nothing.
    pub fn is_made_from(&self, photograph: &Self) -> bool {
        self.stem().split("__").skip(1).any(|part| part == photograph.stem())
    }
}

/// Pictures by person and set; each person has at least one genuine photograph.
#[derive(Clone, Debug)]
pub struct Dataset<T> {
    /// By person and set, in the order of paths.
    pub people: BTreeMap<String, BTreeMap<Set, Vec<Picture<T>>>>,
    /// Photographs of strangers, in the order of paths.
    pub strangers: Vec<Picture<T>>,
}

impl Dataset<()> {
    /// The pictures under `folder` ([`image_files`]), and what of it is left out.
    pub fn scan(folder: &Path) -> (Self, Vec<LeftOut>) {
        let found = image_files(folder);
        let paths = found.files.iter().filter_map(|file| {
            let parts = file.strip_prefix(folder).ok()?.components();
            let parts: Vec<String> = parts.map(|p| p.as_os_str().to_string_lossy().into_owned()).collect();
            Some((parts.join("/"), ()))
        });
        let (dataset, dropped) = Self::sorted(paths);
        let dropped = dropped.into_iter().map(|(path, why)| LeftOut { path: folder.join(path), why });
        (dataset, found.left_out.into_iter().chain(dropped).collect())
    }
}

impl<T> Dataset<T> {
    /// Sorts pictures by their paths. Pictures outside the layout and people without a genuine photograph are dropped.
    pub fn of(pictures: impl IntoIterator<Item = (String, T)>) -> Self {
        Self::sorted(pictures).0
    }

    /// The pictures by their paths, and the paths of those that are dropped.
    fn sorted(pictures: impl IntoIterator<Item = (String, T)>) -> (Self, Vec<(String, Why)>) {
        let mut people: BTreeMap<String, BTreeMap<Set, Vec<Picture<T>>>> = BTreeMap::new();
        let (mut strangers, mut dropped) = (Vec::new(), Vec::new());
        for (path, content) in pictures {
            if path.starts_with("others/") {
                strangers.push(Picture { path, content });
            } else if let Some((person, set)) = place(&path) {
                people.entry(person).or_default().entry(set).or_default().push(Picture { path, content });
            } else {
                dropped.push((path, Why::OutsideLayout));
            }
        }
        people.retain(|_, sets| {
            let genuine = sets.contains_key(&Set::Real);
            if !genuine {
                let of_nobody = sets.values().flatten().map(|picture| picture.path.clone());
                dropped.extend(of_nobody.map(|path| (path, Why::PersonWithoutPhotograph)));
            }
            genuine
        });
        (Self { people, strangers }, dropped)
    }

    /// The number of pictures of people.
    pub fn pictures(&self) -> usize {
        self.people.values().flat_map(BTreeMap::values).map(Vec::len).sum()
    }
}

fn place(path: &str) -> Option<(String, Set)> {
    let parts: Vec<&str> = path.split('/').collect();
    let (person, set) = match parts[..] {
        [person, "fake", method, _, ..] => (person, Set::Fake(method.to_owned())),
        [person, "other", _, ..] => (person, Set::Other),
        [person, "real", _, ..] | [person, _] => (person, Set::Real),
        _ => return None,
    };
    Some((person.to_owned(), set))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dataset(paths: &[&str]) -> Dataset<()> {
        Dataset::of(paths.iter().map(|p| ((*p).to_owned(), ())))
    }

    #[test]
    fn the_layout_is_read() {
        let paths =
            ["a/real/1.jpg", "a/real/deep/2.jpg", "a/fake/swap/1.jpg", "a/other/9.jpg", "b/1.jpg", "others/x/1.jpg"];
        let it = dataset(&[&paths[..], &["c/fake/swap/1.jpg", "stray.jpg", "a/notes/1.jpg", "a/fake/1.jpg"]].concat());
        let sets: Vec<String> =
            it.people.iter().flat_map(|(p, s)| s.iter().map(move |(s, v)| format!("{p} {s} {}", v.len()))).collect();
        assert_eq!(sets, ["a real 2", "a fake:swap 1", "a other 1", "b real 1"]);
        assert_eq!((it.pictures(), it.strangers.len()), (5, 1));
    }

    #[test]
    fn what_is_dropped_is_named() {
        let paths = ["a/real/1.jpg", "stray.jpg", "c/fake/swap/1.jpg", "a/fake/1.jpg"];
        let (_, dropped) = Dataset::sorted(paths.map(|p| (p.to_owned(), ())));
        let named = |path: &str, why| (path.to_owned(), why);
        assert_eq!(
            dropped,
            [
                named("stray.jpg", Why::OutsideLayout),
                named("a/fake/1.jpg", Why::OutsideLayout),
                named("c/fake/swap/1.jpg", Why::PersonWithoutPhotograph)
            ]
        );
    }

    #[test]
    fn a_forgery_names_what_it_was_made_from() {
        let picture = |path: &str| Picture { path: path.into(), content: () };
        let forged = picture("a/fake/swap/07__0012__bob-0003.jpg");
        assert!(forged.is_made_from(&picture("a/real/0012.jpg")));
        assert!(!forged.is_made_from(&picture("a/real/0003.jpg")));
        assert!(!forged.is_made_from(&picture("a/real/07.jpg")));
        // A running number alone says nothing.
        assert!(!picture("a/fake/swap/0012.jpg").is_made_from(&picture("a/real/0012.jpg")));
    }
}
