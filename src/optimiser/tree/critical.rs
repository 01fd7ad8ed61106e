//! Shortening the longest way, as long as a single change does: local search.
//!
//! Only what stands on the way from the root to the last peer can make that peer hear sooner. Each of these is offered other
//! parents from its short list and from its own way, other places, and other peers in its place; first such changes as
//! shorten the way by a sixteenth, then ever smaller ones. For the mean, everybody is looked at in turn.

use super::change::{self, Change};
use super::near::Near;
use super::state::State;

/// How many refuges are tried for a child that must leave a full parent.
const REFUGES: usize = 6;

/// Shortens the longest way until no single change does, or so many were tried. Returns how many were tried.
pub(super) fn shorten(state: &mut State<'_>, near: &Near, tries_max: u64) -> u64 {
    let mut search = Shortening { state, near, tries: 0 };
    let mut step_us = search.state.max_us() / 16;
    loop {
        while search.tries < tries_max && search.step(step_us.max(1)) {}
        if step_us == 0 || search.tries >= tries_max {
            return search.tries;
        }
        step_us /= 4;
    }
}

struct Shortening<'s, 'a> {
    state: &'s mut State<'a>,
    near: &'s Near,
    tries: u64,
}

impl Shortening<'_, '_> {
    // Makes one change that brings the last peer nearer by so much, or by all that is below a peer on its way.
    fn step(&mut self, step_us: u64) -> bool {
        let Some(by_us) = self.state.max_us().checked_sub(step_us) else { return false };
        let way = self.way();
        // From the last peer up: what is far down moves most easily.
        way.iter().rev().any(|&peer| self.moves(peer, by_us, &way) || self.gives_way(peer, by_us))
    }

    // From the first below the root to the last peer.
    fn way(&self) -> Vec<u32> {
        let root = self.state.problem().root();
        std::iter::successors(self.state.critical_child(root), |&peer| self.state.critical_child(peer)).collect()
    }

    // Another parent for a peer, who may have to let a child go or to change places with it.
    fn moves(&mut self, peer: u32, by_us: u64, way: &[u32]) -> bool {
        let near = self.near;
        let root = self.state.problem().root();
        let above = way.iter().take_while(|&&above| above != peer).chain([&root]);
        for &to in near.of(peer).iter().chain(above) {
            self.tries += 1;
            if to == peer || !change::fits(self.state, peer, to, by_us) {
                continue;
            }
            if self.state.free(to) > 0 {
                if change::relink(self.state, peer, to, by_us).is_some() {
                    return true;
                }
                continue;
            }
            let children: smallvec::SmallVec<[u32; 16]> = self.state.children(to).collect();
            for child in children {
                self.tries += 1;
                if change::swap(self.state, peer, child, by_us).is_some() {
                    return true;
                }
                for &refuge in near.of(child).iter().take(REFUGES) {
                    self.tries += 1;
                    if change::eject(self.state, (peer, to), (child, refuge), by_us).is_some() {
                        return true;
                    }
                }
            }
        }
        false
    }

    // Another peer in the place of one on the way.
    fn gives_way(&mut self, peer: u32, by_us: u64) -> bool {
        if self.state.child_count(peer) == 0 {
            return false;
        }
        let near = self.near;
        for &heir in near.of(peer) {
            self.tries += 1;
            let before = self.state.max_us();
            let Some(change) = change::exchange(self.state, peer, heir, by_us) else { continue };
            // Where one is below the other, what was weighed is not all.
            if self.state.max_us() <= before && self.reaches(heir, by_us) && self.reaches(peer, by_us) {
                return true;
            }
            Change::take_back(change, self.state);
        }
        false
    }

    fn reaches(&self, peer: u32, by_us: u64) -> bool {
        !self.state.counts(peer) || self.state.delay_us(peer) + self.state.height_us(peer) <= by_us
    }
}
