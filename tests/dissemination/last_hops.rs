//! The last delivery hop, against a walk over the graph.

use std::path::Path;

use peerscape::metrics::MetricId;
use peerscape::rng::Seed;
use peerscape::scenario;
use peerscape::simulation::{Knowledge, simulate};

/// Last hop, depth and share delivered, where every hop takes 20 ms and nothing else takes time.
fn run(grain: &str, sources: u32, kind: &str, rule: &str) -> [Option<f64>; 3] {
    let text = format!(
        "name = \"last-hops\"\n[run]\nduration = \"12 s\"\nwarmup = \"6 s\"\nseeds = 1\ngrain = \"{grain}\"\n[population]\npeers = \
         60\n[[population.class]]\nname = \"peer\"\nlink = {{}}\nnat = \"public\"\ndevice = \"server\"\nengine = \"ideal\"\n\
         [network]\nlatency = {{ kind = \"constant\", one_way = \"20 ms\" }}\n[webrtc]\nsetup = \"instant\"\n\
         [[workload]]\nkind = \"broadcast\"\nsources = {sources}\nmessage = \"100 B\"\nrate = \"1 /s\"\n\
         [[topology]]\nkind = \"{kind}\"\ndissemination = \"{rule}\"\n"
    );
    let experiment = scenario::parse_str("last-hops.toml", &text, Path::new("."), &[])
        .unwrap_or_else(|errors| panic!("{:?}", miette::Report::new(errors)));
    let cell = &experiment.cells[0];
    let record = simulate(cell, Seed(1), &Knowledge::of(&cell.settings)).expect("it runs");
    [MetricId::LastHop, MetricId::Depth, MetricId::Delivered].map(|id| record.values.get(id))
}

/// Who is first is who is nearest: messages that find their ways come over as few hops as a walk over the graph counts.
#[test]
fn the_last_hop_is_as_deep_as_the_graph_where_hops_are_alike() {
    for grain in ["message", "packet"] {
        for kind in ["random-regular", "ring", "nearest", "tree", "mesh"] {
            let [last, depth, _] = run(grain, 1, kind, "flood");
            assert!(last.is_some() && last == depth, "{kind}: {last:?} {depth:?}");
            for rule in ["shortest-path", "plumtree", "pull"] {
                assert_eq!(run(grain, 1, kind, rule)[0], depth, "{kind} {rule} {grain}");
            }
        }
    }
}

/// What fails on a hop may come over another, so that only what was not brought is known to be missed.
#[test]
fn of_a_flood_only_what_was_not_brought_is_known() {
    let lossy = super::FAST.to_owned() + ", loss = \"5 %\"";
    let workload = "kind = \"broadcast\"\nmessage = \"200 B\"\nrate = \"10 /s\"\nchannel = \"unreliable\"";
    let missed = |topology: &str| {
        let record = super::run(&super::cell(30, "message", &lossy, workload, topology));
        let ids = [MetricId::Delivered, MetricId::MissedLate, MetricId::MissedLost, MetricId::MissedUnconnected];
        ids.map(|id| record.values.get(id))
    };
    let [delivered, late, lost, unconnected] = missed("kind = \"tree\"\ndissemination = \"flood\"");
    let all = delivered.zip(late).map(|(delivered, late)| delivered + late);
    assert!(delivered < Some(99.9) && all.is_some_and(|all| (all - 100.0).abs() < 1e-9), "{delivered:?} {late:?}");
    assert_eq!((lost, unconnected), (None, None));
    let [_, _, lost, _] = missed("kind = \"tree\"");
    assert!(lost > Some(1.0), "by split horizon it is: {lost:?}");
}

#[test]
fn of_many_sources_it_is_the_mean_and_of_split_horizon_there_is_none() {
    for kind in ["random-regular", "ring", "nearest"] {
        let [last, depth, delivered] = run("message", 10, kind, "flood");
        assert!(last <= depth && delivered == Some(100.0), "{kind}: {last:?} {depth:?} {delivered:?}");
        assert!(last > depth.map(|hops| 0.6 * hops), "{kind}: {last:?} {depth:?}");
    }
    assert_eq!(run("message", 1, "tree", "horizon")[0], None);
    assert_eq!(run("message", 1, "mesh", "push")[0].map(|hops| hops > 1.0), Some(true));
}
