//! `peerscape run --check-grain`: one seed of every cell message by message and packet by packet, side by side.

use std::io::{self, Write, stdout};
use std::path::Path;
use std::sync::Arc;

use miette::IntoDiagnostic;
use peerscape::report::{self, Pairing, Validation};
use peerscape::scenario::{Experiment, Registry, ScenarioErrors};
use peerscape::sweep::{self, Rung, SweepOptions};

use super::exit::Exit;
use super::progress::Progress;
use super::run::now;
use super::say;

/// Columns of the table.
const WIDTH: u16 = 100;

/// Runs the first seed both ways, prints the figures, and writes nothing.
pub(super) fn run(scenario: &Path, overrides: &[String], jobs: usize, registry: &Registry) -> io::Result<Exit> {
    let both = ["message", "packet"].map(|grain| load(scenario, overrides, grain, registry));
    let [by_message, by_packet] = match both {
        [Ok(by_message), Ok(by_packet)] => [by_message, by_packet],
        [Err(errors), _] | [_, Err(errors)] => {
            say::line(format_args!("{:?}", miette::Report::new(errors)));
            return Ok(Exit::Usage);
        }
    };
    compare(&by_message, &by_packet, jobs).or_else(|failure| {
        let causes: Vec<String> = failure.chain().map(ToString::to_string).collect();
        say::error(causes.join(": "));
        Ok(Exit::Failure)
    })
}

fn load(
    scenario: &Path,
    overrides: &[String],
    grain: &str,
    registry: &Registry,
) -> Result<Arc<Experiment>, ScenarioErrors> {
    let of_the_user = overrides.iter().filter(|text| !text.starts_with("run.grain=")).cloned();
    let overrides: Vec<String> = of_the_user.chain([format!("run.grain={grain}")]).collect();
    let mut experiment = registry.load(scenario, &overrides)?;
    experiment.seeds.truncate(1);
    Ok(Arc::new(experiment))
}

fn compare(by_message: &Arc<Experiment>, by_packet: &Arc<Experiment>, jobs: usize) -> miette::Result<Exit> {
    let options = SweepOptions { jobs, rung: Rung::MODEL };
    let mut progress = Progress::start(by_message.cells.len(), now().1).into_diagnostic()?;
    let mut both = Vec::new();
    for experiment in [by_message, by_packet] {
        sweep::check_memory(experiment, options, None).into_diagnostic()?;
        let results = sweep::run(experiment, options, &mut progress).into_diagnostic()?;
        if let Some((topology, _, finding)) = results.without_figures().next() {
            say::error(format_args!("{topology}: {}", finding.text));
            return Ok(Exit::Failure);
        }
        both.push(results);
        if progress.end() {
            say::line("interrupted: half a comparison says nothing");
            return Ok(Exit::Interrupted);
        }
        progress.restart();
    }
    let [message, packet] = &both[..] else { unreachable!("two grains were run") };
    let validation = Validation::of(message, packet, Pairing::Grains);
    let text = report::validation_text(&validation, by_message, None, WIDTH);
    stdout().write_all(text.as_bytes()).into_diagnostic()?;
    Ok(if validation.holds() { Exit::Success } else { Exit::ExpectationMissed })
}
