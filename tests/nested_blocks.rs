//! Overlays of several full meshes that share members, with pairs between: every driver, one answer.

use std::path::Path;
use std::sync::Arc;

use peerscape::metrics::{MetricId, RunRecord};
use peerscape::overlay::Overlay;
use peerscape::overlay::topology::{BuildContext, Shape, Spread, Topology};
use peerscape::rng::{Seed, Stream};
use peerscape::scenario::{self, Cell};
use peerscape::simulation::{Knowledge, Options, SimulationError, simulate_with};

/// An overlay that is written down.
#[derive(Clone, Debug)]
struct Written {
    name: &'static str,
    pairs: Vec<(u32, u32)>,
    blocks: Vec<Vec<u32>>,
}

impl Topology for Written {
    fn label(&self) -> String {
        self.name.to_owned()
    }

    fn shape(&self, peers: u32) -> Shape {
        Shape { tree: u64::from(peers), core: 0, spread: Spread::Levels(4) }
    }

    fn build(&self, context: &BuildContext<'_>, _stream: &mut Stream) -> Overlay {
        let world = context.world;
        Overlay::new(world.nodes(), &self.pairs, self.blocks.clone())
    }

    fn to_json(&self) -> serde_json::Value {
        serde_json::json!({ "kind": self.name })
    }
}

const PEERS: u32 = 20;

/// Rooms whose first members meet in a mesh; a chain of meshes that share a member; trees below a mesh, meshes below them.
fn nested() -> Vec<Written> {
    let room = |first: u32| (first..first + 5).collect::<Vec<u32>>();
    let rooms = [0, 5, 10, 15].map(room).to_vec();
    let of_rooms = rooms.iter().cloned().chain([vec![0, 5, 10, 15]]).collect();
    let links = (1..5).map(|link| (4 * link..PEERS.min(4 * link + 5)).collect::<Vec<u32>>());
    let chain = std::iter::once((0..5).collect()).chain(links).collect();
    let deep = vec![(0, 3), (3, 4), (3, 5), (1, 6), (5, 7), (2, 8)];
    vec![
        Written { name: "rooms", pairs: Vec::new(), blocks: of_rooms },
        Written { name: "chain", pairs: Vec::new(), blocks: chain },
        Written {
            name: "deep",
            pairs: deep,
            blocks: vec![vec![0, 1, 2], vec![7, 9, 10, 11], (12..PEERS).chain([8]).collect()],
        },
    ]
}

fn cell(grain: &str, links: &str, workload: &str, topology: &Written) -> Cell {
    let text = format!(
        "name = \"nested\"\n[run]\nduration = \"12 s\"\nwarmup = \"6 s\"\nseeds = 1\ngrain = \"{grain}\"\n[population]\n\
         peers = {PEERS}\nregions = \"europe\"\n[[population.class]]\nname = \"peers\"\nlink = {{ {links} }}\nnat = \
         \"public\"\ndevice = \"server\"\nengine = \"webrtc-rs\"\n[webrtc]\nsetup = \"webrtc-rs\"\n[[workload]]\n\
         {workload}\n[[topology]]\nkind = \"mesh\"\n"
    );
    let experiment = scenario::parse_str("nested.toml", &text, Path::new("."), &[])
        .unwrap_or_else(|errors| panic!("{:?}", miette::Report::new(errors)));
    Cell { topology: Arc::new(topology.clone()), ..experiment.cells[0].clone() }
}

const FAST: &str = "up = \"20 Mbit/s\", down = \"50 Mbit/s\", rtt = \"10 ms\"";
const TO_ALL: &str = "kind = \"broadcast\"\nsources = 3\nmessage = \"200 B\"\nrate = \"10 /s\"\nchannel = \"reliable\"";
const TO_SOME: &str = "kind = \"pub-sub\"\ntopics = 5\nmessage = \"200 B\"\nrate = \"4 /s\"\nchannel = \"reliable\"";

fn run(cell: &Cell, options: Options) -> RunRecord {
    simulate_with(cell, Seed(3), &Knowledge::of(&cell.settings), options).expect("it runs")
}

fn value(record: &RunRecord, id: MetricId) -> f64 {
    record.values.get(id).expect("a value")
}

/// All of it arrives, as the shortest paths say, with events and without, message by message and packet by packet.
#[test]
fn nested_meshes_bring_every_message_once_whatever_carries_it() {
    for topology in nested() {
        for workload in [TO_ALL, TO_SOME] {
            let cells = ["message", "packet"].map(|grain| cell(grain, FAST, workload, &topology));
            let fast = run(&cells[0], Options::default());
            let slow = run(&cells[0], Options { shortcuts: false });
            let packets = run(&cells[1], Options::default());
            let (name, id) = (topology.name, MetricId::LatencyP95);
            for record in [&fast, &slow, &packets] {
                assert!((value(record, MetricId::Delivered) - 100.0).abs() < 1e-9, "{name} {workload}");
            }
            assert_eq!(fast.counts.deliveries, slow.counts.deliveries, "{name} {workload}");
            assert_eq!(value(&fast, id).to_bits(), value(&slow, id).to_bits(), "{name} {workload}");
            let ratio = value(&fast, id) / value(&packets, id);
            assert!((ratio - 1.0).abs() < 0.05, "{name} {workload}: {ratio}");
        }
    }
}

/// What is lost on a hop is missed by all behind it, so that every miss is told.
#[test]
fn what_is_lost_in_nested_meshes_is_told_to_the_last_delivery() {
    let lossy = format!("{FAST}, loss = \"5 %\"");
    let unreliable = TO_ALL.replace("reliable", "unreliable");
    for topology in nested() {
        let record = run(&cell("message", &lossy, &unreliable, &topology), Options::default());
        let [delivered, lost] = [MetricId::Delivered, MetricId::MissedLost].map(|id| value(&record, id));
        let missed = [
            MetricId::MissedLost,
            MetricId::MissedUplink,
            MetricId::MissedDownlink,
            MetricId::MissedSocket,
            MetricId::MissedBlocked,
            MetricId::MissedUnconnected,
            MetricId::MissedThrottled,
            MetricId::MissedLate,
        ]
        .map(|id| value(&record, id));
        let told = delivered + missed.iter().sum::<f64>();
        assert!(lost > 3.0 && (told - 100.0).abs() < 1e-6, "{}: {delivered} {missed:?}", topology.name);
    }
}

#[test]
fn a_ring_is_refused_by_split_horizon() {
    let ring =
        Written { name: "ring", pairs: (0..PEERS).map(|peer| (peer, (peer + 1) % PEERS)).collect(), blocks: vec![] };
    let cell = cell("message", FAST, TO_ALL, &ring);
    let outcome = simulate_with(&cell, Seed(1), &Knowledge::of(&cell.settings), Options::default());
    assert_eq!(outcome.err(), Some(SimulationError::Ring { topology: "ring".to_owned() }));
}

/// Latency within 5 % at the median and 10 % at p95, as for every topology that is compared with the stack.
#[cfg(feature = "real")]
#[test]
fn nested_meshes_on_the_real_stack() {
    use peerscape::real::replication::replicate_by;
    for topology in nested() {
        let cell = cell("message", FAST, TO_ALL, &topology);
        let model = run(&cell, Options::default());
        let known = Knowledge::of(&cell.settings);
        let rule = peerscape::overlay::dissemination::Horizon;
        let real = replicate_by(&rule, &cell, Seed(3), &known).expect("it runs").record;
        for (id, bound) in [(MetricId::LatencyP50, 0.05), (MetricId::LatencyP95, 0.1)] {
            let [model, real] = [&model, &real].map(|record| value(record, id));
            assert!((model / real - 1.0).abs() < bound, "{} {id:?}: {model} {real}", topology.name);
        }
        assert!((value(&real, MetricId::Delivered) - 100.0).abs() < 1e-9, "{}", topology.name);
    }
}
