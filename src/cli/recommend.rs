//! `peerscape recommend`: which overlay to take for a scenario, and what stands behind the answer.

use std::io::{self, Write, stdout};
use std::path::PathBuf;
use std::thread::available_parallelism;

use clap::Args;
use peerscape::recommend::{self, Advice, Options};
use peerscape::report::Content;
use peerscape::scenario::{Cell, Registry};
use peerscape::sweep::{Rung, SweepOptions};

use super::choice;
use super::exit::Exit;
use super::output;
use super::say;
use super::source::Source;
use super::watch::Watch;

/// Columns of the text, as many as those of an answer.
const WIDTH: u16 = 110;

/// The arguments of `recommend`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    source: Source,
    /// Which point of the sweep, by values of its axes: `peers=100`, `peers=100,rate=10 /s`
    #[arg(long, value_name = "AXIS=VALUE,...", value_delimiter = ',')]
    cell: Vec<String>,
    /// How many replications run at once [default: one a processor]
    #[arg(long, short, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    jobs: Option<u16>,
    /// Do not look for what would change the answer
    #[arg(long)]
    no_flips: bool,
    /// Run every candidate with all seeds, instead of fewer and fewer of them: slow, and nothing is missed
    #[arg(long)]
    exhaustive: bool,
    /// The file to write the answer to, as JSON
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// The file to draw what works to, as SVG: latency against the busiest uplink, and who is not dominated
    #[arg(long, value_name = "FILE")]
    picture: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Searches, and prints what to take.
pub(crate) fn run(arguments: &Arguments, registry: &Registry) -> io::Result<Exit> {
    if let Err(exit) = output::check([arguments.out.as_ref(), arguments.picture.as_ref()]) {
        return Ok(exit);
    }
    let Some(experiment) = arguments.source.load(registry) else { return Ok(Exit::Usage) };
    experiment.warnings().into_iter().for_each(say::warning);
    let first = match choice::combination(&experiment, &arguments.cell) {
        Ok(cell) => cell,
        Err(problem) => {
            say::error(problem);
            return Ok(Exit::Usage);
        }
    };
    let cells: Vec<&Cell> = experiment.cells.iter().filter(|cell| cell.group == first.group).collect();
    let jobs = arguments.jobs.map_or_else(|| available_parallelism().map_or(1, usize::from), usize::from);
    let sweep = SweepOptions { jobs, rung: Rung::MODEL };
    let options = Options { sweep, flips: !arguments.no_flips, exhaustive: arguments.exhaustive };
    let mut watch = match Watch::start() {
        Ok(watch) => watch,
        Err(error) => {
            say::error(error);
            return Ok(Exit::Failure);
        }
    };
    let advice = match recommend::recommend(&experiment, &cells, registry, options, &mut watch) {
        Ok(advice) => advice,
        Err(error) => {
            say::error(error);
            return Ok(Exit::Failure);
        }
    };
    let exit = arguments.tell(&advice)?;
    Ok(if watch.is_interrupted() { Exit::Interrupted } else { exit })
}

impl Arguments {
    // Prints and writes the answer; how the verb ends.
    fn tell(&self, advice: &Advice) -> io::Result<Exit> {
        let json = format!("{:#}\n", serde_json::to_value(advice)?);
        let text = if self.json { json.clone() } else { recommend::render(advice, WIDTH) };
        stdout().write_all(text.as_bytes())?;
        let files = [
            self.picture.as_ref().map(|file| (file, recommend::picture(advice))),
            self.out.as_ref().map(|file| (file, json)),
        ];
        for (file, content) in files.into_iter().flatten() {
            if let Err(exit) = output::write(file, &Content::from(content.into_bytes())) {
                return Ok(exit);
            }
            say::line(format_args!("wrote {}", file.display()));
        }
        Ok(if advice.choice.is_some() { Exit::Success } else { Exit::ExpectationMissed })
    }
}
