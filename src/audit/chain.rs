//! The form of a line, and the check of a whole log.
//!
//! A line ends in `,"hash":"<64 hex digits>"}`. The hash is the SHA-256 of everything before that ending, and `prev`,
//! in the middle, is the hash of the line before. Changing, removing or moving a line breaks the link of the next one,
//! and the check does not depend on how JSON is formatted.

use std::io::{BufRead, Read as _};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::Head;
use super::event::{Author, Event};

/// A line's hash.
pub(super) type Hash = [u8; 32];

/// The `prev` of the first line.
pub(super) const START: Hash = [0; 32];

/// The longest line in bytes; faceward writes none longer.
pub(super) const LINE_MAX: usize = 64 << 10;

const BEFORE: &[u8] = b",\"hash\":\"";
const AFTER: &[u8] = b"\"}";
const ENDING: usize = BEFORE.len() + 64 + AFTER.len();

#[derive(Serialize)]
struct Body<'a> {
    seq: u64,
    at: &'a str,
    #[serde(flatten)]
    author: &'a Author,
    #[serde(flatten)]
    event: &'a Event,
    prev: String,
}

/// A line with its line end, and its hash.
pub(super) fn line(
    seq: u64,
    at: &str,
    author: &Author,
    event: &Event,
    prev: &Hash,
) -> Result<(Vec<u8>, Hash), serde_json::Error> {
    let mut text = serde_json::to_vec(&Body { seq, at, author, event, prev: hex::encode(prev) })?;
    // The ending brings its own closing brace.
    text.pop();
    let hash: Hash = Sha256::digest(&text).into();
    text.extend_from_slice(BEFORE);
    text.extend_from_slice(hex::encode(hash).as_bytes());
    text.extend_from_slice(AFTER);
    text.push(b'\n');
    Ok((text, hash))
}

#[derive(Deserialize)]
struct Links {
    seq: u64,
    prev: String,
}

/// The number, `prev` and hash of a line without its line end; `None` where it is not whole or was changed.
pub(super) fn read(line: &[u8]) -> Option<(u64, Hash, Hash)> {
    let (body, ending) = line.split_at_checked(line.len().checked_sub(ENDING)?)?;
    let digits = ending.strip_prefix(BEFORE)?.strip_suffix(AFTER)?;
    let hash: Hash = Sha256::digest(body).into();
    if hex::encode(hash).as_bytes() != digits {
        return None;
    }
    let links: Links = serde_json::from_slice(line).ok()?;
    let mut prev = START;
    hex::decode_to_slice(links.prev, &mut prev).ok()?;
    Some((links.seq, prev, hash))
}

/// When a line was written; `None` where it does not say so.
pub(super) fn time(line: &[u8]) -> Option<Timestamp> {
    #[derive(Deserialize)]
    struct At {
        at: Timestamp,
    }
    serde_json::from_slice::<At>(line).ok().map(|line| line.at)
}

/// What is wrong with a log. Lines are counted from 1.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Finding {
    /// The line is not what was written.
    #[error("line {0} was changed: its hash does not match its content")]
    Changed(u64),
    /// The line does not follow the one before.
    #[error("line {line} does not follow line {}: between them lines were removed, inserted or moved", line - 1)]
    Unlinked {
        /// The later of the two lines.
        line: u64,
    },
    /// The log was cut.
    #[error("lines were removed from the end: the head names line {expected}, and the log ends with line {found}")]
    Cut {
        /// The last line that the head names.
        expected: u64,
        /// The last line of the log.
        found: u64,
    },
    /// The head names another line.
    #[error("line {0} is not the one that the head names: the log was rewritten")]
    Rewritten(u64),
    /// There is no head.
    #[error("the head is missing: nothing shows whether lines were removed from the end")]
    NoHead,
}

/// The outcome of a check.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Lines read.
    pub lines: u64,
    /// The last line's number and hash; a copy kept elsewhere proves later cuts.
    pub last: Option<Head>,
    /// Lines behind the head: written during a crash, or not by faceward.
    pub beyond_head: u64,
    /// In the order of lines.
    pub findings: Vec<Finding>,
}

/// Checks a whole log against the `heads` known of it: the one in the file beside it, and copies kept elsewhere.
///
/// # Errors
/// When the log cannot be read.
pub fn verify(mut log: impl BufRead, heads: &[Head]) -> std::io::Result<Report> {
    let mut report = Report::default();
    let (mut prev, mut buffer) = (START, Vec::new());
    loop {
        buffer.clear();
        if (&mut log).take(LINE_MAX as u64 + 1).read_until(b'\n', &mut buffer)? == 0 {
            break;
        }
        if buffer.len() > LINE_MAX {
            // Faceward did not write it, and it may not fit into memory.
            log.skip_until(b'\n')?;
            buffer.clear();
        }
        report.lines += 1;
        let line = report.lines;
        match read(buffer.strip_suffix(b"\n").unwrap_or(&buffer)) {
            None => {
                report.findings.push(Finding::Changed(line));
                // Follow the hash that the line claims, so that one changed line is one finding.
                prev = claimed(&buffer).unwrap_or(START);
            }
            Some((seq, before, hash)) => {
                if before != prev || seq != line {
                    report.findings.push(Finding::Unlinked { line });
                }
                if heads.iter().any(|head| head.seq == line && head.hash != hash) {
                    report.findings.push(Finding::Rewritten(line));
                }
                prev = hash;
                report.last = Some(Head { seq, hash });
            }
        }
    }
    let known = heads.iter().map(|head| head.seq).max();
    match known {
        None if report.lines > 0 => report.findings.push(Finding::NoHead),
        Some(expected) if expected > report.lines => {
            report.findings.push(Finding::Cut { expected, found: report.lines });
        }
        _ => {}
    }
    report.beyond_head = report.lines.saturating_sub(known.unwrap_or(report.lines));
    Ok(report)
}

/// The hash that a changed line claims.
fn claimed(line: &[u8]) -> Option<Hash> {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    let digits = line.get(line.len().checked_sub(64 + AFTER.len())?..line.len() - AFTER.len())?;
    let mut hash = START;
    hex::decode_to_slice(digits, &mut hash).ok()?;
    Some(hash)
}
