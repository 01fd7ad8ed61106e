//! The Compact Tree of Shi and Turner, and its variant that waits for peers who can serve many.
//!
//! Of all peers outside and all members with a free slot, the pair follows that makes the new member's delay least (Shi and
//! Turner, IEEE JSAC 20, 2002). A peer that serves many is worth waiting for: the key is `delay - beta ln(1 + fan-out)`, for
//! several `beta`, and the best tree is taken. Time grows with the square of the number of peers.

use super::problem::TreeProblem;
use super::state::NONE;

/// How long, in microseconds, a peer may be waited for, for each unit of `ln(1 + fan-out)`.
const BETAS_US: [f64; 8] = [0.0, 5e3, 10e3, 20e3, 40e3, 80e3, 160e3, 320e3];

/// For each `beta` the parents of a tree; who found no place is its own parent.
pub(super) fn compact(problem: &TreeProblem<'_>) -> impl Iterator<Item = Vec<u32>> {
    BETAS_US.into_iter().map(|beta_us| Growth::new(problem, beta_us).grow())
}

struct Growth<'a> {
    problem: &'a TreeProblem<'a>,
    bonus_us: Vec<i64>,
    parents: Vec<u32>,
    outside: Vec<u32>,
    // Of each peer outside its best parent, and when it would hear.
    best: Vec<(u64, u32)>,
    // Members with free slots, and how many slots they have.
    open: Vec<u32>,
    free: Vec<u32>,
    slots: u64,
    at_us: Vec<u64>,
}

impl<'a> Growth<'a> {
    fn new(problem: &'a TreeProblem<'a>, beta_us: f64) -> Self {
        let peers = problem.peers();
        let bonus = |peer| (beta_us * libm::log1p(f64::from(problem.fan_out(peer)))) as i64;
        Self {
            problem,
            bonus_us: (0..peers).map(bonus).collect(),
            parents: (0..peers).collect(),
            outside: (0..peers).filter(|&peer| peer != problem.root()).collect(),
            best: vec![(u64::MAX, NONE); peers as usize],
            open: Vec::new(),
            free: (0..peers).map(|peer| problem.fan_out(peer)).collect(),
            slots: 0,
            at_us: vec![0; peers as usize],
        }
    }

    fn grow(mut self) -> Vec<u32> {
        self.open_up(self.problem.root());
        while let Some(place) = self.next() {
            let peer = self.outside.swap_remove(place);
            let (at_us, parent) = self.best[peer as usize];
            (self.parents[peer as usize], self.at_us[peer as usize]) = (parent, at_us);
            self.slots -= 1;
            self.free[parent as usize] -= 1;
            if self.free[parent as usize] == 0 {
                self.close(parent);
            }
            self.open_up(peer);
        }
        self.parents
    }

    // Where in the list of those outside the next member stands. The last slot goes to somebody who has slots.
    fn next(&self) -> Option<usize> {
        let must_serve = self.slots == 1 && self.outside.len() > 1;
        let serves = |peer: u32| !must_serve || self.problem.fan_out(peer) > 0;
        let key = |peer: u32| {
            let (at_us, parent) = self.best[peer as usize];
            (parent != NONE).then(|| (at_us.cast_signed() - self.bonus_us[peer as usize], peer))
        };
        let best = |serving: bool| {
            let keyed = self.outside.iter().enumerate().filter(|&(_, &peer)| !serving || serves(peer));
            keyed.filter_map(|(place, &peer)| Some((key(peer)?, place))).min().map(|(_, place)| place)
        };
        best(true).or_else(|| best(false))
    }

    fn open_up(&mut self, parent: u32) {
        if self.free[parent as usize] == 0 {
            return;
        }
        self.open.push(parent);
        self.slots += u64::from(self.free[parent as usize]);
        for &peer in &self.outside {
            let best = &mut self.best[peer as usize];
            *best = (*best).min(offer(self.problem, parent, self.at_us[parent as usize], peer));
        }
    }

    // A parent is full: those who counted on it look around again.
    fn close(&mut self, parent: u32) {
        self.open.retain(|&open| open != parent);
        for &peer in &self.outside {
            if self.best[peer as usize].1 == parent {
                let offers = self.open.iter().map(|&open| offer(self.problem, open, self.at_us[open as usize], peer));
                self.best[peer as usize] = offers.min().unwrap_or((u64::MAX, NONE));
            }
        }
    }
}

fn offer(problem: &TreeProblem<'_>, parent: u32, at_us: u64, peer: u32) -> (u64, u32) {
    problem.hop_us(parent, peer).map_or((u64::MAX, NONE), |hop_us| (at_us + u64::from(hop_us), parent))
}
