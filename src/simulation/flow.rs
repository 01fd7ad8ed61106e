//! Messages on their way: the event model of a replication.
//!
//! A hop is: the sender's CPU hands the copy to its uplink, the uplink serialises it (first in,
//! first out, shared by all of the peer's connections), it propagates, the receiver's downlink
//! serialises it, the receiver's CPU takes it in. Uplink, downlink and CPU are single servers that
//! a busy-until time describes exactly, since work reaches each of them in the order of events. A
//! CPU runs to completion: it takes a message in and sends all its copies before the next.

use super::establish::Established;
use super::event::{ATTEMPTS_MAX, Copied, Event, Happening};
use super::hold::Holds;
use super::plan::{Cost, Plan, PlannedFlow, QueueLimits, Reception};
use crate::engine::{Model, Scheduler};
use crate::metrics::{LatencyHistogram, RunCounts};
use crate::overlay::Overlay;
use crate::overlay::workload::Channel;
use crate::units::{SimDuration, SimTime};
use crate::world::World;

/// All state of a replication.
#[derive(Debug)]
pub(super) struct Flows {
    pub(super) world: World,
    pub(super) overlay: Overlay,
    pub(super) established: Established,
    pub(super) plan: Plan,
    pub(super) servers: Vec<Servers>,
    pub(super) latency: LatencyHistogram,
    pub(super) counts: RunCounts,
    pub(super) window: Window,
    // At the end, pending copies are only counted.
    ended: bool,
    holds: Holds,
    // Copies that arrive on the spot and are not yet looked at: all of one message.
    arriving: Vec<(SimTime, Copied)>,
}

/// The queues of one node: when each is free again, and the work that measured messages asked for.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Servers {
    pub(super) up_free: u64,
    pub(super) down_free: u64,
    pub(super) cpu_free: u64,
    pub(super) up_work: u64,
    pub(super) cpu_work: u64,
}

/// What messages of the measured window did.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Window {
    pub(super) wanted: u64,
    pub(super) delivered: u64,
    pub(super) sent: u64,
    pub(super) sent_bytes: u64,
    pub(super) relayed_bytes: u64,
    pub(super) server_bytes: u64,
    pub(super) lost: u64,
    pub(super) refused: u64,
}

/// SCTP gives up after this many retransmissions (RFC 9260, Association.Max.Retrans).
const RETRANSMISSIONS_MAX: u32 = 10;
const _: () = assert!(RETRANSMISSIONS_MAX < ATTEMPTS_MAX);
/// Largest retransmission time-out (RFC 9260, RTO.Max).
const RTO_MAX: SimDuration = SimDuration::from_secs(60);

/// What stays the same while a node sends the copies of one message.
#[derive(Clone, Copy)]
struct Sending {
    node: u32,
    flow: u32,
    number: u32,
    channel: Channel,
    cost: Cost,
    limits: QueueLimits,
    bytes: u64,
    published: SimTime,
    measured: bool,
}

impl Model for Flows {
    type Event = Event;

    #[inline]
    fn handle(&mut self, now: SimTime, event: Event, scheduler: &mut Scheduler<Event>) {
        if self.ended {
            self.counts.copies_in_flight += 1;
            return;
        }
        match Happening::from(event) {
            Happening::Arrive(copied) => self.arrive(now, copied, scheduler),
            Happening::Receive(copied) => self.take_in(now, copied, scheduler),
            Happening::Publish { flow, number } => self.publish(now, flow, number, scheduler),
            Happening::Retransmit { copied, attempt } => self.retransmit(now, copied, attempt, scheduler),
        }
        while let Some((time, copied)) = self.arriving.pop() {
            self.arrive(time, copied, scheduler);
        }
    }
}

impl Flows {
    pub(super) fn new(world: World, overlay: Overlay, established: Established, plan: Plan) -> Self {
        let nodes = world.nodes() as usize;
        Self {
            world,
            overlay,
            established,
            plan,
            servers: vec![Servers::default(); nodes],
            latency: LatencyHistogram::new(),
            counts: RunCounts::default(),
            window: Window::default(),
            ended: false,
            holds: Holds::default(),
            arriving: Vec::new(),
        }
    }

    /// Schedules the first message of every flow.
    pub(super) fn start(&mut self, scheduler: &mut Scheduler<Event>) {
        for (flow, planned) in (0..).zip(&self.plan.flows) {
            if planned.start < self.plan.publish_end {
                scheduler.schedule_at(planned.start, Happening::Publish { flow, number: 0 }.into());
            }
        }
    }

    /// Ends the replication: every event from here on is a copy that was still under way.
    pub(super) fn end(&mut self) {
        self.ended = true;
    }

    fn publish(&mut self, now: SimTime, flow: u32, number: u32, scheduler: &mut Scheduler<Event>) {
        let planned = self.plan.flows[flow as usize];
        self.counts.messages += 1;
        if now >= self.plan.measure_from {
            let receivers = self.world.peers() - u32::from(planned.source < self.world.peers());
            self.window.wanted += u64::from(receivers);
        }
        let next = now + planned.period;
        if next < self.plan.publish_end {
            scheduler.schedule_at(next, Happening::Publish { flow, number: number + 1 }.into());
        }
        let copied = Copied { from: planned.source, to: planned.source, flow, number };
        self.pass_on(now, copied, None, scheduler);
    }

    // The last bit of a copy is at the receiver's downlink.
    #[inline]
    fn arrive(&mut self, now: SimTime, copied: Copied, scheduler: &mut Scheduler<Event>) {
        let cost = self.cost(copied.to, copied.flow);
        let servers = &mut self.servers[copied.to as usize];
        let mut received = now;
        if cost.down_ns > 0 {
            servers.down_free = servers.down_free.max(now.as_ns()) + cost.down_ns;
            received = SimTime::from_ns(servers.down_free);
        }
        if received > now && self.plan.reception[copied.to as usize] == Reception::Source {
            scheduler.schedule_at(received, Happening::Receive(copied).into());
        } else {
            self.take_in(received, copied, scheduler);
        }
    }

    // A copy has come through the downlink: the CPU takes it in, delivers it and passes it on.
    #[inline]
    fn take_in(&mut self, now: SimTime, copied: Copied, scheduler: &mut Scheduler<Event>) {
        if now > self.plan.horizon {
            self.counts.copies_in_flight += 1;
            return;
        }
        self.counts.copies_arrived += 1;
        let planned = self.plan.flows[copied.flow as usize];
        let taken_in = self.spend_cpu(now, copied, &planned);
        if self.holds.is_empty() || planned.channel != Channel::Reliable {
            return self.deliver(taken_in, copied, scheduler);
        }
        let mut through = Vec::new();
        self.holds.arrived(copied, |copied| through.push(copied));
        through.into_iter().for_each(|copied| self.deliver(taken_in, copied, scheduler));
    }

    #[inline]
    fn spend_cpu(&mut self, now: SimTime, copied: Copied, planned: &PlannedFlow) -> SimTime {
        let cost = self.cost(copied.to, copied.flow);
        if cost.cpu_ns == 0 {
            return now;
        }
        let measured = planned.published(copied.number) >= self.plan.measure_from;
        let servers = &mut self.servers[copied.to as usize];
        servers.cpu_free = servers.cpu_free.max(now.as_ns()) + cost.cpu_ns;
        servers.cpu_work += if measured { cost.cpu_ns } else { 0 };
        SimTime::from_ns(servers.cpu_free)
    }

    #[inline]
    fn deliver(&mut self, now: SimTime, copied: Copied, scheduler: &mut Scheduler<Event>) {
        if now > self.plan.horizon {
            return;
        }
        if copied.to < self.world.peers() {
            let published = self.plan.flows[copied.flow as usize].published(copied.number);
            self.record_delivery(now, published);
        }
        self.pass_on(now, copied, Some(copied.from), scheduler);
    }

    #[inline]
    fn record_delivery(&mut self, now: SimTime, published: SimTime) {
        self.counts.deliveries += 1;
        if published >= self.plan.measure_from {
            self.window.delivered += 1;
            self.latency.record(now.since(published));
        }
    }

    // The node `copied.to` sends a copy over every connection that the overlay's rule names.
    fn pass_on(&mut self, now: SimTime, copied: Copied, from: Option<u32>, scheduler: &mut Scheduler<Event>) {
        let node = copied.to;
        let [tree, core] = self.overlay.next_hops(node, from).map(<[u32]>::len);
        if tree + core == 0 {
            return;
        }
        let sending = self.sending(node, copied.flow, copied.number);
        let mut servers = self.servers[node as usize];
        let all_open = now >= self.established.connected_at;
        let slots = self.overlay.tree_slots(node);
        for index in 0..tree {
            let next = self.overlay.tree_neighbours(node)[index];
            if Some(next) != from
                && (all_open || self.is_open(self.established.tree_open(slots.start + index), now, &sending))
            {
                self.send(now, next, &sending, &mut servers, scheduler);
            }
        }
        for index in 0..core {
            let next = self.overlay.core()[index];
            if next != node && (all_open || self.is_core_open(node, index, now, &sending)) {
                self.send(now, next, &sending, &mut servers, scheduler);
            }
        }
        self.servers[node as usize] = servers;
    }

    fn is_core_open(&mut self, node: u32, place: usize, now: SimTime, sending: &Sending) -> bool {
        let own_place = self.overlay.core_place(node).expect("invariant: only members send over the core");
        let place = u32::try_from(place).expect("invariant: places are u32");
        let open = self.established.core_open(&self.world, &self.overlay, own_place, place);
        self.is_open(open, now, sending)
    }

    fn is_open(&mut self, open: SimTime, now: SimTime, sending: &Sending) -> bool {
        if open > now {
            self.refuse(sending);
            self.counts.copies_unconnected += 1;
        }
        open <= now
    }

    // One copy through the sender's CPU and uplink and onto its path.
    #[inline]
    fn send(
        &mut self,
        now: SimTime,
        to: u32,
        sending: &Sending,
        servers: &mut Servers,
        scheduler: &mut Scheduler<Event>,
    ) {
        let Some(path) = self.world.path(sending.node, to) else {
            self.refuse(sending);
            self.counts.copies_unconnected += 1;
            return;
        };
        let cost = sending.cost;
        let mut ready_ns = now.as_ns();
        if cost.cpu_ns > 0 {
            servers.cpu_free = servers.cpu_free.max(ready_ns) + cost.cpu_ns;
            ready_ns = servers.cpu_free;
        }
        if sending.measured {
            servers.up_work += cost.up_ns;
            servers.cpu_work += cost.cpu_ns;
        }
        let start_ns = servers.up_free.max(ready_ns);
        if !admits(start_ns - ready_ns, sending) {
            self.refuse(sending);
            self.counts.copies_dropped += 1;
            return;
        }
        if start_ns > self.plan.horizon.as_ns() {
            // It would not even begin to leave before the end.
            return;
        }
        let copied = Copied { from: sending.node, to, flow: sending.flow, number: sending.number };
        let departure_ns = start_ns + cost.up_ns;
        if cost.up_ns > 0 {
            servers.up_free = departure_ns;
        }
        self.counts.copies_sent += 1;
        self.account(path.relayed, sending);
        if path.loss_threshold > 0 || !self.holds.is_empty() {
            let lost = self.draw_loss(copied, path.loss_threshold, 0);
            if sending.channel == Channel::Reliable {
                self.holds.sent(copied, lost);
            }
            if lost {
                return self.lose(copied, departure_ns, path.delay_ns, 0, sending, scheduler);
            }
        }
        self.launch(SimTime::from_ns(departure_ns + path.delay_ns), copied, sending.published, scheduler);
    }

    // Lets a copy arrive at its time: on the spot where that is exact, else by an event.
    #[inline]
    fn launch(&mut self, arrival: SimTime, copied: Copied, published: SimTime, scheduler: &mut Scheduler<Event>) {
        match self.plan.reception[copied.to as usize] {
            Reception::Source | Reception::Queued => scheduler.schedule_at(arrival, Happening::Arrive(copied).into()),
            _ if arrival > self.plan.horizon => self.counts.copies_in_flight += 1,
            Reception::InOrder => self.arriving.push((arrival, copied)),
            Reception::Sink => {
                self.counts.copies_arrived += 1;
                if copied.to < self.world.peers() {
                    self.record_delivery(arrival, published);
                }
            }
        }
    }

    fn draw_loss(&self, copied: Copied, threshold: u64, attempt: u32) -> bool {
        let message = u64::from(copied.flow) << 32 | u64::from(copied.number);
        self.world.is_lost(copied.from, copied.to, threshold, message, attempt)
    }

    // A copy is lost on its path: for good, or until the sender's time-out.
    fn lose(
        &mut self,
        copied: Copied,
        departure_ns: u64,
        delay_ns: u64,
        attempt: u32,
        sending: &Sending,
        scheduler: &mut Scheduler<Event>,
    ) {
        if sending.channel == Channel::Unreliable {
            self.counts.copies_lost += 1;
            self.window.lost += u64::from(sending.measured);
            return;
        }
        let first_ns = sending.limits.rto_min_ns.max(2 * delay_ns);
        let rto = SimDuration::from_ns(first_ns << attempt).min(RTO_MAX);
        let retry = Happening::Retransmit { copied, attempt: attempt + 1 };
        scheduler.schedule_at(SimTime::from_ns(departure_ns) + rto, retry.into());
    }

    fn retransmit(&mut self, now: SimTime, copied: Copied, attempt: u32, scheduler: &mut Scheduler<Event>) {
        let sending = self.sending(copied.from, copied.flow, copied.number);
        if attempt > RETRANSMISSIONS_MAX {
            return self.give_up(now, copied, &sending, scheduler);
        }
        let path = self.world.path(copied.from, copied.to).expect("invariant: it was sent before");
        let servers = &mut self.servers[copied.from as usize];
        let departure_ns = servers.up_free.max(now.as_ns()) + sending.cost.up_ns;
        servers.up_free = departure_ns;
        servers.up_work += if sending.measured { sending.cost.up_ns } else { 0 };
        self.account(path.relayed, &sending);
        if self.draw_loss(copied, path.loss_threshold, attempt) {
            self.lose(copied, departure_ns, path.delay_ns, attempt, &sending, scheduler);
        } else {
            let arrival = SimTime::from_ns(departure_ns + path.delay_ns);
            self.launch(arrival, copied, sending.published, scheduler);
        }
    }

    fn give_up(&mut self, now: SimTime, copied: Copied, sending: &Sending, scheduler: &mut Scheduler<Event>) {
        self.counts.copies_lost += 1;
        self.window.lost += u64::from(sending.measured);
        let mut through = Vec::new();
        self.holds.given_up(copied, |copied| through.push(copied));
        through.into_iter().for_each(|copied| self.deliver(now, copied, scheduler));
    }

    #[inline]
    fn account(&mut self, relayed: bool, sending: &Sending) {
        if sending.measured {
            self.window.sent += 1;
            self.window.sent_bytes += sending.bytes;
            if relayed {
                self.window.relayed_bytes += sending.bytes;
            }
            if sending.node >= self.world.peers() {
                self.window.server_bytes += sending.bytes;
            }
        }
    }

    #[inline]
    fn sending(&self, node: u32, flow: u32, number: u32) -> Sending {
        let planned = self.plan.flows[flow as usize];
        let published = planned.published(number);
        Sending {
            node,
            flow,
            number,
            channel: planned.channel,
            cost: self.cost(node, flow),
            limits: self.plan.limits[node as usize],
            bytes: self.plan.sizes[planned.size as usize].bytes.get(),
            published,
            measured: published >= self.plan.measure_from,
        }
    }

    fn refuse(&mut self, sending: &Sending) {
        self.window.refused += u64::from(sending.measured);
    }

    #[inline]
    fn cost(&self, node: u32, flow: u32) -> Cost {
        let size = self.plan.flows[flow as usize].size as usize;
        self.plan.costs[size * self.servers.len() + node as usize]
    }
}

// Whether the uplink takes a copy that would wait this long.
#[inline]
fn admits(wait_ns: u64, sending: &Sending) -> bool {
    if sending.channel == Channel::Unreliable {
        return wait_ns <= sending.limits.wait_ns;
    }
    let waiting_bytes = u128::from(wait_ns) * u128::from(sending.bytes) / u128::from(sending.cost.up_ns.max(1));
    waiting_bytes <= u128::from(sending.limits.send_buffer)
}
