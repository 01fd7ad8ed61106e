//! What a replication will need, before it starts: memory, CPU time, and work to share out.
//!
//! Nothing is built for it, so that a cell that cannot run is refused at once: connections come in closed form from
//! the topology ([`Shape`](crate::overlay::topology::Shape)). `tests/memory.rs` measures how far it is right.

mod load;
mod memory;

pub use memory::{MemoryNeeds, estimate_memory, memory_needs};

use std::sync::Arc;

use crate::overlay::workload::Workload;
use crate::scenario::{Cell, Grain};

/// The work of fetching a piece, in that of delivering a message.
const PER_FETCH: f64 = 50.0;
/// The work of a message whose packets are followed beside those, in that of delivering a message.
const PER_MESSAGE_IN_PACKETS: f64 = 5.0;
/// The work of a packet with its acknowledgements, likewise.
const PER_PACKET: f64 = 5.0;
/// CPU time of delivering a message, on one core of a cloud VM (docs/PERFORMANCE.md).
const PER_DELIVERY_S: f64 = 0.15e-6;
/// CPU time of setting a connection up that is looked up, likewise; and of one that is played through.
const PER_SETUP_S: f64 = 2e-6;
const PER_SETUP_PLAYED_S: f64 = 0.2e-3;
/// The same for each second that set-ups wait for one another at an uplink: they are repeated, and tried again.
const PER_SETUP_WAITING_S: f64 = 1.5e-3;

/// An estimate of the deliveries of one replication, and of what comes again to who knows it: the measure of its work.
#[must_use]
pub fn estimate_deliveries(cell: &Cell) -> f64 {
    let peers = cell.settings.population.peers.get();
    let of_workload = |workload: &Arc<dyn Workload>| {
        let estimate = workload.estimate(peers, cell.settings.run.duration);
        let copies = estimate.messages * load::reached(cell, &estimate);
        let packets = cell.settings.webrtc.wire(workload.largest_message()).packets as f64;
        match cell.settings.run.grain {
            Grain::Message => copies,
            Grain::Packet => copies * (PER_MESSAGE_IN_PACKETS + packets * PER_PACKET),
        }
    };
    let fetched = pieces(cell) * f64::from(peers);
    cell.settings.workloads.iter().map(of_workload).sum::<f64>() * load::copies_per_delivery(cell) + PER_FETCH * fetched
}

/// An estimate of the CPU time of one replication, in seconds of one core of a cloud VM. It tells orders of magnitude:
/// machines differ, and so does what overloads cost.
#[must_use]
pub fn estimate_cpu_s(cell: &Cell) -> f64 {
    let peers = cell.settings.population.peers.get();
    let connections = cell.topology.shape(peers).connections() as f64;
    let per_setup = match memory::are_set_ups_played(cell) {
        true => PER_SETUP_PLAYED_S + PER_SETUP_WAITING_S * load::set_ups_wait_s(cell),
        false => PER_SETUP_S,
    };
    estimate_deliveries(cell) * PER_DELIVERY_S + connections * per_setup
}

// Of all contents.
fn pieces(cell: &Cell) -> f64 {
    cell.settings.workloads.iter().filter_map(|workload| workload.pieces()).sum::<u64>() as f64
}
