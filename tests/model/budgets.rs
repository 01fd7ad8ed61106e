//! What CPUs and memory cannot bear, against closed forms.

use super::oracles::{agrees, constant, mean_max_ns, run, whole_core};
use super::support::{ideal, workload};
use peerscape::metrics::{MetricId, RunRecord};
use peerscape::scenario::{Grain, Settings};
use peerscape::units::{ByteCount, Probability, SimDuration};
use peerscape::webrtc::{DeviceSpec, EngineSpec, HeaderOverhead, OnOverload};

fn value(record: &RunRecord, id: MetricId) -> f64 {
    record.values.get(id).expect("a value")
}

fn near(is: f64, expected: f64, tolerance: f64) {
    assert!((is - expected).abs() <= tolerance, "{is}, expected {expected}");
}

/// One peer of class `source`, which publishes, and `others` of class `sink`, on whole server cores.
fn source_and_sinks(others: u32, broadcast: &str, source: EngineSpec, sink: EngineSpec) -> Settings {
    let mut settings = ideal(1 + others, constant(10), vec![workload("broadcast", broadcast)]);
    let share = 1.0 / f64::from(1 + others);
    let class = settings.population.classes[0].clone();
    settings.population.classes = [("source", share, source), ("sink", 1.0 - share, sink)]
        .map(|(name, share, engine)| {
            let mut class = class.clone();
            class.name = name.to_owned();
            class.share = Probability::new(share).expect("a share");
            class.device.value = whole_core();
            class.engine.value = engine;
            class
        })
        .to_vec();
    settings
}

#[test]
fn what_a_cpu_leaves_in_its_socket_is_dropped_beyond_its_size() {
    // 2,000 messages a second for a CPU that takes 1,000; the socket holds 131,072 / 768 of them.
    let unread = 131_072.0 / 768.0;
    let sink = EngineSpec {
        cpu_per_message: SimDuration::from_ms(1),
        receive_buffer: Some(ByteCount::new(64 << 10)),
        ..EngineSpec::default()
    };
    let overload = |channel: &str| {
        let broadcast = format!(
            r#"{{ from = "source", message = "125 B", rate = "2000 /s", arrivals = "periodic", channel = "{channel}" }}"#
        );
        run(source_and_sinks(1, &broadcast, EngineSpec::default(), sink), "mesh", "{}", 1)
    };
    let lossy = overload("unreliable");
    // What is taken in within ten seconds, and what waits at their end.
    near(value(&lossy, MetricId::Delivered), (10_000.0 + unread) / 200.0, 0.1);
    near(value(&lossy, MetricId::Overflowed), 100.0 - (10_000.0 + unread) / 200.0, 0.1);
    near(lossy.latency.max().expect("deliveries").as_ms_f64(), 10.0 + unread + 1.0, 1.0);
    near(value(&lossy, MetricId::CpuMax), 200.0, 0.5);
    let reliable = overload("reliable");
    assert_eq!(reliable.counts.copies_overflowed, 0);
    assert!(reliable.latency.max().expect("deliveries").as_ms_f64() > 4_900.0);
}

/// Twenty peers tell all others 140 messages a second, and one of those takes but 100. So slow that no congestion
/// window is in the way.
fn a_slow_one_among_fast(grain: Grain, large: bool) -> (Settings, EngineSpec) {
    let slow = EngineSpec {
        cpu_per_message: SimDuration::from_ms(10),
        receive_buffer: Some(ByteCount::new(2 << 10)),
        ..EngineSpec::default()
    };
    let mut settings = source_and_sinks(20, r#"{ message = "80 B", rate = "1 /s" }"#, slow, EngineSpec::default());
    let each = |size: u32, rate: u32| {
        workload(
            "broadcast",
            &format!("{{ from = \"sink\", sources = 20, message = \"{size} B\", rate = \"{rate} /s\" }}"),
        )
    };
    settings.workloads = vec![each(80, if large { 6 } else { 7 })];
    settings.workloads.extend(large.then(|| each(300, 1)));
    settings.run.grain = grain;
    settings.run.duration = SimDuration::from_secs(60);
    // No longer than what waits when the minute is over: what windows hold back longer than that is not taken in.
    settings.run.drain = SimDuration::from_ms(1_200);
    settings.webrtc.overhead = HeaderOverhead::Full;
    (settings, slow)
}

/// The socket's limit is that of the message that comes, at both grains: large ones find it full while small ones
/// still get in, so that the wait is the one at which the small ones do not.
#[test]
fn sockets_know_the_size_of_what_comes_at_both_grains() {
    for large in [false, true] {
        for grain in [Grain::Message, Grain::Packet] {
            let (settings, engine) = a_slow_one_among_fast(grain, large);
            let wire = settings.webrtc.wire(ByteCount::new(80));
            // Twenty sockets, 10 ms a message, 10 ms of way and 10 of its own.
            let full_ms = 20.0 + 200.0 * engine.unread_max(wire).expect("a limit");
            let record = run(settings, "mesh", "{}", 1);
            let counts = record.counts;
            // The slow one's are the longest of all, 3.6 %: about their median. What windows hold back is beyond.
            let long_ms = record.latency.quantile(0.985).expect("deliveries").as_ms_f64();
            // The fast ones take in all.
            let taken = 100.0 * (counts.deliveries - 19 * counts.messages) as f64 / counts.messages as f64;
            println!("{grain:?} {large}: {long_ms} of {full_ms} ms, {taken} %, {counts:?}");
            assert!(counts.copies_overflowed > 1_000, "{counts:?}");
            near(long_ms / full_ms, 1.0, 0.1);
            // What is taken in within a minute, and what waits at its end.
            near(taken, 100.0 * (60.0 + (full_ms - 20.0) / 1e3) / 84.0, 3.0);
        }
    }
}

#[test]
fn messages_of_a_burst_share_one_wake_up() {
    let engine = EngineSpec {
        cpu_per_message: SimDuration::from_ms(1),
        cpu_per_wakeup: SimDuration::from_ms(4),
        ..EngineSpec::default()
    };
    let broadcast = r#"{ from = "source", message = "125 B", rate = "1 /s", arrivals = "periodic" }"#;
    let record = run(source_and_sinks(5, broadcast, engine, engine), "mesh", "{}", 1);
    // The last of five copies leaves after 4 + 5 ms, travels 10 and is taken in within 4 + 1.
    assert_eq!(mean_max_ns(&record), (22_000_000, 24_000_000));
    near(value(&record, MetricId::CpuMax), 0.9, 1e-9);
    near(value(&record, MetricId::CpuMean), (0.9 + 5.0 * 0.5) / 6.0, 1e-9);
}

#[test]
fn a_cpu_that_wakes_up_is_an_m_d_1_queue_with_set_up_times() {
    // Mean wait: Pollaczek-Khinchine and (2 S + r S^2) / (2 (1 + r S)) for a set-up S (Doshi 1985).
    let (wake_s, service_s, rate) = (2e-3, 1e-3, 500.0);
    let source = EngineSpec {
        cpu_per_message: SimDuration::from_ms(1),
        cpu_per_wakeup: SimDuration::from_ms(2),
        ..EngineSpec::default()
    };
    let broadcast = r#"{ from = "source", message = "125 B", rate = "500 /s", arrivals = "poisson" }"#;
    let means: Vec<f64> = (1..=10)
        .map(|seed| {
            let mut settings = source_and_sinks(1, broadcast, source, EngineSpec::default());
            settings.run.duration = SimDuration::from_secs(100);
            mean_max_ns(&run(settings, "mesh", "{}", seed)).0 as f64 - 10e6
        })
        .collect();
    let mean = means.iter().sum::<f64>() / 10.0;
    let variance = means.iter().map(|m| (m - mean) * (m - mean)).sum::<f64>() / 9.0;
    let load = rate * service_s;
    let queue_s = load * service_s / (2.0 * (1.0 - load));
    let set_up_s = (2.0 * wake_s + rate * wake_s * wake_s) / (2.0 * (1.0 + rate * wake_s));
    agrees((mean, (variance / 10.0).sqrt()), (service_s + queue_s + set_up_s) * 1e9);
}

/// A mesh of ten peers that publish, on this device, with this engine.
fn mesh_of_ten(device: DeviceSpec, engine: EngineSpec) -> RunRecord {
    let mut settings = ideal(10, constant(10), vec![workload("state-sync", r#"{ message = "125 B", rate = "1 /s" }"#)]);
    let class = &mut settings.population.classes[0];
    (class.device.value, class.engine.value) = (device, engine);
    run(settings, "mesh", "{}", 1)
}

#[test]
fn peers_fail_until_the_others_keep_within_their_budgets() {
    let memory = DeviceSpec { memory: Some(ByteCount::new(6 << 20)), ..whole_core() };
    let engine = EngineSpec { memory_per_connection: ByteCount::new(1 << 20), ..EngineSpec::default() };
    let failing = mesh_of_ten(DeviceSpec { on_overload: OnOverload::Fail, ..memory }, engine);
    // Nine connections are too many; once three peers are gone, seven have six each.
    let expected = [
        (MetricId::FailedPeers, 30.0),
        (MetricId::ConnectionsMax, 6.0),
        (MetricId::MemoryMax, 6.0),
        (MetricId::MemoryMean, 4.2),
        (MetricId::Failed, 100.0 * 24.0 / 45.0),
        (MetricId::Direct, 100.0 * 21.0 / 45.0),
        (MetricId::Delivered, 100.0 * 42.0 / 90.0),
    ];
    expected.into_iter().for_each(|(id, expected)| near(value(&failing, id), expected, 1e-9));
    let said = "peer 0 (ideal) fails, for it needs 9.0 MiB for 9 connections and has 6.0 (150 %); so do 2 more peers";
    assert_eq!((failing.findings[0].kind, failing.findings[0].text.as_str()), ("failed", said));

    let degrading = mesh_of_ten(memory, engine);
    near(value(&degrading, MetricId::Delivered), 100.0, 1e-9);
    near(value(&degrading, MetricId::FailedPeers), 0.0, 1e-9);
    let said = "peer 0 (ideal) needs 9.0 MiB for 9 connections and has 6.0 (150 %); so do 9 more peers";
    assert_eq!((degrading.findings[0].kind, degrading.findings[0].text.as_str()), ("memory", said));

    // Each connection takes a fifth of the CPU budget, so five may stay.
    let engine = EngineSpec { cpu_idle_per_s: SimDuration::from_ms(200), ..EngineSpec::default() };
    let busy = mesh_of_ten(DeviceSpec { on_overload: OnOverload::Fail, ..whole_core() }, engine);
    near(value(&busy, MetricId::FailedPeers), 40.0, 1e-9);
    let said =
        "peer 0 (ideal) fails, for it needs 180 % of its CPU budget to keep 9 connections alive; so do 3 more peers";
    assert_eq!((busy.findings[0].kind, busy.findings[0].text.as_str()), ("failed", said));
}
