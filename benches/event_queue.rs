//! Event queues in the hold model: take the next event, schedule one at a random delay after it.
//!
//! Delays come from a table, so the figures are those of the queue, plus about 5 ns for the random
//! numbers, and plus the counter of the event's entity: 4 bytes for each pending event, at random,
//! which at ten million misses every cache as a model's state would. Criterion reports wall time;
//! the summary at the end is CPU time.

mod queues;
mod random;
mod support;

use std::hint::black_box;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion};
use peerscape::engine::EventQueue;

use queues::{BinaryQueue, Heap4, Queue, RadixHeap};
use random::{SplitMix, below};
use support::{best_ns_per_op, is_measuring};

const DELAYS: usize = 1 << 16;

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let sizes: &[usize] = if is_measuring() { &[1_000, 100_000, 10_000_000] } else { &[1_000] };
    let mut lines = Vec::new();
    for &pending in sizes {
        lines.push(measure::<EventQueue<u64>>(&mut criterion, pending));
        lines.push(measure::<RadixHeap>(&mut criterion, pending));
        lines.push(measure::<Heap4>(&mut criterion, pending));
        lines.push(measure::<BinaryQueue>(&mut criterion, pending));
    }
    criterion.final_summary();
    println!("\nhold model, CPU time, the best of many rounds; heap bytes held by the queue");
    lines.iter().for_each(|line| println!("{line}"));
}

/// Benches one queue with so many pending events and returns its line of the summary.
fn measure<Q: Queue>(criterion: &mut Criterion, pending: usize) -> String {
    let mut hold = Hold::<Q>::new(pending);
    let holds = if is_measuring() { 300_000 } else { 1_000 };
    hold.run(if Q::IS_SLOW_WHEN_LARGE { holds } else { 2 * pending as u64 });
    let mut group = criterion.benchmark_group("hold");
    group.sample_size(10).warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_millis(800));
    group.bench_function(BenchmarkId::new(Q::NAME, pending), |bencher| bencher.iter(|| hold.step()));
    group.finish();
    let ns = best_ns_per_op(|| hold.run(holds));
    let bytes = hold.queue.capacity_bytes() as f64 / pending as f64;
    format!("{:<20} {pending:>9} pending  {ns:>7.1} ns per pop and push  {bytes:>6.1} bytes an event", Q::NAME)
}

struct Hold<Q> {
    queue: Q,
    random: SplitMix,
    delays: Vec<u64>,
    counters: Vec<u32>,
}

impl<Q: Queue> Hold<Q> {
    fn new(pending: usize) -> Self {
        let mut random = SplitMix(7);
        let delays: Vec<u64> = (0..DELAYS).map(|_| (random.phold_delay_s() * 1e9) as u64).collect();
        let mut queue = Q::default();
        for entity in 0..pending as u64 {
            queue.push(delays[random.next() as usize % DELAYS], entity);
        }
        Self { queue, random, delays, counters: vec![0; pending] }
    }

    fn run(&mut self, holds: u64) -> u64 {
        (0..holds).for_each(|_| self.step());
        black_box(holds)
    }

    #[inline]
    fn step(&mut self) {
        let (time, entity) = self.queue.pop().expect("a hold model never runs dry");
        self.counters[entity as usize] += 1;
        let draw = self.random.next();
        let next = below(draw, self.counters.len() as u32);
        self.queue.push(time + self.delays[draw as usize % DELAYS], u64::from(next));
    }
}
