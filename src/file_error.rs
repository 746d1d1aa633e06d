//! The one error for a file or folder that cannot be read or written: what is wrong with it, and what to do next.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// What was attempted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attempt {
    /// Reading a file.
    Read,
    /// Creating a file or writing to it.
    Write,
    /// Making a folder.
    Make,
}

/// A file or folder that cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[error("cannot {} `{}`: {}", self.verb(), printable(path), self.reason())]
pub struct FileError {
    /// What was attempted.
    pub attempt: Attempt,
    /// The file or folder.
    pub path: PathBuf,
    /// The system's reason.
    pub source: io::Error,
}

impl FileError {
    /// The error for a file at `path` that cannot be read.
    pub fn read(path: &Path) -> impl Fn(io::Error) -> Self + Copy + '_ {
        Self::of(Attempt::Read, path)
    }

    /// The error for a file at `path` that cannot be written.
    pub fn write(path: &Path) -> impl Fn(io::Error) -> Self + Copy + '_ {
        Self::of(Attempt::Write, path)
    }

    /// The error for a folder at `path` that cannot be made.
    pub fn make(path: &Path) -> impl Fn(io::Error) -> Self + Copy + '_ {
        Self::of(Attempt::Make, path)
    }

    fn of(attempt: Attempt, path: &Path) -> impl Fn(io::Error) -> Self + Copy + '_ {
        move |source| Self { attempt, path: path.into(), source }
    }

    /// Whether there is no such file.
    pub fn is_missing(&self) -> bool {
        self.source.kind() == ErrorKind::NotFound
    }

    fn verb(&self) -> &'static str {
        match self.attempt {
            Attempt::Read => "read",
            Attempt::Write => "write",
            Attempt::Make => "make the folder",
        }
    }

    /// What is wrong and what to do next, without the path of the file.
    pub fn reason(&self) -> String {
        let parent = self.path.parent().filter(|parent| !parent.as_os_str().is_empty());
        match (self.source.kind(), self.attempt, parent) {
            (ErrorKind::NotFound, Attempt::Read, _) => "there is no such file: check the path".to_owned(),
            (ErrorKind::NotFound, _, Some(parent)) if !parent.exists() => {
                format!("there is no folder `{}`: make it first, or check the path", printable(parent))
            }
            (ErrorKind::PermissionDenied, ..) => "permission denied: check the owner and the permissions".to_owned(),
            (ErrorKind::IsADirectory, ..) => "it is a folder, and a file is needed: check the path".to_owned(),
            (ErrorKind::AlreadyExists | ErrorKind::NotADirectory, Attempt::Make, _) => {
                "a file is in the way: give another folder".to_owned()
            }
            (ErrorKind::NotADirectory, ..) => "a part of the path is a file, not a folder: check the path".to_owned(),
            // What was read or written is wrong, not the place; the text says what to do.
            (ErrorKind::InvalidData | ErrorKind::Other, ..) => self.source.to_string(),
            (_, Attempt::Read, _) => format!("{}: check the path", self.source),
            _ => format!("{}: check the path, the permissions and the free space", self.source),
        }
    }
}

/// A path without control characters, which a terminal would obey.
fn printable(path: &Path) -> String {
    path.to_string_lossy().chars().filter(|c| !c.is_control()).collect()
}

/// Refuses a folder in which no file can be made, before work whose result goes there. Leaves everything as it was: a
/// folder that does not exist is made and removed again.
///
/// # Errors
/// A [`FileError`] with the folder.
pub fn check_writable(folder: &Path) -> Result<(), FileError> {
    let missing = |it: &&Path| !it.as_os_str().is_empty() && !it.exists();
    let made: Vec<&Path> = folder.ancestors().take_while(missing).collect();
    let probe = folder.join(format!(".faceward-{}", std::process::id()));
    let checked = std::fs::create_dir_all(folder).map_err(FileError::make(folder)).and_then(|()| {
        let written = File::create(&probe).and_then(|_| std::fs::remove_file(&probe));
        written.map_err(FileError::write(folder))
    });
    for folder in made {
        // Fails for one that was not made; then there is nothing to remove.
        let _ = std::fs::remove_dir(folder);
    }
    checked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_says_what_is_wrong_and_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let text = |e: FileError| e.to_string().replace(folder.path().to_str().unwrap(), "DIR");
        std::fs::write(at("file"), "").unwrap();
        let read = |name: &str| text(std::fs::read(at(name)).map_err(FileError::read(&at(name))).unwrap_err());
        assert_eq!(read("no\u{1b}pe"), "cannot read `DIR/nope`: there is no such file: check the path");
        assert_eq!(read(""), "cannot read `DIR/`: it is a folder, and a file is needed: check the path");
        assert_eq!(
            read("file/x"),
            "cannot read `DIR/file/x`: a part of the path is a file, not a folder: check the path"
        );
        let write = |name: &str| text(File::create(at(name)).map_err(FileError::write(&at(name))).unwrap_err());
        assert_eq!(
            write("no/x"),
            "cannot write `DIR/no/x`: there is no folder `DIR/no`: make it first, or check the path"
        );
        let own = FileError::write(&at("file"))(io::Error::new(ErrorKind::InvalidData, "line 3 is odd: mend it"));
        assert_eq!(text(own), "cannot write `DIR/file`: line 3 is odd: mend it");
    }

    #[test]
    fn a_folder_is_checked_and_left_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let new = folder.path().join("a/b");
        check_writable(&new).unwrap();
        check_writable(folder.path()).unwrap();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        std::fs::write(folder.path().join("file"), "").unwrap();
        for path in ["file", "file/b"] {
            let refused = check_writable(&folder.path().join(path)).unwrap_err().to_string();
            assert!(refused.ends_with("a file is in the way: give another folder"), "{refused}");
        }
    }
}
