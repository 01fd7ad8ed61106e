//! Collaborative editing: a few write in a document that all have, and who joins fetches it first.
//!
//! A writer types in bursts, with pauses between them; each key stroke is one small update of a replicated data type
//! (CRDT) to everybody. Times of bursts and pauses are exponential. Within a burst, intervals between key strokes are
//! log-normal with a mean of 239 ms (Dhakal, Feit, Kristensson and Oulasvirta, "Observations on Typing from 136 Million
//! Keystrokes", CHI 2018).
//!
//! Sizes are those of Yjs in the benchmark B4 of crdt-benchmarks (Jahns), the 259,778 edits of a paper as it was written:
//! 7.54 MB of updates, which is 29 bytes each, and 159,929 bytes of document in the end.

use rand::RngExt;
use rand_distr::{Distribution, Exp1, StandardNormal};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Arrivals, Channel, Content, ContentLimits, Estimate, Flow, Limits, PieceOrder, Service, Traffic, Workload,
    WorkloadEntry, service,
};
use crate::overlay::json_of;
use crate::rng::{Domain, Stream, Streams};
use crate::units::{Bounded, ByteCount, Frequency, SimDuration, SimTime};
use crate::webrtc::sctp::Priority;
use crate::world::World;

pub(super) const ENTRY: WorkloadEntry =
    WorkloadEntry::new::<Text>("text", "a few write in a document that all have and fetch first");

/// `writers` peers type in bursts, each key stroke an update to everybody; all peers fetch the document from those that
/// have it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Text {
    /// How many peers write.
    writers: Bounded<1, 16_000_000>,
    /// The class the writers belong to; any class if absent.
    #[serde(default)]
    from: Option<String>,
    /// The size of an update.
    #[serde(default = "update")]
    update: ByteCount,
    /// How many key strokes a writer makes within a burst, each an update.
    #[serde(default = "keystrokes")]
    rate: Frequency,
    /// How long a burst lasts on average.
    #[serde(default = "burst", deserialize_with = "burst_within")]
    burst: SimDuration,
    /// How long a writer pauses on average before the next.
    #[serde(default = "burst", deserialize_with = "burst_within")]
    pause: SimDuration,
    /// The channel that carries the updates.
    #[serde(default = "channel")]
    channel: Channel,
    /// Its share of a connection beside other workloads. Needs packets.
    #[serde(default, skip_serializing_if = "service::is_default")]
    priority: Priority,
    /// The size of the document; with `0 B` nobody fetches it.
    #[serde(default = "document")]
    document: ByteCount,
    /// How many peers have the document from the beginning.
    #[serde(default = "one")]
    holders: Bounded<1, 16_000_000>,
    /// When all others begin to fetch it; at the end of the warm-up if absent.
    #[serde(default)]
    start: Option<SimDuration>,
}

fn one() -> Bounded<1, 16_000_000> {
    Bounded::new(1).expect("invariant: one is in range")
}

const fn update() -> ByteCount {
    ByteCount::new(29)
}

const fn document() -> ByteCount {
    ByteCount::new(159_929)
}

fn keystrokes() -> Frequency {
    Frequency::from_per_second(4.19).expect("invariant: above zero")
}

// Assumed.
const fn burst() -> SimDuration {
    SimDuration::from_secs(10)
}

fn burst_within<'de, D: serde::Deserializer<'de>>(value: D) -> Result<SimDuration, D::Error> {
    service::within(value, "a mean time", [SimDuration::from_ms(1), SimDuration::from_secs(3_600)])
}

// What y-webrtc opens.
const fn channel() -> Channel {
    Channel::Reliable
}

/// Standard deviation of the logarithm of an interval between key strokes: the 112 ms that means of typists differ by in
/// the study, in 239 ms. That of one typist is assumed to be the same.
const SIGMA: f64 = 0.45;
/// What the document is sent in: the message size that all stacks take (libp2p's WebRTC specification).
const CHUNK: ByteCount = ByteCount::new(16 << 10);
/// To how many peers at a time a peer sends it: BitTorrent's upload slots on home uplinks.
const UPLOADS: u32 = 4;

impl Text {
    fn has_document(&self) -> bool {
        self.document > ByteCount::default()
    }

    // The share of time in which a writer types.
    fn typing(&self) -> f64 {
        let (burst, pause) = (self.burst.as_secs_f64(), self.pause.as_secs_f64());
        burst / (burst + pause)
    }

    // The key strokes of a writer.
    fn strokes(&self, streams: Streams, id: u64, end: SimTime) -> Vec<SimTime> {
        let mut stream = streams.stream(Domain::Typing, id);
        let mut times = Vec::new();
        let mean_s = self.rate.period().as_secs_f64();
        let begins_in_pause = stream.random::<f64>() >= self.typing();
        let of_mean = |mean: SimDuration, stream: &mut Stream| {
            let drawn: f64 = Exp1.sample(stream);
            SimDuration::from_secs_f64(drawn * mean.as_secs_f64())
        };
        let mut time = SimTime::ZERO;
        if begins_in_pause {
            time += of_mean(self.pause, &mut stream);
        }
        while time < end {
            let until = time + of_mean(self.burst, &mut stream);
            while time < until.min(end) {
                times.push(time);
                let normal: f64 = StandardNormal.sample(&mut stream);
                let gap_s = mean_s * libm::exp(SIGMA * normal - SIGMA * SIGMA / 2.0);
                time += SimDuration::from_secs_f64(gap_s).max(SimDuration::from_ns(1));
            }
            time = until + of_mean(self.pause, &mut stream);
        }
        times
    }
}

impl Workload for Text {
    fn flows(&self, world: &World, streams: Streams, nth: u32) -> Vec<Flow> {
        let candidates = world.peers_of_class(self.from.as_deref());
        let mut stream = streams.stream(Domain::Workload, u64::from(nth));
        let writers = super::choose(&candidates, self.writers.get(), &mut stream);
        let traffic = Traffic {
            message: self.update,
            period: SimDuration::from_secs_f64(self.rate.period().as_secs_f64() / self.typing()),
            arrivals: Arrivals::Periodic,
            channel: self.channel,
        };
        let flows = super::flows_of(&writers, &traffic, streams, nth);
        flows.into_iter().zip(0..).map(|(flow, list)| Flow { times: Some(list), ..flow }).collect()
    }

    fn times(&self, streams: Streams, nth: u32, end: SimTime) -> Vec<Vec<SimTime>> {
        let place = u64::from(nth) << 32;
        (0..self.writers.get()).map(|writer| self.strokes(streams, place | u64::from(writer), end)).collect()
    }

    // One piece: who has not all of it cannot pass it on.
    fn content(&self, world: &World, streams: Streams, nth: u32) -> Option<Content> {
        let everybody: Vec<u32> = (0..world.peers()).collect();
        let mut stream = streams.stream(Domain::Holders, u64::from(nth));
        let mut sources = super::choose(&everybody, self.holders.get(), &mut stream);
        sources.sort_unstable();
        self.has_document().then(|| Content {
            nth,
            sources,
            size: self.document,
            piece: self.document,
            chunk: CHUNK.min(self.document),
            downloads: 1,
            uploads: UPLOADS,
            order: PieceOrder::InOrder,
            start: self.start,
        })
    }

    fn service(&self) -> Service {
        Service { priority: self.priority, lifetime: None }
    }

    fn limits(&self) -> Limits<'_> {
        let content = ContentLimits {
            pieces: 1,
            chunk: CHUNK.min(self.document),
            holders: ("holders", self.holders.get()),
            start: self.start,
        };
        Limits {
            sizes: vec![("update", self.update)],
            sources: Some(("writers", self.writers.get())),
            chosen: self.from.as_deref().map(|class| ("writers", self.writers.get(), class)),
            classes: self.from.iter().map(|class| ("from", class.as_str())).collect(),
            content: self.has_document().then_some(content),
            ..Limits::default()
        }
    }

    fn estimate(&self, peers: u32, run: SimDuration) -> Estimate {
        let writers = self.writers.get().min(peers);
        Estimate {
            messages: f64::from(writers) * self.rate.per_second() * self.typing() * run.as_secs_f64(),
            lists_times: true,
            receivers: f64::from(peers - 1),
            flows: u64::from(writers),
            channel: self.channel,
            ..Estimate::default()
        }
    }

    fn to_json(&self) -> serde_json::Value {
        json_of(ENTRY.kind, self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Seed;

    #[test]
    fn writers_type_at_their_rate_in_bursts_and_pause_between() {
        let params = r#"{ writers = 1, burst = "6 s", pause = "18 s" }"#;
        let text = Text::deserialize(toml::de::ValueDeserializer::parse(params).expect("TOML")).expect("parameters");
        let end = SimTime::ZERO + SimDuration::from_secs(100_000);
        let strokes = text.strokes(Streams::new(Seed(1)), 0, end);
        // A quarter of the time at 4.19 /s, and one more a burst: its first is at its begin. About 4,170 bursts of
        // exponential length, so that three standard deviations are 7 %.
        let (per_s, expected) = (strokes.len() as f64 / 1e5, 4.19 / 4.0 + 0.5 / 24.0);
        assert!((per_s / expected - 1.0).abs() < 0.07, "{per_s} /s, expected {expected}");
        let gaps: Vec<f64> = strokes.windows(2).map(|pair| pair[1].since(pair[0]).as_secs_f64()).collect();
        let within: Vec<f64> = gaps.iter().copied().filter(|&gap| gap < 1.5).collect();
        let mean = within.iter().sum::<f64>() / within.len() as f64;
        assert!((mean / 0.239 - 1.0).abs() < 0.05, "{mean} s between key strokes");
        let pauses = gaps.iter().filter(|&&gap| gap >= 1.5).count() as f64;
        assert!((3_400.0..4_400.0).contains(&pauses), "{pauses} pauses");
        assert!(strokes.windows(2).all(|pair| pair[0] < pair[1]));
    }
}
