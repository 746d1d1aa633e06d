//! Standard output. Who reads it may go away (`… | head`): then there is nothing more to say, and the command ends, with
//! what it has to clean up cleaned up.

use std::fmt::Arguments;
use std::io::{ErrorKind, Write as _};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::process::ExitCode;

/// What ends a command that cannot print.
struct Unwritable(std::io::Error);

/// What a shell makes of a program that SIGPIPE has ended.
const PIPE: u8 = 128 + 13;

/// As `std::print!`, for the macros of this module's name in `cli/mod.rs`.
pub(super) fn print(text: Arguments<'_>) {
    let mut out = std::io::stdout().lock();
    if let Err(e) = out.write_fmt(text).and_then(|()| out.flush()) {
        // No panic: it has no message and no backtrace, and drops what is held on the way.
        resume_unwind(Box::new(Unwritable(e)));
    }
}

/// Runs a command; one that cannot print ends here.
pub(super) fn guarded(command: impl FnOnce() -> ExitCode) -> ExitCode {
    match catch_unwind(AssertUnwindSafe(command)) {
        Ok(code) => code,
        Err(cause) => match cause.downcast::<Unwritable>() {
            Ok(e) if e.0.kind() == ErrorKind::BrokenPipe => ExitCode::from(PIPE),
            Ok(e) => {
                eprintln!("faceward: standard output: {}", e.0);
                ExitCode::FAILURE
            }
            Err(cause) => resume_unwind(cause),
        },
    }
}
