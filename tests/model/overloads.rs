//! Every overload is named: what is not delivered is told apart, and no topology works with a limit that it ran into
//! and did not report.

use peerscape::metrics::{MetricId, RunRecord};
use peerscape::rng::Seed;
use peerscape::scenario::{Experiment, parse_str};
use proptest::prelude::*;
use proptest::sample::select;

use super::support::simulate;

/// Why a wanted delivery may be missing.
const MISSED: [MetricId; 9] = [
    MetricId::MissedLost,
    MetricId::MissedUplink,
    MetricId::MissedDownlink,
    MetricId::MissedSocket,
    MetricId::MissedTurn,
    MetricId::MissedLate,
    MetricId::MissedBlocked,
    MetricId::MissedUnconnected,
    MetricId::MissedThrottled,
];

fn experiment(text: &str) -> Experiment {
    parse_str("test.toml", text, std::path::Path::new(""), &[])
        .unwrap_or_else(|errors| panic!("{:?}\n{text}", miette::Report::new(errors)))
}

/// One replication of every cell.
fn records(text: &str) -> Vec<(String, RunRecord)> {
    let run = |cell| simulate(cell, Seed(1)).expect("a replication");
    experiment(text).cells.iter().map(|cell| (cell.label.clone(), run(cell))).collect()
}

fn value(record: &RunRecord, id: MetricId) -> f64 {
    record.values.get(id).unwrap_or(0.0)
}

fn kinds(record: &RunRecord) -> Vec<&'static str> {
    record.findings.iter().map(|finding| finding.kind).collect()
}

#[derive(Clone, Debug)]
struct Case {
    grain: &'static str,
    peers: u32,
    link: String,
    nat: &'static str,
    device: &'static str,
    webrtc: &'static str,
    workload: String,
    topology: &'static str,
}

impl Case {
    fn text(&self, duration_s: u32) -> String {
        let Self { grain, peers, link, nat, device, webrtc, workload, topology } = self;
        format!(
            "[run]\nduration = \"{duration_s} s\"\nwarmup = \"5 s\"\ndrain = \"3 s\"\nseeds = 1\ngrain = \"{grain}\"\n\
             {webrtc}\n[population]\npeers = {peers}\n[[population.class]]\nname = \"home\"\nnat = \"{nat}\"\n\
             device = \"{device}\"\nlink = {{ {link} }}\n[[workload]]\n{workload}\n[[topology]]\n{topology}\n"
        )
    }
}

fn links() -> impl Strategy<Value = String> {
    let rates =
        (select(&["1 Mbit/s", "5 Mbit/s", "50 Mbit/s"][..]), select(&["500 kbit/s", "2 Mbit/s", "20 Mbit/s"][..]));
    let rest = (
        select(&["", ", buffer = \"20 ms\"", ", buffer = \"300 ms\""][..]),
        select(&["0 %", "0 %", "1 %", "8 %"][..]),
        select(&["10 ms", "120 ms"][..]),
    );
    (rates, rest).prop_map(|((up, down), (buffer, loss, rtt))| {
        format!("up = \"{up}\", down = \"{down}\", loss = \"{loss}\", rtt = \"{rtt}\"{buffer}")
    })
}

fn workloads() -> impl Strategy<Value = String> {
    (
        select(&["state-sync", "broadcast", "telemetry"][..]),
        select(&["100 B", "2 KiB", "16 KiB"][..]),
        select(&["2 /s", "15 /s", "60 /s"][..]),
        select(&["unreliable", "reliable", "reliable-unordered"][..]),
    )
        .prop_map(|(kind, message, rate, channel)| {
            format!("kind = \"{kind}\"\nmessage = \"{message}\"\nrate = \"{rate}\"\nchannel = \"{channel}\"")
        })
}

fn cases() -> impl Strategy<Value = Case> {
    const WEBRTC: [&str; 4] = [
        "",
        "",
        "[webrtc]\nturn = { server = [{ name = \"a\", bandwidth = \"1 Mbit/s\" }] }",
        "[webrtc]\nsignaling = { capacity = \"5 /s\", queue = 20 }",
    ];
    const TOPOLOGIES: [&str; 5] = [
        "kind = \"mesh\"",
        "kind = \"star\"",
        "kind = \"star\"\nhub = \"server\"",
        "kind = \"tree\"\ndegree = 2",
        "kind = \"hybrid\"\npeers_per_hub = 3",
    ];
    let world = (4_u32..12, links(), select(&["public", "public", "mobile"][..]), select(&["laptop", "phone"][..]));
    (
        select(&["message", "packet"][..]),
        world,
        select(&WEBRTC[..]).boxed(),
        workloads(),
        select(&TOPOLOGIES[..]).boxed(),
    )
        .prop_map(|(grain, (peers, link, nat, device), webrtc, workload, topology)| Case {
            grain,
            peers,
            link,
            nat,
            device,
            webrtc,
            workload,
            topology,
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 250, ..ProptestConfig::default() })]

    /// Each wanted delivery has one fate. (Debug builds also check that no more failures are told of than there are.)
    /// Where more than a tenth failed for another reason than a lossy path, something is found.
    #[test]
    fn no_topology_works_with_an_overload_that_it_does_not_report(case in cases()) {
        let text = case.text(10);
        for (label, record) in records(&text) {
            if record.values.get(MetricId::Delivered).is_none() {
                continue;
            }
            let delivered = value(&record, MetricId::Delivered);
            let missed: Vec<f64> = MISSED.iter().map(|&id| value(&record, id)).collect();
            let all = delivered + missed.iter().sum::<f64>();
            prop_assert!((all - 100.0).abs() < 1e-6, "{label}: {delivered} and {missed:?} are {all}\n{text}");
            prop_assert!(missed.iter().all(|&share| share >= 0.0), "{label}: {missed:?}\n{text}");
            let lost = value(&record, MetricId::MissedLost);
            let is_short = delivered + lost < 90.0;
            prop_assert!(!is_short || !record.findings.is_empty(), "{label}: {delivered} % of {missed:?}\n{text}");
        }
    }

    /// Where latency grows with the time that messages flow, and grows on, something is found. (A time-out or two may lift
    /// the p95 of some seconds; that is no queue. Over a lossy path one pair of many may fall behind for minutes before that
    /// is beyond doubt.)
    #[test]
    fn no_queue_without_end_goes_unreported(case in cases()) {
        prop_assume!(case.link.contains("loss = \"0 %\""));
        let of = |duration_s: u32| records(&case.text(duration_s)).remove(0);
        let (mut before, mut waits) = (0.0, Vec::new());
        for duration_s in [10, 25, 60, 240] {
            let (label, record) = of(duration_s);
            let p95 = value(&record, MetricId::LatencyP95);
            waits.push(p95);
            let is_doubted = record.doubts.iter().any(|doubt| doubt.kind == "window");
            if !record.findings.is_empty() || is_doubted || (duration_s > 10 && p95 <= 1.8 * before + 300.0) {
                return Ok(());
            }
            prop_assert!(duration_s < 240, "{label}: p95 {waits:?} ms of 10, 25, 60, 240 s");
            before = p95;
        }
    }
}

/// A downlink that is too narrow is told with what it needs and has, in both grains.
#[test]
fn a_narrow_downlink_is_found() {
    for grain in ["message", "packet"] {
        for channel in ["unreliable", "reliable"] {
            let text = format!(
                "[run]\nduration = \"20 s\"\nwarmup = \"5 s\"\nseeds = 1\ngrain = \"{grain}\"\n[population]\npeers = 6\n\
                 [[population.class]]\nname = \"home\"\nnat = \"public\"\nlink = {{ up = \"100 Mbit/s\", down = \"1 Mbit/s\", buffer = \"200 ms\" }}\n\
                 [[workload]]\nkind = \"state-sync\"\nrate = \"30 /s\"\nmessage = \"1000 B\"\nchannel = \"{channel}\"\n[[topology]]\nkind = \"mesh\"\n"
            );
            let record = records(&text).remove(0).1;
            // Five others send 30 messages of 1,000 bytes and headers: 1.3 Mbit/s.
            let load = value(&record, MetricId::DownlinkMax);
            // Packet by packet, acknowledgements and repetitions come on top.
            assert!((120.0..160.0).contains(&load), "{grain}, {channel}: {load} %");
            assert!(value(&record, MetricId::UplinkMax) < 100.0, "{grain}, {channel}");
            assert!(kinds(&record).contains(&"downlink"), "{grain}, {channel}: {:?}", record.findings);
        }
    }
}

fn large_and_unreliable(grain: &str, topology: &str, rate: &str) -> RunRecord {
    let text = format!(
        "[run]\nduration = \"120 s\"\nwarmup = \"5 s\"\nseeds = 1\ngrain = \"{grain}\"\n[population]\npeers = 12\n\
         [[population.class]]\nname = \"home\"\nnat = \"public\"\nlink = {{ up = \"1 Gbit/s\", down = \"1 Gbit/s\", loss = \"0.5 %\" }}\n\
         [[workload]]\nkind = \"broadcast\"\nrate = \"{rate}\"\nmessage = \"16 KiB\"\nchannel = \"unreliable\"\n[[topology]]\n{topology}\n"
    );
    records(&text).remove(0).1
}

/// What one lost packet of a large message takes with it is lost on the path, and everything else is there, where windows
/// carry what is asked.
#[test]
fn losses_are_told_as_losses() {
    for grain in ["message", "packet"] {
        for topology in ["kind = \"mesh\"", "kind = \"tree\"\ndegree = 2"] {
            let record = large_and_unreliable(grain, topology, "0.5 /s");
            let [delivered, lost] = [MetricId::Delivered, MetricId::MissedLost].map(|id| value(&record, id));
            // Packet by packet a time-out may also give up a message of which nothing was lost.
            let most = if grain == "packet" { 0.5 } else { 0.05 };
            assert!(lost > 5.0 && (delivered + lost - 100.0).abs() < most, "{grain}: {delivered} % and {lost} %");
            assert!(record.findings.is_empty(), "{grain}: {:?}", record.findings);
        }
    }
}

/// 1.3 Mbit/s over a hundredth of loss is more than Chromium's window carries: packets find that, and messages, which were
/// not checked there, doubt themselves.
#[test]
fn a_window_that_carries_less_than_is_asked_is_named_or_doubted() {
    let mesh = "kind = \"mesh\"";
    let by_packet = large_and_unreliable("packet", mesh, "10 /s");
    assert!(value(&by_packet, MetricId::MissedLate) > 10.0);
    assert!(!by_packet.findings.is_empty());
    assert!(!large_and_unreliable("message", mesh, "10 /s").doubts.is_empty());
}
