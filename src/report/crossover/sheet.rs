//! Everything that is known of a crossover, for text, JSON, CSV and a picture.

use serde::Serialize;

use super::closed_form::ClosedForm;
use super::evidence::{Lead, Load, Paired, Side};
use super::search::{Crossing, ERROR, Found, Plan, Point};
use super::words;
use crate::metrics::{Better, Interval, MetricId};
use crate::scenario::AxisValue;

/// What is compared.
#[derive(Clone, Debug)]
pub struct Subject {
    /// The name of the experiment.
    pub name: String,
    /// The values on the axes other than `peers`.
    pub axes: Vec<AxisValue>,
    /// The labels of the two topologies.
    pub topologies: [String; 2],
    /// The metric that decides.
    pub metric: MetricId,
}

/// What is known of a crossover.
#[derive(Clone, Debug, Serialize)]
pub struct CrossoverSheet {
    /// The name of the experiment.
    pub name: String,
    /// The values on the axes other than `peers`.
    pub axes: Vec<AxisValue>,
    /// The labels of the two topologies.
    pub topologies: [String; 2],
    /// The metric that decides.
    #[serde(serialize_with = "by_name")]
    pub metric: MetricId,
    /// Which way it is better.
    pub better: Better,
    /// The range of populations: its smallest and its largest.
    pub range_peers: [u32; 2],
    /// With how many seeds each population was measured: at first, and at most.
    pub seeds: [usize; 2],
    /// The error that a lead at one population may have by chance, over all looks, in percent.
    pub error_percent: f64,
    /// What closed forms say.
    pub closed_forms: Vec<ClosedForm>,
    /// Where the lead changes.
    pub crossings: Vec<CrossingRow>,
    /// What it comes to, in sentences.
    pub decision: Vec<String>,
    /// The populations that were measured.
    pub points: Vec<PointRow>,
    /// Whether the search was cut off.
    pub is_interrupted: bool,
}

/// A stretch in which the lead changes.
#[derive(Clone, Debug, Serialize)]
pub struct CrossingRow {
    /// Who is better below; `None` if neither works there.
    pub below: Option<String>,
    /// Who is better above; `None` if neither works there.
    pub above: Option<String>,
    /// The best guess, in peers.
    pub peers: f64,
    /// The last population at which the one below is shown to be better.
    pub low_peers: u32,
    /// The first at which the one above is.
    pub high_peers: u32,
    /// What binds on the loser, in sentences.
    pub why: Vec<String>,
}

/// A population that was measured.
#[derive(Clone, Debug, Serialize)]
pub struct PointRow {
    /// How many peers.
    pub peers: u32,
    /// With how many seeds.
    pub seeds: usize,
    /// The first topology and the second.
    pub sides: [SideRow; 2],
    /// The first minus the second over the seeds in which both work, with the interval that decides: its error is that of
    /// one look.
    pub difference: Option<Interval>,
    /// In how many seeds each does better.
    pub wins: [usize; 2],
    /// Who is shown to be better.
    pub lead: Lead,
}

/// What one topology came to at a population.
#[derive(Clone, Debug, Serialize)]
pub struct SideRow {
    /// The metric over the seeds in which the topology works, or over all where it works in none, with its 95 % interval.
    pub value: Option<Interval>,
    /// In how many seeds it does not work.
    pub failing: usize,
    /// Why, in the first of them.
    pub fault: Option<String>,
    /// The means of what it asks of its busiest peers.
    pub load: Load,
}

impl CrossoverSheet {
    /// The sheet of what a search found.
    #[must_use]
    pub fn new(
        subject: Subject,
        plan: &Plan,
        found: &Found,
        closed_forms: Vec<ClosedForm>,
        is_interrupted: bool,
    ) -> Self {
        let points = found.points.iter().map(|point| PointRow::of(point, subject.metric)).collect();
        let mut sheet = Self {
            name: subject.name,
            axes: subject.axes,
            topologies: subject.topologies,
            metric: subject.metric,
            better: plan.better,
            range_peers: [plan.from, plan.to],
            seeds: [plan.seeds, plan.seeds_max],
            error_percent: 100.0 * ERROR,
            closed_forms,
            crossings: Vec::new(),
            decision: Vec::new(),
            points,
            is_interrupted,
        };
        sheet.crossings = found.crossings.iter().map(|crossing| sheet.row_of(crossing)).collect();
        sheet.decision = words::decision(&sheet);
        sheet
    }

    /// The label of who leads; `None` where neither works, or nothing is shown.
    #[must_use]
    pub fn leader(&self, lead: Lead) -> Option<&str> {
        match lead {
            Lead::First => Some(&self.topologies[0]),
            Lead::Second => Some(&self.topologies[1]),
            Lead::NeitherWorks | Lead::Open => None,
        }
    }

    /// The row of a population that was measured.
    #[must_use]
    pub fn at(&self, peers: u32) -> Option<&PointRow> {
        self.points.iter().find(|point| point.peers == peers)
    }

    fn row_of(&self, crossing: &Crossing) -> CrossingRow {
        CrossingRow {
            below: self.leader(crossing.below).map(str::to_owned),
            above: self.leader(crossing.above).map(str::to_owned),
            peers: crossing.peers,
            low_peers: crossing.low,
            high_peers: crossing.high,
            why: words::why(self, crossing),
        }
    }
}

impl PointRow {
    fn of(point: &Point, metric: MetricId) -> Self {
        Self {
            peers: point.peers,
            seeds: point.evidence.seeds,
            sides: [0, 1].map(|side| SideRow::of(&point.pairs, side, metric)),
            difference: point.evidence.difference,
            wins: point.evidence.wins,
            lead: point.evidence.lead,
        }
    }
}

impl SideRow {
    fn of(pairs: &[Paired], which: usize, metric: MetricId) -> Self {
        let sides = || pairs.iter().map(|pair| &pair.sides[which]);
        let working: Vec<f64> = sides().filter_map(Side::counted).collect();
        let values = if working.is_empty() { sides().filter_map(|side| side.value).collect() } else { working };
        let mean = |of: fn(&Load) -> Option<f64>| {
            let values: Vec<f64> = sides().filter_map(|side| of(&side.load)).collect();
            (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
        };
        Self {
            value: Interval::of(&values, metric.definition().range()),
            failing: sides().filter(|side| side.fault.is_some()).count(),
            fault: sides().find_map(|side| side.fault.clone()),
            load: Load {
                uplink_percent: mean(|load| load.uplink_percent),
                cpu_percent: mean(|load| load.cpu_percent),
                hops: mean(|load| load.hops),
                copies: mean(|load| load.copies),
            },
        }
    }

    /// Whether it works in no seed.
    #[must_use]
    pub const fn fails_in_all(&self, seeds: usize) -> bool {
        self.failing == seeds
    }
}

fn by_name<S: serde::Serializer>(metric: &MetricId, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(metric.definition().name)
}
