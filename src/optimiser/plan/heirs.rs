//! When a peer leaves that served many: others that serve nobody yet take over what it did.
//!
//! Where each orphan looks for a parent of its own, they come to stand under late parents, for early ones are full. The one
//! early slot is that of the peer that left. A member that can serve many is put there, and serves those who would be late.

use std::cmp::Reverse;

use super::repair::Repair;

/// How many heirs are weighed exactly, of all that could be.
const SHORTLIST: usize = 40;
/// What twice the fan-out of an heir is worth, in microseconds.
const DOUBLING_US: u64 = 20_000;
/// How often the range is halved in which the latency is looked for that heirs can keep.
const HALVINGS: u32 = 4;

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
        let is_free_for_heirs =
            |&&orphan: &&u32| self.state.parent(orphan) == parent || self.reach_us(orphan) > before_us;
        let mut late: Vec<u32> = orphans.iter().filter(is_free_for_heirs).copied().collect();
        self.detach_all(&late);
        late.sort_by_key(|&orphan| (Reverse(self.state.height_us(orphan)), orphan));
        let shortlist = self.possible_heirs(parent, late.len() as u32, worst_us);
        let heirs = self.best_heirs(parent, &shortlist, &late, (before_us, worst_us));
        self.appoint(&heirs.unwrap_or_default(), &mut late);
        self.settle(late);
    }

    // Heirs who keep the least latency that is found between two, by halving what is between them.
    fn best_heirs(&self, parent: u32, shortlist: &[u32], orphans: &[u32], limits_us: (u64, u64)) -> Option<Vec<Heir>> {
        let (mut low_us, mut high_us) = limits_us;
        let mut best = self.heirs(parent, shortlist, orphans, low_us);
        if best.is_some() {
            return best;
        }
        for _ in 0..HALVINGS {
            let middle_us = low_us + (high_us - low_us) / 2;
            match self.heirs(parent, shortlist, orphans, middle_us) {
                Some(heirs) => (best, high_us) = (Some(heirs), middle_us),
                None => low_us = middle_us,
            }
        }
        best
    }

    // Puts heirs in their places with those whom they serve there; who has to leave one for that joins the orphans.
    fn appoint(&mut self, heirs: &[Heir], orphans: &mut Vec<u32>) {
        self.detach_all(&heirs.iter().map(|heir| heir.peer).collect::<Vec<_>>());
        for heir in heirs {
            self.attach(heir.peer, heir.host);
            let missing = heir.served.len().saturating_sub(self.state.free(heir.peer) as usize);
            let leaves: Vec<u32> = self.leaves(heir.peer).take(missing).collect();
            leaves.iter().for_each(|&leaf| self.detach(leaf));
            heir.served.iter().for_each(|&orphan| self.attach(orphan, heir.peer));
            orphans.retain(|orphan| !heir.served.contains(orphan));
            orphans.extend(leaves);
        }
    }

    // Takes members out, each with all below it but the others.
    fn detach_all(&mut self, peers: &[u32]) {
        let depth = |peer: u32| {
            let above = |&at: &u32| Some(self.state.parent(at)).filter(|&parent| parent != at);
            std::iter::successors(Some(peer), above).count()
        };
        let mut order: Vec<(usize, u32)> = peers.iter().map(|&peer| (depth(peer), peer)).collect();
        // The lowest first: whoever is taken out takes along what is still below it.
        order.sort_unstable();
        order.iter().rev().for_each(|&(_, peer)| self.detach(peer));
    }

    // The children of a member that serve nobody.
    fn leaves(&self, peer: u32) -> impl Iterator<Item = u32> {
        self.state.children(peer).filter(|&child| self.state.child_count(child) == 0)
    }

    // How many an heir can serve beside those of its children that serve others.
    fn slots(&self, peer: u32) -> u32 {
        self.state.free(peer) + self.leaves(peer).count() as u32
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
        // Each orphan takes one; heirs and who must leave them need the others.
        let mut reconnects = self.left().saturating_sub(orphans.len() as u32);
        while !left.is_empty() {
            let open = hosts.iter().enumerate().filter(|&(_, &(_, _, free))| free > 0);
            let possible = open.flat_map(|(place, &(host, host_us, _))| {
                let others = shortlist.iter().filter(|&&peer| chosen.iter().all(|heir| heir.peer != peer));
                others
                    .filter_map(|&peer| Some((place, self.heir_at(host, host_us, peer, &left, limit_us)?)))
                    .collect::<Vec<_>>()
            });
            let key = |heir: &Heir| (Reverse(heir.served.len()), heir.at_us, heir.peer, heir.host);
            let (place, heir) = possible.min_by_key(|(_, heir)| key(heir))?;
            let (served, free) = (heir.served.len() as u32, self.state.free(heir.peer));
            reconnects = reconnects.checked_sub(1 + served.saturating_sub(free))?;
            hosts[place].2 -= 1;
            left.retain(|orphan| !heir.served.contains(orphan));
            hosts.push((heir.peer, heir.at_us, free.saturating_sub(served)));
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
        let most = self.slots(peer) as usize;
        let served: Vec<u32> = orphans.iter().filter(is_in_time).take(most).copied().collect();
        (at_us + self.state.height_us(peer) <= limit_us && !served.is_empty()).then_some(Heir {
            host,
            peer,
            at_us,
            served,
        })
    }

    // Members that could serve more: those who would hear first under a parent, for how many of so many they can serve.
    fn possible_heirs(&self, parent: u32, wanted: u32, limit_us: u64) -> Vec<u32> {
        let problem = self.state.problem();
        let parent_us = self.standing.heard_us[parent as usize];
        let mut found = Vec::new();
        for (_, members) in self.standing.early.buckets() {
            for &peer in members {
                if problem.fan_out(peer) == 0 || peer == parent || peer == problem.root() {
                    continue;
                }
                let Some(hop_us) = problem.hop_us(parent, peer) else { continue };
                let at_us = parent_us + u64::from(hop_us);
                if at_us + self.state.height_us(peer) >= limit_us {
                    continue;
                }
                let slots = self.slots(peer).min(wanted);
                if slots > 0 && !self.state.is_below(parent, peer) {
                    let worth_us = libm::log2(f64::from(slots)) * DOUBLING_US as f64;
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
