//! How good the optimisers' answers are, and how soon: `cargo bench --bench optimisers`. CPU time, one thread.
//!
//! Populations are those of [`Synthetic`]: places in a plane (2D) or in five dimensions, access links and uplinks with long
//! tails; *loose* leaves five times the fan-out that is needed, *tight* less than three times. A part of the table by its
//! name: `cargo bench --bench optimisers -- exact`.

use std::env;
use std::ops::ControlFlow;

use cpu_time::ProcessTime;
use peerscape::optimiser::Stream;
use peerscape::optimiser::plan::Plan;
use peerscape::optimiser::synthetic::{LOOSE, Synthetic, TIGHT};
use peerscape::optimiser::tree::{Effort, TreeProblem, solve};
use peerscape::{Domain, Seed, Streams};
use rand::RngExt;

/// One row: populations of a kind, and how much is tried.
struct Row {
    name: &'static str,
    peers: u32,
    dimensions: usize,
    stream: Stream,
    seeds: u64,
    work: u64,
}

const fn row(name: &'static str, (peers, dimensions): (u32, usize), stream: Stream, (seeds, work): (u64, u64)) -> Row {
    Row { name, peers, dimensions, stream, seeds, work }
}

const ROWS: [Row; 13] = [
    row("exact 20, 2D tight", (20, 2), TIGHT, (30, 3_000_000)),
    row("exact 20, 5D tight", (20, 5), TIGHT, (30, 3_000_000)),
    row("exact 30, 2D loose", (30, 2), LOOSE, (15, 40_000_000)),
    row("exact 30, 2D tight", (30, 2), TIGHT, (15, 40_000_000)),
    row("exact 30, 5D tight", (30, 5), TIGHT, (15, 40_000_000)),
    row("second 30, 2D tight", (30, 2), TIGHT, (30, 700_000)),
    row("1,000, 2D loose", (1_000, 2), LOOSE, (10, 4_000_000)),
    row("1,000, 2D tight", (1_000, 2), TIGHT, (10, 4_000_000)),
    row("10,000, 2D loose", (10_000, 2), LOOSE, (5, 2_000_000)),
    row("10,000, 2D tight", (10_000, 2), TIGHT, (5, 2_000_000)),
    row("100,000, 2D loose", (100_000, 2), LOOSE, (2, 2_000_000)),
    row("100,000, 2D tight", (100_000, 2), TIGHT, (2, 2_000_000)),
    row("1,000, 5D tight", (1_000, 5), TIGHT, (5, 4_000_000)),
];

fn main() {
    // Cargo adds options of its own.
    let wanted = env::args().skip(1).find(|argument| !argument.starts_with('-')).unwrap_or_default();
    println!(
        "{:<22} {:>9} {:>8} {:>8} {:>10} {:>8} {:>8}",
        "", "proven", "gap %", "max %", "first ms", "cpu s", "max s"
    );
    // Only whether it runs: `cargo bench -- --test`.
    if env::args().any(|argument| argument == "--test") {
        print(&ROWS[0]);
        return;
    }
    ROWS.iter().filter(|row| row.name.starts_with(&wanted)).for_each(print);
    let is_wanted = |row: &&Repairs| row.name.starts_with(&wanted);
    if REPAIRS.iter().any(|row| row.name.starts_with(&wanted)) {
        println!(
            "\n{:<28} {:>8} {:>8} {:>8} {:>8} {:>8} {:>8} {:>8} {:>8} {:>8}",
            "", "leave us", "p99 us", "max us", "join us", "p99 us", "a peer", "most", "drift %", "max %"
        );
        REPAIRS.iter().filter(is_wanted).for_each(print_repairs);
    }
}

/// Leaves and joins in turn, of peers of whom a sixth is away at any time, from a tree that was searched.
struct Repairs {
    name: &'static str,
    peers: u32,
    stream: Stream,
    seeds: u64,
    events: u32,
    work: u64,
}

const REPAIRS: [Repairs; 4] = [
    Repairs { name: "plan 1,000, 2D loose", peers: 1_000, stream: LOOSE, seeds: 5, events: 1_000, work: 500_000 },
    Repairs { name: "plan 1,000, 2D tight", peers: 1_000, stream: TIGHT, seeds: 5, events: 1_000, work: 500_000 },
    Repairs { name: "plan 10,000, 2D loose", peers: 10_000, stream: LOOSE, seeds: 2, events: 1_000, work: 200_000 },
    Repairs { name: "plan 10,000, 2D tight", peers: 10_000, stream: TIGHT, seeds: 2, events: 1_000, work: 200_000 },
];

/// CPU time of an event, reconnects for each affected peer, and how far the largest latency is above that of a full search.
fn print_repairs(row: &Repairs) {
    let (mut leaves_us, mut joins_us, mut shares, mut drifts) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let effort = Effort { work: row.work, seed: Seed(1) };
    for seed in 0..row.seeds {
        let known = row.peers * 6 / 5;
        let instance = Synthetic { peers: known, dimensions: 2, seed }.instance();
        let mut plan = Plan::new(instance, 0, row.stream).expect("peer 0 is known");
        let (mut here, mut away): (Vec<u32>, Vec<u32>) = (1..known).partition(|&peer| peer < row.peers);
        here.iter().for_each(|&peer| assert!(plan.join(peer).is_ok()));
        plan.reoptimise(effort);
        let mut stream = Streams::new(Seed(seed)).stream(Domain::Synthetic, 0);
        for event in 0..row.events {
            let leaves = event % 2 == 0;
            let (from, to) = if leaves { (&mut here, &mut away) } else { (&mut away, &mut here) };
            let peer = from.swap_remove(stream.random_range(0..from.len()));
            to.push(peer);
            let clock = ProcessTime::now();
            let changes = if leaves { plan.leave(peer) } else { plan.join(peer) }.expect("an event that can be");
            let times_us = if leaves { &mut leaves_us } else { &mut joins_us };
            times_us.push(clock.elapsed().as_secs_f64() * 1e6);
            if changes.affected > 0 {
                shares.push(changes.connects.len() as f64 / f64::from(changes.affected));
            }
        }
        // A search of its own, for the plan would keep its tree where that finds nothing better.
        let snapshot = plan.snapshot();
        let searched = solve(&snapshot.problem(), effort, &mut |_| ControlFlow::Continue(())).expect("a tree");
        drifts.push((plan.max_us() as f64 / searched.value.max_us as f64 - 1.0) * 100.0);
    }
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len().max(1) as f64;
    let most = |values: &[f64]| values.iter().copied().fold(f64::MIN, f64::max);
    let p99 = |values: &[f64]| {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        sorted[sorted.len() * 99 / 100]
    };
    println!(
        "{:<28} {:>8.0} {:>8.0} {:>8.0} {:>8.0} {:>8.0} {:>8.2} {:>8.2} {:>8.1} {:>8.1}",
        row.name,
        mean(&leaves_us),
        p99(&leaves_us),
        most(&leaves_us),
        mean(&joins_us),
        p99(&joins_us),
        mean(&shares),
        most(&shares),
        mean(&drifts),
        most(&drifts)
    );
}

fn print(row: &Row) {
    let (mut gaps, mut firsts_ms, mut times_s, mut proven) = (Vec::new(), Vec::new(), Vec::new(), 0);
    for seed in 0..row.seeds {
        let instance = Synthetic { peers: row.peers, dimensions: row.dimensions, seed }.instance();
        let problem = TreeProblem::of(&instance, 0, row.stream);
        let clock = ProcessTime::now();
        let mut first_ms = None;
        let effort = Effort { work: row.work, seed: Seed(1) };
        let answer = solve(&problem, effort, &mut |_| {
            first_ms.get_or_insert_with(|| clock.elapsed().as_secs_f64() * 1e3);
            ControlFlow::Continue(())
        });
        // Where the fan-outs of all do not suffice, there is nothing to find.
        let Ok(answer) = answer else { continue };
        times_s.push(clock.elapsed().as_secs_f64());
        firsts_ms.extend(first_ms);
        gaps.push(answer.gap_percent(&problem));
        proven += u32::from(answer.is_proven(&problem));
    }
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len().max(1) as f64;
    let most = |values: &[f64]| values.iter().copied().fold(0.0, f64::max);
    println!(
        "{:<22} {:>9} {:>8.2} {:>8.2} {:>10.2} {:>8.2} {:>8.2}",
        row.name,
        format!("{proven}/{}", gaps.len()),
        mean(&gaps),
        most(&gaps),
        mean(&firsts_ms),
        mean(&times_s),
        most(&times_s)
    );
}
