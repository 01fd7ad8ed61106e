//! Standby connections: whom they connect, that they save who loses its parent, and that they cost and change nothing else.

use std::collections::BTreeSet;

use peerscape::metrics::{MetricId, RunRecord};
use peerscape::overlay::{Overlay, analysis};
use peerscape::scenario::{Experiment, parse_str};
use peerscape::{Knowledge, Seed, simulate, simulation};
use petgraph::algo::connected_components;
use proptest::prelude::*;

/// Nothing is drawn by how many packets have been there before.
const LINK: &str = "link = { up = \"50 Mbit/s\", down = \"50 Mbit/s\", rtt = \"8 ms\" }";

/// Peers all over the world that publish all, after the overlay is connected.
fn scenario(peers: u32, topology: &str, rest: &str) -> Experiment {
    // Set-ups that take no time, on engines without costs, are another way through connecting.
    let engine = if rest.contains("instant") { "ideal" } else { "chromium" };
    let text = format!(
        "[run]\nduration = \"70 s\"\nwarmup = \"60 s\"\nseeds = 1\n{rest}\n[population]\npeers = {peers}\n\
         regions = \"world\"\n[[population.class]]\nname = \"home\"\n{LINK}\nengine = \"{engine}\"\n\
         [[workload]]\nkind = \"state-sync\"\nmessage = \"200 B\"\nrate = \"1 /s\"\n[[topology]]\n{topology}\n"
    );
    parse_str("standby.toml", &text, std::path::Path::new("."), &[]).unwrap_or_else(|errors| panic!("{errors:?}"))
}

fn built(peers: u32, topology: &str) -> Overlay {
    simulation::build(&scenario(peers, topology, "").cells[0], Seed(3)).expect("a population").1
}

fn run(peers: u32, topology: &str, rest: &str) -> RunRecord {
    let experiment = scenario(peers, topology, rest);
    let cell = &experiment.cells[0];
    simulate(cell, Seed(3), &Knowledge::of(&cell.settings)).expect("a replication")
}

fn standby(overlay: &Overlay) -> Vec<(u32, u32)> {
    let mut found = Vec::new();
    overlay.for_each_standby(|connection, _| found.push((connection.a, connection.b)));
    found
}

fn parts_without(overlay: &Overlay, gone: u32) -> usize {
    let stays = |index: usize| (index as u32 != gone).then_some(());
    connected_components(&overlay.to_petgraph().filter_map(|node, ()| stays(node.index()), |_, ()| Some(())))
}

/// Peers come as they are numbered, so that the tree is known.
fn tree(degree: u32, backups: u32) -> String {
    format!("kind = \"tree\"\norder = \"arrival\"\ndegree = {degree}\nbackup_parents = {backups}")
}

fn is_below(node: u32, above: u32, degree: u32) -> bool {
    std::iter::successors(Some(node), |&node| (node > 0).then(|| (node - 1) / degree)).any(|node| node == above)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// By the closed form of the balanced tree.
    #[test]
    fn second_parents_lie_elsewhere_and_have_room(peers in 2_u32..160, degree in 1_u32..6, backups in 0_u32..4) {
        let overlay = built(peers, &tree(degree, backups));
        let bare = built(peers, &tree(degree, 0));
        prop_assert_eq!(overlay.connections() - overlay.standby_connections(), bare.connections());
        let mut seconds: Vec<BTreeSet<u32>> = vec![BTreeSet::new(); peers as usize];
        let mut first_children = 0;
        for (a, b) in standby(&overlay) {
            prop_assert!(a != b && !overlay.pair_neighbours(a).contains(&b), "{} {}", a, b);
            // Whoever of the two is a second parent: the one that is neither below the other nor below its parent.
            let serves = |second: u32, peer: u32| peer > degree && !is_below(second, (peer - 1) / degree, degree);
            let among_first = (1..=degree).contains(&a) && (1..=degree).contains(&b);
            prop_assert!(among_first || serves(a, b) || serves(b, a), "{} {}", a, b);
            first_children += u32::from(among_first);
            for (second, peer) in [(a, b), (b, a)] {
                if serves(second, peer) {
                    seconds[peer as usize].insert(second);
                }
            }
        }
        let first = degree.min(peers - 1);
        prop_assert_eq!(first_children, (first * backups).min(first * first.saturating_sub(1) / 2));
        let most = degree.max(backups);
        for peer in 0..peers {
            let children = overlay.carrying_degree(peer) - u32::from(peer > 0);
            let own = overlay.standby_neighbours(peer).len() as u32;
            prop_assert!(children <= degree && own <= most + backups, "{}: {}", peer, own);
            if peer <= degree {
                continue;
            }
            // As many as asked for, or as there are outside. Where nobody takes more than are asked for, room may run out.
            let parent = (peer - 1) / degree;
            let outside = (0..peers).filter(|&other| !is_below(other, parent, degree)).count() as u32;
            let least = if degree == 1 || (degree > backups && peers > 12) { backups.min(outside) } else { backups.min(1) };
            let has = seconds[peer as usize].len() as u32;
            prop_assert!(has >= least, "{} of {}", peer, least);
        }
    }

    /// Whichever peer leaves, all others still hang together.
    #[test]
    fn no_single_peer_parts_a_tree_with_second_parents(
        peers in 2_u32..120, degree in 1_u32..6, backups in 1_u32..4, order in 0_usize..3
    ) {
        let order = ["arrival", "best-uplink", "latency"][order];
        let text = format!("kind = \"tree\"\norder = \"{order}\"\ndegree = {degree}\nbackup_parents = {backups}");
        let overlay = built(peers, &text);
        for gone in 0..peers {
            prop_assert!(parts_without(&overlay, gone) <= 1, "{} without {}", text, gone);
        }
    }

    /// The same of trees and stars at hubs, whose hubs may leave, too.
    #[test]
    fn no_single_peer_parts_a_hybrid_with_second_parents(
        peers in 2_u32..120, hubs in 2_u32..9, attach in 0_usize..2, core in 0_usize..2
    ) {
        let attach = ["{ kind = \"star\", backup_parents = 1 }", "{ kind = \"tree\", degree = 3, backup_parents = 1 }"][attach];
        let core = ["\"mesh\"", "{ kind = \"tree\", degree = 2, backup_parents = 1 }"][core];
        let text = format!("kind = \"hybrid\"\nhubs = {hubs}\nattach = {attach}\ncore = {core}");
        let overlay = built(peers, &text);
        let mut known = BTreeSet::new();
        overlay.for_each_connection(|c| assert!(known.insert((c.a.min(c.b), c.a.max(c.b))), "{c:?} is there twice"));
        prop_assert!(!overlay.has_ring());
        for gone in 0..peers {
            prop_assert!(parts_without(&overlay, gone) <= 1, "{} without {}", text, gone);
        }
        prop_assert!(analysis::smallest_vertex_cut(&overlay).is_some_and(|cut| cut >= 2 || peers == 2), "{}", text);
    }
}

#[test]
fn the_shape_counts_them() {
    for (peers, degree, backups) in [(2, 4, 2), (9, 4, 1), (60, 2, 3), (200, 5, 2), (800, 4, 1)] {
        let experiment = scenario(peers, &tree(degree, backups), "");
        let (_, overlay) = simulation::build(&experiment.cells[0], Seed(3)).expect("a population");
        assert_eq!(experiment.cells[0].topology.shape(peers).connections(), overlay.connections(), "{peers} {degree}");
    }
    let text = "kind = \"hybrid\"\nhubs = 6\nattach = { kind = \"star\", backup_parents = 2 }";
    let experiment = scenario(90, text, "");
    assert_eq!(experiment.cells[0].topology.shape(90).connections(), 15 + 84 * 3);
    assert_eq!(built(90, text).connections(), 15 + 84 * 3);
    assert_eq!(experiment.cells[0].label, "hybrid hubs=6 attach=(star backup_parents=2)");
    let label = |backups: u32| scenario(9, &tree(4, backups), "").cells[0].label.clone();
    assert_eq!([label(0), label(1)], ["tree degree=4 order=arrival", "tree degree=4 order=arrival backup_parents=1"]);
}

/// Over connections that are open all the time messages do the same; only what connections cost differs.
#[test]
fn messages_are_the_same_and_connections_cost() {
    for grain in ["message", "packet"] {
        for topology in ["kind = \"tree\"\ndegree = 3", "kind = \"hybrid\"\nhubs = 4\nattach = { kind = \"star\" }"] {
            let with = topology.replace("\"star\" }", "\"star\", backup_parents = 1 }");
            let with = if with == topology { format!("{topology}\nbackup_parents = 1") } else { with };
            let grain = format!("grain = \"{grain}\"");
            let [bare, backed] = [topology, &with].map(|topology| run(40, topology, &grain));
            let of = |record: &RunRecord, id: MetricId| record.values.get(id).unwrap_or(f64::NAN);
            let same = [
                MetricId::Delivered,
                MetricId::Depth,
                MetricId::PathHops,
                MetricId::Diameter,
                MetricId::StretchMean,
                MetricId::LinkStress,
            ];
            for id in same {
                assert_eq!(of(&bare, id).to_bits(), of(&backed, id).to_bits(), "{with}: {id:?}");
            }
            assert_eq!(bare.latency.count(), backed.latency.count(), "{with}");
            // More connections take more of a CPU, and at packet grain more of a link.
            let (before, after) = (of(&bare, MetricId::LatencyP95), of(&backed, MetricId::LatencyP95));
            assert!((after / before - 1.0).abs() < 0.02, "{with}: {before} {after}");
            let more = [
                MetricId::ConnectionsMean,
                MetricId::MemoryMean,
                MetricId::CpuMean,
                MetricId::SignalingMessages,
                MetricId::VertexCut,
                MetricId::Sockets,
            ];
            for id in more {
                assert!(of(&backed, id) > of(&bare, id), "{with}: {id:?} {} {}", of(&bare, id), of(&backed, id));
            }
            let standby = built(40, &with).standby_connections();
            let added = of(&backed, MetricId::ConnectionsMean) - of(&bare, MetricId::ConnectionsMean);
            assert!((added - 2.0 * standby as f64 / 40.0).abs() < 1e-9, "{with}: {added}");
            assert_eq!(of(&backed, MetricId::VertexCut).to_bits(), 2.0_f64.to_bits(), "{with}");
        }
    }
}

/// Where set-ups take no time and cost nothing, all is the same from the start.
#[test]
fn they_are_there_at_once_where_set_ups_take_no_time() {
    let rest = "[webrtc]\nsetup = \"instant\"";
    let [bare, backed] = [0, 1].map(|backups| run(30, &tree(2, backups).replace("arrival", "latency"), rest));
    assert_eq!(bare.counts.copies_sent, backed.counts.copies_sent);
    let mean = |record: &RunRecord| record.values.get(MetricId::ConnectionsMean).unwrap_or(f64::NAN);
    let standby = built(30, &tree(2, 1).replace("arrival", "latency")).standby_connections() as f64;
    assert!((mean(&backed) - mean(&bare) - 2.0 * standby / 30.0).abs() < 1e-9);
}

/// What grew with the square of the peers would take hours.
#[test]
fn very_many_peers_have_second_parents_soon() {
    assert_eq!(built(200_000, &tree(4, 1)).standby_connections(), 200_000 - 1);
}

#[test]
fn a_star_alone_has_nobody_to_stand_by() {
    let faults = |topology: &str| {
        let text = format!(
            "[population]\npeers = 9\n[[workload]]\nkind = \"state-sync\"\nmessage = \"9 B\"\nrate = \"1 /s\"\n\
             [[topology]]\n{topology}\n"
        );
        format!("{:?}", parse_str("a.toml", &text, std::path::Path::new("."), &[]).expect_err("refused"))
    };
    assert!(faults("kind = \"star\"\nbackup_parents = 1").contains("a star has one hub"));
    assert!(
        faults("kind = \"hybrid\"\ncore = { kind = \"star\", backup_parents = 1 }").contains("the core has one hub")
    );
    assert!(faults("kind = \"tree\"\nbackup_parents = 4").contains("4 is out of range"));
    let one_hub = "kind = \"hybrid\"\nhubs = 1\nattach = { kind = \"star\", backup_parents = 1 }";
    assert!(faults(one_hub).contains("ask for more `hubs` than `backup_parents`"));
    // Where their number is free, there is another hub.
    assert!(built(12, &one_hub.replace("hubs = 1", "hubs = \"auto\"")).standby_connections() > 0);
}
