//! The overlay graph: which connections exist, in arrays.
//!
//! Connections are of three sorts. *Pairs* are stored, eight bytes a direction. [*Blocks*](super::blocks) are full meshes
//! among some nodes each and are not stored at all but for their members. *Standby* connections are pairs that carry no
//! message: they are set up and kept so that somebody has another parent at once when the first one goes.
//!
//! A message spreads by **split horizon**: a peer passes it on over every connection but the one it came by, and what came
//! over a block not over that block. This is the rule of BGP route reflection (RFC 4456): a block reflects to what lies
//! behind its members, and since these reach each other directly, nobody receives a message twice. It holds where pairs and
//! blocks form no ring ([`Overlay::has_ring`]): in trees, meshes, trees of meshes, meshes of trees, nested to any depth.

mod adjacency;
mod standby;

use petgraph::graph::UnGraph;
use petgraph::unionfind::UnionFind;

use self::adjacency::Adjacency;
use super::blocks::{Blocks, Seat, Shared};
use super::stripes::Stripes;

/// The connections of one topology.
#[derive(Clone, Debug)]
pub struct Overlay {
    // Pairs of node v: neighbours[offsets[v]..offsets[v + 1]], in the order they were added.
    offsets: Vec<u32>,
    // Its standby connections: the same by these offsets, behind the pairs of all nodes. Empty where there are none.
    standby_offsets: Vec<u32>,
    neighbours: Vec<u32>,
    // Where each pair stands in the other end's list: neighbours[twins[slot]] is the owner.
    twins: Vec<u32>,
    blocks: Blocks,
    // Which trees the pairs belong to, where messages are shared out among some.
    stripes: Option<Stripes>,
}

impl Overlay {
    /// The overlay of `nodes` nodes with these pairs, and a full mesh among the members of each block. No two nodes are
    /// connected twice: not by two pairs, nor by two blocks, nor by both.
    ///
    /// # Panics
    /// When a node is out of range or named twice in a block, or pairs are more than 2 billion.
    #[must_use]
    pub fn new(nodes: u32, pairs: &[(u32, u32)], blocks: Vec<Vec<u32>>) -> Self {
        let Adjacency { offsets, neighbours, twins } = Adjacency::new(nodes, pairs, 0);
        let blocks = Blocks::new(nodes, blocks);
        Self { offsets, standby_offsets: Vec::new(), neighbours, twins, blocks, stripes: None }
    }

    /// The overlay of these pairs, which form several trees: `stripes` is how many, and of each pair a bit for each tree
    /// that it belongs to, the lowest for the first.
    ///
    /// # Panics
    /// As [`new`](Self::new), and when there are more than 32 trees or bits beyond them.
    #[must_use]
    pub fn striped(nodes: u32, pairs: &[(u32, u32)], (count, bits): (u32, &[u32])) -> Self {
        let overlay = Self::new(nodes, pairs, Vec::new());
        let mut next = overlay.offsets.clone();
        let mut slot = |node: u32| {
            next[node as usize] += 1;
            next[node as usize] as usize - 1
        };
        let of_pairs = pairs.iter().zip(bits).map(|(&(a, b), &bits)| (bits, [slot(a), slot(b)]));
        let stripes = Stripes::new(count, of_pairs, overlay.slots());
        Self { stripes: Some(stripes), ..overlay }
    }

    /// How many trees messages are shared out among; 0 where they are not.
    #[must_use]
    pub fn stripes(&self) -> u32 {
        self.stripes.as_ref().map_or(0, Stripes::count)
    }

    /// The neighbours of a node in one of the trees.
    pub fn in_stripe(&self, node: u32, stripe: u32) -> impl Iterator<Item = u32> {
        let stripes = self.stripes.as_ref();
        let is_there = move |slot: usize| stripes.is_some_and(|stripes| stripes.has(slot, stripe));
        self.pair_slots(node).filter(move |&slot| is_there(slot)).map(|slot| self.neighbours[slot])
    }

    /// How many nodes there are, connected or not.
    #[must_use]
    pub fn nodes(&self) -> u32 {
        u32::try_from(self.offsets.len() - 1).expect("invariant: built from a u32")
    }

    /// How many connections there are, those on standby included.
    #[must_use]
    pub fn connections(&self) -> u64 {
        self.neighbours.len() as u64 / 2 + self.blocks.connections()
    }

    /// How many connections a node has, those on standby included.
    #[must_use]
    pub fn degree(&self, node: u32) -> u32 {
        self.carrying_degree(node) + self.standby_neighbours(node).len() as u32
    }

    /// How many connections of a node carry messages.
    #[must_use]
    pub fn carrying_degree(&self, node: u32) -> u32 {
        let in_block = |seat: &Seat| self.block(seat.block).len() - 1;
        let in_blocks: usize = self.seats(node).iter().map(in_block).sum();
        u32::try_from(self.pair_neighbours(node).len() + in_blocks).expect("invariant: below the number of nodes")
    }

    /// Whether some nodes are connected by more than one way over connections that carry. Then split horizon brings messages
    /// several times.
    #[must_use]
    pub fn has_ring(&self) -> bool {
        let mut joined = UnionFind::new(self.nodes() as usize);
        let mut closes = false;
        self.for_each_pair(|connection, _| closes |= !joined.union(connection.a, connection.b));
        for block in 0..self.blocks() {
            closes |= self.block(block).windows(2).any(|two| !joined.union(two[0], two[1]));
        }
        closes
    }

    /// The nodes that `node` has pairs with.
    #[inline]
    #[must_use]
    pub fn pair_neighbours(&self, node: u32) -> &[u32] {
        let node = node as usize;
        &self.neighbours[self.offsets[node] as usize..self.offsets[node + 1] as usize]
    }

    /// Whether a node has one way to others at most, so that by split horizon it passes nothing on.
    #[must_use]
    pub fn is_leaf(&self, node: u32) -> bool {
        self.pair_neighbours(node).len() + self.seats(node).len() <= 1
    }

    /// How many blocks there are.
    #[must_use]
    pub fn blocks(&self) -> u32 {
        self.blocks.count()
    }

    /// The members of a block.
    #[inline]
    #[must_use]
    pub fn block(&self, block: u32) -> &[u32] {
        &self.blocks.members()[self.block_range(block)]
    }

    /// The members of all blocks, one block after the other.
    #[inline]
    #[must_use]
    pub fn block_members(&self) -> &[u32] {
        self.blocks.members()
    }

    /// Where a block's members stand among those of all blocks.
    #[inline]
    #[must_use]
    pub fn block_range(&self, block: u32) -> std::ops::Range<usize> {
        self.blocks.range(block)
    }

    /// The blocks that a node is a member of, in their order.
    #[inline]
    #[must_use]
    pub fn seats(&self, node: u32) -> &[Seat] {
        self.blocks.seats(node)
    }

    /// The member at a place of some blocks taken one behind the other.
    ///
    /// # Panics
    /// When they have fewer members together.
    #[must_use]
    pub fn member_at(&self, seats: &[Seat], mut place: usize) -> u32 {
        for seat in seats {
            let members = self.block(seat.block);
            match members.get(place) {
                Some(&member) => return member,
                None => place -= members.len(),
            }
        }
        panic!("{} blocks have no member {place} more", seats.len())
    }

    /// The block that two different nodes are members of, if any.
    #[inline]
    #[must_use]
    pub fn shared(&self, a: u32, b: u32) -> Option<Shared> {
        let of_b = self.seats(b);
        self.seats(a).iter().find_map(|seat| {
            let other = of_b.iter().find(|other| other.block == seat.block)?;
            Some(Shared { block: seat.block, places: [seat.place, other.place] })
        })
    }

    /// The nodes to which `node` passes on a message that came from `from` (`None`: its own) by split horizon: its pairs,
    /// then the other members of its blocks.
    #[inline]
    pub fn next_hops(&self, node: u32, from: Option<u32>) -> impl Iterator<Item = u32> {
        let came_by = from.and_then(|from| self.shared(node, from)).map(|shared| shared.block);
        let beyond = self.seats(node).iter().filter(move |seat| Some(seat.block) != came_by);
        let members = beyond.flat_map(|seat| self.block(seat.block));
        let hops = self.pair_neighbours(node).iter().chain(members).copied();
        hops.filter(move |&next| next != node && Some(next) != from)
    }

    /// Calls `visit` for each of [`next_hops`](Self::next_hops), in the same order.
    #[inline]
    pub fn for_each_next_hop(&self, node: u32, from: Option<u32>, mut visit: impl FnMut(u32)) {
        let from = from.unwrap_or(node);
        for &next in self.pair_neighbours(node) {
            if next != from {
                visit(next);
            }
        }
        for seat in self.seats(node) {
            let came_by_it = from != node && self.seats(from).iter().any(|other| other.block == seat.block);
            for &next in if came_by_it { &[] } else { self.block(seat.block) } {
                if next != node {
                    visit(next);
                }
            }
        }
    }

    /// Calls `visit` for every connection once: those that carry, then those on standby.
    pub fn for_each_connection(&self, mut visit: impl FnMut(Connection)) {
        self.for_each_carrying(&mut visit);
        self.for_each_standby(|connection, _| visit(connection));
    }

    /// Calls `visit` for every connection that carries once: pairs by their first node, then those of each block by growing
    /// distance around the ring of its members.
    pub fn for_each_carrying(&self, mut visit: impl FnMut(Connection)) {
        self.for_each_pair(|connection, _| visit(connection));
        for block in 0..self.blocks() {
            let members = self.block(block).len() as u32;
            for distance in 1..=members / 2 {
                // Opposite members of an even ring meet once, not twice.
                let starts = if distance * 2 == members { distance } else { members };
                for place in 0..starts {
                    visit(self.block_connection(Shared { block, places: [place, (place + distance) % members] }));
                }
            }
        }
    }

    /// Calls `visit` for every pair once, with its slots at both ends.
    pub fn for_each_pair(&self, mut visit: impl FnMut(Connection, [usize; 2])) {
        let rank = |node: u32, slot: usize| (slot - self.offsets[node as usize] as usize) as u32;
        for a in 0..self.nodes() {
            for slot in self.pair_slots(a) {
                let (b, twin) = (self.neighbours[slot], self.twins[slot] as usize);
                if a < b {
                    visit(Connection { a, b, rank_a: rank(a, slot), rank_b: rank(b, twin) }, [slot, twin]);
                }
            }
        }
    }

    /// Every pair once, in an order of which [`Overlay::new`] makes the same lists of neighbours.
    ///
    /// # Panics
    /// Never: the order in which pairs were added is one.
    #[must_use]
    pub fn pairs_in_order(&self) -> Vec<(u32, u32)> {
        self.in_order(self.slots(), |node| self.pair_slots(node))
    }

    fn in_order(&self, slots: usize, of_node: impl Fn(u32) -> std::ops::Range<usize>) -> Vec<(u32, u32)> {
        let mut pairs = Vec::with_capacity(slots / 2);
        // A pair comes next when it is the first that is left at both of its ends.
        let mut next: Vec<usize> = (0..self.nodes()).map(|node| of_node(node).start).collect();
        for start in 0..self.nodes() {
            let mut waiting = vec![start];
            while let Some(a) = waiting.pop() {
                while next[a as usize] < of_node(a).end {
                    let slot = next[a as usize];
                    let b = self.neighbours[slot];
                    if next[b as usize] != self.twin(slot) {
                        break;
                    }
                    next[a as usize] += 1;
                    next[b as usize] += 1;
                    pairs.push((a, b));
                    waiting.push(b);
                }
            }
        }
        assert_eq!(pairs.len() * 2, slots, "invariant: pairs were added one by one");
        pairs
    }

    /// The indices of a node's pairs among those of all nodes, for arrays that keep something per pair and direction.
    #[inline]
    #[must_use]
    pub fn pair_slots(&self, node: u32) -> std::ops::Range<usize> {
        self.offsets[node as usize] as usize..self.offsets[node as usize + 1] as usize
    }

    /// How many slots the pairs of all nodes have together.
    #[must_use]
    pub fn slots(&self) -> usize {
        self.offsets[self.offsets.len() - 1] as usize
    }

    /// The slot of a pair at one of its ends, that which has fewer.
    #[must_use]
    pub fn slot_between(&self, a: u32, b: u32) -> Option<usize> {
        self.slot_among(a, b, |node| self.pair_slots(node))
    }

    fn slot_among(&self, a: u32, b: u32, of_node: impl Fn(u32) -> std::ops::Range<usize>) -> Option<usize> {
        let (at, other) = if of_node(a).len() <= of_node(b).len() { (a, b) } else { (b, a) };
        of_node(at).find(|&slot| self.neighbours[slot] == other)
    }

    /// The slot of the same pair or standby connection at its other end.
    #[inline]
    #[must_use]
    pub fn twin(&self, slot: usize) -> usize {
        self.twins[slot] as usize
    }

    // The connection between two members of a block. Members connect by growing distance around the ring, so that none
    // waits for another's whole list; pairs come first, then blocks in their order.
    fn block_connection(&self, Shared { block, places }: Shared) -> Connection {
        let members = self.block(block);
        let [a, b] = places.map(|place| members[place as usize]);
        let count = members.len() as u32;
        let ahead = (places[1] + count - places[0]) % count;
        // Each distance gives a member two connections: one it starts and one it accepts.
        let before = (ahead.min(count - ahead) - 1) * 2;
        let rank = |node: u32| {
            let earlier = self.seats(node).iter().take_while(|seat| seat.block < block);
            let in_earlier: usize = earlier.map(|seat| self.block(seat.block).len() - 1).sum();
            (self.pair_neighbours(node).len() + in_earlier) as u32 + before
        };
        Connection { a, b, rank_a: rank(a), rank_b: rank(b) }
    }

    /// The graph for petgraph's algorithms, standby connections included, which come last.
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

#[cfg(test)]
mod tests;
