//! What came of the distributions of a replication.

use crate::simulation::data::standing::Standing;
use crate::units::SimDuration;

/// What came of the distributions of a replication.
#[derive(Clone, Debug)]
pub(crate) struct Distributed {
    /// How many times a peer wants a content.
    pub(crate) wanted: u64,
    /// How long each took that has it all, from the start of its distribution; in order.
    pub(crate) times: Vec<SimDuration>,
    /// The least that the last of them could take.
    pub(crate) bound: SimDuration,
    /// Payload that peers fetched, and how much of it from those that had it from the beginning.
    pub(crate) fetched_bytes: u64,
    pub(crate) from_sources_bytes: u64,
    /// Of each node, in the measured window: bytes sent and received, and the work of its CPU in ns.
    pub(crate) sent_bytes: Vec<u64>,
    pub(crate) received_bytes: Vec<u64>,
    pub(crate) cpu_ns: Vec<u64>,
    /// Queues that it kept.
    pub(crate) standing: Standing,
    /// Events that it took.
    pub(crate) events: u64,
}

impl Distributed {
    /// When this share of those that want a content have it, if that many ever do.
    pub(crate) fn quantile(&self, percent: u64) -> Option<SimDuration> {
        let needed = (self.wanted * percent).div_ceil(100).max(1);
        self.times.get(usize::try_from(needed - 1).ok()?).copied()
    }
}
