//! Bulk flows over access links with max-min fair rates: ends of flows a second.
//!
//! So many flows at a time between a fifth as many hosts, 10 Mbit/s up, 50 (asym) or 10 (sym) down, random source
//! and other destination, exponential sizes of 1 MB on average; each flow that ends is followed by another. For
//! comparison the same with all rates computed anew each time. Criterion reports wall time; the summary at the end
//! is CPU time.

mod filling;
mod random;
mod support;

use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput};
use peerscape::net::{FlowSpec, FluidFlows};
use peerscape::units::{Bitrate, ByteCount, SimTime};

use filling::Filling;
use random::{SplitMix, below};
use support::{best_ns_per_op, is_measuring};

const UP_MBIT: u64 = 10;
const DOWN_MBIT: [(&str, u64); 2] = [("asym", 50), ("sym", 10)];

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let sizes: &[u32] = if is_measuring() { &[1_000, 10_000] } else { &[100] };
    let mut lines = Vec::new();
    for (name, down) in DOWN_MBIT {
        for &flows in sizes {
            let mut ours = Ours::new(flows, down);
            let mut anew = Anew::new(flows, down);
            // Until the first flows have gone.
            ours.run(3 * u64::from(flows));
            anew.run(u64::from(flows) / 10);
            let ours = measure(&mut criterion, name, flows, 5_000, |ends| ours.run(ends));
            let anew = measure(&mut criterion, &format!("{name}, all anew"), flows, 50, |ends| anew.run(ends));
            lines.push(format!(
                "{name:<4} {flows:>6} flows: {:>9.0} ends/s, all anew {:>7.0} ends/s, ratio {:.0}",
                1e9 / ours,
                1e9 / anew,
                anew / ours
            ));
        }
    }
    criterion.final_summary();
    println!("\nmax-min fair bulk flows, CPU time, the best of many rounds");
    lines.iter().for_each(|line| println!("{line}"));
}

/// Benches one side, which runs so many ends, and returns its best CPU time an end in nanoseconds.
fn measure(criterion: &mut Criterion, name: &str, flows: u32, batch: u64, mut run: impl FnMut(u64) -> u64) -> f64 {
    let mut group = criterion.benchmark_group("maxmin");
    group.sample_size(10).warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(1));
    group.throughput(Throughput::Elements(batch));
    group.bench_function(BenchmarkId::new(name, flows), |bencher| bencher.iter(|| run(batch)));
    group.finish();
    let ends = if is_measuring() { 4 * batch } else { 10 };
    best_ns_per_op(|| run(ends))
}

/// Who sends how much to whom.
struct Draw {
    random: SplitMix,
    hosts: u32,
}

impl Draw {
    const fn new(flows: u32) -> Self {
        Self { random: SplitMix(7), hosts: flows / 5 }
    }

    fn next(&mut self) -> (FlowSpec, u64) {
        let from = below(self.random.next(), self.hosts);
        let to = (from + 1 + below(self.random.next(), self.hosts - 1)) % self.hosts;
        let mean_one = (self.random.phold_delay_s() - 0.1) / 0.9;
        (FlowSpec::new(from, to), 1 + (1e6 * mean_one) as u64)
    }
}

/// `FluidFlows`.
struct Ours {
    flows: FluidFlows,
    draw: Draw,
}

impl Ours {
    fn new(flows: u32, down: u64) -> Self {
        let mut side = Self { flows: FluidFlows::new(), draw: Draw::new(flows) };
        let rate = |mbit: u64| Some(Bitrate::from_bps(mbit * 1_000_000));
        for _ in 0..side.draw.hosts {
            side.flows.add_host(rate(UP_MBIT), rate(down));
        }
        (0..flows).for_each(|_| side.start(SimTime::ZERO));
        side
    }

    fn start(&mut self, now: SimTime) {
        let (spec, bytes) = self.draw.next();
        self.flows.start(now, &spec, ByteCount::new(bytes));
    }

    fn run(&mut self, ends: u64) -> u64 {
        let mut ended = 0;
        while ended < ends {
            let (now, flows) = self.flows.complete_next(SimTime::MAX).expect("flows never run out");
            let count = flows.len() as u64;
            (0..count).for_each(|_| self.start(now));
            ended += count;
        }
        ended
    }
}

/// All rates anew.
struct Anew {
    flows: Filling,
    draw: Draw,
}

impl Anew {
    fn new(flows: u32, down: u64) -> Self {
        let mut draw = Draw::new(flows);
        let mut filling = Filling::new(draw.hosts, UP_MBIT as f64 * 1e6, down as f64 * 1e6);
        for _ in 0..flows {
            let (spec, bytes) = draw.next();
            filling.start(&spec, bytes);
        }
        Self { flows: filling, draw }
    }

    fn run(&mut self, ends: u64) -> u64 {
        for _ in 0..ends {
            let (spec, bytes) = self.draw.next();
            self.flows.replace_next(&spec, bytes);
        }
        ends
    }
}
