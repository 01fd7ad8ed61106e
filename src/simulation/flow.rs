//! Messages on their way: the event model of a replication.
//!
//! A hop is: the sender's CPU hands the copy to its uplink, the uplink serialises it (first in,
//! first out, shared by all of the peer's connections), it propagates, the receiver's downlink
//! serialises it, the receiver's CPU takes it in. Uplink, downlink and CPU are single servers that
//! a busy-until time describes exactly, since work reaches each of them in the order of events. A
//! CPU runs to completion: it takes a message in and sends all its copies before the next. One that has been
//! idle wakes up first, and one that is far behind leaves copies to sockets that drop them.

use super::Parts;
use super::connect::Connected;
use super::event::{Copied, Event, Happening};
use super::experience::Experience;
use super::hold::Holds;
use super::measure::{Outcome, Uncounted};
use super::observed::Window;
use super::plan::{Cost, Plan, Reception};
use super::relay::Relays;
use super::respond::Responses;
use crate::engine::{Model, Scheduler};
use crate::metrics::{LatencyHistogram, RunCounts};
use crate::net::FifoServer;
use crate::overlay::Overlay;
use crate::overlay::audience::Audiences;
use crate::overlay::workload::{Channel, Role};
use crate::units::SimTime;
use crate::world::World;

/// All state of a replication.
#[derive(Debug)]
pub(super) struct Flows {
    pub(super) world: World,
    pub(super) overlay: Overlay,
    pub(super) audiences: Audiences,
    pub(super) connected: Connected,
    pub(super) plan: Plan,
    pub(super) servers: Vec<Servers>,
    pub(super) seen: Seen,
    pub(super) holds: Holds,
    pub(super) relays: Relays,
    /// Arrivals to look at before the next event, all of one message; the last first.
    pub(super) arriving: Vec<Arrival>,
    // At the end, pending copies are only counted.
    ended: bool,
}

/// The queues of one node, and the work in ns that measured messages asked of them.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Servers {
    pub(super) up: FifoServer,
    pub(super) down: FifoServer,
    pub(super) cpu: FifoServer,
    pub(super) up_work: u64,
    pub(super) cpu_work: u64,
}

/// What was observed.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    pub(super) latency: LatencyHistogram,
    pub(super) counts: RunCounts,
    pub(super) window: Window,
    pub(super) responses: Responses,
}

/// A copy that reaches its receiver's downlink.
#[derive(Clone, Copy, Debug)]
pub(super) struct Arrival {
    pub(super) time: SimTime,
    pub(super) from: u32,
    pub(super) to: u32,
}

/// A message, looked up once an event.
#[derive(Clone, Copy, Debug)]
pub(super) struct Message {
    pub(super) flow: u32,
    pub(super) number: u32,
    pub(super) channel: Channel,
    pub(super) audience: u32,
    pub(super) published: SimTime,
    pub(super) measured: bool,
    /// Whether it asks for an answer, or is one.
    pub(super) is_exchanged: bool,
    /// Bytes on a link, and packets.
    pub(super) bytes: u64,
    pub(super) packets: u64,
    /// Which of the plan's sizes it has.
    pub(super) size: u32,
    /// Where the service times of its size begin.
    costs: usize,
}

impl Message {
    pub(super) fn copied(&self, from: u32, to: u32) -> Copied {
        Copied { from, to, flow: self.flow, number: self.number }
    }
}

impl Model for Flows {
    type Event = Event;

    #[inline]
    fn handle(&mut self, now: SimTime, event: Event, scheduler: &mut Scheduler<Event>) {
        if self.ended {
            self.seen.counts.copies_in_flight += 1;
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
            Happening::Retransmit { copied, attempt } => self.retransmit(now, copied, attempt, scheduler),
        };
        while let Some(arrival) = self.arriving.pop() {
            self.arrive(arrival, &message, scheduler);
        }
    }
}

impl Flows {
    pub(super) fn new(parts: Parts) -> Self {
        let Parts { world, overlay, audiences, connected, plan, relays } = parts;
        let servers = vec![Servers::default(); world.nodes() as usize];
        let (seen, holds, arriving) = Default::default();
        Self { world, overlay, audiences, connected, plan, servers, seen, holds, relays, arriving, ended: false }
    }

    /// Schedules the first message of every flow.
    pub(super) fn start(&mut self, scheduler: &mut Scheduler<Event>) {
        for flow in 0..self.plan.flows.len() as u32 {
            if let Some(time) = self.plan.publication(flow, 0) {
                scheduler.schedule_at(time, Happening::Publish { flow, number: 0 }.into());
            }
        }
    }

    /// Ends the replication: every event from here on is a copy that was still under way.
    pub(super) fn end(&mut self) {
        self.ended = true;
    }

    /// What came of a replication that has ended.
    pub(super) fn finish(self) -> Outcome {
        let Self { world, overlay, audiences, connected, plan, servers, seen, relays, .. } = self;
        let (experience, uncounted) = (Experience::default(), Uncounted::All);
        Outcome { world, overlay, audiences, connected, plan, servers, seen, relays, experience, uncounted }
    }

    #[inline]
    pub(super) fn message(&self, flow: u32, number: u32) -> Message {
        let planned = &self.plan.flows[flow as usize];
        let published = self.plan.timetable.published(planned.schedule, number);
        let wire = self.plan.sizes[planned.size as usize];
        Message {
            flow,
            number,
            channel: planned.channel,
            audience: planned.audience,
            published,
            measured: published >= self.plan.measure_from,
            is_exchanged: planned.role != Role::Message,
            bytes: wire.bytes.get(),
            packets: wire.packets,
            size: planned.size,
            costs: planned.size as usize * self.servers.len(),
        }
    }

    #[inline]
    pub(super) fn cost(&self, node: u32, message: &Message) -> Cost {
        self.plan.costs[message.costs + node as usize]
    }

    fn publish(&mut self, now: SimTime, flow: u32, number: u32, scheduler: &mut Scheduler<Event>) -> Message {
        let planned = self.plan.flows[flow as usize];
        let message = self.message(flow, number);
        self.seen.publication(&planned, message.measured);
        if let Some(next) = self.plan.publication(flow, number + 1) {
            scheduler.schedule_at(next, Happening::Publish { flow, number: number + 1 }.into());
        }
        self.wake(now, planned.source, &message);
        self.pass_on(now, planned.source, None, &message, scheduler);
        message
    }

    // The last bit of a copy is at the receiver's downlink.
    #[inline]
    fn arrive(&mut self, arrival: Arrival, message: &Message, scheduler: &mut Scheduler<Event>) {
        let Arrival { time, from, to } = arrival;
        let cost = self.cost(to, message);
        if cost.down_ns == 0 {
            return self.take_in(arrival, message, scheduler);
        }
        let received = SimTime::from_ns(self.servers[to as usize].down.serve(time.as_ns(), cost.down_ns));
        if self.plan.reception[to as usize] == Reception::Source {
            scheduler.schedule_at(received, Happening::Receive(message.copied(from, to)).into());
        } else {
            self.take_in(Arrival { time: received, from, to }, message, scheduler);
        }
    }

    // A copy has come through the downlink: the CPU takes it in, delivers it and passes it on.
    #[inline]
    fn take_in(&mut self, arrival: Arrival, message: &Message, scheduler: &mut Scheduler<Event>) {
        let Arrival { time, from, to } = arrival;
        if time > self.plan.horizon {
            self.seen.counts.copies_in_flight += 1;
            return;
        }
        let cost = self.cost(to, message);
        let mut now = time;
        if cost.cpu_ns > 0 {
            if self.is_behind(time, to, message) {
                return self.overflow(from, to, message);
            }
            self.wake(time, to, message);
            let servers = &mut self.servers[to as usize];
            now = SimTime::from_ns(servers.cpu.serve(time.as_ns(), cost.cpu_ns));
            servers.cpu_work += if message.measured { cost.cpu_ns } else { 0 };
        }
        self.seen.counts.copies_arrived += 1;
        if message.channel == Channel::Reliable && !self.holds.is_empty() {
            let through = self.holds.arrived(message.copied(from, to));
            return self.deliver_all(now, &through, scheduler);
        }
        self.deliver(now, from, to, message, scheduler);
    }

    // Whether a node's CPU is so far behind that its sockets take no copy that nobody sends again; others
    // are kept back by flow control.
    #[inline]
    fn is_behind(&self, now: SimTime, node: u32, message: &Message) -> bool {
        let wait_ns = self.servers[node as usize].cpu.wait_ns(now.as_ns());
        wait_ns > 0
            && message.channel == Channel::Unreliable
            && wait_ns > self.plan.backlogs[message.costs + node as usize]
    }

    // An idle CPU wakes up for a message.
    #[inline]
    fn wake(&mut self, now: SimTime, node: u32, message: &Message) {
        let servers = &mut self.servers[node as usize];
        let took_ns = servers.cpu.wake(now.as_ns(), self.plan.wakes[node as usize]);
        servers.cpu_work += if message.measured { took_ns } else { 0 };
    }

    // A copy finds the socket full; what it asks of the node counts all the same.
    #[cold]
    fn overflow(&mut self, from: u32, to: u32, message: &Message) {
        self.seen.counts.copies_overflowed += 1;
        if message.measured {
            self.seen.window.overflowed += 1;
            self.servers[to as usize].cpu_work += self.cost(to, message).cpu_ns;
        }
        self.book_unserved(to, Some(from), message);
    }

    /// Delivers copies that an ordered channel lets through.
    pub(super) fn deliver_all(&mut self, now: SimTime, through: &[Copied], scheduler: &mut Scheduler<Event>) {
        for &Copied { from, to, flow, number } in through {
            let message = self.message(flow, number);
            self.deliver(now, from, to, &message, scheduler);
        }
    }

    #[inline]
    fn deliver(&mut self, now: SimTime, from: u32, to: u32, message: &Message, scheduler: &mut Scheduler<Event>) {
        if now > self.plan.horizon {
            // The CPU never came to it, but was asked to.
            return self.book_unserved(to, Some(from), message);
        }
        if to < self.world.peers() && self.audiences.includes(message.audience, to) {
            if message.is_exchanged {
                self.exchange(now, message, scheduler);
            } else {
                self.seen.delivery(now, message);
            }
        }
        self.pass_on(now, to, Some(from), message, scheduler);
    }
}

impl Seen {
    /// A message reached an application.
    #[inline]
    pub(super) fn delivery(&mut self, now: SimTime, message: &Message) {
        self.counts.deliveries += 1;
        if message.measured {
            self.latency.record(now.since(message.published));
        }
    }
}
