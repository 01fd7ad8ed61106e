//! A live stream that can be sent at several bitrates: video in a call, in a class, at an event.
//!
//! The stream is cut into chunks of equal time. A peer that sends one on chooses, for each of its connections, at
//! which bitrate of the ladder, but never above that at which it has the chunk itself, as a server that forwards
//! the layers of simulcast or scalable video does (RFC 7667, section 3.7). So the bitrate of a whole subtree falls with the
//! connection to its root.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use super::adaptation::AdaptationSpec;
use super::{Arrivals, Channel, Estimate, Flow, Limits, Service, Traffic, Workload, WorkloadEntry, service};
use crate::overlay::json_of;
use crate::rng::{Domain, Streams};
use crate::units::{Bitrate, Bounded, ByteCount, SimDuration};
use crate::webrtc::sctp::Priority;
use crate::world::World;

pub(super) const ENTRY: WorkloadEntry = WorkloadEntry::new::<LiveParams>(
    "live",
    "a few sources send a stream at one of several bitrates, chosen on every hop",
);

/// `sources` peers send a live stream to all others, in chunks of `chunk`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Live")]
pub(super) struct LiveParams {
    /// How many peers send a stream; all if there are fewer.
    #[serde(default = "one")]
    sources: Bounded<1, 1_000>,
    /// The class the sources belong to; any class if absent.
    #[serde(default)]
    from: Option<String>,
    /// The bitrates it can be sent at, rising.
    #[serde(default)]
    ladder: Ladder,
    /// Whether a sender changes the bitrate with what its connection carries.
    #[serde(default)]
    adaptation: AdaptationMode,
    /// The time that a chunk takes to play.
    #[serde(default = "chunk", deserialize_with = "chunk_within")]
    chunk: SimDuration,
    /// How long after being published a chunk is played: what arrives later is missed.
    #[serde(default = "playout", deserialize_with = "playout_within")]
    playout: SimDuration,
    /// The channel that carries the chunks.
    #[serde(default = "channel")]
    channel: Channel,
    /// Its share of a connection beside other workloads.
    #[serde(default, skip_serializing_if = "service::is_default")]
    priority: Priority,
    /// How long a chunk is worth sending (`maxPacketLifeTime`), whatever the channel repeats.
    #[serde(default, deserialize_with = "service::lifetime", skip_serializing_if = "Option::is_none")]
    lifetime: Option<SimDuration>,
}

/// Bitrates, rising, as text with commas: a list would be an axis.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String", example = &"300 kbit/s, 1 Mbit/s, 3 Mbit/s", example = &"hls")]
pub(super) struct Ladder(Vec<Bitrate>);

/// Whether a sender changes the bitrate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum AdaptationMode {
    /// On every connection by itself.
    #[default]
    Connection,
    /// Never: the highest bitrate is sent.
    Off,
}

/// What simulates a live stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Live {
    /// The bitrates.
    pub ladder: Arc<[Bitrate]>,
    /// The size of a chunk at each of them.
    pub sizes: Vec<ByteCount>,
    /// How a sender adapts, if it does.
    pub adaptation: Option<AdaptationSpec>,
    /// How long after being published a chunk is played.
    pub playout: SimDuration,
}

fn one() -> Bounded<1, 1_000> {
    Bounded::new(1).expect("invariant: one is in range")
}

const fn chunk() -> SimDuration {
    SimDuration::from_ms(100)
}

const fn playout() -> SimDuration {
    SimDuration::from_ms(1_000)
}

fn chunk_within<'de, D: Deserializer<'de>>(value: D) -> Result<SimDuration, D::Error> {
    service::within(value, "a chunk", [SimDuration::from_ms(5), SimDuration::from_secs(60)])
}

fn playout_within<'de, D: Deserializer<'de>>(value: D) -> Result<SimDuration, D::Error> {
    service::within(value, "a playout", [SimDuration::from_ms(1), SimDuration::from_secs(3_600)])
}

const fn channel() -> Channel {
    Channel::ReliableUnordered
}

impl Default for Ladder {
    fn default() -> Self {
        Self(HLS_KBIT.map(|kbit| Bitrate::from_bps(kbit * 1_000)).to_vec())
    }
}

/// Six of the bitrates of 16:9 video in H.264 in Apple's "HLS authoring specification for Apple devices".
const HLS_KBIT: [u64; 6] = [145, 365, 730, 2_000, 3_000, 4_500];
const HLS: &str = "hls";

/// Most bitrates of a ladder.
const LEVELS_MAX: usize = 16;

impl TryFrom<String> for Ladder {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if text == HLS {
            return Ok(Self::default());
        }
        let rate = |part: &str| part.trim().parse::<Bitrate>().map_err(|error| error.to_string());
        let rates = text.split(',').map(rate).collect::<Result<Vec<_>, _>>()?;
        if rates.len() > LEVELS_MAX {
            return Err(format!("{} bitrates are too many for a ladder: at most {LEVELS_MAX}", rates.len()));
        }
        if rates[0].as_bps() == 0 || rates.windows(2).any(|pair| pair[0] >= pair[1]) {
            return Err(format!("the bitrates of a ladder rise from above zero, `{text}` does not"));
        }
        Ok(Self(rates))
    }
}

impl From<Ladder> for String {
    fn from(ladder: Ladder) -> Self {
        ladder.0.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
    }
}

impl LiveParams {
    fn size(&self, rate: Bitrate) -> ByteCount {
        rate.bytes_in(self.chunk).max(ByteCount::new(1))
    }

    fn largest_chunk(&self) -> ByteCount {
        self.ladder.0.last().map_or_else(ByteCount::default, |&rate| self.size(rate))
    }
}

impl Workload for LiveParams {
    fn flows(&self, world: &World, streams: Streams, nth: u32) -> Vec<Flow> {
        let candidates = world.peers_of_class(self.from.as_deref());
        let chosen =
            super::choose(&candidates, self.sources.get(), &mut streams.stream(Domain::Workload, u64::from(nth)));
        let traffic = Traffic {
            message: self.largest_chunk(),
            period: self.chunk,
            arrivals: Arrivals::Periodic,
            channel: self.channel,
        };
        super::flows_of(&chosen, &traffic, streams, nth)
    }

    fn service(&self) -> Service {
        Service { priority: self.priority, lifetime: self.lifetime }
    }

    fn live(&self) -> Option<Live> {
        let rates = &self.ladder.0;
        Some(Live {
            sizes: rates.iter().map(|&rate| self.size(rate)).collect(),
            ladder: rates.clone().into(),
            adaptation: (self.adaptation == AdaptationMode::Connection).then(AdaptationSpec::default),
            playout: self.playout,
        })
    }

    fn limits(&self) -> Limits<'_> {
        Limits {
            sizes: vec![("chunk", self.largest_chunk())],
            sources: Some(("sources", self.sources.get())),
            takes_fewer: true,
            chosen: self.from.as_deref().map(|class| ("sources", self.sources.get(), class)),
            classes: self.from.iter().map(|class| ("from", class.as_str())).collect(),
            ..Limits::default()
        }
    }

    fn estimate(&self, peers: u32, run: SimDuration) -> Estimate {
        let sources = self.sources.get().min(peers);
        Estimate {
            messages: f64::from(sources) / self.chunk.as_secs_f64() * run.as_secs_f64(),
            receivers: f64::from(peers - 1),
            flows: u64::from(sources),
            channel: self.channel,
            ..Estimate::default()
        }
    }

    fn to_json(&self) -> serde_json::Value {
        json_of(ENTRY.kind, self)
    }
}
