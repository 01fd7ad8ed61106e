//! Shortening the longest way with the reconnects that an event leaves.
//!
//! Only what stands on the way from the root to the last peer can make that peer hear sooner. From the last peer up, each is
//! offered another parent, the place of another peer, or, if it serves others, a peer that takes over what it does.

use smallvec::SmallVec;

use super::repair::{RECONNECTS_PER_AFFECTED, Repair, nearest_us};
use crate::optimiser::tree::change::{self, Change};

/// A change must bring the last peer nearer by this part of the largest latency: reconnects are dear.
const GAIN: u64 = 256;
/// How many possible parents of one peer are tried.
const PARENTS: usize = 16;
/// How many children of a full parent are offered another.
const REFUGEES: usize = 2;
/// How many possible parents are looked at in one event. A thousand take some ten microseconds.
pub(super) const LOOKS_MAX: usize = 16_000;

impl Repair<'_, '_> {
    /// Shortens the longest way, as long as reconnects are left and a change does.
    pub(super) fn improve(&mut self) {
        let mut looks = 0;
        while self.left() > 0 && looks < LOOKS_MAX && !self.is_last_heard_directly() && self.step(&mut looks) {}
        self.promote(&mut looks);
    }

    pub(super) fn left(&self) -> u32 {
        (self.affected * RECONNECTS_PER_AFFECTED).saturating_sub(self.reconnects())
    }

    // Whether the last peer hears no later than it would from the root itself: then hardly any tree is better.
    fn is_last_heard_directly(&self) -> bool {
        let root = self.state.problem().root();
        let last = std::iter::successors(Some(root), |&peer| self.state.critical_child(peer)).last().unwrap_or(root);
        last == root || self.state.problem().hop_us(root, last).is_some_and(|us| self.state.max_us() <= u64::from(us))
    }

    fn step(&mut self, looks: &mut usize) -> bool {
        let max_us = self.state.max_us();
        let by_us = max_us - max_us / GAIN;
        let root = self.state.problem().root();
        let way: SmallVec<[u32; 32]> =
            std::iter::successors(self.state.critical_child(root), |&peer| self.state.critical_child(peer)).collect();
        if way.iter().rev().any(|&peer| *looks < LOOKS_MAX && self.moves(peer, by_us, looks)) {
            return true;
        }
        let mut servers = self.late_servers(looks);
        // One for whom there was no room is not in the tree, and serves nobody.
        if let Some(newcomer) = self.newcomer.filter(|&peer| self.state.parent(peer) != peer) {
            servers.insert(0, newcomer);
        }
        way.iter().rev().any(|&peer| *looks < LOOKS_MAX && self.comes_between(peer, by_us, &servers, looks))
            || way.iter().rev().any(|&peer| *looks < LOOKS_MAX && self.gives_way(peer, by_us, looks))
    }

    // Another parent for a peer, who may have to let a child go or to change places with it.
    fn moves(&mut self, peer: u32, by_us: u64, looks: &mut usize) -> bool {
        for (_, to) in self.candidates(peer, by_us, looks) {
            if self.state.free(to) > 0 {
                let change = change::relink(&mut self.state, peer, to, by_us);
                if self.keeps(change) {
                    return true;
                }
                continue;
            }
            if self.makes_room(peer, to, by_us, looks) {
                return true;
            }
        }
        false
    }

    // A full parent takes a peer for one of its children, who goes to the peer's place or to an open one.
    fn makes_room(&mut self, peer: u32, to: u32, by_us: u64, looks: &mut usize) -> bool {
        let mut children: SmallVec<[(u64, u32); 16]> =
            self.state.children(to).map(|child| (self.state.height_us(child), child)).collect();
        // Who has least below can hear late.
        children.sort_unstable();
        for &(_, child) in &children {
            let change = change::swap(&mut self.state, peer, child, by_us);
            if self.keeps(change) {
                return true;
            }
        }
        let height_us = self.state.height_us(peer);
        for &(_, child) in children.iter().filter(|&&(child_us, _)| child_us < height_us).take(REFUGEES) {
            let Some((_, refuge)) = self.best_refuge(child, by_us, looks) else { continue };
            let change = change::eject(&mut self.state, (peer, to), (child, refuge), by_us);
            if self.keeps(change) {
                return true;
            }
        }
        false
    }

    // The open member from whom a member would hear first, if it is in time for all below it.
    pub(super) fn best_refuge(&self, peer: u32, by_us: u64, looks: &mut usize) -> Option<(u64, u32)> {
        let problem = self.state.problem();
        let floor_us = nearest_us(problem.delays(), peer);
        let mut best = (by_us.saturating_sub(self.state.height_us(peer)), u32::MAX);
        for (from_us, members) in self.standing.early.buckets() {
            if from_us + floor_us > best.0 {
                break;
            }
            *looks += members.len();
            for &to in members {
                let heard_us = self.standing.heard_us[to as usize];
                if heard_us + floor_us > best.0 || to == peer {
                    continue;
                }
                let Some(hop_us) = problem.hop_us(to, peer) else { continue };
                let key = (heard_us + u64::from(hop_us), to);
                if key < best && self.state.free(to) > 0 && !self.state.is_below(to, peer) {
                    best = key;
                }
            }
        }
        (best.1 != u32::MAX).then_some(best)
    }

    // The members from whom a peer would hear first, in time for all below it.
    fn candidates(&self, peer: u32, by_us: u64, looks: &mut usize) -> SmallVec<[(u64, u32); PARENTS]> {
        let problem = self.state.problem();
        let floor_us = nearest_us(problem.delays(), peer);
        let mut limit_us = by_us.saturating_sub(self.state.height_us(peer));
        let mut found: SmallVec<[(u64, u32); PARENTS]> = SmallVec::new();
        for (from_us, members) in self.standing.early.buckets() {
            if from_us + floor_us > limit_us {
                break;
            }
            *looks += members.len();
            for &to in members {
                let heard_us = self.standing.heard_us[to as usize];
                if heard_us + floor_us > limit_us || to == peer {
                    continue;
                }
                let Some(hop_us) = problem.hop_us(to, peer) else { continue };
                let key = (heard_us + u64::from(hop_us), to);
                if key.0 > limit_us {
                    continue;
                }
                let place = found.partition_point(|other| *other < key);
                if found.len() == PARENTS {
                    if place == PARENTS {
                        continue;
                    }
                    found.pop();
                }
                found.insert(place, key);
                if found.len() == PARENTS {
                    limit_us = found[PARENTS - 1].0;
                }
            }
        }
        found
    }

    // A peer that serves nobody takes over what one on the way does, if it does it sooner.
    fn gives_way(&mut self, peer: u32, by_us: u64, looks: &mut usize) -> bool {
        let count = self.state.child_count(peer);
        if count == 0 || self.left() < count + 2 {
            return false;
        }
        let Some((_, heir)) = self.heir(peer, by_us, looks) else { return false };
        let mut parents: SmallVec<[(u32, u32); 16]> = self.state.children(peer).map(|child| (child, peer)).collect();
        parents.extend([peer, heir].map(|one| (one, self.state.parent(one))));
        let Some(change) = change::exchange(&mut self.state, peer, heir, by_us) else { return false };
        let is_good = self.reaches(peer, by_us) && self.reaches(heir, by_us);
        self.decide(change, &parents, is_good)
    }

    fn heir(&self, peer: u32, by_us: u64, looks: &mut usize) -> Option<(u64, u32)> {
        let (problem, above) = (self.state.problem(), self.state.parent(peer));
        let count = self.state.child_count(peer);
        let above_us = self.standing.heard_us[above as usize];
        let mut best: Option<(u64, u32)> = None;
        for (_, members) in self.standing.early.buckets() {
            *looks += members.len();
            for &heir in members {
                if self.state.child_count(heir) > 0 || problem.fan_out(heir) < count {
                    continue;
                }
                let Some(first_us) = problem.hop_us(above, heir) else { continue };
                let at_us = above_us + u64::from(first_us);
                let limit_us = best.map_or(by_us, |(reach_us, _)| reach_us);
                if at_us >= limit_us {
                    continue;
                }
                let reach_us = |child: u32| {
                    problem
                        .hop_us(heir, child)
                        .map_or(u64::MAX, |hop_us| at_us + u64::from(hop_us) + self.state.height_us(child))
                };
                let reached_us =
                    self.state.children(peer).filter(|&child| child != heir).map(reach_us).max().unwrap_or(at_us);
                if reached_us <= by_us && best.is_none_or(|best| (reached_us, heir) < best) {
                    best = Some((reached_us, heir));
                }
            }
        }
        best
    }

    fn reaches(&self, peer: u32, by_us: u64) -> bool {
        self.state.delay_us(peer) + self.state.height_us(peer) <= by_us
    }

    pub(super) fn keeps(&mut self, change: Option<Change>) -> bool {
        let Some(change) = change else { return false };
        let moved: SmallVec<[(u32, u32); 16]> = match &change {
            Change::Moved(moved) => moved.iter().copied().collect(),
            Change::Exchanged(..) => SmallVec::new(),
        };
        self.decide(change, &moved, true)
    }

    // Keeps a change of these peers, who had these parents, if it is good and not too dear; takes it back otherwise.
    fn decide(&mut self, change: Change, moved: &[(u32, u32)], is_good: bool) -> bool {
        moved.iter().for_each(|&(peer, parent)| self.standing.note_parent(peer, parent));
        let is_kept = is_good && self.reconnects() <= self.affected * RECONNECTS_PER_AFFECTED;
        if is_kept {
            moved.iter().for_each(|&(peer, _)| self.standing.refresh(&self.state, peer));
        } else {
            change.take_back(&mut self.state);
        }
        is_kept
    }
}
