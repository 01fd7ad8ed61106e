//! Against what deficit round robin promises: shares, work conservation, a bound of the wait.

use proptest::prelude::*;

use super::*;
use crate::net::{CapacityTrace, TraceServer};
use crate::units::{Bitrate, SimDuration};

type Queue = FairQueue<u64>;

/// 8 Mbit/s: a byte a microsecond.
const BYTE_NS: u64 = 1_000;

fn queue(buffer: Option<u64>) -> Queue {
    FairQueue::new(Transmitter::at_rate(Bitrate::from_bps(8_000_000)), buffer.map(ByteCount::new))
}

fn at(ns: u64) -> SimTime {
    SimTime::from_ns(ns)
}

fn packet(flow: u32, size: u64, tag: u64) -> FairPacket<u64> {
    FairPacket { flow, size: ByteCount::new(size), tag }
}

fn put(queue: &mut Queue, now: SimTime, flow: u32, size: u64) {
    let mut dropped = Vec::new();
    queue.enqueue(now, packet(flow, size, now.as_ns()), &mut dropped);
    assert!(dropped.is_empty());
}

/// Bytes of each flow that leave until `until`, while flow `n` always has packets of `sizes[n]` waiting.
fn backlogged(sizes: &[u64], weights: &[u32], until: SimTime) -> Vec<u64> {
    let mut queue = queue(None);
    for (flow, (&size, &weight)) in (0..).zip(sizes.iter().zip(weights)) {
        queue.set_weight(flow, weight);
        for _ in 0..50 {
            put(&mut queue, SimTime::ZERO, flow, size);
        }
    }
    let mut sent = vec![0; sizes.len()];
    while let Some(next) = queue.next_departure().filter(|next| *next <= until) {
        let (when, left) = queue.depart(next).expect("it leaves");
        assert_eq!(when, next);
        sent[left.flow as usize] += left.size.get();
        put(&mut queue, next, left.flow, sizes[left.flow as usize]);
    }
    sent
}

#[test]
fn backlogged_flows_have_equal_shares_whatever_their_packets() {
    let sent = backlogged(&[1_500, 100, 700], &[1, 1, 1], at(2_000_000_000));
    let most = sent.iter().max().expect("three") - sent.iter().min().expect("three");
    // Within one quantum and a packet (Shreedhar and Varghese, lemma 2).
    assert!(most <= QUANTUM_BYTES + 1_500, "{sent:?}");
    assert!(sent.iter().sum::<u64>() > 2_000_000 - 1_500, "the link never idles: {sent:?}");
}

#[test]
fn weights_share_the_link() {
    let sent = backlogged(&[1_200, 1_200, 300, 1_200], &[1, 2, 4, 8], at(6_000_000_000));
    let unit = sent.iter().sum::<u64>() as f64 / 15.0;
    for (bytes, weight) in sent.iter().zip([1.0, 2.0, 4.0, 8.0]) {
        let error = (*bytes as f64 - unit * weight).abs();
        assert!(error <= (QUANTUM_BYTES as f64) * (weight + 1.0) + 1_200.0, "{sent:?}");
    }
}

/// Shares in bytes a second of 1 MB/s by progressive filling (Bertsekas and Gallager, Data Networks, section 6.5.2):
/// those who want less than an equal share of what is left get what they want.
fn max_min(demands: &[Option<u64>]) -> Vec<u64> {
    let mut shares = vec![None; demands.len()];
    loop {
        let open = shares.iter().filter(|share| share.is_none()).count() as u64;
        let Some(level) = (1_000_000 - shares.iter().flatten().sum::<u64>()).checked_div(open) else { break };
        let modest: Vec<usize> = (0..demands.len())
            .filter(|&flow| shares[flow].is_none() && demands[flow].is_some_and(|demand| demand <= level))
            .collect();
        if modest.is_empty() {
            return shares.into_iter().map(|share| share.unwrap_or(level)).collect();
        }
        modest.into_iter().for_each(|flow| shares[flow] = demands[flow]);
    }
    shares.into_iter().flatten().collect()
}

#[test]
fn flows_have_their_max_min_shares() {
    // Bytes a second and bytes a packet; those without a demand always have something.
    for flows in [
        vec![(Some(50_000), 500), (Some(150_000), 1_500), (None, 1_200), (None, 300)],
        vec![(Some(400_000), 1_000), (Some(100_000), 100), (Some(900_000), 1_500)],
        vec![(Some(200_000), 1_000), (Some(300_000), 700)],
    ] {
        let demands: Vec<Option<u64>> = flows.iter().map(|(demand, _)| *demand).collect();
        let shares = max_min(&demands);
        let secs = 10;
        let mut arrivals: Vec<(u64, u32, u64)> = Vec::new();
        for (flow, &(demand, size)) in (0..).zip(&flows) {
            // Twice the link is always something.
            let gap_ns = 1_000_000_000 * size / demand.unwrap_or(2_000_000);
            arrivals.extend((0..secs * 1_000_000_000 / gap_ns).map(|nth| (nth * gap_ns, flow, size)));
        }
        arrivals.sort_unstable();
        let mut queue = queue(None);
        let mut sent = vec![0; flows.len()];
        let mut take = |queue: &mut Queue, until: SimTime| {
            while let Some((_, left)) = queue.depart(until) {
                sent[left.flow as usize] += left.size.get();
            }
        };
        for (now, flow, size) in arrivals {
            take(&mut queue, at(now));
            put(&mut queue, at(now), flow, size);
        }
        take(&mut queue, at(secs * 1_000_000_000));
        for (bytes, share) in sent.iter().zip(&shares) {
            // Within a turn of each flow.
            let most = flows.len() as u64 * (QUANTUM_BYTES + 1_500);
            assert!(bytes.abs_diff(share * secs) <= most, "{flows:?}: {sent:?}, expected {secs} times {shares:?}");
        }
    }
}

/// A flow that keeps to a leaky bucket of `burst` bytes at its share waits at most `burst / share` and the latency of
/// deficit round robin, `(3 F - 2 q) / C` with turns of `q` that are `F` in all (Stiliadis and Varma, IEEE/ACM ToN
/// 6(5), 1998), whatever the others do.
#[test]
fn a_shaped_flow_waits_no_longer_than_the_latency_of_the_turns_allows() {
    for others in [1_u64, 3, 9] {
        let share = 1_000_000 / (others + 1);
        let (size, burst) = (1_000, 12);
        let bound_ns = burst * size * 1_000_000_000 / share + (3 * (others + 1) - 2) * QUANTUM_BYTES * BYTE_NS;
        let mut queue = queue(None);
        for flow in 1..=others as u32 {
            (0..20).for_each(|_| put(&mut queue, at(0), flow, 1_500));
        }
        // A burst, then packets at the share.
        let gap_ns = size * 1_000_000_000 / share;
        let mut next = (0..400_u64).map(|nth| if nth < burst { 0 } else { (nth + 1 - burst) * gap_ns }).peekable();
        let mut worst_ns = 0;
        while next.peek().is_some() {
            let leaves = queue.next_departure().expect("backlogged");
            while let Some(now) = next.next_if(|&now| at(now) <= leaves) {
                put(&mut queue, at(now), 0, size);
            }
            let (when, left) = queue.depart(leaves).expect("it leaves");
            match left.flow {
                0 => worst_ns = worst_ns.max(when.as_ns() - left.tag),
                other => put(&mut queue, when, other, 1_500),
            }
        }
        assert!(worst_ns <= bound_ns, "{others}: {worst_ns} ns, at most {bound_ns}");
        assert!(2 * worst_ns > bound_ns, "the bound must be able to fail: {worst_ns} of {bound_ns}");
    }
}

/// A packet of a flow that was idle waits for the one that is being sent and for one turn of each of
/// the others: a quantum and what it kept from the turn before, less than a packet.
#[test]
fn a_sparse_flow_waits_a_turn_of_the_others_at_most() {
    for others in [1, 4, 16] {
        let mut queue = queue(None);
        for flow in 1..=others {
            for _ in 0..20 {
                put(&mut queue, SimTime::ZERO, flow, 1_200);
            }
        }
        let mut worst = SimDuration::ZERO;
        let mut sparse_at = SimTime::ZERO;
        for step in 0..400_u64 {
            let next = queue.next_departure().expect("backlogged");
            let (when, left) = queue.depart(next).expect("it leaves");
            if left.flow == 0 {
                worst = worst.max(when.since(sparse_at));
            } else {
                put(&mut queue, next, left.flow, 1_200);
            }
            if queue.waiting_of(0).get() == 0 && step % 3 == 0 && left.flow != 0 {
                // Between two departures.
                sparse_at = next + SimDuration::from_us(step % 1_200);
                if queue.next_departure().is_some_and(|soon| soon > sparse_at) {
                    put(&mut queue, sparse_at, 0, 100);
                    while let Some((when, left)) = queue.next_departure().and_then(|next| queue.depart(next)) {
                        if left.flow == 0 {
                            worst = worst.max(when.since(sparse_at));
                            break;
                        }
                        put(&mut queue, when, left.flow, 1_200);
                    }
                }
            }
        }
        let bound_ns = (1_200 + u64::from(others) * (QUANTUM_BYTES + 1_200) + 100) * BYTE_NS;
        assert!(worst.as_ns() <= bound_ns, "{others}: {worst}");
        assert!(worst.as_ns() > u64::from(others) * 1_200 * BYTE_NS / 2, "the bound must be able to fail: {worst}");
    }
}

#[test]
fn a_full_buffer_takes_from_the_longest() {
    let mut queue = queue(Some(5_000));
    let mut dropped = Vec::new();
    for tag in 0..4 {
        queue.enqueue(at(0), packet(0, 1_000, tag), &mut dropped);
    }
    queue.enqueue(at(0), packet(1, 1_000, 10), &mut dropped);
    assert!(dropped.is_empty(), "5,000 B, one being sent");
    queue.enqueue(at(0), packet(2, 1_500, 20), &mut dropped);
    assert_eq!(dropped, [packet(0, 1_000, 1), packet(0, 1_000, 2)], "not the one that is being sent");
    assert_eq!(queue.waiting(), ByteCount::new(4_500));
    dropped.clear();
    queue.enqueue(at(0), packet(3, 9_000, 30), &mut dropped);
    assert_eq!(dropped, [packet(3, 9_000, 30)], "larger than the buffer");
}

#[test]
fn a_trace_may_be_the_transmitter() {
    let trace = CapacityTrace::new(vec![10, 20]).expect("a trace");
    let server = TraceServer::new(trace, SimDuration::ZERO);
    let mut queue: Queue = FairQueue::new(Transmitter::with_trace(server), None);
    for flow in [0, 0, 1] {
        put(&mut queue, SimTime::ZERO, flow, 752);
    }
    let mut left = Vec::new();
    while let Some((when, packet)) = queue.next_departure().and_then(|next| queue.depart(next)) {
        left.push((when.as_ns() / 1_000_000, packet.flow));
    }
    // The first two share an opportunity; a flow's turn is 1,514 B.
    assert_eq!(left, [(10, 0), (10, 0), (20, 1)]);
}

proptest! {
    /// Work conservation: whatever the flows, the link is busy as one first-in-first-out queue would be, and
    /// every packet leaves once.
    #[test]
    fn the_link_is_busy_as_one_queue_would_be(
        packets in prop::collection::vec((0..2_000_000_u64, 0..6_u32, 1..3_000_u64), 1..200),
    ) {
        let mut fair = queue(None);
        let mut one = Transmitter::at_rate(Bitrate::from_bps(8_000_000));
        let (mut now, mut ends, mut left) = (SimTime::ZERO, SimTime::ZERO, 0);
        let (mut last, mut sent) = (SimTime::ZERO, 0);
        let count = packets.len();
        let mut take = |fair: &mut Queue, until: SimTime| {
            while let Some((when, packet)) = fair.depart(until) {
                assert!(when >= last + SimDuration::from_ns(packet.size.get() * BYTE_NS), "never above the rate");
                (last, left, sent) = (when, left + 1, sent + packet.size.get());
            }
            last
        };
        for (gap, flow, size) in packets {
            now += SimDuration::from_ns(gap);
            take(&mut fair, now);
            put(&mut fair, now, flow, size);
            ends = one.send(now, ByteCount::new(size));
        }
        let last = take(&mut fair, SimTime::MAX);
        prop_assert_eq!(last, ends);
        prop_assert_eq!(left, count);
        prop_assert_eq!(fair.waiting(), ByteCount::new(0));
    }
}
