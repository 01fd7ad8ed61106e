//! Sending: a node passes a message on over its connections.

use super::event::{Copied, Event, Happening};
use super::flow::Flows;
use super::layout::{End, NOBODY, Sending};
use super::message::Message;
use super::sender::{Sender, Tally};
use crate::engine::Scheduler;
use crate::net::PairOutcome;
use crate::overlay::audience::ALL;
use crate::overlay::dissemination::Dissemination;
use crate::overlay::workload::Channel;
use crate::simulation::account::fate::Fate;
use crate::simulation::data::plan::Service;
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
        if D::OVER_ALL {
            return self.pass_on_over_all(now, place, from, message, scheduler);
        }
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
        let mut sender = self.sender(place, message, scheduler);
        let (overlay, audiences, node, hops) = (sender.overlay, sender.audiences, sender.own.node, sender.hops);
        let needs = |next: End| TO_ALL || audiences.needs(message.audience, node, next.node);
        hops.iter().filter(|hop| hop.next.place != from && needs(hop.next)).for_each(|hop| sender.send_over(now, hop));
        if sender.kinds[place as usize].in_block {
            let came_by = sender.came_by(from);
            for seat in overlay.seats(node).iter().filter(|seat| Some(seat.block) != came_by) {
                sender.send_in_block(now, *seat, needs);
            }
        }
        sender.finish();
    }

    // The same over every connection but the one that the message came by.
    #[inline]
    fn pass_on_over_all(
        &mut self,
        now: SimTime,
        place: u32,
        from: u32,
        message: &Message,
        scheduler: &mut Scheduler<Event>,
    ) {
        let mut sender = self.sender(place, message, scheduler);
        let (overlay, node, hops) = (sender.overlay, sender.own.node, sender.hops);
        let mut copies = 0;
        for hop in hops.iter().filter(|hop| hop.next.place != from) {
            // What is not open takes no copy that could come.
            copies += usize::from(hop.open <= now);
            sender.send_over(now, hop);
        }
        if sender.kinds[place as usize].in_block {
            let came_by = sender.came_by(from);
            for seat in overlay.seats(node) {
                copies += overlay.block(seat.block).len() - 1 - usize::from(Some(seat.block) == came_by);
                sender.send_in_block(now, *seat, |next| next.place != from);
            }
        }
        sender.finish();
        let from = (from != NOBODY).then(|| self.layout.end(from).node);
        self.app.passed_on(node, from, (message.flow, message.number), copies);
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
        let mut sender = self.sender(place, message, scheduler);
        for &next in &hops {
            let kept = sender.connected.between(sender.overlay, node, next);
            sender.send_if_open(now, End { place: sender.places[next as usize], node: next }, kept);
        }
        sender.finish();
        hops.clear();
        self.hops = hops;
    }

    /// The node at `place` that sends copies of a message.
    #[inline(always)]
    pub(super) fn sender<'a>(
        &'a mut self,
        place: u32,
        message: &'a Message,
        scheduler: &'a mut Scheduler<Event>,
    ) -> Sender<'a> {
        let Self { world, app, connected, plan, layout, standing, lines, lanes, relays, arriving, .. } = self;
        let row = layout.rows[place as usize];
        let Sending { connections, class, fills } = layout.senders[place as usize];
        Sender {
            own: End { place, node: row.node },
            is_peer: layout.kinds[place as usize].is_peer,
            message,
            service: *layout.service(place, message.size),
            limits: plan.limits[class as usize],
            all_limits: &plan.limits,
            losses: plan.losses(message.size, class as usize),
            connections,
            servers: row.servers,
            world,
            overlay: &app.overlay,
            audiences: &app.audiences,
            horizon: plan.programme.horizon,
            all_open_at: connected.all_open_at,
            hops: &layout.hops[layout.hops(place)],
            members: &layout.members,
            places: &layout.places,
            rows: &mut layout.rows,
            kinds: &layout.kinds,
            services: &layout.services,
            sizes: layout.sizes,
            standing: standing.as_ref(),
            is_rough: lanes.any || lines.is_some(),
            lines: lines.as_deref_mut(),
            seen: &mut app.seen,
            lanes,
            payload: plan.programme.sizes[message.size as usize].get().max(1),
            connected,
            class,
            fills,
            senders: &layout.senders,
            relays,
            arriving,
            scheduler,
            tally: Tally::default(),
        }
    }

    // The nodes to which the node at `place` passes a message on.
    fn next_by_rule(&mut self, place: u32, from: u32, message: &Message, hops: &mut Vec<u32>) {
        let node = self.layout.end(place).node;
        let from = (from != NOBODY).then(|| self.layout.end(from).node);
        self.app.forward(node, from, (message.flow, message.number), hops);
    }

    /// A message has come to the node at `to`; whether for the first time.
    pub(in crate::simulation) fn is_new(&mut self, from: u32, to: u32, message: &Message) -> bool {
        // One by one: a `map` over both is a call that is not inlined.
        let from = self.layout.end(from).node;
        let to = self.layout.end(to).node;
        self.app.is_new(to, from, (message.flow, message.number), message.measured)
    }

    /// A message comes to the node at `to` after the end; whether for the first time.
    #[cold]
    pub(in crate::simulation) fn would_be_new(&mut self, from: u32, to: u32, message: &Message) -> bool {
        let [from, to] = [from, to].map(|place| self.layout.end(place).node);
        self.app.would_be_new(to, from, (message.flow, message.number))
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
        let mut sender = self.sender(place, &message, scheduler);
        sender.launch(left + last_leg, to);
        sender.finish();
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
