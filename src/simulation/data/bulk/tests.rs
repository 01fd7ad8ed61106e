//! Distributions against closed forms, the bound of Kumar and Ross, and a count of bytes.

use std::sync::Arc;

use toml::de::ValueDeserializer;

use crate::metrics::{MetricId, RunRecord};
use crate::net::{LatencySpec, LinkSpec};
use crate::overlay::topology::{TOPOLOGIES, Topology};
use crate::overlay::workload::{WORKLOADS, Workload};
use crate::presets::OrPreset;
use crate::rng::Seed;
use crate::scenario::{Cell, Grain, RunSettings, Settings};
use crate::simulation::{Knowledge, simulate};
use crate::units::{Bitrate, SimDuration};
use crate::webrtc::turn::NoTurn;
use crate::webrtc::{HeaderOverhead, SetupProfile, TurnChoice, WebrtcSpec};
use crate::world::{ClassSpec, PeerCount, PopulationSpec};

fn workload(params: &str) -> Arc<dyn Workload> {
    let entry = WORKLOADS.iter().find(|entry| entry.kind == "distribution").expect("a kind of workload");
    (entry.parse)(ValueDeserializer::parse(params).expect("TOML")).expect("parameters")
}

fn topology(kind: &str, params: &str) -> Arc<dyn Topology> {
    let entry = TOPOLOGIES.iter().find(|entry| entry.kind == kind).expect("a kind of topology");
    (entry.parse)(ValueDeserializer::parse(params).expect("TOML")).expect("parameters")
}

/// Peers on 100 Mbit/s down and this much up, so far apart, without headers and CPU costs.
struct Lab {
    peers: u32,
    up_mbit: u64,
    one_way_ms: u64,
    duration_s: u64,
}

impl Lab {
    fn run(&self, content: &str, topology: Arc<dyn Topology>, seed: u64) -> RunRecord {
        self.run_with(content, topology, seed, |_| {})
    }

    fn run_with(
        &self,
        content: &str,
        topology: Arc<dyn Topology>,
        seed: u64,
        change: impl Fn(&mut Settings),
    ) -> RunRecord {
        let rate = |mbit: u64| Some(Bitrate::from_bps(mbit * 1_000_000));
        let link = LinkSpec { down: rate(100), up: rate(self.up_mbit), ..LinkSpec::default() };
        let class = ClassSpec {
            link: OrPreset { value: link, name: None },
            nat: OrPreset::named("public").expect("a preset"),
            device: OrPreset::named("server").expect("a preset"),
            engine: OrPreset::named("ideal").expect("a preset"),
            ..ClassSpec::named("peers")
        };
        let mut settings = Settings {
            run: RunSettings {
                duration: SimDuration::from_secs(self.duration_s),
                warmup: SimDuration::ZERO,
                drain: SimDuration::ZERO,
                grain: Grain::Message,
            },
            population: PopulationSpec {
                peers: PeerCount::new(self.peers).expect("a number of peers"),
                regions: OrPreset::named("world").expect("a preset"),
                join_over: SimDuration::ZERO,
                classes: vec![class],
            },
            latency: LatencySpec::Constant { one_way: SimDuration::from_ms(self.one_way_ms) },
            webrtc: WebrtcSpec {
                setup: SetupProfile::Instant,
                overhead: HeaderOverhead::None,
                ..WebrtcSpec::default()
            },
            workloads: vec![workload(content)],
        };
        change(&mut settings);
        let label = topology.label();
        let cell = Cell { index: 0, group: 0, axes: Vec::new(), label, topology, settings: Arc::new(settings) };
        simulate(&cell, Seed(seed), &Knowledge::of(&cell.settings)).expect("a replication")
    }
}

fn value(record: &RunRecord, id: MetricId) -> f64 {
    record.values.get(id).unwrap_or(f64::NAN)
}

#[test]
fn one_piece_to_one_peer_takes_a_round_trip_and_its_serialisation() {
    let lab = Lab { peers: 2, up_mbit: 8, one_way_ms: 20, duration_s: 10 };
    let record = lab.run(r#"{ size = "100 kB", piece = "100 kB" }"#, topology("mesh", "{}"), 1);
    // The request 20 ms, 100 kB at 8 Mbit/s 100 ms, the last byte 20 ms.
    assert!((value(&record, MetricId::DistributionMax) - 0.140).abs() < 1e-9, "{record:?}");
    assert!((value(&record, MetricId::DistributionBound) - 0.100).abs() < 1e-9);
    assert!((value(&record, MetricId::DistributionFromSources) - 100.0).abs() < 1e-9);
    // 100 ms of 10 s.
    assert!((value(&record, MetricId::UplinkMax) - 1.0).abs() < 1e-9, "{}", value(&record, MetricId::UplinkMax));
}

#[test]
fn a_source_shares_its_uplink_among_all_spokes_of_a_star() {
    let lab = Lab { peers: 5, up_mbit: 8, one_way_ms: 0, duration_s: 60 };
    let record = lab.run(r#"{ size = "1 MB", piece = "1 MB", uploads = 8, sources = 1 }"#, topology("star", "{}"), 3);
    let (time, bound) = (value(&record, MetricId::DistributionMax), value(&record, MetricId::DistributionBound));
    // 1 MB at 8 Mbit/s is 1 s: four of them leave the hub or, if it is not the source, one comes and three leave.
    assert!((time - 4.0).abs() < 1e-6, "{time}");
    assert!((bound - 1.0).abs() < 1e-9, "all five together upload 40 Mbit/s: {bound}");
}

#[test]
fn a_chain_passes_pieces_on_while_others_arrive() {
    let lab = Lab { peers: 9, up_mbit: 8, one_way_ms: 0, duration_s: 60 };
    let content = r#"{ size = "1 MB", piece = "10 kB", order = "in-order" }"#;
    let record = lab.run(content, topology("tree", "{ degree = 1 }"), 1);
    // The source sends the content once for each of its neighbours, one or two, 1 s each. Every further hop adds a
    // piece of 10 ms for each that is fetched at a time. Whole contents one after the other would take 8 s.
    let by_source = 8.0 * value(&record, MetricId::DistributionFromSources) / 100.0;
    let time = value(&record, MetricId::DistributionMax);
    assert!((by_source..by_source + 8.0 * 3.0 * 0.010 + 0.001).contains(&time), "{time} after {by_source}");
}

#[test]
fn a_mesh_comes_close_to_the_bound_and_never_below_it() {
    let lab = Lab { peers: 40, up_mbit: 10, one_way_ms: 5, duration_s: 120 };
    for seed in 1..=3 {
        let content = r#"{ size = "10 MB", piece = "64 KiB", sources = 1 }"#;
        let record = lab.run(content, topology("mesh", "{}"), seed);
        let (time, bound) = (value(&record, MetricId::DistributionMax), value(&record, MetricId::DistributionBound));
        // 10 MB at 10 Mbit/s: 8 s until the source has sent it once, and as long by all uplinks together.
        assert!((bound - 8.0).abs() < 1e-9, "{bound}");
        assert!(time > bound && time < 2.0 * bound, "seed {seed}: {time} against {bound}");
        assert!((value(&record, MetricId::DistributionComplete) - 100.0).abs() < 1e-9);
        assert!(record.findings.is_empty(), "{:?}", record.findings);
    }
}

#[test]
fn what_does_not_arrive_in_time_is_a_finding() {
    let lab = Lab { peers: 10, up_mbit: 1, one_way_ms: 5, duration_s: 5 };
    let record = lab.run(r#"{ size = "10 MB" }"#, topology("tree", "{ degree = 2 }"), 1);
    assert_eq!(record.values.get(MetricId::DistributionP95), None);
    assert!(value(&record, MetricId::DistributionComplete).abs() < 1e-9);
    let texts: Vec<&str> = record.findings.iter().map(|finding| finding.text.as_str()).collect();
    assert_eq!(texts, ["9 of 9 downloads are not complete at the end"]);
    // The source sends all the time, and pieces that are not finished count.
    let load = value(&record, MetricId::UplinkMax);
    assert!((95.0..100.0).contains(&load), "{load}");
}

#[test]
fn every_topology_gives_everybody_every_byte_once() {
    for kind in [("mesh", "{}"), ("star", "{}"), ("star", r#"{ hub = "server" }"#), ("hybrid", "{ peers_per_hub = 4 }")]
    {
        let lab = Lab { peers: 20, up_mbit: 20, one_way_ms: 10, duration_s: 100 };
        let record = lab.run(r#"{ size = "1000003 B", piece = "65537 B" }"#, topology(kind.0, kind.1), 7);
        assert!((value(&record, MetricId::DistributionComplete) - 100.0).abs() < 1e-9, "{kind:?}");
        // Bytes sent by peers and the server, without headers: one content for each that wants it, and for the server.
        let window_s = 100.0;
        let by_peers = value(&record, MetricId::Sent) * 20.0 * window_s;
        let by_source_and_all = if kind.1.contains("server") { 1.0 } else { 19.0 };
        assert!((by_peers / 1_000_003.0 - by_source_and_all).abs() < 1e-6, "{kind:?}: {by_peers}");
    }
}

#[test]
fn who_has_no_path_to_anybody_is_never_asked() {
    let lab = Lab { peers: 20, up_mbit: 20, one_way_ms: 10, duration_s: 100 };
    let record = lab.run_with(r#"{ size = "1 MB" }"#, topology("mesh", "{}"), 1, |settings| {
        settings.population.classes[0].nat = OrPreset::named("enterprise").expect("a preset");
        settings.population.join_over = SimDuration::from_secs(30);
        settings.webrtc.turn = TurnChoice::None(NoTurn::None);
    });
    // Some pairs have no path; pieces go around by others.
    assert!(value(&record, MetricId::Impossible) > 10.0);
    assert!(value(&record, MetricId::DistributionComplete) > 50.0);
}

#[test]
fn what_is_sent_before_the_measured_window_does_not_count_in_it() {
    let lab = Lab { peers: 2, up_mbit: 8, one_way_ms: 0, duration_s: 14 };
    // 10 MB in one piece take 10 s, of which the window has the last six.
    let record =
        lab.run_with(r#"{ size = "10 MB", piece = "10 MB", start = "0 s" }"#, topology("mesh", "{}"), 1, |settings| {
            settings.run.warmup = SimDuration::from_secs(4);
        });
    assert!((value(&record, MetricId::UplinkMax) - 60.0).abs() < 1e-3, "{}", value(&record, MetricId::UplinkMax));
}
