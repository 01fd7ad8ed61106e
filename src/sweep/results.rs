//! What a sweep leaves, in a fixed order: of every replication that finished what tables and comparisons need of it, and
//! of every cell what its replications come to together.
//!
//! The record of a replication is in the store. Of thousands of them only the values of the metrics stay in memory;
//! latencies and loads are merged into those of the cell.

mod merged;
mod pairs;

use std::sync::Arc;

use super::rung::Rung;
use crate::metrics::{Finding, MetricId, PackedValues, PairOpening, RunRecord};
use crate::rng::Seed;
use crate::scenario::{Cell, Experiment, Grain};
pub use merged::Merged;
use pairs::PackedPairs;

/// The finished replications of an experiment.
#[derive(Debug)]
pub struct Results<'a> {
    /// The experiment.
    pub experiment: &'a Experiment,
    /// What ran the replications.
    pub rung: Rung,
    /// One entry a cell, in the experiment's order.
    pub cells: Vec<CellRuns>,
}

/// The finished replications of one cell, in the order of the experiment's seeds. A run that was
/// interrupted leaves gaps: seeds that are missing here.
#[derive(Clone, Debug, Default)]
pub struct CellRuns {
    /// The replications.
    pub runs: Vec<Replication>,
    merged: Merged,
    // Names of classes, which the pairs of replications refer to.
    classes: Vec<Arc<str>>,
    // The first doubt of each kind, with the place of its seed and its own in the record.
    doubts: Vec<(u32, usize, Finding)>,
}

/// One finished replication.
#[derive(Clone, Debug)]
pub struct Replication {
    /// Its seed.
    pub seed: Seed,
    /// One value a metric, where it has one.
    pub values: PackedValues,
    /// Why the topology does not work for this population, if it does not.
    pub findings: Box<[Finding]>,
    /// Events that went through the event queue.
    pub events: u64,
    /// Messages delivered to applications.
    pub deliveries: u64,
    /// What it cost to run: only for the manifest.
    pub cost: RunCost,
    pairs: PackedPairs,
    place: u32,
}

/// What one replication cost on this machine.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct RunCost {
    /// CPU time of its thread; unknown of one that another run has done.
    pub cpu_s: Option<f64>,
}

impl Results<'_> {
    /// What was followed on its way in a cell.
    #[must_use]
    pub fn grain(&self, cell: &Cell) -> Grain {
        (self.rung.grain)(cell)
    }

    /// How many replications there are.
    #[must_use]
    pub fn replications(&self) -> usize {
        self.cells.iter().map(|cell| cell.runs.len()).sum()
    }

    /// The replications that came to no end, with the label of their topology and the reason.
    pub fn without_figures(&self) -> impl Iterator<Item = (&str, Seed, &Finding)> {
        let cells = self.experiment.cells.iter().zip(&self.cells);
        let runs = cells.flat_map(|(cell, runs)| runs.runs.iter().map(|run| (cell.label.as_str(), run)));
        let broken = runs.filter(|(_, run)| run.findings.iter().any(Finding::is_no_figures));
        broken.filter_map(|(label, run)| Some((label, run.seed, run.findings.first()?)))
    }

    /// Whether every cell has a record for every seed.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.cells.iter().all(|cell| cell.runs.len() == self.experiment.seeds.len())
    }
}

impl CellRuns {
    /// Adds the replication of the seed at `place` in the experiment, which has `seeds` of them. Replications may come
    /// in any order.
    pub fn add(&mut self, place: usize, seeds: usize, record: &RunRecord, cost: RunCost) {
        let place = u32::try_from(place).expect("invariant: a scenario has fewer seeds");
        if self.runs.is_empty() {
            self.runs.reserve_exact(seeds);
        }
        self.merged.add(record);
        for (nth, doubt) in record.doubts.iter().enumerate() {
            self.add_doubt((place, nth), doubt);
        }
        let replication = Replication {
            seed: record.seed,
            values: PackedValues::from(&record.values),
            findings: record.findings.clone().into(),
            events: record.counts.events,
            deliveries: record.counts.deliveries,
            cost,
            pairs: PackedPairs::of(&record.opening.pairs, &mut self.classes),
            place,
        };
        self.runs.insert(self.runs.partition_point(|run| run.place < place), replication);
        if self.runs.len() == seeds {
            self.merged.pack();
        }
    }

    /// Whether the replication of the seed at `place` is there.
    #[must_use]
    pub fn has(&self, place: usize) -> bool {
        self.runs.binary_search_by_key(&place, Replication::place).is_ok()
    }

    /// The values of a metric, one a replication that has it, in the order of the seeds.
    #[must_use]
    pub fn values(&self, id: MetricId) -> Vec<f64> {
        self.runs.iter().filter_map(|run| run.values.get(id)).collect()
    }

    /// Latencies and loads over the replications that the figures of the cell are taken over: those in which the
    /// topology works, or all where it works in none.
    #[must_use]
    pub const fn merged(&self) -> &Merged {
        &self.merged
    }

    /// The first doubt of each kind.
    pub fn doubts(&self) -> impl Iterator<Item = &Finding> {
        self.doubts.iter().map(|(.., doubt)| doubt)
    }

    /// What became of the connections of one of its replications, by pairs of classes.
    pub fn pairs<'a>(&'a self, run: &'a Replication) -> impl Iterator<Item = PairOpening> + 'a {
        run.pairs.iter(&self.classes)
    }

    /// Whether any replication says what became of its connections.
    #[must_use]
    pub fn has_pairs(&self) -> bool {
        !self.classes.is_empty()
    }

    fn add_doubt(&mut self, (place, nth): (u32, usize), doubt: &Finding) {
        match self.doubts.iter().position(|(.., other)| other.kind == doubt.kind) {
            Some(at) if (self.doubts[at].0, self.doubts[at].1) <= (place, nth) => return,
            Some(at) => drop(self.doubts.remove(at)),
            None => {}
        }
        let at = self.doubts.partition_point(|&(of, nth_of, _)| (of, nth_of) < (place, nth));
        self.doubts.insert(at, (place, nth, doubt.clone()));
    }
}

impl Replication {
    /// The index of its seed in the experiment.
    #[must_use]
    pub const fn place(&self) -> usize {
        self.place as usize
    }

    /// Whether the topology does not work in it.
    #[must_use]
    pub fn fails(&self) -> bool {
        !self.findings.is_empty()
    }
}
