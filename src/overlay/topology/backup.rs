//! Second parents on standby: whom a peer of a tree turns to when its parent goes, connected to it beforehand.
//!
//! What a second parent must be is what [`optimiser::backup`](crate::optimiser::backup) says: no one below the parent, for
//! that goes with it, so that each failure of an inner peer leaves a way to the root (2-connectivity: Menger, 1927). There
//! slots are lent to one failure at a time. Here they are taken for good, since a standby connection is held all the time:
//! nobody has more peers on standby below it than it may have children, or than each peer asks for.
//!
//! Of those with room a peer takes the nearest of other branches that is no deeper than its parent, so that the way to it
//! becomes no longer; then its ancestors beyond the parent, the nearest in the tree first; then whoever else is outside of
//! what is below its parent, the least deep first; and at last a child of its parent that has found somebody itself.
//! Children of the root have the others, around a ring, for nobody else hears without the root. Delays are typical ones, as
//! places tell them, and at most [`LOOKS_MAX`] are looked at for a peer and a rule, so that time is near to linear.

use std::collections::BTreeSet;

use super::rooms::{Fit, Hubs};
use crate::world::World;

/// So many are looked at for a peer before the next rule is tried.
const LOOKS_MAX: usize = 256;

/// What a tree asks for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wish {
    /// How many second parents each peer is to have.
    pub(super) count: u32,
    /// Whether the children of the root find others elsewhere.
    pub(super) is_rooted: bool,
}

/// The standby connections of a tree, second parent first. Its pairs are parent and child, from the root down; `room` is how
/// many peers a node takes below it.
pub(super) fn standby(world: &World, pairs: &[(u32, u32)], wish: Wish, room: impl Fn(u32) -> u32) -> Vec<(u32, u32)> {
    if wish.count == 0 || pairs.is_empty() {
        return Vec::new();
    }
    let tree = Rooted::new(pairs);
    let left = tree.nodes.iter().map(|&node| room(node)).collect();
    let mut search =
        Search { world, tree: &tree, left, seconds: vec![Vec::new(); tree.nodes.len()], found: Vec::new() };
    if !wish.is_rooted {
        search.around_root(wish.count);
    }
    for round in 0..wish.count {
        search.round(round);
    }
    let nodes = |(second, peer): (usize, usize)| (tree.nodes[second], tree.nodes[peer]);
    search.found.into_iter().map(nodes).collect()
}

/// The standby connections of those who hang at hubs directly, each with its hub before it: so many other hubs, the nearest
/// with room. All hubs take as many, and more only where nobody else is left.
pub(super) fn at_other_hubs(world: &World, hubs: &[u32], direct: &[(u32, u32)], count: u32) -> Vec<(u32, u32)> {
    let count = count.min(hubs.len().saturating_sub(1) as u32);
    if count == 0 {
        return Vec::new();
    }
    let room = (direct.len() * count as usize).div_ceil(hubs.len()) as u32;
    let with_room = |room: u32| Hubs::new(world, hubs.iter().map(|&hub| (hub, room)));
    let (mut fair, mut any) = (with_room(room), with_room(u32::MAX));
    let mut found: Vec<(u32, u32)> = Vec::with_capacity(direct.len() * count as usize);
    for &(own, peer) in direct {
        let first = found.len();
        for _ in 0..count {
            let is_known = |hub: u32| hub == own || found[first..].iter().any(|&(other, _)| other == hub);
            let fits = |hub: u32| if is_known(hub) { Fit::No } else { Fit::Yes };
            let nearest = fair.take_fitting(peer, LOOKS_MAX, fits).or_else(|| any.take_fitting(peer, LOOKS_MAX, fits));
            found.extend(nearest.map(|hub| (hub, peer)));
        }
    }
    found
}

// A tree by places: the root is at zero, and every other node behind its parent.
struct Rooted {
    nodes: Vec<u32>,
    parents: Vec<usize>,
    children: Vec<Vec<usize>>,
    depths: Vec<u32>,
    // Preorder numbers: what is below a node is a range.
    numbers: Vec<usize>,
    sizes: Vec<usize>,
    // By depth.
    order: Vec<usize>,
    // Places by nodes.
    sorted: Vec<(u32, usize)>,
}

impl Rooted {
    fn new(pairs: &[(u32, u32)]) -> Self {
        let nodes: Vec<u32> = std::iter::once(pairs[0].0).chain(pairs.iter().map(|&(_, child)| child)).collect();
        let mut sorted: Vec<(u32, usize)> = nodes.iter().copied().zip(0..).collect();
        sorted.sort_unstable();
        let all = nodes.len();
        let mut tree = Self {
            nodes,
            parents: vec![0; all],
            children: vec![Vec::new(); all],
            depths: vec![0; all],
            numbers: vec![0; all],
            sizes: vec![1; all],
            order: (0..all).collect(),
            sorted,
        };
        for (&(parent, _), place) in pairs.iter().zip(1..) {
            let parent = tree.place(parent);
            assert!(parent < place, "invariant: parents come first");
            tree.parents[place] = parent;
            tree.depths[place] = tree.depths[parent] + 1;
            tree.children[parent].push(place);
        }
        for place in (1..all).rev() {
            tree.sizes[tree.parents[place]] += tree.sizes[place];
        }
        let mut next = vec![1; all];
        for place in 1..all {
            let parent = tree.parents[place];
            tree.numbers[place] = next[parent];
            next[parent] += tree.sizes[place];
            next[place] = tree.numbers[place] + 1;
        }
        let depths = &tree.depths;
        tree.order.sort_by_key(|&place| depths[place]);
        tree
    }

    fn place(&self, node: u32) -> usize {
        let at = self.sorted.binary_search_by_key(&node, |&(node, _)| node).expect("invariant: it is in the tree");
        self.sorted[at].1
    }

    // Whether the first is the other, or below it.
    fn is_below(&self, place: usize, above: usize) -> bool {
        (self.numbers[above]..self.numbers[above] + self.sizes[above]).contains(&self.numbers[place])
    }
}

// What has been found so far.
struct Search<'a> {
    world: &'a World,
    tree: &'a Rooted,
    // How many more peers each takes.
    left: Vec<u32>,
    seconds: Vec<Vec<usize>>,
    found: Vec<(usize, usize)>,
}

impl Search<'_> {
    // Children of the root have the next of them that they can connect to.
    fn around_root(&mut self, count: u32) {
        let first = &self.tree.children[0];
        let mut known = BTreeSet::new();
        for (at, &peer) in first.iter().enumerate() {
            let mut others: Vec<usize> = Vec::new();
            for &other in first[at + 1..].iter().chain(&first[..at]) {
                if others.len() == count as usize {
                    break;
                }
                if self.left[other] > 0 && self.can_connect(peer, other) {
                    others.push(other);
                }
            }
            for other in others {
                self.left[other] -= 1;
                self.seconds[peer].push(other);
                // Two may have each other, by one connection.
                if known.insert((peer.min(other), peer.max(other))) {
                    self.found.push((other, peer));
                }
            }
        }
    }

    // One second parent more for each that is neither the root nor its child.
    fn round(&mut self, round: u32) {
        let tree = self.tree;
        let mut shallow = Hubs::to_open(self.world, &tree.nodes);
        // The first level that is not open; where a level ends, where the next begins.
        let (mut opened, mut spare) = (tree.order.partition_point(|&place| tree.depths[place] < 1), 0);
        let begin = tree.order.partition_point(|&place| tree.depths[place] < 2);
        for at in begin..tree.order.len() {
            let peer = tree.order[at];
            while tree.depths[tree.order[opened]] < tree.depths[peer] {
                let open = tree.order[opened];
                shallow.open(tree.nodes[open], self.left[open]);
                opened += 1;
            }
            let second = self
                .in_other_branch(&mut shallow, peer)
                .or_else(|| self.among_ancestors(peer))
                .or_else(|| self.anywhere_outside(peer, opened, &mut spare))
                .or_else(|| if round == 0 { self.among_siblings(peer) } else { None });
            if let Some(second) = second {
                self.left[second] -= 1;
                self.seconds[peer].push(second);
                self.found.push((second, peer));
            }
        }
    }

    fn in_other_branch(&self, shallow: &mut Hubs<'_>, peer: usize) -> Option<usize> {
        let fits = |node: u32| {
            let other = self.tree.place(node);
            match () {
                () if self.left[other] == 0 => Fit::Full,
                () if self.tree.is_below(peer, other) || self.is_taken(peer, other) => Fit::No,
                () => Fit::Yes,
            }
        };
        shallow.take_fitting(self.tree.nodes[peer], LOOKS_MAX, fits).map(|node| self.tree.place(node))
    }

    fn among_ancestors(&self, peer: usize) -> Option<usize> {
        let parents = &self.tree.parents;
        let above = std::iter::successors(Some(parents[peer]), |&place| (place > 0).then(|| parents[place]));
        above.skip(1).take(LOOKS_MAX).find(|&other| self.takes(peer, other))
    }

    // Of those that are not open yet, from `opened` on; `spare` is where those begin that may have room.
    fn anywhere_outside(&self, peer: usize, opened: usize, spare: &mut usize) -> Option<usize> {
        let Rooted { order, parents, .. } = self.tree;
        *spare = opened.max(*spare);
        while order.get(*spare).is_some_and(|&place| self.left[place] == 0) {
            *spare += 1;
        }
        let parent = parents[peer];
        let deeper = order.get(*spare..).unwrap_or_default();
        let mut both = deeper.iter().take(LOOKS_MAX).chain(deeper.iter().rev().take(LOOKS_MAX));
        both.find(|&&other| !self.tree.is_below(other, parent) && self.takes(peer, other)).copied()
    }

    fn among_siblings(&self, peer: usize) -> Option<usize> {
        let siblings = &self.tree.children[self.tree.parents[peer]];
        let has_found = |&&other: &&usize| other != peer && !self.seconds[other].is_empty();
        siblings.iter().take(LOOKS_MAX).filter(has_found).copied().find(|&other| self.takes(peer, other))
    }

    fn takes(&self, peer: usize, other: usize) -> bool {
        self.left[other] > 0 && !self.is_taken(peer, other) && self.can_connect(peer, other)
    }

    // Whether there is a standby connection between two already.
    fn is_taken(&self, peer: usize, other: usize) -> bool {
        self.seconds[peer].contains(&other) || self.seconds[other].contains(&peer)
    }

    fn can_connect(&self, peer: usize, other: usize) -> bool {
        self.world.typical_delay_ns(self.tree.nodes[other], self.tree.nodes[peer]).is_some()
    }
}
