//! Whether an overlay has a node without which the others fall apart.
//!
//! Articulation points by one depth-first search (Hopcroft and Tarjan, "Algorithm 447: efficient algorithms for graph
//! manipulation", Communications of the ACM 16(6), 1973), with a stack of its own: overlays are deep.

use super::graph::Overlay;

/// Whether the leaving of some node parts others, in an overlay that hangs together by connections that carry.
pub(super) fn parts_by_one(overlay: &Overlay) -> bool {
    const UNSEEN: u32 = u32::MAX;
    let nodes = overlay.nodes();
    let neighbours: Vec<Vec<u32>> = (0..nodes).map(|node| overlay.next_hops(node, None).collect()).collect();
    // When each node was found, and the first found that it or what lies below it has a connection with.
    let mut found = vec![UNSEEN; nodes as usize];
    let mut first = vec![UNSEEN; nodes as usize];
    let mut next = vec![0; nodes as usize];
    let (mut stack, mut clock, mut below_start) = (vec![0_u32], 1, 0);
    (found[0], first[0]) = (0, 0);
    while let Some(&node) = stack.last() {
        let at = node as usize;
        if let Some(&other) = neighbours[at].get(next[at]) {
            next[at] += 1;
            if found[other as usize] == UNSEEN {
                (found[other as usize], first[other as usize]) = (clock, clock);
                clock += 1;
                stack.push(other);
            } else {
                first[at] = first[at].min(found[other as usize]);
            }
            continue;
        }
        stack.pop();
        let Some(&parent) = stack.last() else { break };
        if stack.len() == 1 {
            below_start += 1;
        } else if first[at] >= found[parent as usize] {
            return true;
        }
        first[parent as usize] = first[parent as usize].min(first[at]);
    }
    below_start > 1
}
