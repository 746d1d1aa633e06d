//! Standard output. Its reader may close it early (`… | head`): the command then ends quietly, and destructors run.

use std::fmt::Arguments;
use std::io::{ErrorKind, Write as _};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::process::ExitCode;

/// The payload of the unwinding that ends a command which cannot print.
struct Unwritable(std::io::Error);

/// The exit code that a shell reports for a program ended by SIGPIPE.
const PIPE: u8 = 128 + 13;

/// Prints and flushes, for the macros `print!` and `println!` in `cli/mod.rs`.
pub(super) fn print(text: Arguments<'_>) {
    let mut out = std::io::stdout().lock();
    if let Err(e) = out.write_fmt(text).and_then(|()| out.flush()) {
        unwritable(e);
    }
}

/// Ends the command because standard output cannot be written.
pub(super) fn unwritable(error: std::io::Error) -> ! {
    // Unwinding without a panic: no message and no backtrace, but destructors run.
    resume_unwind(Box::new(Unwritable(error)))
}

/// Runs a command, and turns the unwinding of [`unwritable`] into an exit code.
pub(super) fn guarded(command: impl FnOnce() -> ExitCode) -> ExitCode {
    match catch_unwind(AssertUnwindSafe(command)) {
        Ok(code) => code,
        Err(cause) => match cause.downcast::<Unwritable>() {
            Ok(e) if e.0.kind() == ErrorKind::BrokenPipe => ExitCode::from(PIPE),
            Ok(e) => {
                eprintln!("faceward: cannot write to standard output: {}", e.0);
                ExitCode::FAILURE
            }
            Err(cause) => resume_unwind(cause),
        },
    }
}
