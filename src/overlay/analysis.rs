//! What an overlay is as a graph: its diameter, over the connections that carry, and its smallest vertex cut, over all.
//!
//! Both are exact or not told at all: a bound would look like a value. Work is limited, so that no replication waits.

use std::collections::VecDeque;

use super::cut_nodes::parts_by_one;
use super::disjoint_ways::DisjointWays;
use super::graph::Overlay;

/// Most steps of all breadth-first searches together.
const SEARCH_STEPS_MAX: u64 = 4_000_000;
/// Most nodes whose smallest cut is looked for where there are rings.
const CUT_NODES_MAX: u32 = 200;
/// Most steps of all maximum flows together: flows times augmenting paths times edges.
const FLOW_STEPS_MAX: u64 = 4_000_000;

/// Most hops between any two nodes, by the shortest way over connections that carry. `None` where nodes have no way to each
/// other, or there are too many of them: without rings from about a million on, with rings from about a thousand.
///
/// Without rings two searches find it: distances are those of a tree whose edges are half as long, with a node more for
/// each block, and what is farthest from anywhere in a tree is an end of its longest path.
#[must_use]
pub fn diameter(overlay: &Overlay) -> Option<u32> {
    let nodes = overlay.nodes();
    let steps = u64::from(nodes) + overlay.slots() as u64 + overlay.block_members().len() as u64;
    if nodes == 0 || 2 * steps > SEARCH_STEPS_MAX {
        return None;
    }
    let (end, _) = farthest(overlay, 0)?;
    if !overlay.has_ring() {
        return farthest(overlay, end).map(|(_, hops)| hops);
    }
    if u64::from(nodes) * steps > SEARCH_STEPS_MAX {
        return None;
    }
    (0..nodes).filter_map(|node| farthest(overlay, node)).map(|(_, hops)| hops).max()
}

/// How few nodes can leave and part the others; one less than there are where all are connected to each other, none
/// where they are parted already. `None` for less than two nodes, and where it would take too long.
///
/// Standby connections are there for that, and count. Beyond so many nodes that flows take too long, an overlay with standby
/// connections is still looked at for single nodes that part it, and told where its weakest node has two neighbours: the
/// two are a cut.
///
/// Where there are rings, by maximum flows between nodes: from one of the least degree to all that it is not connected
/// to, and among its neighbours (Esfahanian and Hakimi, Networks 14, 1984), none of which is followed beyond the least so far.
#[must_use]
pub fn smallest_vertex_cut(overlay: &Overlay) -> Option<u32> {
    if overlay.standby_connections() == 0 {
        return cut_of_carrying(overlay);
    }
    let (nodes, connections) = (overlay.nodes(), overlay.connections());
    if u64::from(nodes) + 2 * connections > SEARCH_STEPS_MAX {
        return None;
    }
    let all = overlay.with_standby_carrying();
    if nodes <= CUT_NODES_MAX || farthest(&all, 0).is_none() {
        return cut_of_carrying(&all);
    }
    if parts_by_one(&all) {
        return Some(1);
    }
    ((0..nodes).any(|node| all.degree(node) == 2)).then_some(2)
}

fn cut_of_carrying(overlay: &Overlay) -> Option<u32> {
    let nodes = overlay.nodes();
    let steps = u64::from(nodes) + overlay.slots() as u64 + overlay.block_members().len() as u64;
    if nodes < 2 || steps > SEARCH_STEPS_MAX {
        return None;
    }
    if overlay.connections() == u64::from(nodes) * u64::from(nodes - 1) / 2 {
        return Some(nodes - 1);
    }
    if farthest(overlay, 0).is_none() {
        return Some(0);
    }
    // Whoever belongs to two pairs or blocks holds them together alone.
    if !overlay.has_ring() {
        return Some(1);
    }
    if nodes > CUT_NODES_MAX { None } else { cut_by_flows(overlay) }
}

// The node that a breadth-first search comes to last, and its hops; `None` where it does not come to all. A block is
// walked once: after its first member all others are one hop away.
fn farthest(overlay: &Overlay, start: u32) -> Option<(u32, u32)> {
    let mut hops = vec![u32::MAX; overlay.nodes() as usize];
    let mut walked = vec![false; overlay.blocks() as usize];
    let mut pending = VecDeque::from([start]);
    let (mut found, mut last) = (0, (start, 0));
    hops[start as usize] = 0;
    while let Some(node) = pending.pop_front() {
        let here = hops[node as usize];
        (found, last) = (found + 1, (node, here));
        let blocks =
            overlay.seats(node).iter().filter(|seat| !std::mem::replace(&mut walked[seat.block as usize], true));
        for &next in overlay.pair_neighbours(node).iter().chain(blocks.flat_map(|seat| overlay.block(seat.block))) {
            if hops[next as usize] == u32::MAX {
                hops[next as usize] = here + 1;
                pending.push_back(next);
            }
        }
    }
    (found == overlay.nodes()).then_some(last)
}

fn cut_by_flows(overlay: &Overlay) -> Option<u32> {
    let nodes = overlay.nodes();
    let weakest = (0..nodes).min_by_key(|&node| overlay.degree(node))?;
    let near: Vec<u32> = overlay.next_hops(weakest, None).collect();
    let apart = |a: u32, b: u32| overlay.next_hops(a, None).all(|next| next != b);
    let far = (0..nodes).filter(|&node| node != weakest && !near.contains(&node)).map(|node| (weakest, node));
    let among = near.iter().enumerate().flat_map(|(at, &a)| near[at + 1..].iter().map(move |&b| (a, b)));
    let ends: Vec<(u32, u32)> = far.chain(among.filter(|&(a, b)| apart(a, b))).collect();
    let edges = u64::from(nodes) + 2 * overlay.connections();
    if ends.len() as u64 * (near.len() as u64 + 1) * edges > FLOW_STEPS_MAX {
        return None;
    }
    // No cut is larger than the neighbours of the weakest node.
    let mut ways = DisjointWays::new(overlay);
    Some(ends.into_iter().fold(near.len() as u32, |least, (a, b)| ways.count(a, b, least)))
}

#[cfg(test)]
mod tests {
    use petgraph::algo::{connected_components, floyd_warshall};
    use proptest::prelude::*;

    use super::super::audience::tests::overlays;
    use super::*;

    fn mesh(nodes: u32) -> Overlay {
        Overlay::new(nodes, &[], vec![(0..nodes).collect()])
    }

    fn ring(nodes: u32) -> Overlay {
        let pairs: Vec<(u32, u32)> = (0..nodes).map(|node| (node, (node + 1) % nodes)).collect();
        Overlay::new(nodes, &pairs, Vec::new())
    }

    #[test]
    fn known_graphs_have_their_known_diameters_and_cuts() {
        let of = |overlay: &Overlay| (diameter(overlay), smallest_vertex_cut(overlay));
        let star: Vec<(u32, u32)> = (1..9).map(|leaf| (0, leaf)).collect();
        assert_eq!(of(&mesh(7)), (Some(1), Some(6)));
        assert_eq!(of(&Overlay::new(9, &star, Vec::new())), (Some(2), Some(1)));
        assert_eq!(of(&ring(12)), (Some(6), Some(2)));
        assert_eq!(of(&Overlay::new(4, &[(0, 1), (2, 3)], Vec::new())), (None, Some(0)));
        assert_eq!(of(&Overlay::new(1, &[], Vec::new())), (Some(0), None));
        // The cube of four dimensions: as many hops and as many ways as dimensions.
        let cube: Vec<(u32, u32)> =
            (0..16_u32).flat_map(|a| (0..4).map(move |bit| (a, a ^ (1 << bit)))).filter(|(a, b)| a < b).collect();
        assert_eq!(of(&Overlay::new(16, &cube, Vec::new())), (Some(4), Some(4)));
    }

    #[test]
    fn what_would_take_too_long_is_not_told() {
        assert_eq!((diameter(&ring(5_000)), smallest_vertex_cut(&ring(201))), (None, None));
        assert_eq!((diameter(&mesh(5_000)), smallest_vertex_cut(&mesh(5_000))), (Some(1), Some(4_999)));
    }

    /// The fewest nodes without which others have no way to each other, by trying all sets.
    fn cut_by_trying(overlay: &Overlay) -> u32 {
        let nodes = overlay.nodes();
        let parts = |gone: u32| {
            let graph = overlay
                .to_petgraph()
                .filter_map(|node, ()| (gone >> node.index() & 1 == 0).then_some(()), |_, ()| Some(()));
            connected_components(&graph) > 1
        };
        (0..1_u32 << nodes).filter(|&gone| parts(gone)).map(u32::count_ones).min().unwrap_or(nodes - 1)
    }

    #[test]
    fn standby_connections_count_for_cuts_and_not_for_ways() {
        // A long chain whose every other node has its grandparent on standby, and one where the last has not.
        for nodes in [40_u32, 5_000] {
            let chain: Vec<(u32, u32)> = (1..nodes).map(|node| (node - 1, node)).collect();
            let standby: Vec<(u32, u32)> = (2..nodes).map(|node| (node - 2, node)).collect();
            let with = |standby: &[(u32, u32)]| Overlay::new(nodes, &chain, Vec::new()).with_standby(standby);
            let of = |overlay: &Overlay| (diameter(overlay), smallest_vertex_cut(overlay));
            assert_eq!(of(&with(&[])), (Some(nodes - 1), Some(1)));
            assert_eq!(of(&with(&standby)), (Some(nodes - 1), Some(2)));
            assert_eq!(of(&with(&standby[1..])), (Some(nodes - 1), Some(1)));
        }
        let parted = Overlay::new(4, &[(0, 1), (2, 3)], Vec::new()).with_standby(&[(1, 2)]);
        assert_eq!((diameter(&parted), smallest_vertex_cut(&parted)), (None, Some(1)));
    }

    proptest! {
        #[test]
        fn a_node_that_parts_is_found_as_by_trying(nodes in 3_u32..10, chosen in any::<u64>()) {
            let pairs = (0..nodes).flat_map(|a| (a + 1..nodes).map(move |b| (a, b)));
            let pairs: Vec<(u32, u32)> = pairs.enumerate().filter(|(at, _)| chosen >> at & 1 == 1).map(|(_, pair)| pair).collect();
            let overlay = Overlay::new(nodes, &pairs, Vec::new());
            prop_assume!(cut_by_trying(&overlay) > 0);
            prop_assert_eq!(parts_by_one(&overlay), cut_by_trying(&overlay) == 1);
        }

        #[test]
        fn two_searches_find_the_diameter_without_rings((overlay, _, _) in overlays()) {
            let all = floyd_warshall(&overlay.to_petgraph(), |_| 1_u32).expect("no negative cycle");
            let most = all.values().copied().max().unwrap_or(0);
            prop_assert_eq!(diameter(&overlay), (most != u32::MAX).then_some(most));
        }

        #[test]
        fn flows_find_the_smallest_cut(nodes in 2_u32..8, chosen in any::<u32>()) {
            let pairs = (0..nodes).flat_map(|a| (a + 1..nodes).map(move |b| (a, b)));
            let pairs: Vec<(u32, u32)> = pairs.enumerate().filter(|(at, _)| chosen >> at & 1 == 1).map(|(_, pair)| pair).collect();
            let overlay = Overlay::new(nodes, &pairs, Vec::new());
            prop_assert_eq!(smallest_vertex_cut(&overlay), Some(cut_by_trying(&overlay)));
        }
    }
}
