//! All-to-all state synchronisation: every peer tells every other its state, or those in its room. Cursors, poses, games.

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
    WorkloadEntry::new::<StateSync>("state-sync", "every peer publishes its state, every other peer receives it");

/// Every peer publishes messages of one size at one rate; every other peer receives them all, or every other in its room.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct StateSync {
    /// The size of a message.
    message: ByteCount,
    /// How often each peer publishes.
    rate: Frequency,
    /// How many peers share a room, at most: peers are dealt to rooms by chance, as evenly as can be, and hear only
    /// those in theirs. One room for all if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rooms_of: Option<Bounded<2, 10_000>>,
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

impl StateSync {
    // The peers of each room; none where all are in one.
    fn rooms(&self, world: &World, streams: Streams, nth: u32) -> Vec<Vec<u32>> {
        let Some(size) = self.rooms_of else { return Vec::new() };
        let everyone: Vec<u32> = (0..world.peers()).collect();
        let dealt = super::choose(&everyone, world.peers(), &mut streams.stream(Domain::Workload, u64::from(nth)));
        let count = dealt.len().div_ceil(size.get() as usize);
        (0..count).map(|room| dealt.iter().skip(room).step_by(count).copied().collect()).collect()
    }
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
        let mut flows = super::flows_of(&everyone, &traffic, streams, nth);
        for (room, members) in (0..).zip(self.rooms(world, streams, nth)) {
            members.into_iter().for_each(|member| flows[member as usize].audience = room);
        }
        flows
    }

    fn audiences(&self, world: &World, streams: Streams, nth: u32) -> Vec<Vec<u32>> {
        self.rooms(world, streams, nth)
    }

    fn service(&self) -> Service {
        Service { priority: self.priority, lifetime: self.lifetime }
    }

    fn limits(&self) -> Limits<'_> {
        Limits {
            sizes: vec![("message", self.message)],
            chunking: Chunking::new(self.chunk, self.repair_chunks),
            ..Limits::default()
        }
    }

    fn estimate(&self, peers: u32, run: SimDuration) -> Estimate {
        let all = Estimate::to_all(peers, self.rate.per_second(), peers, run);
        let at_random = if self.arrivals == Arrivals::Poisson { all.messages } else { 0.0 };
        let receivers = self.rooms_of.map_or(all.receivers, |size| all.receivers.min(f64::from(size.get() - 1)));
        Estimate { at_random, receivers, channel: self.channel, ..all }
            .in_chunks(self.limits().chunking.count(self.message))
    }

    fn to_json(&self) -> serde_json::Value {
        json_of(ENTRY.kind, self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::LatencySpec;
    use crate::presets::OrPreset;
    use crate::rng::Seed;
    use crate::webrtc::WebrtcSpec;
    use crate::world::{ClassSpec, PeerCount, PopulationSpec, WorldSpec};

    #[test]
    fn everybody_is_in_one_room_and_rooms_are_alike() {
        let population = PopulationSpec {
            peers: PeerCount::new(103).expect("a number of peers"),
            classes: vec![ClassSpec::named("all")],
            regions: OrPreset::named("europe").expect("a preset"),
            join_over: SimDuration::ZERO,
        };
        let (latency, webrtc) = (LatencySpec::default(), WebrtcSpec::default());
        let spec = WorldSpec { population: &population, latency: &latency, webrtc: &webrtc, servers: 0 };
        let streams = Streams::new(Seed(1));
        let world = spec.generate(streams).expect("a world");
        let params = "{ message = \"100 B\", rate = \"1 /s\", rooms_of = 20 }";
        let workload =
            StateSync::deserialize(toml::de::ValueDeserializer::parse(params).expect("TOML")).expect("parameters");
        let rooms = workload.audiences(&world, streams, 0);
        let mut sizes: Vec<usize> = rooms.iter().map(Vec::len).collect();
        sizes.sort_unstable();
        assert_eq!(sizes, [17, 17, 17, 17, 17, 18]);
        let mut members = rooms.concat();
        assert!(!members.is_sorted(), "rooms are dealt by chance");
        members.sort_unstable();
        assert_eq!(members, (0..103).collect::<Vec<u32>>());
        for flow in workload.flows(&world, streams, 0) {
            assert!(rooms[flow.audience as usize].contains(&flow.source));
        }
    }
}
