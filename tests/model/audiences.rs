//! Messages for some peers only, against closed forms and across the grains.

use std::sync::Arc;

use peerscape::metrics::{MetricId, RunRecord};
use peerscape::overlay::workload::Workload;
use peerscape::presets::OrPreset;
use peerscape::rng::Seed;
use peerscape::scenario::Grain;
use peerscape::units::{Probability, SimDuration};
use peerscape::webrtc::{HeaderOverhead, WebrtcSpec};

use super::oracles::{constant, mean_max_ns, run};
use super::support::{cell, ideal, simulate, symmetric, topology, workload};

fn telemetry(params: &str) -> Arc<dyn Workload> {
    workload("telemetry", &format!("{{ message = \"100 B\", rate = \"1 /s\", {params} }}"))
}

const TOPOLOGIES: [(&str, &str); 5] = [
    ("mesh", "{}"),
    ("star", "{}"),
    ("star", r#"{ hub = "server" }"#),
    ("tree", "{ degree = 3 }"),
    ("hybrid", "{ peers_per_hub = 5 }"),
];

#[test]
fn reports_take_two_hops_by_way_of_a_server_and_one_over_a_mesh() {
    // A server's link adds half a millisecond a way, and its CPU what a message costs.
    for (kind, params, hops, server_ns) in [("star", r#"{ hub = "server" }"#, 2, 1_023_432), ("mesh", "{}", 1, 0)] {
        let record = run(ideal(20, constant(20), vec![telemetry("sinks = 1")]), kind, params, 1);
        let latency_ns = hops * 20_000_000 + server_ns;
        assert_eq!(mean_max_ns(&record), (latency_ns, latency_ns), "{kind}");
        let counts = record.counts;
        assert_eq!([counts.messages, counts.deliveries, counts.copies_sent], [190, 190, 190 * hops], "{kind}");
        assert_eq!(record.values.get(MetricId::Delivered), Some(100.0));
    }
}

#[test]
fn reports_climb_a_tree_and_go_nowhere_else() {
    // The sink is the root, so peer number i of the tree's order has a way of its depth.
    for degree in [1_u64, 2, 5] {
        let record =
            run(ideal(40, constant(20), vec![telemetry("sinks = 1")]), "tree", &format!("{{ degree = {degree} }}"), 3);
        let mut depth = [0_u64; 40];
        (1..40).for_each(|child| depth[child] = depth[(child - 1) / degree as usize] + 1);
        let (sum, deepest) = (depth.iter().sum::<u64>(), depth[39]);
        assert_eq!(record.counts.copies_sent, 10 * sum, "10 s at 1 /s");
        assert_eq!(record.counts.deliveries, 10 * 39);
        assert_eq!(mean_max_ns(&record), (sum * 20_000_000 / 39, deepest * 20_000_000));
    }
}

#[test]
fn several_sinks_share_the_way_to_them() {
    // From a spoke to the hub once, and from there to each sink; the hub may be one itself.
    let record = run(ideal(20, constant(20), vec![telemetry("sinks = 4")]), "star", r#"{ hub = "server" }"#, 1);
    let counts = record.counts;
    assert_eq!([counts.messages, counts.deliveries, counts.copies_sent], [160, 640, 800]);
}

/// A world with losses, overload and boxes, in which messages for everybody and for some meet.
fn everything(channel: &str, traffic: Vec<Arc<dyn Workload>>) -> peerscape::scenario::Settings {
    let everybody = format!("{{ message = \"900 B\", rate = \"3 /s\", channel = \"{channel}\" }}");
    let mut workloads = vec![workload("broadcast", &everybody)];
    workloads.extend(traffic);
    let mut settings = ideal(40, peerscape::net::LatencySpec::default(), workloads);
    settings.webrtc = WebrtcSpec::default();
    let class = settings.population.classes[0].clone();
    settings.population.classes = ["cable", "4g"]
        .iter()
        .map(|&link| {
            let mut class = class.clone();
            class.share = Probability::new(0.5).expect("a share");
            class.link = OrPreset::named(link).expect("a preset");
            class.nat = OrPreset::named("generic").expect("a preset");
            class.engine = OrPreset::named("chromium").expect("a preset");
            class.device = OrPreset::named("phone").expect("a preset");
            class
        })
        .collect();
    settings
}

fn reports(channel: &str) -> Arc<dyn Workload> {
    let params = format!("{{ sinks = 3, message = \"300 B\", rate = \"10 /s\", channel = \"{channel}\" }}");
    workload("telemetry", &params)
}

fn topics(channel: &str) -> Arc<dyn Workload> {
    let params = format!(
        "{{ topics = 9, publishers_per_topic = 2, message = \"300 B\", rate = \"3 /s\", channel = \"{channel}\" }}"
    );
    workload("pub-sub", &params)
}

#[test]
fn each_topic_reaches_its_subscribers_over_any_topology() {
    // Without losses, over connections that stand, what is wanted is what arrives; less is sent than to everybody.
    for (kind, params) in TOPOLOGIES {
        let mut settings = ideal(60, constant(20), vec![topics("unreliable")]);
        settings.run.warmup = SimDuration::from_secs(1);
        let record = run(settings, kind, params, 4);
        assert_eq!(record.values.get(MetricId::Delivered), Some(100.0), "{kind}");
        // 60 peers hold 3 subscriptions, so that a topic has 20 receivers on average.
        let counts = record.counts;
        let mean = counts.deliveries as f64 / counts.messages as f64;
        assert!((mean - 20.0).abs() < 1.0, "{kind}: {mean}");
        assert!(counts.copies_sent < 40 * counts.messages, "{kind}: {counts:?}");
    }
}

#[test]
fn shortcuts_change_nothing_for_audiences() {
    for (kind, params) in TOPOLOGIES {
        for channel in ["unreliable", "reliable"] {
            let record = run(everything(channel, vec![reports(channel), topics(channel)]), kind, params, 7);
            assert!(record.counts.deliveries > 2_000, "{kind}: {:?}", record.counts);
        }
    }
    // Where most nodes receive on the spot: few sources, no losses.
    for (kind, params) in TOPOLOGIES {
        let mut settings = ideal(30, constant(20), vec![telemetry("sinks = 26")]);
        settings.run.warmup = SimDuration::from_secs(1);
        settings.population.classes[0].link.value = symmetric(2);
        let record = run(settings, kind, params, 5);
        assert_eq!(record.latency.count(), 36 * 26, "{kind}");
    }
}

#[test]
fn the_grains_agree_on_audiences() {
    for (kind, params) in TOPOLOGIES {
        let of_grain = |grain: Grain| -> RunRecord {
            let traffic = vec![telemetry("sinks = 2"), reports("reliable"), topics("unreliable")];
            let mut settings = ideal(20, constant(20), traffic);
            settings.run.grain = grain;
            settings.webrtc.overhead = HeaderOverhead::Full;
            settings.run.duration = SimDuration::from_secs(4);
            settings.run.warmup = SimDuration::from_secs(1);
            settings.population.classes[0].link.value = symmetric(20);
            settings.population.classes[0].engine = OrPreset::named("chromium").expect("a preset");
            simulate(&cell(settings, topology(kind, params)), Seed(2)).expect("runs")
        };
        let (message, packet) = (of_grain(Grain::Message), of_grain(Grain::Packet));
        assert_eq!(message.latency.count(), packet.latency.count(), "{kind}");
        assert_eq!(message.values.get(MetricId::Delivered), Some(100.0), "{kind}");
        let (a, b) = (mean_max_ns(&message).0 as f64, mean_max_ns(&packet).0 as f64);
        assert!((b / a - 1.0).abs() < 0.05, "{kind}: {a} and {b} ns");
        let sent = |record: &RunRecord| record.values.get(MetricId::Sent).expect("a value");
        assert!((sent(&packet) / sent(&message) - 1.0).abs() < 0.05, "{kind}: {} {}", sent(&message), sent(&packet));
    }
}
