//! `peerscape transfer`: what congestion control makes of one long transfer over a data channel.
//!
//! The association at packet grain (docs/MODELS.md) over a grid of round trips and losses.

mod arguments;
mod grid;
mod table;

use std::io::{self, Write, stdout};

use super::exit::Exit;
use super::say;
use arguments::Format;

pub(crate) use arguments::Arguments;

/// Plays the grid and prints it.
pub(crate) fn run(arguments: &Arguments) -> io::Result<Exit> {
    if let Some(problem) = arguments.problem(grid::runs(arguments)) {
        say::error(problem);
        return Ok(Exit::Usage);
    }
    let rows = match grid::play(arguments) {
        Ok(rows) => rows,
        Err(error) => {
            say::error(error);
            return Ok(Exit::Failure);
        }
    };
    let text = match arguments.format {
        Format::Table => table::tables(arguments, &rows),
        Format::Csv => table::csv(arguments, &rows),
    };
    stdout().write_all(text.as_bytes())?;
    Ok(Exit::Success)
}
