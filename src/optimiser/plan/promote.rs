//! Early places for those who can serve many, with the reconnects that an event leaves.
//!
//! It makes nobody later than the last peer is, and no latency need become less by it: but the next peer that leaves an early
//! place finds open slots near it. Only peers that serve nobody change places, so each such change takes two reconnects.

use smallvec::SmallVec;

use super::improve::LOOKS_MAX;
use super::repair::Repair;
use crate::optimiser::tree::change;

/// How many peers are offered an early place in one event.
const PROMOTED: usize = 3;
/// How many places are tried for each.
const PLACES: usize = 4;
/// How many parents are looked at for one peer.
const PARENTS: usize = 256;

impl Repair<'_, '_> {
    /// Brings forward who could serve most, as long as reconnects are left.
    pub(super) fn promote(&mut self, looks: &mut usize) {
        if self.left() < 2 {
            return;
        }
        for peer in self.late_servers(looks) {
            if self.left() < 2 || *looks > LOOKS_MAX {
                return;
            }
            self.bring_forward(peer, looks);
        }
    }

    // Members that serve nobody, by how many slots they have how late.
    pub(super) fn late_servers(&self, looks: &mut usize) -> SmallVec<[u32; PROMOTED]> {
        let problem = self.state.problem();
        let mut found: SmallVec<[(u64, u32); PROMOTED]> = SmallVec::new();
        for (_, members) in self.standing.early.buckets() {
            *looks += members.len();
            for &peer in members {
                if self.state.child_count(peer) > 0 || problem.fan_out(peer) < 2 || peer == problem.root() {
                    continue;
                }
                let worth = self.standing.heard_us[peer as usize].saturating_mul(u64::from(problem.fan_out(peer)));
                let key = (u64::MAX - worth, peer);
                let place = found.partition_point(|other| *other < key);
                if place < PROMOTED {
                    if found.len() == PROMOTED {
                        found.pop();
                    }
                    found.insert(place, key);
                }
            }
        }
        found.into_iter().map(|(_, peer)| peer).collect()
    }

    fn bring_forward(&mut self, peer: u32, looks: &mut usize) -> bool {
        let by_us = self.state.max_us();
        for (_, child) in self.early_places(peer, looks) {
            if self.state.child_count(child) > 0 {
                let change = change::insert(&mut self.state, child, peer, by_us);
                if self.keeps(change) {
                    return true;
                }
                continue;
            }
            let change = change::swap(&mut self.state, peer, child, by_us);
            if self.keeps(change) {
                return true;
            }
        }
        false
    }

    // Places of members that serve nobody and could serve fewer, by how much sooner how many slots would be reached.
    fn early_places(&self, peer: u32, looks: &mut usize) -> SmallVec<[(u64, u32); PLACES]> {
        let problem = self.state.problem();
        let by_us = self.state.max_us();
        let (heard_us, fan_out) = (self.standing.heard_us[peer as usize], problem.fan_out(peer));
        let mut found: SmallVec<[(u64, u32); PLACES]> = SmallVec::new();
        let members = self.standing.early.buckets().flat_map(|(_, members)| members.iter().copied());
        for to in members.take(PARENTS) {
            *looks += 1;
            let Some(hop_us) = problem.hop_us(to, peer) else { continue };
            let at_us = self.standing.heard_us[to as usize] + u64::from(hop_us);
            if at_us + heard_us / 8 >= heard_us || to == self.state.parent(peer) {
                continue;
            }
            for child in self.state.children(to) {
                let sooner_us = heard_us - at_us;
                let worth = if self.state.child_count(child) > 0 {
                    // It comes between: all below the child hear later.
                    let Some(next_us) = problem.hop_us(peer, child) else { continue };
                    let then_us = at_us + u64::from(next_us);
                    let late_us = then_us.saturating_sub(self.standing.heard_us[child as usize]);
                    let gain = sooner_us.saturating_mul(u64::from(fan_out - 1));
                    let loss = late_us.saturating_mul(u64::from(self.state.size(child)));
                    if then_us + self.state.height_us(child) > by_us || gain <= loss {
                        continue;
                    }
                    gain - loss
                } else if problem.fan_out(child) < fan_out {
                    sooner_us.saturating_mul(u64::from(fan_out - problem.fan_out(child)))
                } else {
                    continue;
                };
                let key = (u64::MAX - worth, child);
                let place = found.partition_point(|other| *other < key);
                if place < PLACES {
                    if found.len() == PLACES {
                        found.pop();
                    }
                    found.insert(place, key);
                }
            }
        }
        found
    }
}
