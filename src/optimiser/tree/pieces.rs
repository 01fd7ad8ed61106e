//! What the exact search works on: pieces that are to be put together to a tree.
//!
//! A piece is a peer, or a peer with what hangs below it and stays there. Some pieces are members from the beginning.

use super::problem::TreeProblem;

/// In place of a hop: the two never connect. Sums of it with delays stay above every limit.
pub(super) const NEVER_US: u64 = u64::MAX / 4;

/// Pieces of a tree, by their numbers.
#[derive(Clone, Debug)]
pub(super) struct Pieces {
    /// How many there are.
    pub(super) count: usize,
    /// From each piece (row) to each.
    pub(super) hops_us: Vec<u64>,
    /// How many pieces each can be the parent of.
    pub(super) slots: Vec<u32>,
    /// From each piece to the farthest that hangs below it.
    pub(super) tails_us: Vec<u64>,
    /// When those hear that are members from the beginning.
    pub(super) members: Vec<(usize, u64)>,
}

impl Pieces {
    /// All peers of a problem, of which the root is a member.
    pub(super) fn of(problem: &TreeProblem<'_>) -> Self {
        let peers = problem.peers();
        let hop_us = |from, to| if from == to { None } else { problem.hop_us(from, to) };
        let hops = (0..peers).flat_map(|from| (0..peers).map(move |to| hop_us(from, to)));
        Self {
            count: peers as usize,
            hops_us: hops.map(|hop_us| hop_us.map_or(NEVER_US, u64::from)).collect(),
            slots: (0..peers).map(|peer| problem.fan_out(peer)).collect(),
            tails_us: vec![0; peers as usize],
            members: vec![(problem.root() as usize, 0)],
        }
    }

    /// From one piece to each.
    pub(super) fn from(&self, piece: usize) -> &[u64] {
        &self.hops_us[piece * self.count..][..self.count]
    }

    /// From one piece to another.
    #[inline]
    pub(super) fn hop_us(&self, from: usize, to: usize) -> u64 {
        self.hops_us[from * self.count + to]
    }
}
