//! How far a CPU may fall behind before the sockets of its connections are full.
//!
//! What waits for a CPU waits in the sockets of the node's connections, taken to fill alike. A CPU is one
//! queue in which a message stands with all that it will cost, so the wait at which the sockets are full
//! follows from what a message received costs in all: taking it in, sending its copies on, and the node's
//! own messages that come meanwhile.

use super::plan::Cost;
use crate::overlay::dissemination::Traffic;
use crate::simulation::prepared::Prepared;
use crate::webrtc::Wire;

/// CPU times of a copy that go with each message that a node receives.
pub(in crate::simulation) fn works(prepared: &Prepared, degrees: &[u32]) -> Vec<f64> {
    let work = |Traffic { sent, received }: Traffic| if received > 0.0 { 1.0 + sent / received } else { 1.0 };
    prepared.traffic(degrees, |_| 1.0).into_iter().map(work).collect()
}

/// The longest wait in ns of size `s` at node `v`, `[s * nodes + v]`; [`u64::MAX`] is any wait.
pub(in crate::simulation) fn longest(
    prepared: &Prepared,
    degrees: &[u32],
    sizes: &[Wire],
    costs: &[Cost],
    works: &[f64],
) -> Vec<u64> {
    let world = &prepared.world;
    let wait = |wire: &Wire, cost: &Cost, node: u32| {
        let index = node as usize;
        let unread = world.class(node).engine.unread_max(*wire).filter(|_| cost.cpu_ns > 0);
        unread.map_or(u64::MAX, |each| (each * f64::from(degrees[index]) * works[index] * cost.cpu_ns as f64) as u64)
    };
    let by_size = sizes.iter().zip(costs.chunks_exact(degrees.len()));
    by_size.flat_map(|(wire, costs)| costs.iter().zip(0..).map(move |(cost, node)| wait(wire, cost, node))).collect()
}
