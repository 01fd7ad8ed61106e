//! What the store costs: CPU time of a sweep of 10,000 short replications with it and without, and memory a replication.
//!
//! `cargo bench --bench store`. Both are run in turns, and the least time of each counts, for other work on the machine
//! only adds. The store's time holds what a run does for it: the lines as replications end, and the file of the results
//! at the end.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use cpu_time::ProcessTime;
use peak_alloc::PeakAlloc;
use peerscape::scenario::{self, Experiment};
use peerscape::sweep::store::{Head, write_store};
use peerscape::sweep::{self, Kept, Observer, Rung, Store, SweepOptions};

#[global_allocator]
static HEAP: PeakAlloc = PeakAlloc;

/// Ten peers for three seconds: about as short as a replication is that says anything.
const SCENARIO: &str = r#"
name = "short"

[run]
duration = "3 s"
warmup = "1 s"
seeds = SEEDS

[population]
peers = 10

[[workload]]
kind = "state-sync"
message = "200 B"
rate = "10 /s"

[[topology]]
kind = "star"

[[topology]]
kind = "tree"
"#;

struct Silent;

impl Observer for Silent {
    fn finished(&mut self, _share: f64) {}

    fn should_stop(&mut self) -> bool {
        false
    }
}

fn main() {
    let has = |flag: &str| std::env::args().any(|argument| argument == flag);
    let is_measuring = has("--bench") && !has("--test");
    let (seeds, rounds) = if is_measuring { (5_000, 5) } else { (10, 1) };
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("short.toml");
    fs::write(&file, SCENARIO.replace("SEEDS", &seeds.to_string())).expect("written");
    let experiment = Arc::new(scenario::load(&file, &[]).expect("a scenario"));
    let (mut without, mut with) = (Duration::MAX, Duration::MAX);
    for _ in 0..rounds {
        without = without.min(run(&experiment, None));
        with = with.min(run(&experiment, Some(folder.path())));
    }
    let (without_ms, with_ms) = (without.as_secs_f64() * 1e3, with.as_secs_f64() * 1e3);
    let replications = experiment.cells.len() * experiment.seeds.len();
    let bytes = fs::metadata(folder.path().join("final.jsonl")).expect("written").len();
    println!("{replications} replications: {without_ms:.0} ms of CPU without a store, {with_ms:.0} with it");
    println!("the store costs {:.2} %", 100.0 * (with_ms / without_ms - 1.0));
    println!("{:.2} kB on the disk a replication", bytes as f64 / 1e3 / replications as f64);
    let before = HEAP.current_usage();
    let results = sweep::run(&experiment, OPTIONS, &mut Silent).expect("it runs");
    let kept = HEAP.current_usage().saturating_sub(before);
    println!("{:.2} kB of memory a replication", kept as f64 / 1e3 / results.replications() as f64);
}

const OPTIONS: SweepOptions = SweepOptions { jobs: 1, rung: Rung::MODEL };

fn run(experiment: &Arc<Experiment>, folder: Option<&Path>) -> Duration {
    let clock = ProcessTime::now();
    let mut store = folder.map(|folder| {
        let path = folder.join("replications.jsonl");
        Store::create(&path, &Head::of(experiment, OPTIONS.rung)).expect("created")
    });
    let results = sweep::resume(experiment, OPTIONS, Kept::default(), store.as_mut(), &mut Silent).expect("it runs");
    if let Some(folder) = folder {
        let file = fs::File::create(folder.join("final.jsonl")).expect("created");
        let mut file = std::io::BufWriter::with_capacity(1 << 18, file);
        write_store(&results, store.as_ref(), &mut file).expect("written");
    }
    clock.elapsed()
}
