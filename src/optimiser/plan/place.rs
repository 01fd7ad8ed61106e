//! A place for everybody who has none: at open members, by chains where nobody is open, and by leaving peers out where
//! there is not enough room.

use std::cmp::Reverse;

use super::repair::Repair;
use crate::optimiser::tree::state::NONE;

/// How many members may be moved, one for another, so that one finds a place. With the one that is placed these are as many
/// reconnects as one affected peer may cause.
const CHAIN_MAX: u32 = 2;
/// How many members are asked to give way for one peer.
const LOOKS_MAX: u32 = 2_000;

impl Repair<'_, '_> {
    /// Gives a place to peers that are outside, each with all below it; who finds none waits.
    pub(super) fn settle(&mut self, mut pending: Vec<u32>) {
        while !pending.is_empty() {
            // The deepest first: what it needs most is an early parent. It may open slots for the others.
            pending.sort_by_key(|&peer| {
                (Reverse(self.state.height_us(peer)), Reverse(self.state.problem().fan_out(peer)), peer)
            });
            let count = pending.len();
            pending.retain(|&peer| !self.attach_to_best(peer));
            if pending.len() == count {
                let peer = pending.remove(0);
                if !self.chain_in(peer, pending.len() as u32) {
                    pending.extend(self.give_up(peer));
                }
            }
        }
    }

    /// Takes in those who wait, as far as there is room.
    pub(super) fn admit(&mut self) {
        if self.standing.waiting.is_empty() {
            return;
        }
        loop {
            let mut waiting = std::mem::take(&mut self.standing.waiting);
            let count = waiting.len();
            // Who serves others brings room.
            waiting.sort_by_key(|&peer| self.state.problem().fan_out(peer) == 0);
            waiting.retain(|&peer| {
                let serves = self.state.problem().fan_out(peer) > 0;
                self.affected += 1;
                let has_come =
                    (self.standing.spare() > 0 && self.attach_to_best(peer)) || (serves && self.chain_in(peer, 0));
                self.affected -= u32::from(!has_come);
                !has_come
            });
            let is_done = waiting.is_empty() || waiting.len() == count;
            self.standing.waiting = waiting;
            if is_done {
                return;
            }
        }
    }

    fn attach_to_best(&mut self, peer: u32) -> bool {
        let Some((_, parent)) = self.best_parent(peer) else { return false };
        self.attach(peer, parent);
        true
    }

    // Puts a peer in the place of a member, who finds another, perhaps in the place of a third; while so many others still
    // need a reconnect each.
    fn chain_in(&mut self, peer: u32, others: u32) -> bool {
        if !self.has_room_for(peer) {
            return false;
        }
        let moves_max = CHAIN_MAX.min(self.left().saturating_sub(others + 1));
        let mut looks = LOOKS_MAX;
        (1..=moves_max).any(|moves| self.chain(peer, moves, &mut looks))
    }

    // Whether the slots of all suffice once a peer is in, whoever can connect to whom.
    fn has_room_for(&self, peer: u32) -> bool {
        let (mut slots, mut peers) = (self.standing.spare(), 0_u64);
        let mut stack = vec![peer];
        while let Some(at) = stack.pop() {
            peers += 1;
            slots += u64::from(self.state.problem().fan_out(at));
            stack.extend(self.state.children(at));
        }
        slots >= peers
    }

    fn chain(&mut self, peer: u32, moves: u32, looks: &mut u32) -> bool {
        for (to, child) in self.places(peer) {
            if *looks == 0 {
                return false;
            }
            *looks -= 1;
            self.detach(child);
            self.attach(peer, to);
            if self.attach_to_best(child) || (moves > 1 && self.chain(child, moves - 1, looks)) {
                return true;
            }
            self.detach(peer);
            self.attach(child, to);
        }
        false
    }

    // The places of members at parents that a peer could hear from, the earliest parents first.
    fn places(&self, peer: u32) -> Vec<(u32, u32)> {
        let mut parents = self.parents_of(peer);
        parents.sort_unstable();
        parents.iter().flat_map(|&(_, to)| self.state.children(to).map(move |child| (to, child))).collect()
    }

    // Who could be a peer's parent if it had a slot, with when they hear.
    fn parents_of(&self, peer: u32) -> Vec<(u64, u32)> {
        let members = self.standing.early.buckets().flat_map(|(_, members)| members.iter().copied());
        let could = |&to: &u32| self.state.problem().hop_us(to, peer).is_some();
        members.filter(could).map(|to| (self.standing.heard_us[to as usize], to)).collect()
    }

    // There is no room. A peer that serves others takes the place of one that does not; else it waits itself. Returns who
    // has lost its parent by that.
    fn give_up(&mut self, peer: u32) -> Vec<u32> {
        let (to, child) = self.dispensable(peer);
        if child != NONE {
            self.detach(child);
            self.wait(child);
            self.attach(peer, to);
            return Vec::new();
        }
        let children: Vec<u32> = self.state.children(peer).collect();
        for &child in &children {
            self.standing.note(&self.state, child);
            self.state.detach(child);
        }
        self.wait(peer);
        self.affected += children.len() as u32;
        children
    }

    // The earliest place of a member that serves nobody and could not; of any that serves nobody for a peer with children.
    fn dispensable(&self, peer: u32) -> (u32, u32) {
        let problem = self.state.problem();
        let serves = self.state.child_count(peer) > 0;
        if !serves && problem.fan_out(peer) == 0 {
            return (NONE, NONE);
        }
        let is_leaf = |child: u32| self.state.child_count(child) == 0 && (serves || problem.fan_out(child) == 0);
        let places = self.parents_of(peer).into_iter().flat_map(|(heard_us, to)| {
            let leaves = self.state.children(to).filter(|&child| is_leaf(child));
            leaves.map(move |child| (problem.fan_out(child), heard_us, to, child))
        });
        places.min().map_or((NONE, NONE), |(_, _, to, child)| (to, child))
    }
}
