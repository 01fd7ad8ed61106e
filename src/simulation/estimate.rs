//! What a replication will need, before it starts: memory, and work to share out and to time.

use std::sync::Arc;

use super::Prepared;
use crate::overlay::workload::Workload;
use crate::rng::Seed;
use crate::scenario::{Cell, Grain};
use crate::units::ByteCount;

/// Bytes per node: world (about 60), overlay (12), the plan and the layout that is made of it (about 150), and the
/// spreads at the end.
const PER_NODE: u64 = 256;
/// Bytes per connection while it is set up and after: its opening time, at both ends in a tree, and its
/// part of the set-ups under way.
const PER_CONNECTION: u64 = 32;
/// Bytes per connection of a tree while messages flow: at both ends, with its path.
const PER_TREE_CONNECTION: u64 = 80;
/// Bytes per pending event, the queue's own structure included.
const PER_EVENT: u64 = 45;
/// The histogram, its copy in the results, and fixed tables.
const FIXED: u64 = 4 << 20;
/// Bits per piece and node: whether it is there, and whether it was asked for.
const PER_PIECE: u64 = 2;
/// Bytes per node and size of messages after the first: service times, and how far its CPU may fall behind.
const PER_SIZE: u64 = 32;
/// Bytes per piece that a peer fetches beside messages: when the queues before links change.
const PER_FETCH_BESIDE: u64 = 128;
/// The work of fetching a piece, in that of delivering a message.
const PER_FETCH: f64 = 50.0;
/// Bytes per connection of two associations with a channel or two, and what is under way between them.
const PER_ASSOCIATIONS: u64 = 4 << 10;
/// The work of a copy whose packets and acknowledgements are followed, in that of delivering a message.
const PER_COPY_IN_PACKETS: f64 = 8.0;
/// Bytes per publication at a time that is drawn, as all may be, and at one that a workload lists: it is held twice.
const PER_DRAWN_TIME: u64 = 8;
const PER_LISTED_TIME: u64 = 24;
/// How long a copy is under way, for the number of pending events.
const UNDER_WAY_S: f64 = 0.5;

/// An upper estimate of the memory that one replication of this cell needs.
#[must_use]
pub fn estimate_memory(cell: &Cell) -> ByteCount {
    let peers = u64::from(cell.settings.population.peers.get());
    let pending = (copies_per_s(cell) * UNDER_WAY_S) as u64 + peers;
    let associations = if grain(cell) == Grain::Packet { PER_ASSOCIATIONS } else { 0 };
    let (connections, of_trees) = connections_max(cell);
    let connecting = connections.saturating_mul(PER_CONNECTION + associations) + of_trees * PER_TREE_CONNECTION;
    let whole = FIXED + peers * (PER_NODE + pieces(cell) * PER_PIECE / 8 + more_sizes(cell) * PER_SIZE);
    let queues =
        if copies(cell) > 0.0 { peers.saturating_mul(pieces(cell)).saturating_mul(PER_FETCH_BESIDE) } else { 0 };
    let whole = whole.saturating_add(kept_times(cell)).saturating_add(queues);
    ByteCount::new(whole.saturating_add(connecting).saturating_add(pending.saturating_mul(PER_EVENT)))
}

// All connections, and those of trees. Few peers cannot have many, whatever the topology.
fn connections_max(cell: &Cell) -> (u64, u64) {
    let peers = u64::from(cell.settings.population.peers.get());
    let pairs = peers * (peers - 1) / 2;
    if pairs * PER_CONNECTION <= FIXED {
        return (pairs, pairs);
    }
    Prepared::new(cell, Seed(1)).map_or((pairs, 0), |Prepared { overlay, .. }| {
        let core = overlay.core().len() as u64;
        (overlay.connections(), overlay.connections() - core * core.saturating_sub(1) / 2)
    })
}

/// An estimate of the deliveries of one replication: the measure of its work.
#[must_use]
pub fn estimate_deliveries(cell: &Cell) -> f64 {
    let fetched = pieces(cell).saturating_mul(u64::from(cell.settings.population.peers.get()));
    let per_copy = if grain(cell) == Grain::Packet { PER_COPY_IN_PACKETS } else { 1.0 };
    copies(cell) * per_copy + PER_FETCH * fetched as f64
}

fn grain(cell: &Cell) -> Grain {
    cell.settings.run.grain
}

fn more_sizes(cell: &Cell) -> u64 {
    let sizes: usize = cell.settings.workloads.iter().map(|workload| workload.message_sizes().len()).sum();
    sizes.saturating_sub(1) as u64
}

// Of all contents.
fn pieces(cell: &Cell) -> u64 {
    cell.settings.workloads.iter().filter_map(|workload| workload.pieces()).sum()
}

// Of messages whose times are drawn or given.
fn kept_times(cell: &Cell) -> u64 {
    let peers = cell.settings.population.peers.get();
    let bytes = |workload: &Arc<dyn Workload>| {
        let each = if workload.lists_times() { PER_LISTED_TIME } else { PER_DRAWN_TIME };
        (workload.messages(peers, cell.settings.run.duration) as u64).saturating_mul(each)
    };
    cell.settings.workloads.iter().map(bytes).fold(0, u64::saturating_add)
}

// Those that only pass a message on to its audience do not count.
fn copies(cell: &Cell) -> f64 {
    let (peers, run) = (cell.settings.population.peers.get(), cell.settings.run.duration);
    let copies = |workload: &Arc<dyn Workload>| workload.messages(peers, run) * workload.receivers(peers);
    cell.settings.workloads.iter().map(copies).sum()
}

fn copies_per_s(cell: &Cell) -> f64 {
    let peers = cell.settings.population.peers.get();
    let copies_per_s = |workload: &Arc<dyn Workload>| workload.messages_per_s(peers) * workload.receivers(peers);
    cell.settings.workloads.iter().map(copies_per_s).sum()
}
