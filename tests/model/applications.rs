//! Workloads of applications against what their descriptions say: games, writing, traces.

use std::path::Path;
use std::sync::Arc;

use peerscape::metrics::{MetricId, RunRecord};
use peerscape::overlay::workload::Workload;
use peerscape::rng::Seed;
use peerscape::scenario::{Experiment, Grain, parse_str};
use peerscape::units::{Probability, SimDuration};
use peerscape::webrtc::HeaderOverhead;

use super::oracles::{constant, mean_max_ns, run};
use super::support::{cell, ideal, simulate, topology, workload};

/// The same in both grains.
fn by_grain(traffic: &Arc<dyn Workload>, peers: u32, kind: &str, params: &str) -> [RunRecord; 2] {
    [Grain::Message, Grain::Packet].map(|grain| {
        let mut settings = ideal(peers, constant(20), vec![Arc::clone(traffic)]);
        settings.run.grain = grain;
        settings.webrtc.overhead = HeaderOverhead::Full;
        simulate(&cell(settings, topology(kind, params)), Seed(3)).expect("runs")
    })
}

#[test]
fn players_send_states_to_the_nearest_and_events_to_all() {
    // 20 ticks a second for 10 s to 4 players; 1 event in 10 s on average to 29.
    let game = workload("game", r#"{ nearest = 4, event_rate = "0.1 /s" }"#);
    let record = run(ideal(30, constant(20), vec![Arc::clone(&game)]), "mesh", "{}", 1);
    let (states, counts) = (30 * 200, record.counts);
    let events = counts.messages - states;
    assert!((10..60).contains(&events), "30 on average: {events}");
    assert_eq!(counts.deliveries, states * 4 + events * 29);
    assert_eq!(record.values.get(MetricId::Delivered), Some(100.0));
    // Over a mesh each goes its own way, over a tree a way is shared.
    assert_eq!(counts.copies_sent, counts.deliveries);
    let tree = run(ideal(30, constant(20), vec![Arc::clone(&game)]), "tree", "{ degree = 3 }", 1);
    assert_eq!((tree.counts.messages, tree.counts.deliveries), (counts.messages, counts.deliveries));
    let [message, packet] = by_grain(&game, 12, "tree", "{ degree = 3 }");
    assert_eq!(message.latency.count(), packet.latency.count());
    assert_eq!(mean_max_ns(&message), mean_max_ns(&packet), "without queues the grains are equal");
}

#[test]
fn states_are_lost_and_events_are_not() {
    let events_of = |grain: Grain| {
        let game = workload("game", r#"{ nearest = 1, rate = "1 /s", event_rate = "10 /s" }"#);
        let mut settings = ideal(8, constant(20), vec![game]);
        settings.run.grain = grain;
        settings.run.drain = SimDuration::from_secs(60);
        settings.webrtc.overhead = HeaderOverhead::Full;
        settings.population.classes[0].link.value.loss = Probability::new(0.1).expect("a share").into();
        simulate(&cell(settings, topology("mesh", "{}")), Seed(1)).expect("runs").counts
    };
    for counts in [Grain::Message, Grain::Packet].map(events_of) {
        // 80 states, each over two links: 19 % are lost, within four standard deviations.
        assert!((1..=30).contains(&counts.copies_lost), "{counts:?}");
        assert_eq!(counts.deliveries + counts.copies_lost, 80 + 7 * (counts.messages - 80), "{counts:?}");
    }
}

#[test]
fn writers_update_everybody_and_all_fetch_the_document_first() {
    let text = workload("text", r#"{ writers = 2, burst = "4 s", pause = "1 s", start = "1 s" }"#);
    let record = run(ideal(20, constant(20), vec![Arc::clone(&text)]), "mesh", "{}", 1);
    // One content and its 19 downloads; 2 writers at 4.19 /s for 4 fifths of 10 s make 67 updates on average.
    let updates = record.counts.messages - 1;
    assert!((35..90).contains(&updates), "{updates} updates");
    assert_eq!(record.counts.deliveries, updates * 19 + 19);
    assert_eq!(record.values.get(MetricId::DistributionComplete), Some(100.0));
    assert_eq!(record.values.get(MetricId::Delivered), Some(100.0));
    assert_eq!(mean_max_ns(&record), (20_000_000, 20_000_000));
    let without = workload("text", r#"{ writers = 2, document = "0 B" }"#);
    let record = run(ideal(20, constant(20), vec![without]), "mesh", "{}", 1);
    assert_eq!(record.values.get(MetricId::DistributionComplete), None);
    let [message, packet] = by_grain(&text, 12, "star", "{}");
    assert_eq!(message.latency.count(), packet.latency.count());
}

fn traced(head: &str, csv_folder: &Path) -> Result<Experiment, String> {
    let text = format!(
        "[run]\nseeds = 1\ngrain = \"message\"\nduration = \"10 s\"\nwarmup = \"0 s\"\n[population]\n{head}\n\
         [webrtc]\nsetup = \"instant\"\n[[topology]]\nkind = \"mesh\"\n"
    );
    parse_str("traced.toml", &text, csv_folder, &[])
        .map_err(|errors| errors.errors().iter().map(|error| format!("{error}\n")).collect::<String>())
}

#[test]
fn a_trace_is_published_at_its_times_to_those_that_it_names() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |rows: &str| {
        std::fs::write(folder.path().join("chat.csv"), format!("time_s,source,bytes,to\n{rows}")).expect("written");
    };
    let scenario = "peers = 5\n[[workload]]\nkind = \"trace\"\nfile = \"chat.csv\"\nchannel = \"reliable\"";
    write("3,ann,100,\n4.25,bob,300,ann cy\n7,ann,100,\n9.999,cy,40,ann\n");
    let experiment = traced(scenario, folder.path()).expect("a scenario");
    let record = simulate(&experiment.cells[0], Seed(1)).expect("runs");
    assert_eq!([record.counts.messages, record.counts.deliveries], [4, 4 + 2 + 4 + 1]);
    assert_eq!(record.values.get(MetricId::Delivered), Some(100.0));
    // The manifest knows what was read.
    assert!(experiment.resolved.to_string().contains("content_xxh3"));
    write("3,ann,100,\n4.25,bob,300,ann cy\n7,ann,100,\n9.999,cy,41,ann\n");
    assert_ne!(traced(scenario, folder.path()).expect("a scenario").hash, experiment.hash);
    // What comes later is left out if the scenario says so, and an error if not.
    write("3,ann,100,\n4.25,bob,300,ann cy\n70,ann,100,\n");
    let late = traced(scenario, folder.path()).expect_err("too late");
    assert!(late.contains("its last message is published at 70 s, and the run ends at 10 s"), "{late}");
    let cut = traced(&format!("{scenario}\nuntil = \"4 s\""), folder.path()).expect("a scenario");
    let record = simulate(&cut.cells[0], Seed(1)).expect("runs");
    assert_eq!([record.counts.messages, record.counts.deliveries], [1, 4]);
}

#[test]
fn a_trace_of_more_peers_than_there_are_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("t.csv"), "time_s,source,bytes\n1,a,5\n1,b,5\n1,c,5\n").expect("written");
    let refused = traced("peers = 2\n[[workload]]\nkind = \"trace\"\nfile = \"t.csv\"", folder.path());
    let refused = refused.expect_err("three peers of two");
    assert!(refused.contains("the workload needs 3 peers, and there are only 2"), "{refused}");
    let missing = traced("peers = 2\n[[workload]]\nkind = \"trace\"\nfile = \"no.csv\"", folder.path());
    assert!(missing.expect_err("no file").contains("cannot read no.csv"));
}

#[test]
fn traces_in_both_grains_and_without_shortcuts_are_the_same() {
    let folder = tempfile::tempdir().expect("a folder");
    let rows: String = (0..400_u32)
        .map(|row| {
            format!(
                "{}.{:03},p{},{},{}\n",
                row / 50,
                row * 19 % 1_000,
                row % 9,
                50 + row % 3 * 400,
                ["", "p1 p2"][row as usize % 2]
            )
        })
        .collect();
    std::fs::write(folder.path().join("t.csv"), format!("time_s,source,bytes,to\n{rows}")).expect("written");
    let experiment =
        traced("peers = 12\n[[workload]]\nkind = \"trace\"\nfile = \"t.csv\"", folder.path()).expect("a scenario");
    let trace = Arc::clone(&experiment.cells[0].settings.workloads[0]);
    for (kind, params) in [("star", "{}"), ("tree", "{ degree = 2 }")] {
        let mut settings = ideal(12, constant(20), vec![Arc::clone(&trace)]);
        settings.run.warmup = SimDuration::from_secs(2);
        let record = run(settings, kind, params, 2);
        assert_eq!(record.counts.messages, 400);
        let [message, packet] = by_grain(&trace, 12, kind, params);
        assert_eq!(message.latency.count(), packet.latency.count(), "{kind}");
        assert_eq!(mean_max_ns(&message), mean_max_ns(&packet), "{kind}");
    }
}
