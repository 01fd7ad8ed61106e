//! Messages in chunks against closed forms: pipelines over hops, and codes over paths with losses.

use peerscape::metrics::{MetricId, RunRecord};
use peerscape::net::LinkSpec;
use peerscape::scenario::{Grain, Settings};
use peerscape::units::{Bitrate, ByteCount, Probability};
use peerscape::webrtc::HeaderOverhead;

use super::oracles::{constant, mean_max_ns, run};
use super::support::{cell, ideal, simulate, symmetric, topology, workload};
use peerscape::rng::Seed;

const PROPAGATION_NS: u64 = 20_000_000;

fn chain(traffic: &str, link: LinkSpec) -> Settings {
    let mut settings = ideal(20, constant(20), vec![workload("broadcast", traffic)]);
    settings.population.classes[0].link.value = link;
    settings
}

fn value(record: &RunRecord, id: MetricId) -> f64 {
    record.values.get(id).expect("a value")
}

#[test]
fn hops_work_side_by_side_to_the_nanosecond() {
    // Ten chunks of 1,024 B and 8 B of header, on uplinks of 10 Mbit/s: 825.6 us each.
    let (chunk_ns, chunks, hops) = (825_600, 10, 19);
    let link = LinkSpec { up: Some(Bitrate::from_bps(10_000_000)), ..LinkSpec::default() };
    let settings = chain(r#"{ message = "10240 B", rate = "1 /s", chunk = "1024 B" }"#, link);
    let record = run(settings, "tree", "{ degree = 1 }", 1);
    let after = |hop: u64| (hop + chunks - 1) * chunk_ns + hop * PROPAGATION_NS;
    let mean = (1..=hops).map(after).sum::<u64>() / hops;
    assert_eq!(mean_max_ns(&record), (mean, after(hops)));
    let (messages, deliveries) = (record.counts.messages, record.counts.deliveries);
    assert_eq!(deliveries, hops * messages);
    assert_eq!(record.counts.copies_sent, hops * messages * chunks);
    // The same messages whole wait for all of themselves at every hop.
    let whole = chain(r#"{ message = "10240 B", rate = "1 /s" }"#, link);
    let (_, last_ns) = mean_max_ns(&run(whole, "tree", "{ degree = 1 }", 1));
    assert_eq!(last_ns, hops * (chunks * 819_200 + PROPAGATION_NS));
}

/// In a full tree of `degree` children and `depth` levels the last chunk of `k` reaches the last peer `degree` chunk times
/// a chunk or level later: `(depth + k - 1) degree t`, and a delay a level.
#[test]
fn a_full_tree_pipelines_whatever_its_degree_depth_and_chunks() {
    let link = LinkSpec { up: Some(Bitrate::from_bps(8_000_000)), ..LinkSpec::default() };
    for (degree, depth) in [(1, 5), (2, 4), (3, 3), (5, 2), (30, 1)] {
        let peers = (0..=depth).map(|level| u32::pow(degree, level)).sum::<u32>();
        for chunks in [2, 3, 7, 20, 64] {
            let traffic = format!("{{ message = \"{} B\", rate = \"1 /s\", chunk = \"492 B\" }}", chunks * 492);
            let mut settings = ideal(peers, constant(20), vec![workload("broadcast", &traffic)]);
            settings.population.classes[0].link.value = link;
            let record = run(settings, "tree", &format!("{{ degree = {degree} }}"), 1);
            // With a header of 8 bytes, 500 of them take half a millisecond.
            let sent_ns = u64::from((depth + chunks - 1) * degree) * 500_000;
            let (_, last_ns) = mean_max_ns(&record);
            assert_eq!(last_ns, sent_ns + u64::from(depth) * PROPAGATION_NS, "{degree} {depth} {chunks}");
            assert_eq!(record.counts.deliveries, u64::from(peers - 1) * record.counts.messages);
        }
    }
}

#[test]
fn packets_of_chunks_pipeline_likewise() {
    let traffic = r#"{ message = "10000 B", rate = "1 /s", chunk = "1000 B", channel = "reliable-unordered" }"#;
    let mut settings = chain(traffic, symmetric(10));
    settings.run.grain = Grain::Packet;
    settings.webrtc.overhead = HeaderOverhead::Full;
    let wire = settings.webrtc.wire(ByteCount::new(1_008));
    let chunk_ns = Bitrate::from_bps(10_000_000).serialisation_time(wire.bytes).as_ns();
    let record = simulate(&cell(settings, topology("tree", "{ degree = 1 }")), Seed(1)).expect("runs");
    let (_, last_ns) = mean_max_ns(&record);
    // Two links a hop.
    let expected = (2 * 19 + 9) * chunk_ns + 19 * PROPAGATION_NS;
    let ratio = last_ns as f64 / expected as f64;
    assert!((0.98..1.05).contains(&ratio), "{last_ns} ns, expected {expected}");
    assert_eq!(record.counts.deliveries, 19 * record.counts.messages);
}

/// How likely it is that at least `needed` of `of` get through, each with this probability.
fn at_least(needed: u32, of: u32, through: f64) -> f64 {
    let choose = |k: u32| (1..=k).fold(1.0, |all, i| all * f64::from(of - k + i) / f64::from(i));
    let chance = |k: u32| choose(k) * through.powf(f64::from(k)) * (1.0 - through).powf(f64::from(of - k));
    (needed..=of).map(chance).sum()
}

#[test]
fn a_code_delivers_as_often_as_enough_of_its_chunks_get_through() {
    // Every chunk passes two links that lose a twentieth.
    let through = 0.95 * 0.95;
    let link = LinkSpec { loss: Probability::new(0.05).expect("a share").into(), ..symmetric(100) };
    for grain in [Grain::Message, Grain::Packet] {
        for repair in 0..4 {
            let code = if repair == 0 { String::new() } else { format!(", repair_chunks = {repair}") };
            let traffic = format!("{{ message = \"2000 B\", rate = \"20 /s\", chunk = \"500 B\"{code} }}");
            let mut settings = ideal(40, constant(20), vec![workload("broadcast", &traffic)]);
            settings.population.classes[0].link.value = link;
            settings.run.grain = grain;
            let record = simulate(&cell(settings, topology("mesh", "{}")), Seed(3)).expect("runs");
            // Five packets at once are more than a window after a loss, which packets alone know.
            let is_doubted = record.doubts.iter().any(|doubt| doubt.kind == "large-messages");
            assert_eq!(is_doubted, grain == Grain::Message && repair > 0, "{grain:?} {repair}");
            let (delivered, expected) = (value(&record, MetricId::Delivered) / 100.0, at_least(4, 4 + repair, through));
            assert!((delivered - expected).abs() < 0.02, "{grain:?} {repair}: {delivered}, expected {expected}");
            // What is missing has a fate, shared out among those of the chunks.
            let lost = value(&record, MetricId::MissedLost) / 100.0;
            assert!((delivered + lost - 1.0).abs() < 0.01, "{grain:?} {repair}: {delivered} and {lost}");
        }
    }
}

#[test]
fn each_chunk_of_a_message_takes_another_of_several_trees() {
    // Three stripes, of which any two make a message: a third more on the wire than the message, and less is lost.
    let link = LinkSpec { loss: Probability::new(0.02).expect("a share").into(), ..symmetric(100) };
    let of = |traffic: &str| {
        let mut settings = ideal(60, constant(20), vec![workload("broadcast", traffic)]);
        settings.population.classes[0].link.value = link;
        let cell = cell(settings, topology("multi-tree", "{ stripes = 3, degree = 4 }"));
        value(&simulate(&cell, Seed(2)).expect("runs"), MetricId::Delivered)
    };
    let plain = of(r#"{ message = "2000 B", rate = "20 /s", chunk = "1000 B" }"#);
    let coded = of(r#"{ message = "2000 B", rate = "20 /s", chunk = "1000 B", repair_chunks = 1 }"#);
    // A chunk passes three hops or so: 0.96^3 is 0.885, both of two 0.78, two of three 0.96.
    assert!((70.0..88.0).contains(&plain) && (91.0..99.0).contains(&coded), "{plain} and {coded} %");
}

#[test]
fn floods_bring_duplicates_of_chunks_and_each_message_once() {
    for (kind, params) in [("random-regular", "{ degree = 4 }"), ("hybrid", "{ hubs = 4 }"), ("star", "{}")] {
        let traffic = r#"{ message = "4000 B", rate = "5 /s", sources = 3, chunk = "1500 B" }"#;
        let settings = ideal(30, constant(20), vec![workload("broadcast", traffic)]);
        let record = run(settings, kind, params, 1);
        assert_eq!(record.counts.deliveries, 29 * record.counts.messages, "{kind}");
        if kind == "random-regular" {
            // A message of three chunks: 2 |E| - (n - 1) copies each, of which 2 |E| - 2 (n - 1) are duplicates.
            let duplicates = f64::from(2 * 60 - 2 * 29) / 29.0;
            let counted = value(&record, MetricId::Duplicates);
            assert!((counted - duplicates).abs() < 1e-9, "{counted}, expected {duplicates}");
        }
    }
}
