//! What a replication consists of before a message is sent, and how it is computed.

use crate::overlay::Overlay;
use crate::overlay::audience::Audiences;
use crate::simulation::control::connect::Connected;
use crate::simulation::data::lines::Lines;
use crate::simulation::data::plan::Plan;
use crate::simulation::data::relay::Relays;
use crate::simulation::data::standing::Standing;
use crate::world::World;

/// What a replication consists of before a message is sent.
pub(super) struct Parts {
    pub(super) world: World,
    pub(super) overlay: Overlay,
    pub(super) audiences: Audiences,
    pub(super) connected: Connected,
    pub(super) plan: Plan,
    pub(super) relays: Relays,
    /// Queues of bulk data.
    pub(super) standing: Standing,
    /// Jitter and bursts that messages meet, if any.
    pub(super) lines: Option<Box<Lines>>,
}

/// How a replication is computed; every choice gives the same record but for the event count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Compute an arrival on the spot where no other event can come between (docs/MODELS.md,
    /// "Arrivals without events"), instead of queueing an event for it.
    pub shortcuts: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { shortcuts: true }
    }
}
