//! Star: every peer connects to one hub, which passes every message on to all others.
//!
//! The hub is the peer with the fastest uplink, or a server that is added to the population.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::de::Error as _;
use serde::{Deserialize, Serialize};
use toml::de::{Error, ValueDeserializer};

use super::context::BuildContext;
use super::part::{Burden, Connections, Part, Site};
use super::tree::{backups_label, is_none};
use super::{Shape, Spread, Topology, TopologyEntry};
use crate::overlay::{Overlay, json_of};
use crate::rng::Stream;
use crate::units::Bounded;

pub(super) const ENTRY: TopologyEntry =
    TopologyEntry::of::<Star>("star", "every peer connects to one hub: the best-connected peer, or a server", alone);

/// A star and its hub.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Star {
    /// Who is the hub.
    #[serde(default)]
    hub: Hub,
    /// As what hangs at the hubs of a hybrid: how many other hubs each spoke is connected to on standby, in case that its own
    /// goes. A star alone has no other hub.
    #[serde(default, skip_serializing_if = "is_none")]
    backup_parents: Bounded<0, 3>,
}

// A star by itself, whose spokes have no other hub.
fn alone(value: ValueDeserializer<'_>) -> Result<Arc<dyn Topology>, Error> {
    let star = Star::deserialize(value)?;
    if !is_none(&star.backup_parents) {
        return Err(Error::custom(
            "a star has one hub, so nobody has another parent: leave out `backup_parents`, or use it in a hybrid's `attach`",
        ));
    }
    Ok(Arc::new(star))
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

    fn backup_parents(&self) -> u32 {
        self.backup_parents.get()
    }

    fn has_one_hub(&self) -> bool {
        true
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
        let hub = match self.hub {
            Hub::BestUplink => "",
            Hub::Server => " hub=server",
        };
        format!("{}{hub}{}", ENTRY.kind, backups_label(self.backup_parents))
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
