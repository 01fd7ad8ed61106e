//! An overlay from a file: a plan that this program or another one has made.
//!
//! Files name peers by their numbers in the population and servers by numbers of their own. What may stand in them is
//! checked when they are read ([`draft`]); whether the population has so many peers, when the scenario is resolved.

mod document;
mod draft;
mod edges;
mod graphml;
mod json;
mod plan;
mod summary;

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::context::BuildContext;
use super::{Shape, Topology, TopologyEntry};
use crate::overlay::{Overlay, json_of};
use crate::rng::Stream;

pub use self::document::{PLAN_VERSION, PlanDocument, PlanNode, PlanRole};
pub use self::plan::{Plan, PlanFile};

pub(super) const ENTRY: TopologyEntry =
    TopologyEntry::new::<FromFile>("file", "the connections of a file: a JSON plan, a CSV edge list, or GraphML");

/// The overlay of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct FromFile {
    /// The file, relative to the scenario. Its ending says what it is: `.json`, `.csv` or `.graphml`.
    file: PlanFile,
}

impl Topology for FromFile {
    fn label(&self) -> String {
        format!("{}={}", ENTRY.kind, self.file.file.display())
    }

    fn servers(&self, _peers: u32) -> u32 {
        self.file.plan.servers()
    }

    fn shape(&self, _peers: u32) -> Shape {
        self.file.plan.shape()
    }

    fn build(&self, context: &BuildContext<'_>, _stream: &mut Stream) -> Overlay {
        self.file.plan.overlay(context.world.peers())
    }

    fn file(&self) -> Option<&PlanFile> {
        Some(&self.file)
    }

    fn with_file(&self, file: PlanFile) -> Option<Arc<dyn Topology>> {
        Some(Arc::new(Self { file }))
    }

    fn to_json(&self) -> serde_json::Value {
        json_of(ENTRY.kind, self)
    }
}
