//! What came of a replication, whatever grain it has.

use super::experience::Experience;
use super::seen::Seen;
use crate::overlay::Overlay;
use crate::overlay::audience::Audiences;
use crate::simulation::control::connect::Connected;
use crate::simulation::data::plan::Plan;
use crate::simulation::data::relay::Relays;
use crate::simulation::servers::Servers;
use crate::units::{Bitrate, ByteCount};
use crate::world::World;

/// What came of a replication, whatever grain it has.
pub(in crate::simulation) struct Outcome {
    pub(in crate::simulation) world: World,
    pub(in crate::simulation) overlay: Overlay,
    pub(in crate::simulation) audiences: Audiences,
    pub(in crate::simulation) connected: Connected,
    pub(in crate::simulation) plan: Plan,
    /// Of each node, the work that was asked of it.
    pub(in crate::simulation) servers: Vec<Servers>,
    pub(in crate::simulation) seen: Seen,
    pub(in crate::simulation) relays: Relays,
    pub(in crate::simulation) experience: Experience,
    pub(in crate::simulation) uncounted: Uncounted,
    /// The connection whose window held messages back most, at message grain: from, to, and its share of the time.
    pub(in crate::simulation) held_back: Option<(u32, u32, f64)>,
    /// Bytes that waited in each node's associations when the window ended; empty where they are not followed.
    pub(in crate::simulation) unsent_bytes: Vec<u64>,
}

impl Outcome {
    /// What is left of a replication that has ended, what it saw, and the work of each node; by itself it counts messages
    /// alone.
    pub(in crate::simulation) fn new(
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
pub(in crate::simulation) enum Uncounted {
    /// Acknowledgements, and what keeps connections alive.
    All,
    /// Only the latter.
    KeepAlives,
}

/// How long a link of this rate takes for so many bytes; no time without a rate.
pub(in crate::simulation) fn serialisation_ns(rate: Option<Bitrate>, bytes: u64) -> u64 {
    rate.map_or(0, |rate| rate.serialisation_time(ByteCount::new(bytes)).as_ns())
}
