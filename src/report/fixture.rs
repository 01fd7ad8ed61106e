//! Small made-up experiments with their results, for the tests of this floor.

use std::sync::Arc;

use crate::metrics::{
    Finding, LatencyHistogram, MetricId, MetricValues, Opening, PairOpening, RunCounts, RunRecord, Spread,
};
use crate::net::LatencySpec;
use crate::overlay::Overlay;
use crate::overlay::topology::{BuildContext, Shape, Spread as HowItSpreads, Topology};
use crate::presets::OrPreset;
use crate::rng::{Seed, Stream};
use crate::scenario::{AxisValue, Bound, Cell, Expectation, Experiment, Grain, RunSettings, Settings};
use crate::sweep::{CellRuns, Results, RunCost, Rung};
use crate::units::SimDuration;
use crate::webrtc::WebrtcSpec;
use crate::world::{PeerCount, PopulationSpec};

/// A topology that is nothing but its name.
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
        serde_json::json!({ "kind": self.0 })
    }
}

/// An experiment under construction: cells in the order they were added, seeds 1, 2, ...
#[derive(Clone, Debug, Default)]
pub(super) struct Study {
    cells: Vec<StudyCell>,
    expectations: Vec<Expectation>,
    seeds: u64,
}

#[derive(Clone, Debug, Default)]
struct StudyCell {
    peers: u32,
    loss: Option<&'static str>,
    label: &'static str,
    runs: Vec<MetricValues>,
    findings: Vec<(usize, Finding)>,
    doubts: Vec<(usize, Finding)>,
    pairs: Vec<PairOpening>,
}

impl Study {
    /// Nothing yet.
    pub(super) fn new() -> Self {
        Self::default()
    }

    /// Adds a cell and one metric of it, one value a seed.
    pub(super) fn cell(self, peers: u32, label: &'static str, id: MetricId, values: &[f64]) -> Self {
        self.add(peers, None, label, id, values)
    }

    /// Adds a cell with a value on a second axis, `loss`.
    pub(super) fn lossy_cell(self, peers: u32, loss: &'static str, label: &'static str, p95_ms: &[f64]) -> Self {
        self.add(peers, Some(loss), label, MetricId::LatencyP95, p95_ms)
    }

    /// Gives the last cell with this label another metric.
    pub(super) fn also(mut self, label: &str, id: MetricId, values: &[f64]) -> Self {
        let cell = self.cells.iter_mut().rfind(|cell| cell.label == label).expect("a cell of this label");
        cell.runs.resize(cell.runs.len().max(values.len()), MetricValues::new());
        cell.runs.iter_mut().zip(values).for_each(|(run, &value)| run.set(id, value));
        self
    }

    /// Gives one run of the last cell a finding.
    pub(super) fn finding(mut self, run: usize, kind: &'static str, text: &str) -> Self {
        let cell = self.cells.last_mut().expect("a cell");
        cell.findings.push((run, Finding { kind, text: text.to_owned() }));
        self
    }

    /// Gives one run of the last cell a doubt.
    pub(super) fn doubt(mut self, run: usize, kind: &'static str, text: &str) -> Self {
        let cell = self.cells.last_mut().expect("a cell");
        cell.doubts.push((run, Finding { kind, text: text.to_owned() }));
        self
    }

    /// Gives every run of the last cell connections.
    pub(super) fn pairs(mut self, pairs: Vec<PairOpening>) -> Self {
        self.cells.last_mut().expect("a cell").pairs = pairs;
        self
    }

    /// Adds an expectation.
    pub(super) fn expect(mut self, metric: MetricId, bound: Bound) -> Self {
        self.expectations.push(Expectation { metric, bound });
        self
    }

    /// Plans more seeds than the cells have runs, as if the sweep had been interrupted.
    pub(super) fn planned_seeds(mut self, seeds: u64) -> Self {
        self.seeds = seeds;
        self
    }

    /// The experiment.
    pub(super) fn experiment(&self) -> Experiment {
        let lossy = self.cells.iter().any(|cell| cell.loss.is_some());
        let mut axes = vec!["peers".to_owned()];
        axes.extend(lossy.then(|| "loss".to_owned()));
        let mut places: Vec<_> = self.cells.iter().map(|cell| (cell.peers, cell.loss)).collect();
        places.dedup();
        let group = |cell: &StudyCell| places.iter().position(|&place| place == (cell.peers, cell.loss)).unwrap_or(0);
        let cells = self.cells.iter().enumerate().map(|(index, cell)| cell.resolve(index, group(cell))).collect();
        Experiment {
            name: "town-hall".to_owned(),
            question: Some("Which overlay keeps p95 under 400 ms?".to_owned()),
            seeds: (1..=self.seeds).map(Seed).collect(),
            axes,
            cells,
            expectations: self.expectations.clone(),
            hash: "00112233445566778899aabbccddeeff".to_owned(),
            resolved: serde_json::json!({ "name": "town-hall" }),
        }
    }

    /// Its results.
    pub(super) fn results<'a>(&self, experiment: &'a Experiment) -> Results<'a> {
        Results { experiment, rung: Rung::MODEL, cells: self.cells.iter().map(StudyCell::replications).collect() }
    }

    fn add(
        mut self,
        peers: u32,
        loss: Option<&'static str>,
        label: &'static str,
        id: MetricId,
        values: &[f64],
    ) -> Self {
        self.seeds = self.seeds.max(values.len() as u64);
        let cell = StudyCell { peers, loss, label, ..StudyCell::default() };
        self.cells.push(cell);
        self.also(label, id, values)
    }
}

/// A study with a winner, a runner-up, one that misses its bound and one that cannot work.
pub(super) fn town_hall() -> Study {
    const P95: MetricId = MetricId::LatencyP95;
    let others = |study: Study, label: &str| {
        study
            .also(label, MetricId::Delivered, &[99.98, 99.97, 99.99])
            .also(label, MetricId::UplinkP95, &[38.0, 37.0, 39.5])
            .also(label, MetricId::ConnectionsMax, &[12.0, 13.0, 12.0])
            .also(label, MetricId::ConnectTime, &[1.9, 2.0, 1.95])
            .also(label, MetricId::Relayed, &[14.0, 15.0, 14.5])
            .also(label, MetricId::Cost, &[0.42, 0.43, 0.41])
    };
    let mut study = Study::new().expect(P95, Bound::AtMost(400.0));
    study = study.cell(20, "mesh", P95, &[60.0, 61.0, 62.0]);
    study = study.cell(20, "star", P95, &[80.0, 81.0, 82.0]);
    study = study.cell(20, "hybrid", P95, &[90.0, 92.0, 91.0]);
    study = study.cell(1000, "mesh", P95, &[9000.0, 9100.0, 9200.0]);
    study = study.finding(0, "uplink", "peer 17 (home) needs 359 Mbit/s up and has 15 Mbit/s");
    study = study.finding(2, "uplink", "peer 3 (home) needs 359 Mbit/s up and has 15 Mbit/s");
    study = others(study.cell(1000, "star", P95, &[512.0, 518.0, 508.0]), "star");
    study = others(study.cell(1000, "tree degree=4", P95, &[268.0, 277.0, 259.0]), "tree degree=4");
    others(study.cell(1000, "hybrid", P95, &[212.0, 218.0, 206.0]), "hybrid")
}

impl StudyCell {
    fn resolve(&self, index: usize, group: usize) -> Cell {
        let axis = |name: &str, text: String| AxisValue { name: name.to_owned(), text, number: None };
        let loss = self.loss.map(|text| axis("loss", text.to_owned()));
        Cell {
            index,
            group,
            axes: std::iter::once(axis("peers", self.peers.to_string())).chain(loss).collect(),
            label: self.label.to_owned(),
            topology: Arc::new(Named(self.label.to_owned())),
            settings: Arc::new(settings(self.peers)),
        }
    }

    fn replications(&self) -> CellRuns {
        let mut cell = CellRuns::default();
        for (index, values) in self.runs.iter().enumerate() {
            let record = RunRecord {
                seed: Seed(index as u64 + 1),
                values: values.clone(),
                latency: LatencyHistogram::new(),
                uplink_percent: Spread::default(),
                downlink_percent: Spread::default(),
                cpu_percent: Spread::default(),
                connections: Spread::default(),
                opening: Opening { pairs: self.pairs.clone(), ..Opening::default() },
                counts: RunCounts { events: 1_000, deliveries: 600, ..RunCounts::default() },
                findings: of_run(&self.findings, index),
                doubts: of_run(&self.doubts, index),
            };
            cell.add(index, self.runs.len(), &record, RunCost { cpu_s: Some(0.25) });
        }
        cell
    }
}

fn of_run(findings: &[(usize, Finding)], run: usize) -> Vec<Finding> {
    findings.iter().filter(|(of, _)| *of == run).map(|(_, finding)| finding.clone()).collect()
}

fn settings(peers: u32) -> Settings {
    Settings {
        run: RunSettings {
            duration: SimDuration::from_secs(60),
            warmup: SimDuration::from_secs(10),
            drain: SimDuration::from_secs(5),
            grain: Grain::Message,
        },
        population: PopulationSpec {
            peers: PeerCount::new(peers).expect("in range"),
            regions: OrPreset::named("world").expect("a preset"),
            join_over: SimDuration::ZERO,
            classes: Vec::new(),
        },
        latency: LatencySpec::default(),
        webrtc: WebrtcSpec::default(),
        workloads: Vec::new(),
    }
}
