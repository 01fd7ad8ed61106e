//! The simulator against closed forms and against straightforward references, end to end.

use std::collections::BinaryHeap;

use super::support::{cell, ideal, topology, workload};
use peerscape::metrics::{MetricId, RunRecord};
use peerscape::net::{LatencyModel, LatencySpec, LinkSpec, MatrixFile, MatrixTable, MatrixUnit, Measures, NatMix};
use peerscape::presets::OrPreset;
use peerscape::rng::{Domain, Seed, Streams};
use peerscape::simulation::{Knowledge, Options, simulate_with};
use peerscape::units::{Bitrate, ByteCount, Probability, SimDuration};
use peerscape::webrtc::{
    DeviceSpec, EngineSpec, HeaderOverhead, OnOverload, SetupProfile, SignalingSpec, TurnChoice, TurnSpec, WebrtcSpec,
};

const MBIT: u64 = 1_000_000;

/// A device that is a server core, all of it.
pub(crate) fn whole_core() -> DeviceSpec {
    DeviceSpec { speed: 1.0, budget: Probability::ONE, memory: None, on_overload: OnOverload::Degrade }
}

fn uplink(mbit: u64) -> LinkSpec {
    LinkSpec { up: Some(Bitrate::from_bps(mbit * MBIT)), ..LinkSpec::default() }
}

pub(crate) fn constant(ms: u64) -> LatencySpec {
    LatencySpec::Constant { one_way: SimDuration::from_ms(ms) }
}

/// Runs with and without shortcuts, which must agree in everything but the number of events.
pub(crate) fn run(settings: peerscape::scenario::Settings, kind: &str, params: &str, seed: u64) -> RunRecord {
    let cell = cell(settings, topology(kind, params));
    let record = |shortcuts| {
        simulate_with(&cell, Seed(seed), &Knowledge::of(&cell.settings), Options { shortcuts }).expect("a record")
    };
    let (fast, slow) = (record(true), record(false));
    assert_eq!(fast.values, slow.values);
    let mut counts = slow.counts;
    counts.events = fast.counts.events;
    assert_eq!(fast.counts, counts);
    conserved(&slow);
    fast
}

fn conserved(record: &RunRecord) {
    let counts = record.counts;
    let ended = counts.copies_arrived + counts.copies_overflowed + counts.copies_lost + counts.copies_in_flight;
    assert_eq!(counts.copies_sent, ended, "{counts:?}");
}

pub(crate) fn mean_max_ns(record: &RunRecord) -> (u64, u64) {
    let latency = &record.latency;
    (latency.mean().expect("deliveries").as_ns(), latency.max().expect("deliveries").as_ns())
}

#[test]
fn a_chain_stores_and_forwards_to_the_nanosecond() {
    // 1024 B at 10 Mbit/s is 819.2 us, and 20 ms of propagation: hop h takes h (ser + prop).
    let hop_ns = 819_200 + 20_000_000;
    let hops = 49;
    let mut settings = ideal(50, constant(20), vec![workload("broadcast", r#"{ message = "1024 B", rate = "1 /s" }"#)]);
    settings.population.classes[0].link.value = uplink(10);
    let record = run(settings, "tree", "{ degree = 1 }", 1);
    assert_eq!(mean_max_ns(&record), (hop_ns * (hops + 1) / 2, hop_ns * hops));
}

#[test]
fn a_k_ary_tree_stores_and_forwards_to_the_nanosecond() {
    for degree in [2_u64, 3, 7] {
        let peers = 200_u64;
        let mut settings =
            ideal(200, constant(20), vec![workload("broadcast", r#"{ message = "1024 B", rate = "1 /s" }"#)]);
        settings.population.classes[0].link.value = uplink(10);
        let record = run(settings, "tree", &format!("{{ degree = {degree} }}"), 1);
        // Child number j of a peer waits for its j - 1 elder sisters on the uplink.
        let mut latency_ns = vec![0; 200];
        for child in 1..peers {
            let parent = (child - 1) / degree;
            let place = (child - 1) % degree + 1;
            latency_ns[child as usize] = latency_ns[parent as usize] + place * 819_200 + 20_000_000;
        }
        let sum: u64 = latency_ns.iter().sum();
        let max = *latency_ns.iter().max().expect("peers");
        assert_eq!(mean_max_ns(&record), (sum / (peers - 1), max));
    }
}

/// A plain simulation of the tree workload of the benches: a heap of arrivals, a busy-until time
/// an uplink, and the pair latencies.
fn tree_reference(peers: u32, degree: u32, order: &[u32], seed: Seed, start_ns: u64) -> (u64, u64) {
    let spec = LatencySpec::Uniform { min: SimDuration::from_ms(10), max: SimDuration::from_ms(100) };
    let latency = LatencyModel::new(&spec, Streams::new(seed).pair_key(Domain::PairLatency));
    let (ser_ns, period_ns) = (819_200, 33_333_333);
    let mut heap = BinaryHeap::new();
    for number in (0..).take_while(|number| start_ns + number * period_ns < 10_000_000_000) {
        heap.push(std::cmp::Reverse((start_ns + number * period_ns, number, 0_u32)));
    }
    let mut free_ns = vec![0; peers as usize];
    let (mut sum, mut max, mut deliveries) = (0_u128, 0, 0_u128);
    while let Some(std::cmp::Reverse((now, number, place))) = heap.pop() {
        if place > 0 {
            let took = now - (start_ns + number * period_ns);
            (sum, max, deliveries) = (sum + u128::from(took), max.max(took), deliveries + 1);
        }
        for child in (degree * place + 1..=degree * place + degree).take_while(|&child| child < peers) {
            let free = &mut free_ns[place as usize];
            *free = now.max(*free) + ser_ns;
            let delay = latency.one_way_ns(order[place as usize], 0, order[child as usize], 0);
            heap.push(std::cmp::Reverse((*free + delay, number, child)));
        }
    }
    ((sum / deliveries) as u64, max)
}

#[test]
fn the_tree_bench_equals_a_plain_reference_to_the_nanosecond() {
    let traffic = workload("broadcast", r#"{ message = "1024 B", rate = "30 /s" }"#);
    for (peers, seed) in [(1_000, 1), (333, 2)] {
        let latency = LatencySpec::Uniform { min: SimDuration::from_ms(10), max: SimDuration::from_ms(100) };
        let mut settings = ideal(peers, latency, vec![traffic.clone()]);
        settings.population.classes[0].link.value = uplink(10);
        let spec = peerscape::world::WorldSpec {
            population: &settings.population,
            latency: &settings.latency,
            webrtc: &settings.webrtc,
            servers: 0,
        };
        let streams = Streams::new(Seed(seed));
        let flow = traffic.flows(&spec.generate(streams).expect("a world"), streams, 0)[0];
        let others = (0..peers).filter(|&peer| peer != flow.source);
        let order: Vec<u32> = [flow.source].into_iter().chain(others).collect();
        let expected = tree_reference(peers, 4, &order, Seed(seed), flow.start.as_ns());
        let record = run(settings, "tree", r#"{ degree = 4, order = "arrival" }"#, seed);
        assert_eq!(mean_max_ns(&record), expected, "{peers} peers");
    }
}

#[test]
fn the_mesh_bench_equals_a_plain_reference_to_the_nanosecond() {
    let peers = 60_u32;
    let traffic = workload("state-sync", r#"{ message = "200 B", rate = "10 /s" }"#);
    let latency = LatencySpec::Uniform { min: SimDuration::from_ms(10), max: SimDuration::from_ms(100) };
    let mut settings = ideal(peers, latency.clone(), vec![traffic.clone()]);
    // 59 copies of 200 B ten times a second are 0.94 Mbit/s: this uplink is nearly full.
    settings.population.classes[0].link.value = uplink(1);
    let spec = peerscape::world::WorldSpec {
        population: &settings.population,
        latency: &settings.latency,
        webrtc: &settings.webrtc,
        servers: 0,
    };
    let streams = Streams::new(Seed(5));
    let flows = traffic.flows(&spec.generate(streams).expect("a world"), streams, 0);
    let model = LatencyModel::new(&latency, streams.pair_key(Domain::PairLatency));
    let (mut sum, mut max, mut deliveries) = (0_u128, 0, 0_u128);
    for flow in &flows {
        let mut free_ns = 0;
        for number in (0..).take_while(|number| (flow.start + flow.period * *number).as_ns() < 10_000_000_000) {
            let published = (flow.start + flow.period * number).as_ns();
            for to in (0..peers).filter(|&to| to != flow.source) {
                free_ns = published.max(free_ns) + 1_600_000;
                let took = free_ns + model.one_way_ns(flow.source, 0, to, 0) - published;
                (sum, max, deliveries) = (sum + u128::from(took), max.max(took), deliveries + 1);
            }
        }
    }
    let record = run(settings, "mesh", "{}", 5);
    assert_eq!(u128::from(record.counts.deliveries), deliveries);
    assert_eq!(mean_max_ns(&record), ((sum / deliveries) as u64, max));
}

/// Mean latency of Poisson messages from one peer to one other, over ten seeds: mean and standard
/// error, in ns.
fn poisson_latency(link: LinkSpec, engine: EngineSpec, rate_per_s: u32) -> (f64, f64) {
    let params = format!("{{ message = \"1250 B\", rate = \"{rate_per_s} /s\", arrivals = \"poisson\" }}");
    let means: Vec<f64> = (1..=10)
        .map(|seed| {
            let mut settings = ideal(2, constant(0), vec![workload("broadcast", &params)]);
            settings.run.duration = SimDuration::from_secs(200);
            let class = &mut settings.population.classes[0];
            (class.link.value, class.engine.value) = (link, engine);
            class.device.value = whole_core();
            mean_max_ns(&run(settings, "mesh", "{}", seed)).0 as f64
        })
        .collect();
    let mean = means.iter().sum::<f64>() / 10.0;
    let variance = means.iter().map(|m| (m - mean) * (m - mean)).sum::<f64>() / 9.0;
    (mean, (variance / 10.0).sqrt())
}

pub(crate) fn agrees(measured: (f64, f64), expected_ns: f64) {
    let (mean, error) = measured;
    assert!((mean - expected_ns).abs() < 4.0 * error, "{mean} +- {error} ns, expected {expected_ns}");
    assert!(error < 0.02 * expected_ns, "the test must be able to fail: {error} of {expected_ns}");
}

#[test]
fn an_uplink_is_an_m_d_1_queue() {
    // 1250 B at 10 Mbit/s take D = 1 ms: rate r /s loads the uplink by r / 1000.
    for load in [0.3, 0.6, 0.8] {
        let wait_ns = 1e6 * load / (2.0 * (1.0 - load));
        agrees(poisson_latency(uplink(10), EngineSpec::default(), (load * 1e3) as u32), wait_ns + 1e6);
    }
}

#[test]
fn a_cpu_is_an_m_d_1_queue() {
    // The receiver gets what the sender's CPU lets out, 1 ms apart: it adds service, but no wait.
    let engine = EngineSpec { cpu_per_message: SimDuration::from_ms(1), ..EngineSpec::default() };
    for load in [0.3, 0.8] {
        let wait_ns = 1e6 * load / (2.0 * (1.0 - load));
        agrees(poisson_latency(LinkSpec::default(), engine, (load * 1e3) as u32), wait_ns + 2e6);
    }
}

#[test]
fn a_mesh_is_feasible_up_to_the_uplink_over_n_less_one() {
    // r <= u / (8 s (n - 1)): at 1 Mbit/s, 125 B and 21 peers, 50 messages a second.
    let utilisation = |rate: u32| {
        let params = format!("{{ message = \"125 B\", rate = \"{rate} /s\" }}");
        let mut settings = ideal(21, constant(10), vec![workload("state-sync", &params)]);
        settings.population.classes[0].link.value = uplink(1);
        let record = run(settings, "mesh", "{}", 1);
        (record.values.get(MetricId::UplinkMax).expect("a value"), record.findings)
    };
    let (below, fine) = utilisation(49);
    let (above, found) = utilisation(51);
    assert!((below - 98.0).abs() < 0.3 && (above - 102.0).abs() < 0.3, "{below} {above}");
    assert!(fine.is_empty());
    assert_eq!(found[0].kind, "uplink");
}

#[test]
fn losses_are_conserved_and_as_likely_as_they_should_be() {
    let link = LinkSpec { loss: Probability::new(0.05).expect("a share").into(), ..uplink(100) };
    for (channel, delivered) in [("unreliable", 0.95 * 0.95), ("reliable-unordered", 1.0), ("reliable", 1.0)] {
        let params = format!("{{ message = \"200 B\", rate = \"20 /s\", channel = \"{channel}\" }}");
        let mut settings = ideal(40, constant(10), vec![workload("broadcast", &params)]);
        settings.run.drain = SimDuration::from_secs(120);
        let class = &mut settings.population.classes[0];
        class.link.value = link;
        class.engine.value.rto_min = SimDuration::from_ms(400);
        let record = run(settings, "mesh", "{}", 3);
        let ratio = record.values.get(MetricId::Delivered).expect("a value") / 100.0;
        assert!((ratio - delivered).abs() < 0.015, "{channel}: {ratio}");
        if channel != "unreliable" {
            let slowest_ms = record.latency.max().expect("deliveries").as_ms_f64();
            assert!(slowest_ms > 400.0, "{slowest_ms}");
        }
    }
}

#[test]
fn an_ordered_channel_delivers_in_order() {
    // One sender, one receiver: behind each loss, later messages wait, so latencies form runs that
    // fall by one period a message. The unordered channel has the same losses and no such wait.
    let loss = Probability::new(0.1).expect("a share");
    let params = |channel| format!("{{ message = \"200 B\", rate = \"100 /s\", channel = \"{channel}\" }}");
    let latencies = |channel| {
        let mut settings = ideal(2, constant(10), vec![workload("broadcast", &params(channel))]);
        settings.run.drain = SimDuration::from_secs(60);
        let class = &mut settings.population.classes[0];
        class.link.value = LinkSpec { loss: loss.into(), ..LinkSpec::default() };
        class.engine.value.rto_min = SimDuration::from_ms(400);
        run(settings, "mesh", "{}", 11)
    };
    let (unordered, ordered) = (latencies("reliable-unordered"), latencies("reliable"));
    assert_eq!(unordered.counts.deliveries, ordered.counts.deliveries);
    assert_eq!(unordered.latency.max(), ordered.latency.max());
    // With 19 % loss and 40 periods of time-out nearly every message stands behind a loss.
    let mean_ms = |record: &RunRecord| record.latency.mean().expect("deliveries").as_ms_f64();
    assert!(mean_ms(&ordered) > 2.0 * mean_ms(&unordered), "{} {}", mean_ms(&ordered), mean_ms(&unordered));
}

#[test]
fn shortcuts_change_nothing_in_a_world_with_everything() {
    let presets = ["cable", "4g", "enterprise"];
    for (kind, params) in [
        ("mesh", "{}"),
        ("star", "{}"),
        ("star", r#"{ hub = "server" }"#),
        ("tree", "{ degree = 3 }"),
        ("hybrid", "{ peers_per_hub = 5 }"),
    ] {
        for channel in ["unreliable", "reliable"] {
            let traffic = format!("{{ sources = 3, message = \"900 B\", rate = \"10 /s\", channel = \"{channel}\" }}");
            let mut settings = ideal(60, LatencySpec::default(), vec![workload("broadcast", &traffic)]);
            // In a mesh phones take seconds to connect.
            settings.run.duration = SimDuration::from_secs(12);
            settings.run.warmup = SimDuration::from_secs(2);
            settings.webrtc = WebrtcSpec::default();
            let class = settings.population.classes[0].clone();
            settings.population.classes = presets
                .iter()
                .map(|&link| {
                    let mut class = class.clone();
                    class.share = Probability::new(1.0 / 3.0).expect("a share");
                    class.link = OrPreset::named(link).expect("a preset");
                    class.nat = OrPreset::named("generic").expect("a preset");
                    class.engine = OrPreset::named("chromium").expect("a preset");
                    if link == "4g" {
                        class.device = OrPreset::named("phone").expect("a preset");
                        class.engine.value.receive_buffer = Some(ByteCount::new(64));
                    }
                    class
                })
                .collect();
            let record = run(settings, kind, params, 7);
            assert!(record.counts.deliveries > 10_000, "{kind}: {:?}", record.counts);
            // A server of webrtc-rs repeats what it sends on channels that it accepted, which flow control then slows.
            let may_overflow = channel == "unreliable" && !params.contains("server");
            assert_eq!(record.counts.copies_overflowed > 0, may_overflow, "{kind}: {:?}", record.counts);
        }
    }
}

#[test]
fn an_overload_shows_its_whole_demand() {
    // A hub with 19 spokes, 1 ms of CPU a message and end: a message of a spoke costs it one
    // reception and 18 copies, one of its own 19 copies; at rate r, 0.38 r seconds a second.
    for rate in [1, 2, 5, 20, 100] {
        let params = format!("{{ message = \"125 B\", rate = \"{rate} /s\" }}");
        let mut settings = ideal(20, constant(10), vec![workload("state-sync", &params)]);
        let class = &mut settings.population.classes[0];
        class.engine.value.cpu_per_message = SimDuration::from_ms(1);
        class.device.value = whole_core();
        let record = run(settings, "star", "{}", 1);
        let percent = record.values.get(MetricId::CpuMax).expect("a value");
        let expected = 38.0 * f64::from(rate);
        assert!((percent / expected - 1.0).abs() < 0.03, "{rate} /s: {percent} %, expected {expected} %");
        assert_eq!(record.findings.iter().any(|finding| finding.kind == "cpu"), expected > 100.0);
    }
}

#[test]
fn relays_set_up_and_cost_follow_their_closed_forms_on_an_asymmetric_matrix() {
    // Peers at A, B and T, the TURN and signaling server at T: 10 ms towards T, 200 ms from it. All
    // is relayed, so a path is the leg to T and the leg from it.
    let (to_t, from_t) = (10_000_000, 200_000_000);
    let one_way_ns = [0, 5_000_000, to_t, 5_000_000, 0, to_t, from_t, from_t, 0];
    let table =
        MatrixTable { names: ["A", "B", "T"].map(str::to_owned).into(), one_way_ns: one_way_ns.into(), filled: 0 };
    let matrix = MatrixFile { file: "in-memory".into(), unit: MatrixUnit::Ms, measures: Measures::OneWay, table };
    let traffic = workload("state-sync", r#"{ message = "1000 B", rate = "10 /s" }"#);
    let mut settings = ideal(3, LatencySpec::Matrix(matrix), vec![traffic]);
    settings.run.warmup = SimDuration::from_secs(5);
    settings.population.classes[0].nat.value = NatMix::only("udp_blocked");
    let turn = TurnSpec { place: Some("T".to_owned()), ..TurnSpec::default() };
    settings.webrtc = WebrtcSpec {
        setup: SetupProfile::Dtls13,
        turn: TurnChoice::Server(turn),
        signaling: SignalingSpec { place: Some("T".to_owned()), ..SignalingSpec::default() },
        overhead: HeaderOverhead::None,
        ..WebrtcSpec::default()
    };
    let record = run(settings, "mesh", "{}", 1);
    // A and B to each other 210 ms; to T 10 ms; from T 200 ms.
    assert_eq!(mean_max_ns(&record), (140_000_000, 210_000_000));
    let value = |id| record.values.get(id).expect("a value");
    assert!((value(MetricId::Relayed) - 100.0).abs() < 1e-9);
    // Three round trips to T for a session, one each for offer and answer, and at least one on the path.
    let connect_s = value(MetricId::ConnectTime);
    assert!((3.0 * 0.21 + 2.0 * 0.21 + 0.42..8.0).contains(&connect_s), "{connect_s}");
    // Six copies of 1000 B ten times a second are 0.216 GB an hour.
    assert!((value(MetricId::Cost) - 0.216 * 0.05).abs() < 1e-9, "{}", value(MetricId::Cost));
}

#[test]
fn a_retransmission_does_not_wait_for_work_of_the_future() {
    // The CPU is overloaded (1 ms a copy, 1,100 copies a second), the uplink idle (0.1 ms a copy):
    // uplink or none, the time-outs of lost copies are repaired equally fast.
    let p99_ms = |up: Option<Bitrate>| {
        let params = r#"{ message = "125 B", rate = "550 /s", channel = "reliable-unordered" }"#;
        let mut settings = ideal(3, constant(10), vec![workload("broadcast", params)]);
        settings.run.drain = SimDuration::from_secs(60);
        let class = &mut settings.population.classes[0];
        class.link.value =
            LinkSpec { up, loss: Probability::new(0.02).expect("a share").into(), ..LinkSpec::default() };
        class.engine.value.cpu_per_message = SimDuration::from_ms(1);
        class.device.value = whole_core();
        run(settings, "mesh", "{}", 1).latency.quantile(0.99).expect("deliveries").as_ms_f64()
    };
    let (shared, unlimited) = (p99_ms(Some(Bitrate::from_bps(10 * MBIT))), p99_ms(None));
    assert!((shared / unlimited - 1.0).abs() < 0.01, "{shared} {unlimited}");
}

#[test]
fn a_background_tab_publishes_once_a_second() {
    let published = |engine: &str, arrivals: &str| {
        let broadcast = format!(r#"{{ message = "100 B", rate = "20 /s", arrivals = "{arrivals}" }}"#);
        let mut settings = ideal(3, constant(20), vec![workload("broadcast", &broadcast)]);
        settings.population.classes[0].engine = OrPreset::named(engine).expect("a preset");
        run(settings, "mesh", "{}", 1).counts.messages
    };
    assert_eq!([published("chromium", "periodic"), published("chromium-background", "periodic")], [200, 10]);
    // What users do needs no timer.
    assert_eq!(published("chromium", "poisson"), published("chromium-background", "poisson"));
}

/// Two peers, one publishes 30 messages a second: bytes of both, by hand.
#[test]
fn acknowledgements_and_keep_alives_count_in_bytes() {
    let traffic = workload("broadcast", r#"{ message = "100 B", rate = "30 /s" }"#);
    let mut settings = ideal(2, constant(20), vec![traffic]);
    settings.webrtc.overhead = HeaderOverhead::Full;
    settings.population.classes[0].engine = OrPreset::named("webrtc-rs").expect("a preset");
    settings.run.warmup = SimDuration::from_secs(1);
    let empty = settings.webrtc.wire(ByteCount::default()).bytes.get() as f64;
    let record = run(settings, "mesh", "{}", 1);
    let second_in_time = 1.0 - (-0.2_f64 * 30.0).exp();
    let expected = 30.0 * (100.0 + empty) + 30.0 / (1.0 + second_in_time) * empty + 2.0 * 174.0;
    let sent = 2.0 * record.values.get(MetricId::Sent).expect("a value");
    assert!((sent / expected - 1.0).abs() < 1e-3, "{sent} against {expected}");
}
