//! A real server in a process of its own, and a client for it.
#![allow(dead_code, reason = "each test file uses a part of this")]

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use ureq::http::Response;

pub(crate) fn root(relative: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(relative)
}

/// The command, told nothing by the environment that the test does not say.
pub(crate) fn faceward(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_faceward"));
    for (name, _) in std::env::vars_os().filter(|(n, _)| n.to_string_lossy().starts_with("FACEWARD_")) {
        command.env_remove(name);
    }
    command.args(args);
    command
}

pub(crate) fn run(args: &[&str]) -> Output {
    faceward(args).output().unwrap()
}

pub(crate) fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// Issues a key of the folder: its id and the whole key.
pub(crate) fn issue(data: &Path, scope: &str, more: &[&str]) -> (String, String) {
    let args = ["keys", "create", "--json", "--name", "t", "--scope", scope, "--data-dir", data.to_str().unwrap()];
    let made = run(&[&args, more].concat());
    assert!(made.status.success(), "{}", stderr(&made));
    let made: Value = serde_json::from_str(&stdout(&made)).unwrap();
    (made["id"].as_str().unwrap().to_owned(), made["key"].as_str().unwrap().to_owned())
}

/// Killed when dropped.
pub(crate) struct Server {
    pub(crate) child: Child,
    pub(crate) base: String,
    pub(crate) first_line: String,
}

impl Server {
    /// Starts a server on `data` and waits until it listens.
    pub(crate) fn start(data: &Path, more: &[&str]) -> Self {
        Self::start_as(faceward(&[]), data, more)
    }

    pub(crate) fn start_as(mut command: Command, data: &Path, more: &[&str]) -> Self {
        let (data, models) = (data.to_str().unwrap().to_owned(), root("models"));
        let mut args = vec!["serve", "--data-dir", &data, "--models", models.to_str().unwrap()];
        if !more.contains(&"--listen") {
            args.extend(["--listen", "127.0.0.1:0"]);
        }
        args.extend(more);
        let mut child = command.args(args).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let first_line = lines.next().expect("the server did not start");
        // Read on, so that the server never meets a closed pipe.
        std::thread::spawn(move || lines.for_each(drop));
        let base = first_line.split_whitespace().last().unwrap().to_owned();
        Self { child, base, first_line }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// SIGTERM, and the time that the server took to end.
    pub(crate) fn stop(&mut self) -> Duration {
        let started = Instant::now();
        let kill = Command::new("kill").arg(self.child.id().to_string()).status().unwrap();
        assert!(kill.success());
        self.child.wait().unwrap();
        started.elapsed()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Answers of any status are answers.
pub(crate) fn agent() -> ureq::Agent {
    let config = ureq::Agent::config_builder().http_status_as_error(false).timeout_global(Some(Duration::from_mins(2)));
    config.build().new_agent()
}

/// The status and the body as JSON (`null` where it is none).
pub(crate) fn answer(response: Result<Response<ureq::Body>, ureq::Error>) -> (u16, Value) {
    let mut response = response.unwrap();
    let text = response.body_mut().read_to_string().unwrap();
    (response.status().as_u16(), serde_json::from_str(&text).unwrap_or_default())
}

/// Asks until `wanted` holds, for ten seconds.
pub(crate) fn eventually(what: &str, mut wanted: impl FnMut() -> bool) {
    let started = Instant::now();
    while !wanted() {
        assert!(started.elapsed() < Duration::from_secs(10), "not within 10 s: {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}
