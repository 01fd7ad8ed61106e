//! `peerscape check`: every error of scenario files, without running or writing anything.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::Args;
use peerscape::scenario::{self, Experiment, Registry};
use peerscape::simulation::{estimate_cpu_s, estimate_memory};

use super::exit::Exit;
use super::say;

/// The arguments of `check`.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// The scenario files
    #[arg(required = true, value_name = "SCENARIO")]
    scenarios: Vec<PathBuf>,
    /// Replace a value: `population.peers=100`, `workload.0.rate="10 /s"`
    #[arg(long = "set", value_name = "PATH=VALUE")]
    overrides: Vec<String>,
}

/// Checks each file; the exit code is 2 if any has an error.
pub(crate) fn run(arguments: &Arguments, registry: &Registry) -> io::Result<Exit> {
    let mut out = io::stdout().lock();
    let mut exit = Exit::Success;
    for path in &arguments.scenarios {
        match registry.load(path, &arguments.overrides) {
            Ok(experiment) => report(&mut out, &scenario::escaped(&path.to_string_lossy()), &experiment)?,
            Err(errors) => {
                say::line(format_args!("{:?}", miette::Report::new(errors)));
                exit = Exit::Usage;
            }
        }
    }
    Ok(exit)
}

fn report(out: &mut impl Write, file: &str, experiment: &Experiment) -> io::Result<()> {
    let (cells, seeds) = (experiment.cells.len(), experiment.seeds.len());
    writeln!(out, "{file}: ok, {} x {} = {} replications", count(cells, "cell"), count(seeds, "seed"), cells * seeds)?;
    for (index, name) in experiment.axes.iter().enumerate() {
        writeln!(out, "  {name}: {}", distinct(experiment.cells.iter().map(|cell| cell.axes[index].text.as_str())))?;
    }
    writeln!(out, "  topology: {}", distinct(experiment.cells.iter().map(|cell| cell.label.as_str())))?;
    for input in experiment.inputs() {
        writeln!(out, "  read {}", input.summary)?;
    }
    writeln!(out, "  {}", expected(experiment))?;
    for warning in experiment.warnings() {
        writeln!(out, "  warning: {}", scenario::escaped(&warning))?;
    }
    Ok(())
}

// What a run is expected to take.
fn expected(experiment: &Experiment) -> String {
    let per_cell: Vec<(f64, f64)> =
        experiment.cells.iter().map(|cell| (estimate_cpu_s(cell), estimate_memory(cell).get() as f64)).collect();
    let total_s = per_cell.iter().map(|(cpu_s, _)| cpu_s).sum::<f64>() * experiment.seeds.len() as f64;
    let costs = experiment.cells.iter().zip(&per_cell);
    let Some((dearest, (cpu_s, bytes))) = costs.max_by(|(_, a), (_, b)| a.1.total_cmp(&b.1)) else {
        return "expected: nothing to run".to_owned();
    };
    format!(
        "expected: about {} of CPU in all; the largest replication, {} with {} peers, takes {} and {}",
        seconds(total_s),
        dearest.label,
        dearest.settings.population.peers.get(),
        seconds(*cpu_s),
        memory(*bytes)
    )
}

fn seconds(value: f64) -> String {
    match value {
        _ if value < 1.0 => "less than 1 s".to_owned(),
        _ if value < 120.0 => format!("{value:.0} s"),
        _ if value < 7_200.0 => format!("{:.0} min", value / 60.0),
        _ => format!("{:.0} h", value / 3_600.0),
    }
}

fn memory(bytes: f64) -> String {
    if bytes < 1e9 { format!("{:.0} MB", (bytes / 1e6).ceil()) } else { format!("{:.1} GB", bytes / 1e9) }
}

fn count(number: usize, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}

/// The different values in their order, shortened if they are many.
fn distinct<'v>(values: impl Iterator<Item = &'v str>) -> String {
    const SHOWN: usize = 12;
    let mut seen: Vec<&str> = Vec::new();
    for value in values {
        if !seen.contains(&value) {
            seen.push(value);
        }
    }
    match seen.len().checked_sub(SHOWN + 1) {
        Some(more) if more > 0 => {
            format!("{}, ... {} ({} values)", seen[..SHOWN].join(", "), seen[seen.len() - 1], seen.len())
        }
        _ => seen.join(", "),
    }
}
