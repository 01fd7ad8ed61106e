//! In how many of its seeds a topology works, and which seeds its figures are taken over.
//!
//! A replication that works and one that fails are not two draws of one figure: a mean over both is one that no seed
//! has. So the figures of a cell are those of the seeds in which the topology works, and only where there is none those
//! of all, which then describe a system in failure. How often it fails is a figure of its own.

use serde::Serialize;

use crate::metrics::{Interval, MetricId};
use crate::sweep::{CellRuns, Replication};

/// In how many seeds a topology fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Standing {
    /// Replications with a finding.
    pub failing: usize,
    /// Replications that finished.
    pub seeds: usize,
}

impl Standing {
    /// The standing of a cell.
    #[must_use]
    pub fn of(runs: &CellRuns) -> Self {
        Self { failing: runs.runs.iter().filter(|run| fails(run)).count(), seeds: runs.runs.len() }
    }

    /// Whether it fails in most seeds: then it does not serve the population.
    #[must_use]
    pub const fn fails_in_most(self) -> bool {
        2 * self.failing > self.seeds
    }

    /// Whether some seeds work and others do not.
    #[must_use]
    pub const fn is_mixed(self) -> bool {
        self.failing > 0 && self.failing < self.seeds
    }

    /// How probable it is that it fails, in percent, with its 95 % interval; `None` where nothing ran.
    #[must_use]
    pub fn failing_percent(self) -> Option<Interval> {
        Interval::of_trials(self.failing, self.seeds)
    }
}

/// Whether a replication fails: it has a finding.
pub(super) fn fails(run: &Replication) -> bool {
    run.fails()
}

/// The replications that the figures of a cell are taken over.
pub(super) fn counted(runs: &CellRuns) -> impl Iterator<Item = &Replication> {
    let none_works = runs.runs.iter().all(fails);
    runs.runs.iter().filter(move |run| none_works || !fails(run))
}

/// The values of a metric over them.
pub(super) fn values(runs: &CellRuns, id: MetricId) -> Vec<f64> {
    counted(runs).filter_map(|run| run.values.get(id)).collect()
}

/// Whether the topology works in no seed.
pub(super) fn fails_in_all(runs: &CellRuns) -> bool {
    runs.runs.iter().all(fails)
}
