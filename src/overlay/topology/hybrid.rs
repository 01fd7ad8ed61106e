//! Hybrid: hubs in a full mesh, every other peer a spoke of one hub.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::nearest::Hubs;
use super::{Shape, Spread, Topology, TopologyEntry};
use crate::overlay::{Overlay, json_of};
use crate::rng::Stream;
use crate::units::Bounded;
use crate::world::World;

pub(super) const ENTRY: TopologyEntry = TopologyEntry::new::<Hybrid>(
    "hybrid",
    "hubs in a full mesh, every other peer a spoke of the nearest hub with room",
);

/// A mesh of hubs with a star around each.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Hybrid {
    /// Most peers around a hub, the hub included: there are `peers / peers_per_hub` hubs, rounded
    /// up, and they are the peers with the fastest uplinks.
    #[serde(default = "default_peers_per_hub")]
    peers_per_hub: Bounded<1, 1_000_000>,
}

fn default_peers_per_hub() -> Bounded<1, 1_000_000> {
    Bounded::new(16).expect("invariant: sixteen is in range")
}

impl Topology for Hybrid {
    fn label(&self) -> String {
        format!("{} peers_per_hub={}", ENTRY.kind, self.peers_per_hub)
    }

    fn shape(&self, peers: u32) -> Shape {
        let hubs = peers.div_ceil(self.peers_per_hub.get());
        Shape { tree: u64::from(peers - hubs), core: u64::from(hubs), spread: Spread::Hubs(hubs) }
    }

    fn build(&self, world: &World, _sources: &[u32], _stream: &mut Stream) -> Overlay {
        let order = world.peers_by_uplink();
        let hub_count = world.peers().div_ceil(self.peers_per_hub.get()) as usize;
        let (hubs, spokes) = order.split_at(hub_count);
        let mut nearest = Hubs::new(world, hubs.iter().map(|&hub| (hub, self.peers_per_hub.get() - 1)));
        let mut attach = |&spoke: &u32| (nearest.take(spoke).expect("invariant: the hubs have room for all"), spoke);
        let edges: Vec<_> = spokes.iter().map(&mut attach).collect();
        Overlay::new(world.nodes(), &edges, vec![hubs.to_vec()])
    }

    fn to_json(&self) -> serde_json::Value {
        json_of(ENTRY.kind, self)
    }
}
