//! Verification of many images, one line per image; a failed image never stops the run.
//!
//! [`input`] lists the images, a [`Verifier`] verifies one of them (in this process or on a server), [`run`] calls it
//! from several threads, and [`output`] writes each line as soon as it is known, so that a run can be resumed.

pub mod input;
mod manifest;
pub mod output;
mod unreachable;
pub mod verifier;

use std::collections::BTreeMap;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

use serde::{Deserialize, Serialize};

use crate::file_error::FileError;
use crate::parallel;

pub use input::{Input, Task};
pub use manifest::{parse_csv, parse_jsonl};
pub use output::{Format, Output};
pub use unreachable::no_answer;
pub use verifier::{Answer, Local, Problem, Remote, Verifier};

use crate::error_code::ErrorCode;

/// The result of one image: one line of the output.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// The path of the image as the input gives it.
    pub path: String,
    /// The claimed identity; `null` when every identity was searched.
    pub identity: Option<String>,
    /// `real`, `fake`, `different_person`, `unknown_person`, `inconclusive` or `no_face`; `null` when the image failed.
    pub verdict: Option<String>,
    /// The calibrated probability that the image is a genuine photograph of the identity, 0..=1.
    pub score: Option<f32>,
    /// The identity of the deciding face: the claimed one, or the one that the search found.
    pub found: Option<String>,
    /// The explanation in a few sentences.
    pub summary: Option<String>,
    /// A stable code where the image failed, see `docs/batch.md`.
    pub error: Option<String>,
    /// The reason of the failure, as a sentence.
    pub detail: Option<String>,
    /// Duration in milliseconds.
    pub ms: u64,
}

impl Line {
    fn of(task: &Task, outcome: Result<Answer, Problem>, ms: u64) -> Self {
        let line =
            Self { path: task.path.to_string_lossy().into(), identity: task.identity.clone(), ms, ..Self::default() };
        match outcome {
            Ok(a) => {
                Self { verdict: Some(a.verdict), score: a.score, found: a.identity, summary: Some(a.summary), ..line }
            }
            Err(p) => Self { error: Some(p.code), detail: Some(p.detail), ..line },
        }
    }
}

/// Counts of images over lines.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// Verified images by verdict.
    pub verdicts: BTreeMap<String, usize>,
    /// Failed images by code.
    pub errors: BTreeMap<String, usize>,
}

impl Tally {
    /// Counts one line.
    pub fn add(&mut self, line: &Line) {
        let (counts, name) = match (&line.error, &line.verdict) {
            (Some(code), _) => (&mut self.errors, code.as_str()),
            (None, Some(verdict)) => (&mut self.verdicts, verdict.as_str()),
            (None, None) => (&mut self.errors, "unknown"),
        };
        *counts.entry(name.to_owned()).or_default() += 1;
    }

    /// Images called fake.
    pub fn fakes(&self) -> usize {
        self.verdicts.get("fake").copied().unwrap_or(0)
    }

    /// Failed images.
    pub fn failures(&self) -> usize {
        self.errors.values().sum()
    }

    /// All images.
    pub fn images(&self) -> usize {
        self.verdicts.values().sum::<usize>() + self.failures()
    }
}

/// A batch that stopped early.
#[derive(Debug, thiserror::Error)]
pub enum BatchError {
    /// A line cannot be written.
    #[error("cannot write the output: {0}")]
    Output(io::Error),
    /// Every further image would fail too, for example because the server refuses the key.
    #[error("{0}")]
    Stopped(String),
}

/// Verifies every task on `threads` threads and passes each line to `write`, one at a time, in the order of completion.
/// A task that fails has a line with its `error`.
///
/// # Errors
/// When a line cannot be written, or the verifier reports a fatal problem.
pub fn run<V: Verifier + ?Sized>(
    tasks: &[Task],
    verifier: &V,
    threads: usize,
    write: &mut dyn FnMut(&Line) -> io::Result<()>,
) -> Result<(), BatchError> {
    let line = |task: &Task| {
        let started = Instant::now();
        let outcome = attempt(task, verifier);
        let fatal = outcome.as_ref().err().filter(|p| p.fatal).map(|p| p.detail.clone());
        (Line::of(task, outcome, started.elapsed().as_millis() as u64), fatal)
    };
    parallel::for_each(tasks, threads, line, |_, (line, fatal)| match fatal {
        Some(why) => Err(BatchError::Stopped(why)),
        None => write(&line).map_err(BatchError::Output),
    })
}

/// Reads and verifies one file; a panic fails that file only.
fn attempt<V: Verifier + ?Sized>(task: &Task, verifier: &V) -> Result<Answer, Problem> {
    let work = || {
        let unreadable = |e: io::Error| {
            let why = FileError::read(&task.path)(e).reason();
            Problem::new(ErrorCode::FileUnreadable, format!("cannot read the file: {why}"))
        };
        let meta = std::fs::metadata(&task.path).map_err(unreadable)?;
        if !meta.is_file() {
            // A folder is here because it cannot be listed.
            let why = if meta.is_dir() { std::fs::read_dir(&task.path).map_err(unreadable).err() } else { None };
            return Err(why.unwrap_or_else(|| Problem::new(ErrorCode::FileUnreadable, "not a regular file")));
        }
        if meta.len() > verifier.max_bytes() {
            let why = format!("the file has {} bytes: at most {} are accepted", meta.len(), verifier.max_bytes());
            return Err(Problem::new(ErrorCode::ImageTooLarge, why));
        }
        let bytes = std::fs::read(&task.path).map_err(unreadable)?;
        verifier.verify(&bytes, &task.path, task.identity.as_deref())
    };
    catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|_| Err(Problem::new(ErrorCode::Internal, "the verification of this file panicked")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    struct Scripted;

    impl Verifier for Scripted {
        fn verify(&self, bytes: &[u8], _: &Path, _: Option<&str>) -> Result<Answer, Problem> {
            match bytes {
                b"panic" => panic!("on purpose"),
                b"bad" => Err(Problem::new("image_undecodable", "bad")),
                b"fatal" => Err(Problem::fatal("key_refused", "no")),
                _ => Ok(Answer { verdict: "real".into(), score: Some(0.9), identity: None, summary: "ok".into() }),
            }
        }
    }

    fn tasks(folder: &Path, contents: &[&str]) -> Vec<Task> {
        let file = |(i, c): (usize, &&str)| {
            let path = folder.join(i.to_string());
            std::fs::write(&path, c).unwrap();
            Task { path, identity: None }
        };
        contents.iter().enumerate().map(file).collect()
    }

    #[test]
    fn one_bad_file_never_stops_the_run() {
        let folder = tempfile::tempdir().unwrap();
        let mut tasks = tasks(folder.path(), &["good", "bad", "panic", "good"]);
        tasks.push(Task { path: folder.path().join("missing"), identity: None });
        let mut tally = Tally::default();
        run(&tasks, &Scripted, 3, &mut |line| {
            tally.add(line);
            Ok(())
        })
        .unwrap();
        assert_eq!((tally.images(), tally.failures(), tally.verdicts["real"]), (5, 3, 2));
        assert_eq!(tally.errors.keys().collect::<Vec<_>>(), ["file_unreadable", "image_undecodable", "internal"]);
    }

    #[test]
    fn a_fatal_problem_and_a_full_disk_stop_the_run() {
        let folder = tempfile::tempdir().unwrap();
        let fatal = tasks(folder.path(), &["fatal", "good"]);
        assert!(matches!(run(&fatal, &Scripted, 1, &mut |_| Ok(())), Err(BatchError::Stopped(_))));
        let good = tasks(folder.path(), &["good", "good"]);
        let full = run(&good, &Scripted, 2, &mut |_| Err(io::Error::other("full")));
        assert!(matches!(full, Err(BatchError::Output(_))));
    }
}
