//! Broadcast: a few speakers, everybody listens. The town hall, the lecture, the live event.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Arrivals, Channel, Chunking, Estimate, Flow, Limits, RepairChunks, Service, Traffic, Workload, WorkloadEntry,
    service,
};
use crate::overlay::json_of;
use crate::rng::{Domain, Streams};
use crate::units::{Bounded, ByteCount, Frequency, SimDuration};
use crate::webrtc::sctp::Priority;
use crate::world::World;

pub(super) const ENTRY: WorkloadEntry =
    WorkloadEntry::new::<Broadcast>("broadcast", "a few sources publish, every other peer receives each message");

/// `sources` peers publish messages of one size at one rate; every other peer receives them all.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Broadcast {
    /// How many peers publish; all if there are fewer.
    #[serde(default = "one")]
    sources: Bounded<1, 16_000_000>,
    /// The class the sources belong to; any class if absent.
    #[serde(default)]
    from: Option<String>,
    /// The size of a message.
    message: ByteCount,
    /// How often each source publishes.
    rate: Frequency,
    /// Whether it publishes periodically or at random.
    #[serde(default)]
    arrivals: Arrivals,
    /// The channel that carries the messages.
    #[serde(default)]
    channel: Channel,
    /// Its share of a connection beside other workloads. Needs packets.
    #[serde(default, skip_serializing_if = "service::is_default")]
    priority: Priority,
    /// How long a message is worth sending (`maxPacketLifeTime`), whatever the channel repeats. Needs packets.
    #[serde(default, deserialize_with = "service::lifetime", skip_serializing_if = "Option::is_none")]
    lifetime: Option<SimDuration>,
    /// Messages are cut into chunks of this size, each of which is passed on as it arrives; whole if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    chunk: Option<ByteCount>,
    /// How many chunks of an erasure code go with those of each message, any as many of which make it. Needs `chunk`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    repair_chunks: Option<RepairChunks>,
}

fn one() -> Bounded<1, 16_000_000> {
    Bounded::new(1).expect("invariant: one is in range")
}

impl Workload for Broadcast {
    fn flows(&self, world: &World, streams: Streams, nth: u32) -> Vec<Flow> {
        let candidates = world.peers_of_class(self.from.as_deref());
        let chosen =
            super::choose(&candidates, self.sources.get(), &mut streams.stream(Domain::Workload, u64::from(nth)));
        let traffic = Traffic {
            message: self.message,
            period: self.rate.period(),
            arrivals: self.arrivals,
            channel: self.channel,
        };
        super::flows_of(&chosen, &traffic, streams, nth)
    }

    fn service(&self) -> Service {
        Service { priority: self.priority, lifetime: self.lifetime }
    }

    fn limits(&self) -> Limits<'_> {
        Limits {
            sizes: vec![("message", self.message)],
            sources: Some(("sources", self.sources.get())),
            takes_fewer: true,
            chosen: self.from.as_deref().map(|class| ("sources", self.sources.get(), class)),
            classes: self.from.iter().map(|class| ("from", class.as_str())).collect(),
            chunking: Chunking::new(self.chunk, self.repair_chunks),
            ..Limits::default()
        }
    }

    fn estimate(&self, peers: u32, run: SimDuration) -> Estimate {
        let all = Estimate::to_all(self.sources.get(), self.rate.per_second(), peers, run);
        let at_random = if self.arrivals == Arrivals::Poisson { all.messages } else { 0.0 };
        Estimate { at_random, channel: self.channel, ..all }.in_chunks(self.limits().chunking.count(self.message))
    }

    fn to_json(&self) -> serde_json::Value {
        json_of(ENTRY.kind, self)
    }
}
