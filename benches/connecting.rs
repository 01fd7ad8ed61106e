//! Connecting full meshes: CPU time and memory of a replication in which nothing else happens.
//!
//! A mesh of 2,000 peers (2 million connections) is to take less than 3 s of CPU time, one of 10,000 (50
//! million; with `PEERSCAPE_BENCH_LARGE=1`) less than 60 s and 4 GiB. Both with CPU work, sessions,
//! offers and answers; nothing is published before the end.

#[allow(dead_code, reason = "this bench measures one long run, not the best of many")]
mod support;

use std::path::Path;

use cpu_time::ThreadTime;
use peerscape::rng::Seed;
use peerscape::scenario::{self, Cell};
use peerscape::simulation::{Knowledge, simulate};
use support::is_measuring;

const SCENARIO: &str = "
[run]
duration = '1 s'
warmup   = '0 s'
drain    = '0 s'
seeds    = 1

[population]
peers = PEERS

[[population.class]]
name   = 'home'
nat    = 'NAT'
device = 'server'
engine = 'webrtc-rs'

[[workload]]
kind    = 'broadcast'
message = '100 B'
rate    = '1 /s'

[[topology]]
kind = 'mesh'
";

fn main() {
    let large = std::env::var_os("PEERSCAPE_BENCH_LARGE").is_some();
    let peers: &[u32] = match (is_measuring(), large) {
        (false, _) => &[50],
        (true, false) => &[500, 2_000],
        (true, true) => &[500, 2_000, 10_000],
    };
    for &peers in peers {
        for nat in ["public", "generic"] {
            measure(peers, nat);
        }
    }
}

fn measure(peers: u32, nat: &str) {
    let cell = load(peers, nat);
    let clock = ThreadTime::now();
    let record = simulate(&cell, Seed(1), &Knowledge::of(&cell.settings)).expect("a record");
    let took = clock.elapsed().as_secs_f64();
    let connections = u64::from(peers) * u64::from(peers - 1) / 2;
    assert_eq!(record.opening.wanted, connections);
    let memory = peak_memory_bytes().map_or_else(String::new, |bytes| format!(", peak {} MiB", bytes >> 20));
    println!(
        "connecting a mesh of {peers}, {nat}: {took:.2} s of CPU, {:.0} ns a connection{memory}",
        took * 1e9 / connections as f64
    );
}

// Of the whole process until now, where the system says so.
fn peak_memory_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: u64 = line.trim().strip_suffix(" kB")?.trim().parse().ok()?;
    Some(kib << 10)
}

fn load(peers: u32, nat: &str) -> Cell {
    let text = SCENARIO.replace("PEERS", &peers.to_string()).replace("NAT", nat);
    let experiment = scenario::parse_str("connecting.toml", &text, Path::new(""), &[]).expect("a valid scenario");
    experiment.cells.into_iter().next().expect("one cell")
}
