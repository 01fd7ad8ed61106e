//! Random scenarios of every kind of topology, workload, class and network: what is accepted comes to its end.

use std::cell::Cell;
use std::path::Path;

use peerscape::scenario::parse_str;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::{runner, simulate_all};

const LINKS: [&str; 10] = [
    "\"fibre\"",
    "\"cable\"",
    "\"dsl\"",
    "\"5g\"",
    "\"4g\"",
    "\"server\"",
    "\"unlimited\"",
    "{ up = \"64 kbit/s\", down = \"256 kbit/s\", rtt = \"80 ms\", loss = \"3 %\", jitter = \"20 ms\" }",
    "{ up = \"2 Mbit/s\", down = \"8 Mbit/s\", buffer = \"50 ms\", queue = \"fair\" }",
    "{ up = \"1 Mbit/s\", loss = \"20 %\", rtt = \"0 ms\" }",
];
const NATS: [&str; 6] = ["home", "mobile", "enterprise", "generic", "dcutr", "public"];
const DEVICES: [&str; 7] = ["server", "desktop", "laptop", "phone", "mid-phone", "budget-phone", "pi"];
const ENGINES: [&str; 8] = [
    "chromium",
    "chromium-background",
    "chromium-interleaving",
    "firefox",
    "webkit",
    "webrtc-rs",
    "libdatachannel",
    "ideal",
];
const TOPOLOGIES: [&str; 26] = [
    "kind = \"mesh\"",
    "kind = \"star\"",
    "kind = \"star\"\nhub = \"server\"",
    "kind = \"tree\"\ndegree = 1",
    "kind = \"tree\"\ndegree = 3\norder = \"arrival\"",
    "kind = \"tree\"\ndegree = 65535",
    "kind = \"hybrid\"\npeers_per_hub = 1",
    "kind = \"hybrid\"\npeers_per_hub = 4",
    "kind = \"tree\"\ndegree = 2\nbackup_parents = 2",
    "kind = \"tree\"\ndegree = 4\norder = \"latency-within-budgets\"",
    "kind = \"multi-tree\"\nstripes = 3",
    "kind = \"genet\"\ndegree = 2",
    "kind = \"random-regular\"\ndegree = 3",
    "kind = \"random-regular\"\ndissemination = \"plumtree\"",
    "kind = \"random-regular\"\ndissemination = \"shortest-path\"",
    "kind = \"ring\"\ndissemination = \"pull\"",
    "kind = \"ring\"\nneighbours = 1\nshortcuts = 0\ndissemination = \"shortest-path\"",
    "kind = \"nearest\"\ndissemination = { kind = \"push\", fan_out = 2 }",
    "kind = \"y-webrtc\"",
    "kind = \"webtorrent\"",
    "kind = \"hyparview\"\ndissemination = \"plumtree\"",
    "kind = \"gossipsub\"\ndissemination = { kind = \"gossipsub\", idontwant = \"1 kB\" }",
    "kind = \"hybrid\"\nhubs = \"auto\"\nchoose = \"best-capacity\"\ncore = { kind = \"random-regular\", degree = 2 }",
    "kind = \"hybrid\"\nhubs = 3\ncore = \"genet\"\nattach = { kind = \"nearest\", degree = 1 }",
    "kind = \"hybrid\"\nhubs = 3\nattach = { kind = \"star\", backup_parents = 1 }",
    "kind = \"mesh\"\ndissemination = \"flood\"",
];
const WORKLOADS: [&str; 18] = [
    "kind = \"broadcast\"\nmessage = \"1 B\"\nrate = \"10 /s\"",
    "kind = \"broadcast\"\nsources = 2\nmessage = \"64 KiB\"\nrate = \"2 /s\"\nchannel = \"reliable\"",
    "kind = \"broadcast\"\nmessage = \"256 KiB\"\nrate = \"1 /s\"\narrivals = \"poisson\"\nchannel = \"reliable-unordered\"",
    "kind = \"state-sync\"\nmessage = \"200 B\"\nrate = \"5 /s\"",
    "kind = \"state-sync\"\nmessage = \"1200 B\"\nrate = \"1 /h\"\nchannel = \"reliable\"",
    "kind = \"telemetry\"\nmessage = \"500 B\"\nrate = \"3 /s\"",
    "kind = \"telemetry\"\nsinks = 2\nmessage = \"100 B\"\nrate = \"0.000001 /s\"",
    "kind = \"pub-sub\"\ntopics = 5\nsubscriptions = 2\nmessage = \"300 B\"\nrate = \"4 /s\"",
    "kind = \"request-response\"\nrequest = \"100 B\"\nresponse = \"100 KiB\"\nrate = \"1 /s\"\nservice_time = \"20 ms\"",
    "kind = \"game\"\nnearest = 2",
    "kind = \"text\"\nwriters = 1",
    "kind = \"text\"\nwriters = 2\ndocument = \"0 B\"",
    "kind = \"live\"\nladder = \"100 kbit/s, 400 kbit/s\"",
    "kind = \"distribution\"\nsize = \"1 MB\"\npiece = \"64 KiB\"",
    "kind = \"broadcast\"\nmessage = \"2 KiB\"\nrate = \"5 /s\"\nlifetime = \"50 ms\"",
    "kind = \"broadcast\"\nmessage = \"20 kB\"\nchunk = \"3 kB\"\nrate = \"4 /s\"\nchannel = \"reliable\"",
    "kind = \"state-sync\"\nmessage = \"900 B\"\nchunk = \"300 B\"\nrepair_chunks = 2\nrate = \"3 /s\"",
    "kind = \"telemetry\"\nmessage = \"1 MB\"\nchunk = \"64 KiB\"\nrate = \"1 /s\"\nchannel = \"reliable-unordered\"",
];
const LATENCIES: [&str; 4] = [
    "{ kind = \"cities\" }",
    "{ kind = \"constant\", one_way = \"0 ms\" }",
    "{ kind = \"constant\", one_way = \"60 s\" }",
    "{ kind = \"uniform\", min = \"0 ms\", max = \"1 s\" }",
];
const WEBRTC: [&str; 9] = [
    "",
    "setup = \"instant\"",
    "turn = \"none\"",
    "overhead = \"none\"",
    "signaling = { capacity = \"5 /s\", trickle = false }",
    "signaling = { outages = [{ at = \"0 s\", lasts = \"1 s\" }] }",
    "connect = { concurrent = 1, timeout = \"500 ms\", attempts = 2, interop_failures = \"30 %\" }",
    "negotiation = { renegotiations = \"0.5 /s\", simultaneous = \"50 %\" }",
    "turn = { allocation_rate = \"0.000001 /s\", bandwidth = \"1 kbit/s\" }",
];
const JOINS: [&str; 3] = ["0 s", "1 s", "1000 h"];

fn class() -> impl Strategy<Value = String> {
    let parts = (select(&LINKS[..]), select(&NATS[..]), select(&DEVICES[..]), select(&ENGINES[..]));
    parts.prop_map(|(link, nat, device, engine)| {
        format!("link = {link}\nnat = \"{nat}\"\ndevice = \"{device}\"\nengine = \"{engine}\"\n")
    })
}

fn scenario() -> impl Strategy<Value = String> {
    let classes = proptest::collection::vec(class(), 1..=2);
    let lists = (classes, subsequence(&WORKLOADS[..], 1..=2), subsequence(&TOPOLOGIES[..], 1..=2));
    let words = (select(&LATENCIES[..]), select(&WEBRTC[..]), select(&JOINS[..]));
    let run = (2_u32..24, prop_oneof![Just(""), Just("grain = \"message\""), Just("grain = \"packet\"")]);
    (lists, words, run).prop_map(|((classes, workloads, topologies), (latency, webrtc, join), (peers, grain))| {
        let share = 100 / classes.len();
        let classes = classes.iter().zip(0..);
        let classes = classes.map(|(class, nth)| {
            format!("[[population.class]]\nname = \"class {nth}\"\nshare = \"{share} %\"\n{class}")
        });
        let tables =
            |name: &str, all: &[&str]| all.iter().map(|one| format!("[[{name}]]\n{one}\n")).collect::<String>();
        format!(
            "[run]\nduration = \"800 ms\"\nwarmup = \"100 ms\"\ndrain = \"500 ms\"\nseeds = 1\n{grain}\n\
             [population]\npeers = {peers}\njoin_over = \"{join}\"\n{}\
             [network]\nlatency = {latency}\n[webrtc]\n{webrtc}\n{}{}",
            classes.collect::<String>(),
            tables("workload", &workloads),
            tables("topology", &topologies)
        )
    })
}

/// What is accepted is simulated to its end, and what is told of it can be.
#[test]
fn what_is_accepted_comes_to_its_end() {
    let (accepted, refused, simulated) = (Cell::new(0), Cell::new(0), Cell::new(0));
    let mut runner = runner(400);
    let result = runner.run(&scenario(), |text| {
        let Ok(experiment) = parse_str("mixture.toml", &text, Path::new(""), &[]) else {
            refused.set(refused.get() + 1);
            return Ok(());
        };
        accepted.set(accepted.get() + 1);
        let count = simulate_all(&experiment).map_err(|error| TestCaseError::fail(format!("{error}\n{text}")))?;
        simulated.set(simulated.get() + count);
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
    let (accepted, refused, simulated) = (accepted.get(), refused.get(), simulated.get());
    println!("{accepted} accepted, {refused} refused, {simulated} simulated");
    assert!(accepted > 200 && simulated > 200, "{accepted} accepted, {refused} refused, {simulated} run");
}
