//! What the store costs: a sweep of 10,000 short replications with it and without, and memory a replication.
//!
//! `cargo bench --bench store`. On a shared machine the CPU time of a sweep varies by more than the store takes, so two
//! figures are shown: sweeps with it and without in turns, the least time of each; and alone what a run does for the
//! store, which is to write a line as each replication ends, and the file of the results at the end.
//!
//! Instructions do not vary. One sweep of so many seeds, to be counted by `valgrind --tool=callgrind`:
//! `store --sweep without 1000` and `store --sweep with 1000`, where `store` is what `cargo bench --no-run` builds.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use cpu_time::ProcessTime;
use peak_alloc::PeakAlloc;
use peerscape::metrics::RunRecord;
use peerscape::scenario::{self, Experiment};
use peerscape::simulation::Knowledge;
use peerscape::sweep::store::{Head, encode, write_store};
use peerscape::sweep::{self, CellKey, Kept, Observer, Results, Rung, Store, SweepOptions};
use tempfile::TempDir;

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
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let has = |flag: &str| arguments.iter().any(|argument| argument == flag);
    if let Some(at) = arguments.iter().position(|argument| argument == "--sweep") {
        let study = Study::of(arguments[at + 2].parse().expect("a number of seeds"));
        study.run(arguments[at + 1] == "with");
        return;
    }
    let is_measuring = has("--bench") && !has("--test");
    let (seeds, rounds) = if is_measuring { (5_000, 3) } else { (10, 1) };
    let study = Study::of(seeds);
    let (mut without, mut with) = (Duration::MAX, Duration::MAX);
    for _ in 0..rounds {
        without = without.min(study.run(false));
        with = with.min(study.run(true));
    }
    let (without_ms, with_ms) = (without.as_secs_f64() * 1e3, with.as_secs_f64() * 1e3);
    let replications = study.experiment.cells.len() * study.experiment.seeds.len();
    let bytes = fs::metadata(study.folder.path().join("final.jsonl")).expect("written").len();
    println!("{replications} replications: {without_ms:.0} ms of CPU without a store, {with_ms:.0} with it");
    println!("the difference is {:.2} %", 100.0 * (with_ms / without_ms - 1.0));
    println!("{:.2} kB on the disk a replication", bytes as f64 / 1e3 / replications as f64);
    let alone = (0..rounds).map(|_| study.store_alone()).min().unwrap_or_default();
    let share = 100.0 * alone.as_secs_f64() / without.as_secs_f64();
    println!("the store alone takes {:.0} ms: {share:.2} %", alone.as_secs_f64() * 1e3);
    for (has_store, words) in [(false, "without a store"), (true, "with it")] {
        let kept = study.memory(has_store);
        println!("{:.0} bytes of memory a replication {words}", kept as f64 / replications as f64);
    }
}

struct Study {
    folder: TempDir,
    experiment: Arc<Experiment>,
}

const OPTIONS: SweepOptions = SweepOptions { jobs: 1, rung: Rung::MODEL };

impl Study {
    fn of(seeds: usize) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("short.toml");
        fs::write(&file, SCENARIO.replace("SEEDS", &seeds.to_string())).expect("written");
        let experiment = Arc::new(scenario::load(&file, &[]).expect("a scenario"));
        Self { folder, experiment }
    }

    fn run(&self, has_store: bool) -> Duration {
        let clock = ProcessTime::now();
        let (results, store) = self.sweep(has_store);
        if let Some(store) = store {
            self.write_final(&results, &store);
        }
        clock.elapsed()
    }

    fn sweep(&self, has_store: bool) -> (Results<'_>, Option<Store>) {
        let mut store = has_store.then(|| self.store());
        let results = sweep::resume(&self.experiment, OPTIONS, Kept::default(), store.as_mut(), &mut Silent);
        (results.expect("it runs"), store)
    }

    /// Bytes that are still there when a sweep has ended.
    fn memory(&self, has_store: bool) -> usize {
        let before = HEAP.current_usage();
        let kept = self.sweep(has_store);
        let after = HEAP.current_usage();
        drop(kept);
        after.saturating_sub(before)
    }

    /// What a run does for its store.
    fn store_alone(&self) -> Duration {
        let experiment = &*self.experiment;
        let (results, _) = self.sweep(false);
        // Some records stand for all: each replication made again would be all that is measured.
        let records: Vec<Vec<RunRecord>> = experiment
            .cells
            .iter()
            .map(|cell| {
                let knowledge = Knowledge::of(&cell.settings);
                let seeds = experiment.seeds.iter().take(100);
                let record = |&seed| (OPTIONS.rung.replicate)(cell, seed, &knowledge).expect("a record");
                seeds.map(record).collect()
            })
            .collect();
        let clock = ProcessTime::now();
        let mut store = self.store();
        let keys = CellKey::of_all(experiment, OPTIONS.rung);
        for ((cell, records), key) in experiment.cells.iter().zip(&records).zip(keys) {
            for (&seed, record) in experiment.seeds.iter().zip(records.iter().cycle()) {
                let line = encode(key, cell, record).expect("encoded");
                store.append_run(cell.index, seed, &line).expect("appended");
            }
        }
        self.write_final(&results, &store);
        clock.elapsed()
    }

    fn store(&self) -> Store {
        let head = Head::of(&self.experiment, OPTIONS.rung);
        Store::create(&self.folder.path().join("replications.jsonl"), &head).expect("created")
    }

    fn write_final(&self, results: &Results<'_>, store: &Store) {
        let file = fs::File::create(self.folder.path().join("final.jsonl")).expect("created");
        let mut file = std::io::BufWriter::with_capacity(1 << 18, file);
        write_store(results, store, &mut file).expect("written");
    }
}
