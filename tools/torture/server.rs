//! The server as a child process.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use crate::Args;
use crate::http::{self, Answer};

/// A running server, killed when dropped.
pub(crate) struct Server {
    pub(crate) child: Child,
    pub(crate) address: String,
}

/// The longest that a start may take.
const START: Duration = Duration::from_mins(1);
/// The longest that an answer may take.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// A command of the program, without settings from the environment.
pub(crate) fn command(args: &Args, words: &[&str]) -> Command {
    let mut command = Command::new(&args.program);
    for (name, _) in std::env::vars_os().filter(|(n, _)| n.to_string_lossy().starts_with("FACEWARD_")) {
        command.env_remove(name);
    }
    command.args(words);
    command
}

/// Runs a command on a data folder.
pub(crate) fn run(args: &Args, data: &Path, words: &[&str]) -> Output {
    command(args, words).arg("--data-dir").arg(data).output().unwrap()
}

impl Server {
    pub(crate) fn start(args: &Args, data: &Path, more: &[&str]) -> Result<Self, String> {
        let log = data.join("server.log");
        let errors = std::fs::OpenOptions::new().create(true).append(true).open(&log);
        // A read-only folder is one of the cases.
        let errors = errors.map_or_else(|_| Stdio::null(), Stdio::from);
        let mut child = command(args, &["serve", "--create", "--listen", "127.0.0.1:0", "--threads", "2"])
            .arg("--data-dir")
            .arg(data)
            .arg("--models")
            .arg(&args.models)
            .args(more)
            .stdout(Stdio::piped())
            .stderr(errors)
            .spawn()
            .unwrap();
        let (send, lines) = std::sync::mpsc::channel();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || stdout.lines().map_while(Result::ok).try_for_each(|line| send.send(line)));
        if let Ok(line) = lines.recv_timeout(START) {
            let address = line.rsplit("//").next().unwrap_or_default().to_owned();
            return Ok(Self { child, address });
        }
        let _ = child.kill();
        let status = child.wait().unwrap();
        let log = std::fs::read_to_string(&log).unwrap_or_default();
        Err(format!("did not start ({status}): {}", log.lines().last().unwrap_or_default()))
    }

    pub(crate) fn send(&self, request: &[u8]) -> Option<Answer> {
        http::send(&self.address, request, PATIENCE)
    }

    pub(crate) fn get(&self, path: &str) -> Option<Answer> {
        self.send(&http::request("GET", path, "", b""))
    }

    pub(crate) fn lives(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None)) && self.get("/livez").is_some_and(|a| a.status == 200)
    }

    /// SIGKILL.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// SIGTERM.
    pub(crate) fn terminate(&self) {
        Command::new("kill").arg(self.child.id().to_string()).status().unwrap();
    }

    pub(crate) fn wait(&mut self, patience: Duration) -> Option<ExitStatus> {
        let started = Instant::now();
        while started.elapsed() < patience {
            if let Some(status) = self.child.try_wait().unwrap() {
                return Some(status);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        None
    }

    /// Memory in MiB: now (`VmRSS`) or at its peak (`VmHWM`).
    pub(crate) fn memory(&self, field: &str) -> usize {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let line = status.lines().find_map(|l| l.strip_prefix(field)?.strip_prefix(':'));
        let kib = line.and_then(|l| l.split_whitespace().next()?.parse::<usize>().ok());
        kib.unwrap_or_default() / 1024
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A folder that is removed with the suite.
pub(crate) struct Folder(tempfile::TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn join(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }
}

/// Random numbers, the same in every run.
pub(crate) struct Dice(Xoshiro256PlusPlus);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Xoshiro256PlusPlus::seed_from_u64(seed))
    }

    /// A number below `n`; 0 for 0.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        self.0.random_range(0..n.max(1))
    }
}
