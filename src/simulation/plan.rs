//! What is known before the first message: flows, sizes, service times of every node, losses.

use super::backlog;
use super::connect::Connected;
use super::costs::{idle_shares, message_cpu, wake_cpu};
use super::event::FLOWS_MAX;
use super::fills::{self, Fills};
use super::loads::{self, Load};
use super::prepared::{Prepared, each_once};
use super::timetable::{Schedule, Timetable};
use crate::overlay::workload::{Channel, Flow, Role};
use crate::scenario::{Grain, Settings};
use crate::units::{Bitrate, ByteCount, SimDuration, SimTime};
use crate::webrtc::Wire;
use crate::world::{Class, World};

/// The tables of a replication.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) flows: Vec<PlannedFlow>,
    pub(super) timetable: Timetable,
    /// Distinct message sizes.
    pub(super) message_sizes: Vec<ByteCount>,
    /// The same as they cross a link.
    pub(super) sizes: Vec<Wire>,
    /// Of each workload, the sizes of its levels; none if it has no levels.
    pub(super) levels: Vec<Vec<u32>>,
    /// Service times of size `s` at node `v`: `costs[s * nodes + v]`.
    pub(super) costs: Vec<Cost>,
    /// How long the CPU of each node takes to wake up, in ns.
    pub(super) wakes: Vec<u64>,
    /// Longest wait for the CPU that sockets bridge, likewise by size and node, in ns.
    pub(super) backlogs: Vec<u64>,
    /// CPU times of a copy that go with each message that a node receives.
    pub(super) works: Vec<f64>,
    // Loss of a message of size `s` between classes `a` and `b`, as the threshold of a uniform
    // draw: losses[(s * classes + a) * (classes + 1) + b].
    losses: Vec<u64>,
    /// Limits of the uplinks of each class.
    pub(super) limits: Vec<QueueLimits>,
    /// Which buffers of a node may fill, by number.
    pub(super) fills: Vec<Fills>,
    /// What is asked of the link of each node, by number.
    pub(super) loads: Vec<Load>,
    /// Share of each node's CPU budget that open connections need to stay alive.
    pub(super) idle_share: Vec<f32>,
    /// Messages published from here on are measured.
    pub(super) measure_from: SimTime,
    /// Nothing happens after this time.
    pub(super) horizon: SimTime,
}

/// A flow with its size and times looked up.
#[derive(Clone, Copy, Debug)]
pub(super) struct PlannedFlow {
    pub(super) source: u32,
    pub(super) audience: u32,
    /// For how many peers a message is.
    pub(super) receivers: u32,
    pub(super) size: u32,
    /// Its place in the scenario.
    pub(super) workload: u16,
    pub(super) channel: Channel,
    pub(super) role: Role,
    pub(super) schedule: Schedule,
}

/// Service times of one message at one node, in ns; zero is a server that never waits.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cost {
    pub(super) up_ns: u64,
    pub(super) down_ns: u64,
    /// Of sending a copy, and of receiving one.
    pub(super) cpu_ns: u64,
}

/// When a node's uplink takes no more, by class.
#[derive(Clone, Copy, Debug)]
pub(super) struct QueueLimits {
    /// Longest wait of an unreliable message.
    pub(super) wait_ns: u64,
    /// Most bytes that wait on each reliable channel.
    pub(super) send_buffer: u64,
    /// Packets of a message that an association lets go at once whatever went before.
    pub(super) at_once: u64,
}

impl Plan {
    pub(super) fn new(settings: &Settings, prepared: &Prepared, connected: &Connected) -> Self {
        let Prepared { streams, world, flows, times, audiences, .. } = prepared;
        assert!(flows.len() <= FLOWS_MAX, "invariant: scenarios allow no more flows than events can number");
        let ladders: Vec<Vec<ByteCount>> = settings
            .workloads
            .iter()
            .map(|workload| workload.live().map(|live| live.sizes).unwrap_or_default())
            .collect();
        let of_flows = flows.iter().map(|flow| flow.size);
        let mut message_sizes: Vec<ByteCount> = of_flows.chain(ladders.iter().flatten().copied()).collect();
        message_sizes.sort_unstable();
        message_sizes.dedup();
        let sizes: Vec<Wire> = message_sizes.iter().map(|&size| settings.webrtc.wire(size)).collect();
        let idle_share = idle_shares(world, &connected.degrees);
        let mut costs: Vec<Cost> = sizes
            .iter()
            .flat_map(|&wire| idle_share.iter().zip(0..).map(move |(&idle, node)| cost(world, node, wire, idle)))
            .collect();
        let wake = |(&idle, node)| wake_cpu(world, node, idle).as_ns();
        let wakes = idle_share.iter().zip(0..).map(wake).collect();
        let works = backlog::works(prepared, &connected.degrees);
        let backlogs = backlog::longest(prepared, &connected.degrees, &sizes, &costs, &works);
        let losses = losses(world, &sizes);
        let limits: Vec<QueueLimits> = world.classes().iter().map(limits).collect();
        let loads = loads::loads(settings, prepared, &connected.degrees);
        let fills = fills::fills(prepared, &connected.degrees, &loads, (&costs, &limits));
        stretch(settings, &mut costs, &loads);
        let run = &settings.run;
        let mut timetable = Timetable::new(SimTime::ZERO + run.duration);
        let index = |wanted: ByteCount| message_sizes.partition_point(|&size| size < wanted) as u32;
        let levels = ladders.iter().map(|sizes| sizes.iter().map(|&size| index(size)).collect()).collect();
        let plan_flow = |flow: &Flow| PlannedFlow {
            source: flow.source,
            audience: flow.audience,
            receivers: audiences.receivers(flow.audience, flow.source, world.peers()),
            size: index(flow.size),
            workload: flow.workload(),
            channel: flow.channel,
            role: flow.role,
            schedule: timetable.add(flow, times, *streams),
        };
        Self {
            flows: flows.iter().map(plan_flow).collect(),
            levels,
            timetable,
            message_sizes,
            sizes,
            costs,
            wakes,
            backlogs,
            works,
            losses,
            limits,
            fills,
            loads,
            idle_share,
            measure_from: SimTime::ZERO + run.warmup,
            horizon: SimTime::ZERO + run.duration + run.drain,
        }
    }
}

impl Plan {
    /// When the source of a flow publishes message `number` by itself, if it does.
    pub(super) fn publication(&self, flow: u32, number: u32) -> Option<SimTime> {
        let planned = &self.flows[flow as usize];
        // Responses come when requests do.
        if planned.role == Role::Response { None } else { self.timetable.publication(planned.schedule, number) }
    }

    /// Loss of a message of size `size` from a class to each, as the threshold of a uniform draw.
    #[inline]
    pub(super) fn losses(&self, size: u32, from_class: usize) -> &[u64] {
        let classes = self.limits.len();
        &self.losses[(size as usize * classes + from_class) * (classes + 1)..][..=classes]
    }

    /// The peers that publish, each once, by number.
    pub(super) fn sources(&self) -> Vec<u32> {
        self.sources_of(|_| true)
    }

    /// Those that publish such flows.
    pub(super) fn sources_of(&self, such: impl Fn(&PlannedFlow) -> bool) -> Vec<u32> {
        each_once(self.flows.iter().filter(|flow| such(flow)).map(|flow| flow.source))
    }
}

fn cost(world: &World, node: u32, wire: Wire, idle_share: f32) -> Cost {
    let rates = world.rates(node);
    let serialise = |rate: Option<Bitrate>| rate.map_or(0, |rate| rate.serialisation_time(wire.bytes).as_ns());
    let cpu_ns = message_cpu(world, node, wire, idle_share).as_ns();
    Cost { up_ns: serialise(rates.up), down_ns: serialise(rates.down), cpu_ns }
}

// Leaves messages what acknowledgements and keep-alives leave of busy links; where packets are followed, those wait with
// them.
fn stretch(settings: &Settings, costs: &mut [Cost], loads: &[Load]) {
    if settings.run.grain == Grain::Packet {
        return;
    }
    for (place, load) in loads.iter().enumerate() {
        let left = [load.up.left(), load.down.left()];
        if left.iter().any(|&left| left < 1.0) {
            let longer = |ns: u64, left: f64| if left < 1.0 { (ns as f64 / left).round() as u64 } else { ns };
            for cost in costs.iter_mut().skip(place).step_by(loads.len()) {
                (cost.up_ns, cost.down_ns) = (longer(cost.up_ns, left[0]), longer(cost.down_ns, left[1]));
            }
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
