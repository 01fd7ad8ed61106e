//! Completion times by hand, against a plain fluid simulation, and what must be conserved.

use rand::RngExt;

use super::reference::Twin;
use super::{capped, mbit, weighing};
use crate::net::sharing::{FlowId, FlowSpec, FluidFlows};
use crate::rng::{Domain, Seed, Stream, Streams};
use crate::units::{Bitrate, ByteCount, SimTime};

const MB: u64 = 1_000_000;

fn at(ns: u64) -> SimTime {
    SimTime::from_ns(ns)
}

fn seconds(tenths: u64) -> SimTime {
    at(tenths * 100_000_000)
}

/// Three hosts, 10 Mbit/s up and 90 down.
fn net() -> FluidFlows {
    let mut flows = FluidFlows::new();
    (0..3).for_each(|_| _ = flows.add_host(mbit(10), mbit(90)));
    flows
}

/// All ends from now on.
fn ends(flows: &mut FluidFlows) -> Vec<(SimTime, Vec<FlowId>)> {
    std::iter::from_fn(|| flows.complete_next(SimTime::MAX).map(|(time, ended)| (time, ended.to_vec()))).collect()
}

#[test]
fn a_single_flow_takes_the_serialisation_time_of_its_size() {
    for (bps, bytes) in [(10_000_000, MB), (3, 1), (9_999_991, 1_234_567), (7, 1_000_003), (1_000_000_000, 1)] {
        let (rate, size) = (Bitrate::from_bps(bps), ByteCount::new(bytes));
        let mut flows = FluidFlows::new();
        (0..2).for_each(|_| _ = flows.add_host(Some(rate), None));
        let begin = at(12_345);
        let flow = flows.start(begin, &FlowSpec::new(0, 1), size);
        let end = begin + rate.serialisation_time(size);
        assert_eq!(flows.next_completion(), Some(end), "{bytes} B at {bps} bit/s");
        assert_eq!(flows.complete_next(at(end.as_ns() - 1)), None);
        assert_eq!(flows.complete_next(end), Some((end, &[flow][..])));
        assert_eq!(flows.next_completion(), None);
    }
}

#[test]
fn two_flows_share_until_the_shorter_ends() {
    // 1 MB and 2 MB at 5 Mbit/s each until 1.6 s; the 1 MB that is left at 10 Mbit/s.
    let mut flows = net();
    let [short, long] = [(1, MB), (2, 2 * MB)]
        .map(|(to, size)| flows.start(SimTime::ZERO, &FlowSpec::new(0, to), ByteCount::new(size)));
    assert_eq!(ends(&mut flows), [(seconds(16), vec![short]), (seconds(24), vec![long])]);
}

#[test]
fn a_flow_that_comes_later_slows_the_first() {
    // 0.5 MB are left at 0.4 s, at 5 Mbit/s until 1.2 s; the other has 0.5 MB left then.
    let mut flows = net();
    let first = flows.start(SimTime::ZERO, &FlowSpec::new(0, 1), ByteCount::new(MB));
    let second = flows.start(seconds(4), &FlowSpec::new(0, 2), ByteCount::new(MB));
    assert_eq!(ends(&mut flows), [(seconds(12), vec![first]), (seconds(16), vec![second])]);
}

#[test]
fn capacities_caps_weights_and_stops_act_at_their_time() {
    let mut flows = net();
    let heavy = flows.start(SimTime::ZERO, &weighing(3.0, FlowSpec::new(0, 1)), ByteCount::new(3 * MB));
    let light = flows.start(SimTime::ZERO, &FlowSpec::new(0, 2), ByteCount::new(2 * MB));
    // 7.5 and 2.5 Mbit/s until 1.6 s: 1.5 MB each are left.
    assert_eq!(flows.left(seconds(16), heavy).get(), 3 * MB / 2);
    assert_eq!(flows.left(seconds(16), light).get(), 3 * MB / 2);
    flows.set_up(seconds(16), 0, mbit(4));
    // 3 and 1 Mbit/s until 2.4 s: 1.2 and 1.4 MB.
    flows.set_cap(seconds(24), heavy, mbit(1));
    // 1 and 3 Mbit/s until 3.2 s: 1.1 and 1.1 MB; then all for the one that is left.
    assert_eq!(flows.stop(seconds(32), heavy).get(), 11 * MB / 10);
    assert_eq!(ends(&mut flows), [(seconds(54), vec![light])]);
}

#[test]
fn a_link_without_capacity_holds_flows_until_it_is_back() {
    let mut flows = net();
    let flow = flows.start(SimTime::ZERO, &FlowSpec::new(0, 1), ByteCount::new(MB));
    flows.set_down(seconds(4), 1, mbit(0));
    assert_eq!(flows.next_completion(), None);
    flows.set_down(seconds(100), 1, None);
    assert_eq!(ends(&mut flows), [(seconds(104), vec![flow])]);
}

#[test]
fn what_ends_in_one_nanosecond_comes_in_the_order_of_flows() {
    let mut flows = net();
    let (big, small) = (ByteCount::new(2 * MB), ByteCount::new(MB));
    let first = flows.start(SimTime::ZERO, &FlowSpec::new(0, 1), big);
    let [second, third] = [2, 0].map(|to| flows.start(SimTime::ZERO, &capped(5, FlowSpec::new(1, to)), small));
    let fourth = flows.start(SimTime::ZERO, &FlowSpec::new(2, 1), big);
    let empty = flows.start(SimTime::ZERO, &FlowSpec::new(2, 1), ByteCount::new(0));
    assert_eq!(ends(&mut flows), [(SimTime::ZERO, vec![empty]), (seconds(16), vec![first, second, third, fourth])]);
}

#[test]
fn a_flow_without_limits_ends_at_once() {
    let mut flows = FluidFlows::new();
    let host = flows.add_host(None, None);
    let flow = flows.start(seconds(1), &FlowSpec::new(host, host), ByteCount::new(u64::MAX));
    assert_eq!(ends(&mut flows), [(seconds(1), vec![flow])]);
}

#[test]
#[should_panic(expected = "have not been taken")]
fn time_does_not_pass_over_an_end() {
    let mut flows = net();
    _ = flows.start(SimTime::ZERO, &FlowSpec::new(0, 1), ByteCount::new(MB));
    _ = flows.start(seconds(9), &FlowSpec::new(0, 1), ByteCount::new(MB));
}

/// A run in which each flow that ends is followed by another: what the bench does, and with caps and weights.
struct Churn {
    stream: Stream,
    hosts: u32,
    plain: bool,
}

impl Churn {
    fn below(&mut self, bound: u32) -> u32 {
        self.stream.random_range(0..bound)
    }

    fn next(&mut self) -> (FlowSpec, ByteCount) {
        let mut spec = FlowSpec::new(self.below(self.hosts), self.below(self.hosts));
        if !self.plain && self.below(3) == 0 {
            spec.cap = Some(Bitrate::from_bps(u64::from(100_000 + self.below(4_000_000))));
            spec.weight = f64::from(1 + self.below(8)) / 2.0;
        }
        (spec, ByteCount::new(u64::from(1 + self.below(2_000_000))))
    }
}

/// What was sent, when it began, and when it ended.
type FlowCourse = (FlowSpec, ByteCount, SimTime, Option<SimTime>);

/// Ends so many flows, and returns when each of those that were started ended.
fn run(seed: u64, plain: bool, ended: usize) -> Vec<FlowCourse> {
    let mut churn = Churn { stream: Streams::new(Seed(seed)).stream(Domain::Bench, 0), hosts: 12, plain };
    let mut flows = FluidFlows::new();
    (0..churn.hosts).for_each(|host| _ = flows.add_host(mbit(10), if host % 4 == 0 { None } else { mbit(12) }));
    let mut log: Vec<FlowCourse> = Vec::new();
    // Where in the log each flow is.
    let mut places = vec![0; 60];
    let mut start = |flows: &mut FluidFlows, log: &mut Vec<FlowCourse>, now| {
        let (spec, size) = churn.next();
        let flow = flows.start(now, &spec, size);
        log.push((spec, size, now, None));
        std::mem::replace(&mut places[flow.index()], log.len() - 1)
    };
    (0..60).for_each(|_| _ = start(&mut flows, &mut log, SimTime::ZERO));
    for _ in 0..ended {
        let (time, ended) = flows.complete_next(SimTime::MAX).expect("a flow");
        assert_eq!(ended.len(), 1, "sizes are random");
        // The new flow has the number of the one that ended.
        let over = start(&mut flows, &mut log, time);
        log[over].3 = Some(time);
    }
    log
}

#[test]
fn every_flow_ends_when_all_of_it_has_been_sent() {
    // The run again, at rates by progressive filling between its events. A plain simulation of its own would not
    // do: where each end starts a flow, a nanosecond's rounding grows by a factor of ten in a hundred ends.
    const BOUND_BITS: f64 = 0.1;
    for (seed, plain) in [(1, true), (2, false)] {
        let log = run(seed, plain, 1_000);
        let mut twin = Twin::default();
        (0..12).for_each(|host| _ = twin.add_host(mbit(10), if host % 4 == 0 { None } else { mbit(12) }));
        let mut left: Vec<(FlowId, usize, f64)> = Vec::new();
        let (mut now, mut worst): (SimTime, f64) = (SimTime::ZERO, 0.0);
        for (number, &(spec, size, begin, _)) in log.iter().enumerate() {
            if begin > now {
                let rates = twin.filled();
                for (flow, _, bits) in &mut left {
                    *bits -= rates[flow] * (begin.as_ns() - now.as_ns()) as f64 / 1e9;
                    assert!(*bits > -BOUND_BITS, "{flow:?} should have ended before {begin}");
                }
                now = begin;
                let over = left.iter().position(|&(_, row, _)| log[row].3 == Some(now)).expect("a flow that ends");
                let (flow, _, bits) = left.swap_remove(over);
                worst = worst.max(bits.abs());
                twin.remove(flow);
            }
            left.push((twin.add(spec), number, size.get() as f64 * 8.0));
        }
        println!("up to {worst:e} bits are left or too many");
        assert!(worst < BOUND_BITS, "a flow ended with {worst} bits left or too many");
    }
}

#[test]
fn no_link_carries_more_than_its_capacity_and_no_flow_beats_its_cap() {
    let log = run(3, false, 3_000);
    let last = log.iter().filter_map(|row| row.3).max().expect("an end");
    for host in 0..12 {
        // All that began at this host and has ended.
        let sent: u64 = log.iter().filter(|row| row.0.from == host && row.3.is_some()).map(|row| row.1.get()).sum();
        let most = 10_000_000.0 / 8.0 * last.as_ns() as f64 / 1e9;
        assert!(sent as f64 <= most, "host {host} sent {sent} B of {most}");
    }
    for (spec, size, begin, end) in log {
        let least = spec.cap.unwrap_or(Bitrate::from_bps(10_000_000)).serialisation_time(size).as_ns();
        assert!(end.is_none_or(|end| end.as_ns() - begin.as_ns() + 1 >= least), "{spec:?} was faster than its cap");
    }
}

#[test]
fn the_same_run_ends_the_same() {
    assert_eq!(run(4, false, 2_000), run(4, false, 2_000));
    assert_ne!(run(4, false, 100), run(5, false, 100));
}
