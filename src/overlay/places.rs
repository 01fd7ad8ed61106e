//! Where nodes lie in an overlay without rings, so that what is behind a hop is told at once.
//!
//! Each part that hangs together is rooted at one node. Below a node are its other pairs, and the other members of each
//! block that it is not itself below. All nodes are numbered in preorder, the members of a block one behind the other.
//! Then a subtree is a range of numbers. Behind a hop down, or to another member of a block, lies the subtree of the next
//! node. Behind a hop up lies all but what is below the pair or the block that it takes.

use super::graph::Overlay;

/// Where a node lies in the preorder.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    /// The node and what lies below it.
    pub(super) subtree: Span,
    /// What lies below the pair or the block by which the node hangs.
    pub(super) hanging: Span,
    /// All nodes that it can reach.
    pub(super) reach: Span,
}

/// Preorder numbers from one on until before another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) from: u32,
    pub(super) until: u32,
}

impl Place {
    /// What lies behind the hop from here to a neighbour, as two ranges.
    #[inline]
    pub(super) const fn behind(&self, next: &Self) -> [Span; 2] {
        if next.subtree.contains(self.subtree.from) {
            let (before, after) = (self.hanging.from, self.hanging.until);
            [Span { until: before, ..self.reach }, Span { from: after, ..self.reach }]
        } else {
            [next.subtree, Span { from: 0, until: 0 }]
        }
    }
}

impl Span {
    pub(super) const fn contains(self, number: u32) -> bool {
        self.from <= number && number < self.until
    }
}

/// Where each node lies.
pub(super) fn places(overlay: &Overlay) -> Vec<Place> {
    Walk::new(overlay).hang(overlay.blocks())
}

/// All nodes in the order of their numbers, and how each hangs below another: those further down come later.
pub(super) fn hangings(overlay: &Overlay) -> Vec<(u32, Hanging)> {
    Walk::new(overlay).order
}

const UNSEEN: u32 = u32::MAX;

/// How a node hangs below another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hanging {
    /// It is a root.
    Root,
    /// By a pair.
    Pair { parent: u32 },
    /// By a block.
    Block { parent: u32, block: u32 },
}

struct Walk {
    places: Vec<Place>,
    // The nodes by their numbers, and how they hang.
    order: Vec<(u32, Hanging)>,
    pending: Vec<(u32, Hanging)>,
}

impl Walk {
    fn new(overlay: &Overlay) -> Self {
        let nodes = overlay.nodes() as usize;
        let unseen = Place { subtree: Span { from: UNSEEN, until: 0 }, ..Place::default() };
        let mut walk = Self { places: vec![unseen; nodes], order: Vec::with_capacity(nodes), pending: Vec::new() };
        // Members of blocks come first, so that what hangs by pairs alone is below them.
        for root in overlay.block_members().iter().copied().chain(0..overlay.nodes()) {
            walk.number(overlay, root);
        }
        walk
    }

    // Numbers all that can be reached from a root, if it is not numbered yet.
    fn number(&mut self, overlay: &Overlay, root: u32) {
        let reach_from = self.order.len() as u32;
        self.pending.push((root, Hanging::Root));
        while let Some((node, hanging)) = self.pending.pop() {
            let place = &mut self.places[node as usize];
            if place.subtree.from != UNSEEN {
                continue;
            }
            let number = self.order.len() as u32;
            place.subtree = Span { from: number, until: number + 1 };
            self.order.push((node, hanging));
            let (parent, by) = match hanging {
                Hanging::Root => (UNSEEN, None),
                Hanging::Pair { parent } => (parent, None),
                Hanging::Block { parent, block } => (parent, Some(block)),
            };
            let pairs = overlay.pair_neighbours(node).iter().filter(|&&next| next != parent);
            self.pending.extend(pairs.map(|&next| (next, Hanging::Pair { parent: node })));
            for seat in overlay.seats(node).iter().filter(|seat| Some(seat.block) != by) {
                let others = overlay.block(seat.block).iter().filter(|&&member| member != node);
                let below = Hanging::Block { parent: node, block: seat.block };
                self.pending.extend(others.map(|&member| (member, below)));
            }
        }
        let reach = Span { from: reach_from, until: self.order.len() as u32 };
        self.order[reach.from as usize..].iter().for_each(|&(node, _)| self.places[node as usize].reach = reach);
    }

    // Says of each node how far its subtree reaches, and what hangs as it does.
    fn hang(self, blocks: u32) -> Vec<Place> {
        let Self { mut places, order, .. } = self;
        let mut below = vec![Span { from: UNSEEN, until: 0 }; blocks as usize];
        for &(node, hanging) in order.iter().rev() {
            let Span { from, until } = places[node as usize].subtree;
            let (Hanging::Pair { parent } | Hanging::Block { parent, .. }) = hanging else { continue };
            if let Hanging::Block { block, .. } = hanging {
                let below = &mut below[block as usize];
                *below = Span { from: from.min(below.from), until: until.max(below.until) };
            }
            let of_parent = &mut places[parent as usize].subtree.until;
            *of_parent = until.max(*of_parent);
        }
        for &(node, hanging) in &order {
            let place = &mut places[node as usize];
            place.hanging = match hanging {
                Hanging::Root | Hanging::Pair { .. } => place.subtree,
                Hanging::Block { block, .. } => below[block as usize],
            };
        }
        places
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn behind_a_hop_up_is_all_but_what_hangs_as_the_node_does() {
        // A mesh of 0, 1, 2; one of 2, 3, 4; a pair of 4 and 5; 6 apart.
        let overlay = Overlay::new(7, &[(4, 5)], vec![vec![0, 1, 2], vec![2, 3, 4]]);
        let places = places(&overlay);
        let behind = |node: usize, next: usize| {
            let spans = places[node].behind(&places[next]);
            let is_behind = |other: &usize| spans.iter().any(|span| span.contains(places[*other].subtree.from));
            (0..7).filter(is_behind).collect::<Vec<_>>()
        };
        assert_eq!(behind(0, 2), [2, 3, 4, 5]);
        assert_eq!(behind(1, 2), [2, 3, 4, 5]);
        assert_eq!(behind(2, 0), [0]);
        assert_eq!(behind(4, 2), [0, 1, 2]);
        assert_eq!(behind(3, 4), [4, 5]);
        assert_eq!(behind(5, 4), [0, 1, 2, 3, 4]);
        assert_eq!(behind(4, 5), [5]);
    }
}
