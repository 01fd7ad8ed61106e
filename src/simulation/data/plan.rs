//! What is known before the first message: flows, sizes, service times of every node, losses.

use std::sync::Arc;

use super::backlog;
use super::costs::{idle_shares, message_cpu, wake_cpu};
use super::fills::{self, Fills};
use super::loads::{self, LinkLoad};
use super::programme::Programme;
use super::repair;
use crate::overlay::workload::Flow;
use crate::scenario::{Grain, Settings};
use crate::simulation::control::connect::Connected;
use crate::simulation::prepared::Prepared;
use crate::units::{Bitrate, ByteCount, SimDuration};
use crate::webrtc::Wire;
use crate::world::{Class, World};

/// The tables of a replication.
#[derive(Clone, Debug)]
pub(in crate::simulation) struct Plan {
    /// Who publishes what, and when.
    pub(in crate::simulation) programme: Arc<Programme>,
    /// The sizes of messages as they cross a link.
    pub(in crate::simulation) sizes: Vec<Wire>,
    /// What a message of size `s` asks of node `v`: `services[s * nodes + v]`.
    pub(in crate::simulation) services: Vec<Service>,
    /// How long the CPU of each node takes to wake up, in ns.
    pub(in crate::simulation) wakes: Vec<u64>,
    /// CPU times of a copy that go with each message that a node receives.
    pub(in crate::simulation) works: Vec<f64>,
    // Loss of a message of size `s` between classes `a` and `b`, as the threshold of a uniform
    // draw: losses[(s * classes + a) * (classes + 1) + b].
    losses: Vec<u64>,
    /// Limits of the uplinks of each class.
    pub(in crate::simulation) limits: Vec<QueueLimits>,
    /// Which buffers of a node may fill, by number.
    pub(in crate::simulation) fills: Vec<Fills>,
    /// Whether copies may be lost that somebody repeats, or for which windows close.
    pub(in crate::simulation) may_repair: bool,
    /// What is asked of links that are busy, by number of their node.
    pub(in crate::simulation) busy: Vec<(u32, LinkLoad)>,
    /// Share of each node's CPU budget that open connections need to stay alive.
    pub(in crate::simulation) idle_share: Vec<f32>,
    /// Packets a second that come to each node, where messages may come more than once.
    pub(in crate::simulation) received: Option<Vec<f64>>,
}

/// Service times of one message at one node, in ns; zero is a server that never waits.
#[derive(Clone, Copy, Debug)]
pub(in crate::simulation) struct Service {
    pub(in crate::simulation) up_ns: u64,
    pub(in crate::simulation) down_ns: u64,
    /// Of sending a copy, and of receiving one.
    pub(in crate::simulation) cpu_ns: u64,
    /// Longest wait for the CPU that sockets bridge; [`u64::MAX`] is any wait.
    pub(in crate::simulation) backlog_ns: u64,
}

/// When a node's uplink takes no more, by class.
#[derive(Clone, Copy, Debug)]
pub(in crate::simulation) struct QueueLimits {
    /// Longest wait of an unreliable message.
    pub(in crate::simulation) wait_ns: u64,
    /// Most bytes that wait on each reliable channel.
    pub(in crate::simulation) send_buffer: u64,
    /// Packets of a message that an association lets go at once whatever went before.
    pub(in crate::simulation) at_once: u64,
}

impl Plan {
    pub(in crate::simulation) fn new(settings: &Settings, prepared: &Prepared, connected: &Connected) -> Self {
        let world = &prepared.world;
        let programme = Arc::new(Programme::new(settings, prepared));
        let sizes: Vec<Wire> = programme.sizes.iter().map(|&size| settings.webrtc.wire(size)).collect();
        let idle_share = idle_shares(world, &connected.degrees);
        let mut services: Vec<Service> = sizes
            .iter()
            .flat_map(|&wire| idle_share.iter().zip(0..).map(move |(&idle, node)| service(world, node, wire, idle)))
            .collect();
        let wake = |(&idle, node)| wake_cpu(world, node, idle).as_ns();
        let wakes = idle_share.iter().zip(0..).map(wake).collect();
        let carrying = connected.carrying();
        let works = backlog::works(prepared, &carrying);
        backlog::bound(prepared, &carrying, &sizes, &mut services, &works);
        let losses = losses(world, &sizes);
        let limits: Vec<QueueLimits> = world.classes().iter().map(limits).collect();
        let loads = loads::loads(settings, prepared, connected);
        let fills = fills::fills(prepared, &carrying, &loads, (&services, &limits));
        let nodes = loads.len();
        let packets = |flow: &Flow| settings.webrtc.wire(flow.size).packets as f64;
        let received = (!prepared.exactly_once)
            .then(|| prepared.traffic(&carrying, packets).into_iter().map(|traffic| traffic.received).collect());
        let busy: Vec<(u32, LinkLoad)> = (0..).zip(loads).filter(|(_, load)| load.is_busy()).collect();
        stretch(settings, (&mut services, nodes), &busy);
        let mut plan = Self {
            programme,
            sizes,
            services,
            wakes,
            works,
            losses,
            limits,
            fills,
            may_repair: false,
            busy,
            idle_share,
            received,
        };
        plan.may_repair = repair::may_exist(world, &plan);
        plan
    }
}

impl Plan {
    /// Loss of a message of size `size` from a class to each, as the threshold of a uniform draw.
    #[inline]
    pub(in crate::simulation) fn losses(&self, size: u32, from_class: usize) -> &[u64] {
        let classes = self.limits.len();
        &self.losses[(size as usize * classes + from_class) * (classes + 1)..][..=classes]
    }
}

fn service(world: &World, node: u32, wire: Wire, idle_share: f32) -> Service {
    let rates = world.rates(node);
    let serialise = |rate: Option<Bitrate>| rate.map_or(0, |rate| rate.serialisation_time(wire.bytes).as_ns());
    let cpu_ns = message_cpu(world, node, wire, idle_share).as_ns();
    Service { up_ns: serialise(rates.up), down_ns: serialise(rates.down), cpu_ns, backlog_ns: u64::MAX }
}

// Leaves messages what acknowledgements and keep-alives leave of busy links; where packets are followed, those wait with
// them.
fn stretch(settings: &Settings, (services, nodes): (&mut [Service], usize), busy: &[(u32, LinkLoad)]) {
    if settings.run.grain == Grain::Packet {
        return;
    }
    for (node, load) in busy {
        let longer = |ns: u64, left: f64| if left < 1.0 { (ns as f64 / left).round() as u64 } else { ns };
        for service in services.iter_mut().skip(*node as usize).step_by(nodes) {
            service.up_ns = longer(service.up_ns, load.up.left());
            service.down_ns = longer(service.down_ns, load.down.left());
        }
    }
}

// A message is lost with any of its packets.
fn losses(world: &World, sizes: &[Wire]) -> Vec<u64> {
    let classes = world.classes().len();
    // The last receiver is one in the same local network.
    let pairs = (0..classes).flat_map(|from| (0..=classes).map(move |to| (from, to)));
    let loss = |wire: &Wire, (from, to)| world.packet_loss(from, to).any_of(wire.packets).threshold();
    sizes.iter().flat_map(|wire| pairs.clone().map(move |pair| loss(wire, pair))).collect()
}

fn limits(class: &Class) -> QueueLimits {
    QueueLimits {
        wait_ns: class.buffer.map_or(u64::MAX, SimDuration::as_ns),
        send_buffer: class.engine.send_buffer.map_or(u64::MAX, ByteCount::get),
        at_once: class.engine.association().at_once(),
    }
}
