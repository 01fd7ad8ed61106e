//! Large-neighbourhood search: a part of the tree around the longest way is taken apart and put together as well as it can
//! be, by the exact search (Shaw, CP 1998).
//!
//! Some peers of the way and some that could serve it are freed, with the links to their children. What hangs below the
//! children stays as it is: they are pieces. All others stay where they are, and offer the slots that they have left.

use rand::RngExt;

use super::exact::Search;
use super::near::Near;
use super::pieces::{NEVER_US, Pieces};
use super::state::State;
use crate::rng::Stream;

/// Most pieces of a part: so that sets of them are one word.
const PIECES_MAX: usize = 60;
/// How often the bound is asked for a part.
const WORK_MAX: u64 = 3_000;
/// What making a part costs beside that.
const PART_WORK: u64 = 100;

/// Takes parts apart until so much work is done or `misses_max` parts in a row could not be put together better. Returns
/// the work.
pub(super) fn improve(state: &mut State<'_>, near: &Near, misses_max: u32, work_max: u64, stream: &mut Stream) -> u64 {
    let (mut work, mut misses) = (0, 0);
    if state.max_us() == 0 {
        return work;
    }
    while work < work_max && misses < misses_max {
        let part = Part::choose(state, near, stream);
        let pieces = part.pieces(state);
        let below_us = state.max_us();
        let exact = Search::new(&pieces).run(below_us, part.others_us, WORK_MAX.min(work_max - work));
        work += exact.work + PART_WORK;
        match exact.found {
            Some((_, tree)) => {
                part.put_together(state, &tree);
                misses = 0;
            }
            None => misses += 1,
        }
    }
    work
}

// A part of a tree.
struct Part {
    // Peers that are freed, then the children that they have outside of these: each is a piece.
    freed: Vec<u32>,
    below: Vec<u32>,
    // Who stays and offers slots, and how many.
    members: Vec<(u32, u32)>,
    // The longest way to those who are not touched.
    others_us: u64,
}

impl Part {
    fn choose(state: &State<'_>, near: &Near, stream: &mut Stream) -> Self {
        let root = state.problem().root();
        let way: Vec<u32> =
            std::iter::successors(state.critical_child(root), |&peer| state.critical_child(peer)).collect();
        let mut freed: Vec<u32> = Vec::new();
        let mut pieces = 0;
        let add = |peer: u32, freed: &mut Vec<u32>, pieces: &mut usize| {
            let costs = 1 + state.child_count(peer) as usize;
            let fits = peer != root && !freed.contains(&peer) && *pieces + costs <= PIECES_MAX;
            if fits {
                *pieces += costs;
                freed.push(peer);
            }
            fits
        };
        // The way, from the last up, then others that might take a place on it.
        way.iter().rev().for_each(|&peer| {
            add(peer, &mut freed, &mut pieces);
        });
        for _ in 0..64 {
            let of = way[stream.random_range(0..way.len())];
            let near = near.of(of);
            let other = match stream.random_range(0..4) {
                0 => stream.random_range(0..state.problem().peers()),
                1 => state.parent(of),
                _ if near.is_empty() => continue,
                _ => near[stream.random_range(0..near.len())],
            };
            if state.problem().fan_out(other) > 0 {
                add(other, &mut freed, &mut pieces);
            }
        }
        Self::around(state, near, freed)
    }

    fn around(state: &State<'_>, near: &Near, freed: Vec<u32>) -> Self {
        let children = freed.iter().flat_map(|&peer| state.children(peer));
        let below: Vec<u32> = children.filter(|child| !freed.contains(child)).collect();
        let is_moved = |peer: u32| {
            let mut at = peer;
            while state.parent(at) != at {
                if freed.contains(&at) {
                    return true;
                }
                at = state.parent(at);
            }
            false
        };
        // Who loses a child has its slot to give; who is near may have one left.
        let mut members: Vec<(u32, u32)> = Vec::new();
        let losing = freed.iter().map(|&peer| state.parent(peer)).filter(|parent| !freed.contains(parent));
        let offering = freed.iter().chain(&below).flat_map(|&peer| near.of(peer).iter().copied().take(6));
        for peer in losing.chain(offering) {
            let is_piece = freed.contains(&peer) || below.contains(&peer);
            let is_full = freed.len() + below.len() + members.len() >= 2 * PIECES_MAX;
            if is_piece || is_full || members.iter().any(|&(member, _)| member == peer) || is_moved(peer) {
                continue;
            }
            let lost = freed.iter().filter(|&&child| state.parent(child) == peer).count() as u32;
            let slots = state.free(peer) + lost;
            if slots > 0 {
                members.push((peer, slots));
            }
        }
        let others_us = longest_without(state, &freed);
        Self { freed, below, members, others_us }
    }

    fn pieces(&self, state: &State<'_>) -> Pieces {
        let problem = state.problem();
        let peers = self.peers();
        let hop_us = |from: u32, to: u32| if from == to { None } else { problem.hop_us(from, to) };
        let hops = peers.iter().flat_map(|&from| peers.iter().map(move |&to| hop_us(from, to)));
        let slots = self.freed.iter().map(|&peer| problem.fan_out(peer));
        let slots = slots.chain(self.below.iter().map(|&peer| state.free(peer)));
        let tails_us = self.freed.iter().map(|_| 0).chain(self.below.iter().map(|&peer| state.height_us(peer)));
        let first = self.freed.len() + self.below.len();
        let members = self.members.iter().zip(first..);
        Pieces {
            count: peers.len(),
            hops_us: hops.map(|hop_us| hop_us.map_or(NEVER_US, u64::from)).collect(),
            slots: slots.chain(self.members.iter().map(|&(_, slots)| slots)).collect(),
            tails_us: tails_us.chain(self.members.iter().map(|_| 0)).collect(),
            members: members.map(|(&(peer, _), piece)| (piece, state.delay_us(peer))).collect(),
        }
    }

    fn put_together(&self, state: &mut State<'_>, tree: &[usize]) {
        let peers = self.peers();
        let moved = self.freed.len() + self.below.len();
        peers[..moved].iter().for_each(|&peer| state.detach(peer));
        for (&peer, &parent) in peers[..moved].iter().zip(tree) {
            state.attach(peer, peers[parent]);
        }
    }

    fn peers(&self) -> Vec<u32> {
        self.freed.iter().chain(&self.below).copied().chain(self.members.iter().map(|&(peer, _)| peer)).collect()
    }
}

// The longest way to anybody who is not below these.
fn longest_without(state: &State<'_>, freed: &[u32]) -> u64 {
    let mut longest_us = 0;
    let mut pending = vec![(state.problem().root(), 0)];
    let mut touched: Vec<u32> = Vec::new();
    for &peer in freed {
        let ways = std::iter::successors(Some(peer), |&at| (state.parent(at) != at).then(|| state.parent(at)));
        touched.extend(ways);
    }
    touched.sort_unstable();
    while let Some((at, at_us)) = pending.pop() {
        longest_us = longest_us.max(at_us);
        for child in state.children(at).filter(|child| !freed.contains(child)) {
            let then_us = at_us + u64::from(state.hop_us(child));
            // What is not on a way to these has its height, which is known.
            match touched.binary_search(&child) {
                Ok(_) => pending.push((child, then_us)),
                Err(_) => longest_us = longest_us.max(then_us + state.height_us(child)),
            }
        }
    }
    longest_us
}
