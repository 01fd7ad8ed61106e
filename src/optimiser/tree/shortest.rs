//! How soon each peer could hear if fan-outs did not bind: the shortest way over peers that pass messages on at all.
//!
//! It bounds every tree from below. The direct hop does not: measured latencies break the triangle inequality, and a way over
//! a third peer may be shorter.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::problem::TreeProblem;
use crate::optimiser::instance::Delays;

/// A peer that is never reached.
pub const UNREACHED: u64 = u64::MAX;

/// The shortest time from the root to each peer, in microseconds; [`UNREACHED`] for those that no way leads to. By Dijkstra's
/// algorithm, on all pairs of a matrix, or of groups. Among coordinates with heights nothing is shorter than the direct hop.
#[must_use]
pub fn shortest_us(problem: &TreeProblem<'_>) -> Vec<u64> {
    let (peers, root) = (problem.peers(), problem.root());
    match problem.delays() {
        Delays::Coordinates { .. } => {
            let direct_us = |to: u32| problem.hop_us(root, to).map_or(UNREACHED, u64::from);
            (0..peers).map(|to| if to == root { 0 } else { direct_us(to) }).collect()
        }
        Delays::Matrix { .. } => among(problem, &(0..peers).collect::<Vec<_>>()),
        Delays::Groups { group_of, groups, .. } => by_groups(problem, group_of, *groups),
    }
}

// Of each group those count that send a copy soonest; all others hear from them, or from the root.
fn by_groups(problem: &TreeProblem<'_>, group_of: &[u32], groups: u32) -> Vec<u64> {
    let (peers, root) = (problem.peers(), problem.root());
    let mut quickest: Vec<Option<u32>> = vec![None; groups as usize];
    for peer in (0..peers).filter(|&peer| problem.fan_out(peer) > 0 && peer != root) {
        let of_group = &mut quickest[group_of[peer as usize] as usize];
        if of_group.is_none_or(|other| problem.send_us(peer) < problem.send_us(other)) {
            *of_group = Some(peer);
        }
    }
    let senders: Vec<u32> = [root].into_iter().chain(quickest.into_iter().flatten()).collect();
    let soonest_us = among(problem, &senders);
    // By groups: all of one are reached alike, but for the root, and for one that only its own group reaches.
    let mut of_group = vec![UNREACHED; groups as usize];
    let mut is_seen = vec![false; groups as usize];
    let mut shortest_us = vec![UNREACHED; peers as usize];
    for peer in 0..peers {
        let group = group_of[peer as usize] as usize;
        if !std::mem::replace(&mut is_seen[group], true) {
            let reached_us = |sender: u32| {
                let hop_us =
                    problem.delays().hop(sender, peer).delay_us().map(|us| u64::from(us + problem.send_us(sender)));
                hop_us.map_or(UNREACHED, |hop_us| soonest_us[sender as usize].saturating_add(hop_us))
            };
            of_group[group] = senders.iter().map(|&sender| reached_us(sender)).min().unwrap_or(UNREACHED);
        }
        shortest_us[peer as usize] = of_group[group];
    }
    shortest_us[root as usize] = 0;
    shortest_us
}

// Dijkstra's algorithm among these, all pairs of them; the root is one.
fn among(problem: &TreeProblem<'_>, peers: &[u32]) -> Vec<u64> {
    let mut soonest_us = vec![UNREACHED; problem.peers() as usize];
    let mut is_settled = vec![false; problem.peers() as usize];
    soonest_us[problem.root() as usize] = 0;
    let mut pending = BinaryHeap::from([Reverse((0, problem.root()))]);
    while let Some(Reverse((at_us, peer))) = pending.pop() {
        if std::mem::replace(&mut is_settled[peer as usize], true) || problem.fan_out(peer) == 0 {
            continue;
        }
        for &to in peers.iter().filter(|&&to| to != peer) {
            let Some(hop_us) = problem.hop_us(peer, to) else { continue };
            let then_us = at_us + u64::from(hop_us);
            if then_us < soonest_us[to as usize] {
                soonest_us[to as usize] = then_us;
                // Who passes nothing on need not be looked at again.
                if problem.fan_out(to) > 0 {
                    pending.push(Reverse((then_us, to)));
                }
            }
        }
    }
    soonest_us
}
