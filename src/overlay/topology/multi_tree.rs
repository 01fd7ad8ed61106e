//! Several trees with disjoint inner nodes: every peer passes messages on in one of them and is a leaf in all others.
//!
//! SplitStream's rule (Castro et al., SOSP 2003), built from outside instead of by joins: peers take turns to be inner nodes
//! of one tree after the other. An inner node has `degree` children of `1 / stripes` of the messages each, so with as many
//! children as stripes everybody sends what it receives, and the rate can come up to the bound of Kumar and Ross
//! ("Optimal peer-assisted file distribution", 2006), which no single tree comes near to: most of its peers are leaves. A
//! single source is above all trees and sends every message once.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::context::BuildContext;
use super::{Shape, Spread, Topology, TopologyEntry};
use crate::overlay::dissemination::{DisseminationSpec, Striped};
use crate::overlay::{Overlay, json_of};
use crate::rng::Stream;
use crate::units::Bounded;
use crate::world::World;

pub(super) const ENTRY: TopologyEntry = TopologyEntry::new::<MultiTree>(
    "multi-tree",
    "`stripes` trees, each with inner nodes of its own, that share out the messages",
);

/// Several trees with disjoint inner nodes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MultiTree {
    /// How many trees; as many as peers where there are fewer.
    #[serde(default = "default_stripes")]
    stripes: Bounded<1, 32>,
    /// Most children of an inner node; as many as stripes if absent. A tree with too few inner nodes shares the others out
    /// among them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    degree: Option<Bounded<1, 1_000>>,
    /// In which order peers take their places.
    #[serde(default)]
    order: TurnOrder,
}

/// In which order peers take turns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum TurnOrder {
    /// By falling uplink: the strong are near the roots.
    #[default]
    BestUplink,
    /// As they are numbered.
    Arrival,
}

impl TurnOrder {
    fn of(self, world: &World, members: &[u32]) -> Vec<u32> {
        match self {
            Self::BestUplink => world.by_uplink(members),
            Self::Arrival => members.to_vec(),
        }
    }

    const fn label(self) -> &'static str {
        match self {
            Self::BestUplink => "",
            Self::Arrival => " order=arrival",
        }
    }
}

fn default_stripes() -> Bounded<1, 32> {
    Bounded::new(4).expect("invariant: four is in range")
}

impl MultiTree {
    fn degree(&self) -> u32 {
        self.degree.map_or_else(|| self.stripes.get(), Bounded::get)
    }

    // The trees among some members.
    fn trees(&self, source: Option<u32>, members: &[u32]) -> Trees {
        let mut trees = Trees { count: self.stripes.get().min(members.len() as u32), ..Trees::default() };
        let count = trees.count;
        let mut join = |a: u32, b: u32, stripe: u32| trees.join(a, b, stripe);
        let (stripes, degree) = (count as usize, self.degree() as usize);
        for stripe in 0..stripes {
            let is_inner = |place: &usize| place % stripes == stripe;
            let inner: Vec<usize> = (0..members.len()).filter(is_inner).collect();
            let leaves = (0..members.len()).filter(|place| !is_inner(place));
            let order: Vec<usize> = inner.iter().copied().chain(leaves).collect();
            for child in 1..order.len() {
                let parent = (child - 1) / degree;
                let parent = if parent < inner.len() { parent } else { (child - 1) % inner.len() };
                join(members[order[parent]], members[order[child]], stripe as u32);
            }
            if let Some(source) = source {
                join(source, members[order[0]], stripe as u32);
            }
        }
        trees
    }
}

/// The pairs of some trees.
#[derive(Default)]
struct Trees {
    count: u32,
    // In the order of the trees, from their roots down.
    pairs: Vec<(u32, u32)>,
    // Of each, a bit for each tree that it belongs to.
    bits: Vec<u32>,
    places: BTreeMap<[u32; 2], usize>,
}

impl Trees {
    fn join(&mut self, a: u32, b: u32, stripe: u32) {
        let place = *self.places.entry([a.min(b), a.max(b)]).or_insert(self.pairs.len());
        if place == self.pairs.len() {
            self.pairs.push((a, b));
            self.bits.push(0);
        }
        self.bits[place] |= 1 << stripe;
    }

    fn overlay(&self, nodes: u32) -> Overlay {
        Overlay::striped(nodes, &self.pairs, (self.count, &self.bits))
    }
}

impl Topology for MultiTree {
    fn label(&self) -> String {
        let degree = self.degree.map_or_else(String::new, |degree| format!(" degree={degree}"));
        format!("{} stripes={}{degree}{}", ENTRY.kind, self.stripes, self.order.label())
    }

    fn shape(&self, peers: u32) -> Shape {
        let others = u64::from(peers.saturating_sub(1));
        let all = u64::from(peers) * others / 2;
        let tree = (u64::from(self.stripes.get()).min(others) * others).min(all);
        Shape { tree, core: 0, spread: Spread::Levels(self.degree()) }
    }

    fn build(&self, context: &BuildContext<'_>, _: &mut Stream) -> Overlay {
        let world = context.world;
        let source = if let [source] = context.sources { Some(*source) } else { None };
        let others: Vec<u32> = (0..world.peers()).filter(|&peer| Some(peer) != source).collect();
        self.trees(source, &self.order.of(world, &others)).overlay(world.nodes())
    }

    fn dissemination(&self) -> DisseminationSpec {
        Striped.into()
    }

    fn to_json(&self) -> serde_json::Value {
        json_of(ENTRY.kind, self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn overlay(stripes: u32, degree: u32, peers: u32) -> (Overlay, u32) {
        let of = |number| Bounded::new(number).expect("in range");
        let topology = MultiTree {
            stripes: Bounded::new(stripes).expect("in range"),
            degree: Some(of(degree)),
            order: TurnOrder::Arrival,
        };
        let members: Vec<u32> = (1..=peers).collect();
        let trees = topology.trees(Some(0), &members);
        (trees.overlay(peers + 1), trees.count)
    }

    #[test]
    fn every_stripe_is_a_tree_of_all_with_inner_nodes_of_its_own() {
        for (stripes, degree, peers) in [(4, 4, 100), (2, 2, 7), (3, 5, 50), (32, 32, 200), (4, 4, 2), (5, 2, 31)] {
            let (overlay, count) = overlay(stripes, degree, peers);
            assert_eq!((overlay.stripes(), count), (count, stripes.min(peers)));
            let mut inner_in = vec![0; peers as usize + 1];
            for stripe in 0..count {
                // As many pairs as nodes less one, and all can be reached: a tree.
                let ends: usize = (0..=peers).map(|node| overlay.in_stripe(node, stripe).count()).sum();
                assert_eq!(ends as u32, 2 * peers, "{stripes} {degree} {peers}");
                let (mut met, mut pending) = (vec![false; peers as usize + 1], vec![0]);
                while let Some(node) = pending.pop() {
                    if !std::mem::replace(&mut met[node as usize], true) {
                        pending.extend(overlay.in_stripe(node, stripe));
                    }
                }
                assert!(met.iter().all(|&met| met));
                assert_eq!(overlay.in_stripe(0, stripe).count(), 1, "the source sends every message once");
                for node in 1..=peers {
                    inner_in[node as usize] += u32::from(overlay.in_stripe(node, stripe).count() > 1);
                }
            }
            assert!(inner_in.iter().all(|&trees| trees <= 1), "{stripes} {degree} {peers}: {inner_in:?}");
        }
    }

    #[test]
    fn with_as_many_children_as_stripes_nobody_sends_more_than_it_receives_by_much() {
        let (overlay, count) = overlay(4, 4, 400);
        let children = |node: u32| (0..count).map(|stripe| overlay.in_stripe(node, stripe).count() - 1).sum::<usize>();
        assert!((1..=400).all(|node| children(node) <= 4));
    }
}
