//! A new early slot for a peer on the longest way: somebody who can serve many comes between an early parent and its child,
//! and serves the peer as well.

use super::improve::LOOKS_MAX;
use super::repair::Repair;
use crate::optimiser::tree::change::{self, Change};

/// How many early parents are looked at for one peer.
const PARENTS: usize = 96;

impl Repair<'_, '_> {
    /// Brings a peer nearer by somebody who comes between two others.
    pub(super) fn comes_between(&mut self, peer: u32, by_us: u64, servers: &[u32], looks: &mut usize) -> bool {
        for &server in servers {
            if server == peer || self.state.free(server) < 2 {
                continue;
            }
            for (to, child) in self.gaps(peer, server, by_us, looks) {
                if self.state.parent(child) != to || *looks > LOOKS_MAX {
                    continue;
                }
                *looks += 1;
                let Some(Change::Moved(mut moved)) = change::insert(&mut self.state, child, server, by_us) else {
                    continue;
                };
                match change::relink(&mut self.state, peer, server, by_us) {
                    Some(Change::Moved(more)) => {
                        moved.extend(more);
                        if self.keeps(Some(Change::Moved(moved))) {
                            return true;
                        }
                    }
                    _ => Change::Moved(moved).take_back(&mut self.state),
                }
            }
        }
        false
    }

    // Early parents and their children, between whom a server would stand early enough for a peer and for the child.
    fn gaps(&self, peer: u32, server: u32, by_us: u64, looks: &mut usize) -> Vec<(u32, u32)> {
        let problem = self.state.problem();
        let mut found = Vec::new();
        let Some(next_us) = problem.hop_us(server, peer) else { return found };
        let rest_us = u64::from(next_us) + self.state.height_us(peer);
        let members = self.standing.early.buckets().flat_map(|(_, members)| members.iter().copied());
        for to in members.take(PARENTS) {
            *looks += 1;
            let Some(first_us) = problem.hop_us(to, server) else { continue };
            let at_us = self.standing.heard_us[to as usize] + u64::from(first_us);
            if at_us + rest_us > by_us {
                continue;
            }
            for child in self.state.children(to).filter(|&child| child != peer && child != server) {
                let hop_us = problem.hop_us(server, child).map_or(u64::MAX / 2, u64::from);
                if at_us + hop_us + self.state.height_us(child) <= by_us {
                    found.push((to, child));
                }
            }
        }
        found
    }
}
