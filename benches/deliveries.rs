//! Whole replications of the shipped bench scenarios, by the path that `peerscape run` takes:
//! tree dissemination (W2), full mesh (W3) and a flood, with every metric recorded.
//!
//! For scale, the same W2, W3 and flood run on simcore, the event kernel of dslab, with nothing recorded
//! but the sum and maximum of the latencies. Criterion reports wall time; the summary at the end is
//! CPU time, best of several runs. `PEERSCAPE_BENCH_LARGE=1` adds a million peers and 2,000 peers in
//! a mesh.

mod peers;
mod support;

use std::path::Path;
use std::time::Duration;

use criterion::{Criterion, Throughput};
use peerscape::rng::Seed;
use peerscape::scenario::{self, Cell};
use peerscape::simulation::{self, Knowledge, Options, simulate_with};
use support::{best_ns_per_op, is_measuring};

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let large = std::env::var_os("PEERSCAPE_BENCH_LARGE").is_some();
    let names: &[&str] = match (is_measuring(), large) {
        (false, _) => &["w2-1k"],
        (true, false) => &["w2-1k", "w2-10k", "w2-100k", "w3-500", "flood-10k"],
        (true, true) => &["w2-1k", "w2-10k", "w2-100k", "w2-1m", "w3-500", "w3-2000", "flood-10k"],
    };
    let lines: Vec<String> = names.iter().map(|name| measure(&mut criterion, name)).collect();
    criterion.final_summary();
    println!("\nMillion deliveries (flood: copies) per CPU second, one thread, best of several runs");
    lines.iter().for_each(|line| println!("{line}"));
}

fn measure(criterion: &mut Criterion, name: &str) -> String {
    let cell = load(name);
    let knowledge = Knowledge::of(&cell.settings);
    let peers = cell.settings.population.peers.get();
    let (deliveries, ours) = best(&cell, Options::default());
    let small = deliveries < 5_000_000;
    if small {
        let mut group = criterion.benchmark_group("deliveries");
        group.sample_size(10).warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(2));
        group.throughput(Throughput::Elements(deliveries));
        group.bench_function(name, |bencher| {
            bencher.iter(|| simulate_with(&cell, Seed(1), &knowledge, Options::default()).expect("a record"));
        });
        group.finish();
    }
    // A million peers with an event for every arrival would take minutes.
    let queued = (deliveries < 50_000_000).then(|| best(&cell, Options { shortcuts: false }).1);
    let theirs = match name.split('-').next() {
        Some("w2") if peers <= 10_000 => Some(best_of_three(|| peers::tree(peers))),
        Some("w3") if peers <= 500 => Some(best_of_three(|| peers::mesh(peers))),
        Some("flood") => Some(best_of_three(|| peers::flood(neighbours(&cell)))),
        _ => None,
    };
    let queued = queued.map_or_else(String::new, |rate| format!("; every arrival an event: {rate:.1}"));
    let theirs = theirs.map_or_else(String::new, |rate| format!("; simcore {rate:.2}, ratio {:.0}", ours / rate));
    format!("{name:>8}: {ours:.1}{queued}{theirs}")
}

/// Who is connected to whom.
fn neighbours(cell: &Cell) -> Vec<Vec<u32>> {
    let (_, overlay) = simulation::build(cell, Seed(1)).expect("a population");
    (0..overlay.nodes()).map(|node| overlay.pair_neighbours(node).to_vec()).collect()
}

/// Deliveries of one replication, or copies where they come more than once, and the best rate in million a CPU second.
fn best(cell: &Cell, options: Options) -> (u64, f64) {
    let knowledge = Knowledge::of(&cell.settings);
    let mut deliveries = 0;
    let best = best_ns_per_op(|| {
        let counts = simulate_with(cell, Seed(1), &knowledge, options).expect("a record").counts;
        deliveries = counts.deliveries + counts.copies_duplicate;
        deliveries
    });
    (deliveries, 1e3 / best)
}

fn best_of_three(run: impl Fn() -> f64) -> f64 {
    (0..if is_measuring() { 3 } else { 1 }).map(|_| run()).fold(0.0, f64::max)
}

fn load(name: &str) -> Cell {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("scenarios/bench/{name}.toml"));
    let experiment = scenario::load(&file, &[]).expect("a shipped scenario");
    experiment.cells.into_iter().next().expect("one cell")
}
