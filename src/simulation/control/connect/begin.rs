//! Beginning set-ups: a peer works off its list, as many at a time as it may.

use super::attempt::{Attempt, NONE};
use super::turn::Allocation;
use super::{Connecting, Event};
use crate::engine::Scheduler;
use crate::units::SimTime;
use crate::webrtc::{InBand, NegotiationStyle};

impl Connecting<'_> {
    /// Begins set-ups of `node` until it has as many under way as it may, or no more to begin.
    pub(super) fn begin_more(&mut self, now: SimTime, node: u32, scheduler: &mut Scheduler<Event>) {
        while let Some(slot) = self.next_to_begin(now, node) {
            self.begin(now, slot);
            if self.peers[node as usize].lock_step {
                self.burst.push(slot);
            } else {
                self.send_offer(slot, scheduler);
            }
        }
        if !self.burst.is_empty() {
            self.send_burst(scheduler);
        }
    }

    // The offers of a peer in lock step leave together, once all of them are made.
    fn send_burst(&mut self, scheduler: &mut Scheduler<Event>) {
        let mut burst = std::mem::take(&mut self.burst);
        let done_ns = burst.last().map_or(0, |&slot| self.attempts.get(slot).offered_ns);
        for slot in burst.drain(..) {
            self.attempts.get_mut(slot).offered_ns = done_ns;
            self.send_offer(slot, scheduler);
        }
        self.burst = burst;
    }

    fn next_to_begin(&mut self, now: SimTime, node: u32) -> Option<u32> {
        if self.peers[node as usize].busy >= self.webrtc.connect.concurrent.get() || !self.can_signal(node) {
            return None;
        }
        let peer = &mut self.peers[node as usize];
        if !peer.has_room() {
            peer.walled = true;
            return None;
        }
        self.next_again(node).or_else(|| self.next_new(now, node))
    }

    /// The wait before the next attempt of a set-up is over.
    pub(super) fn retry(&mut self, now: SimTime, slot: u32, scheduler: &mut Scheduler<Event>) {
        let node = self.attempts.get(slot).offerer;
        self.attempts.get_mut(slot).set_next(NONE);
        if let Some(last) = self.peers[node as usize].append_again(slot) {
            self.attempts.get_mut(last).set_next(slot);
        }
        self.begin_more(now, node, scheduler);
    }

    // By the server or, where that is allowed, by a connection it has.
    fn can_signal(&self, node: u32) -> bool {
        let in_band = || self.webrtc.signaling.in_band != InBand::Off && self.degrees[node as usize] > 0;
        self.lines[node as usize].is_open() || in_band()
    }

    fn next_again(&mut self, node: u32) -> Option<u32> {
        let peer = &mut self.peers[node as usize];
        let slot = peer.again;
        (slot != NONE).then(|| {
            peer.again = self.attempts.get(slot).next();
            slot
        })
    }

    // The next partner on the list who was there first; the others offer themselves.
    fn next_new(&mut self, now: SimTime, node: u32) -> Option<u32> {
        let own_rank = self.ranks[node as usize];
        loop {
            let (partner, slot) = self.peers[node as usize].next_partner(self.overlay, node)?;
            if self.ranks[partner as usize] >= own_rank {
                continue;
            }
            let glares = self.starts_twice(node, partner, 0);
            let attempt = Attempt::new([node, partner], slot, now.as_ns(), glares);
            return Some(self.attempts.add(attempt));
        }
    }

    /// Whether both ends start negotiation number `number` of a connection at the same time.
    pub(super) fn starts_twice(&self, a: u32, b: u32, number: u64) -> bool {
        let negotiation = &self.webrtc.negotiation;
        negotiation.style != NegotiationStyle::SingleOfferer
            && self.glares.directed_nth(a.min(b), a.max(b), number) < negotiation.simultaneous.threshold()
    }

    // The offerer does its work, until when its offer can leave.
    fn begin(&mut self, now: SimTime, slot: u32) {
        let attempt = self.attempts.get_mut(slot);
        let node = attempt.offerer;
        let peer = &mut self.peers[node as usize];
        peer.busy += 1;
        peer.live += 1;
        attempt.offered_ns = peer.work(now.as_ns());
        let allocation = self.turn.ask(now, self.world, node, self.paths.ways().to_servers(node));
        attempt.allocations = [allocation, Allocation::None];
        attempt.begun_ns = now.as_ns();
        attempt.tries += 1;
        attempt.answered = false;
        self.tally.attempts += 1;
    }
}
