//! Jitter and losses in bursts: what messages meet, and what packets do, over generated cells.

use std::fmt::Write as _;

use peerscape::metrics::{MetricId, RunRecord};
use peerscape::rng::{Domain, Seed, Stream, Streams};
use peerscape::scenario::{Cell, parse_str};
use peerscape::simulation::simulate;
use rand::RngExt;
use rand::seq::IndexedRandom;

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
fn point(nth: u64, rough: Option<&str>) -> Point {
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
    let drawn = *pick(stream, &ROUGH);
    let rough = rough.unwrap_or(drawn);
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
         link = {{ up = \"{up_mbit} Mbit/s\", down = \"{up_mbit} Mbit/s\", rtt = \"{rtt_ms} ms\", buffer = \"300 ms\"{comma}{rough} }}\n\
         [network]\nlatency = {{ kind = \"constant\", one_way = \"{one_way_ms} ms\" }}\n[[workload]]\nkind = \"{kind}\"\n\
         message = \"{bytes} B\"\nrate = \"{rate:.2} /s\"\nchannel = \"{channel}\"\n[[topology]]\n{structure}\n",
        comma = if rough.is_empty() { "" } else { ", " },
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

fn mean(records: &[RunRecord], id: MetricId) -> f64 {
    records.iter().map(|record| record.values.get(id).unwrap_or(0.0)).sum::<f64>() / records.len() as f64
}

#[test]
#[ignore = "prints a table"]
fn table() {
    let env = |name: &str, or: u64| std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(or);
    let (first, last, seeds) = (env("FIRST", 0), env("LAST", 20), env("SEEDS", 6));
    let rough = std::env::var("ROUGH").ok();
    for nth in first..last {
        let point = point(nth, rough.as_deref());
        let [m, p] = ["message", "packet"].map(|grain| runs(&point, grain, seeds));
        let of = |id| [mean(&m, id), mean(&p, id)];
        let [d, q] = of(MetricId::Delivered);
        let [a, b] = of(MetricId::LatencyP50);
        let [x, y] = of(MetricId::LatencyP95);
        let spread = {
            let values: Vec<f64> = p.iter().map(|r| r.values.get(MetricId::LatencyP95).unwrap_or(0.0)).collect();
            let mean = values.iter().sum::<f64>() / values.len() as f64;
            (values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>()
                / (values.len() - 1) as f64
                / values.len() as f64)
                .sqrt()
        };
        let miss = if (d - q).abs() > 0.5 { "D" } else { "" }.to_owned()
            + if (a / b - 1.0).abs() > 0.05 { "5" } else { "" }
            + if (x / y - 1.0).abs() > 0.15 { "9" } else { "" };
        println!(
            "{miss:4} d {d:6.2} {q:6.2}  p50 {a:7.1} {b:7.1} {:+5.1}%  p95 {x:7.1} {y:7.1} {:+5.1}% se {:.1}% up {:.0}  {}",
            (a / b - 1.0) * 100.0,
            (x / y - 1.0) * 100.0,
            spread / y * 100.0,
            mean(&p, MetricId::UplinkMax),
            point.label
        );
    }
}
