//! Balanced k-ary tree: peer number `i` of the tree's order has the children `k i + 1 .. k i + k`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::context::BuildContext;
use super::part::{Burden, Connections, Part, Site};
use super::{Shape, Spread, Topology, TopologyEntry};
use crate::overlay::{Overlay, json_of};
use crate::rng::Stream;
use crate::units::Bounded;
use crate::world::World;

pub(super) const ENTRY: TopologyEntry =
    TopologyEntry::new::<Tree>("tree", "a balanced tree with `degree` children a peer");

/// A balanced tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Tree {
    /// Most children of a peer.
    #[serde(default = "default_degree")]
    degree: Bounded<1, 65_535>,
    /// In which order peers take their places, from the root down.
    #[serde(default)]
    order: Order,
}

/// In which order peers take their places in a tree.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Order {
    /// The sources first, then the peers with the fastest uplinks: those that can serve children.
    #[default]
    BestUplink,
    /// The sources first, then the others as they are numbered: what a tree without knowledge of
    /// its peers gets.
    Arrival,
}

fn default_degree() -> Bounded<1, 65_535> {
    Bounded::new(4).expect("invariant: four is in range")
}

impl Tree {
    fn in_order(&self, world: &World, members: &[u32]) -> Vec<u32> {
        match self.order {
            Order::BestUplink => world.by_uplink(members),
            Order::Arrival => members.to_vec(),
        }
    }

    fn edges(&self, order: &[u32]) -> impl Iterator<Item = (u32, u32)> {
        let degree = self.degree.get() as usize;
        (1..order.len()).map(move |child| (order[(child - 1) / degree], order[child]))
    }
}

impl Part for Tree {
    fn among(&self, site: &Site<'_>, members: &[u32], rooted: bool, _: &mut Stream, out: &mut Connections) {
        let root = usize::from(rooted);
        let mut order = members[..root].to_vec();
        order.extend(self.in_order(site.build.world, &members[root..]));
        out.pairs.extend(self.edges(&order));
    }

    fn burden(&self, members: u32, rooted: bool) -> Burden {
        // The root has no parent.
        let degree = self.degree.get() + u32::from(!rooted);
        Burden { degree: members.saturating_sub(1).min(degree), passes_on: true }
    }
}

impl Topology for Tree {
    fn label(&self) -> String {
        let order = match self.order {
            Order::BestUplink => "",
            Order::Arrival => " order=arrival",
        };
        format!("{} degree={}{order}", ENTRY.kind, self.degree)
    }

    fn shape(&self, peers: u32) -> Shape {
        Shape { tree: u64::from(peers - 1), core: 0, spread: Spread::Levels(self.degree.get()) }
    }

    fn build(&self, context: &BuildContext<'_>, _stream: &mut Stream) -> Overlay {
        let world = context.world;
        let members: Vec<u32> = (0..world.peers()).collect();
        let order = sources_first(context.sources, &self.in_order(world, &members), world.peers());
        Overlay::new(world.nodes(), &self.edges(&order).collect::<Vec<_>>(), Vec::new())
    }

    fn to_json(&self) -> serde_json::Value {
        json_of(ENTRY.kind, self)
    }
}

/// All peers: the sources in their order unless everybody is one, then the others in theirs.
pub(super) fn sources_first(sources: &[u32], others: &[u32], peers: u32) -> Vec<u32> {
    if sources.len() == peers as usize {
        return others.to_vec();
    }
    let mut is_source = vec![false; peers as usize];
    sources.iter().for_each(|&source| is_source[source as usize] = true);
    let rest = others.iter().copied().filter(|&peer| !is_source[peer as usize]);
    sources.iter().copied().chain(rest).collect()
}
