//! Publish and subscribe: topics, of which some are popular. Chat rooms, market data, feeds, regions of a game world.
//!
//! Topic `i` of `1, 2, ...` is chosen with a weight of `1 / i^exponent`, which is Zipf's law at an exponent of one. That
//! the popularity of feeds follows a power law was measured for RSS (Liu, Ramasubramanian and Sirer, "Client Behavior
//! and Feed Characteristics of RSS, a Publish-Subscribe System for Web Micronews", IMC 2005), and that exponents differ
//! from trace to trace for the Web (Breslau, Cao, Fan, Phillips and Shenker, "Web Caching and Zipf-like Distributions",
//! INFOCOM 1999). Subscriptions without repetition are drawn as Efraimidis and Spirakis do ("Weighted random sampling
//! with a reservoir", Information Processing Letters 97, 2006): those with the smallest `Exp(1) / weight`.

use rand_distr::{Distribution, Exp1};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::popularity::Exponent;
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
    WorkloadEntry::new::<PubSub>("pub-sub", "peers publish on topics, those that subscribed to a topic receive");

/// Every topic has publishers, which send messages of one size at one rate; its subscribers receive them all.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PubSub {
    /// How many topics there are.
    topics: Bounded<1, 10_000>,
    /// To how many topics each peer subscribes; to all if there are fewer.
    #[serde(default = "three")]
    subscriptions: Bounded<1, 10_000>,
    /// How much more popular the first topics are than the last, from 0 (not at all) to 3.
    #[serde(default)]
    #[schemars(with = "f64", range(min = 0.0, max = 3.0))]
    exponent: Exponent,
    /// How many peers publish on each topic.
    #[serde(default = "one")]
    publishers_per_topic: Bounded<1, 1_000>,
    /// The class the publishers belong to; any class if absent.
    #[serde(default)]
    from: Option<String>,
    /// The size of a message.
    message: ByteCount,
    /// How often each publisher publishes on its topic.
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

fn one() -> Bounded<1, 1_000> {
    Bounded::new(1).expect("invariant: one is in range")
}

fn three() -> Bounded<1, 10_000> {
    Bounded::new(3).expect("invariant: three is in range")
}

impl PubSub {
    // The topics that a peer has subscribed to.
    fn subscribed(&self, weights: &[f64], peer: u32, streams: Streams, nth: u32) -> Vec<usize> {
        let mut stream = streams.stream(Domain::Subscriptions, u64::from(nth) << 32 | u64::from(peer));
        let key = |(topic, weight): (usize, &f64)| {
            let draw: f64 = Exp1.sample(&mut stream);
            (draw / weight, topic)
        };
        let mut keys: Vec<(f64, usize)> = weights.iter().enumerate().map(key).collect();
        keys.sort_unstable_by(|(a, nth_a), (b, nth_b)| a.total_cmp(b).then(nth_a.cmp(nth_b)));
        keys.into_iter().take(self.subscriptions.get() as usize).map(|(_, topic)| topic).collect()
    }
}

impl Workload for PubSub {
    fn flows(&self, world: &World, streams: Streams, nth: u32) -> Vec<Flow> {
        let candidates = world.peers_of_class(self.from.as_deref());
        let traffic = &Traffic {
            message: self.message,
            period: self.rate.period(),
            arrivals: self.arrivals,
            channel: self.channel,
        };
        let of_topic = |topic: u32| {
            let id = u64::from(topic) << 48 | u64::from(nth);
            let mut stream = streams.stream(Domain::Workload, id);
            let publishers = super::choose(&candidates, self.publishers_per_topic.get(), &mut stream);
            let place = u64::from(topic) << 48 | u64::from(nth) << 32;
            publishers.into_iter().map(move |source| super::flow_of(source, topic, traffic, streams, place))
        };
        (0..self.topics.get()).flat_map(of_topic).collect()
    }

    fn audiences(&self, world: &World, streams: Streams, nth: u32) -> Vec<Vec<u32>> {
        let weights = self.exponent.weights(self.topics.get());
        let mut audiences = vec![Vec::new(); weights.len()];
        for peer in 0..world.peers() {
            let topics = self.subscribed(&weights, peer, streams, nth);
            topics.into_iter().for_each(|topic| audiences[topic].push(peer));
        }
        audiences
    }

    fn service(&self) -> Service {
        Service { priority: self.priority, lifetime: self.lifetime }
    }

    fn limits(&self) -> Limits<'_> {
        Limits {
            sizes: vec![("message", self.message)],
            classes: self.from.iter().map(|class| ("from", class.as_str())).collect(),
            chunking: Chunking::new(self.chunk, self.repair_chunks),
            ..Limits::default()
        }
    }

    // Subscriptions spread over the topics, on each of which as much is published.
    fn estimate(&self, peers: u32, run: SimDuration) -> Estimate {
        let (topics, publishers) = (self.topics.get(), self.publishers_per_topic.get().min(peers));
        let messages = f64::from(publishers) * f64::from(topics) * self.rate.per_second() * run.as_secs_f64();
        Estimate {
            messages,
            at_random: if self.arrivals == Arrivals::Poisson { messages } else { 0.0 },
            receivers: f64::from(self.subscriptions.get().min(topics)) * f64::from(peers) / f64::from(topics),
            flows: u64::from(topics) * u64::from(publishers),
            channel: self.channel,
            ..Estimate::default()
        }
        .in_chunks(self.limits().chunking.count(self.message))
    }

    fn to_json(&self) -> serde_json::Value {
        json_of(ENTRY.kind, self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Seed;

    fn pub_sub(topics: u32, subscriptions: u32, exponent: f64) -> PubSub {
        let params = format!(
            "{{ topics = {topics}, subscriptions = {subscriptions}, exponent = {exponent:?}, message = \"100 B\", \
             rate = \"1 /s\" }}"
        );
        PubSub::deserialize(toml::de::ValueDeserializer::parse(&params).expect("TOML")).expect("parameters")
    }

    #[test]
    fn popularity_is_zipf_where_one_topic_is_chosen() {
        for exponent in [0.0, 1.0, 2.0] {
            let workload = pub_sub(5, 1, exponent);
            let weights = workload.exponent.weights(workload.topics.get());
            let (all, peers) = (weights.iter().sum::<f64>(), 20_000);
            let mut chosen = [0.0; 5];
            for peer in 0..peers {
                workload
                    .subscribed(&weights, peer, Streams::new(Seed(1)), 0)
                    .iter()
                    .for_each(|&topic| chosen[topic] += 1.0);
            }
            for (topic, weight) in weights.iter().enumerate() {
                let (share, expected) = (chosen[topic] / f64::from(peers), weight / all);
                let error = (expected * (1.0 - expected) / f64::from(peers)).sqrt();
                assert!((share - expected).abs() < 4.0 * error, "{exponent} {topic}: {share}, expected {expected}");
            }
        }
    }

    #[test]
    fn nobody_subscribes_twice_and_the_popular_come_first() {
        let workload = pub_sub(50, 10, 1.5);
        let weights = workload.exponent.weights(workload.topics.get());
        let mut of_topic = [0; 50];
        for peer in 0..500 {
            let mut topics = workload.subscribed(&weights, peer, Streams::new(Seed(2)), 1);
            topics.iter().for_each(|&topic| of_topic[topic] += 1);
            topics.sort_unstable();
            topics.dedup();
            assert_eq!(topics.len(), 10);
        }
        assert!(of_topic[0] > 450 && of_topic[0] > of_topic[10] && of_topic[10] > of_topic[49], "{of_topic:?}");
        assert_eq!(pub_sub(4, 10, 1.0).subscribed(&[1.0; 4], 0, Streams::new(Seed(2)), 1).len(), 4);
    }
}
