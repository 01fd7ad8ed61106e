//! The settings of a cell apart from its topology.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::net::LatencySpec;
use crate::overlay::workload::{Service, Workload};
use crate::units::SimDuration;
use crate::webrtc::WebrtcSpec;
use crate::world::PopulationSpec;

/// The settings of a cell apart from its topology.
#[derive(Clone, Debug, Serialize)]
pub struct Settings {
    /// Duration, warm-up and drain.
    pub run: RunSettings,
    /// Who takes part.
    pub population: PopulationSpec,
    /// Propagation delay between peers.
    #[serde(serialize_with = "latency_with_kind")]
    pub latency: LatencySpec,
    /// Set-up profile, TURN, signaling and header overhead.
    pub webrtc: WebrtcSpec,
    /// Who sends what.
    #[serde(serialize_with = "workloads_as_json")]
    pub workloads: Vec<Arc<dyn Workload>>,
}

impl Settings {
    /// What a workload asks of its channel; nothing special for one that there is not, as that of control messages.
    pub(crate) fn service(&self, workload: u16) -> Service {
        self.workloads.get(usize::from(workload)).map_or_else(Service::default, |workload| workload.service())
    }
}

/// How long a replication lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct RunSettings {
    /// Applications publish from time zero until here.
    pub duration: SimDuration,
    /// What is published before this time is not measured.
    pub warmup: SimDuration,
    /// How long after `duration` copies may still arrive; later ones count as in flight.
    pub drain: SimDuration,
    /// What is followed on its way.
    pub grain: Grain,
}

/// What a replication follows on its way over the connections.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Grain {
    /// Messages: about one event a hop, up to a million peers. Losses and retransmissions in closed form; no
    /// congestion control.
    #[default]
    Message,
    /// Packets: every one of every connection, with SCTP's acknowledgements, congestion control and
    /// repairs, up to some thousand connections.
    Packet,
}

fn workloads_as_json<S: serde::Serializer>(workloads: &[Arc<dyn Workload>], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(workloads.iter().map(|workload| workload.to_json()))
}

fn latency_with_kind<S: serde::Serializer>(latency: &LatencySpec, serializer: S) -> Result<S::Ok, S::Error> {
    use serde::ser::Error;
    let tagged = serde_json::to_value(latency).map_err(S::Error::custom)?;
    let entry = tagged.as_object().and_then(|object| object.iter().next());
    let (kind, values) = entry.ok_or_else(|| S::Error::custom("a latency without a kind"))?;
    crate::overlay::json_of(kind, values).serialize(serializer)
}
