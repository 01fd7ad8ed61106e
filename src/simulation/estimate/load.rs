//! What piles up where a cell asks for more than its links and CPUs have.
//!
//! A message spreads in stages, each by some senders to some receivers: over a mesh in one, over a star to the hub and
//! from there to all, over a tree level by level. At each stage the uplinks of the senders and the downlinks of the
//! receivers carry what they can; the rest waits, unless a buffer is full before, and only what is carried comes to the
//! next stage.

use std::sync::Arc;

use crate::net::LinkSpec;
use crate::overlay::topology::Spread;
use crate::overlay::workload::{Channel, Estimate, Workload};
use crate::scenario::{Cell, Grain};
use crate::units::Bitrate;
use crate::webrtc::{SetupProfile, Wire};
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

/// A stage of a message's spreading.
#[derive(Clone, Copy, Debug)]
struct Stage {
    // Copies of each message that comes here.
    copies: f64,
    senders: f64,
    receivers: f64,
    // By the server of a star, or to it.
    from_server: bool,
    to_server: bool,
}

/// What is pending at the worst moment of a run.
pub(super) fn pending(cell: &Cell, connections_in_use: f64, has_lanes: bool) -> Pending {
    let settings = &cell.settings;
    let (peers, run) = (settings.population.peers.get(), settings.run.duration);
    let mut total = Pending::default();
    for workload in &settings.workloads {
        // Streams that adapt send what their connections carry.
        let adapts = workload.live().is_some_and(|live| live.adaptation.is_some());
        let estimate = workload.estimate(peers, run);
        let asked = estimate.messages / if estimate.is_answered { 2.0 } else { 1.0 };
        // Packet by packet each packet is on its way by itself.
        let packets = match settings.run.grain {
            Grain::Packet => (settings.webrtc.wire(workload.largest_message()).packets as f64 / 4.0).max(1.0),
            Grain::Message => 1.0,
        };
        let copies = estimate.messages * reach(cell, workload) * copies_per_delivery(cell);
        total.travelling += copies * packets / run.as_secs_f64() * UNDER_WAY_S;
        if !adapts {
            let [waiting, in_sockets] = waiting(cell, workload, asked / run.as_secs_f64(), has_lanes);
            total.waiting += (waiting * run.as_secs_f64()).min(room(cell, workload, connections_in_use));
            total.waiting += (in_sockets * run.as_secs_f64()).min(socket_room(cell, connections_in_use));
        }
    }
    total
}

/// Whether the buffer of some uplink may fill, as `fills` of a replication has it.
pub(super) fn may_fill(cell: &Cell) -> bool {
    let settings = &cell.settings;
    let (peers, run_s) = (settings.population.peers.get(), settings.run.duration.as_secs_f64());
    let uplinks = settings.population.classes.iter().filter_map(|class| {
        let LinkSpec { up, buffer, .. } = class.link.value;
        Some((up?.as_bps() as f64, buffer?.as_secs_f64()))
    });
    let fills = |bits: f64, copies: f64, per_s: f64| {
        let mut uplinks = uplinks.clone();
        uplinks.any(|(bps, buffer_s)| 2.0 * copies * bits > bps * buffer_s || per_s * bits >= bps / 2.0)
    };
    settings.workloads.iter().any(|workload| {
        let bits = settings.webrtc.wire(workload.largest_message()).bytes.get() as f64 * 8.0;
        let mut coming = workload.estimate(peers, settings.run.duration).messages / run_s;
        stages(cell, workload).into_iter().any(|stage| {
            coming *= stage.copies;
            !stage.from_server && fills(bits, stage.copies, coming / stage.senders)
        })
    })
}

// Copies that come to wait in a second, of so many messages: for good, and in sockets that drop what finds them full.
fn waiting(cell: &Cell, workload: &Arc<dyn Workload>, messages_per_s: f64, has_lanes: bool) -> [f64; 2] {
    let wire = cell.settings.webrtc.wire(workload.largest_message());
    let (estimate, limits) = (estimate_of(cell, workload), workload.limits());
    let bits = wire.bytes.get() as f64 * 8.0;
    let rate = |pick: fn(&LinkSpec) -> Option<Bitrate>| {
        mean(cell, |class| pick(&class.link.value).map_or(f64::INFINITY, |rate| rate.as_bps() as f64))
    };
    let (up_bps, down_bps, cpu) = (rate(|link| link.up), rate(|link| link.down), cpu_s(cell, wire));
    let (mut coming, mut waiting, mut in_sockets) = (messages_per_s, 0.0, 0.0);
    let is_message = cell.settings.run.grain == Grain::Message;
    let spread = cell.topology.shape(cell.settings.population.peers.get()).spread;
    // A hub takes in what it sends on, and so it does with answers.
    let turns = if spread == Spread::Hub { 2.0 } else { 1.0 } * if estimate.is_answered { 2.0 } else { 1.0 };
    // What gathers at a few waits at every level of a tree, at many nodes that each carry something.
    let gathers = limits.sinks.is_some() && matches!(spread, Spread::Levels(_));
    for stage in stages(cell, workload) {
        let copies = coming * stage.copies;
        let up = if stage.from_server { SERVER_BPS } else { up_bps };
        let down = if stage.to_server { SERVER_BPS } else { down_bps };
        let by_links = (copies * bits / up / stage.senders).max(copies * bits / down / stage.receivers);
        // A CPU that is too far behind leaves copies to sockets, which drop them for good where nobody repeats them.
        let by_cpu = copies * cpu * turns / stage.senders.min(stage.receivers);
        let load = by_links.max(by_cpu).max(1.0);
        let is_dropped = estimate.channel == Channel::Unreliable && is_message;
        if by_links >= by_cpu || !is_dropped {
            // Message by message a copy that comes after the end is booked at once: what waits at a time still comes.
            let is_booked = is_message && !gathers && (!has_lanes || by_cpu >= by_links);
            let kept = if is_booked { 1.0 / load } else { 1.0 };
            waiting += copies * (1.0 - 1.0 / load) * kept;
        } else {
            in_sockets += copies * (1.0 - 1.0 / load);
        }
        coming = copies / load;
    }
    [waiting, in_sockets]
}

// The busiest node of each stage meets the mean, and so do all others.
fn stages(cell: &Cell, workload: &Arc<dyn Workload>) -> Vec<Stage> {
    let peers = cell.settings.population.peers.get();
    let count = f64::from(peers);
    let limits = workload.limits();
    let sources = f64::from(limits.sources.map_or(peers, |(_, sources)| sources.min(peers)));
    let sinks = limits.sinks.map_or(count, |(_, sinks)| f64::from(sinks)).max(1.0);
    let reach = reach(cell, workload);
    let stage = |copies: f64, senders: f64, receivers: f64| Stage {
        copies,
        senders: senders.clamp(1.0, count),
        receivers: receivers.clamp(1.0, count),
        from_server: false,
        to_server: false,
    };
    match cell.topology.shape(peers).spread {
        Spread::Direct => vec![stage(reach, sources, sinks)],
        Spread::Hub => {
            let has_server = cell.topology.servers(peers) > 0;
            let (to, from) = (stage(1.0, sources, 1.0), stage(reach, 1.0, sinks));
            vec![Stage { to_server: has_server, ..to }, Stage { from_server: has_server, ..from }]
        }
        Spread::Levels(degree) => {
            let levels = peers.checked_ilog(degree.max(2)).unwrap_or(1).max(1);
            let (fan, degree) = (libm::pow(reach, 1.0 / f64::from(levels)), f64::from(degree.max(2)));
            // What few want goes up to where their branches meet, which is the root for most.
            if reach < count / 2.0 && sources > degree && limits.sinks.is_none() {
                let through_root = reach.min(degree);
                let below = stage(reach / through_root, count / degree, count.min(sinks * 4.0));
                return vec![stage(through_root, 1.0, degree), below];
            }
            let senders =
                |level: u32| (sources * libm::pow(fan, f64::from(level))).min(count / degree).max(sources.min(1.0));
            (0..levels).map(|level| stage(fan, senders(level), count.min(sinks * 4.0))).collect()
        }
        Spread::Hubs(hubs) => {
            let hubs = f64::from(hubs);
            let of_core = (reach * hubs / count).max(1.0);
            vec![
                stage(1.0, sources, hubs),
                stage(of_core, sources.min(hubs), hubs),
                stage(reach / of_core, hubs, sinks),
            ]
        }
    }
}

fn estimate_of(cell: &Cell, workload: &Arc<dyn Workload>) -> Estimate {
    workload.estimate(cell.settings.population.peers.get(), cell.settings.run.duration)
}

/// How many copies of a message are wanted, and can be: a peer that is the hub has as many connections as its engine
/// allows.
pub(super) fn reach(cell: &Cell, workload: &Arc<dyn Workload>) -> f64 {
    let reach = reached(cell, &estimate_of(cell, workload)).max(1.0);
    match hub_connections_max(cell) {
        Some(most) => reach.min(f64::from(most)),
        None => reach,
    }
}

/// To how many others a message goes: all, where the rule knows no audiences.
pub(super) fn reached(cell: &Cell, estimate: &Estimate) -> f64 {
    let others = f64::from(cell.settings.population.peers.get().saturating_sub(1));
    if cell.topology.dissemination().remembers() && estimate.receivers > 0.0 { others } else { estimate.receivers }
}

/// How many copies go for each delivery, by the rule of dissemination.
pub(super) fn copies_per_delivery(cell: &Cell) -> f64 {
    let peers = cell.settings.population.peers.get();
    let nodes = u64::from(peers) + u64::from(cell.topology.servers(peers));
    cell.topology.dissemination().copies_per_delivery(nodes, cell.topology.shape(peers).connections())
}

/// How many connections the hub of a star has at most, if that is a peer: as many as its engine allows and as its CPU
/// sets up in the run. The hub may be of any class.
pub(super) fn hub_connections_max(cell: &Cell) -> Option<u32> {
    let settings = &cell.settings;
    let peers = settings.population.peers.get();
    let is_star = cell.topology.shape(peers).spread == Spread::Hub;
    let most = |class: &ClassSpec| {
        let set_up = class.device.value.service_time(class.engine.value.cpu_per_setup).as_ns();
        let by_cpu = match set_up {
            0 => u64::MAX,
            _ if settings.webrtc.setup == SetupProfile::Instant => u64::MAX,
            _ => settings.run.duration.as_ns() / set_up,
        };
        u32::try_from(by_cpu).unwrap_or(u32::MAX).min(class.engine.value.max_connections.unwrap_or(u32::MAX))
    };
    let most = settings.population.classes.iter().map(most).max().filter(|&most| most < u32::MAX);
    most.filter(|_| is_star && cell.topology.servers(peers) == 0)
}

/// How long the set-ups of a node with most connections take the narrowest uplink there is, in seconds: nothing where only
/// a server has many, and no longer than attempts last.
pub(super) fn set_ups_wait_s(cell: &Cell) -> f64 {
    const SET_UP_BITS: f64 = 8.0 * 3_000.0;
    let settings = &cell.settings;
    let peers = settings.population.peers.get();
    let shape = cell.topology.shape(peers);
    let hub = if shape.spread == Spread::Hub && cell.topology.servers(peers) == 0 { shape.tree } else { 0 };
    let connections = shape.core.saturating_sub(1).max(hub) as f64;
    let slowest = settings.population.classes.iter().filter_map(|class| class.link.value.up).min();
    let wait_s = slowest.map_or(0.0, |up| connections * SET_UP_BITS / up.as_bps() as f64);
    wait_s.min(settings.webrtc.connect.timeout.as_secs_f64())
}

// CPU time of a message at one end.
fn cpu_s(cell: &Cell, wire: Wire) -> f64 {
    let cost = |class: &ClassSpec| class.device.value.service_time(class.engine.value.message_cost(wire));
    mean(cell, |class| cost(class).as_secs_f64())
}

// How many copies buffers take before they refuse: those of the API at both grains, those of links for messages that
// nobody repeats where messages are followed.
fn room(cell: &Cell, workload: &Arc<dyn Workload>, connections_in_use: f64) -> f64 {
    let bytes = workload.largest_message().get().max(1) as f64;
    let by_api = mean(cell, |class| class.engine.value.send_buffer.map_or(f64::INFINITY, |buffer| buffer.get() as f64))
        * connections_in_use
        / bytes;
    if cell.settings.run.grain == Grain::Packet || estimate_of(cell, workload).channel != Channel::Unreliable {
        return by_api;
    }
    let peers = f64::from(cell.settings.population.peers.get());
    let of_link = |link: &LinkSpec| match (link.up, link.buffer) {
        (Some(up), Some(buffer)) => up.as_bps() as f64 / 8.0 * buffer.as_secs_f64(),
        _ => f64::INFINITY,
    };
    mean(cell, |class| of_link(&class.link.value)) * peers / bytes
}

// How many copies the sockets of connections take while their CPU is behind. Linux counts some 768 bytes for a small
// one, against twice what an engine asks for (`docs/MODELS.md`, budgets).
fn socket_room(cell: &Cell, connections_in_use: f64) -> f64 {
    const COUNTED_BYTES: f64 = 768.0;
    let buffer =
        |class: &ClassSpec| class.engine.value.receive_buffer.map_or(f64::INFINITY, |buffer| buffer.get() as f64);
    connections_in_use * 2.0 * mean(cell, buffer) / COUNTED_BYTES
}

// Over the classes, by their shares.
fn mean(cell: &Cell, of: impl Fn(&ClassSpec) -> f64) -> f64 {
    cell.settings.population.classes.iter().map(|class| class.share.get() * of(class)).sum()
}
