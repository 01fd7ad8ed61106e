//! The same seed gives the same trace: every datagram's time, addresses and size.

use std::path::Path;
use std::process::Command;

use peerscape::net::{LossSpec, MIDDLEBOX_PRESETS, MiddleboxSpec, PacketLinkSpec};
use peerscape::real::pair::{Gather, PairSpec, connect};
use peerscape::real::replication::{Replicated, replicate};
use peerscape::rng::Seed;
use peerscape::scenario::{self, Cell};
use peerscape::simulation::Knowledge;
use peerscape::units::{Probability, SimDuration};

fn named(name: &str) -> Vec<MiddleboxSpec> {
    (MIDDLEBOX_PRESETS.iter().find(|preset| preset.name == name).expect("a preset").make)()
}

fn lossy_pair(seed: u64) -> PairSpec {
    PairSpec {
        boxes: [named("eim-apdf"), named("apdm-apdf")],
        gather: Gather::Turn,
        up: PacketLinkSpec {
            loss: LossSpec::bernoulli(Probability::new(0.03).expect("a share")),
            jitter: SimDuration::from_ms(2),
            ..PacketLinkSpec::default()
        },
        seed: Seed(seed),
        ..PairSpec::default()
    }
}

fn cells() -> Vec<Cell> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/quickstart-small.toml");
    let overrides = ["population.peers=12", "run.duration=\"6 s\"", "run.warmup=\"3 s\""].map(str::to_owned);
    scenario::load(&file, &overrides).expect("a shipped scenario").cells
}

fn facts(run: &Replicated) -> (u64, u64, Vec<Option<f64>>) {
    let values = peerscape::metrics::MetricId::ALL.iter().map(|&id| run.record.values.get(id)).collect();
    (run.trace.hash(), run.trace.datagrams(), values)
}

#[test]
fn a_pair_has_the_same_trace_twice_and_another_with_another_seed() {
    let hash = |seed| connect(&lossy_pair(seed)).expect("it runs").trace.hash();
    for seed in 1..=5 {
        assert_eq!(hash(seed), hash(seed), "seed {seed}");
    }
    assert_ne!(hash(1), hash(2));
}

#[test]
fn a_replication_has_the_same_trace_and_record_twice() {
    for cell in cells() {
        let once = replicate(&cell, Seed(3), &Knowledge::of(&cell.settings)).expect("it runs");
        let again = replicate(&cell, Seed(3), &Knowledge::of(&cell.settings)).expect("it runs");
        assert_eq!(facts(&once), facts(&again), "{}", cell.label);
        assert!(once.trace.datagrams() > 1_000, "{}", cell.label);
    }
}

/// Randomness of a process (hash seeds, keys) must not show either.
#[test]
fn other_processes_leave_the_same_bytes() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/quickstart-small.toml");
    let run = |jobs: &str| {
        let out = folder.path().join(jobs);
        let status = Command::new(env!("CARGO_BIN_EXE_peerscape"))
            .arg("run")
            .arg(&file)
            .args(["--rung", "virtual", "--set", "run.seeds=1", "--set", "population.peers=10", "--jobs", jobs])
            .arg("--out")
            .arg(&out)
            .output()
            .expect("it starts");
        assert!(status.status.success(), "{}", String::from_utf8_lossy(&status.stderr));
        std::fs::read(out.join("runs.csv")).expect("written")
    };
    assert_eq!(run("1"), run("2"));
}
