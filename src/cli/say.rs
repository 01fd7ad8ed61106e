//! Lines for the person at the terminal, on the standard error stream.
//!
//! Whoever reads it may go away (`2>&1 | head -1`): a run goes on without a listener, where `eprintln!` would panic.

use std::fmt::Display;
use std::io::{Write, stderr};

use peerscape::scenario::escaped;

/// A line as it is.
pub(super) fn line(text: impl Display) {
    // Nobody is left to be told.
    let _ = writeln!(stderr(), "{text}");
}

/// What went wrong.
pub(super) fn error(text: impl Display) {
    line(format_args!("error: {}", escaped(&text.to_string())));
}

/// What to check.
pub(super) fn warning(text: impl Display) {
    line(format_args!("warning: {}", escaped(&text.to_string())));
}
