//! What messages, wake-ups and idle connections cost a node's CPU.

use crate::units::SimDuration;
use crate::webrtc::Wire;
use crate::world::World;

/// A CPU keeps at least this share of its budget for messages, however many connections idle.
const IDLE_SHARE_MAX: f32 = 0.99;

/// Share of each node's CPU budget that its open connections need to stay alive.
pub(crate) fn idle_shares(world: &World, degrees: &[u32]) -> Vec<f32> {
    degrees.iter().zip(0..).map(|(&degree, node)| idle_share(world, node, degree)).collect()
}

/// Share of a node's CPU budget that this many open connections need to stay alive.
pub(in crate::simulation) fn idle_share(world: &World, node: u32, connections: u32) -> f32 {
    let class = world.class(node);
    let busy = class.device.service_time(class.engine.cpu_idle_per_s);
    (busy.as_secs_f64() * f64::from(connections)) as f32
}

/// How long a message, sent or received, keeps a node's CPU busy, in what idle connections leave.
pub(crate) fn message_cpu(world: &World, node: u32, wire: Wire, idle_share: f32) -> SimDuration {
    in_what_is_left(world, node, world.class(node).engine.message_cost(wire), idle_share)
}

/// How long a wake-up keeps a node's CPU busy, in what idle connections leave.
pub(crate) fn wake_cpu(world: &World, node: u32, idle_share: f32) -> SimDuration {
    in_what_is_left(world, node, world.class(node).engine.cpu_per_wakeup, idle_share)
}

/// How long a packet, and a kilobyte of it, keep a node's CPU busy, in what idle connections leave.
pub(crate) fn packet_cpu(world: &World, node: u32, idle_share: f32) -> [SimDuration; 2] {
    let engine = &world.class(node).engine;
    [engine.cpu_per_packet, engine.cpu_per_kilobyte].map(|cost| in_what_is_left(world, node, cost, idle_share))
}

/// Packets of a message up to which all its costs are its own: what dcSCTP sends at once.
const AT_ONCE_PACKETS: u64 = 4;

/// Whether packets of a message have costs of their own.
pub(crate) const fn has_paced_packets(wire: Wire) -> bool {
    wire.packets > AT_ONCE_PACKETS
}

fn in_what_is_left(world: &World, node: u32, cost: SimDuration, idle_share: f32) -> SimDuration {
    let alone = world.class(node).device.service_time(cost);
    let left = f64::from(1.0 - idle_share.min(IDLE_SHARE_MAX));
    SimDuration::from_secs_f64(alone.as_secs_f64() / left)
}

/// Utilisation of a CPU in percent, from the time that messages kept it busy and its idle share.
pub(crate) fn cpu_percent(busy_percent: f64, idle_share: f32) -> f64 {
    // Messages were served in what idle connections left of the budget.
    let left = 1.0 - f64::from(idle_share.min(IDLE_SHARE_MAX));
    busy_percent * left + 100.0 * f64::from(idle_share)
}
