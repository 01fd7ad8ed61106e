//! Trees by simple rules, to compare others with.

use super::compact::compact;
use super::near::DENSE_MAX;
use super::problem::TreeProblem;

/// Trees by simple rules, by their names: peers that serve most first, and the Compact Tree of Shi and Turner. Those that
/// leave somebody out break what [`verify`](super::verify()) asks.
#[must_use]
pub fn plain_trees(problem: &TreeProblem<'_>) -> Vec<(&'static str, Vec<u32>)> {
    let mut trees = vec![("peers that serve most first", by_fan_out(problem).0)];
    if problem.peers() <= DENSE_MAX {
        trees.extend(compact(problem).next().map(|parents| ("Compact Tree", parents)));
    }
    trees
}

/// The tree in which peers come in the order of their fan-outs, whatever the delays; and whether everybody found a place.
pub(super) fn by_fan_out(problem: &TreeProblem<'_>) -> (Vec<u32>, bool) {
    let root = problem.root();
    let mut order: Vec<u32> = (0..problem.peers()).filter(|&peer| peer != root).collect();
    order.sort_by_key(|&peer| std::cmp::Reverse(problem.fan_out(peer)));
    let mut parents: Vec<u32> = (0..problem.peers()).collect();
    let mut members = vec![root];
    let (mut at, mut used, mut is_whole) = (0, 0, true);
    for peer in order {
        while at < members.len() && used == problem.fan_out(members[at]) {
            (at, used) = (at + 1, 0);
        }
        match members.get(at) {
            Some(&parent) if problem.hop_us(parent, peer).is_some() => {
                parents[peer as usize] = parent;
                used += 1;
                members.push(peer);
            }
            _ => is_whole = false,
        }
    }
    (parents, is_whole)
}
