//! A scenario's population as an instance of the optimisers, against closed forms and against the simulation itself.

use std::path::Path;

use peerscape::metrics::MetricId;
use peerscape::net::PairOutcome;
use peerscape::optimiser::tree::verify;
use peerscape::rng::Seed;
use peerscape::scenario::{Experiment, parse_str};
use peerscape::simulation::{Knowledge, Posed, Posing, simulate};

fn experiment(population: &str, rest: &str) -> Experiment {
    let text = format!(
        "[run]\nduration = \"20 s\"\nwarmup = \"5 s\"\nseeds = 1\n[population]\n{population}\n[webrtc]\nsetup = \
         \"instant\"\n{rest}"
    );
    parse_str("a.toml", &text, Path::new("."), &[]).expect("a scenario")
}

const BROADCAST: &str = "[[workload]]\nkind = \"broadcast\"\nmessage = \"1000 B\"\nrate = \"10 /s\"\n";
const TREE: &str = "[[topology]]\nkind = \"tree\"\ndegree = 2\n";

#[test]
fn uplink_cpu_and_connections_become_a_fan_out() {
    let scenario = format!("[network.latency]\nkind = \"constant\"\none_way = \"20 ms\"\n{BROADCAST}{TREE}");
    let class = |engine: &str| {
        format!(
            "peers = 4\n[[population.class]]\nname = \"a\"\nnat = \"public\"\nshare = \"100 %\"\nlink = {{ down = \"8 Mbit/s\", up = \
             \"1 Mbit/s\", rtt = \"6 ms\" }}\ndevice = {{ speed = 0.5, budget = \"20 %\" }}\nengine = {engine}"
        )
    };
    let posed = |engine: &str, share: f64| {
        let experiment = experiment(&class(engine), &scenario);
        Posed::new(&experiment.cells[0].settings, Seed(1), Posing { share, ..Posing::BOUND }).expect("an instance")
    };
    // 1,000 bytes and 85 of headers in one packet, ten times a second: 86,800 bit/s.
    let plain = posed("{}", 1.0);
    let stream = plain.stream().expect("a stream");
    let bits = stream.rate_bps / 10;
    assert_eq!((stream.messages_per_s, stream.rate_bps % 80), (10, 0));
    assert!((8_600..8_900).contains(&bits), "{bits}");
    let root = plain.busiest().expect("a source");
    let fan_out = |posed: &Posed, peer: u32| stream.fan_out(posed.instance.peers()[peer as usize], peer == root);
    let other = (root + 1) % 4;
    assert_eq!(u64::from(fan_out(&plain, other)), 1_000_000 / stream.rate_bps);
    assert_eq!(u64::from(fan_out(&posed("{}", 0.5), other)), 500_000 / stream.rate_bps);
    // A copy takes what its bits take, up at the sender and down at the receiver, and the way.
    let delays = plain.instance.delays();
    assert_eq!(delays.hop(root, other).delay_us(), Some(20_000 + 2 * 3_000 + (bits / 8) as u32));
    assert_eq!(u64::from(plain.send_us()[other as usize]), bits);
    // 2 ms on a server core are 20 ms here: ten messages take a fifth of what there is, coming or going.
    let slow = posed("{ cpu_per_message = \"2 ms\" }", 1.0);
    assert_eq!((fan_out(&slow, other), fan_out(&slow, root)), (4, 5));
    // And one that keeps a connection open takes a fifth beside that: 2 fifths for each copy.
    let busy = posed("{ cpu_per_message = \"2 ms\", cpu_idle_per_s = \"20 ms\" }", 1.0);
    assert_eq!((fan_out(&busy, other), fan_out(&busy, root)), (1, 2));
    let few = posed("{ max_connections = 3 }", 1.0);
    assert_eq!((fan_out(&few, other), fan_out(&few, root)), (2, 3));
}

#[test]
fn hops_are_those_of_the_world() {
    let population = "peers = 60\n[[population.class]]\nname = \"home\"\nshare = \"60 %\"\nlink = \"cable\"\nnat = \"home\"\n\
                      [[population.class]]\nname = \"mobile\"\nshare = \"40 %\"\nlink = \"4g\"\nnat = \"mobile\"\n";
    let experiment = experiment(population, &format!("{BROADCAST}{TREE}"));
    let posed = Posed::new(&experiment.cells[0].settings, Seed(3), Posing::BOUND).expect("an instance");
    assert!(!posed.is_typical);
    let mut relayed = 0;
    for (from, to) in (0..60).flat_map(|from| (0..60).map(move |to| (from, to))).filter(|(from, to)| from != to) {
        let hop = posed.instance.delays().hop(from, to);
        let outcome = posed.world.outcome(from, to);
        assert_eq!(hop.is_relayed(), outcome == PairOutcome::Relayed, "{from} {to}");
        assert_eq!(hop.delay_us().is_none(), outcome == PairOutcome::Impossible, "{from} {to}");
        if let Some(delay_us) = hop.delay_us() {
            assert!(u64::from(delay_us) >= posed.world.path_delay_ns(from, to) / 1_000);
        }
        relayed += u32::from(hop.is_relayed());
    }
    assert!(relayed > 0, "the oracle has nothing to say");
}

#[test]
fn a_tree_takes_what_the_simulation_says() {
    // Two peers: the tree is known. The simulation adds nothing to it but the rounding of times.
    let population = "peers = 2\n[[population.class]]\nname = \"home\"\nshare = \"100 %\"\nlink = \"cable\"\nnat = \"public\"\ndevice = \
                      \"laptop\"\nengine = \"chromium\"\n";
    let latency = "[network.latency]\nkind = \"constant\"\none_way = \"35 ms\"\n";
    let experiment = experiment(population, &format!("{latency}{BROADCAST}{TREE}"));
    let cell = &experiment.cells[0];
    let posed = Posed::new(&cell.settings, Seed(1), Posing { wakes: true, pipelines: false, ..Posing::BOUND })
        .expect("an instance");
    let root = posed.busiest().expect("a source");
    let problem = posed.tree_problem(root).expect("a stream");
    let value = verify(&problem, &[root; 2]).expect("a tree");
    let record = simulate(cell, Seed(1), &Knowledge::of(&cell.settings)).expect("a record");
    let measured_ms = record.values.get(MetricId::LatencyMean).expect("delivered");
    let predicted_ms = value.max_us as f64 / 1_000.0;
    assert!((measured_ms / predicted_ms - 1.0).abs() < 0.01, "{measured_ms} against {predicted_ms}");
}

#[test]
fn more_peers_than_a_matrix_holds_are_grouped() {
    let experiment = experiment("peers = 6000\n", &format!("{BROADCAST}{TREE}"));
    let posed = Posed::new(&experiment.cells[0].settings, Seed(1), Posing::BOUND).expect("an instance");
    assert!(posed.is_typical);
    let delays = posed.instance.delays();
    let mut ratios: Vec<f64> = Vec::new();
    for to in 1..500 {
        let Some(delay_us) = delays.hop(0, to).delay_us() else { continue };
        let path_us = posed.world.path_delay_ns(0, to) as f64 / 1_000.0;
        ratios.push(f64::from(delay_us) / path_us);
    }
    // A pair is within a tenth of its cities' delay; the receiver's time comes on top.
    assert!(ratios.len() > 300 && ratios.iter().all(|ratio| (0.85..1.6).contains(ratio)), "{ratios:?}");
}
