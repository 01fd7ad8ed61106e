//! `peerscape schema`: the JSON schema of scenario files.

use std::io::{self, Write};

use peerscape::scenario::Registry;

use super::exit::Exit;

/// Prints the schema.
pub(crate) fn run(registry: &Registry) -> io::Result<Exit> {
    io::stdout().lock().write_all(registry.json_schema().as_bytes())?;
    Ok(Exit::Success)
}
