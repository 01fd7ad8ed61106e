//! Which links may fill their buffers, and which nodes send more than windows let through.
//!
//! What a full buffer drops is repeated by its association, whose window shrinks: on a channel that repeats a copy does
//! not wait for the link as in an endless queue. Following that costs a lane (`lane.rs`), so it is done where a buffer
//! may fill, which a node's own figures tell: its burst or its load. The burst of an uplink is one message to each of its
//! connections, that of a downlink one message.
//!
//! On a channel that does not repeat, windows close for losses and drops, too, and what waits behind them is late or
//! throttled. With losses `p` a window lets `1.2 / sqrt(p)` packets through in a round trip (Mathis et al., "The Macroscopic
//! Behavior of the TCP Congestion Avoidance Algorithm", 1997).

use super::loads::{Asked, LinkLoad};
use super::plan::{QueueLimits, Service};
use crate::simulation::prepared::Prepared;

/// Bursts that may be there at once, of several sources or of one whose last has not left.
const BURSTS: u64 = 2;

/// Packets in flight, as a multiple of `1 / sqrt(p)`, from which on windows are looked at: shortly before they end.
const IN_FLIGHT: f64 = 1.0;
/// Members of a block of which the paths are looked at.
const SAMPLE: usize = 64;

/// Of a node, whether the buffers of its access link may fill.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::simulation) struct Fills {
    pub(in crate::simulation) up: bool,
    pub(in crate::simulation) down: bool,
    /// Whether it drops so much that windows of what is not repeated close.
    pub(in crate::simulation) crowds_up: bool,
    pub(in crate::simulation) crowds_down: bool,
    /// Whether losses alone may close windows of what it sends.
    pub(in crate::simulation) streams: bool,
}

impl Fills {
    /// Whether windows of what is not repeated are looked at.
    pub(in crate::simulation) const fn crowds(self) -> bool {
        self.crowds_up || self.crowds_down || self.streams
    }

    /// Whether either may.
    pub(in crate::simulation) const fn any(self) -> bool {
        self.up || self.down
    }
}

/// Which of the buffers of each node may fill.
pub(in crate::simulation) fn fills(
    prepared: &Prepared,
    degrees: &[u32],
    loads: &[LinkLoad],
    (costs, limits): (&[Service], &[QueueLimits]),
) -> Vec<Fills> {
    let Prepared { world, .. } = prepared;
    let nodes = degrees.len();
    let of_node = |(node, load): (usize, &LinkLoad)| {
        let limit_ns = limits[world.class_index(node as u32)].wait_ns;
        let longest_ns = |of: fn(&Service) -> u64| costs.iter().skip(node).step_by(nodes).map(of).max().unwrap_or(0);
        // Below a busy link's load a burst or two fill a buffer, if anything does.
        let may_fill = |asked: Asked, burst_ns: u64| {
            let fills = BURSTS.saturating_mul(burst_ns) > limit_ns || asked.is_busy();
            asked.messages > 0.0 && limit_ns < u64::MAX && fills
        };
        let burst_ns = longest_ns(|cost| cost.up_ns).saturating_mul(u64::from(degrees[node]));
        let up = may_fill(load.up, burst_ns);
        let down = may_fill(load.down, longest_ns(|cost| cost.down_ns));
        Fills {
            up,
            down,
            crowds_up: up && load.up.is_crowded(),
            crowds_down: down && load.down.is_crowded(),
            streams: world.has_loss() && streams(prepared, node as u32, load.on_connection),
        }
    };
    loads.iter().enumerate().map(of_node).collect()
}

// Whether so many packets a second on a connection may be more than losses let through.
fn streams(prepared: &Prepared, node: u32, per_s: f64) -> bool {
    let Prepared { world, overlay, .. } = prepared;
    let members = overlay.seats(node).iter().flat_map(|seat| overlay.block(seat.block).iter().take(SAMPLE));
    let mut others = overlay.pair_neighbours(node).iter().chain(members).copied().filter(|&next| next != node);
    others.any(|next| {
        let Some(path) = world.path(node, next) else { return false };
        let loss = world.packet_loss(world.class_index(node), usize::from(path.class)).get();
        per_s * 2e-9 * path.delay_ns as f64 * libm::sqrt(loss) > IN_FLIGHT
    })
}
