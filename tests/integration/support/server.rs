//! A server in a process of its own, on a free port.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::{Client, faceward, root};

/// Killed when dropped.
pub(crate) struct Server {
    pub(crate) child: Child,
    /// `http://address:port`.
    pub(crate) base: String,
    pub(crate) first_line: String,
}

impl Server {
    /// Starts a server on the folder `data` and waits until it listens.
    pub(crate) fn start(data: &Path, more: &[&str]) -> Self {
        Self::start_as(faceward(&[]), data, more)
    }

    /// Starts the server through `command`, which must pass its arguments on to the program.
    pub(crate) fn start_as(mut command: Command, data: &Path, more: &[&str]) -> Self {
        let (data, models) = (data.to_str().unwrap().to_owned(), root("models"));
        let mut args = vec!["serve", "--create", "--data-dir", &data, "--models", models.to_str().unwrap()];
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

    /// The address of `path` on this server.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// A client without a key.
    pub(crate) fn client(&self) -> Client {
        Client::new(&self.base, None)
    }

    /// A client that sends `key`.
    pub(crate) fn client_with(&self, key: &str) -> Client {
        Client::new(&self.base, Some(key))
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
