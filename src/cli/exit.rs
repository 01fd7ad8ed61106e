//! How a verb ends, and the exit code of each end.

use std::io;
use std::process::ExitCode;

use super::say;

/// How a verb ended that did not fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    /// All went well.
    Success = 0,
    /// Something failed while running.
    Failure = 1,
    /// The command line or a scenario is wrong; the reason has been shown.
    Usage = 2,
    /// No topology meets what the scenario expects.
    ExpectationMissed = 3,
    /// Whether any topology meets what the scenario expects is undecided.
    ExpectationUndecided = 4,
    /// Interrupted; what was finished is kept.
    Interrupted = 130,
}

/// The exit code of a verb's end.
pub(crate) fn code(result: io::Result<Exit>) -> ExitCode {
    let exit = result.unwrap_or_else(|error| match error.kind() {
        // Whoever read our output has seen enough.
        io::ErrorKind::BrokenPipe => Exit::Success,
        _ => {
            say::error(&error);
            Exit::Failure
        }
    });
    ExitCode::from(exit as u8)
}
