//! The input of a batch: a folder, a glob, a manifest in CSV or JSON lines, or one image.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::file_error::FileError;
use crate::imaging::image_files;

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

/// The tasks of `input`: every image under a folder; the entries of a `.csv` or `.jsonl` manifest, their paths relative
/// to it; one image file; or the files that a glob matches. `identity` is claimed where the manifest names none.
///
/// # Errors
/// An [`InputError`]; an empty folder is not an error.
pub fn tasks(input: &str, identity: Option<&str>) -> Result<Vec<Task>, InputError> {
    let path = Path::new(input);
    let claim = |path: PathBuf| Task { path, identity: identity.map(str::to_owned) };
    if path.is_dir() {
        return Ok(image_files(path).into_iter().map(claim).collect());
    }
    if path.is_file() {
        let has = |name: &str| path.extension().is_some_and(|e| e.eq_ignore_ascii_case(name));
        let read = || std::fs::read(path).map_err(FileError::read(path));
        let entries = if has("csv") {
            parse_csv(&read()?)
        } else if has("jsonl") || has("ndjson") {
            parse_jsonl(&read()?)
        } else {
            return Ok(vec![claim(path.to_path_buf())]);
        };
        let wrong = |(line, detail)| InputError::Manifest { path: path.to_path_buf(), line, detail };
        let folder = path.parent().unwrap_or(Path::new(""));
        let placed = |task: Task| Task {
            path: folder.join(task.path),
            identity: task.identity.or_else(|| identity.map(str::to_owned)),
        };
        return Ok(entries.map_err(wrong)?.into_iter().map(placed).collect());
    }
    let files = matches(input)?;
    if files.is_empty() {
        Err(InputError::Missing(input.to_owned()))
    } else {
        Ok(files.into_iter().map(claim).collect())
    }
}

/// The files that a glob matches, sorted; `**` crosses folders, `*` does not.
fn matches(pattern: &str) -> Result<Vec<PathBuf>, InputError> {
    let wrong = |e: globset::Error| InputError::Glob(pattern.to_owned(), e.to_string());
    let glob = globset::GlobBuilder::new(pattern).literal_separator(true).build().map_err(wrong)?.compile_matcher();
    // The walk starts at the innermost folder without a special character.
    let plain = pattern.find(['*', '?', '[', '{']).map_or(pattern, |i| &pattern[..i]);
    let root = plain.rfind('/').map_or(".", |i| if i == 0 { "/" } else { &plain[..i] });
    let files = walkdir::WalkDir::new(root).sort_by_file_name().into_iter().filter_map(Result::ok);
    let files = files.filter(|e| e.file_type().is_file()).map(walkdir::DirEntry::into_path);
    let named =
        |p: PathBuf| if pattern.starts_with("./") { p } else { p.strip_prefix("./").map(PathBuf::from).unwrap_or(p) };
    Ok(files.map(named).filter(|p| glob.is_match(p)).collect())
}

/// The trimmed text; `None` for an empty column or key.
fn filled(text: Option<&str>) -> Option<String> {
    text.map(str::trim).filter(|t| !t.is_empty()).map(str::to_owned)
}

/// Reads a CSV manifest: a header with `path` and, optionally, `identity` (other columns are ignored), or without a
/// header the path and the identity in the first two columns. Fields may be quoted as in RFC 4180.
///
/// # Errors
/// The number of the line, and the reason.
pub fn parse_csv(bytes: &[u8]) -> Result<Vec<Task>, (u64, String)> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bytes);
    let (mut tasks, mut columns, mut first) = (Vec::new(), (0, Some(1)), true);
    for record in reader.records() {
        let record = record.map_err(|e| (e.position().map_or(0, csv::Position::line), e.to_string()))?;
        if std::mem::take(&mut first) {
            let find = |name: &str| record.iter().position(|c| c.trim().eq_ignore_ascii_case(name));
            if let Some(path) = find("path") {
                columns = (path, find("identity"));
                continue;
            }
        }
        if record.iter().all(|c| c.trim().is_empty()) {
            continue;
        }
        let line = record.position().map_or(0, csv::Position::line);
        // A file name may consist of spaces: only a missing or empty path is an error.
        let path = record.get(columns.0).filter(|p| !p.is_empty()).ok_or((line, "the path is missing".to_owned()))?;
        tasks.push(Task { path: path.into(), identity: filled(columns.1.and_then(|i| record.get(i))) });
    }
    Ok(tasks)
}

#[derive(Deserialize)]
struct Entry {
    path: String,
    #[serde(default)]
    identity: Option<String>,
}

/// Reads a manifest in JSON lines: `{"path": "…", "identity": "…"}`, the identity optional, other keys ignored.
///
/// # Errors
/// The number of the line, and the reason.
pub fn parse_jsonl(bytes: &[u8]) -> Result<Vec<Task>, (u64, String)> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let lines = bytes.split(|b| *b == b'\n').enumerate().filter(|(_, l)| !l.iter().all(u8::is_ascii_whitespace));
    lines
        .map(|(i, line)| {
            let entry: Entry = serde_json::from_slice(line).map_err(|e| (i as u64 + 1, e.to_string()))?;
            if entry.path.is_empty() {
                return Err((i as u64 + 1, "the path is empty".to_owned()));
            }
            Ok(Task { path: entry.path.into(), identity: filled(entry.identity.as_deref()) })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn task(path: &str, identity: Option<&str>) -> Task {
        Task { path: path.into(), identity: identity.map(str::to_owned) }
    }

    #[test]
    fn csv_with_and_without_header_and_odd_quoting() {
        let with = parse_csv(b"identity,note,path\r\njane,x,\"a, \"\"b\"\".jpg\"\r\n,,c.jpg\n\n").unwrap();
        assert_eq!(with, [task("a, \"b\".jpg", Some("jane")), task("c.jpg", None)]);
        let without = parse_csv(b"\xef\xbb\xbfa.jpg,jane\nb.jpg\n").unwrap();
        assert_eq!(without, [task("a.jpg", Some("jane")), task("b.jpg", None)]);
        assert_eq!(parse_csv(b"path,identity\n,jane\n").unwrap_err().0, 2);
    }

    #[test]
    fn json_lines_name_the_malformed_line() {
        let good = parse_jsonl(b"{\"path\":\"a\"}\n\n{\"path\":\"b\",\"identity\":\"j\",\"x\":1}").unwrap();
        assert_eq!(good, [task("a", None), task("b", Some("j"))]);
        assert_eq!(parse_jsonl(b"{\"path\":\"a\"}\n{").unwrap_err().0, 2);
    }

    #[test]
    fn globs_stay_within_a_folder_unless_told() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("sub")).unwrap();
        for name in ["a.jpg", "b.png", "sub/c.jpg"] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        let count = |p: &str| tasks(&folder.path().join(p).to_string_lossy(), None).map_or(0, |t| t.len());
        assert_eq!((count("*.jpg"), count("**/*.jpg"), count("*.{jpg,png}"), count("x*"), count("")), (1, 2, 2, 0, 3));
    }

    proptest! {
        #[test]
        fn manifests_never_panic(bytes in prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..200),
            "(path|identity|\"|,|\n|\r|a|\\{|\\}|:|null|[0-9]){0,40}".prop_map(String::into_bytes),
        ]) {
            let _ = parse_csv(&bytes);
            let _ = parse_jsonl(&bytes);
        }

        #[test]
        fn what_is_written_as_csv_is_read(path in "[^\0]{1,40}", identity in "[a-z0-9][a-z0-9._-]{0,20}") {
            let mut writer = csv::Writer::from_writer(Vec::new());
            writer.write_record(["path", "identity"]).unwrap();
            writer.write_record([&path, &identity]).unwrap();
            let read = parse_csv(&writer.into_inner().unwrap()).unwrap();
            prop_assert_eq!(read, [Task { path: path.into(), identity: Some(identity) }]);
        }
    }
}
