//! One event: the tree while it is repaired, and what has been reconnected so far.

use super::changes::{EdgeChanges, Link};
use super::standing::Standing;
use crate::optimiser::Delays;
use crate::optimiser::tree::state::{NONE, State};

/// How often peers may be reconnected for each that an event affects.
pub(super) const RECONNECTS_PER_AFFECTED: u32 = 3;

/// A tree that is being repaired.
pub(super) struct Repair<'r, 'p> {
    pub(super) state: State<'p>,
    pub(super) standing: &'r mut Standing,
    /// How many peers have to be reconnected because of the event.
    pub(super) affected: u32,
    /// Who joins.
    pub(super) newcomer: Option<u32>,
}

impl<'r, 'p> Repair<'r, 'p> {
    pub(super) fn new(state: State<'p>, standing: &'r mut Standing) -> Self {
        Self { state, standing, affected: 0, newcomer: None }
    }

    /// Puts a peer that is outside, with all below it, under a member.
    pub(super) fn attach(&mut self, peer: u32, parent: u32) {
        self.standing.note(&self.state, peer);
        self.state.attach(peer, parent);
        self.standing.enter(&self.state, peer);
    }

    /// Takes a member, with all below it, out of the tree.
    pub(super) fn detach(&mut self, peer: u32) {
        self.standing.note(&self.state, peer);
        self.standing.exit(&self.state, peer);
        self.state.detach(peer);
    }

    /// A peer alone has to wait until there is room.
    pub(super) fn wait(&mut self, peer: u32) {
        self.standing.note(&self.state, peer);
        self.standing.waiting.push(peer);
    }

    /// How many peers hear from another than before.
    pub(super) fn reconnects(&self) -> u32 {
        self.standing.touched(&self.state).filter(|&(_, before, now)| now != before && now != NONE).count() as u32
    }

    /// The open member from whom a peer that is outside would hear first, and when it would.
    pub(super) fn best_parent(&self, peer: u32) -> Option<(u64, u32)> {
        let problem = self.state.problem();
        let floor_us = nearest_us(problem.delays(), peer);
        let mut best = (u64::MAX, NONE);
        for (from_us, members) in self.standing.early.buckets() {
            if from_us + floor_us > best.0 {
                break;
            }
            for &to in members {
                let heard_us = self.standing.heard_us[to as usize];
                if heard_us + floor_us > best.0 {
                    continue;
                }
                let Some(hop_us) = problem.hop_us(to, peer) else { continue };
                let key = (heard_us + u64::from(hop_us), to);
                // What is rarely true comes first: rows are far apart in memory.
                if key < best && self.state.free(to) > 0 {
                    best = key;
                }
            }
        }
        (best.1 != NONE).then_some(best)
    }

    /// A member has other budgets: its children hear at another time, and some may have to find other parents.
    pub(super) fn serve_otherwise(&mut self, peer: u32, sends_otherwise: bool) {
        let mut children: Vec<u32> = self.state.children(peer).collect();
        if sends_otherwise {
            // The last first: so they stand in the same order again.
            for &child in children.iter().rev() {
                self.state.relink(child, peer);
            }
            self.standing.refresh(&self.state, peer);
        }
        let kept = self.state.problem().fan_out(peer) as usize;
        if kept >= children.len() {
            return;
        }
        children.sort_by_key(|&child| (std::cmp::Reverse(self.state.height_us(child)), child));
        let moved = children.split_off(kept);
        self.affected += moved.len() as u32;
        moved.iter().for_each(|&child| self.detach(child));
        self.settle(moved);
    }

    /// Goes over to the tree of these peers and parents. Links that stay are not touched.
    pub(super) fn go_to(&mut self, wanted: &[(u32, u32)]) {
        let root = self.state.problem().root();
        let moved: Vec<(u32, u32)> = wanted
            .iter()
            .copied()
            .filter(|&(peer, parent)| peer != root && self.state.parent(peer) != parent)
            .collect();
        for &(peer, _) in &moved {
            self.standing.note(&self.state, peer);
        }
        // All are taken out before one is put in: so no links lead in a ring meanwhile.
        self.standing.exit(&self.state, root);
        for &(peer, _) in &moved {
            if self.state.parent(peer) != peer {
                self.state.detach(peer);
            }
        }
        for &(peer, parent) in &moved {
            self.state.attach(peer, parent);
        }
        self.standing.enter(&self.state, root);
        let state = &self.state;
        self.standing.waiting.retain(|&peer| state.parent(peer) == peer);
    }

    /// What has come of it.
    pub(super) fn changes(self) -> (State<'p>, EdgeChanges) {
        let mut changes = EdgeChanges { affected: self.affected, ..EdgeChanges::default() };
        let mut touched: Vec<_> = self.standing.touched(&self.state).collect();
        touched.sort_unstable();
        for (child, before, now) in touched {
            if before != now && before != NONE {
                changes.disconnects.push(Link { parent: before, child });
            }
            if before != now && now != NONE {
                changes.connects.push(Link { parent: now, child });
            }
            let waits = now == NONE && self.standing.is_present[child as usize];
            // Who had no parent before has waited already, unless it is new.
            if waits && (before != NONE || self.newcomer == Some(child)) {
                changes.left_out.push(child);
            }
        }
        self.standing.forget();
        (self.state, changes)
    }
}

/// Nobody reaches a peer sooner than that, in microseconds.
pub(super) fn nearest_us(delays: &Delays, peer: u32) -> u64 {
    match delays {
        Delays::Coordinates { heights_us, .. } => u64::from(heights_us[peer as usize]),
        Delays::Matrix { .. } | Delays::Groups { .. } => 0,
    }
}
