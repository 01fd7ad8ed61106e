//! Offer and answer on their way: by the server, or hop by hop over open connections.
//!
//! A set-up has one event pending at any time. What cannot arrive, or not in time, is not sent at all:
//! the attempt ends when its time has run out, which is all that its offerer ever learns.

use super::attempt::Attempt;
use super::set_up::{Legs, SetUp};
use super::{Connecting, Event};
use crate::engine::Scheduler;
use crate::units::{SimDuration, SimTime};
use crate::webrtc::{InBand, NegotiationStyle};

/// What becomes of a message.
pub(super) enum Sent {
    /// It will be there then.
    Arrives(SimTime),
    /// It will be at the server then, and wait.
    Queues(SimTime),
    /// It never arrives.
    Lost,
}

impl Connecting<'_> {
    /// The offer of an attempt leaves.
    pub(super) fn send_offer(&mut self, slot: u32, scheduler: &mut Scheduler<Event>) {
        if self.beside.is_some() {
            return self.play_beside(slot, scheduler);
        }
        let Attempt { offerer, answerer, offered_ns, glares, .. } = *self.attempts.get(slot);
        let offered = SimTime::from_ns(offered_ns);
        if glares {
            // The other end's offer leaves at the same time.
            self.send(slot, answerer, offerer, offered);
        }
        match self.send(slot, offerer, answerer, offered) {
            Sent::Arrives(time) => self.in_time(slot, time, Event::Offer(slot), scheduler),
            Sent::Queues(time) => self.in_time(slot, time, Event::OfferAtServer(slot), scheduler),
            Sent::Lost => self.give_up(slot, scheduler),
        }
    }

    /// An offer is at a server with a queue.
    pub(super) fn offer_at_server(&mut self, now: SimTime, slot: u32, scheduler: &mut Scheduler<Event>) {
        let answerer = self.attempts.get(slot).answerer;
        match self.through_server(now, answerer) {
            Some(time) => self.in_time(slot, time, Event::Offer(slot), scheduler),
            None => self.give_up(slot, scheduler),
        }
    }

    /// An offer is at its answerer, which does its work and answers.
    pub(super) fn offer(&mut self, now: SimTime, slot: u32, scheduler: &mut Scheduler<Event>) {
        let Attempt { offerer, answerer, by_server, glares, .. } = *self.attempts.get(slot);
        if by_server && !self.lines[answerer as usize].is_open() {
            self.server.undeliverable(self.batch);
            return self.give_up(slot, scheduler);
        }
        if glares && self.glare(now, slot, scheduler) {
            return;
        }
        let peer = &mut self.peers[answerer as usize];
        if !peer.has_room() {
            peer.walled = true;
            self.tally.unanswered += 1;
            return self.give_up(slot, scheduler);
        }
        peer.live += 1;
        let answered = SimTime::from_ns(peer.work(now.as_ns()));
        let allocation = self.turn.ask(now, self.world, answerer, self.paths.ways().to_servers(answerer));
        // The answerer takes the offer in once its CPU has made a connection for it: what waits for the CPU is not
        // its answer alone, but its candidates and checks too.
        self.attempts.get_mut(slot).receive(answered.as_ns(), allocation);
        match self.send(slot, answerer, offerer, answered) {
            Sent::Arrives(time) => self.answered(time, slot, scheduler),
            Sent::Queues(time) => self.in_time(slot, time, Event::AnswerAtServer(slot), scheduler),
            Sent::Lost => self.give_up(slot, scheduler),
        }
    }

    /// An answer is at a server with a queue.
    pub(super) fn answer_at_server(&mut self, now: SimTime, slot: u32, scheduler: &mut Scheduler<Event>) {
        let offerer = self.attempts.get(slot).offerer;
        match self.through_server(now, offerer) {
            Some(time) => self.answered(time, slot, scheduler),
            None => self.give_up(slot, scheduler),
        }
    }

    // Offer and answer have both arrived, or will: the rest is between the two ends.
    fn answered(&mut self, time: SimTime, slot: u32, scheduler: &mut Scheduler<Event>) {
        let attempt = self.attempts.get(slot);
        let Attempt { offerer, answerer, slot: pair_slot, first_ns, offered_ns, tries, .. } = *attempt;
        let nodes = [offerer, answerer];
        let legs = Legs {
            offer: SimDuration::from_ns(attempt.received_ns() - offered_ns),
            answer: SimDuration::from_ns(time.as_ns() - attempt.received_ns()),
            allocations: attempt.allocations,
        };
        let offered = SimTime::from_ns(offered_ns);
        if self.opened.keeps_beginnings() {
            self.note_beginning(slot, legs);
        }
        let deadline = self.deadline(slot);
        let opens = match self.paths.set_up(self.world, nodes, tries, legs) {
            SetUp::Opens(opens) if offered + opens.after <= deadline => opens,
            SetUp::Fails(Some(after)) if offered + after <= deadline => {
                return scheduler.schedule_at((offered + after).max(scheduler.now()), Event::Settled(slot));
            }
            SetUp::Opens(_) | SetUp::Fails(_) => return self.give_up(slot, scheduler),
        };
        let open = offered + opens.after;
        self.note_relay(nodes, pair_slot, opens.relay);
        self.opened.open(self.overlay, nodes, pair_slot, open, opens.relay);
        let took = open.since(SimTime::from_ns(first_ns));
        self.tally.open(self.world, (nodes[0], nodes[1]), opens.relay, open, took);
        self.tally.parts(&opens.parts, took);
        self.attempts.remove(slot);
        scheduler.schedule_at(open.max(scheduler.now()), Event::Opened(nodes[0], nodes[1]));
    }

    // On an idle network the same ends would have to begin later by what their messages waited.
    fn note_beginning(&mut self, slot: u32, legs: Legs) {
        let attempt = self.attempts.get(slot);
        let [a, b] = [attempt.offerer, attempt.answerer].map(|node| self.lines[node as usize]);
        let idle = a.up() + b.down() + b.up() + a.down();
        let waited_ns = (legs.offer + legs.answer).as_ns().saturating_sub(idle.as_ns());
        let nodes = [attempt.offerer, attempt.answerer];
        self.opened.begin(self.overlay, nodes, attempt.slot, attempt.offered_ns + waited_ns);
    }

    /// Both ends have offered. Whether that ends the attempt.
    pub(super) fn glare(&mut self, now: SimTime, slot: u32, scheduler: &mut Scheduler<Event>) -> bool {
        let batch = u64::from(self.batch.messages);
        self.tally.glares += 1;
        if self.webrtc.negotiation.style == NegotiationStyle::Perfect {
            // The answerer is the polite one: it takes its own offer back.
            self.tally.wasted_messages += batch;
            return false;
        }
        self.tally.wasted_messages += 2 * batch;
        self.tally.failed_negotiations += 2;
        let Attempt { offerer, answerer, offered_ns, tries, .. } = *self.attempts.get(slot);
        let number = u64::from(tries) << 32 | 1;
        let offer_ns = now.as_ns() - offered_ns;
        let (wait, again) = self.glare_waits(offerer, answerer, number, offer_ns);
        self.attempts.get_mut(slot).glares = again;
        self.fail(now, slot, Some(wait), scheduler);
        true
    }

    /// How long two naive ends wait after glare until the first offers again, and whether the other does
    /// so too before that offer reaches it.
    pub(super) fn glare_waits(&self, a: u32, b: u32, number: u64, offer_ns: u64) -> (SimDuration, bool) {
        let longest_ns = self.webrtc.negotiation.glare_backoff.as_ns();
        let draw = |from, to| crate::rng::below(self.glares.directed_nth(from, to, number), longest_ns + 1);
        let (own_ns, other_ns) = (draw(a, b), draw(b, a));
        (SimDuration::from_ns(own_ns.min(other_ns)), own_ns.abs_diff(other_ns) < offer_ns)
    }

    /// A message leaves by whatever way there is.
    pub(super) fn send(&mut self, slot: u32, from: u32, to: u32, time: SimTime) -> Sent {
        if !self.world.setup().signals() {
            return Sent::Arrives(time);
        }
        let by_server = self.server_is_used(from, to);
        if !by_server && let Some(route) = self.routes.find(&self.opened, self.world, self.overlay, time, from, to) {
            self.attempts.get_mut(slot).by_server = false;
            self.tally.in_band(self.batch, route.hops);
            return Sent::Arrives(time + route.delay);
        }
        self.attempts.get_mut(slot).by_server = true;
        let [sender, receiver] = [from, to].map(|node| &self.lines[node as usize]);
        if !sender.is_open() {
            return Sent::Lost;
        }
        let at_server = time + sender.up();
        if self.server.has_queue() {
            return Sent::Queues(at_server);
        }
        if !self.server.forward(at_server, self.batch) {
            return Sent::Lost;
        }
        if !receiver.is_open() {
            self.server.undeliverable(self.batch);
            return Sent::Lost;
        }
        Sent::Arrives(at_server + receiver.down())
    }

    /// Whether messages go to the server without looking for another way first.
    pub(super) fn server_is_used(&self, from: u32, to: u32) -> bool {
        match self.webrtc.signaling.in_band {
            InBand::Off => true,
            InBand::AfterFirst => false,
            InBand::Fallback => {
                [from, to].iter().all(|&node| self.lines[node as usize].is_open()) && !self.server.is_down()
            }
        }
    }

    // When a message that is at the server now is at its receiver.
    fn through_server(&mut self, now: SimTime, to: u32) -> Option<SimTime> {
        let done = self.server.enqueue(now, self.batch)?;
        let receiver = &self.lines[to as usize];
        if !receiver.is_open() {
            self.server.undeliverable(self.batch);
            return None;
        }
        Some(done + receiver.down())
    }

    /// When the time of an attempt has run out.
    pub(super) fn deadline(&self, slot: u32) -> SimTime {
        SimTime::from_ns(self.attempts.get(slot).begun_ns) + self.webrtc.connect.timeout
    }

    // Lets an event of an attempt happen, unless its time will have run out.
    fn in_time(&mut self, slot: u32, time: SimTime, event: Event, scheduler: &mut Scheduler<Event>) {
        if time > self.deadline(slot) {
            return self.give_up(slot, scheduler);
        }
        scheduler.schedule_at(time, event);
    }

    // Nothing comes of the attempt any more; its offerer learns that when its time has run out.
    fn give_up(&mut self, slot: u32, scheduler: &mut Scheduler<Event>) {
        let end = match self.world.setup().signals() {
            true => self.deadline(slot).max(scheduler.now()),
            false => scheduler.now(),
        };
        scheduler.schedule_at(end, Event::Settled(slot));
    }
}
