//! What piles up where a cell asks for more than its links and CPUs have.
//!
//! The busiest nodes are those that pass messages on, or the few that receive. What they are asked for in a second over
//! what they have is the load; of a load of 3 two thirds of all copies wait at the end, unless a buffer is full before.

use std::sync::Arc;

use crate::net::LinkSpec;
use crate::overlay::workload::{Channel, Workload};
use crate::scenario::{Cell, Grain};
use crate::units::Bitrate;
use crate::world::ClassSpec;

/// Copies that are under way without waiting: for so long.
const UNDER_WAY_S: f64 = 0.1;
/// A server's links, in bits a second.
const SERVER_BPS: f64 = 1e9;

/// Copies that are under way at a time: those on their way, and those that wait.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Pending {
    pub(super) travelling: f64,
    pub(super) waiting: f64,
}

/// What is pending at the worst moment of a run.
pub(super) fn pending(cell: &Cell, connections_in_use: f64) -> Pending {
    let settings = &cell.settings;
    let (peers, duration) = (settings.population.peers.get(), settings.run.duration.as_secs_f64());
    let mut total = Pending::default();
    let load = load(cell);
    for workload in &settings.workloads {
        let copies = workload.messages(peers, settings.run.duration) * workload.receivers(peers);
        total.travelling += copies / duration * UNDER_WAY_S;
        if load > 1.0 {
            let beyond = copies * (1.0 - 1.0 / load);
            total.waiting += beyond.min(room(cell, workload, connections_in_use));
        }
    }
    total
}

// How many times over the busiest nodes are asked for what they have.
fn load(cell: &Cell) -> f64 {
    let settings = &cell.settings;
    let (peers, duration) = (settings.population.peers.get(), settings.run.duration);
    let shape = cell.topology.shape(peers);
    let has_server = cell.topology.servers() > 0;
    let (mut up, mut down, mut cpu) = (0.0_f64, 0.0_f64, 0.0_f64);
    for workload in &settings.workloads {
        let copies_per_s = workload.messages(peers, duration) * workload.receivers(peers) / duration.as_secs_f64();
        let wire = settings.webrtc.wire(workload.largest_message());
        let bits = wire.bytes.get() as f64 * 8.0;
        let sources = workload.sources().map_or(peers, |(_, sources)| sources.min(peers));
        let senders = shape.forwarders.map_or(f64::from(sources), |forwarders| forwarders as f64).max(1.0);
        let receivers = workload.sinks().map_or(f64::from(peers), |(_, sinks)| f64::from(sinks));
        up += copies_per_s * bits / senders;
        down += copies_per_s * bits / receivers.max(1.0);
        let messages = copies_per_s * (1.0 / senders + 1.0 / receivers.max(1.0));
        let cost = |class: &ClassSpec| class.device.value.service_time(class.engine.value.message_cost(wire));
        cpu += messages * mean(cell, |class| cost(class).as_secs_f64());
    }
    let rate = |pick: fn(&LinkSpec) -> Option<Bitrate>| {
        mean(cell, |class| pick(&class.link.value).map_or(f64::INFINITY, |rate| rate.as_bps() as f64))
    };
    let up_bps = if has_server { SERVER_BPS } else { rate(|link| link.up) };
    (up / up_bps).max(down / rate(|link| link.down)).max(cpu)
}

// How many copies buffers take before they refuse: those of the API at both grains, those of links for messages that
// nobody repeats where messages are followed.
fn room(cell: &Cell, workload: &Arc<dyn Workload>, connections_in_use: f64) -> f64 {
    let bytes = workload.largest_message().get().max(1) as f64;
    let by_api = mean(cell, |class| class.engine.value.send_buffer.map_or(f64::INFINITY, |buffer| buffer.get() as f64))
        * connections_in_use
        / bytes;
    if cell.settings.run.grain == Grain::Packet || workload.channel() != Channel::Unreliable {
        return by_api;
    }
    let peers = f64::from(cell.settings.population.peers.get());
    let of_link = |link: &LinkSpec| match (link.up, link.buffer) {
        (Some(up), Some(buffer)) => up.as_bps() as f64 / 8.0 * buffer.as_secs_f64(),
        _ => f64::INFINITY,
    };
    mean(cell, |class| of_link(&class.link.value)) * peers / bytes
}

// Over the classes, by their shares.
fn mean(cell: &Cell, of: impl Fn(&ClassSpec) -> f64) -> f64 {
    cell.settings.population.classes.iter().map(|class| class.share.get() * of(class)).sum()
}
