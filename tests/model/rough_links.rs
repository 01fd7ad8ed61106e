//! Jitter and losses in bursts: what messages meet, and what packets do, over generated cells.

use std::fmt::Write as _;

use peerscape::metrics::{MetricId, RunRecord};
use peerscape::rng::{Domain, Seed, Stream, Streams};
use peerscape::scenario::{Cell, parse_str};
use rand::RngExt;
use rand::seq::IndexedRandom;

use super::support::simulate;

/// A link is rough in one of these ways, or in two.
const ROUGH: [&str; 5] = [
    "jitter = \"4 ms\"",
    "jitter = \"25 ms\"",
    "loss = { good_to_bad = \"0.5 %\", bad_to_good = \"25 %\" }",
    "loss = { good_to_bad = \"0.2 %\", bad_to_good = \"20 %\" }",
    "jitter = \"10 ms\", loss = { good_to_bad = \"0.3 %\", bad_to_good = \"30 %\" }",
];
const HEADER_BYTES: f64 = 100.0;

/// What a generated cell is like.
struct Point {
    label: String,
    text: String,
}

fn pick<'v, T>(stream: &mut Stream, values: &'v [T]) -> &'v T {
    values.choose(stream).expect("not empty")
}

/// Point number `nth`: the same whenever it is asked for. The load is that of the busiest uplink.
fn point(nth: u64) -> Point {
    let mut stream = Streams::new(Seed(2_027)).stream(Domain::Bench, nth);
    let stream = &mut stream;
    let peers: u32 = stream.random_range(6..=14);
    let kind = *pick(stream, &["broadcast", "state-sync"]);
    let channel = *pick(stream, &["reliable", "reliable-unordered", "unreliable"]);
    let bytes: f64 = *pick(stream, &[64.0, 300.0, 1_200.0]);
    let topology = *pick(stream, &["mesh", "star", "tree"]);
    let engine = *pick(stream, &["webrtc-rs", "chromium"]);
    let up_mbit: f64 = *pick(stream, &[1.0, 3.0, 10.0]);
    let load: f64 = *pick(stream, &[0.1, 0.25, 0.4, 0.6]);
    let rtt_ms = *pick(stream, &[5, 30]);
    let one_way_ms = *pick(stream, &[5, 30]);
    let rough = *pick(stream, &ROUGH);
    let copies = match (topology, kind) {
        ("mesh", _) => f64::from(peers - 1),
        ("star", "broadcast") => f64::from(peers - 1),
        ("star", _) => f64::from(peers) * f64::from(peers - 1) / 8.0,
        (_, "broadcast") => 3.0,
        _ => 3.0 * f64::from(peers),
    };
    let rate = (load * up_mbit * 1e6 / (copies * 8.0 * (bytes + HEADER_BYTES))).clamp(0.5, 60.0);
    let structure = match topology {
        "star" => "kind = \"star\"\nhub = \"server\"",
        "tree" => "kind = \"tree\"\ndegree = 3",
        _ => "kind = \"mesh\"",
    };
    let mut text = String::new();
    write!(
        text,
        "name = \"rough-{nth}\"\n[run]\nduration = \"40 s\"\nwarmup = \"10 s\"\nseeds = 1\n[population]\npeers = {peers}\n\
         [[population.class]]\nname = \"home\"\nnat = \"public\"\ndevice = \"server\"\nengine = \"{engine}\"\n\
         link = {{ up = \"{up_mbit} Mbit/s\", down = \"{up_mbit} Mbit/s\", rtt = \"{rtt_ms} ms\", buffer = \"300 ms\", {rough} }}\n\
         [network]\nlatency = {{ kind = \"constant\", one_way = \"{one_way_ms} ms\" }}\n[[workload]]\nkind = \"{kind}\"\n\
         message = \"{bytes} B\"\nrate = \"{rate:.2} /s\"\nchannel = \"{channel}\"\n[[topology]]\n{structure}\n",
    )
    .expect("a text");
    let label = format!(
        "{nth} {peers} {kind} {bytes} B {rate:.1} /s {channel} {topology} {engine} up {up_mbit} load {load} rtt {rtt_ms} {one_way_ms} {rough}"
    );
    Point { label, text }
}

fn cell(point: &Point, grain: &str) -> Cell {
    let overrides = [format!("run.grain={grain}")];
    parse_str("rough.toml", &point.text, std::path::Path::new(""), &overrides)
        .unwrap_or_else(|errors| panic!("{:?}\n{}", miette::Report::new(errors), point.text))
        .cells
        .remove(0)
}

fn runs(point: &Point, grain: &str, seeds: u64) -> Vec<RunRecord> {
    let cell = cell(point, grain);
    (1..=seeds).map(|seed| simulate(&cell, Seed(seed)).expect("runs")).collect()
}

/// The mean of a metric, and its standard error.
fn mean(records: &[RunRecord], id: MetricId) -> (f64, f64) {
    let values: Vec<f64> = records.iter().filter_map(|record| record.values.get(id)).collect();
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|value| (value - mean) * (value - mean)).sum::<f64>() / (n - 1.0);
    (mean, (variance / n).sqrt())
}

/// The bounds, stated beforehand: delivered within 0.5 points, p50 within 5 %, p95 within 15 %, or what is not to be told
/// apart from that (two standard errors). Outages are few and long, so that seeds differ.
fn compare(point: &Point, seeds: u64) -> Vec<String> {
    let (by_message, by_packet) = (runs(point, "message", seeds), runs(point, "packet", seeds));
    let misses = |(id, relative, absolute): (MetricId, f64, f64)| {
        let ((message, a), (packet, b)) = (mean(&by_message, id), mean(&by_packet, id));
        let bound = relative * packet + absolute + 2.0 * (a * a + b * b).sqrt();
        let text = format!("{id:?}: {message:.2} +- {a:.2} and {packet:.2} +- {b:.2}");
        ((message - packet).abs() > bound).then_some(text)
    };
    let bounds =
        [(MetricId::Delivered, 0.0, 0.5), (MetricId::LatencyP50, 0.05, 0.0), (MetricId::LatencyP95, 0.15, 0.0)];
    bounds.into_iter().filter_map(misses).collect()
}

fn is_in_doubt(point: &Point) -> bool {
    let record = simulate(&cell(point, "message"), Seed(1)).expect("runs");
    !record.doubts.is_empty()
}

/// Of the cells that are not in doubt, all but one in twenty.
fn agree(points: std::ops::Range<u64>, seeds: u64, print: bool) {
    let (mut compared, mut missed) = (0, Vec::new());
    for nth in points {
        let point = point(nth);
        if is_in_doubt(&point) {
            continue;
        }
        compared += 1;
        let misses = compare(&point, seeds);
        if print {
            println!("{} {misses:?}", point.label);
        }
        if !misses.is_empty() {
            missed.push(format!("{}: {misses:?}", point.label));
        }
    }
    assert!(compared >= 20, "{compared} are compared");
    assert!(missed.len() * 20 <= compared, "{} of {compared}: {missed:#?}", missed.len());
}

#[test]
fn messages_meet_jitter_and_bursts_as_packets_do() {
    agree(0..40, 8, false);
}

#[test]
#[ignore = "takes minutes in a debug build"]
fn messages_meet_jitter_and_bursts_as_packets_do_at_length() {
    agree(0..400, 20, true);
}
