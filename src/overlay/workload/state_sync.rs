//! All-to-all state synchronisation: every peer tells every other its state. Cursors, poses, games.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Channel, Flow, Workload, WorkloadEntry, entry};
use crate::overlay::json_of;
use crate::rng::Streams;
use crate::units::{ByteCount, Frequency};
use crate::world::World;

pub(super) const ENTRY: WorkloadEntry =
    entry::<StateSync>("state-sync", "every peer publishes its state, every other peer receives it");

/// Every peer publishes messages of one size at one rate; every other peer receives them all.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct StateSync {
    /// The size of a message.
    message: ByteCount,
    /// How often each peer publishes.
    rate: Frequency,
    /// The channel that carries the messages.
    #[serde(default)]
    channel: Channel,
}

impl Workload for StateSync {
    fn flows(&self, world: &World, streams: Streams) -> Vec<Flow> {
        let everyone: Vec<u32> = (0..world.peers()).collect();
        super::periodic(&everyone, self.rate, self.message, self.channel, streams)
    }

    fn largest_message(&self) -> ByteCount {
        self.message
    }

    fn to_json(&self) -> serde_json::Value {
        json_of(ENTRY.kind, self)
    }
}
