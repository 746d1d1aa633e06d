//! The output of a batch: one line per image, flushed as soon as it is known, and read again by a run that resumes.

use std::collections::HashSet;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::Path;

use super::{Line, Tally, Task};

/// The format of the lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// One JSON document per line.
    Jsonl,
    /// Comma-separated with a header (RFC 4180).
    Csv,
}

/// A sink for lines; each line is flushed before the next.
pub struct Output {
    sink: Box<dyn Write + Send>,
    format: Format,
    header: bool,
}

/// The lines of an earlier run.
#[derive(Debug, Default)]
pub struct Earlier {
    done: HashSet<(String, Option<String>)>,
    /// Counts over the lines.
    pub tally: Tally,
}

impl Earlier {
    /// Whether `task` has a line.
    pub fn has(&self, task: &Task) -> bool {
        self.done.contains(&(task.path.to_string_lossy().into_owned(), task.identity.clone()))
    }

    fn add(&mut self, line: Line) {
        self.tally.add(&line);
        self.done.insert((line.path, line.identity));
    }
}

impl Output {
    /// Writes to `sink`.
    pub fn new(sink: Box<dyn Write + Send>, format: Format) -> Self {
        Self { sink, format, header: format == Format::Csv }
    }

    /// Writes to a new file, or to what is no regular file, such as a pipe. With `replace`, an old file is replaced.
    ///
    /// # Errors
    /// When there is a file already, or it cannot be created.
    pub fn create(path: &Path, format: Format, replace: bool) -> io::Result<Self> {
        let there = path.exists();
        if !replace {
            Self::check_new(path)?;
        }
        let file = if there || replace { std::fs::File::create(path)? } else { std::fs::File::create_new(path)? };
        Ok(Self::new(Box::new(file), format))
    }

    /// Refuses a path at which there is a regular file.
    ///
    /// # Errors
    /// When there is one; the text says which flags decide what becomes of it.
    pub fn check_new(path: &Path) -> io::Result<()> {
        if !path.is_file() {
            return Ok(());
        }
        Err(io::Error::other(
            "it exists already: continue it with --resume, replace it with --force, or give another file",
        ))
    }

    /// Continues the file of an earlier run, if there is one: reads its lines, truncates an incomplete last line, and
    /// appends.
    ///
    /// # Errors
    /// When the file cannot be read or written, or a complete line is not in this format.
    pub fn resume(path: &Path, format: Format) -> io::Result<(Self, Earlier)> {
        let bytes = match std::fs::read(path) {
            Ok(bytes) => bytes,
            Err(e) if e.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(e) => return Err(e),
        };
        let whole = whole_lines(&bytes, format);
        let earlier = read(&bytes[..whole], format)?;
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(path)?;
        file.set_len(whole as u64)?;
        drop(file);
        let file = OpenOptions::new().append(true).open(path)?;
        let mut output = Self::new(Box::new(file), format);
        output.header &= whole == 0;
        Ok((output, earlier))
    }

    /// Writes one line and flushes it.
    ///
    /// # Errors
    /// When the sink fails.
    pub fn write(&mut self, line: &Line) -> io::Result<()> {
        let mut bytes = match self.format {
            Format::Jsonl => serde_json::to_vec(line)?,
            Format::Csv => {
                let mut writer = csv::WriterBuilder::new().has_headers(self.header).from_writer(Vec::new());
                writer.serialize(line).map_err(io::Error::other)?;
                self.header = false;
                writer.into_inner().map_err(|e| io::Error::other(e.to_string()))?
            }
        };
        if self.format == Format::Jsonl {
            bytes.push(b'\n');
        }
        self.sink.write_all(&bytes)?;
        self.sink.flush()
    }
}

/// The length in bytes of the complete lines. In CSV a quoted field may contain line breaks.
fn whole_lines(bytes: &[u8], format: Format) -> usize {
    let (mut quoted, mut end) = (false, 0);
    for (i, b) in bytes.iter().enumerate() {
        match b {
            b'"' if format == Format::Csv => quoted = !quoted,
            b'\n' if !quoted => end = i + 1,
            _ => {}
        }
    }
    end
}

fn read(bytes: &[u8], format: Format) -> io::Result<Earlier> {
    let mut earlier = Earlier::default();
    let wrong = |n: usize, e: &dyn std::fmt::Display| {
        let why = format!("line {n} was not written by a batch in this format ({e}): give another --out or --format");
        io::Error::new(io::ErrorKind::InvalidData, why)
    };
    match format {
        Format::Jsonl => {
            for (i, line) in bytes.split(|b| *b == b'\n').enumerate().filter(|(_, l)| !l.is_empty()) {
                earlier.add(serde_json::from_slice(line).map_err(|e| wrong(i + 1, &e))?);
            }
        }
        Format::Csv => {
            for (i, line) in csv::Reader::from_reader(bytes).into_deserialize().enumerate() {
                earlier.add(line.map_err(|e| wrong(i + 2, &e))?);
            }
        }
    }
    Ok(earlier)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(path: &str) -> Line {
        Line { path: path.into(), verdict: Some("fake".into()), score: Some(0.25), ..Line::default() }
    }

    #[test]
    fn a_torn_last_line_is_done_again_and_whole_ones_are_not() {
        for format in [Format::Jsonl, Format::Csv] {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("out");
            let mut out = Output::create(&path, format, false).unwrap();
            for name in ["a", "odd \"name\",\nb"] {
                out.write(&line(name)).unwrap();
            }
            drop(out);
            let whole = std::fs::read(&path).unwrap();
            for cut in 0..=whole.len() {
                std::fs::write(&path, &whole[..cut]).unwrap();
                let (mut out, earlier) = Output::resume(&path, format).unwrap();
                for name in ["a", "odd \"name\",\nb"] {
                    if !earlier.has(&Task { path: name.into(), identity: None }) {
                        out.write(&line(name)).unwrap();
                    }
                }
                assert_eq!(std::fs::read(&path).unwrap(), whole, "{format:?} cut at {cut}");
            }
            let (_, earlier) = Output::resume(&path, format).unwrap();
            assert_eq!((earlier.tally.fakes(), earlier.tally.images()), (2, 2));
        }
    }

    #[test]
    fn an_old_file_is_replaced_only_if_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out");
        std::fs::write(&path, "verdicts\n").unwrap();
        let refused = Output::create(&path, Format::Jsonl, false).err().unwrap().to_string();
        assert!(refused.contains("--resume") && refused.contains("--force"), "{refused}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "verdicts\n");
        assert!(Output::create(&path, Format::Jsonl, true).is_ok());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "");
    }

    #[test]
    fn a_foreign_file_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out");
        std::fs::write(&path, "dear diary\n").unwrap();
        assert!(Output::resume(&path, Format::Jsonl).is_err());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "dear diary\n");
    }
}
