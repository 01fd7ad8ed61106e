//! The application on every node: publishes, delivers and passes on, by the overlay's rule.

use std::sync::Arc;

use bytes::BytesMut;

use super::tally::Tally;
use crate::engine::Slots;
use crate::net::FifoServer;
use crate::overlay::Connection;
use crate::overlay::Overlay;
use crate::overlay::dissemination::{Dissemination, Order};
use crate::overlay::workload::Channel;
use crate::real::cluster::{Application, ConnectionState, Context, End, PacketCpu};
use crate::real::stack::ChannelSpec;
use crate::scenario::Settings;
use crate::simulation::{
    Application as Applications, CONTROL_CHANNEL, Delivery, Fate, Happened, PlannedFlow, Prepared, Programme,
    has_paced_packets, idle_shares, message_cpu, packet_cpu, wake_cpu,
};
use crate::units::{ByteCount, SimTime};
use crate::webrtc::Wire;
use crate::world::World;

/// The applications of all nodes.
pub(super) struct Peers<D> {
    pub(super) world: World,
    pub(super) app: Applications<D>,
    pub(super) tally: Tally,
    pub(super) idle_share: Vec<f32>,
    // By flow: the channel that it uses, among those of every connection.
    channels: Vec<usize>,
    // Of each node: its neighbours and its end of the connection to each, by neighbour.
    ends: Vec<Vec<(u32, End)>>,
    // The nodes of each connection.
    nodes_of: Vec<[u32; 2]>,
    cpus: Vec<FifoServer>,
    // CPU time of each distinct size at each node, without packets that cost by themselves: [size * nodes + node].
    cpu_ns: Vec<u64>,
    is_paced: bool,
    // How long the CPU of each node takes to wake up.
    wake_ns: Vec<u64>,
    // Most bytes that may wait on a reliable channel of a node.
    send_buffers: Vec<u64>,
    waiting: Slots<Hop>,
    // Nodes that are to be woken, and what their rule knows that by.
    asked: Slots<(u32, u32)>,
    // Bytes of each distinct size on the wire.
    wire_bytes: Vec<u64>,
    // Nodes that the rule names, and what it orders, reused.
    hops: Vec<u32>,
    orders: Vec<Order>,
}

/// A message on one hop.
#[derive(Clone, Copy, Debug)]
struct Hop {
    from: u32,
    to: u32,
    flow: u32,
    number: u32,
}

/// A message carries its flow and number, so no message is shorter than this.
const IDENTITY_BYTES: usize = 8;

/// The channels that messages use, those of the rule included, each once.
pub(super) fn channels(prepared: &Prepared) -> Vec<Channel> {
    let every = [Channel::Unreliable, Channel::ReliableUnordered, Channel::Reliable];
    let is_used = |channel: Channel| {
        let controls = channel == CONTROL_CHANNEL && !prepared.control_sizes.is_empty();
        controls || prepared.flows.iter().any(|flow| flow.channel == channel)
    };
    let used: Vec<Channel> = every.into_iter().filter(|&channel| is_used(channel)).collect();
    // Connections are set up even where nobody publishes.
    if used.is_empty() { vec![Channel::Reliable] } else { used }
}

// What all packets of a message cost.
fn packets_ns(world: &World, node: u32, wire: Wire, idle_share: f32) -> u64 {
    let [packet, kilobyte] = packet_cpu(world, node, idle_share);
    wire.packets * packet.as_ns() + wire.bytes.get() * kilobyte.as_ns() / 1_000
}

/// A scenario's channel as the stack opens it.
pub(super) const fn channel_spec(channel: Channel) -> ChannelSpec {
    match channel {
        Channel::Unreliable => ChannelSpec::UNRELIABLE,
        Channel::ReliableUnordered => ChannelSpec::RELIABLE_UNORDERED,
        Channel::Reliable => ChannelSpec::RELIABLE,
    }
}

impl<D: Dissemination> Peers<D> {
    /// The applications of a cluster with these connections, which pass messages on by `rule`.
    pub(super) fn new(settings: &Settings, prepared: Prepared, rule: D, begins: &[(Connection, SimTime)]) -> Self {
        let programme = Arc::new(Programme::new(settings, &prepared));
        let used = channels(&prepared);
        let Prepared { world, flows, overlay, audiences, control_sizes, .. } = prepared;
        let nodes = world.nodes();
        let degrees: Vec<u32> = (0..nodes).map(|node| overlay.degree(node)).collect();
        let idle_share = idle_shares(&world, &degrees);
        let channel = |flow: &PlannedFlow| used.iter().position(|channel| *channel == flow.channel);
        let wire = |size: ByteCount| settings.webrtc.wire(size);
        let all_sizes = flows.iter().map(|flow| flow.size).chain(control_sizes.iter().copied());
        let is_paced = all_sizes.map(wire).all(has_paced_packets);
        let cpu = |&size: &ByteCount| {
            let whole = |node: u32, idle: f32| message_cpu(&world, node, wire(size), idle).as_ns();
            let packets = |node: u32, idle: f32| if is_paced { packets_ns(&world, node, wire(size), idle) } else { 0 };
            let own = |(&idle, node): (&f32, u32)| whole(node, idle).saturating_sub(packets(node, idle));
            idle_share.iter().zip(0..).map(own).collect::<Vec<_>>()
        };
        let wake = |(&idle, node)| wake_cpu(&world, node, idle).as_ns();
        let send_buffer = |node: u32| world.class(node).engine.send_buffer.map_or(u64::MAX, ByteCount::get);
        Self {
            tally: Tally::new(nodes),
            channels: programme.all_flows().iter().map(|flow| channel(flow).expect("invariant: one of them")).collect(),
            ends: ends(nodes, begins),
            nodes_of: begins.iter().map(|(connection, _)| [connection.a, connection.b]).collect(),
            cpus: vec![FifoServer::default(); nodes as usize],
            cpu_ns: programme.sizes.iter().flat_map(cpu).collect(),
            is_paced,
            wake_ns: idle_share.iter().zip(0..).map(wake).collect(),
            send_buffers: (0..nodes).map(send_buffer).collect(),
            waiting: Slots::default(),
            asked: Slots::default(),
            wire_bytes: programme.sizes.iter().map(|&size| wire(size).bytes.get()).collect(),
            hops: Vec::new(),
            orders: Vec::new(),
            app: Applications::new(programme, (overlay, audiences), world.peers(), rule),
            world,
            idle_share,
        }
    }

    /// What packets cost at each node, where they cost by themselves: where all messages have many.
    pub(super) fn packet_cpus(&self) -> Vec<PacketCpu> {
        let cpu = |(&idle, node): (&f32, u32)| {
            let [packet, kilobyte] = packet_cpu(&self.world, node, idle);
            PacketCpu { packet, kilobyte }
        };
        if self.is_paced { self.idle_share.iter().zip(0..).map(cpu).collect() } else { Vec::new() }
    }

    /// Asks to be woken for the first message of every flow and for the measured window.
    pub(super) fn start(&mut self, context: &mut Context<'_>) {
        let programme = &self.app.programme;
        context.wake_at(programme.measure_from, Wake::Warm.token());
        context.wake_at(programme.timetable.end(), Wake::End.token());
        for (flow, time) in programme.first_publications() {
            context.wake_at(time, Wake::Publish { flow, number: 0 }.token());
        }
        if D::TALKS {
            for node in 0..self.world.nodes() {
                self.turn(context.now, node, Happened::Entered, context);
            }
        }
    }

    fn publish(&mut self, flow: u32, number: u32, context: &mut Context<'_>) {
        let source = self.app.flow(flow).source;
        if let Some(next) = self.app.publish(flow, number) {
            context.wake_at(next, Wake::Publish { flow, number: number + 1 }.token());
        }
        if D::TALKS {
            let happened = Happened::Met { from: None, message: (flow, number), is_new: true };
            return self.turn(context.now, source, happened, context);
        }
        self.pass_on(context.now, source, None, (flow, number), context);
    }

    // Something has happened at a node whose rule talks; it does what the rule orders then.
    fn turn(&mut self, time: SimTime, node: u32, happened: Happened, context: &mut Context<'_>) {
        let mut orders = std::mem::take(&mut self.orders);
        let (ends, cluster) = (&self.ends[node as usize], context.cluster());
        let is_open = |_: &Overlay, next: u32| {
            let known = ends.binary_search_by_key(&next, |(other, _)| *other);
            known.is_ok_and(|place| {
                cluster.connections()[ends[place].1.connection as usize].state == ConnectionState::Open
            })
        };
        self.app.turn(time, node, happened, is_open, &mut orders);
        for order in orders.drain(..) {
            match order {
                Order::Copy { to, message } => self.send_to(time, [node, to], message, context),
                Order::Tell { to, size, note } => {
                    let flow = self.app.programme.control_flow(size, context.now);
                    self.send_to(time, [node, to], (flow, note), context);
                }
                // What lies behind the horizon never happens.
                Order::Wake { at, token } if at <= self.app.programme.horizon => {
                    let slot = self.asked.put((node, token));
                    context.wake_at(at.max(context.now), Wake::Turn { slot }.token());
                }
                Order::Wake { .. } => {}
            }
        }
        self.orders = orders;
    }

    // A node sends a copy over every connection that the overlay's rule names.
    fn pass_on(
        &mut self,
        time: SimTime,
        node: u32,
        from: Option<u32>,
        (flow, number): (u32, u32),
        context: &mut Context<'_>,
    ) {
        let mut hops = std::mem::take(&mut self.hops);
        self.app.forward(node, from, (flow, number), &mut hops);
        for to in hops.drain(..) {
            self.send_to(time, [node, to], (flow, number), context);
        }
        self.hops = hops;
    }

    fn send_to(&mut self, time: SimTime, [node, to]: [u32; 2], (flow, number): (u32, u32), context: &mut Context<'_>) {
        let ready = self.busy(time, node, flow, number, context);
        let hop = Hop { from: node, to, flow, number };
        if ready <= context.now {
            self.send(hop, context);
        } else if ready <= self.app.programme.horizon {
            let slot = self.waiting.put(hop);
            context.wake_at(ready, Wake::Send { slot }.token());
        }
    }

    // A message keeps a node's CPU busy; when that is over.
    fn busy(&mut self, time: SimTime, node: u32, flow: u32, number: u32, context: &mut Context<'_>) -> SimTime {
        let size = self.app.flow(flow).size as usize;
        let cpu_ns = self.cpu_ns[size * self.cpus.len() + node as usize];
        let packets_ns = context.take_packet_work(node).as_ns();
        let cpu = &mut self.cpus[node as usize];
        let woken_ns = cpu.wake(time.as_ns(), self.wake_ns[node as usize]);
        cpu.serve(time.as_ns(), packets_ns);
        let done = SimTime::from_ns(cpu.serve(time.as_ns(), cpu_ns));
        if self.app.programme.is_measured(flow, number) {
            self.tally.cpu_work[node as usize] += woken_ns + packets_ns + cpu_ns;
        }
        done
    }

    fn send(&mut self, hop: Hop, context: &mut Context<'_>) {
        let size = self.app.programme.sizes[self.app.flow(hop.flow).size as usize];
        let size = usize::try_from(size.get()).expect("invariant: limited when read").max(IDENTITY_BYTES);
        let (end, channel) = (self.end(hop.from, hop.to), self.channels[hop.flow as usize]);
        if context.cluster().connections()[end.connection as usize].state != ConnectionState::Open {
            return self.refuse(Fate::Unconnected, hop);
        }
        let limit = self.send_buffers[hop.from as usize];
        if self.is_reliable(hop.flow) && limit < u64::MAX {
            let waiting = context.outstanding_bytes(end, channel) as u64;
            if waiting + size as u64 > limit {
                return self.refuse(Fate::Throttled, hop);
            }
        }
        let mut message = BytesMut::zeroed(size);
        message[..4].copy_from_slice(&hop.flow.to_le_bytes());
        message[4..IDENTITY_BYTES].copy_from_slice(&hop.number.to_le_bytes());
        match context.send(end, channel, message) {
            Ok(()) => {
                self.tally.unreliable += self.unreliable_deliveries(hop);
                let measured = self.app.programme.is_measured(hop.flow, hop.number);
                self.app.seen.sent(measured);
                if measured && self.app.programme.is_control(hop.flow) {
                    let bytes = self.wire_bytes[self.app.flow(hop.flow).size as usize];
                    *self.app.seen.window.control_bytes.get_or_insert(0) += bytes;
                }
            }
            Err(_) => self.refuse(Fate::Throttled, hop),
        }
    }

    // A copy is not sent.
    fn refuse(&mut self, fate: Fate, hop: Hop) {
        self.app.fail(fate, [hop.from, hop.to], (hop.flow, hop.number));
        self.app.seen.refused(fate, self.app.programme.is_measured(hop.flow, hop.number));
    }

    // For how many wanted deliveries a copy stands that nobody sends again.
    fn unreliable_deliveries(&mut self, hop: Hop) -> u64 {
        let is_reliable = self.is_reliable(hop.flow);
        if is_reliable { 0 } else { self.app.deliveries_behind([hop.from, hop.to], (hop.flow, hop.number)) }
    }

    fn is_reliable(&self, flow: u32) -> bool {
        self.app.flow(flow).channel != Channel::Unreliable
    }

    fn end(&self, node: u32, neighbour: u32) -> End {
        let ends = &self.ends[node as usize];
        let place = ends.binary_search_by_key(&neighbour, |(other, _)| *other);
        ends[place.expect("invariant: messages follow the overlay's connections")].1
    }
}

impl<D: Dissemination> Application for Peers<D> {
    fn message(&mut self, end: End, _channel: usize, message: BytesMut, context: &mut Context<'_>) {
        let word = |at: usize| u32::from_le_bytes(message[at..at + 4].try_into().expect("invariant: four bytes"));
        let (flow, number) = (word(0), word(4));
        let nodes = self.nodes_of[end.connection as usize];
        let (node, from) = (nodes[usize::from(end.side)], nodes[usize::from(end.other().side)]);
        self.tally.unreliable -= self.unreliable_deliveries(Hop { from, to: node, flow, number });
        self.app.seen.counts.copies_arrived += 1;
        let measured = self.app.programme.is_measured(flow, number);
        self.tally.arrived_measured += u64::from(measured);
        let done = self.busy(context.now, node, flow, number, context);
        if done > self.app.programme.horizon {
            return;
        }
        if D::TALKS && self.app.programme.is_control(flow) {
            return self.turn(done, node, Happened::Told { from, note: number }, context);
        }
        let is_new = self.app.is_new(node, from, (flow, number), measured);
        if is_new
            && self.app.is_for(node, flow)
            && let Some(Delivery { answered_at: Some(time), .. }) = self.app.deliver(done, node, (flow, number))
        {
            context.wake_at(time, Wake::Publish { flow: flow + 1, number }.token());
        }
        if D::TALKS {
            self.turn(done, node, Happened::Met { from: Some(from), message: (flow, number), is_new }, context);
        } else if is_new {
            self.pass_on(done, node, Some(from), (flow, number), context);
        }
    }

    fn wake(&mut self, token: u64, context: &mut Context<'_>) {
        match Wake::from(token) {
            Wake::Publish { flow, number } => self.publish(flow, number, context),
            Wake::Send { slot } => {
                let hop = self.waiting.take(slot);
                self.send(hop, context);
            }
            Wake::Turn { slot } => {
                let (node, token) = self.asked.take(slot);
                self.turn(context.now, node, Happened::Woken { token }, context);
            }
            Wake::Warm => self.tally.warm(context.cluster()),
            Wake::End => self.tally.end(context.cluster()),
        }
    }
}

/// What the application asked to be woken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wake {
    /// A flow's next message.
    Publish { flow: u32, number: u32 },
    /// The CPU has come to a copy.
    Send { slot: u32 },
    /// A rule has asked for this time.
    Turn { slot: u32 },
    /// The measured window begins.
    Warm,
    /// The measured window ends.
    End,
}

// Flows are numbered in 24 bits; these tokens are above all of them.
const TURN: u64 = 1 << 59;
const SEND: u64 = 1 << 60;
const WARM: u64 = 1 << 61;
const END: u64 = 1 << 62;

impl Wake {
    fn token(self) -> u64 {
        match self {
            Self::Publish { flow, number } => u64::from(flow) << 32 | u64::from(number),
            Self::Send { slot } => SEND | u64::from(slot),
            Self::Turn { slot } => TURN | u64::from(slot),
            Self::Warm => WARM,
            Self::End => END,
        }
    }
}

impl From<u64> for Wake {
    fn from(token: u64) -> Self {
        match token {
            WARM => Self::Warm,
            END => Self::End,
            _ if token >= SEND => Self::Send { slot: token as u32 },
            _ if token >= TURN => Self::Turn { slot: token as u32 },
            _ => Self::Publish { flow: (token >> 32) as u32, number: token as u32 },
        }
    }
}

fn ends(nodes: u32, begins: &[(Connection, SimTime)]) -> Vec<Vec<(u32, End)>> {
    let mut ends = vec![Vec::new(); nodes as usize];
    for (number, (connection, _)) in (0..).zip(begins) {
        ends[connection.a as usize].push((connection.b, End { connection: number, side: 0 }));
        ends[connection.b as usize].push((connection.a, End { connection: number, side: 1 }));
    }
    ends.iter_mut().for_each(|ends| ends.sort_unstable_by_key(|(neighbour, _)| *neighbour));
    ends
}
