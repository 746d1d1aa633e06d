//! The `faceward` command.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "the command line prints to its terminal")]

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run()
}
