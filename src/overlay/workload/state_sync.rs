//! All-to-all state synchronisation: every peer tells every other its state. Cursors, poses, games.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Arrivals, Channel, Estimate, Flow, Limits, Service, Traffic, Workload, WorkloadEntry, service};
use crate::overlay::json_of;
use crate::rng::Streams;
use crate::units::{ByteCount, Frequency, SimDuration};
use crate::webrtc::sctp::Priority;
use crate::world::World;

pub(super) const ENTRY: WorkloadEntry =
    WorkloadEntry::new::<StateSync>("state-sync", "every peer publishes its state, every other peer receives it");

/// Every peer publishes messages of one size at one rate; every other peer receives them all.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct StateSync {
    /// The size of a message.
    message: ByteCount,
    /// How often each peer publishes.
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
}

impl Workload for StateSync {
    fn flows(&self, world: &World, streams: Streams, nth: u32) -> Vec<Flow> {
        let everyone: Vec<u32> = (0..world.peers()).collect();
        let traffic = Traffic {
            message: self.message,
            period: self.rate.period(),
            arrivals: self.arrivals,
            channel: self.channel,
        };
        super::flows_of(&everyone, &traffic, streams, nth)
    }

    fn service(&self) -> Service {
        Service { priority: self.priority, lifetime: self.lifetime }
    }

    fn limits(&self) -> Limits<'_> {
        Limits { sizes: vec![("message", self.message)], ..Limits::default() }
    }

    fn estimate(&self, peers: u32, run: SimDuration) -> Estimate {
        let all = Estimate::to_all(peers, self.rate.per_second(), peers, run);
        let at_random = if self.arrivals == Arrivals::Poisson { all.messages } else { 0.0 };
        Estimate { at_random, channel: self.channel, ..all }
    }

    fn to_json(&self) -> serde_json::Value {
        json_of(ENTRY.kind, self)
    }
}
