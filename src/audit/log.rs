//! The file. Appending takes a lock, so that a server and the command line can write to the same log in turn.
//!
//! Administrative acts are on disk before they are acknowledged. Verdicts reach the operating system before they are
//! answered, and the disk within a second: they survive a killed process, but a power cut can lose the last second.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

use super::chain::{self, Hash, LINE_MAX, START};
use super::event::{Actor, Author, Event};
use super::head::{Head, HeadError};
use crate::identity::IdentityId;
use crate::store::ServiceKeys;

/// Why an act could not be recorded, or the log not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuditError {
    /// A file cannot be read or written.
    #[error("the audit log {} cannot be read or written ({source}): check free space and permissions", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The log does not fit its head, or its last line was changed.
    #[error(
        "the audit log {} was changed ({detail}): run `faceward audit verify`; to begin a new log, move the file and \
         audit.head away and keep them as evidence",
        path.display()
    )]
    Broken {
        /// The file.
        path: PathBuf,
        /// The mismatch.
        detail: String,
    },
    /// The event has no JSON form.
    #[error("an event cannot be written as JSON: {0}")]
    Form(#[from] serde_json::Error),
}

/// The paths of the log in the data folder `dir`, and of its head.
pub fn files(dir: &Path) -> (PathBuf, PathBuf) {
    (dir.join("audit.jsonl"), dir.join("audit.head"))
}

/// An open audit log.
pub struct AuditLog {
    path: PathBuf,
    keys: ServiceKeys,
    state: Mutex<State>,
}

struct State {
    log: File,
    head: File,
    /// Bytes of the log when `last` was its last line; another process may have appended since.
    length: u64,
    last: Head,
    /// Whether a written line may not be on disk yet.
    unflushed: bool,
}

impl AuditLog {
    /// Opens the log in `dir`, or begins one. A log whose last line does not fit the head is refused, so that new lines
    /// never cover up a cut or a change.
    ///
    /// # Errors
    /// An [`AuditError`].
    pub fn open(dir: &Path, keys: ServiceKeys) -> Result<Self, AuditError> {
        let (path, head_path) = files(dir);
        let open = |path: &Path| private().open(path).map_err(io(path));
        let (log, head) = (open(&path)?, open(&head_path)?);
        let last = Head { seq: 0, hash: START };
        let audit = Self { path, keys, state: Mutex::new(State { log, head, length: 0, last, unflushed: false }) };
        let torn = {
            let mut state = audit.lock();
            let mut state = Locked::of(&mut state, &audit.path)?;
            let torn = state.catch_up(&audit.path)?;
            agrees(&audit.path, read_head(&audit.path, &head_path, &audit.keys)?, state.0.last)?;
            torn
        };
        if let bytes @ 1.. = torn {
            audit.append(&Actor::Service.into(), &Event::Mended { bytes })?;
        }
        Ok(audit)
    }

    /// The identity's pseudonym in the log.
    pub fn subject(&self, id: &IdentityId) -> String {
        self.keys.subject(id)
    }

    /// Records an event. When it returns, an administrative act is on disk, and a verdict with the operating system.
    /// Only `service::Recorded` calls it, and this module where it mends a line.
    ///
    /// # Errors
    /// An [`AuditError`]; then nothing was recorded.
    pub(crate) fn append(&self, author: &Author, event: &Event) -> Result<Head, AuditError> {
        let mut state = self.lock();
        let mut state = Locked::of(&mut state, &self.path)?;
        let torn = state.catch_up(&self.path)?;
        if torn > 0 {
            state.write(&self.path, &self.keys, &Actor::Service.into(), &Event::Mended { bytes: torn })?;
        }
        state.write(&self.path, &self.keys, author, event)?;
        if event.is_administrative() {
            state.flush(&self.path)?;
        }
        Ok(state.0.last)
    }

    /// Flushes written lines to disk.
    ///
    /// # Errors
    /// An [`AuditError`].
    pub fn flush(&self) -> Result<(), AuditError> {
        let mut state = self.lock();
        if state.unflushed {
            let log = state.log.try_clone().map_err(io(&self.path))?;
            state.unflushed = false;
            drop(state);
            // The lock is free by now: a slow disk must not hold up verdicts.
            log.sync_data().map_err(io(&self.path))?;
        }
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The newest line of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Newest {
    /// The number of the line, from 1.
    pub seq: u64,
    /// When it was written.
    pub at: Timestamp,
}

/// The newest line of the log in `dir`, which a server may be writing; `None` where there is none. Checks that the line
/// fits the head. Reads only the end of the log and changes nothing: an incomplete last line is passed over.
///
/// # Errors
/// An [`AuditError`].
pub fn newest(dir: &Path, keys: &ServiceKeys) -> Result<Option<Newest>, AuditError> {
    let (path, head_path) = files(dir);
    // The head first: what is written between the two reads is beyond it.
    let head = read_head(&path, &head_path, keys)?;
    let end = match File::open(&path) {
        Ok(mut log) => {
            let length = log.metadata().map_err(io(&path))?.len();
            last_line(&mut log, length).map_err(io(&path))?.0
        }
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => None,
        Err(e) => return Err(io(&path)(e)),
    };
    let Some(line) = end else {
        agrees(&path, head, Head { seq: 0, hash: START })?;
        return Ok(None);
    };
    let changed = || AuditError::Broken { path: path.clone(), detail: "its last line was changed".to_owned() };
    let (seq, _, hash) = chain::read(&line).ok_or_else(changed)?;
    agrees(&path, head, Head { seq, hash })?;
    Ok(Some(Newest { seq, at: chain::time(&line).ok_or_else(changed)? }))
}

/// The head beside the log at `path`; `None` where nothing was written to it yet.
fn read_head(path: &Path, head_path: &Path, keys: &ServiceKeys) -> Result<Option<Head>, AuditError> {
    let written = head_path.metadata().is_ok_and(|m| m.len() > 0);
    match Head::read(head_path, keys.audit()) {
        Ok(head) => Ok(head.filter(|_| written)),
        Err(_) if !written => Ok(None),
        Err(HeadError::Io(source)) => Err(AuditError::Io { path: head_path.to_path_buf(), source }),
        Err(HeadError::Forged) => {
            Err(AuditError::Broken { path: path.to_path_buf(), detail: "its head is not authentic".into() })
        }
    }
}

/// Compares the last line of the log at `path` with its head. After a crash the head may lag behind the log, but never
/// run ahead.
fn agrees(path: &Path, head: Option<Head>, last: Head) -> Result<(), AuditError> {
    let broken = |detail: String| AuditError::Broken { path: path.to_path_buf(), detail };
    match head {
        // A crash may come between the first line and its head.
        None if last.seq > 1 => Err(broken("its head is missing".into())),
        Some(head) if head.seq > last.seq => {
            Err(broken(format!("it ends with line {}, and its head names line {}", last.seq, head.seq)))
        }
        Some(head) if head.seq == last.seq && head.hash != last.hash => {
            Err(broken(format!("line {} is not the one that its head names", last.seq)))
        }
        _ => Ok(()),
    }
}

/// The state while this process holds the lock on the log.
struct Locked<'a>(&'a mut State);

impl<'a> Locked<'a> {
    fn of(state: &'a mut State, path: &Path) -> Result<Self, AuditError> {
        state.log.lock().map_err(io(path))?;
        Ok(Self(state))
    }

    /// Reads the last line again where another process has written. Removes an incomplete last line and returns its
    /// length in bytes: the file is locked, so no process is in the middle of writing it.
    fn catch_up(&mut self, path: &Path) -> Result<u64, AuditError> {
        let state = &mut *self.0;
        let length = state.log.metadata().map_err(io(path))?.len();
        if length == state.length {
            return Ok(0);
        }
        let (line, torn) = last_line(&mut state.log, length).map_err(io(path))?;
        state.last = match line.as_deref().map(chain::read) {
            None => Head { seq: 0, hash: START },
            Some(Some((seq, _, hash))) => Head { seq, hash },
            Some(None) => {
                let detail = "its last line was changed".to_owned();
                return Err(AuditError::Broken { path: path.to_path_buf(), detail });
            }
        };
        if torn > 0 {
            state.log.set_len(length - torn).map_err(io(path))?;
        }
        state.length = length - torn;
        Ok(torn)
    }

    fn write(&mut self, path: &Path, keys: &ServiceKeys, author: &Author, event: &Event) -> Result<(), AuditError> {
        let state = &mut *self.0;
        let seq = state.last.seq + 1;
        let (line, hash): (Vec<u8>, Hash) =
            chain::line(seq, &format!("{:.6}", Timestamp::now()), author, event, &state.last.hash)?;
        state.log.seek(SeekFrom::Start(state.length)).map_err(io(path))?;
        if let Err(source) = state.log.write_all(&line) {
            // A full disk may have taken part of the line.
            let _ = state.log.set_len(state.length);
            return Err(io(path)(source));
        }
        state.length += line.len() as u64;
        state.last = Head { seq, hash };
        state.unflushed = true;
        state.last.write(&mut state.head, keys.audit()).map_err(|e| match e {
            HeadError::Io(source) => io(path)(source),
            HeadError::Forged => AuditError::Broken { path: path.to_path_buf(), detail: e.to_string() },
        })
    }

    fn flush(&mut self, path: &Path) -> Result<(), AuditError> {
        self.0.log.sync_data().and_then(|()| self.0.head.sync_data()).map_err(io(path))?;
        self.0.unflushed = false;
        Ok(())
    }
}

impl Drop for Locked<'_> {
    fn drop(&mut self) {
        let _ = self.0.log.unlock();
    }
}

/// The last whole line without its line end, and the number of bytes behind it.
fn last_line(file: &mut File, length: u64) -> std::io::Result<(Option<Vec<u8>>, u64)> {
    // Room for a whole line and a torn one behind it.
    let from = length.saturating_sub(2 * LINE_MAX as u64);
    file.seek(SeekFrom::Start(from))?;
    let mut tail = Vec::new();
    file.take(length - from).read_to_end(&mut tail)?;
    let end = tail.iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1);
    let torn = (tail.len() - end) as u64;
    if end == 0 {
        return Ok((None, torn));
    }
    let begin = tail[..end - 1].iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1);
    Ok((Some(tail[begin..end - 1].to_vec()), torn))
}

/// Creates files that only their owner can read.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

fn io(path: &Path) -> impl FnOnce(std::io::Error) -> AuditError + '_ {
    move |source| AuditError::Io { path: path.to_path_buf(), source }
}
