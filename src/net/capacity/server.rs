//! A server that serves as a capacity trace lets it.

use super::{CapacityTrace, OPPORTUNITY_BYTES};
use crate::units::{ByteCount, SimDuration, SimTime};

const NS_PER_MS: u64 = 1_000_000;

/// A first-in-first-out server whose capacity is a trace, as [`FifoServer`](crate::net::FifoServer) is
/// one of constant rate: what has been handed over says when it is free again, so the queue needs no
/// list. Work must be handed over in the order of time.
///
/// A packet is carried by opportunities after its arrival; which are used, and to how many bytes, is
/// exact.
#[derive(Clone, Debug)]
pub struct TraceServer {
    trace: CapacityTrace,
    // Where in the trace time zero is.
    start_ns: u64,
    // The opportunity that the last byte handed over uses, counted over all repetitions, and what is
    // left of it.
    last: u64,
    left: u64,
}

impl TraceServer {
    /// A server that begins the trace at `start`, which counts modulo its length.
    #[must_use]
    pub fn new(trace: CapacityTrace, start: SimDuration) -> Self {
        let start_ns = start.as_ns() % (trace.period_ms() * NS_PER_MS).max(1);
        Self { trace, start_ns, last: 0, left: OPPORTUNITY_BYTES }
    }

    /// A server that begins the trace at this part of its length, in 2^-64: a uniform draw gives each
    /// peer a start of its own.
    #[must_use]
    pub fn starting_at(trace: CapacityTrace, part: u64) -> Self {
        let period_ns = u128::from(trace.period_ms() * NS_PER_MS);
        let start = SimDuration::from_ns(((u128::from(part) * period_ns) >> 64) as u64);
        Self::new(trace, start)
    }

    /// The trace.
    #[must_use]
    pub const fn trace(&self) -> &CapacityTrace {
        &self.trace
    }

    /// Takes a packet of `size` that is handed over at `now`; returns when its last byte is delivered. A
    /// packet without a byte passes.
    pub fn serve(&mut self, now: SimTime, size: ByteCount) -> SimTime {
        if size.get() == 0 || self.trace.period_ms() == 0 {
            return now;
        }
        if self.time_ns(self.last) <= self.local_ns(now) {
            // Idle: what could have been delivered until now is lost.
            (self.last, self.left) = (self.first_after(self.local_ns(now)), OPPORTUNITY_BYTES);
        }
        if size.get() <= self.left {
            self.left -= size.get();
        } else {
            let beyond = size.get() - self.left;
            let more = beyond.div_ceil(OPPORTUNITY_BYTES);
            self.last += more;
            self.left = more * OPPORTUNITY_BYTES - beyond;
        }
        SimTime::from_ns(self.time_ns(self.last) - self.start_ns)
    }

    /// When the next byte that is handed over, at `now`, would be delivered.
    #[must_use]
    pub fn next_opportunity(&self, now: SimTime) -> SimTime {
        let now_ns = self.local_ns(now);
        if self.trace.period_ms() == 0 {
            return now;
        }
        let next = match self.time_ns(self.last) <= now_ns {
            true => self.first_after(now_ns),
            false => self.last + u64::from(self.left == 0),
        };
        SimTime::from_ns(self.time_ns(next) - self.start_ns)
    }

    /// How many bytes have been handed over and are not delivered.
    #[must_use]
    pub fn waiting(&self, now: SimTime) -> ByteCount {
        let now_ns = self.local_ns(now);
        if self.trace.period_ms() == 0 || self.time_ns(self.last) <= now_ns {
            return ByteCount::new(0);
        }
        // While something waits every opportunity is used.
        let opportunities = self.last - self.first_after(now_ns) + 1;
        ByteCount::new(opportunities * OPPORTUNITY_BYTES - self.left)
    }

    const fn local_ns(&self, now: SimTime) -> u64 {
        now.as_ns() + self.start_ns
    }

    // When an opportunity is, counted from the beginning of the trace.
    fn time_ns(&self, opportunity: u64) -> u64 {
        let times = &self.trace.times_ms;
        let (round, at) = (opportunity / times.len() as u64, opportunity % times.len() as u64);
        (round * self.trace.period_ms() + u64::from(times[at as usize])) * NS_PER_MS
    }

    // The first opportunity after this time: at it, it is too late.
    fn first_after(&self, now_ns: u64) -> u64 {
        let times = &self.trace.times_ms;
        let (period_ns, count) = (self.trace.period_ms() * NS_PER_MS, times.len() as u64);
        let (round, within) = (now_ns / period_ns, now_ns % period_ns);
        let passed = times.partition_point(|&ms| u64::from(ms) * NS_PER_MS <= within);
        round * count + passed as u64
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::net::FifoServer;
    use crate::units::Bitrate;

    fn ms(ms: u64) -> SimTime {
        SimTime::from_ns(ms * NS_PER_MS)
    }

    fn server(times_ms: &[u32], start_ms: u64) -> TraceServer {
        let trace = CapacityTrace::new(times_ms.to_vec()).expect("a trace");
        TraceServer::new(trace, SimDuration::from_ms(start_ms))
    }

    #[test]
    fn small_packets_share_an_opportunity_and_large_ones_take_several() {
        let mut link = server(&[10, 20, 30, 40], 0);
        let mut departs = |now, size| link.serve(ms(now), ByteCount::new(size));
        assert_eq!(departs(0, 504), ms(10));
        assert_eq!(departs(3, 1_000), ms(10), "the rest of it");
        assert_eq!(departs(3, 1), ms(20));
        assert_eq!(departs(4, 3_007), ms(30), "1,503 and 1,504");
        assert_eq!(departs(4, 0), ms(4));
    }

    #[test]
    fn an_opportunity_that_finds_nothing_is_lost() {
        let mut link = server(&[10, 10, 20, 30], 0);
        assert_eq!(link.next_opportunity(ms(9)), ms(10));
        assert_eq!(link.next_opportunity(ms(10)), ms(20));
        assert_eq!(link.serve(ms(10), ByteCount::new(1)), ms(20), "at it, it is too late");
        assert_eq!(link.next_opportunity(ms(10)), ms(20), "the rest of it");
        assert_eq!(link.serve(ms(20), ByteCount::new(1)), ms(30), "and its rest with it");
        assert_eq!(link.serve(ms(25), ByteCount::new(1_503)), ms(30));
    }

    #[test]
    fn the_trace_repeats_and_starts_where_it_is_told() {
        let mut link = server(&[0, 10, 25], 0);
        assert_eq!(link.serve(ms(20), ByteCount::new(1_504)), ms(25));
        // The second time round begins at 25 ms with the opportunity at 0.
        assert_eq!(link.serve(ms(20), ByteCount::new(1_504)), ms(25));
        assert_eq!(link.serve(ms(20), ByteCount::new(1_504)), ms(35));
        assert_eq!(link.serve(ms(1_000), ByteCount::new(1)), ms(1_010));
        let mut late = server(&[0, 10, 25], 8);
        assert_eq!(late.serve(ms(0), ByteCount::new(1)), ms(2));
        assert_eq!(late.serve(ms(5), ByteCount::new(1)), ms(17));
        let half = TraceServer::starting_at(CapacityTrace::new(vec![100]).expect("a trace"), 1 << 63);
        assert_eq!(half.start_ns, 50 * NS_PER_MS);
    }

    #[test]
    fn what_waits_is_known_to_the_byte() {
        let mut link = server(&[10, 20, 30], 0);
        link.serve(ms(0), ByteCount::new(2_000));
        link.serve(ms(1), ByteCount::new(500));
        assert_eq!(link.waiting(ms(9)), ByteCount::new(2_500));
        assert_eq!(link.waiting(ms(10)), ByteCount::new(996));
        assert_eq!(link.waiting(ms(20)), ByteCount::new(0));
    }

    proptest! {
        /// A constant trace and a server of that rate differ by one opportunity at most.
        #[test]
        fn a_constant_trace_is_a_server_of_its_rate(
            packets in prop::collection::vec((0..8_000_000_u64, 1..3_000_u64), 1..300),
            start in 0..5_000_u64,
        ) {
            // One opportunity each 2 ms: 6.016 Mbit/s.
            let times: Vec<u32> = (1..=500).map(|n| 2 * n).collect();
            let mut link = server(&times, start);
            let (mut fluid, rate) = (FifoServer::default(), Bitrate::from_bps(6_016_000));
            let mut now = 0;
            for (gap, size) in packets {
                now += gap;
                let size = ByteCount::new(size);
                let departs = link.serve(SimTime::from_ns(now), size).as_ns();
                let ideal = fluid.serve(now, rate.serialisation_time(size).as_ns());
                // Rounding to whole ns a packet, besides.
                prop_assert!(departs + 2 * NS_PER_MS + 300 >= ideal && departs <= ideal + 2 * NS_PER_MS, "{} {}", departs, ideal);
            }
        }

        /// Between any two departures no more bytes are delivered than the opportunities carry, in order,
        /// and what waits is what was handed over less what was delivered.
        #[test]
        fn never_more_than_the_capacity(
            times in prop::collection::vec(0..40_u32, 1..60),
            packets in prop::collection::vec((0..30_000_000_u64, 1..4_000_u64), 1..200),
            start in 0..50_u64,
        ) {
            let mut times = times;
            times.push(40);
            times.sort_unstable();
            let mut link = server(&times, start);
            let probe = link.clone();
            let (mut now, mut last) = (0, SimTime::ZERO);
            let mut departures: Vec<(SimTime, u64)> = Vec::new();
            for (gap, size) in packets {
                now += gap;
                let now = SimTime::from_ns(now);
                let pending: u64 = departures.iter().filter(|(at, _)| *at > now).map(|(_, size)| size).sum();
                // A packet of which a part is delivered counts whole in `pending`.
                prop_assert!(link.waiting(now).get() <= pending);
                prop_assert!(link.waiting(now).get() + 4_000 > pending);
                let departs = link.serve(now, ByteCount::new(size));
                prop_assert!(departs >= last && departs > now);
                last = departs;
                departures.push((departs, size));
            }
            for (from, (begins, _)) in departures.iter().enumerate() {
                let bytes: u64 = departures[from..].iter().map(|(_, size)| size).sum();
                let after = |at: SimTime| probe.first_after(probe.local_ns(at));
                let opportunities = after(last) - after(SimTime::from_ns(begins.as_ns() - 1));
                // The first packet may have begun before.
                prop_assert!(bytes <= opportunities * OPPORTUNITY_BYTES + 4_000);
            }
        }
    }
}
