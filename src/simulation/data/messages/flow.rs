//! Messages on their way: the event model of a replication.
//!
//! A hop is: the sender's CPU hands the copy to its uplink, the uplink serialises it (first in,
//! first out, shared by all of the peer's connections), it propagates, the receiver's downlink
//! serialises it, the receiver's CPU takes it in. Uplink, downlink and CPU are single servers that
//! a busy-until time describes exactly, since work reaches each of them in the order of events. A
//! CPU runs to completion: it takes a message in and sends all its copies before the next. One that has been
//! idle wakes up first, and one that is far behind leaves copies to sockets that drop them.

use std::collections::VecDeque;
use std::sync::Arc;

use super::event::{Copied, Event, Happening};
use super::lane::Lanes;
use super::layout::{Layout, NOBODY, Row, Sending};
use super::message::{Arrival, Message};
use super::reception::Reception;
use crate::engine::{Model, Scheduler};
use crate::metrics::RunCounts;
use crate::overlay::dissemination::{Dissemination, Order};
use crate::overlay::workload::{Channel, Role};
use crate::simulation::account::fate::Fate;
use crate::simulation::account::full::{Direction, is_full};
use crate::simulation::account::outcome::Outcome;
use crate::simulation::control::connect::Connected;
use crate::simulation::data::application::{Application, Happened};
use crate::simulation::data::lines::Lines;
use crate::simulation::data::plan::{Plan, Service};
use crate::simulation::data::relay::Relays;
use crate::simulation::data::standing::Standing;
use crate::simulation::parts::{Options, Parts};
use crate::units::SimTime;
use crate::world::World;

/// All state of a replication.
#[derive(Debug)]
pub(in crate::simulation) struct Flows<D> {
    pub(in crate::simulation) world: World,
    pub(in crate::simulation) app: Application<D>,
    pub(in crate::simulation) connected: Connected,
    pub(in crate::simulation) plan: Plan,
    pub(in crate::simulation) layout: Layout,
    /// Queues of bulk data, if there are any.
    pub(in crate::simulation) standing: Option<Standing>,
    /// Jitter and bursts, if there are any.
    pub(in crate::simulation) lines: Option<Box<Lines>>,
    pub(in crate::simulation) lanes: Lanes,
    // Copies that an ordered channel lets through, reused.
    pub(in crate::simulation) through: Vec<Copied>,
    pub(in crate::simulation) relays: Relays,
    /// Arrivals to look at before the next event, all of one message; the first first, so that they go through
    /// the layout in its order.
    pub(in crate::simulation) arriving: VecDeque<Arrival>,
    // Nodes that a rule names, reused.
    pub(in crate::simulation) hops: Vec<u32>,
    // What a rule orders, reused.
    pub(in crate::simulation) orders: Vec<Order>,
    // At the end, pending copies are only counted.
    ended: bool,
}

impl<D: Dissemination> Model for Flows<D> {
    type Event = Event;

    #[inline]
    fn handle(&mut self, now: SimTime, event: Event, scheduler: &mut Scheduler<Event>) {
        if self.ended {
            self.app.seen.counts.copies_in_flight += 1;
            return;
        }
        let message = match Happening::from(event) {
            Happening::Arrive(Copied { from, to, flow, number }) => {
                let message = self.message(flow, number);
                self.arrive(Arrival { time: now, from, to }, &message, scheduler);
                message
            }
            Happening::Receive(Copied { from, to, flow, number }) => {
                let message = self.message(flow, number);
                self.take_in(Arrival { time: now, from, to }, &message, scheduler);
                message
            }
            Happening::Publish { flow, number } => self.publish(now, flow, number, scheduler),
            Happening::Relay { copied, server, is_second } => self.forward(now, copied, (server, is_second), scheduler),
            Happening::Piece { lane, packets, flow, number, is_served } => {
                return self.piece(now, lane, (packets, is_served), (flow, number), scheduler);
            }
            Happening::Lane { lane } => return self.pump(now, lane, scheduler),
            Happening::Wake { place, token } => return self.turn(now, place, Happened::Woken { token }, scheduler),
            Happening::HandOver(copied) => return self.hand_over(now, copied, scheduler),
        };
        while let Some(arrival) = self.arriving.pop_front() {
            self.arrive(arrival, &message, scheduler);
        }
    }
}

impl<D: Dissemination> Flows<D> {
    pub(in crate::simulation) fn new(mut parts: Parts, rule: D, options: Options) -> Self {
        // Nodes that talk send at any time, so that what comes must find their queues as they are at that moment. Chunks
        // leave a trace wherever they come.
        let shortcuts = options.shortcuts && !rule.talks() && !parts.plan.programme.has_chunks();
        let layout = Layout::new(&mut parts, shortcuts, D::EXACTLY_ONCE);
        let Parts { world, overlay, audiences, connected, plan, relays, standing, lines } = parts;
        let mut app = Application::new(Arc::clone(&plan.programme), (overlay, audiences), world.peers(), rule);
        if D::TALKS {
            app.seen.control_packets = vec![0; world.nodes() as usize];
        }
        let standing = (!standing.is_empty()).then_some(standing);
        let lanes = Lanes::new(&world, &plan);
        let (through, arriving, hops, orders) = Default::default();
        Self {
            world,
            app,
            connected,
            plan,
            layout,
            standing,
            lines,
            lanes,
            through,
            relays,
            arriving,
            hops,
            orders,
            ended: false,
        }
    }

    /// Has every node enter, and schedules the first message of every flow.
    pub(in crate::simulation) fn start(&mut self, scheduler: &mut Scheduler<Event>) {
        if D::TALKS {
            for node in 0..self.world.nodes() {
                self.turn(SimTime::ZERO, self.layout.places[node as usize], Happened::Entered, scheduler);
            }
        }
        for (flow, time) in self.plan.programme.first_publications() {
            scheduler.schedule_at(time, Happening::Publish { flow, number: 0 }.into());
        }
    }

    /// Ends the replication: every event from here on is a copy that was still under way.
    pub(in crate::simulation) fn end(&mut self) {
        self.ended = true;
    }

    /// A copy of a message on the hop between two places has failed.
    #[cold]
    pub(in crate::simulation) fn fail(&mut self, fate: Fate, places: [u32; 2], message: &Message) {
        if message.is_wanted {
            let hop = places.map(|place| self.layout.end(place).node);
            self.app.fail(fate, hop, (message.flow, message.number));
        }
    }

    /// What came of a replication that has ended.
    pub(in crate::simulation) fn finish(mut self) -> Outcome {
        for Copied { from, to, flow, number } in self.lanes.blocked() {
            let message = self.message(flow, number);
            self.fail(Fate::Blocked, [from, to], &message);
        }
        let Self { world, app, connected, plan, layout, relays, lanes, .. } = self;
        let Application { overlay, audiences, mut seen, .. } = app;
        if lanes.any {
            // What waits for a window has no event.
            let RunCounts { copies_sent, copies_arrived, copies_overflowed, copies_lost, .. } = seen.counts;
            seen.counts.copies_in_flight = copies_sent - copies_arrived - copies_overflowed - copies_lost;
        }
        let held_back = lanes.held_back(&layout, plan.programme.horizon);
        let mut servers = layout.into_servers();
        for (node, load) in &plan.busy {
            servers[*node as usize].without_what_is_beside(load);
        }
        let outcome = Outcome::new((world, overlay, audiences), (connected, plan, relays), seen, servers);
        Outcome { held_back, ..outcome }
    }

    #[inline]
    pub(in crate::simulation) fn message(&self, flow: u32, number: u32) -> Message {
        let planned = self.plan.programme.planned(flow);
        let published = self.plan.programme.timetable.published(planned.schedule, number);
        let wire = self.plan.sizes[planned.size as usize];
        let measured = published >= self.plan.programme.measure_from;
        Message {
            flow,
            number,
            channel: planned.channel,
            audience: planned.audience,
            published,
            measured,
            is_wanted: D::EXACTLY_ONCE && measured && planned.role != Role::Response,
            is_exchanged: planned.role != Role::Message || planned.part.is_chunk(),
            is_control: D::TALKS && self.plan.programme.is_control(flow),
            bytes: wire.bytes.get(),
            packets: wire.packets,
            size: planned.size,
        }
    }

    fn publish(&mut self, now: SimTime, flow: u32, number: u32, scheduler: &mut Scheduler<Event>) -> Message {
        let message = self.message(flow, number);
        if let Some(next) = self.app.publish(flow, number) {
            scheduler.schedule_at(next, Happening::Publish { flow, number: number + 1 }.into());
        }
        let place = self.layout.sources[flow as usize];
        self.layout.rows[place as usize].wake(now.as_ns(), &message);
        if D::TALKS {
            let happened = Happened::Met { from: None, message: (flow, number), is_new: true };
            self.turn(now, place, happened, scheduler);
        } else {
            self.pass_on(now, place, NOBODY, &message, scheduler);
        }
        message
    }

    // The last bit of a copy is at the receiver's downlink.
    #[inline]
    fn arrive(&mut self, arrival: Arrival, message: &Message, scheduler: &mut Scheduler<Event>) {
        let Arrival { time, from, to } = arrival;
        let down_ns = self.layout.service(to, message.size).down_ns;
        if down_ns == 0 && self.lines.is_none() {
            return self.take_in(arrival, message, scheduler);
        }
        let row = &mut self.layout.rows[to as usize];
        row.servers.down_work += if message.measured { down_ns } else { 0 };
        let behind_ns = self.standing.as_ref().map_or(0, |standing| standing.down_ns(row.node, time));
        let wait_ns = row.servers.down.wait_ns(time.as_ns() + behind_ns);
        let mut served_ns = None;
        if wait_ns > 0 || message.packets > 1 {
            let Sending { class, fills, .. } = self.layout.senders[to as usize];
            let limit_ns = self.plan.limits[class as usize].wait_ns;
            if message.channel != Channel::Unreliable {
                if is_full(wait_ns, down_ns / message.packets.max(1), limit_ns) {
                    self.app.seen.full.note(row.node, Direction::Down);
                }
            } else if fills.down {
                let apart_ns = self.layout.service(from, message.size).up_ns / message.packets.max(1);
                let last_ns = time.as_ns() + behind_ns;
                let row = &mut self.layout.rows[to as usize];
                let Some(left_ns) = row.let_through(last_ns, [apart_ns, down_ns, limit_ns], message.packets) else {
                    self.app.seen.dropped.note(row.node, Direction::Down);
                    self.app.seen.lose(message);
                    return self.fail(Fate::Downlink, [from, to], message);
                };
                served_ns = Some(left_ns);
            }
        }
        let row = &mut self.layout.rows[to as usize];
        let served_ns = served_ns.unwrap_or_else(|| row.servers.down.serve(time.as_ns() + behind_ns, down_ns));
        let received = self.beyond_downlink(served_ns, [from, to], message.packets, down_ns / message.packets.max(1));
        if self.layout.kinds[to as usize].reception == Reception::Source {
            scheduler.schedule_at(received, Happening::Receive(message.copied(from, to)).into());
        } else {
            self.take_in(Arrival { time: received, from, to }, message, scheduler);
        }
    }

    /// When the last of some packets is beyond the downlink that it has left at this time, `each_ns` apart.
    #[inline]
    pub(in crate::simulation) fn beyond_downlink(
        &mut self,
        left_ns: u64,
        places: [u32; 2],
        packets: u64,
        each_ns: u64,
    ) -> SimTime {
        let Some(lines) = &mut self.lines else { return SimTime::from_ns(left_ns) };
        let [from, to] = places.map(|place| self.layout.end(place).node);
        let is_local = self.world.same_lan(from, to);
        SimTime::from_ns(if is_local { left_ns } else { lines.arrive(to, left_ns, packets, each_ns) })
    }

    // A copy has come through the downlink: the CPU takes it in, delivers it and passes it on.
    #[inline]
    fn take_in(&mut self, arrival: Arrival, message: &Message, scheduler: &mut Scheduler<Event>) {
        let Arrival { time, from, to } = arrival;
        if time > self.plan.programme.horizon {
            self.app.seen.counts.copies_in_flight += 1;
            return;
        }
        if self.lanes.any
            && let Some(lane) = self.lanes.between(from, to)
        {
            return self.arrive_whole(time, lane, message.copied(from, to), scheduler);
        }
        self.serve(arrival, message, message.channel, scheduler);
    }

    /// The CPU takes a copy in; where it is far behind, the socket has dropped what comes by a channel that does not
    /// repeat.
    #[inline(always)]
    pub(in crate::simulation) fn serve(
        &mut self,
        arrival: Arrival,
        message: &Message,
        channel: Channel,
        scheduler: &mut Scheduler<Event>,
    ) {
        let Arrival { time, from, to } = arrival;
        let service = *self.layout.service(to, message.size);
        let asked = Message { channel, ..*message };
        let Some(now_ns) = self.layout.rows[to as usize].take_in(time.as_ns(), &service, &asked) else {
            self.app.seen.overflow(message);
            self.fail(Fate::Socket, [from, to], message);
            // Where another copy may come, that one is passed on.
            if D::EXACTLY_ONCE {
                self.book_unserved(to, from, message);
            }
            return;
        };
        let now = SimTime::from_ns(now_ns);
        self.app.seen.counts.copies_arrived += 1;
        self.deliver(now, from, to, message, scheduler);
    }

    #[inline]
    fn deliver(&mut self, now: SimTime, from: u32, to: u32, message: &Message, scheduler: &mut Scheduler<Event>) {
        if D::TALKS && message.is_control {
            if message.measured {
                self.app.seen.control_packets[self.layout.end(to).node as usize] += message.packets;
            }
            if now <= self.plan.programme.horizon {
                let happened = Happened::Told { from: self.layout.end(from).node, note: message.number };
                self.turn(now, to, happened, scheduler);
            }
            return;
        }
        if now > self.plan.programme.horizon {
            // The CPU never came to it, but was asked to.
            if D::EXACTLY_ONCE || self.would_be_new(from, to, message) {
                self.book_unserved(to, from, message);
            }
            return;
        }
        let is_new = D::EXACTLY_ONCE || self.is_new(from, to, message);
        if is_new {
            self.hand_over_to_application(now, to, message, scheduler);
        }
        if D::TALKS {
            let from = Some(self.layout.end(from).node);
            let happened = Happened::Met { from, message: (message.flow, message.number), is_new };
            self.turn(now, to, happened, scheduler);
        } else if is_new {
            self.pass_on(now, to, from, message, scheduler);
        }
    }

    #[inline(always)]
    fn hand_over_to_application(&mut self, now: SimTime, to: u32, message: &Message, scheduler: &mut Scheduler<Event>) {
        let is_for_it = || self.app.audiences.includes(message.audience, self.layout.rows[to as usize].node);
        if self.layout.kinds[to as usize].is_peer && is_for_it() {
            if message.is_exchanged {
                self.exchange(now, to, message, scheduler);
            } else {
                self.app.seen.delivery(now.since(message.published), message.measured);
            }
        }
    }
}

impl Row {
    // The downlink takes the packets of a copy, the last of which comes at this time, `apart_ns` behind the one before:
    // when all have left, or none if its buffer had no room for one.
    #[cold]
    fn let_through(&mut self, last_ns: u64, [apart_ns, down_ns, limit_ns]: [u64; 3], packets: u64) -> Option<u64> {
        let each_ns = down_ns / packets.max(1);
        let (mut left_ns, mut is_whole) = (last_ns, true);
        for behind in (0..packets).rev() {
            let at_ns = last_ns.saturating_sub(behind * apart_ns);
            if is_full(self.servers.down.wait_ns(at_ns), each_ns, limit_ns) {
                is_whole = false;
            } else {
                left_ns = self.servers.down.serve(at_ns, each_ns).max(last_ns);
            }
        }
        is_whole.then_some(left_ns)
    }

    /// The CPU takes a copy in that comes at this time: when that is done, or `None` where it is so far behind that
    /// sockets take no copy that nobody sends again; others are kept back by flow control. What the copy asks of
    /// the node counts all the same.
    #[inline(always)]
    pub(in crate::simulation) fn take_in(&mut self, time_ns: u64, service: &Service, message: &Message) -> Option<u64> {
        if service.cpu_ns == 0 {
            return Some(time_ns);
        }
        let booked_ns = if message.measured { service.cpu_ns } else { 0 };
        self.servers.cpu_work = self.servers.cpu_work.saturating_add(booked_ns);
        let wait_ns = self.servers.cpu.wait_ns(time_ns);
        if wait_ns > 0 && message.channel == Channel::Unreliable && wait_ns > service.backlog_ns {
            return None;
        }
        self.wake(time_ns, message);
        Some(self.servers.cpu.serve(time_ns, service.cpu_ns))
    }

    // An idle CPU wakes up for a message.
    #[inline]
    fn wake(&mut self, now_ns: u64, message: &Message) {
        let took_ns = self.servers.cpu.wake(now_ns, self.wake_ns);
        let booked_ns = if message.measured { took_ns } else { 0 };
        self.servers.cpu_work = self.servers.cpu_work.saturating_add(booked_ns);
    }
}
