//! Audiences: messages that are for some peers only, and which hops lead to them.
//!
//! Split horizon takes a message to every node. Here it takes only the hops behind which the audience has a member
//! that the message has not come by yet: multicast forwarding along a shared tree, as in core-based trees (Ballardie,
//! Francis and Crowcroft, "Core Based Trees (CBT)", SIGCOMM 1993), with membership known everywhere at once and at no
//! cost. Each member is reached once, and no copy is sent that nobody needs.
//!
//! Nodes are numbered in preorder (`places.rs`), so that what lies behind a hop is a range of numbers, or two,
//! and an audience a sorted list of them: two binary searches at most.

use super::graph::Overlay;
use super::places::{Place, Span, places};

/// The audience of everybody.
pub const ALL: u32 = u32::MAX;

/// The audiences of all flows, and what routing to them needs of the overlay.
#[derive(Clone, Debug, Default)]
pub struct Audiences {
    // By node; empty where every message is for everybody.
    places: Vec<Place>,
    // By audience: the preorder numbers of its members, in order.
    members: Vec<Vec<u32>>,
}

impl Audiences {
    /// Routing over `overlay` to these audiences, lists of nodes without repetition.
    ///
    /// # Panics
    /// When a member is no node.
    #[must_use]
    pub fn new(overlay: &Overlay, audiences: &[Vec<u32>]) -> Self {
        if audiences.is_empty() {
            return Self::default();
        }
        let places = places(overlay);
        let numbers = |audience: &Vec<u32>| {
            let mut numbers: Vec<u32> = audience.iter().map(|&member| places[member as usize].subtree.from).collect();
            numbers.sort_unstable();
            numbers
        };
        let members = audiences.iter().map(numbers).collect();
        Self { places, members }
    }

    /// Whether a message for `audience` needs a copy on the hop from `node` to its neighbour `next`, which it has not
    /// come from.
    #[inline]
    #[must_use]
    pub fn needs(&self, audience: u32, node: u32, next: u32) -> bool {
        if audience == ALL {
            return true;
        }
        let members = &self.members[audience as usize];
        let has_any = |span: Span| {
            let first = members.partition_point(|&number| number < span.from);
            members.get(first).is_some_and(|&number| number < span.until)
        };
        self.places[node as usize].behind(&self.places[next as usize]).into_iter().any(has_any)
    }

    /// The preorder numbers of an audience's members, in order; not of [`ALL`].
    pub(super) fn members(&self, audience: u32) -> &[u32] {
        &self.members[audience as usize]
    }

    /// Whether a message for `audience` is for this node, if it is a peer.
    #[inline]
    #[must_use]
    pub fn includes(&self, audience: u32, node: u32) -> bool {
        audience == ALL
            || self.members[audience as usize].binary_search(&self.places[node as usize].subtree.from).is_ok()
    }

    /// How many of `peers` peers a message of `source` for `audience` is for: itself does not count.
    #[must_use]
    pub fn receivers(&self, audience: u32, source: u32, peers: u32) -> u32 {
        if audience == ALL {
            return peers - 1;
        }
        self.members[audience as usize].len() as u32 - u32::from(self.includes(audience, source))
    }

    /// The nodes to which `node` passes on a message for `audience` that came from `from` (`None`: its own).
    #[inline]
    pub fn next_hops<'a>(
        &'a self,
        overlay: &'a Overlay,
        audience: u32,
        node: u32,
        from: Option<u32>,
    ) -> impl Iterator<Item = u32> + 'a {
        overlay.next_hops(node, from).filter(move |&next| self.needs(audience, node, next))
    }

    /// Calls `visit` for every node that a message of `source` for `audience` comes to, the source first, with the
    /// number of copies it sends.
    pub fn for_each_sender(&self, overlay: &Overlay, audience: u32, source: u32, mut visit: impl FnMut(u32, u32)) {
        let mut pending = vec![(source, None)];
        while let Some((node, from)) = pending.pop() {
            let before = pending.len();
            pending.extend(self.next_hops(overlay, audience, node, from).map(|next| (next, Some(node))));
            visit(node, (pending.len() - before) as u32);
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use petgraph::algo::astar;
    use petgraph::graph::NodeIndex;
    use proptest::prelude::*;

    use super::*;

    /// Trees whose nodes hang together by pairs and blocks, nested to any depth; node numbers shuffled.
    pub(in crate::overlay) fn overlays() -> impl Strategy<Value = (Overlay, Vec<u32>, u32)> {
        (2_u32..40, 1_u32..5).prop_flat_map(|(nodes, trees)| {
            // Of each node the parent, and by what it hangs there: a pair, or a block with others.
            let parents = proptest::collection::vec((any::<u32>(), 0_u32..4), nodes as usize);
            let names = Just((0..nodes).collect::<Vec<u32>>()).prop_shuffle();
            let members = proptest::sample::subsequence((0..nodes).collect::<Vec<u32>>(), 0..=nodes as usize);
            (parents, names, members, 0..nodes).prop_map(move |(parents, names, members, source)| {
                let mut pairs = Vec::new();
                let mut blocks = BTreeMap::<(u32, u32), Vec<u32>>::new();
                for child in trees.min(nodes)..nodes {
                    let (parent, by) = parents[child as usize];
                    let (parent, name) = (names[(parent % child) as usize], names[child as usize]);
                    if by < 2 {
                        pairs.push((parent, name));
                    } else {
                        blocks.entry((parent, by)).or_insert_with(|| vec![parent]).push(name);
                    }
                }
                (Overlay::new(nodes, &pairs, blocks.into_values().collect()), members, source)
            })
        })
    }

    /// The hops of all shortest paths to the members; in these overlays there is one to each.
    fn shortest_paths(overlay: &Overlay, members: &[u32], source: u32) -> Vec<(u32, u32)> {
        let graph = overlay.to_petgraph();
        let mut hops = BTreeSet::new();
        for &member in members {
            let goal = NodeIndex::new(member as usize);
            let found = astar(&graph, NodeIndex::new(source as usize), |node| node == goal, |_| 1, |_| 0);
            let path = found.map(|(_, path)| path).unwrap_or_default();
            hops.extend(path.windows(2).map(|hop| (hop[0].index() as u32, hop[1].index() as u32)));
        }
        hops.into_iter().collect()
    }

    proptest! {
        /// No hop is missing, none is in vain and none is taken twice.
        #[test]
        fn messages_take_the_shortest_paths_to_their_audience((overlay, members, source) in overlays()) {
            prop_assert!(!overlay.has_ring());
            let audiences = Audiences::new(&overlay, std::slice::from_ref(&members));
            let (mut hops, mut copies) = (Vec::new(), 0);
            let mut pending = vec![(source, None)];
            while let Some((node, from)) = pending.pop() {
                for next in audiences.next_hops(&overlay, 0, node, from) {
                    hops.push((node, next));
                    pending.push((next, Some(node)));
                }
            }
            hops.sort_unstable();
            prop_assert_eq!(&hops, &shortest_paths(&overlay, &members, source));
            audiences.for_each_sender(&overlay, 0, source, |_, sent| copies += sent as usize);
            prop_assert_eq!(copies, hops.len());
            let others = members.iter().filter(|&&member| member != source).count() as u32;
            prop_assert_eq!(audiences.receivers(0, source, overlay.nodes()), others);
            for node in 0..overlay.nodes() {
                prop_assert_eq!(audiences.includes(0, node), members.contains(&node));
            }
        }
    }

    #[test]
    fn everybody_is_an_audience_that_needs_every_hop() {
        let overlay = Overlay::new(5, &[(0, 2), (0, 3), (1, 4)], vec![vec![0, 1]]);
        let audiences = Audiences::new(&overlay, &[]);
        assert_eq!(audiences.next_hops(&overlay, ALL, 0, Some(2)).collect::<Vec<_>>(), [3, 1]);
        assert_eq!(audiences.receivers(ALL, 2, 5), 4);
        assert!(audiences.includes(ALL, 4));
    }
}
