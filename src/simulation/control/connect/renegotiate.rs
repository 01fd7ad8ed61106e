//! Renegotiation: open connections exchange offer and answer anew, and may meet in doing so.
//!
//! Either end begins with half of the renegotiations of a connection, in a Poisson process. Both offers
//! are under way together when the other end begins within the time that the first offer takes to reach
//! it, which is drawn: a connection has one event pending, whatever its rate.

use super::server::Batch;
use super::{Connecting, Event};
use crate::engine::Scheduler;
use crate::units::{SimDuration, SimTime};
use crate::webrtc::{InBand, NegotiationStyle};

// What the draws of a connection are for, in the lowest bits of their numbers.
const GAP: u64 = 0;
const WHO: u64 = 1;
const MEETS: u64 = 2;
const WAITS: u64 = 3;

impl Connecting<'_> {
    /// Lets the next renegotiation of a connection happen, if there is one before the end.
    pub(super) fn renegotiate_later(&mut self, now: SimTime, a: u32, b: u32, scheduler: &mut Scheduler<Event>) {
        let Some(rate) = self.webrtc.negotiation.renegotiations else { return };
        let share = self.uniform(a, b, now, GAP);
        let gap_s = -libm::log1p(-share) / rate.per_second();
        let at = now + SimDuration::from_secs_f64(gap_s).max(SimDuration::from_ns(1));
        if self.world.setup().signals() && at <= self.horizon {
            scheduler.schedule_at(at, Event::Renegotiate(a, b));
        }
    }

    /// One end begins a renegotiation; `a` is the one that made the first offer.
    pub(super) fn renegotiate(&mut self, now: SimTime, a: u32, b: u32, scheduler: &mut Scheduler<Event>) {
        self.renegotiate_later(now, a, b, scheduler);
        let (from, to) = if self.uniform(a, b, now, WHO) < 0.5 { (a, b) } else { (b, a) };
        self.tally.renegotiations += 1;
        let (Some(offer), Some(answer)) = (self.leg(now, from, to), self.leg(now, to, from)) else {
            self.tally.failed_negotiations += 1;
            return;
        };
        let negotiation = self.webrtc.negotiation;
        let round = offer + answer;
        if negotiation.style == NegotiationStyle::SingleOfferer {
            let asked = if from == a { SimDuration::ZERO } else { offer };
            if from != a {
                self.book(now, Batch::REQUEST);
            }
            return self.tally.renegotiation.record(asked + round);
        }
        if self.uniform(a, b, now, MEETS) >= self.chance_to_meet(offer) {
            return self.tally.renegotiation.record(round);
        }
        self.tally.glares += 1;
        match negotiation.style {
            NegotiationStyle::Naive => self.meet_naively(now, from, to, offer, round),
            _ => {
                // The polite end takes its offer back, answers, and then makes its own again.
                self.tally.wasted_messages += u64::from(self.batch.messages);
                self.tally.renegotiations += 1;
                self.tally.renegotiation.record(round);
                self.tally.renegotiation.record(round * 2);
                self.book(now, self.batch);
            }
        }
    }

    // Both fail and wait; whoever waits less tries again, and may meet the other once more.
    fn meet_naively(&mut self, now: SimTime, from: u32, to: u32, offer: SimDuration, round: SimDuration) {
        self.tally.renegotiations += 1;
        let mut took = SimDuration::ZERO;
        for attempt in 1..=u64::from(self.webrtc.connect.attempts.get()) {
            self.tally.failed_negotiations += 2;
            self.tally.wasted_messages += 2 * u64::from(self.batch.messages);
            self.book(now + took, self.batch);
            self.book(now + took, self.batch);
            let number = (now.as_ns() << 8 | attempt) << 2 | WAITS;
            let (wait, again) = self.glare_waits(from, to, number, offer.as_ns());
            took += offer + wait;
            if !again {
                self.tally.renegotiation.record(took + round);
                // The other end follows, once the first is done.
                return self.tally.renegotiation.record(took + round * 2);
            }
        }
    }

    // Whether the other end begins before an offer reaches it, or both were started at once.
    fn chance_to_meet(&self, offer: SimDuration) -> f64 {
        let negotiation = &self.webrtc.negotiation;
        let rate = negotiation.renegotiations.map_or(0.0, |rate| rate.per_second() / 2.0);
        let begins_too = -libm::expm1(-rate * offer.as_secs_f64());
        let together = negotiation.simultaneous.get();
        together + (1.0 - together) * begins_too
    }

    // How long a message takes from one end of an open connection to the other.
    fn leg(&mut self, now: SimTime, from: u32, to: u32) -> Option<SimDuration> {
        let [sender, receiver] = [from, to].map(|node| self.lines[node as usize]);
        let reachable = sender.is_open() && receiver.is_open() && !self.server.is_down();
        let in_band = match self.webrtc.signaling.in_band {
            InBand::Off => false,
            InBand::AfterFirst => true,
            InBand::Fallback => !reachable,
        };
        if in_band {
            self.tally.in_band(self.batch, 1);
            return Some(SimDuration::from_ns(self.world.path_delay_ns(from, to)));
        }
        self.server.forward(now, self.batch);
        reachable.then(|| sender.up() + receiver.down())
    }

    // A message that nobody waits for.
    fn book(&mut self, time: SimTime, batch: Batch) {
        if self.webrtc.signaling.in_band == InBand::Off {
            self.server.forward(time, batch);
        } else {
            self.tally.in_band(batch, 1);
        }
    }

    // Uniform from zero to one, for one draw of a connection at one time.
    fn uniform(&self, a: u32, b: u32, now: SimTime, what: u64) -> f64 {
        let draw = self.glares.directed_nth(a, b, now.as_ns() << 2 | what);
        (draw >> 11) as f64 / (1_u64 << 53) as f64
    }
}
