//! `peerscape run`: every cell with every seed, then the answer.

use std::io::{IsTerminal, Write, stderr, stdout};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::{Instant, SystemTime};

use clap::{Args, ValueEnum};

use super::exit::Exit;
use super::progress::Progress;
use crate::report::{self, Answer, Provenance, Written, folder, plot};
use crate::scenario::{self, Experiment};
use crate::sweep::{self, Results, SweepOptions};

/// Run a scenario: every cell with every seed, then rank the topologies
#[derive(Debug, Args)]
pub(super) struct RunArgs {
    /// The scenario file
    scenario: PathBuf,
    /// Override a value of the scenario, such as population.peers=100; may be repeated
    #[arg(long = "set", value_name = "PATH=VALUE")]
    overrides: Vec<String>,
    /// How many replications run at once [default: one a processor]
    #[arg(long, short, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    jobs: Option<u16>,
    /// The results folder [default: results/<name of the scenario>]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// How to print the answer
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Also write every plot as PNG
    #[cfg(feature = "png")]
    #[arg(long)]
    png: bool,
}

/// How to print the answer.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Format {
    /// A table and sentences
    #[default]
    Text,
    /// One JSON document
    Json,
}

impl RunArgs {
    /// Runs the scenario and writes its results.
    pub(super) fn run(&self) -> Result<Exit, super::Failure> {
        let loaded = scenario::load(&self.scenario, &self.overrides)?;
        let experiment = Arc::new(loaded);
        let jobs = self.jobs.map_or_else(|| available_parallelism().map_or(1, usize::from), usize::from);
        let out = self.out.clone().unwrap_or_else(|| Path::new("results").join(&experiment.name));
        folder::check_target(&out)?;
        sweep::check_memory(&experiment, jobs)?;
        let (started, clock) = now();
        let mut progress = Progress::start(experiment.cells.len() * experiment.seeds.len(), clock)?;
        let results = sweep::run(&experiment, SweepOptions { jobs }, &mut progress)?;
        let interrupted = progress.end();
        if interrupted && results.cells.iter().all(|cell| cell.runs.is_empty()) {
            eprintln!("interrupted before the first replication was finished: nothing is written");
            return Ok(Exit::Interrupted);
        }
        let answer = report::answer(&results);
        let provenance = Provenance { command: command(), started, wall: clock.elapsed(), threads: jobs };
        let files = self.files(&results, &answer, &provenance)?;
        let written = report::write_folder(&out, &files)?;
        self.print(&experiment, &answer, &written)?;
        Ok(match (interrupted, answer.expectations_met()) {
            (true, _) => Exit::Interrupted,
            (false, true) => Exit::Done,
            (false, false) => Exit::ExpectationMissed,
        })
    }

    fn files(
        &self,
        results: &Results<'_>,
        answer: &Answer,
        provenance: &Provenance,
    ) -> Result<Vec<(PathBuf, Vec<u8>)>, super::Failure> {
        let mut files = report::tables(results, &answer.summary);
        let plots = Path::new("plots");
        for (name, svg) in plot::render_all(results) {
            #[cfg(feature = "png")]
            if self.png {
                let png = plot::png(&svg, PNG_SCALE)?;
                files.push((plots.join(Path::new(&name).with_extension("png")), png));
            }
            files.push((plots.join(name), svg.into_bytes()));
        }
        files.push((folder::MANIFEST.into(), report::manifest_json(results, provenance)));
        Ok(files)
    }

    fn print(&self, experiment: &Experiment, answer: &Answer, written: &Written) -> std::io::Result<()> {
        let text = match self.format {
            Format::Text => {
                let colour = stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
                report::terminal::render(answer, Some(written), WIDTH, colour)
            }
            Format::Json => report::json::render(experiment, answer, Some(written)),
        };
        stdout().write_all(text.as_bytes())?;
        stderr().flush()
    }
}

/// Columns of the answer: what a terminal of any size shows without wrapping badly.
const WIDTH: u16 = 100;

/// Pixels a unit of the SVG: sharp on paper.
#[cfg(feature = "png")]
const PNG_SCALE: f32 = 2.0;

#[expect(clippy::disallowed_methods, reason = "the wall clock stands in the manifest and the progress line only")]
fn now() -> (SystemTime, Instant) {
    (SystemTime::now(), Instant::now())
}

// The command line that repeats this run.
fn command() -> String {
    let quote = |word: String| match word.chars().all(|c| c.is_ascii_alphanumeric() || "-_./=:,".contains(c)) {
        true => word,
        false => format!("'{}'", word.replace('\'', r"'\''")),
    };
    let arguments = std::env::args().skip(1).map(quote);
    ["peerscape".to_owned()].into_iter().chain(arguments).collect::<Vec<_>>().join(" ")
}
