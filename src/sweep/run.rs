//! Running all replications on a pool of threads, and keeping what is finished.

use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::JoinHandle;
use std::time::Duration;

use cpu_time::ThreadTime;
use rayon::prelude::*;
use thiserror::Error;

use super::knowledge::Library;
use super::results::{CellRuns, Replication, Results, RunCost};
use super::rung::{ReplicationError, Rung};
use crate::scenario::Experiment;
use crate::simulation::estimate_deliveries;

/// How to run.
#[derive(Clone, Copy, Debug)]
pub struct SweepOptions {
    /// How many replications run at once.
    pub jobs: usize,
    /// What runs a replication.
    pub rung: Rung,
}

/// Whoever watches a sweep.
pub trait Observer {
    /// A replication is finished; `share` is the share of all work that is done (0 to 1).
    fn finished(&mut self, share: f64);

    /// Called a few times a second. Returns whether to stop now and keep what is finished.
    fn should_stop(&mut self) -> bool;
}

/// Why a sweep has no results.
#[derive(Debug, Error)]
pub enum SweepError {
    /// A replication failed.
    #[error("{topology} with seed {seed}: {source}")]
    Replication {
        /// The label of its topology.
        topology: String,
        /// Its seed.
        seed: u64,
        /// What happened.
        source: ReplicationError,
    },
    /// No threads can be had.
    #[error("cannot start {jobs} threads: {source}")]
    Threads {
        /// How many were asked for.
        jobs: usize,
        /// What the system said.
        source: rayon::ThreadPoolBuildError,
    },
}

/// One replication to run: the indices of its cell and its seed, and its share of the work.
#[derive(Clone, Copy, Debug)]
struct Task {
    cell: usize,
    seed: usize,
    work: f64,
}

type Outcome = (Task, Result<Replication, ReplicationError>);

/// How often the observer is asked whether to stop.
const TICK: Duration = Duration::from_millis(100);

/// Runs every cell with every seed. When the observer asks to stop, returns at once with the
/// replications that are finished; those under way are abandoned.
///
/// # Errors
/// When a replication fails or the threads cannot be started.
pub fn run<'a>(
    experiment: &'a Arc<Experiment>,
    options: SweepOptions,
    observer: &mut dyn Observer,
) -> Result<Results<'a>, SweepError> {
    let tasks = tasks(experiment);
    let mut slots: Vec<Vec<Option<Replication>>> =
        experiment.cells.iter().map(|_| experiment.seeds.iter().map(|_| None).collect()).collect();
    let (outcomes, pool) = start(experiment, tasks, options)?;
    let mut share = 0.0;
    loop {
        match outcomes.recv_timeout(TICK) {
            Ok((task, outcome)) => {
                let failed = |source| failure(experiment, task, source);
                slots[task.cell][task.seed] = Some(outcome.map_err(failed)?);
                share += task.work;
                observer.finished(share);
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                // All done; or a replication panicked, and then so does the sweep.
                pool.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
                break;
            }
        }
        if observer.should_stop() {
            break;
        }
    }
    let cells = slots.into_iter().map(|runs| CellRuns { runs: runs.into_iter().flatten().collect() }).collect();
    Ok(Results { experiment, rung: options.rung, cells })
}

// All tasks, the most work first; equals in the order of cells and seeds.
fn tasks(experiment: &Experiment) -> Vec<Task> {
    // One delivery more than estimated: a cell without any still takes a moment.
    let work: Vec<f64> = experiment.cells.iter().map(|cell| estimate_deliveries(cell) + 1.0).collect();
    let total = work.iter().sum::<f64>() * experiment.seeds.len() as f64;
    let cells = 0..experiment.cells.len();
    let mut tasks: Vec<Task> = cells
        .flat_map(|cell| (0..experiment.seeds.len()).map(move |seed| (cell, seed)))
        .map(|(cell, seed)| Task { cell, seed, work: work[cell] / total })
        .collect();
    tasks.sort_by(|a, b| b.work.total_cmp(&a.work));
    tasks
}

// Starts the tasks in a pool of their own, which lives until they are done.
fn start(
    experiment: &Arc<Experiment>,
    tasks: Vec<Task>,
    options: SweepOptions,
) -> Result<(mpsc::Receiver<Outcome>, JoinHandle<()>), SweepError> {
    let SweepOptions { jobs, rung } = options;
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(jobs)
        .build()
        .map_err(|source| SweepError::Threads { jobs, source })?;
    let (sender, outcomes) = mpsc::channel();
    let experiment = Arc::clone(experiment);
    let library = Library::new(&experiment.cells);
    let thread = std::thread::spawn(move || {
        // A bridge keeps the order: the next task goes to the next free thread.
        let tasks = tasks.into_iter().par_bridge();
        let replicate = |sender: &mut Sender<Outcome>, task| replicate(&experiment, &library, task, rung, sender);
        pool.install(|| tasks.for_each_with(sender, replicate));
    });
    Ok((outcomes, thread))
}

fn replicate(experiment: &Experiment, library: &Library, task: Task, rung: Rung, sender: &Sender<Outcome>) {
    let clock = ThreadTime::now();
    let (cell, seed) = (&experiment.cells[task.cell], experiment.seeds[task.seed]);
    let record = (rung.replicate)(cell, seed, library.of(task.cell));
    let cost = RunCost { cpu_s: clock.elapsed().as_secs_f64() };
    // Nobody listens any more once the sweep was stopped.
    let _ = sender.send((task, record.map(|record| Replication { record, cost })));
}

fn failure(experiment: &Experiment, task: Task, source: ReplicationError) -> SweepError {
    let topology = experiment.cells[task.cell].label.clone();
    SweepError::Replication { topology, seed: experiment.seeds[task.seed].0, source }
}
