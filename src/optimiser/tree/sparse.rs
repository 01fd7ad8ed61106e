//! A first tree of very many peers, in time that is near to linear.
//!
//! The rule is that of the [Compact Tree](super::compact), but the order is fixed beforehand: by how soon a peer could hear,
//! less what it is worth that it serves many. Each peer takes the best of a few parents: those on its short list, the
//! earliest with free slots, and some of the others.

use std::collections::BTreeSet;

use super::near::Near;
use super::problem::TreeProblem;

/// How long, in microseconds, a peer may be waited for, for each unit of `ln(1 + fan-out)`.
const BETAS_US: [f64; 4] = [5e3, 15e3, 40e3, 120e3];
/// How many of the earliest members with free slots are looked at.
const EARLIEST: usize = 12;

/// For each order the parents of a tree; who found no place is its own parent.
pub(super) fn sparse<'a>(
    problem: &'a TreeProblem<'_>,
    near: &'a Near,
    shortest_us: &'a [u64],
) -> impl Iterator<Item = Vec<u32>> + 'a {
    BETAS_US.into_iter().map(|beta_us| Filling::new(problem, near).fill(beta_us, shortest_us))
}

struct Filling<'a> {
    problem: &'a TreeProblem<'a>,
    near: &'a Near,
    parents: Vec<u32>,
    at_us: Vec<u64>,
    free: Vec<u32>,
    is_in: Vec<bool>,
    // Members with free slots, the earliest first.
    open: BTreeSet<(u64, u32)>,
    slots: u64,
}

impl<'a> Filling<'a> {
    fn new(problem: &'a TreeProblem<'a>, near: &'a Near) -> Self {
        let peers = problem.peers();
        Self {
            problem,
            near,
            parents: (0..peers).collect(),
            at_us: vec![0; peers as usize],
            free: (0..peers).map(|peer| problem.fan_out(peer)).collect(),
            is_in: vec![false; peers as usize],
            open: BTreeSet::new(),
            slots: 0,
        }
    }

    fn fill(mut self, beta_us: f64, shortest_us: &[u64]) -> Vec<u32> {
        let root = self.problem.root();
        let key = |peer: u32| {
            let worth = (beta_us * libm::log1p(f64::from(self.problem.fan_out(peer)))) as i64;
            (shortest_us[peer as usize].min(1 << 50).cast_signed() - worth, peer)
        };
        let mut order: Vec<(i64, u32)> = (0..self.problem.peers()).filter(|&peer| peer != root).map(key).collect();
        order.sort_unstable();
        let serves = |&&(_, peer): &&(i64, u32)| self.problem.fan_out(peer) > 0;
        let mut relays: Vec<u32> = order.iter().filter(serves).map(|&(_, peer)| peer).collect();
        relays.reverse();
        self.enter(root, 0);
        for &(_, peer) in &order {
            // The last slot goes to somebody who has slots.
            while self.slots <= 1 && self.problem.fan_out(peer) == 0 {
                let Some(relay) = relays.pop() else { break };
                self.place(relay);
            }
            self.place(peer);
        }
        self.parents
    }

    fn place(&mut self, peer: u32) {
        if self.is_in[peer as usize] {
            return;
        }
        let Some((at_us, parent)) = self.best(peer) else { return };
        self.parents[peer as usize] = parent;
        self.slots -= 1;
        self.free[parent as usize] -= 1;
        if self.free[parent as usize] == 0 {
            self.open.remove(&(self.at_us[parent as usize], parent));
        }
        self.enter(peer, at_us);
    }

    fn enter(&mut self, peer: u32, at_us: u64) {
        (self.is_in[peer as usize], self.at_us[peer as usize]) = (true, at_us);
        self.slots += u64::from(self.free[peer as usize]);
        if self.free[peer as usize] > 0 {
            self.open.insert((at_us, peer));
        }
    }

    fn best(&self, peer: u32) -> Option<(u64, u32)> {
        let offer = |parent: u32| {
            let is_open = self.is_in[parent as usize] && self.free[parent as usize] > 0;
            let hop_us = if is_open { self.problem.hop_us(parent, peer) } else { None }?;
            Some((self.at_us[parent as usize] + u64::from(hop_us), parent))
        };
        let near = self.near.of(peer).iter().copied();
        let earliest = self.open.iter().take(EARLIEST).map(|&(_, parent)| parent);
        let few = near.chain(earliest).filter_map(offer).min();
        few.or_else(|| self.open.iter().find_map(|&(_, parent)| offer(parent)))
    }
}
