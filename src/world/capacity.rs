//! Capacity traces of a class's links, and where in them each peer begins.

use rand::Rng;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::World;
use crate::net::{CapacityFile, TraceServer};
use crate::rng::{Domain, Streams};
use crate::units::Bitrate;

/// Files with what the access link of a class can deliver, in place of its rates.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CapacitySpec {
    /// The uplink's trace: a file with one time in ms a line at which 1,504 bytes can be delivered,
    /// relative to the scenario.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub up: Option<CapacityFile>,
    /// The downlink's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub down: Option<CapacityFile>,
}

/// What serves the two directions of a node's link, where a trace does.
#[derive(Clone, Debug, Default)]
pub struct TraceServers {
    /// The uplink.
    pub up: Option<TraceServer>,
    /// The downlink.
    pub down: Option<TraceServer>,
}

impl CapacitySpec {
    /// Whether no direction has a trace.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.up.is_none() && self.down.is_none()
    }

    /// The mean rates of the traces: up and down.
    pub(super) fn mean_rates(&self) -> [Option<Bitrate>; 2] {
        [&self.up, &self.down].map(|file| file.as_ref().map(|file| file.trace.mean_rate()))
    }
}

impl World {
    /// What serves a node's link where its class has traces. Each peer begins at a place of its own,
    /// uniform over the trace, the same part of both directions.
    #[must_use]
    pub fn trace_servers(&self, node: u32, streams: Streams) -> TraceServers {
        let capacity = &self.class(node).capacity;
        if capacity.is_empty() {
            return TraceServers::default();
        }
        let part = streams.stream(Domain::CapacityTrace, u64::from(node)).next_u64();
        let server =
            |file: &Option<CapacityFile>| file.as_ref().map(|file| TraceServer::starting_at(file.trace.clone(), part));
        TraceServers { up: server(&capacity.up), down: server(&capacity.down) }
    }
}
