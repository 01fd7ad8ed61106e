//! The points of the grid: small calls on webrtc-rs, drawn with a fixed seed from what decides latency.

use peerscape::rng::{Domain, Seed, Stream, Streams};
use rand::RngExt;
use rand::seq::IndexedRandom;

/// One scenario, without its topologies in the label.
pub(crate) struct Point {
    pub(crate) nth: u64,
    /// What is special about it, in a few words.
    pub(crate) label: String,
    /// The scenario file.
    pub(crate) text: String,
}

/// The four topologies of every point.
const TOPOLOGIES: &str = "[[topology]]\nkind = \"mesh\"\n[[topology]]\nkind = \"star\"\nhub = \"server\"\n\
     [[topology]]\nkind = \"tree\"\ndegree = 3\n[[topology]]\nkind = \"hybrid\"\npeers_per_hub = 4\n";

/// Attempts that the stack hangs are over by then.
const WARMUP_S: u32 = 20;
/// How long is measured.
const MEASURED_S: u32 = 20;
/// Wanted deliveries that a replication has at least, so that it has a tail, and at most, so that it ends.
const DELIVERIES: std::ops::RangeInclusive<f64> = 400.0..=25_000.0;
/// Headers of a packet on the wire, and what it carries.
const HEADER_BYTES: f64 = 93.0;
const PACKET_BYTES: f64 = 1_163.0;

/// Point number `nth`: the same whenever it is asked for.
pub(crate) fn point(nth: u64) -> Point {
    let mut stream = Streams::new(Seed(2_026)).stream(Domain::Bench, nth);
    loop {
        if let Some(point) = draw(nth, &mut stream) {
            return point;
        }
    }
}

// One draw; none where too little or too much would be delivered.
fn draw(nth: u64, stream: &mut Stream) -> Option<Point> {
    let peers: u32 = stream.random_range(8..=20);
    let kind = *pick(stream, &["broadcast", "state-sync", "telemetry", "pub-sub", "request-response"]);
    let channel = *pick(stream, &["reliable", "reliable-unordered", "unreliable"]);
    let bytes: f64 = *pick(stream, &[64.0, 200.0, 1_200.0, 4_096.0, 16_384.0, 65_536.0]);
    let loss_percent = *pick(stream, &[0.0, 0.0, 0.1, 0.3, 0.5, 1.0, 2.0]);
    let up_mbit: f64 = *pick(stream, &[1.0, 3.0, 10.0, 30.0]);
    let down_mbit = up_mbit * *pick(stream, &[1.0, 1.0, 4.0, 20.0]);
    let rtt_ms = *pick(stream, &[5, 20, 40, 80]);
    let one_way_ms = *pick(stream, &[5, 20, 60]);
    let buffer_ms = *pick(stream, &[50, 150, 300]);
    let load: f64 = *pick(stream, &[0.01, 0.1, 0.3, 0.5, 0.7, 0.85, 0.97]);
    let special = *pick(stream, &["", "", "", "", "", "narrow hubs", "bursts", "jitter"]);
    let others = f64::from(peers - 1);
    let wire_bits = 8.0 * (bytes + HEADER_BYTES * (bytes / PACKET_BYTES).ceil());
    // The busiest access link of a mesh; of telemetry the sink's downlink.
    let (busiest_mbit, copies, wanted) = match kind {
        "broadcast" => (up_mbit, others, others),
        "state-sync" => (up_mbit.min(down_mbit), others, others * f64::from(peers)),
        "telemetry" => (down_mbit, others, others),
        "pub-sub" => (up_mbit, others / 2.0, others * 2.0),
        _ => (up_mbit, others, others),
    };
    let rate = load * busiest_mbit * 1e6 / (copies * wire_bits);
    let deliveries = rate * wanted * f64::from(MEASURED_S);
    if !(0.2..=200.0).contains(&rate) || !DELIVERIES.contains(&deliveries) {
        return None;
    }
    let link = |up: f64, loss: &str, jitter: &str| {
        format!(
            "{{ up = \"{up} Mbit/s\", down = \"{down_mbit} Mbit/s\", rtt = \"{rtt_ms} ms\", buffer = \"{buffer_ms} ms\"{loss}{jitter} }}"
        )
    };
    let loss = match (special, loss_percent > 0.0) {
        ("bursts", _) => ", loss = { good_to_bad = \"0.5 %\", bad_to_good = \"25 %\" }".to_owned(),
        (_, true) => format!(", loss = \"{loss_percent} %\""),
        _ => String::new(),
    };
    let jitter = if special == "jitter" { ", jitter = \"10 ms\"" } else { "" };
    let class = |name: &str, share: &str, link: String| {
        format!(
            "[[population.class]]\nname = \"{name}\"\nshare = \"{share}\"\nlink = {link}\nnat = \"public\"\n\
             device = \"server\"\nengine = \"webrtc-rs\"\n"
        )
    };
    let classes = match special {
        "narrow hubs" => {
            class("home", "75 %", link(up_mbit, &loss, jitter))
                + &class("narrow", "25 %", link(up_mbit / 3.0, &loss, jitter))
        }
        _ => class("home", "100 %", link(up_mbit, &loss, jitter)),
    };
    let size = format!("\"{bytes} B\"");
    let traffic = match kind {
        "telemetry" => format!("sinks = 1\nmessage = {size}\n"),
        "pub-sub" => format!("topics = 4\nmessage = {size}\n"),
        "request-response" => format!("servers = 1\nrequest = \"100 B\"\nresponse = {size}\n"),
        _ => format!("message = {size}\n"),
    };
    let text = format!(
        "name = \"grid-{nth}\"\n[run]\nduration = \"{} s\"\nwarmup = \"{WARMUP_S} s\"\n[population]\npeers = {peers}\n\
         {classes}[network]\nlatency = {{ kind = \"constant\", one_way = \"{one_way_ms} ms\" }}\n\
         [webrtc]\nsetup = \"webrtc-rs\"\n[[workload]]\nkind = \"{kind}\"\n{traffic}rate = \"{rate:.3} /s\"\n\
         channel = \"{channel}\"\n{TOPOLOGIES}",
        WARMUP_S + MEASURED_S
    );
    let label = format!(
        "{peers} {kind} {bytes} B {channel} loss {loss_percent} % up {up_mbit} down {down_mbit} load {load} {special}"
    );
    Some(Point { nth, label, text })
}

fn pick<'v, T>(stream: &mut Stream, values: &'v [T]) -> &'v T {
    values.choose(stream).expect("not empty")
}
