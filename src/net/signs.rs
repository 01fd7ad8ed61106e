//! Signs of life on a link: small packets that cross it beside those that are followed one by one.
//!
//! Connections check each other all the time (RFC 7675), each at times of its own. Their packets are few and small, but
//! they take turns with all others, and so keep timers of different connections from meeting at a full buffer again
//! and again. They are not events: a link catches up on them whenever something is sent on it.

use rand::RngExt;

use crate::rng::Stream;
use crate::units::{ByteCount, SimDuration, SimTime};

/// Packets of equal size with independent gaps, uniform up to twice their mean.
#[derive(Clone, Copy, Debug)]
pub(super) struct Signs {
    /// Headers included.
    pub(super) size: ByteCount,
    mean_gap_ns: u64,
    next: SimTime,
}

/// Gaps of an idle link that are caught up on; what came before them has left long since.
const GAPS_OF_IDLE: u64 = 3;

impl Signs {
    /// So many packets and bytes a second; `None` where that is nothing.
    pub(super) fn new(packets_per_s: f64, bytes_per_s: f64) -> Option<Self> {
        let mean_gap_ns = (1e9 / packets_per_s) as u64;
        let size = ByteCount::new((bytes_per_s / packets_per_s) as u64);
        (packets_per_s > 0.0 && mean_gap_ns > 0 && bytes_per_s >= packets_per_s).then_some(Self {
            size,
            mean_gap_ns,
            next: SimTime::ZERO,
        })
    }

    /// When the next one comes, if that is not after `now`. Where the link is idle by then, those that `now` cannot
    /// know of any more are left out.
    #[inline]
    pub(super) fn until(
        &mut self,
        now: SimTime,
        is_idle: impl FnOnce(SimTime) -> bool,
        stream: &mut Stream,
    ) -> Option<SimTime> {
        let mut at = self.next;
        if at > now {
            return None;
        }
        let recent = SimTime::from_ns(now.as_ns().saturating_sub(GAPS_OF_IDLE * self.mean_gap_ns));
        if at < recent && is_idle(at) {
            at = recent;
        }
        self.next = at + SimDuration::from_ns(1 + stream.random_range(0..=2 * self.mean_gap_ns));
        Some(at)
    }

    #[cfg(test)]
    pub(super) fn is_after(&self, time: SimTime) -> bool {
        self.next > time
    }
}
