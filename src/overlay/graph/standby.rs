//! Standby connections: pairs that are set up and kept, and over which no message travels.
//!
//! They stand behind all other pairs in the same arrays, so that whoever keeps something per slot can keep it for them,
//! and whoever walks what carries never meets them.

use super::adjacency::Adjacency;
use super::{Connection, Overlay};

impl Overlay {
    /// The same overlay with these standby connections beside all that carry: none between two nodes that are connected,
    /// none twice.
    ///
    /// # Panics
    /// When it has some already, a node is out of range, or connections are more than an overlay holds.
    #[must_use]
    pub fn with_standby(mut self, pairs: &[(u32, u32)]) -> Self {
        assert!(self.standby_offsets.is_empty(), "an overlay gets its standby connections at once");
        if !pairs.is_empty() {
            let Adjacency { offsets, neighbours, twins } = Adjacency::new(self.nodes(), pairs, self.slots());
            self.standby_offsets = offsets;
            self.neighbours.extend(neighbours);
            self.twins.extend(twins);
        }
        self
    }

    /// The same overlay if its standby connections carried, too.
    #[must_use]
    pub fn with_standby_carrying(&self) -> Self {
        let pairs = [self.pairs_in_order(), self.standby_in_order()].concat();
        Self::new(self.nodes(), &pairs, (0..self.blocks()).map(|block| self.block(block).to_vec()).collect())
    }

    /// How many connections are on standby.
    #[must_use]
    pub fn standby_connections(&self) -> u64 {
        (self.neighbours.len() - self.slots()) as u64 / 2
    }

    /// The nodes that `node` has standby connections with.
    #[inline]
    #[must_use]
    pub fn standby_neighbours(&self, node: u32) -> &[u32] {
        &self.neighbours[self.standby_slots(node)]
    }

    /// Calls `visit` for every standby connection once, by their first nodes, with its slots at both ends. Both ends set up all
    /// others first.
    pub fn for_each_standby(&self, mut visit: impl FnMut(Connection, [usize; 2])) {
        let rank = |node: u32, slot: usize| (slot - self.standby_slots(node).start) as u32 + self.carrying_degree(node);
        for a in 0..self.nodes() {
            for slot in self.standby_slots(a) {
                let (b, twin) = (self.neighbours[slot], self.twin(slot));
                if a < b {
                    visit(Connection { a, b, rank_a: rank(a, slot), rank_b: rank(b, twin) }, [slot, twin]);
                }
            }
        }
    }

    /// Every standby connection once, in an order of which [`Overlay::with_standby`] makes the same lists.
    #[must_use]
    pub fn standby_in_order(&self) -> Vec<(u32, u32)> {
        self.in_order(self.all_slots() - self.slots(), |node| self.standby_slots(node))
    }

    /// The indices of a node's standby connections; they come behind those of all pairs.
    #[inline]
    #[must_use]
    pub fn standby_slots(&self, node: u32) -> std::ops::Range<usize> {
        match self.standby_offsets.get(node as usize..node as usize + 2) {
            Some(&[from, until]) => from as usize..until as usize,
            _ => 0..0,
        }
    }

    /// How many slots pairs and standby connections of all nodes have together.
    #[must_use]
    pub fn all_slots(&self) -> usize {
        self.neighbours.len()
    }

    /// The slot of a standby connection at one of its ends.
    #[must_use]
    pub fn standby_slot_between(&self, a: u32, b: u32) -> Option<usize> {
        self.slot_among(a, b, |node| self.standby_slots(node))
    }
}
