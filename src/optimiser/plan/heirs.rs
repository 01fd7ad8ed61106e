//! When a peer leaves that served many: others that serve nobody yet take over what it did.
//!
//! Where each orphan looks for a parent of its own, they come to stand under late parents, for early ones are full. The one
//! early slot is that of the peer that left. A member that can serve many is put there, and serves those who would be late.

use std::cmp::Reverse;

use super::repair::Repair;

/// How many heirs are weighed exactly, of all that could be.
const SHORTLIST: usize = 64;
/// What twice the fan-out of an heir is worth, in microseconds.
const DOUBLING_US: u64 = 20_000;
/// In how many steps the latency is looked for that heirs can keep.
const STEPS: u64 = 16;

/// A member that moves under a host, and whom it serves there.
#[derive(Clone, Debug)]
struct Heir {
    host: u32,
    peer: u32,
    at_us: u64,
    served: Vec<u32>,
}

impl Repair<'_, '_> {
    /// Gives orphans new parents. `parent` has a free slot: that of the peer they heard from; and until now nobody heard later
    /// than `before_us`.
    pub(super) fn take_over(&mut self, parent: u32, orphans: &[u32], before_us: u64) {
        self.settle(orphans.to_vec());
        let is_in = |&orphan: &u32| self.state.parent(orphan) != orphan;
        let worst_us = orphans.iter().map(|&orphan| self.reach_us(orphan)).max().unwrap_or(0);
        if worst_us <= before_us || !orphans.iter().all(is_in) {
            return;
        }
        // Another try: those who are late and who stands in the early slot, under heirs.
        let is_free_for_heirs = |&&orphan: &&u32| self.state.parent(orphan) == parent || self.reach_us(orphan) > before_us;
        let mut late: Vec<u32> = orphans.iter().filter(is_free_for_heirs).copied().collect();
        late.sort_by_key(|&orphan| (Reverse(self.state.height_us(orphan)), orphan));
        late.iter().for_each(|&orphan| self.detach(orphan));
        let shortlist = self.possible_heirs(parent, late.len() as u32, worst_us);
        let step_us = ((worst_us - before_us) / STEPS).max(1);
        let limits_us = (0..STEPS).map(|step| before_us + step * step_us).filter(|&limit_us| limit_us < worst_us);
        let heirs = limits_us.filter_map(|limit_us| self.heirs(parent, &shortlist, &late, limit_us)).next();
        for heir in heirs.into_iter().flatten() {
            self.detach(heir.peer);
            self.attach(heir.peer, heir.host);
            heir.served.iter().for_each(|&orphan| self.attach(orphan, heir.peer));
            late.retain(|orphan| !heir.served.contains(orphan));
        }
        self.settle(late);
    }

    /// When the last peer below a member hears.
    fn reach_us(&self, peer: u32) -> u64 {
        self.standing.heard_us[peer as usize] + self.state.height_us(peer)
    }

    // Heirs that serve all orphans within a latency, if there are such: each serves as many as it can.
    fn heirs(&self, parent: u32, shortlist: &[u32], orphans: &[u32], limit_us: u64) -> Option<Vec<Heir>> {
        let mut left = orphans.to_vec();
        let mut hosts = vec![(parent, self.standing.heard_us[parent as usize], self.state.free(parent))];
        let mut chosen: Vec<Heir> = Vec::new();
        while !left.is_empty() {
            let open = hosts.iter().enumerate().filter(|&(_, &(_, _, free))| free > 0);
            let possible = open.flat_map(|(place, &(host, host_us, _))| {
                let others = shortlist.iter().filter(|&&peer| chosen.iter().all(|heir| heir.peer != peer));
                others.filter_map(|&peer| Some((place, self.heir_at(host, host_us, peer, &left, limit_us)?))).collect::<Vec<_>>()
            });
            let key = |heir: &Heir| (Reverse(heir.served.len()), heir.at_us, heir.peer, heir.host);
            let (place, heir) = possible.min_by_key(|(_, heir)| key(heir))?;
            hosts[place].2 -= 1;
            left.retain(|orphan| !heir.served.contains(orphan));
            let free = self.state.problem().fan_out(heir.peer) - heir.served.len() as u32;
            hosts.push((heir.peer, heir.at_us, free));
            chosen.push(heir);
        }
        Some(chosen)
    }

    fn heir_at(&self, host: u32, host_us: u64, peer: u32, orphans: &[u32], limit_us: u64) -> Option<Heir> {
        let problem = self.state.problem();
        let at_us = host_us + u64::from(problem.hop_us(host, peer)?);
        let is_in_time = |&&orphan: &&u32| {
            let hop_us = problem.hop_us(peer, orphan).map(u64::from);
            hop_us.is_some_and(|hop_us| at_us + hop_us + self.state.height_us(orphan) <= limit_us)
        };
        let most = problem.fan_out(peer) as usize;
        let served: Vec<u32> = orphans.iter().filter(is_in_time).take(most).copied().collect();
        (at_us <= limit_us && !served.is_empty()).then_some(Heir { host, peer, at_us, served })
    }

    // Members that serve nobody and could: those who would hear first under a parent, for how many of so many they can serve.
    fn possible_heirs(&self, parent: u32, wanted: u32, limit_us: u64) -> Vec<u32> {
        let problem = self.state.problem();
        let parent_us = self.standing.heard_us[parent as usize];
        let mut found = Vec::new();
        for (_, members) in self.standing.early.buckets() {
            for &peer in members {
                let fan_out = problem.fan_out(peer).min(wanted);
                if self.state.child_count(peer) > 0 || fan_out == 0 || peer == parent || peer == problem.root() {
                    continue;
                }
                let Some(hop_us) = problem.hop_us(parent, peer) else { continue };
                let at_us = parent_us + u64::from(hop_us);
                if at_us < limit_us {
                    let worth_us = libm::log2(f64::from(fan_out)) * DOUBLING_US as f64;
                    found.push((at_us.cast_signed() - worth_us as i64, peer));
                }
            }
        }
        if found.len() > SHORTLIST {
            found.select_nth_unstable(SHORTLIST);
            found.truncate(SHORTLIST);
        }
        found.into_iter().map(|(_, peer)| peer).collect()
    }
}
