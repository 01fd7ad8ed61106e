//! The application on every node: publishes, delivers and passes on, by the overlay's rule.

use bytes::BytesMut;

use super::tally::Tally;
use crate::net::FifoServer;
use crate::overlay::audience::Audiences;
use crate::overlay::workload::{Channel, Flow, Role};
use crate::overlay::{Connection, Overlay};
use crate::real::cluster::{Application, ConnectionState, Context, End, PacketCpu};
use crate::real::slots::Slots;
use crate::real::stack::ChannelSpec;
use crate::scenario::Settings;
use crate::simulation::{
    FailedHop, Fate, Prepared, Routes, Schedule, Timetable, has_paced_packets, idle_shares, message_cpu, packet_cpu,
    wake_cpu,
};
use crate::units::{ByteCount, SimTime};
use crate::webrtc::Wire;
use crate::world::World;

/// The applications of all nodes.
pub(super) struct Peers {
    pub(super) world: World,
    pub(super) tally: Tally,
    pub(super) idle_share: Vec<f32>,
    pub(super) publishes: bool,
    overlay: Overlay,
    audiences: Audiences,
    flows: Vec<Planned>,
    timetable: Timetable,
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
    publish_end: SimTime,
    measure_from: SimTime,
    horizon: SimTime,
}

struct Planned {
    source: u32,
    audience: u32,
    // For how many peers a message is.
    receivers: u32,
    // Index among the channels of every connection.
    channel: usize,
    reliable: bool,
    size: usize,
    // Index among the distinct sizes.
    size_index: usize,
    role: Role,
    schedule: Schedule,
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

/// The channels that flows use, each once.
pub(super) fn channels(flows: &[Flow]) -> Vec<Channel> {
    let every = [Channel::Unreliable, Channel::ReliableUnordered, Channel::Reliable];
    let used: Vec<Channel> =
        every.into_iter().filter(|channel| flows.iter().any(|flow| flow.channel == *channel)).collect();
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

impl Peers {
    /// The applications of a cluster with these connections.
    pub(super) fn new(settings: &Settings, prepared: Prepared, begins: &[(Connection, SimTime)]) -> Self {
        let Prepared { streams, world, flows, times, overlay, audiences } = prepared;
        let nodes = world.nodes();
        let degrees: Vec<u32> = (0..nodes).map(|node| overlay.degree(node)).collect();
        let idle_share = idle_shares(&world, &degrees);
        let run = &settings.run;
        let publish_end = SimTime::ZERO + run.duration;
        let mut timetable = Timetable::new(publish_end);
        let channels = channels(&flows);
        let mut sizes: Vec<ByteCount> = flows.iter().map(|flow| flow.size).collect();
        sizes.sort_unstable();
        sizes.dedup();
        let wire = |size: &ByteCount| settings.webrtc.wire(*size);
        let is_paced = sizes.iter().map(wire).all(has_paced_packets);
        let cpu = |size: &ByteCount| {
            let whole = |node: u32, idle: f32| message_cpu(&world, node, wire(size), idle).as_ns();
            let packets = |node: u32, idle: f32| if is_paced { packets_ns(&world, node, wire(size), idle) } else { 0 };
            let own = |(&idle, node): (&f32, u32)| whole(node, idle).saturating_sub(packets(node, idle));
            idle_share.iter().zip(0..).map(own).collect::<Vec<_>>()
        };
        let wake = |(&idle, node)| wake_cpu(&world, node, idle).as_ns();
        let wake_ns = idle_share.iter().zip(0..).map(wake).collect();
        let cpu_ns = sizes.iter().flat_map(cpu).collect();
        let plan = |flow: &Flow| Planned {
            source: flow.source,
            audience: flow.audience,
            receivers: audiences.receivers(flow.audience, flow.source, world.peers()),
            channel: channels.iter().position(|channel| *channel == flow.channel).expect("invariant: one of them"),
            reliable: flow.channel != Channel::Unreliable,
            size: usize::try_from(flow.size.get()).expect("invariant: limited when read").max(IDENTITY_BYTES),
            size_index: sizes.partition_point(|&size| size < flow.size),
            role: flow.role,
            schedule: timetable.add(flow, &times, streams),
        };
        let flows: Vec<Planned> = flows.iter().map(plan).collect();
        let send_buffer = |node: u32| world.class(node).engine.send_buffer.map_or(u64::MAX, ByteCount::get);
        Self {
            tally: Tally::new(nodes),
            publishes: !flows.is_empty(),
            ends: ends(nodes, begins),
            nodes_of: begins.iter().map(|(connection, _)| [connection.a, connection.b]).collect(),
            cpus: vec![FifoServer::default(); nodes as usize],
            send_buffers: (0..nodes).map(send_buffer).collect(),
            waiting: Slots::default(),
            measure_from: SimTime::ZERO + run.warmup,
            horizon: publish_end + run.drain,
            world,
            idle_share,
            overlay,
            audiences,
            flows,
            timetable,
            cpu_ns,
            is_paced,
            wake_ns,
            publish_end,
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
    pub(super) fn start(&self, context: &mut Context<'_>) {
        context.wake_at(self.measure_from, Wake::Warm.token());
        context.wake_at(self.publish_end, Wake::End.token());
        for flow in 0..self.flows.len() as u32 {
            if let Some(time) = self.publication(flow, 0) {
                context.wake_at(time, Wake::Publish { flow, number: 0 }.token());
            }
        }
    }

    fn publish(&mut self, flow: u32, number: u32, context: &mut Context<'_>) {
        let planned = &self.flows[flow as usize];
        let (source, role, receivers) = (planned.source, planned.role, u64::from(planned.receivers));
        self.tally.counts.messages += 1;
        // A response is wanted with its request.
        if self.is_measured(flow, number) && role != Role::Response {
            self.tally.window.wanted += receivers;
            self.tally.responses.asked += if role == Role::Message { 0 } else { receivers };
        }
        if let Some(next) = self.publication(flow, number + 1) {
            context.wake_at(next, Wake::Publish { flow, number: number + 1 }.token());
        }
        self.pass_on(context.now, source, None, (flow, number), context);
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
        let audience = self.flows[flow as usize].audience;
        let next_hops: Vec<u32> = self.audiences.next_hops(&self.overlay, audience, node, from).collect();
        for to in next_hops {
            let ready = self.busy(time, node, flow, number, context);
            let hop = Hop { from: node, to, flow, number };
            if ready <= context.now {
                self.send(hop, context);
            } else if ready <= self.horizon {
                let slot = self.waiting.put(hop);
                context.wake_at(ready, Wake::Send { slot }.token());
            }
        }
    }

    // A message keeps a node's CPU busy; when that is over.
    fn busy(&mut self, time: SimTime, node: u32, flow: u32, number: u32, context: &mut Context<'_>) -> SimTime {
        let size = self.flows[flow as usize].size_index;
        let cpu_ns = self.cpu_ns[size * self.cpus.len() + node as usize];
        let packets_ns = context.take_packet_work(node).as_ns();
        let cpu = &mut self.cpus[node as usize];
        let woken_ns = cpu.wake(time.as_ns(), self.wake_ns[node as usize]);
        cpu.serve(time.as_ns(), packets_ns);
        let done = SimTime::from_ns(cpu.serve(time.as_ns(), cpu_ns));
        if self.is_measured(flow, number) {
            self.tally.cpu_work[node as usize] += woken_ns + packets_ns + cpu_ns;
        }
        done
    }

    fn send(&mut self, hop: Hop, context: &mut Context<'_>) {
        let measured = self.is_measured(hop.flow, hop.number);
        let planned = &self.flows[hop.flow as usize];
        let end = self.end(hop.from, hop.to);
        if context.cluster().connections()[end.connection as usize].state != ConnectionState::Open {
            self.fail(Fate::Unconnected, hop);
            return self.tally.unconnected(measured);
        }
        let limit = self.send_buffers[hop.from as usize];
        if planned.reliable && limit < u64::MAX {
            let waiting = context.outstanding_bytes(end, planned.channel) as u64;
            if waiting + planned.size as u64 > limit {
                self.fail(Fate::Throttled, hop);
                return self.tally.dropped(measured);
            }
        }
        let mut message = BytesMut::zeroed(planned.size);
        message[..4].copy_from_slice(&hop.flow.to_le_bytes());
        message[4..IDENTITY_BYTES].copy_from_slice(&hop.number.to_le_bytes());
        match context.send(end, planned.channel, message) {
            Ok(()) => {
                self.tally.unreliable += self.unreliable_deliveries(hop);
                self.tally.sent(measured);
            }
            Err(_) => {
                self.fail(Fate::Throttled, hop);
                self.tally.dropped(measured);
            }
        }
    }

    // A copy of a wanted message is not sent.
    fn fail(&mut self, fate: Fate, hop: Hop) {
        if self.is_wanted(hop) {
            self.tally.fates.fail(fate, self.failed(hop), routes(&self.overlay, &self.audiences, &self.world));
        }
    }

    // For how many wanted deliveries a copy stands that nobody sends again.
    fn unreliable_deliveries(&mut self, hop: Hop) -> u64 {
        if self.flows[hop.flow as usize].reliable || !self.is_wanted(hop) {
            return 0;
        }
        self.tally.fates.deliveries(self.failed(hop), routes(&self.overlay, &self.audiences, &self.world))
    }

    fn failed(&self, hop: Hop) -> FailedHop {
        FailedHop { audience: self.flows[hop.flow as usize].audience, from: hop.from, to: hop.to }
    }

    // Whether the deliveries of a message count among those wanted.
    fn is_wanted(&self, hop: Hop) -> bool {
        self.is_measured(hop.flow, hop.number) && self.flows[hop.flow as usize].role != Role::Response
    }

    fn end(&self, node: u32, neighbour: u32) -> End {
        let ends = &self.ends[node as usize];
        let place = ends.binary_search_by_key(&neighbour, |(other, _)| *other);
        ends[place.expect("invariant: messages follow the overlay's connections")].1
    }

    fn is_measured(&self, flow: u32, number: u32) -> bool {
        self.published(flow, number) >= self.measure_from
    }

    // When the source of a flow publishes message `number` by itself, if it does.
    fn publication(&self, flow: u32, number: u32) -> Option<SimTime> {
        let planned = &self.flows[flow as usize];
        // Responses come when requests do.
        if planned.role == Role::Response { None } else { self.timetable.publication(planned.schedule, number) }
    }

    fn hand_to_application(&mut self, done: SimTime, flow: u32, number: u32, context: &mut Context<'_>) {
        let published = self.published(flow, number);
        let (latency, measured) = (done.since(published), published >= self.measure_from);
        match self.flows[flow as usize].role {
            Role::Response => {
                self.tally.counts.deliveries += 1;
                self.tally.responses.answered(latency, measured);
            }
            Role::Request { service_time } if done + service_time <= self.horizon => {
                self.tally.delivered(measured, latency);
                context.wake_at(done + service_time, Wake::Publish { flow: flow + 1, number }.token());
            }
            Role::Message | Role::Request { .. } => self.tally.delivered(measured, latency),
        }
    }

    fn published(&self, flow: u32, number: u32) -> SimTime {
        self.timetable.published(self.flows[flow as usize].schedule, number)
    }
}

impl Application for Peers {
    fn message(&mut self, end: End, _channel: usize, message: BytesMut, context: &mut Context<'_>) {
        let word = |at: usize| u32::from_le_bytes(message[at..at + 4].try_into().expect("invariant: four bytes"));
        let (flow, number) = (word(0), word(4));
        let nodes = self.nodes_of[end.connection as usize];
        let (node, from) = (nodes[usize::from(end.side)], nodes[usize::from(end.other().side)]);
        self.tally.unreliable -= self.unreliable_deliveries(Hop { from, to: node, flow, number });
        self.tally.arrived(self.is_measured(flow, number));
        let done = self.busy(context.now, node, flow, number, context);
        if done > self.horizon {
            return;
        }
        if node < self.world.peers() && self.audiences.includes(self.flows[flow as usize].audience, node) {
            self.hand_to_application(done, flow, number, context);
        }
        self.pass_on(done, node, Some(from), (flow, number), context);
    }

    fn wake(&mut self, token: u64, context: &mut Context<'_>) {
        match Wake::from(token) {
            Wake::Publish { flow, number } => self.publish(flow, number, context),
            Wake::Send { slot } => {
                let hop = self.waiting.take(slot);
                self.send(hop, context);
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
    /// The measured window begins.
    Warm,
    /// The measured window ends.
    End,
}

// Flows are numbered in 24 bits; these tokens are above all of them.
const SEND: u64 = 1 << 60;
const WARM: u64 = 1 << 61;
const END: u64 = 1 << 62;

impl Wake {
    fn token(self) -> u64 {
        match self {
            Self::Publish { flow, number } => u64::from(flow) << 32 | u64::from(number),
            Self::Send { slot } => SEND | u64::from(slot),
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
            _ => Self::Publish { flow: (token >> 32) as u32, number: token as u32 },
        }
    }
}

fn routes<'a>(overlay: &'a Overlay, audiences: &'a Audiences, world: &World) -> Routes<'a> {
    Routes { overlay, audiences, peers: world.peers() }
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
