//! A token bucket in closed form: how many requests a server takes in a second.
//!
//! A bucket holds `depth` tokens and gains one every `period`. A request takes a token, or waits
//! for the next. The time at which the bucket will be full again says all there is to know (the
//! generic cell rate algorithm, ITU-T I.371), so no tokens are counted.

use crate::units::{SimDuration, SimTime};

/// A token bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenBucket {
    period: SimDuration,
    depth: u32,
    full_at: SimTime,
}

impl TokenBucket {
    /// A full bucket of `depth` tokens, at least one, that gains one every `period`.
    #[must_use]
    pub const fn new(period: SimDuration, depth: u32) -> Self {
        let depth = if depth == 0 { 1 } else { depth };
        Self { period, depth, full_at: SimTime::ZERO }
    }

    /// When a request that comes at `now` would have its token.
    #[inline]
    #[must_use]
    pub fn ready_at(&self, now: SimTime) -> SimTime {
        // The bucket lacks what it gains from now until it is full. With a token in it, it lacks
        // less than its depth.
        let slack_ns = self.period.as_ns().saturating_mul(u64::from(self.depth) - 1);
        now.max(SimTime::from_ns(self.full_at.as_ns().saturating_sub(slack_ns)))
    }

    /// Takes the token of a request that comes at `now`: when it has it.
    #[inline]
    pub fn take(&mut self, now: SimTime) -> SimTime {
        let at = self.ready_at(now);
        self.take_more(now, 1);
        at
    }

    /// Takes the tokens of so many requests that come at `now` together.
    #[inline]
    pub fn take_more(&mut self, now: SimTime, requests: u32) {
        // Each is full one period later than without it, however long it has to wait.
        self.full_at = self.full_at.max(now) + self.period * u64::from(requests);
    }
}

#[cfg(test)]
mod tests {
    use rand::RngExt;
    use rand_distr::{Distribution, Exp1};

    use super::*;
    use crate::rng::{Domain, Seed, Streams};

    fn ms(ms: u64) -> SimTime {
        SimTime::from_ns(ms * 1_000_000)
    }

    #[test]
    fn a_burst_takes_the_depth_at_once_and_the_rest_a_period_apart() {
        for depth in [1_u32, 5] {
            let mut bucket = TokenBucket::new(SimDuration::from_ms(10), depth);
            for nth in 0..20_u64 {
                // Closed form: request n (from 0) has its token after max(0, n + 1 - depth) periods.
                let waits = (nth + 1).saturating_sub(u64::from(depth));
                assert_eq!(bucket.take(ms(100)), ms(100 + 10 * waits), "depth {depth}, request {nth}");
            }
        }
    }

    #[test]
    fn a_pause_fills_the_bucket_up_to_its_depth_and_no_further() {
        let mut bucket = TokenBucket::new(SimDuration::from_ms(10), 3);
        (0..3).for_each(|_| assert_eq!(bucket.take(ms(0)), ms(0)));
        // Two tokens after 20 ms, then the third in 10 ms more.
        assert_eq!([ms(20); 3].map(|now| bucket.take(now)), [ms(20), ms(20), ms(30)]);
        // An hour gives three again.
        let later = ms(3_600_000);
        assert_eq!([later; 4].map(|now| bucket.take(now)), [later, later, later, later + SimDuration::from_ms(10)]);
    }

    /// What has passed by `t` is the least over `s` of what had come by `s` and what the bucket gives from then on:
    /// `min A(s) + depth + (t - s) / period` (Le Boudec and Thiran, Network Calculus, 2001, greedy shapers).
    #[test]
    fn what_passes_is_what_a_greedy_shaper_lets_through() {
        let (period, depth) = (SimDuration::from_ms(7), 4_u32);
        let mut gaps = Streams::new(Seed(1)).stream(Domain::Bench, 2);
        // At rest, at the rate, and at three times the rate, in turns.
        let mut now_ns = 0;
        let mut arrivals = Vec::new();
        for nth in 0..600_u64 {
            let mean_ns = [35, 7, 2][nth as usize / 50 % 3] * 1_000_000;
            now_ns += gaps.random_range(0..=2 * mean_ns);
            arrivals.push(now_ns);
        }
        let mut bucket = TokenBucket::new(period, depth);
        let passed: Vec<u64> = arrivals.iter().map(|&ns| bucket.take(SimTime::from_ns(ns)).as_ns()).collect();
        for &at in arrivals.iter().chain(&passed) {
            // Just before an arrival the minimum is attained, and at `at` itself.
            let before = |ns: u64| arrivals.partition_point(|&arrival| arrival < ns) as u64;
            let given = |ns: u64| u64::from(depth) + (at - ns) / period.as_ns();
            let come = arrivals.partition_point(|&arrival| arrival <= at) as u64;
            let bound = arrivals.iter().filter(|&&ns| ns <= at).map(|&ns| before(ns) + given(ns)).min();
            let expected = bound.map_or(come, |bound| bound.min(come));
            assert_eq!(passed.partition_point(|&pass| pass <= at) as u64, expected, "at {at} ns");
        }
    }

    /// With one token a bucket is a server that takes a period for each request.
    #[test]
    fn random_requests_wait_as_in_m_d_1() {
        for load in [0.5, 0.8] {
            let means: Vec<f64> = (0..8).map(|seed| mean_wait_in_periods(load, seed)).collect();
            let mean = means.iter().sum::<f64>() / 8.0;
            let variance = means.iter().map(|m| (m - mean) * (m - mean)).sum::<f64>() / 7.0;
            let error = libm::sqrt(variance / 8.0);
            let expected = load / (2.0 * (1.0 - load));
            assert!((mean - expected).abs() < 4.0 * error, "load {load}: {mean} +- {error}, expected {expected}");
            assert!(error < 0.02 * expected, "the test must be able to fail: {error}");
        }
    }

    fn mean_wait_in_periods(load: f64, seed: u64) -> f64 {
        let (period_ns, requests) = (1e6, 200_000);
        let mut bucket = TokenBucket::new(SimDuration::from_ms(1), 1);
        let mut gaps = Streams::new(Seed(seed)).stream(Domain::Bench, 3);
        let (mut now_ns, mut waited_ns) = (0.0, 0);
        for _ in 0..requests {
            let gap: f64 = Exp1.sample(&mut gaps);
            now_ns += gap * period_ns / load;
            let now = SimTime::from_ns(now_ns as u64);
            waited_ns += bucket.take(now).since(now).as_ns();
        }
        waited_ns as f64 / period_ns / f64::from(requests)
    }

    #[test]
    fn steady_requests_below_the_rate_never_wait() {
        let mut bucket = TokenBucket::new(SimDuration::from_ms(10), 1);
        for nth in 0..100 {
            assert_eq!(bucket.take(ms(11 * nth)), ms(11 * nth));
        }
    }
}
