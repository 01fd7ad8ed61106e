//! The congestion window as messages meet it that are followed whole: a token bucket that fills once a round trip.
//!
//! An association may have `window` bytes on their way, and an acknowledgement takes a round trip `R`. Taken as a
//! fluid, `b` bytes hold their part of the window for `b R / window`, so that the last of them leaves at
//!
//! ```text
//! T = max(T, now) + b R / window,   leaves = max(now, T - R)
//! ```
//!
//! which is the generic cell rate algorithm (ITU-T I.371) with a tolerance of `R`. A message larger than the window goes
//! in parts, and the window grows between them as it does between round trips. The window itself is that of the
//! association packet by packet: slow start, congestion avoidance, halving, time-out.

use super::profile::AssociationProfile;
use super::window::{Growth, Window};

/// The window of one end, with what is on its way.
#[derive(Clone, Copy, Debug)]
pub struct FluidWindow {
    window: Window,
    // When all that was sent is acknowledged, were nothing added.
    free_ns: u64,
    // Until when a loss that is being repaired keeps further losses from halving the window.
    repaired_ns: u64,
}

/// In place of the TSN up to which recovery lasts.
const RECOVERING: u32 = 1;

impl FluidWindow {
    /// A window of an association that begins.
    #[must_use]
    pub const fn new(own: &AssociationProfile, peer: &AssociationProfile) -> Self {
        Self { window: Window::new(own, peer.receive_window), free_ns: 0, repaired_ns: 0 }
    }

    /// Takes a message that is handed over at a time: when its last byte may leave, in ns.
    pub fn pass(&mut self, own: &AssociationProfile, now_ns: u64, rtt_ns: u64, bytes: u64) -> u64 {
        self.settle(now_ns);
        if rtt_ns == 0 {
            return now_ns;
        }
        let mut left = bytes;
        loop {
            let size = u64::from(self.window.size().max(1));
            let part = left.min(size);
            let start_ns = self.free_ns.max(now_ns);
            let before = (start_ns - now_ns).min(rtt_ns) * size / rtt_ns;
            self.free_ns = start_ns.saturating_add(part.saturating_mul(rtt_ns) / size);
            left -= part;
            let waits = self.free_ns.saturating_sub(rtt_ns) > now_ns || left > 0;
            let flight_before = (before + part).min(size) as u32;
            self.window.grow(own, Growth { acknowledged: part as u32, flight_before, waiting: waits });
            if left == 0 {
                return self.free_ns.saturating_sub(rtt_ns).max(now_ns);
            }
        }
    }

    /// How many bytes wait for the window at a time, on top of those on their way.
    #[must_use]
    pub fn waiting(&self, now_ns: u64, rtt_ns: u64) -> u64 {
        let behind_ns = self.free_ns.saturating_sub(now_ns).saturating_sub(rtt_ns);
        u64::try_from(u128::from(behind_ns) * u128::from(self.window.size()) / u128::from(rtt_ns.max(1)))
            .unwrap_or(u64::MAX)
    }

    /// Whether the window holds nothing back at a time, and is no smaller than when the association began.
    #[must_use]
    pub fn is_at_rest(&self, own: &AssociationProfile, now_ns: u64) -> bool {
        self.free_ns <= now_ns && self.repaired_ns <= now_ns && self.window.size() >= own.initial_window
    }

    /// Three reports have told of a loss, which is repaired by then: the window halves, once.
    pub fn lose(&mut self, own: &AssociationProfile, now_ns: u64, repaired_ns: u64) {
        self.settle(now_ns);
        if self.window.lose(own, RECOVERING, RECOVERING) {
            self.repaired_ns = repaired_ns;
        }
    }

    /// The retransmission timer has run out.
    pub fn time_out(&mut self, own: &AssociationProfile, now_ns: u64) {
        self.settle(now_ns);
        self.window.time_out(own);
    }

    fn settle(&mut self, now_ns: u64) {
        if now_ns >= self.repaired_ns {
            self.window.leave_recovery(RECOVERING);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;

    #[test]
    fn a_message_within_the_window_leaves_at_once_and_a_larger_one_in_round_trips() {
        let profile = AssociationProfile::webrtc_rs();
        let window = || FluidWindow::new(&profile, &profile);
        assert_eq!(window().pass(&profile, 7, 100 * MS, 4_000), 7);
        // 4,380, then twice that: 3 times 4,380 have left after a round trip, 7 after two.
        let last = window().pass(&profile, 0, 100 * MS, 3 * 4_380);
        assert!(last.abs_diff(100 * MS) < MS, "{last}");
        let last = window().pass(&profile, 0, 100 * MS, 7 * 4_380);
        assert!(last.abs_diff(200 * MS) < MS, "{last}");
    }

    #[test]
    fn without_losses_a_stream_below_the_receive_window_does_not_wait() {
        let profile = AssociationProfile::chromium();
        let mut window = FluidWindow::new(&profile, &profile);
        // 100 kB/s over 200 ms: 20 kB on their way.
        let waits: Vec<u64> = (0..2_000_u64)
            .map(|nth| nth * 10 * MS)
            .map(|now| window.pass(&profile, now, 200 * MS, 1_000) - now)
            .collect();
        assert!(waits[..100].iter().any(|&wait| wait > 0), "slow start");
        assert!(waits[1_000..].iter().all(|&wait| wait == 0), "{:?}", &waits[1_990..]);
    }

    #[test]
    fn losses_at_random_carry_what_mathis_says() {
        // A backlogged sender: one packet in a hundred is lost.
        let profile = AssociationProfile::webrtc_rs();
        let (rtt, payload) = (100 * MS, u64::from(profile.payload_max()));
        let mut window = FluidWindow::new(&profile, &profile);
        let (mut now, mut sent) = (0, 0_u64);
        for packet in 1_u64..40_000 {
            now = window.pass(&profile, now, rtt, payload);
            sent += payload;
            // A fixed pattern without short cycles: the golden ratio's multiples.
            if (packet.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) % 100 == 0 {
                window.lose(&profile, now, now + rtt);
            }
        }
        let mbit = 8.0 * sent as f64 / (now as f64 / 1e9) / 1e6;
        let mathis = 1.22 * 8.0 * payload as f64 / (0.1 * 0.1) / 1e6;
        assert!((mbit / mathis - 1.0).abs() < 0.2, "{mbit} Mbit/s, Mathis {mathis}");
    }

    #[test]
    fn a_loss_halves_once_until_it_is_repaired_and_a_time_out_leaves_a_packet() {
        let profile = AssociationProfile::chromium();
        let mut window = FluidWindow::new(&profile, &profile);
        for _ in 0..500 {
            window.pass(&profile, 0, MS, 10_000);
        }
        let before = window.window.size();
        window.lose(&profile, 0, 100 * MS);
        window.lose(&profile, 50 * MS, 150 * MS);
        assert_eq!(window.window.size(), before / 2);
        window.lose(&profile, 100 * MS, 200 * MS);
        assert_eq!(window.window.size(), before / 4);
        window.time_out(&profile, 300 * MS);
        assert_eq!(window.window.size(), profile.mtu);
        assert!(!window.is_at_rest(&profile, u64::MAX));
    }
}
