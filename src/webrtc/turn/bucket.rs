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
    #[must_use]
    pub fn ready_at(&self, now: SimTime) -> SimTime {
        // The bucket lacks what it gains from now until it is full. With a token in it, it lacks
        // less than its depth.
        let slack_ns = self.period.as_ns().saturating_mul(u64::from(self.depth) - 1);
        now.max(SimTime::from_ns(self.full_at.as_ns().saturating_sub(slack_ns)))
    }

    /// Takes the token of a request that comes at `now`: when it has it.
    pub fn take(&mut self, now: SimTime) -> SimTime {
        let at = self.ready_at(now);
        self.full_at = self.full_at.max(at) + self.period;
        at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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

    #[test]
    fn steady_requests_below_the_rate_never_wait() {
        let mut bucket = TokenBucket::new(SimDuration::from_ms(10), 1);
        for nth in 0..100 {
            assert_eq!(bucket.take(ms(11 * nth)), ms(11 * nth));
        }
    }
}
