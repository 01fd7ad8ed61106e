//! Telemetry: many report to few. Sensors and their collectors, players and a referee, metrics of an application.

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
    WorkloadEntry::new::<Telemetry>("telemetry", "every peer reports to a few sinks, nobody else receives");

/// Every peer, or every peer of a class, publishes messages of one size at one rate; `sinks` peers receive them all
/// and publish nothing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Telemetry {
    /// How many peers receive: fewer than there are.
    #[serde(default = "one")]
    sinks: Bounded<1, 16_000_000>,
    /// The class the sinks belong to; any class if absent.
    #[serde(default)]
    sink_class: Option<String>,
    /// The class of those that publish; all but the sinks if absent.
    #[serde(default)]
    from: Option<String>,
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

impl Telemetry {
    fn drawn_sinks(&self, world: &World, streams: Streams, nth: u32) -> Vec<u32> {
        let candidates = world.peers_of_class(self.sink_class.as_deref());
        let mut stream = streams.stream(Domain::Workload, u64::from(nth));
        let mut sinks = super::choose(&candidates, self.sinks.get(), &mut stream);
        sinks.sort_unstable();
        sinks
    }
}

impl Workload for Telemetry {
    fn flows(&self, world: &World, streams: Streams, nth: u32) -> Vec<Flow> {
        let sinks = self.drawn_sinks(world, streams, nth);
        let mut sources = world.peers_of_class(self.from.as_deref());
        sources.retain(|peer| sinks.binary_search(peer).is_err());
        let traffic = Traffic {
            message: self.message,
            period: self.rate.period(),
            arrivals: self.arrivals,
            channel: self.channel,
        };
        let flows = super::flows_of(&sources, &traffic, streams, nth);
        flows.into_iter().map(|flow| Flow { audience: 0, ..flow }).collect()
    }

    fn audiences(&self, world: &World, streams: Streams, nth: u32) -> Vec<Vec<u32>> {
        vec![self.drawn_sinks(world, streams, nth)]
    }

    fn service(&self) -> Service {
        Service { priority: self.priority, lifetime: self.lifetime }
    }

    fn limits(&self) -> Limits<'_> {
        let keys = [("from", &self.from), ("sink_class", &self.sink_class)];
        Limits {
            sizes: vec![("message", self.message)],
            sinks: Some(("sinks", self.sinks.get())),
            chosen: self.sink_class.as_deref().map(|class| ("sinks", self.sinks.get(), class)),
            classes: keys.into_iter().filter_map(|(key, class)| Some((key, class.as_deref()?))).collect(),
            chunking: Chunking::new(self.chunk, self.repair_chunks),
            ..Limits::default()
        }
    }

    // As if all classes published.
    fn estimate(&self, peers: u32, run: SimDuration) -> Estimate {
        let sources = peers.saturating_sub(self.sinks.get());
        let messages = f64::from(sources) * self.rate.per_second() * run.as_secs_f64();
        Estimate {
            messages,
            at_random: if self.arrivals == Arrivals::Poisson { messages } else { 0.0 },
            receivers: f64::from(self.sinks.get().min(peers)),
            flows: u64::from(peers),
            channel: self.channel,
            ..Estimate::default()
        }
        .in_chunks(self.limits().chunking.count(self.message))
    }

    fn to_json(&self) -> serde_json::Value {
        json_of(ENTRY.kind, self)
    }
}
