//! How a connection runs by the NATs of its ends alone.

use crate::net::PairOutcome;
use crate::webrtc::turn::RelayCode;
use crate::world::World;

/// Where packets between two nodes would go by their NATs, as the first sees it, or `None` where they
/// cannot connect.
pub(super) fn relay(world: &World, a: u32, b: u32) -> Option<RelayCode> {
    (world.outcome(a, b) != PairOutcome::Impossible).then(|| world.relay_code(a, b))
}
