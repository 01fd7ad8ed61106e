//! Star: every peer connects to one hub, which passes every message on to all others.
//!
//! The hub is the peer with the fastest uplink, or a server that is added to the population.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::context::BuildContext;
use super::part::{Burden, Connections, Part, Site};
use super::{Shape, Spread, Topology, TopologyEntry};
use crate::overlay::{Overlay, json_of};
use crate::rng::Stream;

pub(super) const ENTRY: TopologyEntry =
    TopologyEntry::new::<Star>("star", "every peer connects to one hub: the best-connected peer, or a server");

/// A star and its hub.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Star {
    /// Who is the hub.
    #[serde(default)]
    hub: Hub,
}

/// Who is the hub of a star.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Hub {
    /// The peer with the fastest uplink.
    #[default]
    BestUplink,
    /// A server in a data centre, at the place with the lowest mean latency to the peers.
    Server,
}

impl Part for Star {
    fn among(&self, site: &Site<'_>, members: &[u32], rooted: bool, _: &mut Stream, out: &mut Connections) {
        let hub = if rooted { members[0] } else { site.build.world.by_uplink(members)[0] };
        out.pairs.extend(members.iter().filter(|&&member| member != hub).map(|&member| (hub, member)));
    }

    fn burden(&self, members: u32, _rooted: bool) -> Burden {
        Burden { degree: members.saturating_sub(1), passes_on: true }
    }

    fn adds_servers(&self) -> bool {
        self.hub == Hub::Server
    }
}

impl Topology for Star {
    fn label(&self) -> String {
        match self.hub {
            Hub::BestUplink => ENTRY.kind.to_owned(),
            Hub::Server => format!("{} hub=server", ENTRY.kind),
        }
    }

    fn servers(&self, _peers: u32) -> u32 {
        u32::from(self.hub == Hub::Server)
    }

    fn shape(&self, peers: u32) -> Shape {
        let tree = u64::from(peers - 1) + u64::from(self.servers(peers));
        Shape { tree, core: 0, spread: Spread::Hub }
    }

    fn build(&self, context: &BuildContext<'_>, _stream: &mut Stream) -> Overlay {
        let world = context.world;
        let hub = match self.hub {
            Hub::BestUplink => world.peers_by_uplink()[0],
            Hub::Server => world.peers(),
        };
        let spokes: Vec<_> = (0..world.peers()).filter(|&peer| peer != hub).map(|peer| (hub, peer)).collect();
        Overlay::new(world.nodes(), &spokes, Vec::new())
    }

    fn to_json(&self) -> serde_json::Value {
        json_of(ENTRY.kind, self)
    }
}
