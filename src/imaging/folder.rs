//! The pictures of a folder: which files a batch, an enrollment, an evaluation or a training export opens.
//!
//! A file is a picture by its content or by the ending of its name. One that is named as a picture but is none is not
//! left out silently: it fails with an error where it is opened. What is left out is listed with the reason.

use std::collections::{HashSet, VecDeque};
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::decode::is_picture;
use super::kind::is_named_as_picture;

/// The first bytes of a file that say what it is.
const HEAD: usize = 64;

/// The pictures under a folder, and what else is there.
#[derive(Debug, Default)]
pub struct ImageFiles {
    /// Files that are pictures by content or by name, and what cannot be read and so might be one; sorted by path.
    pub files: Vec<PathBuf>,
    /// What is not opened; sorted by path.
    pub left_out: Vec<LeftOut>,
}

/// A file or folder that is not opened.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LeftOut {
    /// Where it is.
    pub path: PathBuf,
    /// Why it is left out.
    pub why: Why,
}

/// Why a file or folder is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// Neither its content nor its name is that of a picture.
    NotAnImage,
    /// It is a device, a socket or a pipe.
    NotAFile,
    /// A symbolic link to what is listed under another path.
    ListedElsewhere,
    /// Its path does not fit the layout of the folder.
    OutsideLayout,
    /// Its person has no genuine photograph.
    PersonWithoutPhotograph,
}

impl Why {
    /// The reason in words, after "left out:".
    pub fn text(self) -> &'static str {
        match self {
            Self::NotAnImage => "not an image",
            Self::NotAFile => "not a regular file",
            Self::ListedElsewhere => "a link to what is listed already",
            Self::OutsideLayout => "outside the layout",
            Self::PersonWithoutPhotograph => "its person has no genuine photograph",
        }
    }
}

/// The pictures under `folder`. Symbolic links are followed, and whatever they lead to is listed once, under its own
/// path where that is within `folder`.
pub fn image_files(folder: &Path) -> ImageFiles {
    let mut found = ImageFiles::default();
    // By their real paths, what has been listed.
    let mut seen = HashSet::new();
    // Links come last, so that what they lead to keeps its own path.
    let mut links = VecDeque::from([folder.to_path_buf()]);
    while let Some(start) = links.pop_front() {
        let leave_out = |found: &mut ImageFiles, path: &Path, why| {
            found.left_out.push(LeftOut { path: path.to_path_buf(), why });
        };
        let mut walk = walkdir::WalkDir::new(&start).sort_by_file_name().into_iter();
        while let Some(entry) = walk.next() {
            let entry = match entry {
                Ok(entry) => entry,
                Err(e) => {
                    found.files.extend(e.path().map(Path::to_path_buf));
                    continue;
                }
            };
            let path = entry.path();
            if entry.path_is_symlink() && entry.depth() > 0 {
                links.push_back(path.to_path_buf());
                continue;
            }
            // A link that leads nowhere may have led to a picture.
            let (Ok(real), Ok(meta)) = (path.canonicalize(), path.metadata()) else {
                found.files.push(path.to_path_buf());
                continue;
            };
            if !seen.insert(real) {
                leave_out(&mut found, path, Why::ListedElsewhere);
                if meta.is_dir() {
                    walk.skip_current_dir();
                }
            } else if meta.is_file() {
                if is_named_as_picture(path) || head(path).is_none_or(|head| is_picture(&head)) {
                    found.files.push(path.to_path_buf());
                } else {
                    leave_out(&mut found, path, Why::NotAnImage);
                }
            } else if !meta.is_dir() {
                leave_out(&mut found, path, Why::NotAFile);
            }
        }
    }
    found.files.sort();
    found.left_out.sort();
    found
}

/// The first bytes of a file; `None` if it cannot be read.
fn head(path: &Path) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path).and_then(|file| file.take(HEAD as u64).read_to_end(&mut bytes)).ok()?;
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const JPEG: &[u8] = b"\xff\xd8\xff\xe0 and so on";

    fn listed(folder: &Path) -> (Vec<String>, Vec<(String, Why)>) {
        let name = |p: &Path| p.strip_prefix(folder).unwrap().to_string_lossy().into_owned();
        let found = image_files(folder);
        (found.files.iter().map(|p| name(p)).collect(), found.left_out.iter().map(|l| (name(&l.path), l.why)).collect())
    }

    #[test]
    fn content_or_name_makes_a_picture_and_the_rest_is_left_out() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("a")).unwrap();
        for (name, content) in [
            ("b.PNG", b"".as_slice()),
            ("a/2.jpeg", b"no picture"),
            ("a/1", JPEG),
            ("a/3.jfif", JPEG),
            ("photo.txt", JPEG),
            ("notes.txt", b"text"),
            (".DS_Store", b"\0\0\0\x01Bud1"),
            ("png", b""),
            ("c.heic", b"\0\0\0\x18ftypheic"),
        ] {
            std::fs::write(folder.path().join(name), content).unwrap();
        }
        let (files, left_out) = listed(folder.path());
        assert_eq!(files, ["a/1", "a/2.jpeg", "a/3.jfif", "b.PNG", "c.heic", "photo.txt"]);
        assert_eq!(left_out, [".DS_Store", "notes.txt", "png"].map(|name| (name.to_owned(), Why::NotAnImage)));
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed_once() {
        use std::os::unix::fs::symlink;
        let (folder, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let at = |name: &str| folder.path().join(name);
        std::fs::create_dir_all(at("real/deep")).unwrap();
        std::fs::write(at("real/1.jpg"), JPEG).unwrap();
        std::fs::write(at("real/deep/2.jpg"), JPEG).unwrap();
        std::fs::write(outside.path().join("3.jpg"), JPEG).unwrap();
        // Cycles, a second name for a file and for a folder, a folder outside by two names, and a link to nothing.
        symlink("..", at("real/deep/up")).unwrap();
        symlink(".", at("self")).unwrap();
        symlink("real/1.jpg", at("again.jpg")).unwrap();
        symlink("real", at("also")).unwrap();
        symlink(outside.path(), at("out")).unwrap();
        symlink(outside.path(), at("out2")).unwrap();
        symlink("nowhere.jpg", at("gone.jpg")).unwrap();
        symlink("loop", at("loop")).unwrap();
        let (files, left_out) = listed(folder.path());
        assert_eq!(files, ["gone.jpg", "loop", "out/3.jpg", "real/1.jpg", "real/deep/2.jpg"]);
        let names: Vec<&str> = left_out.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["again.jpg", "also", "out2", "real/deep/up", "self"]);
        assert!(left_out.iter().all(|(_, why)| *why == Why::ListedElsewhere));
        // The folder itself may be given as a link.
        let (files, _) = listed(&at("also"));
        assert_eq!(files, ["1.jpg", "deep/2.jpg"]);
    }

    #[test]
    fn a_folder_that_is_not_there_is_listed_as_itself() {
        let folder = tempfile::tempdir().unwrap();
        let gone = folder.path().join("gone");
        assert_eq!(image_files(&gone).files, [gone]);
    }
}
