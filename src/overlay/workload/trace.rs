//! A trace: the messages of a real application, from a CSV file.

mod log;
mod parse;
mod summary;

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use self::log::{MessageFile, MessageLog};
use super::{
    Arrivals, Channel, Chunking, Estimate, Flow, Limits, Part, RepairChunks, Role, Service, Workload, WorkloadEntry,
    service,
};
use crate::overlay::audience::ALL;
use crate::overlay::json_of;
use crate::rng::Streams;
use crate::units::{ByteCount, SimDuration, SimTime};
use crate::webrtc::sctp::Priority;
use crate::world::World;

pub(super) const ENTRY: WorkloadEntry =
    WorkloadEntry::new::<Trace>("trace", "peers publish the messages of a CSV file at the times that it gives");

/// The messages of a CSV file with the columns `time_s`, `source`, `bytes` and, if it likes, `to`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Trace {
    /// The file, relative to the scenario.
    file: MessageFile,
    /// Messages that are published later are left out; none if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    until: Option<SimDuration>,
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

impl Trace {
    fn log(&self) -> &MessageLog {
        &self.file.log
    }

    fn is_kept(&self, time: SimTime) -> bool {
        self.until.is_none_or(|until| time <= SimTime::ZERO + until)
    }
}

impl Workload for Trace {
    // One flow for each source, audience and size, which the file lists with their times.
    fn flows(&self, _world: &World, _streams: Streams, nth: u32) -> Vec<Flow> {
        let log = self.log();
        let flow = |(logged, list): (&log::LoggedFlow, u32)| Flow {
            id: u64::from(nth) << 32 | u64::from(logged.source),
            source: logged.source,
            audience: logged.audience.unwrap_or(ALL),
            arrivals: Arrivals::Periodic,
            start: SimTime::ZERO,
            // Its mean follows from the times and the run.
            period: SimDuration::from_secs(1),
            times: Some(list),
            size: logged.size,
            channel: self.channel,
            role: Role::Message,
            part: Part::WHOLE,
        };
        log.flows().iter().zip(0..).map(flow).collect()
    }

    fn audiences(&self, _world: &World, _streams: Streams, _nth: u32) -> Vec<Vec<u32>> {
        self.log().audiences().to_vec()
    }

    fn times(&self, _streams: Streams, _nth: u32, end: SimTime) -> Vec<Vec<SimTime>> {
        let is_kept = |time: &&SimTime| self.is_kept(**time) && **time < end;
        self.log().flows().iter().map(|flow| flow.times.iter().take_while(is_kept).copied().collect()).collect()
    }

    fn file(&self) -> Option<&MessageFile> {
        Some(&self.file)
    }

    fn with_file(&self, file: MessageFile) -> Option<Arc<dyn Workload>> {
        Some(Arc::new(Self { file, ..self.clone() }))
    }

    fn last_publication(&self) -> Option<SimTime> {
        let times = self.log().flows().iter().flat_map(|flow| &flow.times);
        times.copied().filter(|&time| self.is_kept(time)).max()
    }

    fn service(&self) -> Service {
        Service { priority: self.priority, lifetime: self.lifetime }
    }

    fn limits(&self) -> Limits<'_> {
        let mut sizes: Vec<ByteCount> = self.log().flows().iter().map(|flow| flow.size).collect();
        sizes.sort_unstable();
        sizes.dedup();
        Limits {
            sizes: sizes.into_iter().map(|size| ("file", size)).collect(),
            // All whom the file names.
            sources: Some(("file", self.log().peers())),
            chunking: Chunking::new(self.chunk, self.repair_chunks),
            ..Limits::default()
        }
    }

    fn estimate(&self, peers: u32, run: SimDuration) -> Estimate {
        let log = self.log();
        let is_published = |time: &&SimTime| self.is_kept(**time) && time.since(SimTime::ZERO) < run;
        let chunks = |flow: &log::LoggedFlow| Chunking::new(self.chunk, self.repair_chunks).count(flow.size);
        let messages =
            |flow: &log::LoggedFlow| flow.times.iter().filter(is_published).count() as f64 * chunks(flow) as f64;
        let copies = |flow: &log::LoggedFlow| {
            let receivers = flow.audience.map_or(peers - 1, |list| log.audiences()[list as usize].len() as u32);
            f64::from(receivers) * flow.times.len() as f64
        };
        Estimate {
            messages: log.flows().iter().map(messages).sum(),
            lists_times: true,
            receivers: log.flows().iter().map(copies).sum::<f64>() / log.messages().max(1) as f64,
            flows: log.flows().iter().map(chunks).sum(),
            channel: self.channel,
            ..Estimate::default()
        }
    }

    fn to_json(&self) -> serde_json::Value {
        json_of(ENTRY.kind, self)
    }
}
