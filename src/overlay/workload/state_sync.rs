//! All-to-all state synchronisation: every peer tells every other its state. Cursors, poses, games.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Arrivals, Channel, Flow, Service, Traffic, Workload, WorkloadEntry, service};
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

    fn messages_at_random(&self, peers: u32, run: SimDuration) -> f64 {
        if self.arrivals == Arrivals::Poisson { self.messages(peers, run) } else { 0.0 }
    }

    fn channel(&self) -> Channel {
        self.channel
    }

    fn messages_per_s(&self, peers: u32) -> f64 {
        f64::from(peers) * self.rate.per_second()
    }

    fn largest_message(&self) -> ByteCount {
        self.message
    }

    fn to_json(&self) -> serde_json::Value {
        json_of(ENTRY.kind, self)
    }
}
