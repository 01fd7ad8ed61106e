//! What the store costs: CPU time of a sweep of 10,000 short replications with it and without, and memory a replication.
//!
//! `cargo bench --bench store`. Two figures, for on a shared machine the CPU time of a sweep varies by more than the store
//! takes: sweeps with it and without in turns, the least time of each; and alone what a run does for the store, which is
//! to write a line as each replication ends, and the file of the results at the end.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use cpu_time::ProcessTime;
use peak_alloc::PeakAlloc;
use peerscape::scenario::{self, Experiment};
use peerscape::sweep::store::{Head, encode, write_store};
use peerscape::sweep::{self, CellKey, Kept, Observer, Results, Rung, Store, SweepOptions};

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
    let (seeds, rounds) = if is_measuring { (5_000, 3) } else { (10, 1) };
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
    println!("the difference is {:.2} %", 100.0 * (with_ms / without_ms - 1.0));
    println!("{:.2} kB on the disk a replication", bytes as f64 / 1e3 / replications as f64);
    let before = HEAP.current_usage();
    let results = sweep::run(&experiment, OPTIONS, &mut Silent).expect("it runs");
    let kept = HEAP.current_usage().saturating_sub(before);
    let alone = (0..rounds).map(|_| store_alone(&experiment, &results, folder.path())).min().unwrap_or_default();
    let share = 100.0 * alone.as_secs_f64() / without.as_secs_f64();
    println!("the store alone takes {:.0} ms: {share:.2} %", alone.as_secs_f64() * 1e3);
    println!("{:.2} kB of memory a replication", kept as f64 / 1e3 / results.replications() as f64);
}

/// What a run does for its store.
fn store_alone(experiment: &Arc<Experiment>, results: &Results<'_>, folder: &Path) -> Duration {
    let clock = ProcessTime::now();
    let head = Head::of(experiment, OPTIONS.rung);
    let mut store = Store::create(&folder.join("replications.jsonl"), &head).expect("created");
    let keys = CellKey::of_all(experiment, OPTIONS.rung);
    for ((cell, runs), key) in experiment.cells.iter().zip(&results.cells).zip(keys) {
        for run in &runs.runs {
            store
                .append_run(cell.index, run.record.seed, &encode(key, cell, &run.record).expect("encoded"))
                .expect("appended");
        }
    }
    write_final(results, &store, folder);
    clock.elapsed()
}

fn write_final(results: &Results<'_>, store: &Store, folder: &Path) {
    let file = fs::File::create(folder.join("final.jsonl")).expect("created");
    let mut file = std::io::BufWriter::with_capacity(1 << 18, file);
    write_store(results, Some(store), &mut file).expect("written");
}

const OPTIONS: SweepOptions = SweepOptions { jobs: 1, rung: Rung::MODEL };

fn run(experiment: &Arc<Experiment>, folder: Option<&Path>) -> Duration {
    let clock = ProcessTime::now();
    let mut store = folder.map(|folder| {
        let path = folder.join("replications.jsonl");
        Store::create(&path, &Head::of(experiment, OPTIONS.rung)).expect("created")
    });
    let results = sweep::resume(experiment, OPTIONS, Kept::default(), store.as_mut(), &mut Silent).expect("it runs");
    if let (Some(folder), Some(store)) = (folder, &store) {
        write_final(&results, store, folder);
    }
    clock.elapsed()
}
