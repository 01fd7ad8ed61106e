//! A plan as it stands in a JSON file: who connects to whom, in a form that a signaling server can take.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The version of plans that is written, and the only one that is read.
pub const PLAN_VERSION: u32 = 1;

/// A plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanDocument {
    /// [`PLAN_VERSION`].
    pub version: u32,
    /// The name of the scenario that it was made from.
    #[serde(default)]
    pub scenario: Option<String>,
    /// The seed of the population that it was made for.
    #[serde(default)]
    pub seed: Option<u64>,
    /// The label of the topology that made it.
    #[serde(default)]
    pub topology: Option<String>,
    /// Everybody; absent where all are peers and all have connections.
    #[serde(default)]
    pub nodes: Option<Vec<PlanNode>>,
    /// Connections between two nodes.
    #[serde(default)]
    pub pairs: Vec<[u32; 2]>,
    /// Trees among which messages are shared out, if there are any: each by the indices of its pairs.
    #[serde(default)]
    pub stripes: Vec<Vec<u32>>,
    /// Full meshes, by their members.
    #[serde(default)]
    pub blocks: Vec<Vec<u32>>,
    /// Connections that are set up and carry nothing until somebody's parent goes.
    #[serde(default)]
    pub standby: Vec<[u32; 2]>,
    /// The rule by which nodes pass messages on: a table with a `kind`.
    #[serde(default)]
    pub dissemination: Option<Value>,
}

/// A node of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanNode {
    /// Its number; of a peer that in the population.
    pub id: u32,
    /// Its class.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// What it is.
    #[serde(default)]
    pub role: PlanRole,
    /// Where it is, if the latency model has places.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
}

/// What a node of a plan is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PlanRole {
    /// A peer.
    #[default]
    Peer,
    /// A peer that passes on what others send: it has more than one pair or block.
    Hub,
    /// A server that the topology adds to the population.
    Server,
}

impl PlanRole {
    /// The word for it in files.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Peer => "peer",
            Self::Hub => "hub",
            Self::Server => "server",
        }
    }
}
