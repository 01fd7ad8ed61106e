//! GossipSub and Plumtree against figures that others have published: docs/VALIDATION.md has the table.

use std::path::Path;

use peerscape::metrics::{MetricId, RunRecord};
use peerscape::rng::Seed;
use peerscape::scenario;
use peerscape::simulation::{Knowledge, simulate};

fn run(peers: u32, workload: &str, topology: &str) -> RunRecord {
    run_over("{}", peers, workload, topology)
}

fn run_with_uplinks(peers: u32, workload: &str, topology: &str) -> RunRecord {
    run_over("{ up = \"10 Mbit/s\" }", peers, workload, topology)
}

fn run_over(link: &str, peers: u32, workload: &str, topology: &str) -> RunRecord {
    let text = format!(
        "name = \"published\"\n[run]\nduration = \"72 s\"\nwarmup = \"60 s\"\ndrain = \"10 s\"\nseeds = 1\n[population]\npeers \
         = {peers}\n[[population.class]]\nname = \"peer\"\nlink = {link}\nnat = \"public\"\ndevice = \"server\"\nengine = \
         \"ideal\"\n[network]\nlatency = {{ kind = \"uniform\", min = \"10 ms\", max = \"150 ms\" }}\n[webrtc]\nsetup = \
         \"instant\"\noverhead = \"none\"\nturn = \"none\"\n[[workload]]\n{workload}\nmessage = \"1000 B\"\n[[topology]]\n\
         {topology}\n"
    );
    let experiment = scenario::parse_str("published.toml", &text, Path::new("."), &[])
        .unwrap_or_else(|errors| panic!("{:?}", miette::Report::new(errors)));
    let cell = &experiment.cells[0];
    simulate(cell, Seed(1), &Knowledge::of(&cell.settings)).expect("it runs")
}

fn value(record: &RunRecord, id: MetricId) -> f64 {
    record.values.get(id).expect("a value")
}

/// Copies a node and mean latency of GossipSub v1.0 in its authors' simulator (vyzo/gerbil-simsub): 60 messages of 5 sources,
/// every node dials 20 others, 10 to 150 ms a hop, D = 6, D_low = 4, D_high = 12; 96,320, 189,451 and 377,370 copies.
#[test]
fn gossipsub_sends_as_many_copies_as_its_authors_simulator() {
    let gossip = "kind = \"random-regular\"\ndegree = 40\n[topology.dissemination]\nkind = \"gossipsub\"\nd_low = 4\nd_out = \
                  0\nflood_publish = false";
    for (peers, copies) in [(250, 96_320.0), (500, 189_451.0), (1_000, 377_370.0)] {
        let record = run(peers, "kind = \"broadcast\"\nsources = 5\nrate = \"1 /s\"", gossip);
        let ours = 1.0 + value(&record, MetricId::Duplicates);
        let theirs = copies / (60.0 * f64::from(peers - 1));
        assert!((ours / theirs - 1.0).abs() < 0.05, "{peers}: {ours} copies a node, theirs {theirs}");
        assert!((value(&record, MetricId::Delivered) - 100.0).abs() < 1e-9);
        if peers == 1_000 {
            // Deliveries within 100, 200, 300 and 400 ms: 1,334, 20,818, 36,508 and 1,280.
            let theirs_ms = (50.0 * 1_334.0 + 150.0 * 20_818.0 + 250.0 * 36_508.0 + 350.0 * 1_280.0) / 59_940.0;
            let ours_ms = value(&record, MetricId::LatencyMean);
            assert!((ours_ms / theirs_ms - 1.0).abs() < 0.1, "{ours_ms} {theirs_ms}");
        }
    }
}

/// Plumtree over HyParView: once there is a tree, no copy comes twice, where eager push over the same views sends each message
/// about three times more than it need (the paper's comparison: "Epidemic Broadcast Trees", SRDS 2007, relative message
/// redundancy with a fan-out of four).
#[test]
fn plumtree_sends_once_what_eager_push_sends_four_times() {
    let broadcast = "kind = \"broadcast\"\nrate = \"2 /s\"";
    let [push, tree] = ["", "dissemination = \"plumtree\""].map(|rule| {
        let record = run(1_000, broadcast, &format!("kind = \"hyparview\"\n{rule}"));
        assert!((value(&record, MetricId::Delivered) - 100.0).abs() < 1e-9, "{rule}");
        value(&record, MetricId::Duplicates)
    });
    assert!((2.9..3.0).contains(&push), "{push}");
    assert!(tree < 0.001, "{tree}");
}

/// SplitStream's point: with as many children as stripes nobody sends much more than it receives, where in a tree a quarter of
/// the peers sends everything (Castro et al., SOSP 2003).
#[test]
fn stripes_spread_the_load_that_a_tree_puts_on_a_quarter() {
    let broadcast = "kind = \"broadcast\"\nrate = \"20 /s\"";
    let text = |topology: &str| {
        let uplinks = run_with_uplinks(801, broadcast, topology);
        [MetricId::UplinkMax, MetricId::UplinkMean].map(|id| value(&uplinks, id))
    };
    let ([striped_max, striped_mean], [tree_max, tree_mean]) =
        (text("kind = \"multi-tree\""), text("kind = \"tree\"\ndegree = 4"));
    // The source sends every message once, an inner node each of its stripe to four.
    assert!(striped_max / striped_mean < 1.05, "{striped_max} {striped_mean}");
    assert!((3.9..4.1).contains(&(tree_max / tree_mean)), "{tree_max} {tree_mean}");
}
