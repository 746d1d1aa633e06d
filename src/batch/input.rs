//! The input of a batch: a folder, a glob, a manifest in CSV or JSON lines, or one image.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::manifest::{parse_csv, parse_jsonl};
use crate::file_error::FileError;
use crate::imaging::{LeftOut, image_files};

/// One image to verify.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Task {
    /// The image file.
    pub path: PathBuf,
    /// The claimed identity; `None` searches all identities.
    pub identity: Option<String>,
}

/// An input that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum InputError {
    /// The manifest cannot be read.
    #[error("the manifest: {0}")]
    Read(#[from] FileError),
    /// A line of the manifest is malformed.
    #[error("{}: line {line}: {detail}", path.display())]
    Manifest {
        /// The manifest.
        path: PathBuf,
        /// The line, counted from 1.
        line: u64,
        /// The reason.
        detail: String,
    },
    /// The pattern is malformed.
    #[error("`{0}` is neither a file, a folder nor a valid glob: {1}")]
    Glob(String, String),
    /// Neither a file nor a folder, and no file matches it as a glob.
    #[error("`{0}`: no such file or folder, and no file matches it as a glob: check the path")]
    Missing(String),
}

/// What an input names.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Input {
    /// The images.
    pub tasks: Vec<Task>,
    /// What lies in a folder and is not verified.
    pub left_out: Vec<LeftOut>,
    /// The columns or keys of a manifest that are not read, each once.
    pub unread: Vec<String>,
}

/// The images that `input` names: every image under a folder ([`image_files`]); the entries of a `.csv` or `.jsonl`
/// manifest, their paths relative to it; one image file; or the files that a glob matches, each once. `identity` is
/// claimed where the manifest names none.
///
/// # Errors
/// An [`InputError`]; an input without images is not an error.
pub fn read(input: &str, identity: Option<&str>) -> Result<Input, InputError> {
    let path = Path::new(input);
    let claim = |path: PathBuf| Task { path, identity: identity.map(str::to_owned) };
    let claimed = |paths: Vec<PathBuf>| paths.into_iter().map(claim).collect();
    if path.is_dir() {
        let found = image_files(path);
        return Ok(Input { tasks: claimed(found.files), left_out: found.left_out, unread: Vec::new() });
    }
    if path.is_file() {
        let has = |name: &str| path.extension().is_some_and(|e| e.eq_ignore_ascii_case(name));
        let bytes = || std::fs::read(path).map_err(FileError::read(path));
        let manifest = if has("csv") {
            parse_csv(&bytes()?)
        } else if has("jsonl") || has("ndjson") {
            parse_jsonl(&bytes()?)
        } else {
            return Ok(Input { tasks: claimed(vec![path.to_path_buf()]), ..Input::default() });
        };
        let wrong = |(line, detail)| InputError::Manifest { path: path.to_path_buf(), line, detail };
        let folder = path.parent().unwrap_or(Path::new(""));
        let placed = |task: Task| Task {
            path: folder.join(task.path),
            identity: task.identity.or_else(|| identity.map(str::to_owned)),
        };
        let manifest = manifest.map_err(wrong)?;
        return Ok(Input { tasks: manifest.tasks.into_iter().map(placed).collect(), ..manifest });
    }
    let files = matches(input)?;
    if files.is_empty() {
        Err(InputError::Missing(input.to_owned()))
    } else {
        Ok(Input { tasks: claimed(files), ..Input::default() })
    }
}

/// The files that a glob matches, sorted, each real file once; `**` crosses folders, `*` does not. Links are followed.
fn matches(pattern: &str) -> Result<Vec<PathBuf>, InputError> {
    let wrong = |e: globset::Error| InputError::Glob(pattern.to_owned(), e.to_string());
    let glob = globset::GlobBuilder::new(pattern).literal_separator(true).build().map_err(wrong)?.compile_matcher();
    // The walk starts at the innermost folder without a special character.
    let plain = pattern.find(['*', '?', '[', '{']).map_or(pattern, |i| &pattern[..i]);
    let root = plain.rfind('/').map_or(".", |i| if i == 0 { "/" } else { &plain[..i] });
    let entries = walkdir::WalkDir::new(root).follow_links(true).sort_by_file_name().into_iter();
    // A link that leads nowhere is matched too, and is then a file that cannot be read; a cycle ends where it closes.
    let files = entries.filter_map(|entry| match entry {
        Ok(entry) => entry.file_type().is_file().then(|| entry.into_path()),
        Err(e) if e.loop_ancestor().is_some() => None,
        Err(e) => e.path().map(Path::to_path_buf),
    });
    let named =
        |p: PathBuf| if pattern.starts_with("./") { p } else { p.strip_prefix("./").map(PathBuf::from).unwrap_or(p) };
    let mut seen = HashSet::new();
    let once = |p: &PathBuf| seen.insert(p.canonicalize().unwrap_or_else(|_| p.clone()));
    Ok(files.map(named).filter(|p| glob.is_match(p)).filter(once).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_stay_within_a_folder_unless_told() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("sub")).unwrap();
        for name in ["a.jpg", "b.png", "sub/c.jpg"] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        let count = |p: &str| read(&folder.path().join(p).to_string_lossy(), None).map_or(0, |i| i.tasks.len());
        assert_eq!((count("*.jpg"), count("**/*.jpg"), count("*.{jpg,png}"), count("x*"), count("")), (1, 2, 2, 0, 3));
    }

    #[cfg(unix)]
    #[test]
    fn a_glob_matches_a_file_once_through_links() {
        use std::os::unix::fs::symlink;
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("a")).unwrap();
        std::fs::write(folder.path().join("a/1.jpg"), "").unwrap();
        symlink("a", folder.path().join("b")).unwrap();
        symlink("..", folder.path().join("a/up")).unwrap();
        symlink("nowhere", folder.path().join("2.jpg")).unwrap();
        let names = |pattern: &str| -> Vec<String> {
            let found = read(&folder.path().join(pattern).to_string_lossy(), None).unwrap().tasks;
            found.iter().map(|t| t.path.strip_prefix(folder.path()).unwrap().to_string_lossy().into_owned()).collect()
        };
        assert_eq!(names("**/*.jpg"), ["2.jpg", "a/1.jpg"]);
        assert_eq!(names("b/*.jpg"), ["b/1.jpg"]);
    }
}
