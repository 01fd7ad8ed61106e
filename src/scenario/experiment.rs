//! A resolved scenario: what is simulated, in which cells, with which seeds.

use std::sync::Arc;

use serde::Serialize;

use super::grain;
use super::settings::{Grain, Settings};
use crate::metrics::MetricId;
use crate::overlay::topology::Topology;
use crate::rng::Seed;

/// A whole scenario file, resolved: every cell it asks for, and the seeds each is repeated with.
#[derive(Clone, Debug)]
pub struct Experiment {
    /// The name of the experiment and of its results folder.
    pub name: String,
    /// The question the experiment answers, in the words of its author.
    pub question: Option<String>,
    /// The seeds of the replications; every cell runs with each of them.
    pub seeds: Vec<Seed>,
    /// The names of the sweep axes other than the topology, in the order of the file.
    pub axes: Vec<String>,
    /// Every cell, in the order of axes and topologies; `cells[i].index == i`.
    pub cells: Vec<Cell>,
    /// What the author expects of the results.
    pub expectations: Vec<Expectation>,
    /// XXH3-128 over the resolved scenario, as 32 hexadecimal digits.
    pub hash: String,
    /// The scenario as resolved, defaults filled in, for the manifest.
    pub resolved: serde_json::Value,
}

impl Experiment {
    /// What to check before trusting the results.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        if self.seeds.len() == 1 {
            warnings.push("one seed gives no confidence intervals; set [run] seeds to 5 or more".to_owned());
        }
        let apart =
            |cell: &Cell| cell.settings.run.grain == Grain::Packet && grain::has_messages_beside_bulk(&cell.settings);
        if self.cells.iter().any(apart) {
            warnings.push(
                "packet by packet, messages and distributions do not meet on links: each is told as if the other were not there"
                    .to_owned(),
            );
        }
        let is_blind = |cell: &&Cell| {
            let has_content = cell
                .settings
                .workloads
                .iter()
                .any(|workload| workload.estimate(2, cell.settings.run.duration).messages <= 0.0);
            cell.topology.weighs_messages() && has_content
        };
        if let Some(cell) = self.cells.iter().find(is_blind) {
            warnings.push(format!(
                "{}: hubs are weighed by messages, and know nothing of contents that spread in pieces; name a number of hubs",
                cell.label
            ));
        }
        warnings.extend(self.inputs().into_iter().flat_map(|input| input.warnings));
        for cell in &self.cells {
            let Some(file) = cell.topology.file() else { continue };
            let mut found = file.warnings(cell.settings.population.peers.get());
            if let Some(seed) = file.plan.seed().filter(|&seed| self.seeds.iter().any(|other| other.0 != seed)) {
                found.push(format!(
                    "{}: it was made for the population of seed {seed}; with another seed its numbers are other peers",
                    file.file.display()
                ));
            }
            found.retain(|warning| !warnings.contains(warning));
            warnings.extend(found);
        }
        warnings
    }
}

/// One point of an experiment: scenario values and a topology.
#[derive(Clone, Debug)]
pub struct Cell {
    /// The place in [`Experiment::cells`].
    pub index: usize,
    /// Cells of one group differ by their topology only, so they are compared in pairs.
    pub group: usize,
    /// The values on the sweep axes, in the order of [`Experiment::axes`].
    pub axes: Vec<AxisValue>,
    /// The topology's label, unique within the group: `mesh`, `tree degree=4`.
    pub label: String,
    /// The topology.
    pub topology: Arc<dyn Topology>,
    /// Everything else; shared by the cells of a group.
    pub settings: Arc<Settings>,
}

/// A value on a sweep axis.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AxisValue {
    /// The name of the axis: `peers`.
    pub name: String,
    /// The value as text: `1000`, `40 ms`.
    pub text: String,
    /// The value as a number in the axis's base unit, where it is one: the x of a plot.
    #[serde(skip)]
    pub number: Option<OrderedNumber>,
}

/// A number that can be compared for equality by its bits.
#[derive(Clone, Copy, Debug)]
pub struct OrderedNumber(pub f64);

impl PartialEq for OrderedNumber {
    fn eq(&self, other: &Self) -> bool {
        self.0.to_bits() == other.0.to_bits()
    }
}

impl Eq for OrderedNumber {}

/// What the author of a scenario expects of a metric; a topology that misses it ranks below those
/// that meet it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Expectation {
    /// The name of the metric in [`crate::metrics::METRICS`].
    #[serde(serialize_with = "metric_as_name")]
    pub metric: MetricId,
    /// The bound its mean must keep.
    pub bound: Bound,
}

/// A bound on a metric.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Bound {
    /// The mean is at most this.
    AtMost(f64),
    /// The mean is at least this.
    AtLeast(f64),
}

impl Bound {
    /// Whether a mean keeps the bound.
    #[must_use]
    pub fn holds(self, mean: f64) -> bool {
        match self {
            Self::AtMost(bound) => mean <= bound,
            Self::AtLeast(bound) => mean >= bound,
        }
    }
}

fn metric_as_name<S: serde::Serializer>(metric: &MetricId, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(metric.definition().name)
}
