//! Which uplinks may fill their buffers.
//!
//! What a full buffer drops is repeated by its association, whose window shrinks: on a channel that repeats a copy does
//! not wait for the link as in an endless queue. Following that costs a lane (`lane.rs`), so it is done where a buffer
//! may fill, which a node's own figures tell: its burst, one message to each of its connections, or its load.

use super::plan::{Cost, QueueLimits};
use super::prepared::Prepared;
use crate::overlay::dissemination::Traffic;
use crate::scenario::Settings;

/// Bursts that may be there at once, of several sources or of one whose last has not left.
const BURSTS: u64 = 2;
/// Load from which on queues are long. Below it a burst or two fill a buffer, if anything does.
const LOAD: f64 = 0.5;

/// Whether the buffer of each node's uplink may fill.
pub(super) fn fills(
    settings: &Settings,
    prepared: &Prepared,
    degrees: &[u32],
    (costs, limits): (&[Cost], &[QueueLimits]),
) -> Vec<bool> {
    let Prepared { world, .. } = prepared;
    if limits.iter().all(|limits| limits.wait_ns == u64::MAX) {
        return vec![false; degrees.len()];
    }
    let bytes = prepared.traffic(degrees, |flow| settings.webrtc.wire(flow.size).bytes.get() as f64);
    let nodes = degrees.len();
    let of_node = |(node, &Traffic { sent, .. }): (usize, &Traffic)| {
        let number = node as u32;
        let Some(rate) = world.rates(number).up else { return false };
        let limit_ns = limits[world.class_index(number)].wait_ns;
        let longest_ns = costs.iter().skip(node).step_by(nodes).map(|cost| cost.up_ns).max().unwrap_or(0);
        let burst_ns = longest_ns.saturating_mul(u64::from(degrees[node]));
        let load = 8.0 * sent / rate.as_bps() as f64;
        sent > 0.0 && limit_ns < u64::MAX && (BURSTS.saturating_mul(burst_ns) > limit_ns || load >= LOAD)
    };
    bytes.iter().enumerate().map(|(node, traffic)| of_node((node, traffic))).collect()
}
