//! Sending: a node passes a message on over its connections.

use super::event::{Copied, Event, Happening};
use super::flow::Flows;
use super::layout::{End, NOBODY, Service};
use super::message::Message;
use super::sender::{Sender, sender};
use crate::engine::Scheduler;
use crate::net::PairOutcome;
use crate::overlay::audience::ALL;
use crate::overlay::dissemination::Dissemination;
use crate::overlay::workload::Channel;
use crate::simulation::account::fate::Fate;
use crate::units::{SimDuration, SimTime};
use crate::world::Path;

impl<D: Dissemination> Flows<D> {
    /// The node at `place` sends a copy over every connection that the overlay's rule names for a message that
    /// came from the node at `from`, or is its own ([`NOBODY`]).
    #[inline]
    pub(in crate::simulation) fn pass_on(
        &mut self,
        now: SimTime,
        place: u32,
        from: u32,
        message: &Message,
        scheduler: &mut Scheduler<Event>,
    ) {
        if !D::EXACTLY_ONCE {
            return self.pass_on_by_rule(now, place, from, message, scheduler);
        }
        if from != NOBODY && self.layout.kinds[place as usize].is_leaf {
            return;
        }
        match message.audience {
            ALL => self.pass_on_to::<true>(now, place, from, message, scheduler),
            _ => self.pass_on_to::<false>(now, place, from, message, scheduler),
        }
    }

    // The same over the connections that the message's audience needs, which are all of them `TO_ALL`.
    #[inline]
    fn pass_on_to<const TO_ALL: bool>(
        &mut self,
        now: SimTime,
        place: u32,
        from: u32,
        message: &Message,
        scheduler: &mut Scheduler<Event>,
    ) {
        let (audiences, node) = (&self.app.audiences, self.layout.rows[place as usize].node);
        let needs = |next: End| TO_ALL || audiences.needs(message.audience, node, next.node);
        let hops = &self.layout.hops[self.layout.hops(place)];
        let from_core = from != NOBODY && self.layout.kinds[from as usize].in_core;
        let over_core = self.layout.kinds[place as usize].in_core && !from_core;
        let mut sender = sender!(self, place, message, scheduler);
        hops.iter().filter(|hop| hop.next.place != from && needs(hop.next)).for_each(|hop| sender.send_over(now, hop));
        if over_core {
            let members = self.app.overlay.core().iter().zip(&self.layout.core);
            let ends = members.map(|(&node, &place)| End { place, node });
            let others = ends.zip(0..).filter(|(next, _)| next.place != place && needs(*next));
            if now >= self.connected.all_open_at {
                let paths = self.world.paths_from(node);
                others.for_each(|(next, _)| sender.send(now, next, paths.to(next.node)));
            } else {
                let own = self.app.overlay.core_place(node).expect("invariant: only members send over the core");
                others.for_each(|(next, other)| {
                    sender.send_if_open(now, next, self.connected.core([own, other], [node, next.node]));
                });
            }
        }
        self.layout.rows[place as usize].servers = sender.finish();
    }

    // The same, where the rule names each node that a copy goes to.
    fn pass_on_by_rule(
        &mut self,
        now: SimTime,
        place: u32,
        from: u32,
        message: &Message,
        scheduler: &mut Scheduler<Event>,
    ) {
        let node = self.layout.end(place).node;
        let mut hops = std::mem::take(&mut self.hops);
        self.next_by_rule(place, from, message, &mut hops);
        let mut sender = sender!(self, place, message, scheduler);
        for &next in &hops {
            let kept = self.connected.between(&self.app.overlay, node, next);
            sender.send_if_open(now, End { place: self.layout.places[next as usize], node: next }, kept);
        }
        self.layout.rows[place as usize].servers = sender.finish();
        hops.clear();
        self.hops = hops;
    }

    // The nodes to which the node at `place` passes a message on.
    fn next_by_rule(&mut self, place: u32, from: u32, message: &Message, hops: &mut Vec<u32>) {
        let node = self.layout.end(place).node;
        let from = (from != NOBODY).then(|| self.layout.end(from).node);
        self.app.forward(node, from, (message.flow, message.number), hops);
    }

    /// A message has come to the node at `to`; whether for the first time.
    pub(in crate::simulation) fn is_new(&mut self, from: u32, to: u32, message: &Message) -> bool {
        let [from, to] = [from, to].map(|place| self.layout.end(place).node);
        self.app.is_new(to, from, (message.flow, message.number))
    }

    /// The node at `place` should pass a message on and never comes to it before the end: the demand counts all
    /// the same, for else an overload would hide itself.
    #[cold]
    pub(in crate::simulation) fn book_unserved(&mut self, place: u32, from: u32, message: &Message) {
        if message.measured {
            let node = self.layout.end(place).node;
            let mut hops = Vec::new();
            self.next_by_rule(place, from, message, &mut hops);
            let never_opens = |next: u32| match self.connected.all_open_at {
                SimTime::MAX if self.connected.between(&self.app.overlay, node, next).at() == SimTime::MAX => true,
                SimTime::MAX if self.connected.between(&self.app.overlay, node, next).relay(node, next).is_some() => {
                    false
                }
                _ => self.world.outcome(node, next) == PairOutcome::Impossible,
            };
            let copies = hops.iter().filter(|&&next| !never_opens(next)).count() as u64;
            let Service { up_ns, cpu_ns, .. } = *self.layout.service(place, message.size);
            let servers = &mut self.layout.rows[place as usize].servers;
            servers.up_work = servers.up_work.saturating_add(copies.saturating_mul(up_ns));
            servers.cpu_work = servers.cpu_work.saturating_add(copies.saturating_mul(cpu_ns));
        }
    }

    /// A copy has reached a TURN server with a queue: it goes on to the next one or to its receiver, or
    /// is dropped. Reliable channels wait instead, as congestion control would have them do earlier.
    pub(in crate::simulation) fn forward(
        &mut self,
        now: SimTime,
        copied: Copied,
        (server, is_second): (u8, bool),
        scheduler: &mut Scheduler<Event>,
    ) -> Message {
        let message = self.message(copied.flow, copied.number);
        let Copied { from: place, to, .. } = copied;
        let [End { node, .. }, to] = [self.layout.end(place), self.layout.end(to)];
        let may_be_dropped = message.channel == Channel::Unreliable;
        let Some(left) = self.relays.forward(server, now, message.bytes, may_be_dropped) else {
            self.app.seen.lose(&message);
            self.fail(Fate::Turn, [place, to.place], &message);
            return message;
        };
        let set_up = self.path(node, to.node).relay;
        let moved =
            self.relays.has_outages.then(|| self.relays.at(&self.world, [node, to.node], set_up, now)).flatten();
        let relay = moved.unwrap_or(set_up);
        if let [Some(first), Some(second)] = relay.servers()
            && first == server
            && !is_second
        {
            let there = left + SimDuration::from_ns(self.world.between_turn_ns(first, second));
            scheduler.schedule_at(there, Happening::Relay { copied, server: second, is_second: true }.into());
            return message;
        }
        let last_leg =
            SimDuration::from_ns(self.world.from_turn_ns(server, to.node)) + self.world.class(to.node).access_delay;
        let mut sender = sender!(self, place, &message, scheduler);
        sender.launch(left + last_leg, to);
        self.layout.rows[place as usize].servers = sender.finish();
        message
    }

    // The path of an open connection.
    pub(in crate::simulation) fn path(&self, from: u32, to: u32) -> Path {
        let paths = self.world.paths_from(from);
        let kept = match self.connected.all_open_at {
            SimTime::MAX => self.connected.between(&self.app.overlay, from, to).relay(from, to),
            _ => None,
        };
        match kept {
            Some(relay) => paths.through(to, relay),
            None => paths.to(to).expect("invariant: it is open"),
        }
    }
}
