//! What a sweep keeps in memory: cells and the values of the metrics, not the records of its replications.
//!
//! The bound: a further replication takes less than 1,000 bytes, in the sweep with its store and while the tables are
//! written. Counted by the allocator, between a shorter and a longer sweep of the same cells.

mod support;

use std::io::sink;
use std::path::Path;
use std::sync::Arc;

use peak_alloc::PeakAlloc;
use peerscape::report::{self, Content};
use peerscape::scenario::{self, Experiment};
use peerscape::sweep::store::{Head, write_store};
use peerscape::sweep::{self, Kept, Rung, Store, SweepOptions};
use support::{STORE, Silent};

#[global_allocator]
static HEAP: PeakAlloc = PeakAlloc;

/// Every replication of it has findings, and connections between three pairs of classes.
const SCENARIO: &str = r#"
name = "short"

[run]
duration = "2 s"
warmup = "1 s"
seeds = SEEDS

[population]
peers = 4

[[population.class]]
name = "home"
share = "50 %"
link = "cable"
nat = "home"

[[population.class]]
name = "mobile"
share = "50 %"
link = "4g"
nat = "mobile"
device = "phone"

[[workload]]
kind = "state-sync"
message = "200 B"
rate = "5 /s"

[[topology]]
kind = "star"

[[topology]]
kind = "mesh"
"#;

/// Bytes that a sweep with so many replications holds at its end, and at most until its tables are written; without what
/// the process held before.
fn bytes(folder: &Path, seeds: usize, has_store: bool) -> [usize; 2] {
    let text = SCENARIO.replace("SEEDS", &seeds.to_string());
    let experiment = scenario::parse_str("short.toml", &text, folder, &[]);
    let experiment: Arc<Experiment> = Arc::new(experiment.expect("a scenario"));
    let options = SweepOptions { jobs: 2, rung: Rung::MODEL };
    HEAP.reset_peak_usage();
    let before = HEAP.current_usage();
    let mut store =
        has_store.then(|| Store::create(&folder.join(STORE), &Head::of(&experiment, Rung::MODEL)).expect("created"));
    let results = sweep::resume(&experiment, options, Kept::default(), store.as_mut(), &mut Silent).expect("it runs");
    let held = HEAP.current_usage() - before;
    let answer = report::answer(&results);
    let mut tables = report::tables(&results, &answer.summary);
    assert_eq!(tables.len(), 5);
    if let Some(store) = &store {
        tables.push((STORE.into(), Content::written(|to| write_store(&results, store, to))));
    }
    tables.iter().for_each(|(_, table)| table.write(&mut sink()).expect("written"));
    [held, HEAP.peak_usage() - before]
}

#[test]
fn a_finished_replication_takes_less_than_a_kilobyte() {
    let folder = tempfile::tempdir().expect("a folder");
    for has_store in [false, true] {
        let [few, many] = [100, 600].map(|seeds| bytes(folder.path(), seeds, has_store));
        let each = [0, 1].map(|at| (many[at] as f64 - few[at] as f64) / 1_000.0);
        println!("store {has_store}: {:.0} bytes a replication, {:.0} at the peak", each[0], each[1]);
        assert!(each.iter().all(|&bytes| bytes < 1_000.0), "{each:?} bytes a replication");
        assert!(each[0] > 200.0, "values are kept: {each:?}");
    }
}
