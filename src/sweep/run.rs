//! Running all replications on a pool of threads, and keeping what is finished.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{JoinHandle, available_parallelism};
use std::time::Duration;

use cpu_time::ThreadTime;
use rayon::prelude::*;
use thiserror::Error;

use super::key::CellKey;
use super::knowledge::Library;
use super::results::{CellRuns, Results, RunCost};
use super::rung::Rung;
use super::store::{Kept, Store, encode};
use crate::metrics::{CRASHED, Finding, NO_RESULT, RunRecord};
use crate::rng::Seed;
use crate::scenario::{Cell, Experiment};
use crate::simulation::estimate_deliveries;

/// How to run.
#[derive(Clone, Copy, Debug)]
pub struct SweepOptions {
    /// How many replications run at once.
    pub jobs: usize,
    /// What runs a replication.
    pub rung: Rung,
}

impl Default for SweepOptions {
    /// The model, on all processors.
    fn default() -> Self {
        Self { jobs: available_parallelism().map_or(1, usize::from), rung: Rung::MODEL }
    }
}

/// Whoever watches a sweep; `()` looks away.
pub trait Observer {
    /// So many replications were finished before, which are this share of all work.
    fn taken_over(&mut self, _replications: usize, _share: f64) {}

    /// A replication is finished; `share` is the share of all work that is done (0 to 1).
    fn finished(&mut self, share: f64);

    /// The store takes no more replications, so from now on they are kept in memory alone.
    fn store_failed(&mut self, _error: &io::Error) {}

    /// Called a few times a second. Returns whether to stop now and keep what is finished.
    fn should_stop(&mut self) -> bool;
}

impl Observer for () {
    fn finished(&mut self, _share: f64) {}

    fn should_stop(&mut self) -> bool {
        false
    }
}

/// Why a sweep has no results.
#[derive(Debug, Error)]
pub enum SweepError {
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

/// A replication that has ended, and its line of the store.
struct Ended {
    task: Task,
    record: RunRecord,
    cost: RunCost,
    line: Option<io::Result<Vec<u8>>>,
}

/// How often the observer is asked whether to stop.
const TICK: Duration = Duration::from_millis(100);

/// Runs every cell with every seed. When the observer asks to stop, returns at once with the
/// replications that are finished; those under way are abandoned. One that panics or fails is a finding.
///
/// # Errors
/// When the threads cannot be started.
pub fn run<'a>(
    experiment: &'a Arc<Experiment>,
    options: SweepOptions,
    observer: &mut dyn Observer,
) -> Result<Results<'a>, SweepError> {
    resume(experiment, options, Kept::default(), None, observer)
}

/// As [`run`], without what is finished already, and with every replication appended to `store` as it ends.
///
/// # Errors
/// As [`run`]. That a store takes no more is told to the observer, and the sweep goes on.
pub fn resume<'a>(
    experiment: &'a Arc<Experiment>,
    options: SweepOptions,
    kept: Kept,
    store: Option<&mut Store>,
    observer: &mut dyn Observer,
) -> Result<Results<'a>, SweepError> {
    let mut sweep = Sweep::new(experiment, kept, store, observer);
    let tasks = sweep.tasks();
    if !tasks.is_empty() {
        sweep.run(tasks, options)?;
    }
    Ok(Results { experiment, rung: options.rung, cells: sweep.cells })
}

/// A sweep under way.
struct Sweep<'a, 'b> {
    experiment: &'a Arc<Experiment>,
    cells: Vec<CellRuns>,
    store: Option<&'b mut Store>,
    observer: &'b mut dyn Observer,
}

impl<'a, 'b> Sweep<'a, 'b> {
    fn new(
        experiment: &'a Arc<Experiment>,
        kept: Kept,
        store: Option<&'b mut Store>,
        observer: &'b mut dyn Observer,
    ) -> Self {
        let mut cells = kept.cells;
        cells.resize_with(experiment.cells.len(), CellRuns::default);
        Self { experiment, cells, store, observer }
    }

    // What is left to do, the most work first; equals in the order of cells and seeds.
    fn tasks(&mut self) -> Vec<Task> {
        // One delivery more than estimated: a cell without any still takes a moment.
        let work: Vec<f64> = self.experiment.cells.iter().map(|cell| estimate_deliveries(cell) + 1.0).collect();
        let seeds = self.experiment.seeds.len();
        let total = work.iter().sum::<f64>() * seeds as f64;
        let cells = 0..self.experiment.cells.len();
        let all = cells.flat_map(|cell| (0..seeds).map(move |seed| (cell, seed)));
        let all = all.map(|(cell, seed)| Task { cell, seed, work: work[cell] / total });
        let (done, mut tasks): (Vec<Task>, Vec<Task>) = all.partition(|task| self.cells[task.cell].has(task.seed));
        self.observer.taken_over(done.len(), done.iter().map(|task| task.work).sum());
        tasks.sort_by(|a, b| b.work.total_cmp(&a.work));
        tasks
    }

    fn run(&mut self, tasks: Vec<Task>, options: SweepOptions) -> Result<(), SweepError> {
        let mut share = 1.0 - tasks.iter().map(|task| task.work).sum::<f64>();
        let (outcomes, pool) = start(self.experiment, tasks, options, self.store.is_some())?;
        loop {
            match outcomes.recv_timeout(TICK) {
                Ok(Ended { task, record, cost, line }) => {
                    self.keep(task, line);
                    self.cells[task.cell].add(task.seed, self.experiment.seeds.len(), &record, cost);
                    share += task.work;
                    self.observer.finished(share);
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    // All done. A panic here is not one of a replication, for those are caught.
                    pool.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
                    return Ok(());
                }
            }
            if self.observer.should_stop() {
                return Ok(());
            }
        }
    }

    // A store that the disk has refused holds in memory what comes later.
    fn keep(&mut self, task: Task, line: Option<io::Result<Vec<u8>>>) {
        let (Some(store), Some(line)) = (self.store.as_mut(), line) else { return };
        let seed = self.experiment.seeds[task.seed];
        if let Err(error) = line.and_then(|line| store.append_run(task.cell, seed, &line)) {
            self.observer.store_failed(&error);
        }
    }
}

// Starts the tasks in a pool of their own, which lives until they are done.
fn start(
    experiment: &Arc<Experiment>,
    tasks: Vec<Task>,
    options: SweepOptions,
    has_store: bool,
) -> Result<(mpsc::Receiver<Ended>, JoinHandle<()>), SweepError> {
    let SweepOptions { jobs, rung } = options;
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(jobs)
        .build()
        .map_err(|source| SweepError::Threads { jobs, source })?;
    let (sender, outcomes) = mpsc::channel();
    let experiment = Arc::clone(experiment);
    let keys = if has_store { CellKey::of_all(&experiment, rung) } else { Vec::new() };
    let library = Library::new(&experiment.cells);
    let thread = std::thread::spawn(move || {
        // A bridge keeps the order: the next task goes to the next free thread.
        let tasks = tasks.into_iter().par_bridge();
        let run = |sender: &mut Sender<Ended>, task: Task| {
            let cell = &experiment.cells[task.cell];
            let (record, cost) = replicate(cell, experiment.seeds[task.seed], rung, &library);
            let line = keys.get(task.cell).map(|&key| encode(key, cell, &record));
            // Nobody listens any more once the sweep was stopped.
            let _ = sender.send(Ended { task, record, cost, line });
        };
        pool.install(|| tasks.for_each_with(sender, run));
    });
    Ok((outcomes, thread))
}

fn replicate(cell: &Cell, seed: Seed, rung: Rung, library: &Library) -> (RunRecord, RunCost) {
    let clock = ThreadTime::now();
    // Nothing that a replication may have left half done is used again: it owns all that it changes.
    let outcome = catch_unwind(AssertUnwindSafe(|| (rung.replicate)(cell, seed, library.of(cell.index))));
    let without = |kind: &'static str, text: String| RunRecord::without_figures(seed, Finding { kind, text });
    let record = match outcome {
        Ok(Ok(record)) => record,
        Ok(Err(error)) => without(NO_RESULT, format!("the replication with seed {} fails: {error}", seed.0)),
        Err(panic) => {
            let message = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
            let message = message.or_else(|| panic.downcast_ref::<String>().cloned());
            let message = message.unwrap_or_else(|| "it does not say why".to_owned());
            without(CRASHED, format!("the replication with seed {} crashed, a fault of peerscape: {message}", seed.0))
        }
    };
    (record, RunCost { cpu_s: Some(clock.elapsed().as_secs_f64()) })
}
