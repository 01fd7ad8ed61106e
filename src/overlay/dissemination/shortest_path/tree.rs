//! The tree of shortest paths from a source, pruned to the branches that lead to an audience.
//!
//! A search in breadth, level by level; of several parents that are equally near to the source a node takes the one of
//! the highest hash of source, parent and node: rendezvous hashing (Thaler and Ravishankar, "Using name-based mappings to
//! increase hit rates", IEEE/ACM Transactions on Networking 6(1), 1998), by which routers share out ways of equal cost
//! too (RFC 2991). Whoever knows the overlay finds the same tree, in whatever order it looks at connections.

use crate::overlay::Overlay;
use crate::overlay::audience::{ALL, Audiences};
use crate::rng::PairKey;

/// To whom each node passes the messages of one source on.
#[derive(Clone, Debug, Default)]
pub(super) struct Tree {
    // Those that pass on, by number, and where the children of each end in the list of all.
    senders: Vec<u32>,
    ends: Vec<u32>,
    children: Vec<u32>,
}

impl Tree {
    /// Those to whom a node passes on, in the order of the overlay.
    #[inline]
    pub(super) fn children(&self, node: u32) -> &[u32] {
        self.senders.binary_search(&node).map_or(&[], |place| self.at(place))
    }

    /// All that pass on, with those they pass on to.
    pub(super) fn all(&self) -> impl Iterator<Item = (u32, &[u32])> {
        self.senders.iter().enumerate().map(|(place, &sender)| (sender, self.at(place)))
    }

    #[inline]
    fn at(&self, place: usize) -> &[u32] {
        let start = place.checked_sub(1).map_or(0, |before| self.ends[before] as usize);
        &self.children[start..self.ends[place] as usize]
    }
}

/// Searches for trees in one overlay after the other; what a search needs is kept for the next.
#[derive(Clone, Debug, Default)]
pub(super) struct Search {
    // Of each node, and of each block: at which level it was come to.
    levels: Vec<u32>,
    block_levels: Vec<u32>,
    parents: Vec<u32>,
    // Of each node: how many of its children lead to somebody.
    wanted: Vec<u32>,
    // The nodes come to so far, by level.
    found: Vec<u32>,
}

/// Of what was not come to.
const NONE: u32 = u32::MAX;
/// The same for every replication, so that what is sent can be told beforehand; overlays differ enough.
const TIES: PairKey = PairKey::new(0x5350_5421);

impl Search {
    /// The tree of a source to an audience.
    pub(super) fn tree(&mut self, overlay: &Overlay, audiences: &Audiences, (source, audience): (u32, u32)) -> Tree {
        self.levels.resize(overlay.nodes() as usize, NONE);
        self.parents.resize(overlay.nodes() as usize, NONE);
        self.wanted.resize(overlay.nodes() as usize, 0);
        self.block_levels.resize(overlay.blocks() as usize, NONE);
        self.spread(overlay, audiences, (source, audience));
        // From the ends of branches inwards.
        for place in (1..self.found.len()).rev() {
            let node = self.found[place];
            if self.wanted[node as usize] > 0 || audiences.includes(audience, node) {
                self.wanted[self.parents[node as usize] as usize] += 1;
            } else {
                self.parents[node as usize] = NONE;
            }
        }
        let tree = self.branches(overlay);
        self.forget(overlay);
        tree
    }

    // Finds the parents of all nodes up to the last that the audience needs.
    fn spread(&mut self, overlay: &Overlay, audiences: &Audiences, (source, audience): (u32, u32)) {
        let mut missing = match audience {
            ALL => usize::MAX,
            _ => audiences.members(audience).len() - usize::from(audiences.includes(audience, source)),
        };
        self.levels[source as usize] = 0;
        self.found.push(source);
        let (mut level, mut start) = (0, 0);
        while start < self.found.len() && missing > 0 {
            let end = self.found.len();
            for place in start..end {
                self.look_around(overlay, source, self.found[place], level);
            }
            if audience != ALL {
                missing -= self.found[end..].iter().filter(|&&node| audiences.includes(audience, node)).count();
            }
            (level, start) = (level + 1, end);
        }
    }

    fn look_around(&mut self, overlay: &Overlay, source: u32, node: u32, level: u32) {
        for &next in overlay.pair_neighbours(node) {
            self.offer([source, node, next], level + 1);
        }
        for seat in overlay.seats(node) {
            // A block that was come to at an earlier level has no member that is new.
            let of_block = &mut self.block_levels[seat.block as usize];
            if *of_block == NONE {
                *of_block = level;
            }
            if *of_block == level {
                for &next in overlay.block(seat.block) {
                    self.offer([source, node, next], level + 1);
                }
            }
        }
    }

    // A node at the level before is one way to another.
    #[inline]
    fn offer(&mut self, [source, node, next]: [u32; 3], level: u32) {
        let weight = |parent: u32| TIES.directed_nth(parent, next, u64::from(source));
        let (of_next, parent) = (&mut self.levels[next as usize], &mut self.parents[next as usize]);
        if *of_next == NONE {
            (*of_next, *parent) = (level, node);
            self.found.push(next);
        } else if *of_next == level && weight(node) > weight(*parent) {
            *parent = node;
        }
    }

    // What was found as a tree, of those alone that lead to somebody.
    fn branches(&self, overlay: &Overlay) -> Tree {
        let leads = |node: &u32| self.wanted[*node as usize] > 0;
        let mut senders: Vec<u32> = self.found.iter().copied().filter(leads).collect();
        senders.sort_unstable();
        let count: u32 = senders.iter().map(|&node| self.wanted[node as usize]).sum();
        let (mut ends, mut children) = (Vec::with_capacity(senders.len()), Vec::with_capacity(count as usize));
        for &node in &senders {
            let is_child = |next: &&u32| self.parents[**next as usize] == node;
            children.extend(overlay.pair_neighbours(node).iter().filter(is_child));
            for seat in overlay.seats(node) {
                if self.block_levels[seat.block as usize] == self.levels[node as usize] {
                    children.extend(overlay.block(seat.block).iter().filter(is_child));
                }
            }
            ends.push(children.len() as u32);
        }
        Tree { senders, ends, children }
    }

    fn forget(&mut self, overlay: &Overlay) {
        for node in self.found.drain(..) {
            (self.levels[node as usize], self.parents[node as usize], self.wanted[node as usize]) = (NONE, NONE, 0);
            for seat in overlay.seats(node) {
                self.block_levels[seat.block as usize] = NONE;
            }
        }
    }
}
