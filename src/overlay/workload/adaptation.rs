//! Adaptive bitrate: which level of a ladder a sender sends on one connection.
//!
//! A level is a bitrate that a content can be sent at, as the layers of simulcast are. The controller sees
//! what the sender itself can see: bytes that wait in the channel, and how long delivery takes. Its one
//! figure is the **backlog**, the time by which what is sent now is late:
//!
//! ```text
//! backlog = delay - least delay of the last minute + bytes buffered / rate of the level
//! ```
//!
//! Above a threshold it falls to the highest level of at most 85 % of the rate (the decrease of Google
//! congestion control, draft-ietf-rmcat-gcc-02, section 5.5), and again each time the backlog has not shrunk
//! after a hold. Below a lower threshold for long enough it tries one level more; a try that ends within
//! half a minute has failed and makes the next wait longer, as LiveKit's allocator of layers does (5 s, times
//! 1.5, at most 30 s). It never sends more than it gets: `available`.
//!
//! A value that is told the time.

use std::sync::Arc;

use crate::units::{Bitrate, ByteCount, SimDuration, SimTime};

/// When a controller falls and climbs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AdaptationSpec {
    /// Backlog above which it falls: the upper target of SCReAM (RFC 8298, section 4.1.1.1), 400 ms.
    pub backlog_high: SimDuration,
    /// Backlog below which it may climb: the lower target of SCReAM, 100 ms.
    pub backlog_low: SimDuration,
    /// What it keeps of a rate at most when it falls, in percent: 85.
    pub keep_percent: u32,
    /// After falling it waits so long, and one delay, before it looks again: 500 ms (assumed).
    pub hold: SimDuration,
    /// How long the backlog is low before it tries one level more: 5 s.
    pub wait: SimDuration,
    /// By how much a try that failed makes the next wait longer, in percent: 150.
    pub backoff_percent: u32,
    /// The longest wait, and how long a try has to last: 30 s.
    pub wait_max: SimDuration,
}

/// What a sender sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Observation {
    /// Bytes that wait in the channel: the API's `bufferedAmount`.
    pub buffered: ByteCount,
    /// How long the latest delivery took, one way or there and back, but always the same; none if none is
    /// known since the last observation.
    pub delay: Option<SimDuration>,
    /// The highest level that there is to send.
    pub available: u16,
}

/// A controller of one sender on one connection.
#[derive(Clone, Debug)]
pub struct Adaptation {
    spec: AdaptationSpec,
    ladder: Arc<[Bitrate]>,
    level: u16,
    least: LeastDelay,
    delay: SimDuration,
    // Not before this it falls again, and only if the backlog is not below the mark: its highest since.
    held_until: SimTime,
    mark: Option<SimDuration>,
    calm_since: Option<SimTime>,
    wait: SimDuration,
    // When it last climbed, while that may still fail.
    raised: Option<SimTime>,
}

impl Adaptation {
    /// A controller over the rates of `ladder`, which ascend, that begins at `level`, or at the highest there
    /// is. An empty ladder has the one level 0.
    #[must_use]
    pub fn new(spec: AdaptationSpec, ladder: Arc<[Bitrate]>, level: u16) -> Self {
        let highest = ladder.len().saturating_sub(1) as u16;
        Self {
            spec,
            ladder,
            level: level.min(highest),
            least: LeastDelay::default(),
            delay: SimDuration::ZERO,
            held_until: SimTime::ZERO,
            mark: None,
            calm_since: None,
            wait: spec.wait,
            raised: None,
        }
    }

    /// Takes what the sender sees at `now`, which does not go back; returns the level to send from now on,
    /// never above `available`.
    pub fn observe(&mut self, now: SimTime, seen: &Observation) -> u16 {
        if let Some(delay) = seen.delay {
            self.delay = delay;
            self.least.take(now, delay);
        }
        let level = self.level.min(seen.available);
        let backlog = self.backlog(level, seen.buffered);
        if self.raised.is_some_and(|raised| now.since(raised) >= self.spec.wait_max) {
            (self.raised, self.wait) = (None, self.spec.wait);
        }
        if backlog > self.spec.backlog_high {
            self.calm_since = None;
            self.fall_if_due(now, level, backlog, seen.buffered);
        } else {
            self.mark = None;
            if backlog < self.spec.backlog_low {
                self.climb_if_due(now, seen.available);
            } else {
                self.calm_since = None;
            }
        }
        self.level.min(seen.available)
    }

    /// The rate of a level; of the highest if there are fewer.
    #[must_use]
    pub fn rate(&self, level: u16) -> Bitrate {
        let at = usize::from(level).min(self.ladder.len().saturating_sub(1));
        self.ladder.get(at).copied().unwrap_or(Bitrate::from_bps(0))
    }

    fn backlog(&self, level: u16, buffered: ByteCount) -> SimDuration {
        let rate = self.rate(level);
        let drain = if rate.as_bps() == 0 { SimDuration::ZERO } else { rate.serialisation_time(buffered) };
        let queueing = self.delay.as_ns().saturating_sub(self.least.get().as_ns());
        SimDuration::from_ns(queueing) + drain
    }

    fn fall_if_due(&mut self, now: SimTime, level: u16, backlog: SimDuration, buffered: ByteCount) {
        if now < self.held_until {
            // What was sent before it fell is still arriving.
            self.mark = self.mark.map(|mark| mark.max(backlog));
            return;
        }
        self.held_until = now + self.spec.hold + self.delay;
        if self.mark.is_some_and(|mark| backlog < mark) {
            // It shrinks: what is sent now fits.
            self.mark = Some(backlog);
            return;
        }
        let most = self.rate(level).as_bps() / 100 * u64::from(self.spec.keep_percent);
        let below = (0..level).rev().find(|&below| self.rate(below).as_bps() <= most).unwrap_or(0);
        if self.raised.take().is_some() {
            let longer = self.wait.as_ns() / 100 * u64::from(self.spec.backoff_percent);
            self.wait = SimDuration::from_ns(longer).min(self.spec.wait_max);
        }
        self.level = below;
        self.mark = Some(self.backlog(below, buffered));
    }

    fn climb_if_due(&mut self, now: SimTime, available: u16) {
        let since = *self.calm_since.get_or_insert(now);
        let highest = available.min(self.ladder.len().saturating_sub(1) as u16);
        if now.since(since) >= self.wait && self.level < highest {
            self.level += 1;
            (self.raised, self.calm_since) = (Some(now), None);
        }
    }
}

impl Default for AdaptationSpec {
    fn default() -> Self {
        Self {
            backlog_high: SimDuration::from_ms(400),
            backlog_low: SimDuration::from_ms(100),
            keep_percent: 85,
            hold: SimDuration::from_ms(500),
            wait: SimDuration::from_secs(5),
            backoff_percent: 150,
            wait_max: SimDuration::from_secs(30),
        }
    }
}

/// The least delay of the last half to whole minute, so that a route that has become longer is not taken for
/// a queue for ever (as the base delay of LEDBAT, RFC 6817).
#[derive(Clone, Copy, Debug)]
struct LeastDelay {
    turned: SimTime,
    current: SimDuration,
    previous: SimDuration,
}

const HALF: SimDuration = SimDuration::from_secs(30);
const NONE: SimDuration = SimDuration::from_ns(u64::MAX);

impl LeastDelay {
    fn take(&mut self, now: SimTime, delay: SimDuration) {
        if now.since(self.turned) >= HALF {
            // After a long silence there is nothing to remember.
            self.previous = if now.since(self.turned) >= HALF + HALF { NONE } else { self.current };
            (self.turned, self.current) = (now, NONE);
        }
        self.current = self.current.min(delay);
    }

    fn get(&self) -> SimDuration {
        self.current.min(self.previous)
    }
}

impl Default for LeastDelay {
    fn default() -> Self {
        Self { turned: SimTime::ZERO, current: NONE, previous: NONE }
    }
}

#[cfg(test)]
mod tests;
