//! A forwarding rule is one file: this one passes a message to one random neighbour, and every driver runs it.

use std::collections::BTreeSet;
use std::path::Path;

use peerscape::metrics::{MetricId, RunRecord};
use peerscape::overlay::Overlay;
use peerscape::overlay::audience::Audiences;
use peerscape::overlay::dissemination::{Demand, Dissemination, DisseminationEntry, Load, Passing, Traffic};
use peerscape::rng::{Domain, PairKey, Seed, Streams, below};
use peerscape::scenario::{Cell, Registry, ScenarioErrors};
use peerscape::simulation::{Knowledge, Options, simulate, simulate_by};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A random walk: each node passes a message on to one neighbour, drawn by message and node. Who has seen it stops it.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RandomWalk {
    #[serde(skip)]
    key: Option<PairKey>,
    #[serde(skip)]
    seen: BTreeSet<(u32, u32, u32)>,
}

impl Dissemination for RandomWalk {
    const EXACTLY_ONCE: bool = false;

    fn begin(&self, streams: Streams) -> Self {
        Self { key: Some(streams.pair_key(Domain::Dissemination)), seen: BTreeSet::new() }
    }

    fn forward(&mut self, overlay: &Overlay, _: &Audiences, passing: Passing, out: &mut Vec<u32>) {
        let neighbours: Vec<u32> = overlay.next_hops(passing.node, None).collect();
        let draw = self.key.expect("it has begun").directed(passing.flow << 16 | passing.number, passing.node);
        out.extend(neighbours.get(below(draw, neighbours.len().max(1) as u64) as usize));
    }

    fn is_new(&mut self, Passing { node, flow, number, .. }: Passing) -> bool {
        self.seen.insert((node, flow, number))
    }
}

impl Load for RandomWalk {
    // Each message goes a few hops and ends.
    fn load(&self, demand: Demand<'_>) -> Vec<Traffic> {
        let all: f64 = demand.flows.iter().map(|flow| demand.rate(flow)).sum();
        let nodes = demand.degrees.len();
        vec![Traffic { sent: all / nodes as f64, received: all / nodes as f64 }; nodes]
    }
}

fn cell(grain: &str, topology: &str) -> Cell {
    cell_of(12, grain, topology)
}

fn cell_of(peers: u32, grain: &str, topology: &str) -> Cell {
    read(peers, grain, topology).unwrap_or_else(|errors| panic!("{:?}", miette::Report::new(errors)))
}

/// With the walk among the rules that a scenario may name.
fn read(peers: u32, grain: &str, topology: &str) -> Result<Cell, ScenarioErrors> {
    let walk = DisseminationEntry::new::<RandomWalk>("walk", "a random walk");
    let registry = Registry::default().with_dissemination(walk).expect("there is no walk");
    let text = format!(
        "name = \"walk\"\n[run]\nduration = \"12 s\"\nwarmup = \"6 s\"\nseeds = 1\ngrain = \"{grain}\"\n[population]\npeers = \
         {peers}\nregions = \"europe\"\n[[population.class]]\nname = \"peers\"\nlink = {{ up = \"20 Mbit/s\", down = \"50 Mbit/s\", \
         rtt = \"10 ms\" }}\nnat = \"public\"\ndevice = \"server\"\nengine = \"webrtc-rs\"\n[webrtc]\nsetup = \"webrtc-rs\"\n\
         [[workload]]\nkind = \"broadcast\"\nmessage = \"200 B\"\nrate = \"10 /s\"\nchannel = \"reliable\"\n[[topology]]\n\
         {topology}\n"
    );
    registry.parse_str("walk.toml", &text, Path::new("."), &[]).map(|experiment| experiment.cells[0].clone())
}

/// How many deliveries each message comes to, and the p95 of their latency.
fn figures(record: &RunRecord) -> [f64; 2] {
    let of = |id: MetricId| record.values.get(id).expect("a value");
    [of(MetricId::Delivered) * 11.0 / 100.0, of(MetricId::LatencyP95)]
}

#[test]
fn a_rule_of_ones_own_runs_on_messages_and_packets() {
    for topology in ["kind = \"mesh\"", "kind = \"tree\"\ndegree = 3", "kind = \"hybrid\"\npeers_per_hub = 4"] {
        let walk = |grain: &str| {
            let cell = cell(grain, topology);
            let knowledge = Knowledge::of(&cell.settings);
            simulate_by(&RandomWalk::default(), &cell, Seed(3), &knowledge, Options::default()).expect("it runs")
        };
        let [messages, packets] = ["message", "packet"].map(|grain| figures(&walk(grain)));
        // A walk ends where it meets itself: it comes to some, and never to all.
        assert!((1.0..8.0).contains(&messages[0]), "{topology}: {messages:?}");
        // The rule draws by message and node alone, so that every message takes the same way whatever carries it.
        assert!((messages[0] - packets[0]).abs() < 1e-9, "{topology}: {messages:?} {packets:?}");
        assert!((messages[1] / packets[1] - 1.0).abs() < 0.05, "{topology}: {messages:?} {packets:?}");
        assert_eq!(figures(&walk("message")).map(f64::to_bits), messages.map(f64::to_bits));
    }
}

/// What each driver makes of a rule that the scenario names.
#[test]
fn a_scenario_names_a_rule_of_ones_own() {
    let hybrid = "kind = \"hybrid\"\npeers_per_hub = 4";
    for grain in ["message", "packet"] {
        let [named, plain] = ["\ndissemination = \"walk\"", ""].map(|rule| cell(grain, &format!("{hybrid}{rule}")));
        assert_eq!(named.label, "hybrid peers_per_hub=4 dissemination=walk");
        assert_eq!(named.topology.to_json()["dissemination"]["kind"], "walk");
        let knowledge = Knowledge::of(&plain.settings);
        let by_name = simulate(&named, Seed(3), &knowledge).expect("it runs");
        let by_rule = simulate_by(&RandomWalk::default(), &plain, Seed(3), &knowledge, Options::default());
        assert_eq!(by_name, by_rule.expect("it runs"), "{grain}");
        #[cfg(feature = "real")]
        if grain == "packet" {
            use peerscape::real::replication::{replicate, replicate_by};
            let by_name = replicate(&named, Seed(3), &knowledge).expect("it runs").record;
            let by_rule = replicate_by(&RandomWalk::default(), &plain, Seed(3), &knowledge).expect("it runs").record;
            assert_eq!(by_name, by_rule);
        }
    }
    // The usual rule is the same topology, whether it is named or not.
    for rule in ["dissemination = \"horizon\"", "dissemination = { kind = \"horizon\" }"] {
        assert_eq!(cell("message", &format!("{hybrid}\n{rule}")).label, "hybrid peers_per_hub=4");
    }
}

#[test]
fn what_is_wrong_with_a_rule_is_told() {
    for (rule, message) in [
        ("\"wlak\"", "unknown dissemination `wlak`"),
        ("7", "`dissemination` cannot be 7"),
        ("{ fanout = 3 }", "`topology.mesh.dissemination` has no `kind`"),
        ("{ kind = \"walk\", hops = 3 }", "unknown key `hops` in `topology.mesh.dissemination`"),
    ] {
        let errors = read(12, "message", &format!("kind = \"mesh\"\ndissemination = {rule}")).expect_err(rule);
        let text = format!("{:?}", miette::Report::new(errors));
        assert!(text.contains(message), "{text}");
    }
}

/// Between two, each message goes there, and back to the one who knows it.
#[test]
fn what_comes_back_to_its_source_is_no_delivery() {
    for grain in ["message", "packet"] {
        let cell = cell_of(2, grain, "kind = \"mesh\"");
        let knowledge = Knowledge::of(&cell.settings);
        let record = simulate_by(&RandomWalk::default(), &cell, Seed(3), &knowledge, Options::default());
        let delivered = record.expect("it runs").values.get(MetricId::Delivered).expect("a value");
        assert!((delivered - 100.0).abs() < 1e-9, "{grain}: {delivered} %");
    }
}

#[test]
fn split_horizon_by_the_same_way_is_what_topologies_run() {
    use peerscape::overlay::dissemination::Horizon;
    let cell = cell("message", "kind = \"hybrid\"\npeers_per_hub = 4");
    let known = Knowledge::of(&cell.settings);
    let by_rule = simulate_by(&Horizon, &cell, Seed(3), &known, Options::default());
    let [by_rule, by_topology] = [by_rule, simulate(&cell, Seed(3), &known)].map(Result::unwrap);
    assert_eq!(figures(&by_rule).map(f64::to_bits), figures(&by_topology).map(f64::to_bits));
}

#[cfg(feature = "real")]
#[test]
fn a_rule_of_ones_own_runs_on_the_real_stack() {
    use peerscape::real::replication::replicate_by;
    let topology = "kind = \"hybrid\"\npeers_per_hub = 4";
    let cell = cell("packet", topology);
    let (walk, known) = (RandomWalk::default(), Knowledge::of(&cell.settings));
    let model = simulate_by(&walk, &cell, Seed(3), &known, Options::default());
    let real = replicate_by(&walk, &cell, Seed(3), &known).expect("it runs").record;
    let [model, real] = [figures(&model.expect("it runs")), figures(&real)];
    assert!((model[0] - real[0]).abs() < 1e-9 && (model[1] / real[1] - 1.0).abs() < 0.05, "{model:?} {real:?}");
}
