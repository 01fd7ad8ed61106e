//! What a sweep leaves: the record of every replication that finished, in a fixed order.

use super::rung::Rung;
use crate::metrics::{Finding, MetricId, RunRecord};
use crate::scenario::{Cell, Experiment, Grain};

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
#[derive(Debug, Default)]
pub struct CellRuns {
    /// The replications.
    pub runs: Vec<Replication>,
}

/// One finished replication.
#[derive(Debug)]
pub struct Replication {
    /// What it measured: the same whenever and wherever it runs.
    pub record: RunRecord,
    /// What it cost to run: only for the manifest.
    pub cost: RunCost,
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
    pub fn without_figures(&self) -> impl Iterator<Item = (&str, &RunRecord, &Finding)> {
        let cells = self.experiment.cells.iter().zip(&self.cells);
        let runs = cells.flat_map(|(cell, runs)| runs.runs.iter().map(|run| (cell.label.as_str(), &run.record)));
        let broken = runs.filter(|(_, record)| record.has_no_figures());
        broken.filter_map(|(label, record)| Some((label, record, record.findings.first()?)))
    }

    /// Whether every cell has a record for every seed.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.cells.iter().all(|cell| cell.runs.len() == self.experiment.seeds.len())
    }
}

impl CellRuns {
    /// The values of a metric, one a replication that has it, in the order of the seeds.
    #[must_use]
    pub fn values(&self, id: MetricId) -> Vec<f64> {
        self.runs.iter().filter_map(|run| run.record.values.get(id)).collect()
    }
}
