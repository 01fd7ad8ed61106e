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
        let (offsets, neighbours) = adjacency(nodes, tree);
        let mut core_place = Vec::new();
        if !core.is_empty() {
            core_place = vec![NOT_CORE; nodes as usize];
        }
        for (place, &member) in (0..).zip(&core) {
            assert_eq!(core_place[member as usize], NOT_CORE, "node {member} is in the core twice");
            core_place[member as usize] = place;
        }
        Self { offsets, neighbours, core, core_place }
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

    /// Calls `visit` for every connection once, with the number of connections that each end sets
    /// up before it: tree connections in the order they were added, then the core's by growing
    /// distance around its ring of members, so that no member waits for another's whole list.
    pub fn for_each_connection(&self, mut visit: impl FnMut(Connection)) {
        for a in 0..self.nodes() {
            for (&b, rank_a) in self.tree_neighbours(a).iter().zip(0..) {
                if a < b {
                    visit(Connection { a, b, rank_a, rank_b: self.tree_rank(b, a) });
                }
            }
        }
        let members = u32::try_from(self.core.len()).expect("invariant: at most the number of nodes");
        for distance in 1..=members / 2 {
            // Opposite members of an even ring meet once, not twice.
            let starts = if distance * 2 == members { distance } else { members };
            for place in 0..starts {
                visit(self.core_connection(place, (place + distance) % members));
            }
        }
    }

    /// The connection between two nodes, which must exist.
    #[must_use]
    pub fn connection(&self, a: u32, b: u32) -> Connection {
        match (self.core_place(a), self.core_place(b)) {
            (Some(place_a), Some(place_b)) => self.core_connection(place_a, place_b),
            _ => Connection { a, b, rank_a: self.tree_rank(a, b), rank_b: self.tree_rank(b, a) },
        }
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

    fn tree_rank(&self, node: u32, neighbour: u32) -> u32 {
        let rank = self.tree_neighbours(node).iter().zip(0..).find(|(other, _)| **other == neighbour);
        rank.expect("invariant: a tree connection stands in both lists").1
    }

    fn core_connection(&self, place_a: u32, place_b: u32) -> Connection {
        let (a, b) = (self.core[place_a as usize], self.core[place_b as usize]);
        let members = self.core.len() as u32;
        let ahead = (place_b + members - place_a) % members;
        // Each distance gives a member two connections: one it starts and one it accepts.
        let before = (ahead.min(members - ahead) - 1) * 2;
        let rank = |node: u32| self.tree_neighbours(node).len() as u32 + before;
        Connection { a, b, rank_a: rank(a), rank_b: rank(b) }
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

fn adjacency(nodes: u32, tree: &[(u32, u32)]) -> (Vec<u32>, Vec<u32>) {
    let mut offsets = vec![0_u32; nodes as usize + 1];
    for &(a, b) in tree {
        offsets[a as usize + 1] += 1;
        offsets[b as usize + 1] += 1;
    }
    for node in 0..nodes as usize {
        offsets[node + 1] += offsets[node];
    }
    let mut next = offsets.clone();
    let mut neighbours = vec![0; tree.len() * 2];
    for &(a, b) in tree {
        for (node, other) in [(a, b), (b, a)] {
            neighbours[next[node as usize] as usize] = other;
            next[node as usize] += 1;
        }
    }
    (offsets, neighbours)
}
