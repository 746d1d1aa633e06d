//! Manifests of a batch: CSV, and JSON lines.
//!
//! A manifest may have columns and keys of its own, which are not read. One that seems to be a misspelt `path` or
//! `identity` is refused: without its claims, a batch would search everybody instead.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::Task;
use super::input::Input;
use crate::unknown::{nearest, shown};

const PATH: &str = "path";
const IDENTITY: &str = "identity";
/// What separates the columns of a CSV file with a header.
const SEPARATORS: [u8; 3] = [b',', b';', b'\t'];
/// Names of columns that other programs write for the image.
const OTHER_NAMES: [&str; 13] = [
    "url",
    "uri",
    "link",
    "href",
    "image_url",
    "src",
    "file",
    "filename",
    "file_name",
    "filepath",
    "file_path",
    "image",
    "image_path",
];

/// The trimmed text; `None` for an empty column or key.
fn filled(text: Option<&str>) -> Option<String> {
    text.map(str::trim).filter(|t| !t.is_empty()).map(str::to_owned)
}

/// The path of an entry.
fn path(text: Option<&str>) -> Result<&str, String> {
    // A file name may consist of spaces: only a missing or empty path is an error.
    let path = text.filter(|p| !p.is_empty()).ok_or("the path is missing")?;
    let lower = path.get(..8).unwrap_or(path).to_ascii_lowercase();
    if lower.starts_with("http://") || lower.starts_with("https://") {
        return Err(format!("`{}` is a URL, and a batch reads files: download it and give its path", shown(path)));
    }
    Ok(path)
}

/// Where the path and the identity are, and which columns are not read.
struct Columns {
    path: usize,
    identity: Option<usize>,
    unread: Vec<String>,
}

impl Columns {
    /// Those of a header; `None` if the record is not one.
    fn of(record: &csv::StringRecord) -> Result<Option<Self>, String> {
        let names: Vec<String> = record.iter().map(|c| c.trim().to_lowercase()).collect();
        let find = |name: &str| names.iter().position(|n| n == name);
        if let Some(repeated) = [PATH, IDENTITY].into_iter().find(|n| names.iter().filter(|c| c == n).count() > 1) {
            return Err(format!("the column `{repeated}` comes twice: keep one"));
        }
        let identity = find(IDENTITY);
        let Some(path) = find(PATH) else {
            // A file's name rather than a column's.
            if names.iter().any(|n| n.contains(['.', '/', '\\'])) {
                return Ok(None);
            }
            let other = names.iter().find(|n| OTHER_NAMES.contains(&n.as_str()) || misspelt(n, &[PATH]).is_some());
            let Some(odd) = other.or_else(|| identity.and_then(|i| names.get(i))) else { return Ok(None) };
            return Err(format!(
                "the header has no column `{PATH}` (it has `{}`): name the column with the paths of image files `{PATH}`; \
                 nothing is downloaded",
                shown(odd)
            ));
        };
        let unread: Vec<String> =
            (0..names.len()).filter(|i| *i != path && Some(*i) != identity).map(|i| names[i].clone()).collect();
        if let Some(odd) = unread.iter().find(|n| identity.is_none() && misspelt(n, &[IDENTITY]).is_some()) {
            return Err(format!("unknown column `{}`: did you mean `{IDENTITY}`?", shown(odd)));
        }
        Ok(Some(Self { path, identity, unread: unread.into_iter().filter(|n| !n.is_empty()).collect() }))
    }
}

/// The name that `name` seems to be a misspelling of.
fn misspelt<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    nearest(name, known).filter(|meant| *meant != name)
}

fn reader(bytes: &[u8], separator: u8) -> csv::Reader<&[u8]> {
    csv::ReaderBuilder::new().has_headers(false).flexible(true).delimiter(separator).from_reader(bytes)
}

/// The first record with this separator.
fn first(bytes: &[u8], separator: u8) -> csv::StringRecord {
    reader(bytes, separator).records().next().and_then(Result::ok).unwrap_or_default()
}

/// The separator: the first with which the first line is a header with a path.
///
/// # Errors
/// When there is none, and the first line has columns but no comma between them.
fn separator(bytes: &[u8]) -> Result<u8, String> {
    let is_path = |c: &str| c.trim().eq_ignore_ascii_case(PATH);
    if let Some(found) = SEPARATORS.into_iter().find(|s| first(bytes, *s).iter().any(is_path)) {
        return Ok(found);
    }
    let other = SEPARATORS[1..].iter().find(|s| first(bytes, **s).len() > 1);
    match other {
        Some(other) if first(bytes, b',').len() < 2 => {
            // A misspelt header is told so.
            Columns::of(&first(bytes, *other))?;
            let shown = if *other == b'\t' { "a tab" } else { "`;`" };
            Err(format!(
                "the columns seem to be separated by {shown}: separate them by commas, or begin the file with a header, \
                 `{PATH}` alone or `{PATH}` and `{IDENTITY}` with that separator"
            ))
        }
        _ => Ok(b','),
    }
}

/// Reads a CSV manifest: a header with `path` and, optionally, `identity`, separated by commas, semicolons or tabs
/// (other columns are not read), or without a header the path and the identity in the first two columns, separated by a
/// comma. Fields may be quoted as in RFC 4180.
///
/// # Errors
/// The number of the line, and the reason.
pub fn parse_csv(bytes: &[u8]) -> Result<Input, (u64, String)> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let separator = separator(bytes).map_err(|why| (1, why))?;
    let mut columns = Columns { path: 0, identity: Some(1), unread: Vec::new() };
    let (mut tasks, mut begun) = (Vec::new(), false);
    for record in reader(bytes, separator).records() {
        let record = record.map_err(|e| (e.position().map_or(0, csv::Position::line), e.to_string()))?;
        let line = record.position().map_or(0, csv::Position::line);
        if !std::mem::replace(&mut begun, true)
            && let Some(header) = Columns::of(&record).map_err(|why| (line, why))?
        {
            columns = header;
            continue;
        }
        if record.iter().all(|c| c.trim().is_empty()) {
            continue;
        }
        let path = path(record.get(columns.path)).map_err(|why| (line, why))?;
        tasks.push(Task { path: path.into(), identity: filled(columns.identity.and_then(|i| record.get(i))) });
    }
    Ok(Input { tasks, unread: columns.unread, ..Input::default() })
}

#[derive(Deserialize)]
struct Entry {
    path: String,
    #[serde(default)]
    identity: Option<String>,
    #[serde(flatten)]
    other: Map<String, Value>,
}

/// Reads a manifest in JSON lines: `{"path": "…", "identity": "…"}`, the identity optional, other keys not read.
///
/// # Errors
/// The number of the line, and the reason.
pub fn parse_jsonl(bytes: &[u8]) -> Result<Input, (u64, String)> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut input = Input::default();
    for (i, line) in bytes.split(|b| *b == b'\n').enumerate() {
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let wrong = |why: String| (i as u64 + 1, why);
        let entry: Entry = serde_json::from_slice(line).map_err(|e| wrong(e.to_string()))?;
        for key in entry.other.keys() {
            if let Some(meant) = misspelt(key, &[PATH, IDENTITY]).filter(|m| *m != IDENTITY || entry.identity.is_none())
            {
                return Err(wrong(format!("unknown key `{}`: did you mean `{meant}`?", shown(key))));
            }
            if !input.unread.contains(key) {
                input.unread.push(key.clone());
            }
        }
        let path = path(Some(&entry.path)).map_err(wrong)?;
        input.tasks.push(Task { path: path.into(), identity: filled(entry.identity.as_deref()) });
    }
    Ok(input)
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
        assert_eq!(with.tasks, [task("a, \"b\".jpg", Some("jane")), task("c.jpg", None)]);
        assert_eq!(with.unread, ["note"]);
        let without = parse_csv(b"\xef\xbb\xbfa.jpg,jane\nb.jpg\n").unwrap();
        assert_eq!(without.tasks, [task("a.jpg", Some("jane")), task("b.jpg", None)]);
        assert_eq!(parse_csv(b"path,identity\n,jane\n").unwrap_err().0, 2);
    }

    #[test]
    fn other_separators_are_read_with_a_header_and_refused_without() {
        for text in ["path;identity\na,1.jpg;jane\n", "Identity\tPath\njane\ta,1.jpg\n"] {
            assert_eq!(parse_csv(text.as_bytes()).unwrap().tasks, [task("a,1.jpg", Some("jane"))], "{text}");
        }
        let (line, why) = parse_csv(b"a.jpg;jane\nb.jpg;joe\n").unwrap_err();
        assert!(line == 1 && why.contains("separated by `;`") && why.contains("begin the file with a header"), "{why}");
        assert!(parse_csv(b"a.jpg\tjane\n").unwrap_err().1.contains("separated by a tab"));
        assert!(parse_csv(b"url;identity\n").unwrap_err().1.contains("no column `path`"));
        // The way out that the message names.
        assert_eq!(parse_csv(b"path\na;b.jpg\n").unwrap().tasks, [task("a;b.jpg", None)]);
        assert_eq!(parse_csv(b"a;b.jpg,jane\n").unwrap().tasks, [task("a;b.jpg", Some("jane"))]);
    }

    #[test]
    fn a_column_that_may_hold_the_claim_or_the_path_is_not_dropped() {
        for (text, line, said) in [
            ("url,identity\nhttp://x/a.jpg,jane\n", 1, "no column `path` (it has `url`)"),
            ("URL\nhttp://x/a.jpg\n", 1, "nothing is downloaded"),
            ("identity,note\njane,a\n", 1, "no column `path` (it has `identity`)"),
            ("filename,identity\na.jpg,jane\n", 1, "(it has `filename`)"),
            ("paht,identity\na.jpg,jane\n", 1, "(it has `paht`)"),
            ("path,identty\na.jpg,jane\n", 1, "unknown column `identty`: did you mean `identity`?"),
            ("path,identity,identity\na.jpg,a,b\n", 1, "the column `identity` comes twice"),
            ("path\nhttps://x/a.jpg\n", 2, "is a URL"),
            ("HTTP://x/a.jpg,jane\n", 1, "is a URL"),
        ] {
            let (at, why) = parse_csv(text.as_bytes()).unwrap_err();
            assert!(at == line && why.contains(said), "{text}: line {at}: {why}");
        }
    }

    #[test]
    fn identities_and_files_may_be_called_like_columns() {
        assert_eq!(parse_csv(b"a.jpg,pat\n").unwrap().tasks, [task("a.jpg", Some("pat"))]);
        assert_eq!(parse_csv(b"in/image,identity\n").unwrap().tasks, [task("in/image", Some("identity"))]);
    }

    #[test]
    fn json_lines_name_the_malformed_line() {
        let good = parse_jsonl(b"{\"path\":\"a\"}\n\n{\"path\":\"b\",\"identity\":\"j\",\"x\":1}").unwrap();
        assert_eq!(good.tasks, [task("a", None), task("b", Some("j"))]);
        assert_eq!(good.unread, ["x"]);
        for (text, line, said) in [
            ("{\"path\":\"a\"}\n{", 2, "EOF"),
            ("{\"path\":\"\"}", 1, "the path is missing"),
            ("\n{\"path\":\"a\",\"identty\":\"j\"}", 2, "unknown key `identty`: did you mean `identity`?"),
            ("{\"path\":\"a\",\"path\":\"b\"}", 1, "duplicate field `path`"),
            ("{\"url\":\"http://x\"}", 1, "missing field `path`"),
            ("{\"path\":\"http://x\"}", 1, "is a URL"),
        ] {
            let (at, why) = parse_jsonl(text.as_bytes()).unwrap_err();
            assert!(at == line && why.contains(said), "{text}: line {at}: {why}");
        }
    }

    proptest! {
        #[test]
        fn manifests_never_panic(bytes in prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..200),
            "(path|identity|\"|,|;|\t|\n|\r|a|\\{|\\}|:|null|[0-9]){0,40}".prop_map(String::into_bytes),
        ]) {
            let _ = parse_csv(&bytes);
            let _ = parse_jsonl(&bytes);
        }

        #[test]
        fn what_is_written_as_csv_is_read(path in "[^\0]{1,40}", identity in "[a-z0-9][a-z0-9._-]{0,20}") {
            let mut writer = csv::Writer::from_writer(Vec::new());
            writer.write_record(["path", "identity"]).unwrap();
            writer.write_record([&path, &identity]).unwrap();
            let read = parse_csv(&writer.into_inner().unwrap()).unwrap().tasks;
            prop_assert_eq!(read, [Task { path: path.into(), identity: Some(identity) }]);
        }
    }
}
