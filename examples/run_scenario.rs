//! Runs a scenario from Rust and prints its ranked answer: `cargo run --example run_scenario [SCENARIO]`.

use std::error::Error;
use std::path::Path;
use std::sync::Arc;

use peerscape::{Experiment, ScenarioErrors, SweepOptions, answer, load, parse_str, run_sweep};

/// What runs where no file is named: twenty people who draw on one whiteboard.
const WHITEBOARD: &str = r#"
name = "whiteboard"
[run]
duration = "15 s"
warmup = "10 s"
seeds = 3
[population]
peers = [20, 40]
[[workload]]
kind = "state-sync"
message = "120 B"
rate = "5 /s"
[[topology]]
kind = "mesh"
[[topology]]
kind = "star"
hub = "server"
[[topology]]
kind = "tree"
degree = 4
"#;

/// A ranking for each combination of the sweep axes, at the largest population.
pub(crate) fn rankings(experiment: Experiment) -> Result<String, Box<dyn Error>> {
    let experiment = Arc::new(experiment);
    let results = run_sweep(&experiment, SweepOptions::default(), &mut ())?;
    let answer = answer(&results);
    let mut lines = Vec::new();
    for decision in &answer.decisions {
        let ranking = &decision.ranking;
        lines.push(format!("{}, {} peers, by {}:", answer.name, ranking.peers, answer.metric.definition().name));
        for row in &ranking.rows {
            let rank = row.rank.map_or_else(|| "-".to_owned(), |rank| rank.to_string());
            // The mean over the seeds, and its 95 % interval.
            let interval = answer.summary.interval(row.cell, answer.metric);
            let figure = interval.map_or_else(
                || "no value".to_owned(),
                |interval| match interval.ends {
                    Some(ends) => format!("{:.1} ({:.1} to {:.1})", interval.mean, ends.low, ends.high),
                    None => format!("{:.1}", interval.mean),
                },
            );
            lines.push(format!("{rank:>3}  {:<20} {figure}", row.topology));
        }
    }
    Ok(lines.join("\n") + "\n")
}

/// The scenario of [`WHITEBOARD`].
pub(crate) fn whiteboard() -> Result<Experiment, ScenarioErrors> {
    parse_str("whiteboard.toml", WHITEBOARD, Path::new("."), &[])
}

fn main() -> Result<(), Box<dyn Error>> {
    let experiment = match std::env::args().nth(1) {
        Some(file) => load(Path::new(&file), &[])?,
        None => whiteboard()?,
    };
    experiment.warnings().iter().for_each(|warning| eprintln!("warning: {warning}"));
    print!("{}", rankings(experiment)?);
    Ok(())
}
