//! The retransmission time-out from measured round trips, and the T3-rtx timer (RFC 9260, 6.3).
//!
//! Van Jacobson's estimator in integers: an eighth of the error moves the mean, a quarter of its
//! size the mean deviation.

use super::profile::{Backoff, RtoProfile};
use crate::units::{SimDuration, SimTime};

/// The time-out and its timer.
#[derive(Clone, Copy, Debug)]
pub(super) struct T3 {
    // Smoothed round trip and four mean deviations, ns; none before a round trip is known.
    smoothed: Option<(u64, u64)>,
    timeout: SimDuration,
    due: SimTime,
    runs: u32,
    // How often it has run out since new data was acknowledged.
    in_vain: u32,
}

impl T3 {
    pub(super) const fn new(profile: &RtoProfile) -> Self {
        Self { smoothed: None, timeout: profile.initial, due: SimTime::MAX, runs: 0, in_vain: 0 }
    }

    /// The time-out as it stands.
    pub(super) const fn timeout(&self) -> SimDuration {
        self.timeout
    }

    /// The smoothed round trip, or what stands for it.
    pub(super) fn smoothed(&self) -> SimDuration {
        self.smoothed.map_or(self.timeout, |(mean, _)| SimDuration::from_ns(mean))
    }

    /// When the timer runs out.
    pub(super) const fn due(&self) -> SimTime {
        self.due
    }

    /// A round trip was measured.
    pub(super) fn observe(&mut self, round_trip: SimDuration, profile: &RtoProfile) {
        let sample = round_trip.as_ns();
        let (mean, deviations) = match self.smoothed {
            None => (sample, 2 * sample),
            Some((mean, deviations)) => {
                let error = sample.abs_diff(mean);
                let mean = if sample >= mean { mean + error / 8 } else { mean - error / 8 };
                (mean, deviations - deviations / 4 + error)
            }
        };
        let deviations = deviations.max(profile.variance_min.as_ns());
        self.smoothed = Some((mean, deviations));
        self.timeout = SimDuration::from_ns(mean + deviations).clamp(profile.min, profile.max);
    }

    /// Starts the timer unless it runs.
    pub(super) fn start(&mut self, now: SimTime) {
        if self.due == SimTime::MAX {
            self.due = now + self.timeout;
            self.runs = 0;
        }
    }

    pub(super) const fn stop(&mut self) {
        self.due = SimTime::MAX;
    }

    /// New data is acknowledged.
    pub(super) const fn arrived(&mut self) {
        self.in_vain = 0;
    }

    /// Whether it has run out too often.
    pub(super) fn has_given_up(&self, profile: &RtoProfile) -> bool {
        profile.most.is_some_and(|most| self.in_vain > most)
    }

    /// The timer has run out: backs off and runs on; false if it has done so too often, and stands.
    pub(super) fn expire(&mut self, now: SimTime, profile: &RtoProfile) -> bool {
        self.in_vain = self.in_vain.saturating_add(1);
        if self.has_given_up(profile) {
            self.stop();
            return false;
        }
        let wait = match profile.backoff {
            Backoff::Timeout => {
                self.timeout = (self.timeout * 2).min(profile.max);
                self.timeout
            }
            Backoff::Timer { cap, steady } => {
                self.runs += 1;
                (self.timeout * (1 << self.runs.saturating_sub(steady).min(20))).min(cap)
            }
        };
        self.due = now + wait;
        true
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::webrtc::sctp::AssociationProfile;

    #[test]
    fn a_steady_round_trip_gives_the_round_trip_and_the_least_variance() {
        let profile = AssociationProfile::chromium().rto;
        let mut t3 = T3::new(&profile);
        assert_eq!(t3.timeout(), SimDuration::from_ms(500));
        for _ in 0..100 {
            t3.observe(SimDuration::from_ms(300), &profile);
        }
        assert_eq!(t3.timeout(), SimDuration::from_ms(410));
        (0..100).for_each(|_| t3.observe(SimDuration::from_ms(50), &profile));
        assert_eq!(t3.timeout(), SimDuration::from_ms(400), "the minimum");
    }

    #[test]
    fn a_timer_doubles_up_to_its_cap_and_is_short_again_when_started_anew() {
        let profile = AssociationProfile::chromium().rto;
        let mut t3 = T3::new(&profile);
        t3.start(SimTime::ZERO);
        let mut waits = Vec::new();
        for _ in 0..5 {
            let now = t3.due();
            assert!(t3.expire(now, &profile));
            waits.push(t3.due().since(now).as_ns() / 1_000_000);
        }
        assert_eq!(waits, [500, 1_000, 2_000, 3_000, 3_000], "the first is not longer, as in crate `dcsctp`");
        t3.stop();
        t3.start(SimTime::ZERO);
        assert_eq!(t3.due(), SimTime::ZERO + SimDuration::from_ms(500));
    }

    #[test]
    fn a_doubled_time_out_lasts_until_a_round_trip_is_measured() {
        let profile = AssociationProfile::webrtc_rs().rto;
        let mut t3 = T3::new(&profile);
        t3.start(SimTime::ZERO);
        (0..3).for_each(|_| assert!(t3.expire(SimTime::ZERO, &profile)));
        t3.stop();
        t3.start(SimTime::ZERO);
        assert_eq!(t3.due(), SimTime::ZERO + SimDuration::from_secs(8));
        t3.observe(SimDuration::from_ms(50), &profile);
        assert_eq!(t3.timeout(), SimDuration::from_secs(1));
    }

    proptest! {
        #[test]
        fn the_time_out_keeps_its_bounds(samples in prop::collection::vec(0..90_000_u64, 0..60)) {
            for profile in [AssociationProfile::chromium().rto, AssociationProfile::libdatachannel().rto] {
                let mut t3 = T3::new(&profile);
                for &sample in &samples {
                    t3.observe(SimDuration::from_ms(sample), &profile);
                    prop_assert!(t3.timeout() >= profile.min && t3.timeout() <= profile.max);
                    prop_assert!(t3.timeout() == profile.max || t3.timeout() >= t3.smoothed() + profile.variance_min);
                }
            }
        }
    }
}
