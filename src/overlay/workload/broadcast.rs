//! Broadcast: a few speakers, everybody listens. The town hall, the lecture, the live event.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Channel, Flow, Workload, WorkloadEntry, entry};
use crate::overlay::json_of;
use crate::rng::{Domain, Streams};
use crate::units::{Bounded, ByteCount, Frequency};
use crate::world::World;

pub(super) const ENTRY: WorkloadEntry =
    entry::<Broadcast>("broadcast", "a few sources publish, every other peer receives each message");

/// `sources` peers publish messages of one size at one rate; every other peer receives them all.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Broadcast {
    /// How many peers publish.
    #[serde(default = "one")]
    sources: Bounded<1, 16_000_000>,
    /// The class the sources belong to; any class if absent.
    #[serde(default)]
    from: Option<String>,
    /// The size of a message.
    message: ByteCount,
    /// How often each source publishes.
    rate: Frequency,
    /// The channel that carries the messages.
    #[serde(default)]
    channel: Channel,
}

fn one() -> Bounded<1, 16_000_000> {
    Bounded::new(1).expect("invariant: one is in range")
}

impl Workload for Broadcast {
    fn flows(&self, world: &World, streams: Streams) -> Vec<Flow> {
        let candidates = world.peers_of_class(self.from.as_deref());
        let chosen = super::choose(&candidates, self.sources.get(), &mut streams.stream(Domain::Workload, 0));
        super::periodic(&chosen, self.rate, self.message, self.channel, streams)
    }

    fn required_class(&self) -> Option<&str> {
        self.from.as_deref()
    }

    fn largest_message(&self) -> ByteCount {
        self.message
    }

    fn to_json(&self) -> serde_json::Value {
        json_of(ENTRY.kind, self)
    }
}
