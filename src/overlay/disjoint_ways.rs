//! How many ways lead from one node to another that share no node: by Menger's theorem as many as must leave to part the two.
//!
//! Maximum flows by shortest augmenting paths (Edmonds and Karp, Journal of the ACM 19(2), 1972) where each node is a way in
//! and a way out, and every arc bears one way. It is ours because each replication asks: petgraph's flows cannot stop at a
//! bound, and took as long as the messages of 150 peers do, ten times longer than these.

use std::collections::VecDeque;

use super::graph::Overlay;

/// The arcs of an overlay, in pairs: one, and the way back along it.
pub(super) struct DisjointWays {
    // Where each arc leads; it comes from where the other of its pair leads.
    heads: Vec<u32>,
    // The arcs from each way in (even) and way out (odd).
    arcs: Vec<Vec<u32>>,
    is_free: Vec<bool>,
    // By which arc the search came, and what it has yet to look at; reused.
    came_by: Vec<u32>,
    pending: VecDeque<u32>,
}

/// In place of an arc: the search has not been there.
const UNSEEN: u32 = u32::MAX;
/// It began there.
const START: u32 = u32::MAX - 1;

impl DisjointWays {
    pub(super) fn new(overlay: &Overlay) -> Self {
        let ends = 2 * overlay.nodes() as usize;
        let mut ways = Self {
            heads: Vec::new(),
            arcs: vec![Vec::new(); ends],
            is_free: Vec::new(),
            came_by: vec![UNSEEN; ends],
            pending: VecDeque::new(),
        };
        (0..overlay.nodes()).for_each(|node| ways.add(2 * node, 2 * node + 1));
        overlay.for_each_connection(|connection| {
            ways.add(2 * connection.a + 1, 2 * connection.b);
            ways.add(2 * connection.b + 1, 2 * connection.a);
        });
        ways
    }

    fn add(&mut self, from: u32, to: u32) {
        for (tail, head) in [(from, to), (to, from)] {
            self.arcs[tail as usize].push(self.heads.len() as u32);
            self.heads.push(head);
        }
    }

    /// From one node to another that it is not connected to; not more than are asked for.
    pub(super) fn count(&mut self, from: u32, to: u32, most: u32) -> u32 {
        self.is_free.clear();
        self.is_free.extend((0..self.heads.len()).map(|arc| arc % 2 == 0));
        (0..most).take_while(|_| self.find(2 * from + 1, 2 * to)).count() as u32
    }

    // One way more, if there is one: others may be led around it.
    fn find(&mut self, from: u32, to: u32) -> bool {
        self.came_by.fill(UNSEEN);
        self.came_by[from as usize] = START;
        self.pending.clear();
        self.pending.push_back(from);
        while let Some(tail) = self.pending.pop_front() {
            for &arc in &self.arcs[tail as usize] {
                let head = self.heads[arc as usize];
                if !self.is_free[arc as usize] || self.came_by[head as usize] != UNSEEN {
                    continue;
                }
                self.came_by[head as usize] = arc;
                if head == to {
                    self.take(to);
                    return true;
                }
                self.pending.push_back(head);
            }
        }
        false
    }

    // Uses the arcs of the way that was found, back from its end.
    fn take(&mut self, mut end: u32) {
        while self.came_by[end as usize] != START {
            let arc = self.came_by[end as usize];
            self.is_free[arc as usize] = false;
            self.is_free[arc as usize ^ 1] = true;
            end = self.heads[arc as usize ^ 1];
        }
    }
}

#[cfg(test)]
mod tests {
    use petgraph::algo::ford_fulkerson;
    use petgraph::graph::{DiGraph, NodeIndex};
    use proptest::prelude::*;

    use super::*;

    // The same by petgraph.
    fn by_petgraph(overlay: &Overlay, from: u32, to: u32) -> u32 {
        let mut network = DiGraph::<(), u32>::new();
        let nodes: Vec<NodeIndex> = (0..2 * overlay.nodes()).map(|_| network.add_node(())).collect();
        let [inward, outward] = [0, 1].map(|side| move |node: u32| 2 * node as usize + side);
        for node in 0..overlay.nodes() {
            network.add_edge(nodes[inward(node)], nodes[outward(node)], 1);
        }
        overlay.for_each_connection(|c| {
            network.add_edge(nodes[outward(c.a)], nodes[inward(c.b)], 1);
            network.add_edge(nodes[outward(c.b)], nodes[inward(c.a)], 1);
        });
        ford_fulkerson(&network, nodes[outward(from)], nodes[inward(to)]).0
    }

    proptest! {
        #[test]
        fn as_many_as_petgraph_finds(nodes in 3_u32..14, chosen in any::<u128>(), most in 0_u32..14) {
            let pairs = (0..nodes).flat_map(|a| (a + 1..nodes).map(move |b| (a, b))).skip(1);
            let pairs = pairs.enumerate().filter(|(at, _)| chosen >> at & 1 == 1).map(|(_, pair)| pair);
            let overlay = Overlay::new(nodes, &pairs.collect::<Vec<_>>(), Vec::new());
            let mut ways = DisjointWays::new(&overlay);
            // Twice: one count leaves nothing behind for the next.
            for _ in 0..2 {
                prop_assert_eq!(ways.count(0, 1, most), by_petgraph(&overlay, 0, 1).min(most));
            }
        }
    }
}
