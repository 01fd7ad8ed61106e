//! Retransmission timers.

use crate::units::SimDuration;
use crate::webrtc::stamp::{Moment, Stamp};

/// A time-out that doubles with every retransmission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// The first.
    pub initial: SimDuration,
    /// The largest.
    pub most: SimDuration,
    /// Retransmissions before it gives up; `None`: it never does.
    pub retransmissions_max: Option<u32>,
}

/// A timer that backs off.
#[derive(Clone, Copy, Debug)]
pub(super) struct Timer {
    backoff: Backoff,
    fired: u32,
    deadline: Option<Stamp>,
}

/// What a timer says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    /// Not now.
    No,
    /// Send again; the timer runs on.
    Again,
    /// It has given up.
    Exhausted,
}

impl Timer {
    pub(super) const fn new(backoff: Backoff) -> Self {
        Self { backoff, fired: 0, deadline: None }
    }

    pub(super) const fn deadline(&self) -> Option<Stamp> {
        self.deadline
    }

    /// Runs from now, from its first time-out.
    pub(super) fn start(&mut self, now: Stamp) -> Stamp {
        self.fired = 0;
        self.run(now)
    }

    pub(super) const fn stop(&mut self) {
        self.deadline = None;
    }

    pub(super) fn fire(&mut self, moment: &mut Moment<'_>) -> Due {
        if !self.deadline.is_some_and(|deadline| moment.reached(deadline)) {
            return Due::No;
        }
        self.deadline = None;
        self.fired += 1;
        if self.backoff.retransmissions_max.is_some_and(|most| self.fired > most) {
            return Due::Exhausted;
        }
        self.run(moment.now);
        Due::Again
    }

    fn run(&mut self, now: Stamp) -> Stamp {
        let doubled = self.backoff.initial * (1 << self.fired.min(20));
        let deadline = now.after(doubled.min(self.backoff.most));
        self.deadline = Some(deadline);
        deadline
    }
}
