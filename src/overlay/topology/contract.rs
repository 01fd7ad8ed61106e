//! What a topology is, and its row in the table.

use std::fmt::Debug;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use super::context::BuildContext;
use super::file::PlanFile;
use super::shape::Shape;
use crate::overlay::dissemination::DisseminationSpec;
use crate::overlay::{Entry, Overlay};
use crate::rng::Stream;

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

    /// How many children a peer has at most, where the overlay is a single tree without servers in any population.
    fn children_max(&self) -> Option<u32> {
        None
    }

    /// The connections among the peers and servers of a world; `stream` is the topology's own.
    fn build(&self, context: &BuildContext<'_>, stream: &mut Stream) -> Overlay;

    /// The rule by which nodes pass messages on, where the scenario does not name one.
    fn dissemination(&self) -> DisseminationSpec {
        DisseminationSpec::default()
    }

    /// Whether it is built by what messages ask of peers, so that contents in pieces are unknown to it.
    fn weighs_messages(&self) -> bool {
        false
    }

    /// Classes of peers that its parameters name.
    fn classes(&self) -> Vec<String> {
        Vec::new()
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

/// The row of a topology.
pub type TopologyEntry = Entry<Arc<dyn Topology>>;

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
