//! `peerscape bounds`: what no overlay can beat with the population and the workloads of a scenario.

use std::io::{self, Write, stdout};

use clap::Args;
use peerscape::report::{BoundSheet, bounds_text};
use peerscape::rng::Seed;
use peerscape::scenario::{Cell, Registry};
use serde_json::json;

use super::exit::Exit;
use super::say;
use super::source::Source;

/// Columns of the text, as many as those of an answer.
const WIDTH: u16 = 110;

/// The arguments of `bounds`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    source: Source,
    /// The seed of the population [default: the scenario's first]
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// How many neighbours a peer has where ways are to be short
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    degree: u32,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Prints the bounds of every combination of the sweep axes.
pub(crate) fn run(arguments: &Arguments, registry: &Registry) -> io::Result<Exit> {
    let Some(experiment) = arguments.source.load(registry) else { return Ok(Exit::Usage) };
    let seed = arguments.seed.map_or(experiment.seeds[0], Seed);
    let mut sheets: Vec<BoundSheet> = Vec::new();
    // Cells of one group differ in their topology only, of which bounds know nothing.
    for cells in experiment.cells.chunk_by(|a, b| a.group == b.group) {
        let cell: &Cell = &cells[0];
        match BoundSheet::of(cell, seed, arguments.degree) {
            Ok(sheet) => sheets.push(sheet),
            Err(error) => {
                say::error(error);
                return Ok(Exit::Failure);
            }
        }
    }
    let text = if arguments.json {
        let value = json!({ "name": experiment.name, "combinations": sheets });
        format!("{value:#}\n")
    } else {
        bounds_text(&experiment.name, &sheets, WIDTH)
    };
    stdout().write_all(text.as_bytes())?;
    Ok(Exit::Success)
}
