//! `peerscape validate`: a scenario on the model and on the real stack, side by side.

use std::io::{self, Write, stdout};
use std::path::Path;
use std::sync::Arc;
use std::thread::available_parallelism;

use clap::Args;
use miette::IntoDiagnostic;
use peerscape::report::{self, Content, Pairing, Provenance, Validation, folder, plot};
use peerscape::scenario::{Experiment, Registry};
use peerscape::sweep::{self, Rung, SweepOptions};

use super::exit::Exit;
use super::place::Place;
use super::progress::Progress;
use super::run::{command, now};
use super::rung::{NO_STACK, RungName};
use super::say;
use super::source::Source;

/// The arguments of `validate`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    source: Source,
    /// How many replications run at once [default: one a processor]
    #[arg(long, short, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    jobs: Option<u16>,
    #[command(flatten)]
    place: Place,
}

/// Runs the scenario on both rungs and prints them side by side.
pub(crate) fn run(arguments: &Arguments, registry: &Registry) -> io::Result<Exit> {
    let Some(real) = RungName::Virtual.rung() else {
        say::error(NO_STACK);
        return Ok(Exit::Usage);
    };
    let Some(experiment) = arguments.source.load(registry).map(Arc::new) else { return Ok(Exit::Usage) };
    experiment.inputs().iter().for_each(|input| say::line(format_args!("read {}", input.summary)));
    let warnings = experiment.warnings().into_iter().chain(RungName::Virtual.warnings(&experiment));
    warnings.for_each(say::warning);
    arguments.run(&experiment, real).or_else(|failure| {
        let causes: Vec<String> = failure.chain().map(ToString::to_string).collect();
        say::error(causes.join(": "));
        Ok(Exit::Failure)
    })
}

/// Columns of the table.
const WIDTH: u16 = 100;

impl Arguments {
    fn run(&self, experiment: &Arc<Experiment>, real: Rung) -> miette::Result<Exit> {
        let jobs = self.jobs.map_or_else(|| available_parallelism().map_or(1, usize::from), usize::from);
        let out = self.place.find(experiment, &self.source.overrides, "-validation", real.name).into_diagnostic()?;
        let claim = self.place.claim(&out, experiment, real.name).into_diagnostic()?;
        let (started, clock) = now();
        let mut both = Vec::new();
        let mut progress = Progress::start(experiment.cells.len() * experiment.seeds.len(), clock).into_diagnostic()?;
        for rung in [Rung::MODEL, real] {
            let options = SweepOptions { jobs, rung };
            sweep::check_memory(experiment, options, None).into_diagnostic()?;
            let results = sweep::run(experiment, options, &mut progress).into_diagnostic()?;
            if progress.end() {
                say::line("interrupted: half a comparison says nothing, so nothing is written");
                return Ok(Exit::Interrupted);
            }
            if let Some((topology, _, finding)) = results.without_figures().next() {
                say::error(format_args!("{topology}: {}", finding.text));
                return Ok(Exit::Failure);
            }
            both.push(results);
            progress.restart();
        }
        let [model, real_results] = &both[..] else { unreachable!("two rungs were run") };
        let validation = Validation::of(model, real_results, Pairing::Rungs(real.name));
        let table = Content::written(|to| report::validation_csv(&validation, experiment, to));
        let mut files = vec![("validation.csv".into(), table)];
        for (name, svg) in plot::render_validation(model, real_results) {
            files.push((Path::new("plots").join(name), svg.into_bytes().into()));
        }
        let provenance = Provenance {
            command: command(),
            rung: real.name,
            started,
            wall: clock.elapsed(),
            threads: jobs,
            files: files.iter().map(|(name, _)| name.clone()).collect(),
        };
        let manifest = Content::written(move |to| report::manifest_json(real_results, &provenance, to));
        files.push((folder::MANIFEST.into(), manifest));
        let written = report::write_folder(&claim, &files).into_diagnostic()?;
        claim.finish().unwrap_or_else(say::warning);
        let text = report::validation_text(&validation, experiment, Some(&written), WIDTH);
        stdout().write_all(text.as_bytes()).into_diagnostic()?;
        Ok(if validation.holds() { Exit::Success } else { Exit::ExpectationMissed })
    }
}
