//! Signaling of set-ups that are played beside each other: each letter passes its sender's uplink, the server, and its
//! receiver's downlink, behind whatever else is there.
//!
//! An offer is taken in once the answerer's CPU has made a connection for it, an answer at once; candidates that
//! trickle follow, and are taken in no earlier than the description before them.

use super::beside::Row;
use super::links::{DOWN, UP};
use super::posted::{Carried, Place, Posted};
use super::turn::Allocation;
use super::{Connecting, Event};
use crate::engine::Scheduler;
use crate::units::SimTime;
use crate::webrtc::setup::{Gather, Letter};

impl Connecting<'_> {
    /// An end posts a letter.
    pub(super) fn post(
        &mut self,
        now: SimTime,
        set_up: u32,
        row: &mut Row,
        letter: Letter,
        scheduler: &mut Scheduler<Event>,
    ) {
        let (from, to) = (row.nodes[letter.from], row.nodes[1 - letter.from]);
        let describes = letter.is_description();
        if describes && letter.from == 0 {
            self.post_of_glare(now, row);
        }
        let by_server = self.server_is_used(from, to);
        if !by_server && let Some(route) = self.routes.find(&self.opened, self.world, self.overlay, now, from, to) {
            if describes {
                self.note_way(row, false);
                self.tally.in_band(self.batch, route.hops);
            }
            let posted = Posted { set_up, letter, place: Place::Receiver };
            return self.schedule_letter(now + route.delay, posted, scheduler);
        }
        if describes {
            self.note_way(row, true);
        }
        if !self.lines[from as usize].is_open() {
            return;
        }
        let left = self.pass_letter(now, from, UP, letter.bytes);
        let at_server = left + self.beyond_link(self.lines[from as usize].up(), from);
        self.schedule_letter(at_server, Posted { set_up, letter, place: Place::Server }, scheduler);
    }

    /// A letter comes to its next place.
    pub(super) fn carry(
        &mut self,
        now: SimTime,
        posted: Posted,
        row: &mut Row,
        scheduler: &mut Scheduler<Event>,
    ) -> Carried {
        let (side, to) = (posted.letter.from, row.nodes[1 - posted.letter.from]);
        match posted.place {
            Place::Server => {
                let Some(done) = self.forward(now, &posted.letter, row) else { return Carried::Lost };
                let at_link = done + self.beyond_link(self.lines[to as usize].down(), to);
                Carried::On(at_link, Posted { place: Place::Downlink, ..posted })
            }
            Place::Downlink => {
                let through = self.pass_letter(now, to, DOWN, posted.letter.bytes);
                Carried::On(through, Posted { place: Place::Receiver, ..posted })
            }
            Place::Receiver if !posted.letter.is_description() => {
                row.trickle(now, posted.letter);
                Carried::Taken
            }
            Place::Receiver if side == 0 => self.take_offer(now, posted, row, scheduler),
            Place::Receiver => {
                row.describe(now, posted.letter);
                self.note_beginning_of(row);
                Carried::Taken
            }
        }
    }

    // When the server has forwarded a letter that is there now.
    fn forward(&mut self, now: SimTime, letter: &Letter, row: &mut Row) -> Option<SimTime> {
        let to = row.nodes[1 - letter.from];
        if !letter.is_description() {
            // It was counted with the description that it follows.
            return self.lines[to as usize].is_open().then(|| now.max(row.forwarded[letter.from]));
        }
        let done = match self.server.has_queue() {
            true => self.server.enqueue(now, self.batch)?,
            false => self.server.forward(now, self.batch).then_some(now)?,
        };
        if !self.lines[to as usize].is_open() {
            self.server.undeliverable(self.batch);
            return None;
        }
        row.waited += done.since(now);
        row.forwarded[letter.from] = done;
        Some(done)
    }

    // An offer is at its answerer, which does its work and answers.
    fn take_offer(&mut self, now: SimTime, posted: Posted, row: &mut Row, scheduler: &mut Scheduler<Event>) -> Carried {
        let (slot, answerer) = (row.attempt, row.nodes[1]);
        let (by_server, glares) = {
            let attempt = self.attempts.get(slot);
            (attempt.by_server, attempt.glares)
        };
        if by_server && !self.lines[answerer as usize].is_open() {
            self.server.undeliverable(self.batch);
            return Carried::Lost;
        }
        if glares && self.glare(now, slot, scheduler) {
            return Carried::Settled;
        }
        let peer = &mut self.peers[answerer as usize];
        if !peer.has_room() {
            peer.walled = true;
            self.tally.unanswered += 1;
            return Carried::Lost;
        }
        peer.live += 1;
        let answered = SimTime::from_ns(peer.work(now.as_ns()));
        let allocation = self.turn.ask(now, self.world, answerer, self.paths.ways().to_servers(answerer));
        self.attempts.get_mut(slot).receive(answered.as_ns(), allocation);
        row.allocations[1] = allocation;
        let gather =
            (allocation == Allocation::Refused && row.play.answerer_gathers() != Gather::Host).then_some(Gather::Stun);
        let delays = self.paths.delays_beyond_links(self.world, row.nodes, row.allocations);
        row.play.answer_with(gather, delays);
        row.waited += answered.since(now);
        row.describe(answered, posted.letter);
        Carried::Taken
    }

    // The other end's offer leaves at the same time, if both offer.
    fn post_of_glare(&mut self, now: SimTime, row: &Row) {
        if row.standing.is_none() && self.attempts.get(row.attempt).glares {
            self.send(row.attempt, row.nodes[1], row.nodes[0], now);
        }
    }

    fn note_way(&mut self, row: &Row, by_server: bool) {
        if row.standing.is_none() {
            self.attempts.get_mut(row.attempt).by_server = by_server;
        }
    }

    // On an idle server and with idle CPUs the same ends would have to begin later by what they waited.
    fn note_beginning_of(&mut self, row: &Row) {
        if row.standing.is_none() && self.opened.keeps_beginnings() {
            let attempt = self.attempts.get(row.attempt);
            let begin_ns = attempt.offered_ns + row.waited.as_ns();
            self.opened.begin(self.overlay, row.nodes, attempt.slot, begin_ns);
        }
    }
}
