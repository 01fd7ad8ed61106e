//! Simulated time as the stack sees it.
//!
//! The stack is told the time and never asks for it, but it wants it as [`Instant`]. An instant has
//! no value of its own, so a replication takes one as its origin and counts from there; which one
//! it is changes nothing.

use std::time::{Duration, Instant};

use crate::units::SimTime;

/// Turns simulated time into instants and back.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    origin: Instant,
}

impl Clock {
    /// A clock whose time zero is now.
    #[expect(
        clippy::disallowed_methods,
        reason = "the origin of simulated instants; differences to it are all that counts"
    )]
    pub(super) fn new() -> Self {
        Self { origin: Instant::now() }
    }

    /// The instant of a simulated time.
    #[inline]
    pub(super) fn instant(self, time: SimTime) -> Instant {
        self.origin + Duration::from_nanos(time.as_ns())
    }

    /// The simulated time of an instant; what lies before the origin is time zero.
    #[inline]
    pub(super) fn time(self, instant: Instant) -> SimTime {
        let since = instant.saturating_duration_since(self.origin).as_nanos();
        SimTime::from_ns(u64::try_from(since).unwrap_or(u64::MAX))
    }
}
