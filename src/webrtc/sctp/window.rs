//! The congestion window (RFC 9260, section 7.2): slow start, congestion avoidance, fast recovery.

use super::profile::{AssociationProfile, RecoveryUntil, SlowStart};

/// The window of one association, in bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    size: u32,
    threshold: u32,
    // Acknowledged since the window last grew, in congestion avoidance.
    partial: u32,
    // Fast recovery lasts until this TSN is acknowledged; zero if there is none.
    recovery_until: u32,
}

/// What a SACK says to the window.
#[derive(Clone, Copy, Debug)]
pub(super) struct Growth {
    /// Bytes that it newly acknowledged.
    pub(super) acknowledged: u32,
    /// Bytes in flight before it.
    pub(super) flight_before: u32,
    /// Whether something waits to be sent.
    pub(super) waiting: bool,
}

impl Window {
    pub(super) const fn new(profile: &AssociationProfile, peer_window: u32) -> Self {
        Self { size: profile.initial_window, threshold: peer_window, partial: 0, recovery_until: 0 }
    }

    pub(super) const fn size(&self) -> u32 {
        self.size
    }

    pub(super) const fn in_recovery(&self) -> bool {
        self.recovery_until != 0
    }

    /// All up to `cumulative` is acknowledged.
    pub(super) const fn leave_recovery(&mut self, cumulative: u32) {
        if self.in_recovery() && cumulative >= self.recovery_until {
            self.recovery_until = 0;
        }
    }

    /// The cumulative acknowledgement has advanced.
    pub(super) fn grow(&mut self, profile: &AssociationProfile, growth: Growth) {
        let used = match profile.slow_start {
            SlowStart::Packets(_) => growth.flight_before + profile.mtu >= self.size,
            SlowStart::Acknowledged => growth.waiting,
        };
        if self.size <= self.threshold {
            if used && !self.in_recovery() {
                self.size += match profile.slow_start {
                    SlowStart::Packets(packets) => growth.acknowledged.min(packets * profile.mtu),
                    SlowStart::Acknowledged => growth.acknowledged.min(self.size),
                };
            }
        } else {
            self.partial += growth.acknowledged;
            if self.partial >= self.size && used {
                self.partial -= self.size;
                self.size += profile.mtu;
            }
        }
    }

    /// Three SACKs have missed a chunk: enters fast recovery; false if it was in it.
    pub(super) fn lose(&mut self, profile: &AssociationProfile, highest_sent: u32, highest_arrived: u32) -> bool {
        if self.in_recovery() {
            return false;
        }
        self.threshold = (self.size / 2).max(profile.window_min());
        self.size = self.threshold;
        self.partial = 0;
        self.recovery_until = match profile.recovery_until {
            RecoveryUntil::HighestSent => highest_sent,
            RecoveryUntil::HighestArrived => highest_arrived,
        };
        true
    }

    /// The retransmission timer has run out.
    pub(super) fn time_out(&mut self, profile: &AssociationProfile) {
        self.threshold = (self.size / 2).max(profile.window_min());
        self.size = profile.mtu;
        self.partial = 0;
        if profile.timeout_ends_recovery {
            self.recovery_until = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FULL: Growth = Growth { acknowledged: 2_352, flight_before: 1 << 30, waiting: true };

    #[test]
    fn slow_start_adds_a_packet_for_a_sack_and_avoidance_one_for_a_window() {
        let profile = AssociationProfile::chromium();
        let mut window = Window::new(&profile, 20_000);
        while window.size() <= 20_000 {
            let before = window.size();
            window.grow(&profile, FULL);
            assert_eq!(window.size(), before + profile.mtu);
        }
        let size = window.size();
        let sacks = (1..).find(|_| {
            window.grow(&profile, FULL);
            window.size() > size
        });
        assert_eq!(sacks, Some(size.div_ceil(FULL.acknowledged)));
    }

    #[test]
    fn a_window_that_is_not_used_does_not_grow() {
        let profile = AssociationProfile::chromium();
        let mut window = Window::new(&profile, 1 << 20);
        window.grow(&profile, Growth { flight_before: window.size() - profile.mtu - 1, ..FULL });
        assert_eq!(window.size(), profile.initial_window);
        let profile = AssociationProfile::webrtc_rs();
        let mut window = Window::new(&profile, 1 << 20);
        window.grow(&profile, Growth { waiting: false, ..FULL });
        assert_eq!(window.size(), profile.initial_window);
    }

    #[test]
    fn a_time_out_in_recovery_freezes_the_window_where_the_profile_collapses() {
        for (profile, grows) in
            [(AssociationProfile::chromium(), false), (AssociationProfile::chromium().without_collapse(), true)]
        {
            let mut window = Window::new(&profile, 1 << 20);
            assert!(window.lose(&profile, 100, 90));
            assert!(!window.lose(&profile, 100, 90), "once");
            window.time_out(&profile);
            window.grow(&profile, FULL);
            assert_eq!(window.size() > profile.mtu, grows);
            window.leave_recovery(99);
            assert_eq!(window.in_recovery(), !grows);
            window.leave_recovery(100);
            window.grow(&profile, FULL);
            assert!(window.size() > profile.mtu);
        }
    }

    #[test]
    fn a_loss_halves_down_to_four_packets() {
        let profile = AssociationProfile::chromium();
        let mut window = Window::new(&profile, 1 << 20);
        (0..200).for_each(|_| window.grow(&profile, FULL));
        for tsn in 1..20 {
            let before = window.size();
            assert!(window.lose(&profile, tsn, tsn));
            assert_eq!(window.size(), (before / 2).max(4 * profile.mtu));
            window.leave_recovery(tsn);
        }
    }
}
