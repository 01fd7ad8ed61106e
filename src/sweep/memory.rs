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
     free: run fewer at once (--jobs 1), fewer peers, or a lower rate; --memory-limit says how much may be taken, \
     and --force runs all the same"
)]
pub struct MemoryError {
    at_once: String,
    topology: String,
    peers: u32,
    needed_gb: String,
    available_gb: String,
}

/// The program itself, its plots and tables.
const PROGRAM: u64 = 12 << 20;
/// What is kept of a replication that is finished: its values, its findings, and where its line of the store is.
const PER_RUN: u64 = 1_500;
/// What is kept of a cell: latencies and loads of all its replications.
const PER_CELL: u64 = 50_000;

/// Checks that the largest replications fit into memory, as many at once as the options say, beside the records of all
/// that are finished: into `limit`, or if there is none into what is free, in the container if there is one.
///
/// # Errors
/// When they do not, with both figures.
pub fn check_memory(
    experiment: &Experiment,
    options: SweepOptions,
    limit: Option<ByteCount>,
) -> Result<(), MemoryError> {
    check_against(experiment, options, limit.unwrap_or_else(free))
}

/// What the largest replications need, as many at once as the options say, and all records.
#[must_use]
pub fn memory_needed(experiment: &Experiment, options: SweepOptions) -> ByteCount {
    needed(experiment, options).0
}

// What this process may take.
fn free() -> ByteCount {
    let memory = RefreshKind::nothing().with_memory(MemoryRefreshKind::nothing().with_ram());
    let system = System::new_with_specifics(memory);
    // What a container has cached of files it can give back.
    let of_container = system.cgroup_limits().map(|limits| limits.total_memory.saturating_sub(limits.rss));
    ByteCount::new(of_container.unwrap_or(u64::MAX).min(system.available_memory()))
}

fn needed(experiment: &Experiment, options: SweepOptions) -> (ByteCount, Vec<&Cell>) {
    let mut estimates: Vec<(ByteCount, &Cell)> =
        experiment.cells.iter().map(|cell| ((options.rung.memory)(cell), cell)).collect();
    estimates.sort_by_key(|(bytes, _)| std::cmp::Reverse(*bytes));
    // Each cell runs with every seed, so the largest may meet itself.
    let slots = estimates.iter().flat_map(|estimate| std::iter::repeat_n(estimate, experiment.seeds.len()));
    let largest: Vec<_> = slots.take(options.jobs).collect();
    let cells = experiment.cells.len() as u64;
    let records = cells * (PER_CELL + experiment.seeds.len() as u64 * PER_RUN);
    let at_once = largest.iter().map(|(bytes, _)| bytes.get()).fold(0, u64::saturating_add);
    let needed = at_once.saturating_add(records).saturating_add(PROGRAM);
    (ByteCount::new(needed), largest.into_iter().map(|(_, cell)| *cell).collect())
}

fn check_against(experiment: &Experiment, options: SweepOptions, available: ByteCount) -> Result<(), MemoryError> {
    let (needed, largest) = needed(experiment, options);
    let Some(cell) = largest.first().filter(|_| needed > available) else { return Ok(()) };
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
