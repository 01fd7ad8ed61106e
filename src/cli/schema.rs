//! `peerscape schema`: the JSON schema of scenario files.

use std::io::{self, Write};

use peerscape::scenario;

use super::exit::Exit;

/// Prints the schema.
pub(crate) fn run() -> io::Result<Exit> {
    io::stdout().lock().write_all(scenario::json_schema().as_bytes())?;
    Ok(Exit::Success)
}
