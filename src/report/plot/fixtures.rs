//! Made-up results with the shapes that real ones have, and with odd ones.

use std::sync::Arc;

use crate::metrics::{Finding, LatencyHistogram, MetricId, MetricValues, Opening, RunCounts, RunRecord, Spread};
use crate::net::LatencySpec;
use crate::overlay::Overlay;
use crate::overlay::topology::{BuildContext, Shape, Spread as HowItSpreads, Topology};
use crate::rng::{Seed, Stream};
use crate::scenario::{AxisValue, Cell, Expectation, Experiment, Grain, OrderedNumber, RunSettings, Settings};
use crate::sweep::{CellRuns, Results, RunCost, Rung};
use crate::units::SimDuration;
use crate::webrtc::WebrtcSpec;
use crate::world::{PeerCount, PopulationSpec};

/// What one replication is made up of.
#[derive(Clone, Debug)]
pub(super) struct Sample {
    pub(super) p50_ms: f64,
    pub(super) p95_ms: f64,
    pub(super) delivered_percent: f64,
    pub(super) uplink_max_percent: f64,
    pub(super) connections_max: f64,
    pub(super) connect_s: f64,
    pub(super) cost: f64,
    pub(super) relayed_percent: f64,
    /// How steeply load falls from the busiest peer.
    pub(super) skew: f64,
}

/// A model: the topology's index, the values on the axes and the noise of the seed (-1 to 1) give
/// a sample, or none where the replication is missing.
pub(super) type Model = fn(usize, &[f64], f64) -> Option<Sample>;

/// An experiment and the model of its results.
pub(super) struct Study {
    experiment: Experiment,
    topologies: usize,
    model: Model,
}

/// An axis and its values, as texts and as numbers.
pub(super) type Axis<'a> = (&'a str, &'a [(&'a str, Option<f64>)]);

/// The axis of the number of peers.
pub(super) const PEERS: Axis<'static> = (
    "peers",
    &[
        ("20", Some(20.0)),
        ("50", Some(50.0)),
        ("100", Some(100.0)),
        ("200", Some(200.0)),
        ("500", Some(500.0)),
        ("1000", Some(1000.0)),
    ],
);

impl Study {
    /// An experiment over every combination of axes and topologies.
    pub(super) fn new(topologies: &[&str], axes: &[Axis<'_>], seeds: u64, model: Model) -> Self {
        let mut cells = Vec::new();
        for (group, values) in combinations(axes).into_iter().enumerate() {
            for label in topologies {
                cells.push(Cell {
                    index: cells.len(),
                    group,
                    axes: values.clone(),
                    label: (*label).to_owned(),
                    topology: Arc::new(Named((*label).to_owned())),
                    settings: Arc::new(settings()),
                });
            }
        }
        let experiment = Experiment {
            name: "town-hall".to_owned(),
            question: None,
            seeds: (1..=seeds).map(Seed).collect(),
            axes: axes.iter().map(|axis| axis.0.to_owned()).collect(),
            cells,
            expectations: Vec::new(),
            hash: String::new(),
            resolved: serde_json::Value::Null,
        };
        Self { experiment, topologies: topologies.len(), model }
    }

    /// The experiment with these expectations.
    pub(super) fn expecting(mut self, expectations: &[Expectation]) -> Self {
        self.experiment.expectations = expectations.to_vec();
        self
    }

    /// The results of the experiment.
    pub(super) fn results(&self) -> Results<'_> {
        let runs = |cell: &Cell| {
            let values: Vec<f64> = cell.axes.iter().map(|value| value.number.map_or(0.0, |number| number.0)).collect();
            let seeds = &self.experiment.seeds;
            let mut runs = CellRuns::default();
            for (place, seed) in seeds.iter().enumerate() {
                let phase = seed.0 as f64 * 12.9898 + cell.index as f64 * 78.233;
                if let Some(sample) = (self.model)(cell.index % self.topologies, &values, libm::sin(phase)) {
                    runs.add(place, seeds.len(), &record(*seed, &sample), RunCost::default());
                }
            }
            runs
        };
        Results {
            experiment: &self.experiment,
            rung: Rung::MODEL,
            cells: self.experiment.cells.iter().map(runs).collect(),
        }
    }
}

/// The seven topologies of [`town_hall`].
pub(super) const TOWN_HALL: &[&str] = &[
    "mesh",
    "star",
    "star hub=server",
    "tree degree=2",
    "tree degree=4",
    "hybrid one_hub_per=30 core=mesh",
    "gossip fanout=6",
];

/// One speaker: a mesh that explodes, a star whose hub is overloaded, trees that grow slowly.
pub(super) fn town_hall(topology: usize, axes: &[f64], noise: f64) -> Option<Sample> {
    let peers = axes[0];
    let depth = |degree: f64| libm::log(peers) / libm::log(degree);
    let (uplink, connections, base_ms) = match topology {
        0 => (2.1 * peers, peers - 1.0, 120.0),
        1 => (0.33 * peers, peers - 1.0, 150.0),
        2 => (3.0, 1.0, 140.0),
        3 => (6.0, 3.0, 62.0 * depth(2.0)),
        4 => (11.0, 5.0, 66.0 * depth(4.0)),
        5 => (17.0 + peers * 0.02, 12.0 + peers * 0.03, 45.0 * depth(3.0)),
        _ => (19.0, 14.0, 85.0 * depth(5.0)),
    };
    let overload = (uplink / 100.0).max(1.0);
    let p95_ms = base_ms * (1.0 + 0.04 * noise) * (1.0 + (overload - 1.0) * 6.0).min(60.0);
    Some(Sample {
        p50_ms: p95_ms * 0.55,
        p95_ms,
        delivered_percent: (99.97 - 0.02 * depth(2.0) - noise * 0.01).min(100.0 / overload),
        uplink_max_percent: uplink * (1.0 + 0.05 * noise),
        connections_max: connections.round(),
        connect_s: (1.1 + 0.08 * depth(2.0)) * (1.0 + 0.03 * noise) + connections * 0.004,
        cost: if topology == 2 { 0.012 * peers } else { 0.0016 * peers * (1.0 + 0.1 * noise) },
        relayed_percent: 13.5 + 1.2 * noise + topology as f64 * 0.4,
        skew: if topology < 3 { 40.0 } else { 4.0 },
    })
}

fn record(seed: Seed, sample: &Sample) -> RunRecord {
    let mut values = MetricValues::new();
    for (id, value) in [
        (MetricId::LatencyP95, sample.p95_ms),
        (MetricId::Delivered, sample.delivered_percent),
        (MetricId::UplinkMax, sample.uplink_max_percent),
        (MetricId::ConnectTime, sample.connect_s),
        (MetricId::ConnectionsMax, sample.connections_max),
        (MetricId::Cost, sample.cost),
        (MetricId::Relayed, sample.relayed_percent),
    ] {
        values.set(id, value);
    }
    let overloaded = sample.uplink_max_percent > 100.0;
    let text = "peer 17 (home) needs more uplink than it has".to_owned();
    RunRecord {
        seed,
        values,
        latency: latencies(sample),
        uplink_percent: load(sample.uplink_max_percent, sample.skew),
        downlink_percent: load(sample.uplink_max_percent / 4.0, sample.skew),
        cpu_percent: Spread::of(Vec::new()),
        connections: load(sample.connections_max, sample.skew),
        opening: Opening::default(),
        counts: RunCounts::default(),
        findings: if overloaded { vec![Finding { kind: "uplink", text }] } else { Vec::new() },
        doubts: Vec::new(),
    }
}

/// A log-normal-like curve through the median and the 95th percentile.
fn latencies(sample: &Sample) -> LatencyHistogram {
    let mut histogram = LatencyHistogram::new();
    for step in 1..400 {
        let share = f64::from(step) / 400.0;
        let logit = libm::log(share / (1.0 - share)) / libm::log(0.95 / 0.05);
        let ms = sample.p50_ms * libm::pow(sample.p95_ms / sample.p50_ms, logit);
        // A latency of zero has no logarithm.
        let ms = if sample.p50_ms > 0.0 { ms } else { 0.0 };
        histogram.record(SimDuration::from_secs_f64(ms / 1000.0));
    }
    histogram
}

fn load(max: f64, skew: f64) -> Spread {
    let share = |rank: u32| libm::pow(f64::from(rank) / 100.0, skew);
    Spread::of((0..=100).map(|rank| if share(rank) < 1e-4 { 0.0 } else { max * share(rank) }).collect())
}

fn combinations(axes: &[Axis<'_>]) -> Vec<Vec<AxisValue>> {
    axes.iter().fold(vec![Vec::new()], |so_far, (name, values)| {
        let with = |head: &Vec<AxisValue>, (text, number): &(&str, Option<f64>)| {
            let number = number.map(OrderedNumber);
            let value = AxisValue { name: (*name).to_owned(), text: (*text).to_owned(), number };
            head.iter().cloned().chain([value]).collect::<Vec<AxisValue>>()
        };
        so_far.iter().flat_map(|head| values.iter().map(move |value| with(head, value))).collect()
    })
}

fn settings() -> Settings {
    let second = SimDuration::from_ms(1000);
    Settings {
        run: RunSettings { duration: second, warmup: second, drain: second, grain: Grain::Message },
        population: PopulationSpec {
            peers: PeerCount::new(300).expect("invariant: in range"),
            regions: crate::presets::OrPreset::named("world").expect("invariant: a preset"),
            join_over: second,
            classes: Vec::new(),
        },
        latency: LatencySpec::default(),
        webrtc: WebrtcSpec::default(),
        workloads: Vec::new(),
    }
}

/// A topology that is only a name.
#[derive(Debug)]
struct Named(String);

impl Topology for Named {
    fn label(&self) -> String {
        self.0.clone()
    }

    fn shape(&self, _peers: u32) -> Shape {
        Shape { tree: 0, core: 0, spread: HowItSpreads::Direct }
    }

    fn build(&self, context: &BuildContext<'_>, _stream: &mut Stream) -> Overlay {
        let world = context.world;
        Overlay::new(world.nodes(), &[], Vec::new())
    }

    fn to_json(&self) -> serde_json::Value {
        serde_json::Value::Null
    }
}
