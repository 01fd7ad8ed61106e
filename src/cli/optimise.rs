//! `peerscape optimise`: the tree that brings a scenario's messages soonest, and how good any tree can be.

use std::io::{self, IsTerminal, Write, stderr, stdout};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};
use peerscape::optimiser::tree::{Effort, Objective};
use peerscape::report::plot::{latency_tree, search};
use peerscape::report::{Content, PlanOutput, TreeSheet, Wanted, tree_text};
use peerscape::rng::Seed;
use peerscape::scenario::{Cell, Experiment, Registry};

use super::choice;
use super::exit::Exit;
use super::interrupt;
use super::output;
use super::say;
use super::source::Source;
use super::topology::Format;

/// Columns of the text, as many as those of an answer.
const WIDTH: u16 = 110;
/// Time between two lines that tell how far the search is.
const LINE_EVERY: Duration = Duration::from_secs(2);

/// The arguments of `optimise`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    source: Source,
    /// Which point of the sweep, by values of its axes: `peers=100`, `peers=100,rate=10 /s`
    #[arg(long, value_name = "AXIS=VALUE,...", value_delimiter = ',')]
    cell: Vec<String>,
    /// The seed of the population [default: the scenario's first]
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Which latency is to be least
    #[arg(long, value_enum, default_value_t)]
    objective: Least,
    /// The share of its uplink and CPU that each peer gives, in percent: bursts and queues need the rest
    #[arg(long, value_name = "PERCENT", default_value_t = 50, value_parser = clap::value_parser!(u8).range(1..=100))]
    share: u8,
    /// How much is tried, in millions of changes: one takes from one to six seconds
    #[arg(long, value_name = "MILLIONS", default_value_t = 5, value_parser = clap::value_parser!(u32).range(0..=100_000))]
    effort: u32,
    /// The file to write the tree to; `file` in a scenario reads it
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// What to write there
    #[arg(long, value_enum, default_value_t, requires = "out")]
    format: Format,
    /// The file to draw the tree to, as SVG: how far a peer is from the middle is when it hears
    #[arg(long, value_name = "FILE")]
    picture: Option<PathBuf>,
    /// The file to draw the search to, as SVG: the best tree and the bound against the changes that were tried
    #[arg(long, value_name = "FILE")]
    search_picture: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Which latency is to be least.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Least {
    /// The largest, then the mean
    #[default]
    Max,
    /// The one that 95 % of the peers keep
    P95,
    /// The mean
    Mean,
}

/// Finds the tree, prints it, and writes it.
pub(crate) fn run(arguments: &Arguments, registry: &Registry) -> io::Result<Exit> {
    if let Err(exit) =
        output::check([arguments.out.as_ref(), arguments.picture.as_ref(), arguments.search_picture.as_ref()])
    {
        return Ok(exit);
    }
    let Some(experiment) = arguments.source.load(registry) else { return Ok(Exit::Usage) };
    let cell = match choice::combination(&experiment, &arguments.cell) {
        Ok(cell) => cell,
        Err(problem) => {
            say::error(problem);
            return Ok(Exit::Usage);
        }
    };
    // Without a handler Ctrl-C ends the program, which loses the tree and nothing else.
    let stop = interrupt::flag().unwrap_or_default();
    let wanted = arguments.wanted(&experiment);
    let sheet = match TreeSheet::of(cell, wanted, &mut watch(&stop)) {
        Ok(sheet) => sheet,
        Err(error) => {
            say::error(error);
            return Ok(Exit::Failure);
        }
    };
    let text = if arguments.json {
        format!("{:#}\n", serde_json::to_value(&sheet)?)
    } else {
        tree_text(&experiment.name, &sheet, WIDTH)
    };
    stdout().write_all(text.as_bytes())?;
    if let Some(exit) = arguments.draw(&experiment.name, &sheet).or_else(|| arguments.write(&experiment, cell, &sheet))
    {
        return Ok(exit);
    }
    Ok(if stop.load(Ordering::SeqCst) { Exit::Interrupted } else { Exit::Success })
}

// Tells a person how far it is, and ends the search when that is asked for.
fn watch(stop: &AtomicBool) -> impl FnMut(&peerscape::optimiser::tree::TreeAnswer, f64) -> ControlFlow<()> {
    let is_watched = stderr().is_terminal();
    #[expect(clippy::disallowed_methods, reason = "the clock of whoever waits; the search counts work")]
    let now = || Instant::now();
    let mut last = now();
    move |answer, gap_percent| {
        if is_watched && last.elapsed() >= LINE_EVERY {
            last = now();
            let max_ms = answer.value.max_us as f64 / 1e3;
            say::line(format_args!("largest latency {max_ms:.1} ms, gap {gap_percent:.1} %"));
        }
        if stop.load(Ordering::SeqCst) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

impl Arguments {
    fn wanted(&self, experiment: &Experiment) -> Wanted {
        Wanted {
            seed: self.seed.map_or(experiment.seeds[0], Seed),
            objective: match self.objective {
                Least::Max => Objective::Max,
                Least::P95 => Objective::P95,
                Least::Mean => Objective::Mean,
            },
            share: f64::from(self.share) / 100.0,
            effort: Effort { work: u64::from(self.effort) * 1_000_000, ..Effort::default() },
        }
    }

    // Draws what is asked for; how the verb ends if it cannot.
    fn draw(&self, name: &str, sheet: &TreeSheet) -> Option<Exit> {
        let tree = self.picture.as_ref().and_then(|file| {
            let svg = Content::from(latency_tree(name, sheet).into_bytes());
            written(file, &svg, "how far a peer is from the middle is when it hears")
        });
        tree.or_else(|| {
            let file = self.search_picture.as_ref()?;
            let svg = Content::from(search(name, sheet).into_bytes());
            written(file, &svg, "the gap between tree and bound as the search goes on")
        })
    }

    // Writes the tree if that is asked for; how the verb ends if it cannot.
    fn write(&self, experiment: &Experiment, cell: &Cell, sheet: &TreeSheet) -> Option<Exit> {
        let out = self.out.as_ref()?;
        let names = (experiment.name.as_str(), "optimised tree");
        let plan = PlanOutput::with_overlay(names, cell, sheet.seed, (sheet.world.clone(), sheet.overlay()));
        let content = Content::written(|to| plan.write(self.format.into(), to));
        let next = "`kind = \"file\"` reads it; `kind = \"tree\", order = \"optimised\"` in a scenario searches anew for each \
                    seed";
        written(out, &content, next)
    }
}

// Writes a file and says so, with what it is good for; how the verb ends if it cannot.
fn written(file: &Path, content: &Content<'_>, use_of_it: &str) -> Option<Exit> {
    if let Err(exit) = output::write(file, content) {
        return Some(exit);
    }
    say::line(format_args!("wrote {} ({use_of_it})", file.display()));
    None
}
