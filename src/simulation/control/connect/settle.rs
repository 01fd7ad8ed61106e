//! The end of an attempt: open, to be tried again, or given up; and what its engine still counts.

use super::session::doubled;
use super::{Connecting, Event};
use crate::engine::Scheduler;
use crate::units::{SimDuration, SimTime};
use crate::webrtc::InBand;

impl Connecting<'_> {
    /// An attempt has come to nothing, or its time has run out.
    pub(super) fn settled(&mut self, now: SimTime, slot: u32, scheduler: &mut Scheduler<Event>) {
        if self.world.setup().signals() {
            self.tally.timeouts += 1;
        }
        self.fail(now, slot, None, scheduler);
    }

    /// A connection is open.
    pub(super) fn opened(&mut self, now: SimTime, a: u32, b: u32, scheduler: &mut Scheduler<Event>) {
        self.peers[a as usize].busy -= 1;
        self.degrees[a as usize] += 1;
        self.degrees[b as usize] += 1;
        self.connected_at = now;
        self.renegotiate_later(now, a, b, scheduler);
        if self.webrtc.signaling.in_band != InBand::Off {
            self.routes.opened(a, b);
            self.begin_more(now, b, scheduler);
        }
        self.begin_more(now, a, scheduler);
    }

    /// An attempt has failed, to be repeated after `wait` or, without one, the usual.
    pub(super) fn fail(
        &mut self,
        now: SimTime,
        slot: u32,
        wait: Option<SimDuration>,
        scheduler: &mut Scheduler<Event>,
    ) {
        let attempt = *self.attempts.get(slot);
        let (a, b) = (attempt.offerer, attempt.answerer);
        attempt.held().into_iter().for_each(|(held, asked_ns)| self.turn.give_back(now, held, asked_ns));
        self.attempts.get_mut(slot).allocations = Default::default();
        self.peers[a as usize].busy -= 1;
        self.release(now, a, scheduler);
        if attempt.answered {
            self.release(now, b, scheduler);
        }
        // What never signals takes no time, so that trying again is no use.
        let may_retry = self.world.setup().signals() && u32::from(attempt.tries) < self.webrtc.connect.attempts.get();
        if may_retry {
            let usual = doubled(self.webrtc.connect.backoff, attempt.tries - 1);
            let wait = wait.unwrap_or_else(|| self.shortened(usual, a, now));
            let wait = wait.max(self.world.class(a).engine.timer_min);
            scheduler.schedule_at(now + wait, Event::Retry(slot));
        } else {
            self.opened.fail(self.overlay, [a, b], attempt.slot);
            let relay = super::by_rule::relay(self.world, a, b);
            if self.is_on_standby(attempt.slot) {
                self.tally.without_standby(self.world, a, b, relay);
            } else {
                self.tally.given_up(self.world, a, b, relay);
            }
            self.attempts.remove(slot);
        }
        self.begin_more(now, a, scheduler);
    }

    // A connection is closed. An engine with a limit counts it until it is collected.
    fn release(&mut self, now: SimTime, node: u32, scheduler: &mut Scheduler<Event>) {
        let engine = &self.world.class(node).engine;
        if engine.max_connections.is_some() && engine.collect_after > SimDuration::ZERO {
            scheduler.schedule_at(now + engine.collect_after, Event::Collected(node));
        } else {
            self.peers[node as usize].live -= 1;
        }
    }

    /// A closed connection counts no more.
    pub(super) fn collected(&mut self, now: SimTime, node: u32, scheduler: &mut Scheduler<Event>) {
        self.peers[node as usize].live -= 1;
        self.begin_more(now, node, scheduler);
    }
}
