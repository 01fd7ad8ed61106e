//! Memory of one replication, from what it is made of. Bytes are those of rows as they stand in the code, and what the
//! allocator counted where rows are many kinds (`tests/memory.rs`).

use std::sync::Arc;

use super::load::{self, Pending};
use super::pieces;
use crate::overlay::topology::{Shape, Spread};
use crate::overlay::workload::{Channel, Workload};
use crate::scenario::{Cell, Grain};
use crate::simulation::Subject;
use crate::units::{ByteCount, Probability};
use crate::webrtc::SetupProfile;
use crate::world::ClassSpec;

/// Histograms and tables of any replication.
const BASE: f64 = 250e3;
/// A node: world, set-ups, plan, layout, account.
const PER_NODE: f64 = 420.0;
/// A node and size of messages: service times, how far its CPU may fall behind.
const PER_SIZE: f64 = 64.0;
/// Beside that a node whose packets are followed: its links, of which each has a queue and a stream of chance.
const PER_NODE_IN_PACKETS: f64 = 480.0;
/// Of messages, a node whose links have jitter or lose in bursts: a line each way.
const PER_NODE_WITH_LINES: f64 = 230.0;
/// A pair, at both ends; a connection of a block that takes its time to open.
const PER_TREE_CONNECTION: f64 = 130.0;
const PER_CORE_CONNECTION: f64 = 40.0;
/// A set-up that is played through packet by packet, and for each second that the set-ups of the busiest node take of its
/// uplink: what waits there, and is tried again.
const PER_SETUP_PLAYED: f64 = 9e3;
const PER_SETUP_PLAYED_WAITING: f64 = 25e3;
/// A connection whose packets are followed: its two ends, and where they are found.
const PER_ENDS: f64 = 170.0;
/// What it takes beside that once it carries data: two associations and what is on its way between them.
const PER_ASSOCIATIONS: f64 = 1_900.0;
/// A direction of a connection on which copies are lost and repaired, at message grain: its window, what waits and what
/// is held back.
const PER_LANE: f64 = 1_400.0;
/// A flow: as its workload gives it, and as it is planned.
const PER_FLOW: f64 = 230.0;
/// An audience, and each of its members.
const PER_AUDIENCE: f64 = 60.0;
const PER_MEMBER: f64 = 10.0;
/// A publication at a time that is drawn, or that a workload lists: lists grow by doubling.
const PER_DRAWN_TIME: f64 = 12.0;
const PER_LISTED_TIME: f64 = 24.0;
/// A pair of classes: what came of their connections, their path; and how messages of a size are lost.
const PER_PAIR_OF_CLASSES: f64 = 100.0;
const PER_PAIR_AND_SIZE: f64 = 8.0;
/// A copy that is pending: an event; packet by packet its chunks, its place in a queue, and since when it waits.
const PER_COPY: f64 = 36.0;
const PER_COPY_IN_PACKETS: f64 = 110.0;
/// A message that nodes remember, and in each of them: most are forgotten long before, but none of which a copy is lost.
const PER_MESSAGE_KNOWN: f64 = 50.0;
const PER_NODE_THAT_KNOWS: f64 = 0.125;
/// A connection over which pieces can come; a piece and node, in bits; one that comes beside messages.
const PER_CARRIER: f64 = 100.0;
const BITS_PER_PIECE: f64 = 2.0;
const PER_FETCH_BESIDE: f64 = 4.0;

/// The memory of one replication by what it is for, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct MemoryNeeds {
    /// Nodes, and the tables that grow with classes.
    pub nodes: f64,
    /// Connections.
    pub connections: f64,
    /// Flows, audiences and times of publication.
    pub workloads: f64,
    /// What is on its way, and what waits.
    pub pending: f64,
    /// Contents in pieces.
    pub bulk: f64,
}

impl MemoryNeeds {
    /// All of it.
    #[must_use]
    pub fn total(&self) -> ByteCount {
        ByteCount::new((BASE + self.nodes + self.connections + self.workloads + self.pending + self.bulk) as u64)
    }
}

/// An estimate of the memory that one replication of this cell needs.
#[must_use]
pub fn estimate_memory(cell: &Cell) -> ByteCount {
    memory_needs(cell).total()
}

/// The same by what it is for.
#[must_use]
pub fn memory_needs(cell: &Cell) -> MemoryNeeds {
    let shape = cell.topology.shape(cell.settings.population.peers.get());
    let in_use = in_use(cell, shape);
    MemoryNeeds {
        nodes: nodes(cell),
        connections: connections(cell, shape, in_use),
        workloads: workloads(cell),
        pending: pending(cell, in_use),
        bulk: bulk(cell, shape),
    }
}

fn is_packet(cell: &Cell) -> bool {
    cell.settings.run.grain == Grain::Packet
}

fn nodes(cell: &Cell) -> f64 {
    let sizes = cell.settings.workloads.iter().map(|workload| workload.limits().sizes.len()).sum::<usize>() as f64;
    let peers = cell.settings.population.peers.get();
    let nodes = f64::from(peers) + f64::from(cell.topology.servers(peers));
    let classes = cell.settings.population.classes.len() as f64;
    let links = if is_packet(cell) {
        PER_NODE_IN_PACKETS
    } else if has_lines(cell) {
        PER_NODE_WITH_LINES
    } else {
        0.0
    };
    let per_node = PER_NODE + sizes * PER_SIZE + links;
    nodes * per_node + classes * classes * (PER_PAIR_OF_CLASSES + sizes * PER_PAIR_AND_SIZE)
}

fn has_lines(cell: &Cell) -> bool {
    let mut keys = cell.settings.population.packet_keys().into_iter();
    keys.any(|used| matches!(used.key, ["link", "jitter" | "loss"]))
}

// Of a mesh where few publish, most connections carry nothing.
fn in_use(cell: &Cell, shape: Shape) -> f64 {
    let peers = cell.settings.population.peers.get();
    let of_core: f64 = cell
        .settings
        .workloads
        .iter()
        .map(|workload| {
            let (limits, receivers) =
                (workload.limits(), workload.estimate(peers, cell.settings.run.duration).receivers);
            let sources = limits.sources.map_or(peers, |(_, sources)| sources.min(peers));
            let members = (shape.core as f64).min(receivers + shape.core as f64 / 2.0);
            let reached = if limits.sinks.is_some() { receivers } else { members };
            f64::from(sources).min(shape.core as f64) * reached
        })
        .sum();
    let of_tree =
        load::hub_connections_max(cell).map_or(shape.tree as f64, |most| f64::from(most).min(shape.tree as f64));
    of_tree + of_core.min((shape.connections() - shape.tree) as f64)
}

fn connections(cell: &Cell, shape: Shape, in_use: f64) -> f64 {
    let core = (shape.connections() - shape.tree) as f64;
    // Where no set-up takes time and no engine has a limit that this exceeds, nothing is kept of connections.
    let most = |class: &ClassSpec| class.engine.value.max_connections.unwrap_or(u32::MAX);
    let is_limited = cell.settings.population.classes.iter().any(|class| shape.core > u64::from(most(class)));
    let is_instant = cell.settings.webrtc.setup == SetupProfile::Instant && !is_limited;
    let of_core = if is_instant { 0.0 } else { core * PER_CORE_CONNECTION };
    let followed =
        if is_packet(cell) { (core + shape.tree as f64) * PER_ENDS + in_use * PER_ASSOCIATIONS } else { 0.0 };
    let per_setup = PER_SETUP_PLAYED + PER_SETUP_PLAYED_WAITING * load::set_ups_wait_s(cell);
    let played = if are_set_ups_played(cell) { (core + shape.tree as f64) * per_setup } else { 0.0 };
    let lanes = if has_lanes(cell) { lanes(cell, in_use) * PER_LANE } else { 0.0 };
    shape.tree as f64 * PER_TREE_CONNECTION + of_core + followed + played + lanes
}

/// Whether set-ups take time and are played through, packet by packet.
pub(super) fn are_set_ups_played(cell: &Cell) -> bool {
    cell.settings.webrtc.setup != SetupProfile::Instant && !Subject::of(&cell.settings).needs_learning()
}

// Directions of connections that carry something: one, where few publish; in a mesh one for each flow and receiver.
fn lanes(cell: &Cell, in_use: f64) -> f64 {
    let peers = cell.settings.population.peers.get();
    let of_workload = |workload: &Arc<dyn Workload>| {
        let (limits, estimate) = (workload.limits(), workload.estimate(peers, cell.settings.run.duration));
        let few_publish = limits.sources.is_some_and(|(_, sources)| sources < peers / 2) && limits.sinks.is_none();
        let directions = in_use * if few_publish { 1.0 } else { 2.0 };
        let copies = estimate.messages * load::reach(cell, workload);
        let pairs = match cell.topology.shape(peers).spread {
            Spread::Direct => estimate.flows as f64 * estimate.receivers,
            Spread::Hub | Spread::Levels(_) | Spread::Hubs(_) => f64::INFINITY,
        };
        directions.min(copies).min(pairs)
    };
    cell.settings.workloads.iter().map(of_workload).sum::<f64>().min(in_use * 2.0)
}

// Whether copies are lost that somebody repeats, or wait for windows, at message grain.
fn has_lanes(cell: &Cell) -> bool {
    let settings = &cell.settings;
    let classes = &settings.population.classes;
    let (peers, run) = (settings.population.peers.get(), settings.run.duration);
    let channel = |workload: &Arc<dyn Workload>| workload.estimate(peers, run).channel;
    let asked = settings.workloads.iter().any(|workload| channel(workload) != Channel::Unreliable);
    let accepted = classes.iter().any(|class| !class.engine.value.association().accepts_as_asked);
    if is_packet(cell) || !(asked || accepted) {
        return false;
    }
    let loses = classes.iter().any(|class| class.link.value.loss.mean() > Probability::ZERO);
    let packets = |workload: &Arc<dyn Workload>| settings.webrtc.wire(workload.largest_message()).packets;
    let largest = settings.workloads.iter().map(packets).max().unwrap_or_default();
    loses || load::may_fill(cell) || classes.iter().any(|class| largest > class.engine.value.association().at_once())
}

fn workloads(cell: &Cell) -> f64 {
    let (peers, run) = (cell.settings.population.peers.get(), cell.settings.run.duration);
    let of_workload = |workload: &Arc<dyn Workload>| {
        let estimate = workload.estimate(peers, run);
        let flows = estimate.flows as f64;
        let listed = if estimate.lists_times { estimate.messages * PER_LISTED_TIME } else { 0.0 };
        let audiences = if estimate.receivers + 1.5 < f64::from(peers) {
            // Flows share audiences where their members are many, and have one each where they are few.
            flows * (PER_AUDIENCE + estimate.receivers.min(f64::from(peers)) * PER_MEMBER)
        } else {
            0.0
        };
        let kept = cell.topology.dissemination().kept_bytes() * flows * estimate.receivers;
        flows * PER_FLOW + audiences + listed + estimate.at_random * PER_DRAWN_TIME + kept
    };
    cell.settings.workloads.iter().map(of_workload).sum()
}

fn pending(cell: &Cell, in_use: f64) -> f64 {
    let Pending { travelling, waiting } = load::pending(cell, in_use, has_lanes(cell));
    let copies = (travelling + waiting) * if is_packet(cell) { PER_COPY_IN_PACKETS } else { PER_COPY };
    if !cell.topology.dissemination().remembers() {
        return copies;
    }
    let (peers, run) = (cell.settings.population.peers.get(), cell.settings.run.duration);
    let messages: f64 = cell.settings.workloads.iter().map(|workload| workload.estimate(peers, run).messages).sum();
    copies + messages * (PER_MESSAGE_KNOWN + f64::from(peers) * PER_NODE_THAT_KNOWS)
}

fn bulk(cell: &Cell, shape: Shape) -> f64 {
    let (peers, pieces) = (f64::from(cell.settings.population.peers.get()), pieces(cell));
    if pieces == 0.0 {
        return 0.0;
    }
    let publishes = cell.settings.workloads.iter().any(|workload| workload.pieces().is_none());
    let beside = if publishes { peers * pieces * PER_FETCH_BESIDE } else { 0.0 };
    shape.connections() as f64 * PER_CARRIER + peers * pieces * BITS_PER_PIECE / 8.0 + beside
}
