//! Whom a peer may best hear from: short lists, so that a search need not look at everybody.
//!
//! A good parent is near in time, or is near to the root and can serve many. The list of a peer has some of each.

use std::cmp::Reverse;

use rstar::RTree;
use rstar::primitives::GeomWithData;

use super::problem::TreeProblem;
use crate::optimiser::instance::{DIMENSIONS, Delays};

/// Up to so many peers everybody is looked at: time grows with the square of their number.
pub(super) const DENSE_MAX: u32 = 5_000;

/// Possible parents of each peer.
#[derive(Clone, Debug)]
pub(super) struct Near {
    // Of each peer its list; peers that see all others alike share one.
    list_of: Vec<u32>,
    offsets: Vec<u32>,
    parents: Vec<u32>,
}

impl Near {
    /// At most so many for each peer. `shortest_us` is how soon each peer could hear if fan-outs did not bind.
    pub(super) fn new(problem: &TreeProblem<'_>, shortest_us: &[u64], most: usize) -> Self {
        let relays: Vec<u32> = (0..problem.peers()).filter(|&peer| problem.fan_out(peer) > 0).collect();
        match problem.delays() {
            Delays::Groups { group_of, groups, .. } => {
                let mut near = Self::empty(group_of.clone());
                let mut example = vec![None; *groups as usize];
                (0..problem.peers()).rev().for_each(|peer| example[group_of[peer as usize] as usize] = Some(peer));
                for peer in example {
                    near.push(peer.map_or_else(Vec::new, |peer| of_all(problem, &relays, peer, shortest_us, most)));
                }
                near
            }
            Delays::Coordinates { points, .. } if problem.peers() > DENSE_MAX => {
                Self::in_space(problem, points, &relays, shortest_us, most)
            }
            Delays::Matrix { .. } | Delays::Coordinates { .. } => {
                let mut near = Self::empty((0..problem.peers()).collect());
                (0..problem.peers()).for_each(|peer| near.push(of_all(problem, &relays, peer, shortest_us, most)));
                near
            }
        }
    }

    fn empty(list_of: Vec<u32>) -> Self {
        Self { list_of, offsets: vec![0], parents: Vec::new() }
    }

    fn push(&mut self, parents: Vec<u32>) {
        self.parents.extend(parents);
        self.offsets.push(self.parents.len() as u32);
    }

    // Those near by in space, and those who can serve most for how late they hear.
    fn in_space(
        problem: &TreeProblem<'_>,
        points: &[[i32; DIMENSIONS]],
        relays: &[u32],
        shortest_us: &[u64],
        most: usize,
    ) -> Self {
        let place = |peer: u32| points[peer as usize].map(f64::from);
        let tree = RTree::bulk_load(relays.iter().map(|&relay| GeomWithData::new(place(relay), relay)).collect());
        let mut early = relays.to_vec();
        let worth = |relay: u32| (shortest_us[relay as usize], Reverse(problem.fan_out(relay)));
        early.sort_by_key(|&relay| worth(relay));
        early.truncate(EARLY);
        let mut near = Self::empty((0..problem.peers()).collect());
        for peer in 0..problem.peers() {
            let others = tree.nearest_neighbor_iter(place(peer)).map(|found| found.data).filter(|&at| at != peer);
            let mut hops: Vec<u32> = others.take(2 * most).collect();
            // The access links of those near by decide among them.
            let hop_us = |relay: u32| problem.hop_us(relay, peer).unwrap_or(u32::MAX);
            hops.sort_by_key(|&relay| (hop_us(relay), relay));
            let mut ways: Vec<(u64, u32)> =
                early.iter().map(|&relay| (way_us(problem, shortest_us, relay, peer), relay)).collect();
            let mut chosen = nearest(&mut ways, most / 4);
            chosen.retain(|&relay| relay != peer);
            merge(&mut chosen, &hops, most);
            near.push(chosen);
        }
        near
    }

    /// Possible parents of a peer; it may be among them itself.
    #[inline]
    pub(super) fn of(&self, peer: u32) -> &[u32] {
        let list = self.list_of[peer as usize] as usize;
        &self.parents[self.offsets[list] as usize..self.offsets[list + 1] as usize]
    }
}

/// Of how many early peers the best are chosen.
const EARLY: usize = 64;

fn way_us(problem: &TreeProblem<'_>, shortest_us: &[u64], relay: u32, peer: u32) -> u64 {
    let hop_us = problem.hop_us(relay, peer).map_or(u64::MAX, u64::from);
    shortest_us[relay as usize].saturating_add(hop_us)
}

fn of_all(problem: &TreeProblem<'_>, relays: &[u32], peer: u32, shortest_us: &[u64], most: usize) -> Vec<u32> {
    let (mut hops, mut ways) = (Vec::with_capacity(relays.len()), Vec::with_capacity(relays.len()));
    for &relay in relays.iter().filter(|&&relay| relay != peer) {
        if let Some(hop_us) = problem.hop_us(relay, peer) {
            hops.push((u64::from(hop_us), relay));
            ways.push((shortest_us[relay as usize].saturating_add(u64::from(hop_us)), relay));
        }
    }
    let mut chosen = nearest(&mut ways, most.div_ceil(2));
    merge(&mut chosen, &nearest(&mut hops, most), most);
    chosen
}

fn merge(chosen: &mut Vec<u32>, others: &[u32], most: usize) {
    for &relay in others {
        if chosen.len() < most && !chosen.contains(&relay) {
            chosen.push(relay);
        }
    }
}

fn nearest(keyed: &mut [(u64, u32)], most: usize) -> Vec<u32> {
    let most = most.min(keyed.len());
    if most > 0 && most < keyed.len() {
        keyed.select_nth_unstable(most - 1);
    }
    let keyed = &mut keyed[..most];
    keyed.sort_unstable();
    keyed.iter().map(|&(_, relay)| relay).collect()
}
