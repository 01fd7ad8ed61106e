//! Refusing, before anything runs, what does not fit into memory.

use sysinfo::{MemoryRefreshKind, RefreshKind, System};
use thiserror::Error;

use super::run::SweepOptions;
use crate::scenario::{Cell, Experiment};
use crate::units::ByteCount;

/// The replications that would run at once need more memory than there is.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error(
    "{at_once} at once of `{topology}` with {peers} peers may need {needed_gb} GB of memory and {available_gb} GB are \
     free: run fewer at once (--jobs 1), fewer peers, or a lower rate"
)]
pub struct MemoryError {
    at_once: String,
    topology: String,
    peers: u32,
    needed_gb: String,
    available_gb: String,
}

/// Checks that the largest replications fit into the memory that is free, as many at once as the
/// options say.
///
/// # Errors
/// When they do not, with both figures.
pub fn check_memory(experiment: &Experiment, options: SweepOptions) -> Result<(), MemoryError> {
    let memory = RefreshKind::nothing().with_memory(MemoryRefreshKind::nothing().with_ram());
    check_against(experiment, options, ByteCount::new(System::new_with_specifics(memory).available_memory()))
}

fn check_against(experiment: &Experiment, options: SweepOptions, available: ByteCount) -> Result<(), MemoryError> {
    let mut estimates: Vec<(ByteCount, &Cell)> =
        experiment.cells.iter().map(|cell| ((options.rung.memory)(cell), cell)).collect();
    estimates.sort_by_key(|(bytes, _)| std::cmp::Reverse(*bytes));
    // Each cell runs with every seed, so the largest may meet itself.
    let slots = estimates.iter().flat_map(|estimate| std::iter::repeat_n(estimate, experiment.seeds.len()));
    let largest: Vec<_> = slots.take(options.jobs).collect();
    let needed = ByteCount::new(largest.iter().map(|(bytes, _)| bytes.get()).fold(0, u64::saturating_add));
    let Some((_, cell)) = largest.first().filter(|_| needed > available) else { return Ok(()) };
    Err(MemoryError {
        at_once: match largest.len() {
            1 => "1 replication".to_owned(),
            n => format!("{n} replications"),
        },
        topology: cell.label.clone(),
        peers: cell.settings.population.peers.get(),
        needed_gb: gigabytes(needed),
        available_gb: gigabytes(available),
    })
}

fn gigabytes(bytes: ByteCount) -> String {
    format!("{:.1}", bytes.get() as f64 / 1e9)
}
