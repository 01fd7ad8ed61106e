//! Workloads: who sends what to whom, how large, how often.
//!
//! Adding one is one file beside this one and one line in [`WORKLOADS`].

use std::fmt::Debug;
use std::sync::Arc;

use rand::RngExt;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::audience::ALL;
use super::entry::Entry;
use crate::rng::{Domain, Stream, Streams};
use crate::units::{ByteCount, SimDuration, SimTime};
use crate::world::World;

pub mod adaptation;
mod broadcast;
mod channel;
mod chunks;
mod distribution;
mod estimate;
mod game;
mod limits;
mod live;
mod popularity;
mod pub_sub;
mod request_response;
mod service;
mod state_sync;
mod telemetry;
mod text;
mod trace;

pub use channel::Channel;
pub use chunks::{CHUNK_HEADER, CHUNKS_MAX, Chunking, Part, RepairChunks};
pub use estimate::Estimate;
pub use limits::{ContentLimits, Limits};
pub use live::Live;
pub use service::Service;
pub use trace::{MessageFile, MessageLog};

/// A rule that says who sends what to whom, how large, how often.
pub trait Workload: Debug + Send + Sync {
    /// The flows among the peers of `world`, the same for every topology of the replication;
    /// `nth` is the workload's place among those of the scenario.
    fn flows(&self, world: &World, streams: Streams, nth: u32) -> Vec<Flow>;

    /// What it asks of a population.
    fn limits(&self) -> Limits<'_>;

    /// How much it sends in a run of this length among so many peers.
    fn estimate(&self, peers: u32, run: SimDuration) -> Estimate;

    /// The peers that messages are for, where they are not for everybody: lists without repetition, which the
    /// flows name by their places.
    fn audiences(&self, _world: &World, _streams: Streams, _nth: u32) -> Vec<Vec<u32>> {
        Vec::new()
    }

    /// The times at which flows publish that name them, in order: lists that the flows name by their places. Nothing
    /// is published at `end` or later.
    fn times(&self, _streams: Streams, _nth: u32, _end: SimTime) -> Vec<Vec<SimTime>> {
        Vec::new()
    }

    /// What is fetched in pieces beside what is published, if anything is.
    fn content(&self, _world: &World, _streams: Streams, _nth: u32) -> Option<Content> {
        None
    }

    /// The file that its messages come from, if they do.
    fn file(&self) -> Option<&MessageFile> {
        None
    }

    /// The same workload with what has been read from that file.
    fn with_file(&self, _file: MessageFile) -> Option<Arc<dyn Workload>> {
        None
    }

    /// When its last message is published, if it knows; that must be before the run ends.
    fn last_publication(&self) -> Option<SimTime> {
        None
    }

    /// How its channel serves it beyond losses and order.
    fn service(&self) -> Service {
        Service::default()
    }

    /// At which bitrates it is sent, if it can be sent at several.
    fn live(&self) -> Option<Live> {
        None
    }

    /// The parameters with their defaults filled in, for the manifest.
    fn to_json(&self) -> serde_json::Value;
}

impl dyn Workload {
    /// The size of the largest message, or chunk of one.
    #[must_use]
    pub fn largest_message(&self) -> ByteCount {
        self.limits().largest_message()
    }

    /// Into how many pieces its content is cut, if it has one.
    #[must_use]
    pub fn pieces(&self) -> Option<u64> {
        self.limits().content.map(|content| content.pieces)
    }
}

/// One peer that publishes a message again and again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flow {
    /// Names the flow's random streams: which of the source's flows it is, the workload's place among those of the
    /// scenario, and the source (16, 16 and 32 bits).
    pub id: u64,
    /// The peer that publishes.
    pub source: u32,
    /// The peers that its messages are for, as an index into the workload's audiences; or [`ALL`].
    pub audience: u32,
    /// When it publishes.
    pub arrivals: Arrivals,
    /// The first publication of periodic arrivals.
    pub start: SimTime,
    /// The time between two publications, or its mean.
    pub period: SimDuration,
    /// The times at which it publishes, as an index into the workload's; as `arrivals` says if absent.
    pub times: Option<u32>,
    /// The size of a message.
    pub size: ByteCount,
    /// How the channel treats losses and order.
    pub channel: Channel,
    /// Whether its messages ask for answers, or are answers.
    pub role: Role,
    /// Which chunk of a message its messages are, where they are cut: the flows of the other chunks stand beside it.
    pub part: Part,
}

/// What the messages of a flow are to those of others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Role {
    /// Messages that nobody answers.
    #[default]
    Message,
    /// Requests. When one is delivered, the flow that comes next answers it after `service_time` with the message of
    /// the same number.
    Request {
        /// How long the application takes for it.
        service_time: SimDuration,
    },
    /// Responses to the requests of the flow that comes before, with which it shares its id and its times: a response
    /// counts as published when its request is.
    Response,
}

impl Flow {
    /// The flows of the chunks that its messages are cut into; itself where they stay whole.
    pub fn cut(self, chunking: Chunking) -> impl Iterator<Item = Self> {
        chunking.parts(self.size).map(move |(part, size)| Self { part, size, ..self })
    }

    /// The place of its workload among those of the scenario.
    #[must_use]
    pub const fn workload(&self) -> u16 {
        (self.id >> 32) as u16
    }
}

/// A content that some peers have and all others fetch in pieces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    /// The workload's place among those of the scenario.
    pub nth: u32,
    /// The peers that have it from the beginning, in the order of their numbers.
    pub sources: Vec<u32>,
    /// Its size.
    pub size: ByteCount,
    /// The size of all pieces but the last.
    pub piece: ByteCount,
    /// The size of the messages that a piece is sent in.
    pub chunk: ByteCount,
    /// How many pieces a peer fetches at a time.
    pub downloads: u32,
    /// How many pieces a peer sends at a time.
    pub uploads: u32,
    /// Which piece a peer asks for first.
    pub order: PieceOrder,
    /// When the sources have it, if not at the end of the warm-up.
    pub start: Option<SimDuration>,
}

/// Which of the pieces that it lacks and that a neighbour has a peer asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PieceOrder {
    /// That which fewest have or are fetching, over all peers: what BitTorrent does with what a peer's
    /// neighbours tell.
    #[default]
    RarestFirst,
    /// The first: for what is used while it arrives.
    InOrder,
}

/// The arrival process of a flow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Arrivals {
    /// One message a period, from a random phase on: frames, ticks, poses.
    #[default]
    Periodic,
    /// A Poisson process of the same rate: independent events, such as key strokes of many.
    Poisson,
}

/// The row of a workload.
pub type WorkloadEntry = Entry<Arc<dyn Workload>>;

/// Every workload, in the order to show them.
pub static WORKLOADS: &[WorkloadEntry] = &[
    broadcast::ENTRY,
    state_sync::ENTRY,
    telemetry::ENTRY,
    pub_sub::ENTRY,
    request_response::ENTRY,
    game::ENTRY,
    text::ENTRY,
    trace::ENTRY,
    live::ENTRY,
    distribution::ENTRY,
];

impl WorkloadEntry {
    /// The row of a workload whose parameters are `P`.
    #[must_use]
    pub const fn new<P>(kind: &'static str, summary: &'static str) -> Self
    where
        P: Workload + DeserializeOwned + JsonSchema + 'static,
    {
        Self::of::<P>(kind, summary, |value| P::deserialize(value).map(|params| Arc::new(params) as Arc<dyn Workload>))
    }
}

/// `count` of the candidates, or all of them if there are fewer, drawn without replacement.
fn choose(candidates: &[u32], count: u32, stream: &mut Stream) -> Vec<u32> {
    let mut pool = candidates.to_vec();
    let count = pool.len().min(count as usize);
    for slot in 0..count {
        let other = stream.random_range(slot..pool.len());
        pool.swap(slot, other);
    }
    pool.truncate(count);
    pool
}

/// What every source of a workload publishes.
struct Traffic {
    message: ByteCount,
    period: SimDuration,
    arrivals: Arrivals,
    channel: Channel,
}

/// One flow a source to everybody, each with a random phase within the period.
fn flows_of(sources: &[u32], traffic: &Traffic, streams: Streams, nth: u32) -> Vec<Flow> {
    sources.iter().map(|&source| flow_of(source, ALL, traffic, streams, u64::from(nth) << 32)).collect()
}

/// The flow of a source to an audience, whose id is `place` and the source.
fn flow_of(source: u32, audience: u32, traffic: &Traffic, streams: Streams, place: u64) -> Flow {
    let Traffic { message: size, period, arrivals, channel } = *traffic;
    let id = place | u64::from(source);
    let start = SimTime::from_ns(streams.stream(Domain::WorkloadPhase, id).random_range(0..period.as_ns()));
    Flow {
        id,
        source,
        audience,
        arrivals,
        start,
        period,
        times: None,
        size,
        channel,
        role: Role::Message,
        part: Part::WHOLE,
    }
}
