//! The ladder against an oracle: a binary heap over time and sequence.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use proptest::prelude::*;

use super::*;

/// A queue and its oracle. Events are their own sequence numbers.
#[derive(Default)]
struct Pair {
    queue: EventQueue<u64>,
    oracle: BinaryHeap<Reverse<(u64, u64)>>,
    pushed: u64,
    now: u64,
}

impl Pair {
    fn push(&mut self, time: u64) {
        // No event may be at the last instant.
        let time = time.min(u64::MAX - 1);
        self.queue.push(SimTime::from_ns(time), self.pushed);
        self.oracle.push(Reverse((time, self.pushed)));
        self.pushed += 1;
    }

    fn push_in(&mut self, delay: u64) {
        self.push(self.now.saturating_add(delay));
    }

    fn pop(&mut self) {
        self.pop_until(u64::MAX);
    }

    fn pop_until(&mut self, limit: u64) {
        let due = self.oracle.peek().is_some_and(|Reverse((time, _))| *time <= limit);
        let expected = if due { self.oracle.pop().map(|Reverse(next)| next) } else { None };
        let popped = self.queue.pop_until(SimTime::from_ns(limit)).map(|(time, event)| (time.as_ns(), event));
        assert_eq!(popped, expected);
        assert_eq!(self.queue.len(), self.oracle.len());
        assert_eq!(self.queue.is_empty(), self.oracle.is_empty());
        if let Some((time, _)) = popped {
            self.now = self.now.max(time);
        }
    }

    fn peek(&mut self) {
        let expected = self.oracle.peek().map(|Reverse((time, _))| SimTime::from_ns(*time));
        assert_eq!(self.queue.peek_time(), expected);
    }

    fn drain(&mut self) {
        while !self.oracle.is_empty() {
            self.pop();
        }
        self.pop();
    }
}

/// One step of a program; delays count from the last popped time.
#[derive(Clone, Debug)]
enum Step {
    Push(u64),
    PushMany(u16, u64, u64),
    PushAbsolute(u64),
    Pop(u16),
    PopUntil(u64),
    Hold(u16, u64),
    Peek,
    Drain,
}

/// Delays that hurt: none, few distinct ones, all magnitudes, far outliers, clusters.
fn delay() -> impl Strategy<Value = u64> {
    prop_oneof![
        3 => Just(0),
        3 => 0..4_u64,
        3 => 0..1_000_u64,
        3 => (0..60_u32, any::<u64>()).prop_map(|(bits, x)| x & ((1 << bits) - 1)),
        2 => (0..5_u64).prop_map(|x| x * 1_000_000_000),
        2 => 0..2_000_000_000_u64,
        1 => (u64::MAX - 100)..u64::MAX,
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => delay().prop_map(Step::Push),
        3 => (1..300_u16, delay(), delay()).prop_map(|(n, from, stride)| Step::PushMany(n, from, stride)),
        1 => delay().prop_map(Step::PushAbsolute),
        4 => (1..200_u16).prop_map(Step::Pop),
        2 => delay().prop_map(Step::PopUntil),
        3 => (1..300_u16, delay()).prop_map(|(n, spread)| Step::Hold(n, spread)),
        2 => Just(Step::Peek),
        1 => Just(Step::Drain),
    ]
}

fn scramble(x: u64) -> u64 {
    (x ^ (x >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9).rotate_left(23)
}

/// A number below `bound` that looks random; 0 for a bound of 0.
fn below(draw: u64, bound: u64) -> u64 {
    scramble(draw.wrapping_add(1)) % bound.max(1)
}

fn run(program: &[Step]) {
    let mut pair = Pair::default();
    for step in program {
        match *step {
            Step::Push(delay) => pair.push_in(delay),
            Step::PushMany(n, from, spread) => {
                (0..n).for_each(|_| pair.push_in(from.saturating_add(below(pair.pushed, spread))));
            }
            Step::PushAbsolute(time) => pair.push(time),
            Step::Pop(n) => (0..n).for_each(|_| pair.pop()),
            Step::PopUntil(delay) => pair.pop_until(pair.now.saturating_add(delay)),
            Step::Hold(n, spread) => (0..n).for_each(|_| {
                pair.pop();
                pair.push_in(below(pair.pushed, spread));
            }),
            Step::Peek => pair.peek(),
            Step::Drain => pair.drain(),
        }
    }
    pair.drain();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn any_program_gives_the_order_of_the_oracle(program in prop::collection::vec(step(), 1..40)) {
        run(&program);
    }

    #[test]
    fn a_hold_model_gives_the_order_of_the_oracle(
        pending in 0..6_000_u64, spread in delay(), holds in 0..6_000_u64, limit in delay(),
    ) {
        let mut pair = Pair::default();
        (0..pending).for_each(|i| pair.push(below(i, spread)));
        for i in 0..holds {
            pair.pop();
            pair.push_in(below(i, spread));
        }
        (0..100).for_each(|_| pair.pop_until(pair.now.saturating_add(limit)));
        pair.drain();
    }
}

/// Fills with `pending` events, holds twice as many times, drains, and returns the queue.
fn hold(pending: u64, delay: impl Fn(u64) -> u64) -> EventQueue<u64> {
    let mut pair = Pair::default();
    (0..pending).for_each(|i| pair.push(delay(i)));
    for i in 0..2 * pending {
        pair.pop();
        pair.push_in(delay(pending + i));
    }
    pair.drain();
    pair.queue
}

#[test]
fn ties_are_first_in_first_out() {
    hold(20_000, |_| 0);
    hold(20_000, |i| below(i, 3));
    hold(20_000, |i| below(i, 10) * 1_000_000);
}

#[test]
fn every_shape_of_delays_keeps_the_order() {
    hold(20_000, |i| below(i, 2_000_000_000));
    // Exponential growth: as many events in every power of two.
    hold(20_000, |i| below(i, 1 << below(i + 7, 50)));
    // Bimodal, and one outlier a year away.
    hold(20_000, |i| if i.is_multiple_of(2) { below(i, 1_000) } else { 1_000_000_000 + below(i, 1_000) });
    hold(20_000, |i| if i == 5 { 31_000_000_000_000_000 } else { below(i, 1_000_000) });
    // Ramps up and down.
    hold(20_000, |i| i);
    hold(20_000, |i| 1_000_000_000 - i * 10_000);
}

#[test]
fn memory_follows_the_number_of_events() {
    let pending = 200_000;
    let queue = hold(pending, |i| 100_000_000 + below(i, 1_000_000_000));
    let bytes = queue.capacity_bytes() / pending as usize;
    assert!(bytes <= 45, "{bytes} bytes an event");
}

#[test]
fn ladders_stay_short_when_times_fall() {
    // Each push is before most others, in buckets that may have been opened already.
    let mut pair = Pair::default();
    for round in 0..500 {
        let now = pair.now;
        for i in 0..400 {
            pair.push(now + 1_000_000_000 - i * 2_500_000);
        }
        (0..200 + 400 * (round % 2)).for_each(|_| pair.pop());
        pair.peek();
        assert!(pair.queue.depth < 12, "{} rungs", pair.queue.depth);
    }
    pair.drain();
}

#[test]
fn a_crowd_at_one_instant_is_not_moved_by_what_comes_after_it() {
    let mut pair = Pair::default();
    (0..50_000).for_each(|_| pair.push(1_000));
    pair.pop();
    for i in 0..50_000 {
        pair.push_in(below(i, 50));
        pair.pop();
    }
    pair.drain();
}

#[test]
fn a_bottom_that_never_runs_dry_stays_small() {
    let mut pair = Pair::default();
    pair.push(0);
    pair.push(u64::MAX - 1);
    for _ in 0..100_000 {
        pair.push_in(2);
        pair.pop();
    }
    assert!(pair.queue.capacity_bytes() < 20_000, "{} bytes", pair.queue.capacity_bytes());
    pair.drain();
}

#[test]
fn a_limit_keeps_later_buckets_closed() {
    let mut pair = Pair::default();
    (0..1_000).for_each(|i| pair.push(1_000 * i));
    for limit in (0..1_000_000).step_by(333) {
        pair.pop_until(limit);
        pair.push(limit.max(pair.now));
        pair.pop_until(limit);
    }
    pair.drain();
}
