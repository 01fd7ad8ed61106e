//! A cell is answered by its own values alone: what stands beside it in a sweep, another topology, value or axis,
//! changes neither which model answers it nor a figure.

use std::path::Path;

use peerscape::rng::Seed;
use peerscape::scenario::{Cell, Experiment, Grain, parse_str};
use peerscape::simulation::{Knowledge, simulate};
use proptest::prelude::*;
use proptest::sample::select;

fn experiment(text: &str) -> Experiment {
    parse_str("test.toml", text, Path::new(""), &[])
        .unwrap_or_else(|errors| panic!("{:?}\n{text}", miette::Report::new(errors)))
}

const LINKS: [&str; 4] = [
    "\"cable\"",
    "{ up = \"20 Mbit/s\", down = \"100 Mbit/s\", rtt = \"10 ms\", loss = \"1 %\" }",
    "{ up = \"5 Mbit/s\", down = \"20 Mbit/s\", rtt = \"30 ms\", jitter = \"5 ms\" }",
    "\"4g\"",
];

const WORKLOADS: [&str; 5] = [
    "kind = \"state-sync\"\nmessage = \"200 B\"\nrate = \"20 /s\"\nchannel = \"reliable\"",
    "kind = \"broadcast\"\nmessage = \"16 KiB\"\nrate = \"30 /s\"",
    "kind = \"telemetry\"\nsinks = 1\nmessage = \"100 B\"\nrate = \"1 /s\"",
    "kind = \"game\"",
    "kind = \"distribution\"\nsize = \"4 MB\"",
];

const TOPOLOGIES: [&str; 4] =
    ["kind = \"mesh\"", "kind = \"star\"", "kind = \"tree\"\ndegree = 4", "kind = \"hybrid\"\npeers_per_hub = 8"];

/// A scenario: lists are the axes.
fn text(peers: &str, duration: &str, link: &str, workloads: &[&str], topologies: &[&str]) -> String {
    let tables = |name: &str, all: &[&str]| all.iter().map(|one| format!("[[{name}]]\n{one}\n")).collect::<String>();
    format!(
        "[run]\nduration = {duration}\nwarmup = \"1 s\"\nseeds = 1\n[population]\npeers = {peers}\n\
         [[population.class]]\nname = \"home\"\nnat = \"public\"\nlink = {link}\n{}{}",
        tables("workload", workloads),
        tables("topology", topologies)
    )
}

/// The cell of a topology with so many peers, and the first duration.
fn cell<'e>(experiment: &'e Experiment, label: &str, peers: u32) -> &'e Cell {
    let is_it = |cell: &&Cell| cell.label == label && cell.settings.population.peers.get() == peers;
    experiment.cells.iter().find(is_it).expect("a cell")
}

fn label(topology: &str) -> String {
    topology.replace("kind = ", "").replace(['"'], "").replace('\n', " ").replace(" = ", "=")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    /// All that a replication is made from is the same, so the replication is: it is a function of cell and seed.
    #[test]
    fn what_a_cell_is_made_from_does_not_depend_on_its_neighbours(
        own in 2_u32..2_000,
        other in prop_oneof![2_u32..100, 1_000_u32..100_000],
        durations in (2_u32..60, 2_u32..600),
        link in select(&LINKS[..]),
        workloads in proptest::sample::subsequence(&WORKLOADS[..], 1..=2),
        nth in 0..TOPOLOGIES.len(),
        more in proptest::sample::subsequence(&TOPOLOGIES[..], 0..=4),
        own_first in any::<bool>(),
    ) {
        prop_assume!(own != other);
        let (first, second) = durations;
        prop_assume!(first != second);
        let topology = TOPOLOGIES[nth];
        let alone = experiment(&text(&own.to_string(), &format!("\"{first} s\""), link, &workloads, &[topology]));
        let all: Vec<&str> = TOPOLOGIES.into_iter().filter(|one| *one == topology || more.contains(one)).collect();
        let peers = if own_first { format!("[{own}, {other}]") } else { format!("[{other}, {own}]") };
        let joined = experiment(&text(&peers, &format!("[\"{first} s\", \"{second} s\"]"), link, &workloads, &all));
        let of = |cell: &Cell| serde_json::to_string(&*cell.settings).expect("plain data");
        let label = label(topology);
        let (alone, among) = (cell(&alone, &label, own), cell(&joined, &label, own));
        prop_assert_eq!(alone.settings.run.grain, among.settings.run.grain);
        prop_assert_eq!(of(alone), of(among));
    }
}

/// Two sizes of one sweep on either side of what packets may cost, and each alone.
#[test]
fn figures_do_not_depend_on_the_neighbours() {
    let link = "{ up = \"20 Mbit/s\", down = \"100 Mbit/s\", rtt = \"10 ms\", loss = \"1 %\" }";
    let of = |peers: &str, topologies: &[&str]| experiment(&text(peers, "\"5 s\"", link, &WORKLOADS[..1], topologies));
    let alone = of("20", &TOPOLOGIES[..1]);
    let among = of("[20, 65, 3000]", &TOPOLOGIES[..2]);
    let [alone, among] = [cell(&alone, "mesh", 20), cell(&among, "mesh", 20)].map(|cell| {
        assert_eq!(cell.settings.run.grain, Grain::Packet);
        simulate(cell, Seed(1), &Knowledge::of(&cell.settings)).expect("it ends")
    });
    assert_eq!(alone.values, among.values);
    assert!(alone.latency.count() > 1_000, "not an empty comparison");
    // The largest is not followed packet by packet: 180 million copies a second.
    let large = of("[20, 65, 3000]", &TOPOLOGIES[..2]);
    assert_eq!(cell(&large, "mesh", 3_000).settings.run.grain, Grain::Message);
}
