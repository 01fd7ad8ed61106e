//! The overlay graph: which connections exist, in arrays.
//!
//! Connections are of two sorts. *Tree* connections are stored, eight bytes a direction. *Core*
//! connections form one full mesh among the core's members and are not stored at all, so a full
//! mesh of ten thousand peers (50 million connections) takes the memory of its member list.
//!
//! A message spreads by **split horizon**: a peer passes it on over every connection but the one it
//! came from, and what came over a core connection is not passed on over the core. This is the
//! rule of BGP route reflection (RFC 4456): the core reflects to its clients, and since every core
//! member reaches every other directly, nobody receives a message twice.

use petgraph::graph::UnGraph;

/// The connections of one topology.
#[derive(Clone, Debug)]
pub struct Overlay {
    // Neighbours of node v: neighbours[offsets[v]..offsets[v + 1]], in the order they were added.
    offsets: Vec<u32>,
    neighbours: Vec<u32>,
    // Where each connection stands in the other end's list: neighbours[twins[slot]] is the owner.
    twins: Vec<u32>,
    // Members of the core, and each node's place among them.
    core: Vec<u32>,
    core_place: Vec<u32>,
}

const NOT_CORE: u32 = u32::MAX;

impl Overlay {
    /// The overlay of `nodes` nodes with these tree connections and this core.
    ///
    /// # Panics
    /// When a node is out of range or a core member is named twice.
    #[must_use]
    pub fn new(nodes: u32, tree: &[(u32, u32)], core: Vec<u32>) -> Self {
        let (offsets, neighbours, twins) = adjacency(nodes, tree);
        let mut core_place = Vec::new();
        if !core.is_empty() {
            core_place = vec![NOT_CORE; nodes as usize];
        }
        for (place, &member) in (0..).zip(&core) {
            assert_eq!(core_place[member as usize], NOT_CORE, "node {member} is in the core twice");
            core_place[member as usize] = place;
        }
        Self { offsets, neighbours, twins, core, core_place }
    }

    /// How many nodes there are, connected or not.
    #[must_use]
    pub fn nodes(&self) -> u32 {
        u32::try_from(self.offsets.len() - 1).expect("invariant: built from a u32")
    }

    /// How many connections there are.
    #[must_use]
    pub fn connections(&self) -> u64 {
        let core = self.core.len() as u64;
        self.neighbours.len() as u64 / 2 + core * core.saturating_sub(1) / 2
    }

    /// How many connections a node has.
    #[must_use]
    pub fn degree(&self, node: u32) -> u32 {
        let core = if self.core_place(node).is_some() { self.core.len() - 1 } else { 0 };
        u32::try_from(self.tree_neighbours(node).len() + core).expect("invariant: below the number of nodes")
    }

    /// The nodes that `node` has tree connections to.
    #[inline]
    #[must_use]
    pub fn tree_neighbours(&self, node: u32) -> &[u32] {
        let node = node as usize;
        &self.neighbours[self.offsets[node] as usize..self.offsets[node + 1] as usize]
    }

    /// The members of the core.
    #[inline]
    #[must_use]
    pub fn core(&self) -> &[u32] {
        &self.core
    }

    /// The node's place among the core's members.
    #[inline]
    #[must_use]
    pub fn core_place(&self, node: u32) -> Option<u32> {
        self.core_place.get(node as usize).copied().filter(|&place| place != NOT_CORE)
    }

    /// The nodes to which `node` passes on a message that came from `from` (`None`: its own), as
    /// two lists: tree neighbours and core members. Both may hold `node` and `from` themselves,
    /// which the caller skips.
    #[inline]
    #[must_use]
    pub fn next_hops(&self, node: u32, from: Option<u32>) -> [&[u32]; 2] {
        let in_core = self.core_place(node).is_some();
        let from_core = in_core && from.is_some_and(|from| self.core_place(from).is_some());
        let core = if in_core && !from_core { self.core() } else { &[] };
        [self.tree_neighbours(node), core]
    }

    /// Calls `visit` for every connection once: tree connections by their first node, then the
    /// core's by growing distance around its ring of members.
    pub fn for_each_connection(&self, mut visit: impl FnMut(Connection)) {
        self.for_each_tree_connection(|connection, _| visit(connection));
        let members = u32::try_from(self.core.len()).expect("invariant: at most the number of nodes");
        for distance in 1..=members / 2 {
            // Opposite members of an even ring meet once, not twice.
            let starts = if distance * 2 == members { distance } else { members };
            for place in 0..starts {
                visit(self.core_connection(place, (place + distance) % members));
            }
        }
    }

    /// Calls `visit` for every tree connection once, with its slots at both ends.
    pub fn for_each_tree_connection(&self, mut visit: impl FnMut(Connection, [usize; 2])) {
        let rank = |node: u32, slot: usize| (slot - self.offsets[node as usize] as usize) as u32;
        for a in 0..self.nodes() {
            for slot in self.tree_slots(a) {
                let (b, twin) = (self.neighbours[slot], self.twins[slot] as usize);
                if a < b {
                    visit(Connection { a, b, rank_a: rank(a, slot), rank_b: rank(b, twin) }, [slot, twin]);
                }
            }
        }
    }

    /// The indices of a node's tree connections among those of all nodes, for arrays that keep
    /// something per connection and direction.
    #[inline]
    #[must_use]
    pub fn tree_slots(&self, node: u32) -> std::ops::Range<usize> {
        self.offsets[node as usize] as usize..self.offsets[node as usize + 1] as usize
    }

    /// The slot of the same tree connection at its other end.
    #[inline]
    #[must_use]
    pub fn twin(&self, slot: usize) -> usize {
        self.twins[slot] as usize
    }

    /// The connection between two members of the core, by their places. Members connect by growing
    /// distance around the ring, so that none waits for another's whole list; tree connections
    /// come first.
    #[must_use]
    pub fn core_connection(&self, place_a: u32, place_b: u32) -> Connection {
        let (a, b) = (self.core[place_a as usize], self.core[place_b as usize]);
        let members = self.core.len() as u32;
        let ahead = (place_b + members - place_a) % members;
        // Each distance gives a member two connections: one it starts and one it accepts.
        let before = (ahead.min(members - ahead) - 1) * 2;
        let rank = |node: u32| self.tree_neighbours(node).len() as u32 + before;
        Connection { a, b, rank_a: rank(a), rank_b: rank(b) }
    }

    /// The graph for petgraph's algorithms.
    #[must_use]
    pub fn to_petgraph(&self) -> UnGraph<(), (), u32> {
        let mut graph = UnGraph::default();
        let nodes: Vec<_> = (0..self.nodes()).map(|_| graph.add_node(())).collect();
        self.for_each_connection(|connection| {
            graph.add_edge(nodes[connection.a as usize], nodes[connection.b as usize], ());
        });
        graph
    }
}

/// A connection and how many connections each of its ends sets up before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Connection {
    /// One end.
    pub a: u32,
    /// The other end.
    pub b: u32,
    /// How many connections `a` sets up first.
    pub rank_a: u32,
    /// How many connections `b` sets up first.
    pub rank_b: u32,
}

fn adjacency(nodes: u32, tree: &[(u32, u32)]) -> (Vec<u32>, Vec<u32>, Vec<u32>) {
    let mut offsets = vec![0_u32; nodes as usize + 1];
    for &(a, b) in tree {
        offsets[a as usize + 1] += 1;
        offsets[b as usize + 1] += 1;
    }
    for node in 0..nodes as usize {
        offsets[node + 1] += offsets[node];
    }
    let mut next = offsets.clone();
    let (mut neighbours, mut twins) = (vec![0; tree.len() * 2], vec![0; tree.len() * 2]);
    for &(a, b) in tree {
        let (slot_a, slot_b) = (next[a as usize], next[b as usize]);
        next[a as usize] += 1;
        next[b as usize] += 1;
        (neighbours[slot_a as usize], twins[slot_a as usize]) = (b, slot_b);
        (neighbours[slot_b as usize], twins[slot_b as usize]) = (a, slot_a);
    }
    (offsets, neighbours, twins)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two hubs (0, 1) in the core, spokes 2 and 3 at hub 0, spoke 4 at hub 1.
    fn hybrid() -> Overlay {
        Overlay::new(5, &[(0, 2), (0, 3), (1, 4)], vec![0, 1])
    }

    fn passed_on(overlay: &Overlay, node: u32, from: Option<u32>) -> Vec<u32> {
        let hops = overlay.next_hops(node, from).concat();
        hops.into_iter().filter(|&next| next != node && Some(next) != from).collect()
    }

    #[test]
    fn a_core_message_goes_to_the_spokes_only() {
        let overlay = hybrid();
        assert_eq!(passed_on(&overlay, 0, Some(1)), [2, 3]);
        assert_eq!(passed_on(&overlay, 0, Some(2)), [3, 1]);
        assert_eq!(passed_on(&overlay, 0, None), [2, 3, 1]);
        assert_eq!(passed_on(&overlay, 2, Some(0)), [0_u32; 0]);
    }

    #[test]
    fn every_connection_is_visited_once_with_its_ranks() {
        let mut seen = Vec::new();
        hybrid().for_each_connection(|connection| seen.push(connection));
        let pairs: Vec<_> = seen.iter().map(|c| (c.a, c.b, c.rank_a, c.rank_b)).collect();
        assert_eq!(pairs, [(0, 2, 0, 0), (0, 3, 1, 0), (1, 4, 0, 0), (0, 1, 2, 1)]);
        assert_eq!(hybrid().connections(), 4);
    }

    #[test]
    fn a_mesh_of_n_has_every_pair() {
        for n in [2_u32, 5, 6, 9] {
            let mesh = Overlay::new(n, &[], (0..n).collect());
            let mut pairs = std::collections::BTreeSet::new();
            mesh.for_each_connection(|c| assert!(pairs.insert((c.a.min(c.b), c.a.max(c.b)))));
            assert_eq!(pairs.len() as u64, mesh.connections());
            assert!((0..n).all(|node| mesh.degree(node) == n - 1));
        }
    }
}
