//! Full mesh: every peer connects to every other and sends to each directly.
//!
//! With `n` peers that all send `s` bytes at rate `r`, an uplink of rate `u` bounds them to
//! `r <= u / (8 s (n - 1))`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::context::BuildContext;
use super::part::{Burden, Connections, Part, Site};
use super::{Shape, Spread, Topology, TopologyEntry};
use crate::overlay::{Overlay, json_of};
use crate::rng::Stream;

pub(super) const ENTRY: TopologyEntry = TopologyEntry::new::<Mesh>("mesh", "every peer connects to every other");

/// A full mesh; it has no parameters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Mesh {}

impl Part for Mesh {
    fn among(&self, _: &Site<'_>, members: &[u32], _rooted: bool, _: &mut Stream, out: &mut Connections) {
        out.blocks.push(members.to_vec());
    }

    fn burden(&self, members: u32, _rooted: bool) -> Burden {
        Burden { degree: members.saturating_sub(1), passes_on: false }
    }
}

impl Topology for Mesh {
    fn label(&self) -> String {
        ENTRY.kind.to_owned()
    }

    fn shape(&self, peers: u32) -> Shape {
        Shape { tree: 0, core: u64::from(peers), spread: Spread::Direct }
    }

    fn build(&self, context: &BuildContext<'_>, _stream: &mut Stream) -> Overlay {
        Overlay::new(context.world.nodes(), &[], vec![(0..context.world.peers()).collect()])
    }

    fn to_json(&self) -> serde_json::Value {
        json_of(ENTRY.kind, self)
    }
}
