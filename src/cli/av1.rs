//! Decoding AV1 pictures in a child process: this program, started with an argument of its own.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use faceward::imaging;

/// The only argument of such a child. It is no command, since nobody types it.
const ARGUMENT: &str = "--decode-av1";
/// The exit code of a child that could not answer.
const FAILED: u8 = 1;

/// In a child that decodes, its work and its end; in any other process, what starts such children, and `None`.
pub(super) fn worker() -> Option<ExitCode> {
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next().is_some_and(|argument| argument == ARGUMENT) && arguments.next().is_none() {
        // A panic within the library would end the process too, but as a crash.
        std::panic::set_hook(Box::new(|_| std::process::exit(i32::from(FAILED))));
        let done = imaging::serve_av1(&mut std::io::stdin().lock(), &mut std::io::stdout().lock());
        return Some(if done.is_ok() { ExitCode::SUCCESS } else { ExitCode::from(FAILED) });
    }
    if let Some(program) = program() {
        imaging::decode_av1_in(program, &[ARGUMENT]);
    }
    None
}

/// This program. On Linux by a path that holds when its file is replaced.
fn program() -> Option<PathBuf> {
    let running = Path::new("/proc/self/exe");
    if running.exists() { Some(running.into()) } else { std::env::current_exe().ok() }
}
