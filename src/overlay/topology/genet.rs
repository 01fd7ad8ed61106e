//! Genet's fat tree: a join walks down from the root to the first node that has a slot.
//!
//! The rule of Genet (Lavoie, Hendren, Desprez and Correia, "Genet: A Quickly Scalable Fat-Tree Overlay for Personal Volunteer
//! Computing using WebRTC", arXiv 1904.11402), as webrtc-tree-overlay has it (`src/index.js`, commit 19c2bed). A join
//! reaches the root first. A node with fewer than `degree` children takes the newcomer; any other passes the join to its
//! child number `hash(origin xor own id) mod degree`, where the origin is 24 bits drawn for the newcomer and the id six
//! decimal digits drawn for the node. The hash is Robert Jenkins' integer hash, cut to 31 bits. So no node knows how full its
//! children are, and some parts of the tree grow deeper than others.
//!
//! The sources come first, then all others in the order of their numbers, each as soon as the one before it has joined. What a
//! static tree cannot show: candidates that hold a slot while they connect, time out and free it again, and joins that wait
//! for a candidate to become a child. Those only change which number a child has, as long as nobody fails.

use rand::Rng;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::context::BuildContext;
use super::part::{Burden, Connections, Part, Site};
use super::tree::sources_first;
use super::{Shape, Spread, Topology, TopologyEntry};
use crate::overlay::{Overlay, json_of};
use crate::rng::Stream;
use crate::units::Bounded;

pub(super) const ENTRY: TopologyEntry =
    TopologyEntry::new::<Genet>("genet", "Genet's fat tree: joins walk down to the first free slot, by hash");

/// Genet's fat tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Genet {
    /// Most children of a peer; with one it is a chain.
    #[serde(default = "default_degree")]
    degree: Bounded<1, 65_535>,
}

fn default_degree() -> Bounded<1, 65_535> {
    Bounded::new(10).expect("invariant: ten is in range")
}

impl Part for Genet {
    // The first member is the root, and the others join in their order.
    fn among(&self, _: &Site<'_>, members: &[u32], _rooted: bool, stream: &mut Stream, out: &mut Connections) {
        let parents = parents(members.len() as u32, self.degree.get(), stream);
        out.add_among(members, parents.into_iter().zip(1..));
    }

    fn burden(&self, members: u32, rooted: bool) -> Burden {
        let degree = self.degree.get() + u32::from(!rooted);
        Burden { degree: degree.min(members.saturating_sub(1)), passes_on: true }
    }
}

impl Topology for Genet {
    fn label(&self) -> String {
        format!("{} degree={}", ENTRY.kind, self.degree)
    }

    fn shape(&self, peers: u32) -> Shape {
        Shape { tree: u64::from(peers.saturating_sub(1)), core: 0, spread: Spread::Levels(self.degree.get()) }
    }

    fn children_max(&self) -> Option<u32> {
        Some(self.degree.get())
    }

    fn build(&self, context: &BuildContext<'_>, stream: &mut Stream) -> Overlay {
        let everybody: Vec<u32> = (0..context.world.peers()).collect();
        let order = sources_first(context.sources, &everybody, context.world.peers());
        let mut connections = Connections::default();
        self.among(&Site::whole(context, &[]), &order, false, stream, &mut connections);
        connections.into_overlay(context.world.nodes())
    }

    fn to_json(&self) -> serde_json::Value {
        json_of(ENTRY.kind, self)
    }
}

/// The parent of each node but the first, the root, in the order in which they join.
fn parents(nodes: u32, degree: u32, stream: &mut Stream) -> Vec<u32> {
    if degree == 1 {
        return (1..nodes).map(|node| node - 1).collect();
    }
    let ids: Vec<u32> = (0..nodes).map(|_| six_digits(jenkins(stream.next_u32()))).collect();
    let mut children: Vec<Vec<u32>> = vec![Vec::new(); nodes as usize];
    let mut parents = Vec::with_capacity(nodes.saturating_sub(1) as usize);
    for newcomer in 1..nodes {
        let origin = stream.next_u32() >> 8;
        let mut node = 0;
        while children[node as usize].len() == degree as usize {
            let child = jenkins(origin ^ ids[node as usize]) % degree;
            node = children[node as usize][child as usize];
        }
        children[node as usize].push(newcomer);
        parents.push(node);
    }
    parents
}

// Robert Jenkins' integer hash with results of 31 bits, as Genet has it.
const fn jenkins(value: u32) -> u32 {
    const BITS: u32 = 0x7fff_ffff;
    let value = value.wrapping_add(0x7ed5_5d16).wrapping_add(value << 12) & BITS;
    let value = (value ^ 0xc761_c23c ^ (value >> 19)) & BITS;
    let value = value.wrapping_add(0x1656_67b1).wrapping_add(value << 5) & BITS;
    let value = (value.wrapping_add(0xd3a2_646c) ^ (value << 9)) & BITS;
    let value = value.wrapping_add(0xfd70_46c5).wrapping_add(value << 3) & BITS;
    (value ^ 0xb55a_4f09 ^ (value >> 16)) & BITS
}

// The first six decimal digits.
const fn six_digits(mut value: u32) -> u32 {
    while value > 999_999 {
        value /= 10;
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Domain, Seed, Streams};

    fn depths(nodes: u32, degree: u32, seed: u64) -> Vec<u32> {
        let mut stream = Streams::new(Seed(seed)).stream(Domain::Topology, 0);
        let mut depths = vec![0];
        for parent in parents(nodes, degree, &mut stream) {
            depths.push(depths[parent as usize] + 1);
        }
        depths
    }

    /// Published: in trees of degree 10 with 1,000 nodes at least 83 % are as deep as in one that is filled level by level.
    #[test]
    fn most_nodes_are_no_deeper_than_in_a_full_tree() {
        let filled = [1, 10, 100, 889];
        let share = |seed: u64| {
            let depths = depths(1_000, 10, seed);
            let at = |level: usize| depths.iter().filter(|&&depth| depth as usize == level).count();
            (0..4).map(|level| at(level).min(filled[level])).sum::<usize>() as f64 / 1_000.0
        };
        let shares: Vec<f64> = (0..100).map(share).collect();
        let (least, mean) = (shares.iter().copied().fold(1.0, f64::min), shares.iter().sum::<f64>() / 100.0);
        assert!(least >= 0.83 && mean < 0.97, "{least} at least, {mean} on average");
    }

    #[test]
    fn nobody_has_more_children_than_the_degree() {
        for (nodes, degree) in [(1, 3), (2, 1), (500, 1), (3_000, 2), (20_000, 10)] {
            let mut stream = Streams::new(Seed(1)).stream(Domain::Topology, 0);
            let parents = parents(nodes, degree, &mut stream);
            assert_eq!(parents.len(), nodes as usize - 1);
            let mut children = vec![0; nodes as usize];
            for (child, parent) in (1..).zip(parents) {
                assert!(parent < child, "a parent joined before its child");
                children[parent as usize] += 1;
            }
            assert!(children.iter().all(|&count| count <= degree));
        }
    }
}
