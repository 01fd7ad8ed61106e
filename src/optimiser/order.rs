//! In which order a peer sends to its children, if copies leave one after the other.
//!
//! In a fixed tree every copy of a peer takes it equally long, so what remains is to put its children in a row. For the last
//! delivery the child with the longest time still before it comes first (Jackson's rule: Jackson, "Scheduling a production
//! line to minimize maximum tardiness", 1955); for the mean the child with most peers behind it (Smith's rule: Smith, Naval
//! Research Logistics Quarterly 3, 1956). Both are optimal, parent by parent from the leaves up.

use std::cmp::Reverse;

use super::tree::{Objective, TreeProblem};

/// The order of a tree's sends, and what comes of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sends {
    /// Of each peer its children, in the order in which it sends to them.
    pub children: Vec<Vec<u32>>,
    /// When each peer hears, in microseconds.
    pub heard_us: Vec<u64>,
    /// When the last one hears.
    pub max_us: u64,
    /// The sum over all.
    pub total_us: u64,
    /// Whether no order is better for the objective: so it is for the largest latency and for the mean, not for the 95th
    /// percentile, where the order for the largest is taken.
    pub is_proven: bool,
}

/// The best order of the sends of a tree, each peer by its parent and the root by itself; `None` if that is no tree. A hop
/// takes its sender's time for each copy up to this one, and the way.
#[must_use]
pub fn best_order(problem: &TreeProblem<'_>, parents: &[u32], objective: Objective) -> Option<Sends> {
    let mut children = children_of(problem, parents)?;
    let order = top_down(problem.root(), &children);
    if order.len() != parents.len() {
        return None;
    }
    // Of each peer how long it takes until all below it have heard, and how many those are, itself among them.
    let mut tail_us = vec![0_u64; parents.len()];
    let mut below = vec![1_u64; parents.len()];
    for &peer in order.iter().rev() {
        let mut row = std::mem::take(&mut children[peer as usize]);
        let send_us = row.first().map_or(0, |&child| send_us(problem, peer, child));
        let way_us = |child: u32| way_us(problem, peer, child) + tail_us[child as usize];
        match objective {
            Objective::Mean => {
                row.sort_by_key(|&child| (Reverse(below[child as usize]), Reverse(way_us(child)), child));
            }
            Objective::Max | Objective::P95 => row.sort_by_key(|&child| (Reverse(way_us(child)), child)),
        }
        let ends = row.iter().zip(1_u64..).map(|(&child, nth)| nth * send_us + way_us(child));
        tail_us[peer as usize] = ends.max().unwrap_or(0);
        below[peer as usize] += row.iter().map(|&child| below[child as usize]).sum::<u64>();
        children[peer as usize] = row;
    }
    let is_proven = objective != Objective::P95;
    let heard_us = heard_us(problem, &children);
    let max_us = heard_us.iter().copied().max().unwrap_or(0);
    let total_us = heard_us.iter().sum();
    Some(Sends { children, heard_us, max_us, total_us, is_proven })
}

/// When each peer hears, in microseconds, if everybody sends to its children in this order; zero for those who do not.
#[must_use]
pub fn heard_us(problem: &TreeProblem<'_>, children: &[Vec<u32>]) -> Vec<u64> {
    let mut heard_us = vec![0; children.len()];
    for peer in top_down(problem.root(), children) {
        for (&child, nth) in children[peer as usize].iter().zip(1_u64..) {
            let sent_us = heard_us[peer as usize] + nth * send_us(problem, peer, child);
            heard_us[child as usize] = sent_us + way_us(problem, peer, child);
        }
    }
    heard_us
}

// The hop without what sending takes; the tree has no hop that is none.
fn way_us(problem: &TreeProblem<'_>, from: u32, to: u32) -> u64 {
    problem.delays().hop(from, to).delay_us().map_or(0, u64::from)
}

// What sending a copy takes.
fn send_us(problem: &TreeProblem<'_>, from: u32, to: u32) -> u64 {
    problem.hop_us(from, to).map_or(0, u64::from) - way_us(problem, from, to)
}

// `None` where a parent is not there, or the two never connect.
fn children_of(problem: &TreeProblem<'_>, parents: &[u32]) -> Option<Vec<Vec<u32>>> {
    let is_whole = parents.len() == problem.peers() as usize && parents[problem.root() as usize] == problem.root();
    let mut children = vec![Vec::new(); parents.len()];
    for (&parent, peer) in parents.iter().zip(0..).filter(|(_, peer)| *peer != problem.root()) {
        if parent >= problem.peers() || problem.hop_us(parent, peer).is_none() {
            return None;
        }
        children[parent as usize].push(peer);
    }
    is_whole.then_some(children)
}

// Parents before their children. Those in rings are not there.
fn top_down(root: u32, children: &[Vec<u32>]) -> Vec<u32> {
    let mut order = vec![root];
    let mut next = 0;
    while let Some(&peer) = order.get(next) {
        order.extend_from_slice(&children[peer as usize]);
        next += 1;
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optimiser::{Delays, Hop};
    use proptest::prelude::*;

    // The best value over all orders of all peers.
    fn by_search(problem: &TreeProblem<'_>, children: &mut Vec<Vec<u32>>, peer: usize, best: &mut [u64; 2]) {
        if peer == children.len() {
            let heard_us = heard_us(problem, children);
            best[0] = best[0].min(*heard_us.iter().max().expect("somebody"));
            best[1] = best[1].min(heard_us.iter().sum());
            return;
        }
        permute(problem, children, peer, 0, best);
    }

    fn permute(problem: &TreeProblem<'_>, children: &mut Vec<Vec<u32>>, peer: usize, at: usize, best: &mut [u64; 2]) {
        if at + 1 >= children[peer].len() {
            return by_search(problem, children, peer + 1, best);
        }
        for other in at..children[peer].len() {
            children[peer].swap(at, other);
            permute(problem, children, peer, at + 1, best);
            children[peer].swap(at, other);
        }
    }

    #[test]
    fn a_peer_alone_a_ring_and_a_hole() {
        let delays = Delays::Matrix { peers: 3, hops: vec![Hop::direct(5); 9] };
        let problem = TreeProblem::new(&delays, 0, vec![2; 3]).with_send_us(vec![1; 3]);
        assert_eq!(best_order(&problem, &[0, 2, 1], Objective::Max), None);
        assert_eq!(best_order(&problem, &[0, 9, 1], Objective::Max), None);
        assert_eq!(best_order(&problem, &[0, 0, 0], Objective::Max).expect("a tree").heard_us, [0, 6, 7]);
        let never = Delays::Matrix { peers: 3, hops: vec![Hop::NEVER; 9] };
        assert_eq!(best_order(&TreeProblem::new(&never, 0, vec![2; 3]), &[0, 0, 0], Objective::Max), None);
        let alone = Delays::Matrix { peers: 1, hops: vec![Hop::NEVER] };
        assert_eq!(best_order(&TreeProblem::new(&alone, 0, vec![0]), &[0], Objective::Mean).expect("a tree").max_us, 0);
    }

    proptest! {
        #[test]
        fn no_order_is_better(
            parents in prop::collection::vec(0_u32..100, 6),
            delays_us in prop::collection::vec(1_u32..100, 49),
            send_us in prop::collection::vec(0_u32..40, 7),
        ) {
            // A parent with a lower number: no rings.
            let parents: Vec<u32> =
                std::iter::once(0).chain(parents.iter().zip(1..).map(|(&parent, peer): (_, u32)| parent % peer)).collect();
            let delays = Delays::Matrix { peers: 7, hops: delays_us.into_iter().map(Hop::direct).collect() };
            let problem = TreeProblem::new(&delays, 0, vec![6; 7]).with_send_us(send_us);
            let [last, mean] = [Objective::Max, Objective::Mean].map(|aim| best_order(&problem, &parents, aim).expect("a tree"));
            let mut best = [u64::MAX; 2];
            by_search(&problem, &mut last.children.clone(), 0, &mut best);
            prop_assert_eq!([last.max_us, mean.total_us], best);
        }
    }
}
