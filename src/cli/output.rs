//! Files that a verb is asked to write.

use std::path::Path;

use peerscape::report::{self, Content};

use super::exit::Exit;
use super::say;

/// Writes a file; if it cannot, says why, and how the verb ends.
pub(super) fn write(file: &Path, content: &Content<'_>) -> Result<(), Exit> {
    report::write_one(file, content).map_err(|error| {
        let source = std::error::Error::source(&error).map_or_else(String::new, |source| format!(": {source}"));
        say::error(format_args!("{error}{source}"));
        Exit::Failure
    })
}
