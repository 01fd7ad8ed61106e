//! Queueing delay by class of traffic, against closed forms.

use peerscape::metrics::{MetricId, RunRecord};
use peerscape::net::{LinkSpec, Queueing};
use peerscape::presets::OrPreset;
use peerscape::rng::Seed;
use peerscape::scenario::{Grain, Settings};
use peerscape::units::{Bitrate, ByteCount, SimDuration};
use peerscape::webrtc::HeaderOverhead;

use super::oracles::constant;
use super::support::{cell, ideal, simulate, topology, workload};

const PRIORITIES: [MetricId; 4] =
    [MetricId::QueueingVeryLow, MetricId::QueueingLow, MetricId::QueueingMedium, MetricId::QueueingHigh];

fn packets(peers: u32, traffic: &[&str], link: LinkSpec) -> Settings {
    let workloads = traffic.iter().map(|params| workload("broadcast", params)).collect();
    let mut settings = ideal(peers, constant(20), workloads);
    settings.run.grain = Grain::Packet;
    settings.webrtc.overhead = HeaderOverhead::Full;
    settings.population.classes[0].link.value = link;
    settings
}

fn record(settings: Settings) -> RunRecord {
    simulate(&cell(settings, topology("mesh", "{}")), Seed(1)).expect("runs")
}

fn uplink(mbit: u64) -> LinkSpec {
    LinkSpec { up: Some(Bitrate::from_bps(mbit * 1_000_000)), ..LinkSpec::default() }
}

#[test]
fn copies_of_a_burst_wait_for_those_ahead_of_them() {
    let traffic = r#"{ message = "1000 B", rate = "1 /s", priority = "medium" }"#;
    for queue in [Queueing::Fifo, Queueing::Fair] {
        let settings = packets(6, &[traffic], LinkSpec { queue, ..uplink(10) });
        let wire = settings.webrtc.wire(ByteCount::new(1_000));
        let record = record(settings);
        // Five copies at once, ten times: the last waits for four.
        let expected_ms = 4.0 * Bitrate::from_bps(10_000_000).serialisation_time(wire.bytes).as_ms_f64();
        let waits = PRIORITIES.map(|id| record.values.get(id));
        assert_eq!([waits[0], waits[1], waits[3]], [None; 3], "nobody has another priority");
        let wait_ms = waits[2].expect("a wait");
        // To the resolution of histograms.
        assert!((wait_ms / expected_ms - 1.0).abs() < 0.001, "{queue:?}: {wait_ms} ms, expected {expected_ms}");
        assert_eq!(record.values.get(MetricId::ControlQueueing), None, "there is no live stream");
    }
}

#[test]
fn what_is_idle_does_not_wait_and_messages_have_no_such_figure() {
    let traffic = r#"{ message = "1000 B", rate = "10 /s" }"#;
    let mut settings = packets(2, &[traffic], uplink(10));
    assert_eq!(record(settings.clone()).values.get(MetricId::QueueingLow), Some(0.0));
    settings.run.grain = Grain::Message;
    assert!(PRIORITIES.iter().all(|&id| record(settings.clone()).values.get(id).is_none()));
}

#[test]
fn urgent_messages_wait_less_than_a_backlog_beside_them() {
    // 1.3 times what the uplink carries: the backlog grows for ten seconds, which the urgent ones pass.
    let bulk = r#"{ from = "ideal", message = "1000 B", rate = "150 /s", channel = "reliable" }"#;
    let waits = |priority: &str| {
        let urgent =
            format!(r#"{{ message = "100 B", rate = "10 /s", channel = "reliable", priority = "{priority}" }}"#);
        let link = LinkSpec { buffer: Some(SimDuration::from_ms(50)), ..uplink(1) };
        let mut settings = packets(2, &[bulk, &urgent], link);
        settings.population.classes[0].engine = OrPreset::named("chromium-interleaving").expect("a preset");
        // Both are published by the same peer in this replication.
        let record = record(settings);
        PRIORITIES.map(|id| record.values.get(id))
    };
    let [_, low, _, high] = waits("high");
    let (low, high) = (low.expect("the backlog"), high.expect("urgent ones"));
    println!("low {low} ms, high {high} ms");
    assert!(low > 1_000.0 && high < 500.0, "low {low} ms, high {high} ms");
    let [_, both, _, none] = waits("low");
    assert!(both.expect("both") > 1_000.0 && none.is_none());
}
