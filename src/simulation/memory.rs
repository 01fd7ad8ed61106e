//! How much memory a replication will need, before it starts.

use crate::scenario::Cell;
use crate::units::ByteCount;

/// Bytes per node: world (about 40), overlay (12 and 32 per tree connection), queues, service
/// times, limits and reception (about 90), and the spreads at the end.
const PER_NODE: u64 = 256;
/// Bytes per pending event: 24, and what the queue's structure adds.
const PER_EVENT: u64 = 45;
/// The two histograms and fixed tables.
const FIXED: u64 = 4 << 20;
/// How long a copy is under way, for the estimate of pending events.
const UNDER_WAY_S: f64 = 0.5;

/// An upper estimate of the memory that one replication of this cell needs.
#[must_use]
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates; an estimate")]
pub fn estimate_memory(cell: &Cell) -> ByteCount {
    let peers = u64::from(cell.settings.population.peers.get());
    let copies_per_s: f64 = cell
        .settings
        .workloads
        .iter()
        .map(|workload| workload.messages_per_s(cell.settings.population.peers.get()) * (peers - 1) as f64)
        .sum();
    let events = (copies_per_s * UNDER_WAY_S) as u64 + peers;
    ByteCount::new(FIXED + peers * PER_NODE + events * PER_EVENT)
}
