//! Blocks: full meshes among some nodes each, kept as lists of their members.
//!
//! A block stands for `m (m - 1) / 2` connections and takes the memory of its `m` members, so a full mesh of ten thousand
//! peers (50 million connections) is a list. The word is graph theory's: the blocks of a *block graph* are cliques that
//! share single nodes (Harary, "A Characterization of Block-Graphs", 1963).

/// The blocks of an overlay.
#[derive(Clone, Debug, Default)]
pub(super) struct Blocks {
    // Members of block b: members[starts[b]..starts[b + 1]].
    starts: Vec<u32>,
    members: Vec<u32>,
    // Seats of node v: seats[seat_starts[v]..seat_starts[v + 1]], in the order of blocks. Empty where no block is.
    seat_starts: Vec<u32>,
    seats: Vec<Seat>,
}

/// A node's membership of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seat {
    /// Which block.
    pub block: u32,
    /// The node's place among the block's members.
    pub place: u32,
}

/// A block that two nodes have in common, and so a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shared {
    /// Which block.
    pub block: u32,
    /// The places of both nodes among its members.
    pub places: [u32; 2],
}

impl Blocks {
    /// Blocks of `nodes` nodes; those of less than two members have no connection and are left out.
    pub(super) fn new(nodes: u32, lists: Vec<Vec<u32>>) -> Self {
        let mut lists: Vec<Vec<u32>> = lists.into_iter().filter(|list| list.len() > 1).collect();
        if lists.is_empty() {
            return Self::default();
        }
        let mut starts = vec![0];
        for list in &lists {
            starts.push(starts.last().copied().unwrap_or(0) + list.len() as u32);
        }
        // The usual one is not copied.
        let members = if lists.len() == 1 { lists.swap_remove(0) } else { lists.concat() };
        let mut blocks = Self { starts, members, seat_starts: Vec::new(), seats: Vec::new() };
        blocks.sit_down(nodes);
        blocks
    }

    // Gives every member its seats.
    fn sit_down(&mut self, nodes: u32) {
        let mut starts = vec![0_u32; nodes as usize + 1];
        self.members.iter().for_each(|&member| starts[member as usize + 1] += 1);
        for node in 0..nodes as usize {
            starts[node + 1] += starts[node];
        }
        let mut next = starts.clone();
        self.seats = vec![Seat { block: 0, place: 0 }; self.members.len()];
        for block in 0..self.count() {
            for (place, &member) in (0..).zip(&self.members[self.range(block)]) {
                let seat = &mut next[member as usize];
                let before = self.seats[starts[member as usize] as usize..*seat as usize].last();
                assert!(before.is_none_or(|seat| seat.block < block), "node {member} is in block {block} twice");
                self.seats[*seat as usize] = Seat { block, place };
                *seat += 1;
            }
        }
        self.seat_starts = starts;
    }

    /// How many blocks there are.
    pub(super) fn count(&self) -> u32 {
        self.starts.len().saturating_sub(1) as u32
    }

    /// Where the members of a block stand among those of all blocks.
    #[inline]
    pub(super) fn range(&self, block: u32) -> std::ops::Range<usize> {
        self.starts[block as usize] as usize..self.starts[block as usize + 1] as usize
    }

    /// The members of all blocks, one after the other.
    #[inline]
    pub(super) fn members(&self) -> &[u32] {
        &self.members
    }

    /// The blocks that a node is a member of.
    #[inline]
    pub(super) fn seats(&self, node: u32) -> &[Seat] {
        let node = node as usize;
        match self.seat_starts.get(node..node + 2) {
            Some(&[from, until]) => &self.seats[from as usize..until as usize],
            _ => &[],
        }
    }

    /// How many connections the blocks stand for.
    pub(super) fn connections(&self) -> u64 {
        let of_block = |block: u32| {
            let members = self.range(block).len() as u64;
            members * (members - 1) / 2
        };
        (0..self.count()).map(of_block).sum()
    }
}
