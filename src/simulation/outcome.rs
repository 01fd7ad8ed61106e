//! What came of a replication, whatever grain it has.

use super::connect::Connected;
use super::experience::Experience;
use super::plan::Plan;
use super::relay::Relays;
use super::seen::Seen;
use super::servers::Servers;
use crate::overlay::Overlay;
use crate::overlay::audience::Audiences;
use crate::units::{Bitrate, ByteCount};
use crate::world::World;

/// What came of a replication, whatever grain it has.
pub(super) struct Outcome {
    pub(super) world: World,
    pub(super) overlay: Overlay,
    pub(super) audiences: Audiences,
    pub(super) connected: Connected,
    pub(super) plan: Plan,
    /// Of each node, the work that was asked of it.
    pub(super) servers: Vec<Servers>,
    pub(super) seen: Seen,
    pub(super) relays: Relays,
    pub(super) experience: Experience,
    pub(super) uncounted: Uncounted,
    /// The connection whose window held messages back most, at message grain: from, to, and its share of the time.
    pub(super) held_back: Option<(u32, u32, f64)>,
    /// Bytes that waited in each node's associations when the window ended; empty where they are not followed.
    pub(super) unsent_bytes: Vec<u64>,
}

impl Outcome {
    /// What is left of a replication that has ended, what it saw, and the work of each node; by itself it counts messages
    /// alone.
    pub(super) fn new(
        (world, overlay, audiences): (World, Overlay, Audiences),
        (connected, plan, relays): (Connected, Plan, Relays),
        seen: Seen,
        servers: Vec<Servers>,
    ) -> Self {
        Self {
            world,
            overlay,
            audiences,
            connected,
            plan,
            servers,
            seen,
            relays,
            experience: Experience::default(),
            uncounted: Uncounted::All,
            held_back: None,
            unsent_bytes: Vec::new(),
        }
    }
}

/// What connections send beside messages that is not counted yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Uncounted {
    /// Acknowledgements, and what keeps connections alive.
    All,
    /// Only the latter.
    KeepAlives,
}

/// How long a link of this rate takes for so many bytes; no time without a rate.
pub(super) fn serialisation_ns(rate: Option<Bitrate>, bytes: u64) -> u64 {
    rate.map_or(0, |rate| rate.serialisation_time(ByteCount::new(bytes)).as_ns())
}
