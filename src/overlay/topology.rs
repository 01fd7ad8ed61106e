//! Topologies: the rules that say which connections should exist.
//!
//! Adding one is one file beside this one and one line in [`TOPOLOGIES`]. The table drives parsing,
//! `peerscape list topologies`, the JSON schema and the conformance tests.

use std::fmt::Debug;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use super::dissemination::DisseminationSpec;
use super::entry::Entry;
use super::graph::Overlay;
use crate::rng::Stream;

mod capacity;
mod context;
mod file;
mod hubs;
mod hybrid;
mod links;
mod mesh;
mod nearest;
mod neighbours;
mod part;
mod random_regular;
mod ring;
mod ruled;
mod star;
mod tree;

pub use context::BuildContext;
pub use file::{PLAN_VERSION, Plan, PlanDocument, PlanFile, PlanNode, PlanRole};
pub(crate) use ruled::ruled;

/// A rule that says which connections should exist.
pub trait Topology: Debug + Send + Sync {
    /// The name with the parameters that differ from their defaults: `mesh`, `tree degree=8`.
    fn label(&self) -> String;

    /// How many servers the topology adds to a population of so many peers; they relay and receive no messages of
    /// their own.
    fn servers(&self, _peers: u32) -> u32 {
        0
    }

    /// How many connections it has among so many peers, its servers included, and who passes messages on: in closed
    /// form, for estimates that come before anything is built.
    fn shape(&self, peers: u32) -> Shape;

    /// The connections among the peers and servers of a world; `stream` is the topology's own.
    fn build(&self, context: &BuildContext<'_>, stream: &mut Stream) -> Overlay;

    /// The rule by which nodes pass messages on, where the scenario does not name one.
    fn dissemination(&self) -> DisseminationSpec {
        DisseminationSpec::Horizon
    }

    /// The file that its connections come from, if it names one.
    fn file(&self) -> Option<&PlanFile> {
        None
    }

    /// The same topology with what was read from its file, if it names one.
    fn with_file(&self, _file: PlanFile) -> Option<Arc<dyn Topology>> {
        None
    }

    /// The parameters with their defaults filled in, for the manifest.
    fn to_json(&self) -> serde_json::Value;
}

/// What is known of an overlay before it is built.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shape {
    /// Connections outside of the core.
    pub tree: u64,
    /// Members of the core, all of which are connected to each other.
    pub core: u64,
    /// How a message spreads.
    pub spread: Spread,
}

/// How a message spreads from the one who publishes it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Spread {
    /// To everybody at once.
    #[default]
    Direct,
    /// By way of one hub.
    Hub,
    /// To so many at each level.
    Levels(u32),
    /// By way of one of so many hubs to all others.
    Hubs(u32),
}

impl Shape {
    /// All connections.
    #[must_use]
    pub const fn connections(&self) -> u64 {
        self.tree + self.core * self.core.saturating_sub(1) / 2
    }
}

/// The row of a topology.
pub type TopologyEntry = Entry<Arc<dyn Topology>>;

/// Every topology, in the order to show them.
pub static TOPOLOGIES: &[TopologyEntry] = &[
    mesh::ENTRY,
    star::ENTRY,
    tree::ENTRY,
    hybrid::ENTRY,
    random_regular::ENTRY,
    ring::ENTRY,
    neighbours::ENTRY,
    file::ENTRY,
];

impl TopologyEntry {
    /// The row of a topology whose parameters are `P`.
    #[must_use]
    pub const fn new<P>(kind: &'static str, summary: &'static str) -> Self
    where
        P: Topology + DeserializeOwned + JsonSchema + 'static,
    {
        Self::of::<P>(kind, summary, |value| P::deserialize(value).map(|params| Arc::new(params) as Arc<dyn Topology>))
    }
}
