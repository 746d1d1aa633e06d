//! The `faceward` command.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command line speaks on its terminal")]

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run()
}
