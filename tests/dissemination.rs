//! Floods and pushes: over graphs with rings, by every driver, to the copy.

use std::path::Path;
use std::sync::Arc;

use peerscape::metrics::{MetricId, RunRecord};
use peerscape::overlay::Overlay;
use peerscape::overlay::topology::BuildContext;
use peerscape::overlay::workload::Flow;
use peerscape::presets::OrPreset;
use peerscape::rng::{Domain, Seed, Streams};
use peerscape::scenario::{self, Cell, Experiment, ScenarioErrors};
use peerscape::simulation::{Knowledge, Options, simulate, simulate_with};
use peerscape::units::{ByteCount, SimDuration};
use peerscape::webrtc::SetupProfile;
use peerscape::world::{World, WorldSpec};

#[path = "dissemination/last_hops.rs"]
mod last_hops;
#[path = "dissemination/routed_and_asked_for.rs"]
mod routed_and_asked_for;

const BROADCAST: &str =
    "kind = \"broadcast\"\nsources = 1\nmessage = \"200 B\"\nrate = \"10 /s\"\nchannel = \"reliable\"";
const EVERYBODY: &str = "kind = \"state-sync\"\nmessage = \"100 B\"\nrate = \"2 /s\"\nchannel = \"unreliable\"";
const TOPICS: &str = "kind = \"pub-sub\"\ntopics = 5\nmessage = \"200 B\"\nrate = \"4 /s\"\nchannel = \"reliable\"";
const QUESTIONS: &str =
    "kind = \"request-response\"\nservers = 2\nrequest = \"100 B\"\nresponse = \"1 kB\"\nrate = \"1 /s\"";

const RINGS: &[&str] = &[
    "kind = \"random-regular\"\ndegree = 4",
    "kind = \"ring\"",
    "kind = \"nearest\"",
    "kind = \"mesh\"\ndissemination = \"flood\"",
    "kind = \"hybrid\"\npeers_per_hub = 4\ndissemination = \"flood\"",
    "kind = \"tree\"\ndegree = 3\ndissemination = \"flood\"",
];

fn cell(peers: u32, grain: &str, links: &str, workload: &str, topology: &str) -> Cell {
    let experiment = load(peers, grain, links, workload, topology)
        .unwrap_or_else(|errors| panic!("{:?}", miette::Report::new(errors)));
    experiment.cells[0].clone()
}

fn load(peers: u32, grain: &str, links: &str, workload: &str, topology: &str) -> Result<Experiment, ScenarioErrors> {
    let text = format!(
        "name = \"flood\"\n[run]\nduration = \"12 s\"\nwarmup = \"6 s\"\nseeds = 1\ngrain = \"{grain}\"\n[population]\npeers = \
         {peers}\nregions = \"europe\"\n[[population.class]]\nname = \"peers\"\nlink = {{ {links} }}\nnat = \"public\"\ndevice = \
         \"server\"\nengine = \"webrtc-rs\"\n[webrtc]\nsetup = \"webrtc-rs\"\n[[workload]]\n{workload}\n[[topology]]\n{topology}\n"
    );
    scenario::parse_str("flood.toml", &text, Path::new("."), &[])
}

const FAST: &str = "up = \"20 Mbit/s\", down = \"50 Mbit/s\", rtt = \"10 ms\"";

fn run(cell: &Cell) -> RunRecord {
    simulate(cell, Seed(3), &Knowledge::of(&cell.settings)).expect("it runs")
}

fn value(record: &RunRecord, id: MetricId) -> f64 {
    record.values.get(id).expect("a value")
}

/// The cell's peers and overlay.
fn built(cell: &Cell) -> (World, Overlay) {
    let settings = &cell.settings;
    let (population, latency, webrtc) = (&settings.population, &settings.latency, &settings.webrtc);
    let streams = Streams::new(Seed(3));
    let servers = cell.topology.servers(population.peers.get());
    let world = WorldSpec { population, latency, webrtc, servers }.generate(streams).expect("a world");
    let flows: Vec<Flow> = settings.workloads.iter().flat_map(|workload| workload.flows(&world, streams, 0)).collect();
    let sources = [flows[0].source];
    let context =
        BuildContext { world: &world, sources: &sources, flows: &flows, audiences: &[], webrtc, dissemination: None };
    let overlay = cell.topology.build(&context, &mut streams.stream(Domain::Topology, 0));
    (world, overlay)
}

/// Once the overlay is connected, a message of one source takes `2 m - (n - 1)` copies, of which `n - 1` are delivered.
#[test]
fn a_flood_takes_the_copies_that_the_graph_says() {
    for topology in RINGS {
        for grain in ["message", "packet"] {
            let cell = cell(40, grain, FAST, BROADCAST, topology);
            let record = run(&cell);
            let excess = built(&cell).1.connections() - 39;
            let duplicates = value(&record, MetricId::Duplicates);
            assert!((value(&record, MetricId::Delivered) - 100.0).abs() < 1e-9, "{topology} {grain}");
            let wanted = 2.0 * excess as f64 / 39.0;
            assert!((duplicates - wanted).abs() < 1e-12, "{topology} {grain}: {duplicates}, not {wanted}");
            let counts = record.counts;
            assert_eq!(counts.copies_arrived, counts.deliveries + counts.copies_duplicate, "{topology} {grain}");
        }
    }
}

/// What comes again asks for no copies more: CPUs are asked for the copies that there are, however many of them they have no
/// time for.
#[test]
fn overloaded_nodes_are_asked_for_no_copy_twice() {
    for grain in ["message", "packet"] {
        let each = "kind = \"state-sync\"\nmessage = \"100 B\"\nrate = \"20 /s\"\nchannel = \"unreliable\"";
        let cell = cell(60, grain, FAST, each, "kind = \"random-regular\"\ndegree = 6");
        let mut settings = (*cell.settings).clone();
        settings.run.warmup = SimDuration::ZERO;
        settings.population.classes[0].device = OrPreset::named("phone").expect("a preset");
        settings.population.classes[0].engine = OrPreset::named("chromium").expect("a preset");
        let cell = open_at_once(Cell { settings: Arc::new(settings), ..cell });
        let class = &cell.settings.population.classes[0];
        let (device, engine) = (&class.device.value, &class.engine.value);
        let seconds = |cost: SimDuration| device.service_time(cost).as_secs_f64();
        let copy_s = seconds(engine.message_cost(cell.settings.webrtc.wire(ByteCount::new(100))));
        let record = run(&cell);
        let counts = record.counts;
        let copies = counts.copies_sent + counts.copies_arrived + counts.copies_overflowed + counts.copies_in_flight;
        let share = copies as f64 * copy_s / (60.0 * 12.0) + 6.0 * seconds(engine.cpu_idle_per_s);
        let asked = value(&record, MetricId::CpuMean) / 100.0;
        assert!(value(&record, MetricId::Delivered) < 50.0, "{grain}: it is overloaded");
        // What still waits at the end is asked for too: to be taken in, and to be passed on.
        assert!(asked <= 1.6 * share, "{grain}: {asked}, and copies take {share}");
    }
}

/// What a rule passes by is nobody's queue: nothing is under way, so nothing is said to be late.
#[test]
fn what_a_push_misses_is_no_finding() {
    for grain in ["message", "packet"] {
        let few = "kind = \"random-regular\"\ndegree = 6\ndissemination = { kind = \"push\", fan_out = 2 }";
        let record = run(&cell(100, grain, FAST, EVERYBODY, few));
        let delivered = value(&record, MetricId::Delivered);
        assert!((60.0..95.0).contains(&delivered), "{grain}: {delivered} %");
        assert!(record.findings.is_empty(), "{grain}: {:?}", record.findings);
    }
}

/// The same, but connections take no time to open.
fn open_at_once(cell: Cell) -> Cell {
    let mut settings = (*cell.settings).clone();
    settings.webrtc.setup = SetupProfile::Instant;
    settings.population.join_over = SimDuration::ZERO;
    Cell { settings: Arc::new(settings), ..cell }
}

#[test]
fn every_workload_floods_message_by_message_and_packet_by_packet() {
    for workload in [BROADCAST, EVERYBODY, TOPICS, QUESTIONS] {
        for topology in RINGS {
            let [messages, packets] =
                ["message", "packet"].map(|grain| run(&cell(20, grain, FAST, workload, topology)));
            for record in [&messages, &packets] {
                assert!((value(record, MetricId::Delivered) - 100.0).abs() < 1e-9, "{workload} {topology}");
            }
            let [a, b] = [&messages, &packets].map(|record| value(record, MetricId::LatencyP95));
            assert!((a / b - 1.0).abs() < 0.05, "{workload} {topology}: {a} {b}");
            let [a, b] = [&messages, &packets].map(|record| value(record, MetricId::Duplicates));
            assert!((a - b).abs() < 1e-9, "{workload} {topology}: {a} {b}");
        }
    }
}

const TALKING: &[&str] = &[
    "kind = \"random-regular\"\ndegree = 4\ndissemination = \"plumtree\"",
    "kind = \"mesh\"\ndissemination = \"plumtree\"",
    "kind = \"hybrid\"\npeers_per_hub = 4\ndissemination = \"plumtree\"",
    "kind = \"random-regular\"\ndegree = 4\ndissemination = \"pull\"",
    "kind = \"mesh\"\ndissemination = { kind = \"pull\", requests = 20 }",
    "kind = \"random-regular\"\ndegree = 12\ndissemination = \"gossipsub\"",
    "kind = \"mesh\"\ndissemination = { kind = \"gossipsub\", d = 4, d_low = 3, d_high = 6 }",
];

/// Every message comes to everybody, by messages and by packets alike, and control messages take their share.
#[test]
fn rules_that_talk_deliver_by_every_workload() {
    for workload in [BROADCAST, EVERYBODY, TOPICS, QUESTIONS] {
        for topology in TALKING {
            let [messages, packets] =
                ["message", "packet"].map(|grain| run(&cell(24, grain, FAST, workload, topology)));
            for record in [&messages, &packets] {
                assert!((value(record, MetricId::Delivered) - 100.0).abs() < 1e-9, "{workload} {topology}");
            }
            // Trees that several sources share never settle, and hang on who was first by a nanosecond.
            if workload == BROADCAST || topology.contains("gossipsub") {
                let [a, b] = [&messages, &packets].map(|record| value(record, MetricId::LatencyP50));
                assert!((a / b - 1.0).abs() < 0.05, "{workload} {topology}: {a} {b}");
            }
            let [a, b] = [&messages, &packets].map(|record| value(record, MetricId::Control));
            assert!(a > 0.0 && b > 0.0 && (a / b - 1.0).abs() < 0.25, "{workload} {topology}: {a} {b}");
        }
    }
}

/// Once it has settled, Plumtree sends every message of one source to each peer once.
#[test]
fn plumtree_settles_on_a_tree() {
    for topology in &TALKING[..3] {
        for grain in ["message", "packet"] {
            let record = run(&cell(60, grain, FAST, BROADCAST, topology));
            let duplicates = value(&record, MetricId::Duplicates);
            assert!(duplicates < 0.01, "{topology} {grain}: {duplicates}");
            assert!((value(&record, MetricId::Delivered) - 100.0).abs() < 1e-9, "{topology} {grain}");
        }
    }
}

/// Who is down to a mesh of `d` of many neighbours gets `d` copies or so, and not one from each.
#[test]
fn gossipsub_keeps_to_its_mesh() {
    let topology = "kind = \"mesh\"\ndissemination = \"gossipsub\"";
    let record = run(&cell(100, "message", FAST, EVERYBODY, topology));
    let duplicates = value(&record, MetricId::Duplicates);
    // Meshes have 5 to 12 connections; whoever publishes sends 99 copies besides.
    assert!((5.0..11.0).contains(&duplicates), "{duplicates}");
}

/// Stripes come near to the bound of Kumar and Ross, `min(u_s, (u_s + sum u_i) / n)`; a single tree has half of its peers
/// send two copies of everything, or all but one wait for a chain.
#[test]
fn stripes_come_near_to_the_rate_of_all_uplinks_together() {
    let link = "up = \"4 Mbit/s\", down = \"100 Mbit/s\", rtt = \"10 ms\"";
    // 400 messages of 1,000 B and 88 B of headers are 3.5 Mbit/s, 87 % of the bound.
    let each = "kind = \"broadcast\"\nmessage = \"1000 B\"\nrate = \"400 /s\"\nchannel = \"unreliable\"";
    for (stripes, delivers) in [("kind = \"multi-tree\"", true), ("kind = \"tree\"\ndegree = 2", false)] {
        // A source and four groups of ten.
        let record = run(&cell(41, "message", link, each, stripes));
        let delivered = value(&record, MetricId::Delivered);
        assert_eq!((delivered - 100.0).abs() < 1e-9, delivers, "{stripes}: {delivered}");
        if delivers {
            let [mean, max] = [MetricId::UplinkMean, MetricId::UplinkMax].map(|id| value(&record, id));
            assert!(mean > 80.0 && max < 100.0, "{mean} {max}");
            assert!(value(&record, MetricId::LatencyP95) < 150.0);
            assert!(value(&record, MetricId::Duplicates).abs() < 1e-12);
        }
    }
}

/// By every driver, whoever publishes.
#[test]
fn stripes_bring_every_message_once() {
    for workload in [BROADCAST, EVERYBODY, TOPICS, QUESTIONS] {
        for grain in ["message", "packet"] {
            for topology in ["kind = \"multi-tree\"\nstripes = 2", "kind = \"multi-tree\"\nstripes = 5\ndegree = 3"] {
                let record = run(&cell(24, grain, FAST, workload, topology));
                assert!((value(&record, MetricId::Delivered) - 100.0).abs() < 1e-9, "{workload} {grain} {topology}");
                assert_eq!(record.counts.copies_duplicate, 0);
            }
        }
    }
}

#[test]
fn stripes_need_trees() {
    let text = |topology: &str| {
        let errors = load(20, "message", FAST, BROADCAST, topology).expect_err("it is refused");
        format!("{:?}", miette::Report::new(errors))
    };
    let none = text("kind = \"random-regular\"\ndissemination = \"striped\"");
    assert!(none.contains("has no trees among which messages could be shared out"), "{none}");
    let horizon = text("kind = \"multi-tree\"\ndissemination = \"horizon\"");
    assert!(horizon.contains("has rings"), "{horizon}");
}

/// Where nothing waits, a flood comes to everybody by the fastest way there is: mean and maximum to the nanosecond.
#[test]
fn a_flood_takes_the_shortest_paths() {
    for topology in RINGS {
        let workload = BROADCAST.replace("reliable", "unreliable");
        let cell = cell(150, "message", "rtt = \"10 ms\"", &workload, topology);
        let mut settings = (*cell.settings).clone();
        settings.population.classes[0].engine = OrPreset::named("ideal").expect("a preset");
        settings.population.join_over = SimDuration::ZERO;
        settings.webrtc.setup = SetupProfile::Instant;
        let cell = Cell { settings: Arc::new(settings), ..cell };
        let record = run(&cell);
        let (world, overlay) = built(&cell);
        let mut graph = petgraph::graph::UnGraph::<(), u64, u32>::default();
        let nodes: Vec<_> = (0..overlay.nodes()).map(|_| graph.add_node(())).collect();
        overlay.for_each_connection(|connection| {
            let delay_ns = world.path(connection.a, connection.b).expect("all are public").delay_ns;
            graph.add_edge(nodes[connection.a as usize], nodes[connection.b as usize], delay_ns);
        });
        // Which of the peers the source is, the figures tell.
        let figures = |source: u32| {
            let ways = petgraph::algo::dijkstra(&graph, nodes[source as usize], None, |edge| *edge.weight());
            let (sum, max) = ways.values().fold((0, 0), |(sum, max), &way| (sum + way, max.max(way)));
            (sum as f64 / 149.0 / 1e6, max as f64 / 1e6)
        };
        let measured = [MetricId::LatencyMean, MetricId::LatencyMax].map(|id| value(&record, id));
        let fits = |(mean, max): (f64, f64)| (mean - measured[0]).abs() < 1e-6 && (max - measured[1]).abs() < 1e-6;
        assert!((0..150).any(|source| fits(figures(source))), "{topology}: {measured:?}");
    }
}

/// Arrivals without events of their own change nothing.
#[test]
fn shortcuts_change_nothing() {
    let push = "kind = \"mesh\"\ndissemination = { kind = \"push\", fan_out = 3 }";
    let routed = "kind = \"random-regular\"\ndegree = 4\ndissemination = \"shortest-path\"";
    for topology in [RINGS[0], RINGS[4], push, routed] {
        for workload in [BROADCAST, EVERYBODY] {
            let cell = cell(30, "message", FAST, workload, topology);
            let known = Knowledge::of(&cell.settings);
            let slow = simulate_with(&cell, Seed(3), &known, Options { shortcuts: false });
            let [fast, mut slow] = [run(&cell), slow.expect("it runs")];
            slow.counts.events = fast.counts.events;
            assert_eq!(fast, slow, "{topology} {workload}");
        }
    }
}

/// Copies that are lost leave ways around, and nothing is flooded twice.
#[test]
fn a_flood_makes_up_for_losses() {
    let lossy = format!("{FAST}, loss = \"5 %\"");
    let unreliable = BROADCAST.replace("reliable", "unreliable");
    let delivered = |topology: &str| {
        let record = run(&cell(60, "message", &lossy, &unreliable, topology));
        (value(&record, MetricId::Delivered), record.values.get(MetricId::Duplicates))
    };
    let (by_tree, none) = delivered("kind = \"tree\"\ndegree = 3");
    let (by_flood, some) = delivered("kind = \"random-regular\"");
    assert!(by_tree < 80.0 && by_flood > 99.5, "{by_tree} {by_flood}");
    // One in ten copies is missing, of a path's two links.
    assert!(none.is_none() && some.is_some_and(|some| some > 3.0 && some < 4.0), "{none:?} {some:?}");
}

/// In a full mesh a push reaches the share `s = 1 - exp(-f s)` of all. At 300 peers within one percentage point.
#[test]
fn a_push_reaches_as_many_as_a_random_graph() {
    for fan_out in [2, 3, 4] {
        let push = format!("kind = \"mesh\"\ndissemination = {{ kind = \"push\", fan_out = {fan_out} }}");
        let record = run(&open_at_once(cell(300, "message", FAST, &BROADCAST.replace("10 /s", "40 /s"), &push)));
        let mut share = 1.0_f64;
        (0..200).for_each(|_| share = 1.0 - (-f64::from(fan_out) * share).exp());
        let reached = value(&record, MetricId::Delivered) / 100.0;
        assert!((reached - share).abs() < 0.01, "fan-out {fan_out}: {reached}, not {share}");
        // Each node that is reached sends so many copies.
        let counts = record.counts;
        let copies =
            (counts.copies_sent + counts.copies_unconnected) as f64 / (counts.deliveries + counts.messages) as f64;
        assert!((copies - f64::from(fan_out)).abs() < 1e-9, "{copies}");
    }
}

#[test]
fn split_horizon_is_refused_where_there_are_rings() {
    for topology in ["kind = \"random-regular\"", "kind = \"ring\"", "kind = \"nearest\""] {
        let topology = format!("{topology}\ndissemination = \"horizon\"");
        let errors = load(20, "message", FAST, BROADCAST, &topology).expect_err("it is refused");
        let text = format!("{:?}", miette::Report::new(errors));
        assert!(text.contains("has rings"), "{text}");
    }
}

#[test]
fn the_rule_of_a_topology_need_not_be_named() {
    let labels = ["", "\ndissemination = \"flood\"", "\ndissemination = \"push\""]
        .map(|rule| cell(20, "message", FAST, BROADCAST, &format!("kind = \"random-regular\"{rule}")).label);
    assert_eq!(labels[0], labels[1]);
    assert_eq!(labels[2], "random-regular degree=6 dissemination=push fan_out=4");
}

/// Latency within 5 % at the median and 10 % at p95, and the same duplicates.
#[cfg(feature = "real")]
#[test]
fn floods_on_the_real_stack() {
    use peerscape::real::replication::replicate;
    for topology in
        ["kind = \"random-regular\"\ndegree = 4", "kind = \"ring\"", "kind = \"nearest\"\ndissemination = \"push\""]
            .iter()
            .chain(&["kind = \"multi-tree\"\nstripes = 2"])
            .chain(&["kind = \"random-regular\"\ndegree = 4\ndissemination = \"shortest-path\""])
            .chain(&["kind = \"hybrid\"\nhubs = 5\ncore = { kind = \"ring\", neighbours = 1 }\nattach = \"mesh\""])
            .chain(TALKING)
    {
        let cell = cell(16, "message", FAST, BROADCAST, topology);
        let model = run(&cell);
        let real = replicate(&cell, Seed(3), &Knowledge::of(&cell.settings)).expect("it runs").record;
        for (id, bound) in [(MetricId::LatencyP50, 0.05), (MetricId::LatencyP95, 0.1)] {
            let [model, real] = [&model, &real].map(|record| value(record, id));
            assert!((model / real - 1.0).abs() < bound, "{topology} {id:?}: {model} {real}");
        }
        for id in [MetricId::Delivered, MetricId::Duplicates, MetricId::LastHop] {
            let [model, real] = [&model, &real].map(|record| value(record, id));
            assert!((model - real).abs() < 1e-9, "{topology} {id:?}: {model} {real}");
        }
    }
}
