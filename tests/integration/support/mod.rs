//! What every module here needs: the program as a command, a real server in a process of its own, and a client for it.

mod client;
mod database;
mod server;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use serde_json::Value;

pub(crate) use client::{Client, agent, answer, code};
pub(crate) use database::Database;
pub(crate) use server::Server;

/// A path inside the project.
pub(crate) fn root(relative: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(relative)
}

/// The bytes of one of the demo's public-domain portraits.
pub(crate) fn portrait(name: &str) -> Vec<u8> {
    std::fs::read(root("demo").join(name)).unwrap()
}

/// The program, without any setting from the environment of the test run.
pub(crate) fn faceward(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_faceward"));
    for (name, _) in std::env::vars_os().filter(|(n, _)| n.to_string_lossy().starts_with("FACEWARD_")) {
        command.env_remove(name);
    }
    command.args(args);
    command
}

/// Runs [`faceward`] to its end.
pub(crate) fn run(args: &[&str]) -> Output {
    faceward(args).output().unwrap()
}

pub(crate) fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// Issues a key of the data folder: its id and the whole key.
pub(crate) fn issue(data: &Path, scope: &str, more: &[&str]) -> (String, String) {
    let args = ["keys", "create", "--json", "--name", "t", "--scope", scope, "--data-dir", data.to_str().unwrap()];
    let made = run(&[&args, more].concat());
    assert!(made.status.success(), "{}", stderr(&made));
    let made: Value = serde_json::from_str(&stdout(&made)).unwrap();
    (made["id"].as_str().unwrap().to_owned(), made["key"].as_str().unwrap().to_owned())
}

/// Repeats `wanted` until it holds, for ten seconds.
pub(crate) fn eventually(what: &str, mut wanted: impl FnMut() -> bool) {
    let started = Instant::now();
    while !wanted() {
        assert!(started.elapsed() < Duration::from_secs(10), "not within 10 s: {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}
