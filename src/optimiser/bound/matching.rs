//! What the largest latency of a tree is at the least when nobody serves more than it can.
//!
//! In a tree of largest latency `D` every peer has a parent `u` that hears no sooner than by the shortest way and reaches it
//! by `D`, and no parent serves more than its slots. So the least `D` for which such an assignment exists, a b-matching, is a
//! bound of every tree. It is found by bisection, each step by augmenting ways.

use super::{Bound, Law};
use crate::optimiser::instance::Delays;

const LAW: Law = Law {
    name: "largest latency of a tree",
    source: "b-matching by augmenting ways: Kuhn, \"The Hungarian method for the assignment problem\", Naval Research \
             Logistics Quarterly 2, 1955",
};

/// Up to so many peers it is worth its time: all pairs are looked at some twenty times.
pub const MATCHING_PEERS_MAX: usize = 2_000;

/// The bound in microseconds, `None` if there is no tree whatever the latency. A peer binds that finds no slot below it, or
/// none where the shortest ways suffice. `soonest` is what [`soonest_us`](super::soonest_us) says for the same arrays.
/// `late` peers may hear later than that, or never: with none it is a bound of the largest latency, with a twentieth of
/// the receivers one of the 95th percentile.
#[must_use]
pub fn latency_in_tree_us(
    delays: &Delays,
    root: u32,
    fan_out: &[u32],
    send_us: &[u32],
    (soonest, late): (&[Option<u64>], usize),
) -> Bound<Option<u64>, Option<u32>> {
    let mut bound = Bound { value: None, binds: None, law: LAW };
    let Some(mut low) = soonest_but(soonest, late) else { return bound };
    let slots = Slots::new(delays, root, fan_out, send_us, soonest);
    let mut high = slots.last_us;
    if slots.missing(high, late).is_some() {
        return bound;
    }
    match slots.missing(low, late) {
        None => return Bound { value: Some(low), ..bound },
        missing => bound.binds = missing,
    }
    while high - low > 1 {
        let middle = u64::midpoint(low, high);
        match slots.missing(middle, late) {
            None => high = middle,
            missing => (low, bound.binds) = (middle, missing),
        }
    }
    Bound { value: Some(high), ..bound }
}

// When all but so many have heard by the shortest ways, `None` if they never do.
fn soonest_but(soonest: &[Option<u64>], late: usize) -> Option<u64> {
    let mut us: Vec<u64> = soonest.iter().map(|us| us.unwrap_or(u64::MAX)).collect();
    us.sort_unstable();
    let place = us.len().checked_sub(late + 1)?;
    Some(us[place]).filter(|&us| us != u64::MAX)
}

// Whom each parent serves, and who is full for good: all whom it serves have nowhere else to go.
struct Served {
    of: Vec<Vec<u32>>,
    full: Vec<bool>,
}

// Parents with slots, those that hear first in front, and how soon each peer hears from each of them.
struct Slots {
    peers: usize,
    root: usize,
    slots: Vec<usize>,
    // Row by row of the peers; `u64::MAX` where the two never connect.
    heard_us: Vec<u64>,
    last_us: u64,
}

impl Slots {
    fn new(delays: &Delays, root: u32, fan_out: &[u32], send_us: &[u32], soonest: &[Option<u64>]) -> Self {
        let mut parents: Vec<(u64, u32)> =
            soonest.iter().zip(0..).filter_map(|(us, peer)| Some(((*us)?, peer))).collect();
        parents.retain(|&(_, peer)| fan_out[peer as usize] > 0);
        parents.sort_unstable();
        let mut last_us = 0;
        let mut heard = |(at_us, from): (u64, u32), to: u32| {
            let hop_us = delays.hop(from, to).delay_us().filter(|_| from != to);
            let us = hop_us.map(|hop_us| at_us + u64::from(hop_us) + u64::from(send_us[from as usize]));
            last_us = us.map_or(last_us, |us| us.max(last_us));
            us.unwrap_or(u64::MAX)
        };
        let rows = (0..soonest.len() as u32).flat_map(|to| parents.iter().map(move |&from| (from, to)));
        let heard_us = rows.map(|(from, to)| heard(from, to)).collect();
        let slots = parents.iter().map(|&(_, peer)| fan_out[peer as usize] as usize).collect();
        Self { peers: soonest.len(), root: root as usize, slots, heard_us, last_us }
    }

    // A peer that finds no slot by then though others make room, after so many others; `None` if all others do. Who has
    // found none finds none when more have been placed, so the order of peers does not matter.
    fn missing(&self, by_us: u64, late: usize) -> Option<u32> {
        let count = self.slots.len();
        let mut served = Served { of: vec![Vec::new(); count], full: vec![false; count] };
        (0..self.peers)
            .filter(|&peer| peer != self.root && !self.place(peer, by_us, &mut served))
            .nth(late)
            .map(|peer| peer as u32)
    }

    // Finds a slot for a peer, others moving if they must: breadth first, each parent once.
    fn place(&self, peer: usize, by_us: u64, served: &mut Served) -> bool {
        let count = self.slots.len();
        let row = |peer: usize| &self.heard_us[peer * count..][..count];
        let mut asked_by = vec![usize::MAX; count];
        // Of each peer that is to move the parent that it leaves.
        let mut leaving = vec![(peer, usize::MAX)];
        let mut next = 0;
        while let Some(&(asking, _)) = leaving.get(next) {
            for parent in (0..count).filter(|&parent| row(asking)[parent] <= by_us && !served.full[parent]) {
                if asked_by[parent] != usize::MAX {
                    continue;
                }
                asked_by[parent] = next;
                if served.of[parent].len() < self.slots[parent] {
                    Self::shift(parent, &asked_by, &leaving, &mut served.of);
                    return true;
                }
                leaving.extend(served.of[parent].iter().map(|&other| (other as usize, parent)));
            }
            next += 1;
        }
        let asked = |parent: usize| asked_by[parent] != usize::MAX;
        (0..count).filter(|&parent| asked(parent)).for_each(|parent| served.full[parent] = true);
        false
    }

    // Everybody on the way to the free slot takes the one that it has asked for.
    fn shift(mut parent: usize, asked_by: &[usize], leaving: &[(usize, usize)], served: &mut [Vec<u32>]) {
        loop {
            let (peer, left) = leaving[asked_by[parent]];
            served[parent].push(peer as u32);
            if left == usize::MAX {
                return;
            }
            served[left].retain(|&other| other as usize != peer);
            parent = left;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::soonest_us;
    use super::*;
    use crate::optimiser::Hop;
    use proptest::prelude::*;

    fn bound(delays: &Delays, fan_out: &[u32], send_us: &[u32]) -> Bound<Option<u64>, Option<u32>> {
        bound_but(delays, fan_out, send_us, 0)
    }

    fn bound_but(delays: &Delays, fan_out: &[u32], send_us: &[u32], late: usize) -> Bound<Option<u64>, Option<u32>> {
        latency_in_tree_us(delays, 0, fan_out, send_us, (&soonest_us(delays, 0, fan_out, send_us), late))
    }

    // The least latency of all trees, so many peers aside: each peer's parent in turn.
    fn by_search(delays: &Delays, fan_out: &[u32], send_us: &[u32], late: usize) -> Option<u64> {
        let peers = delays.peers();
        let mut best = None;
        for code in 0..peers.pow(peers - 1) {
            let parent = |peer: u32| code / peers.pow(peer - 1) % peers;
            let fits =
                |peer: u32| (1..peers).filter(|&child| parent(child) == peer).count() as u32 <= fan_out[peer as usize];
            if !(0..peers).all(fits) {
                continue;
            }
            let heard = |mut peer: u32| {
                let mut us = 0;
                for _ in 0..peers {
                    if peer == 0 {
                        return Some(us);
                    }
                    let from = parent(peer);
                    us += u64::from(delays.hop(from, peer).delay_us()?) + u64::from(send_us[from as usize]);
                    peer = from;
                }
                None
            };
            let all: Vec<Option<u64>> = (0..peers).map(heard).collect();
            if let Some(last) = soonest_but(&all, late) {
                best = Some(best.map_or(last, |best: u64| best.min(last)));
            }
        }
        best
    }

    #[test]
    fn slots_make_a_tree_later_than_shortest_ways() {
        // The root reaches all in 10, others in 50; it serves one.
        let hops = (0..16).map(|pair| Hop::direct(if pair < 4 { 10 } else { 50 })).collect();
        let delays = Delays::Matrix { peers: 4, hops };
        let found = bound(&delays, &[1, 2, 0, 0], &[0; 4]);
        assert_eq!(found.value, Some(60));
        assert!(found.binds.is_some());
        let free = bound(&delays, &[3, 2, 0, 0], &[0; 4]);
        assert_eq!((free.value, free.binds), (Some(10), None));
        assert_eq!(bound(&delays, &[1, 1, 0, 0], &[0; 4]).value, None);
        assert_eq!(bound(&delays, &[0, 1, 0, 0], &[0; 4]).value, None);
    }

    proptest! {
        #[test]
        fn no_tree_beats_it(
            delays_us in prop::collection::vec(prop::option::weighted(0.85, 1_u32..100), 25),
            fan_out in prop::collection::vec(0_u32..4, 5),
            send_us in prop::collection::vec(0_u32..20, 5),
            late in 0_usize..3,
        ) {
            let hops = delays_us.iter().map(|delay| delay.map_or(Hop::NEVER, Hop::direct)).collect();
            let delays = Delays::Matrix { peers: 5, hops };
            let best = by_search(&delays, &fan_out, &send_us, late);
            let found = bound_but(&delays, &fan_out, &send_us, late).value;
            if let Some(best) = best {
                let soonest = soonest_us(&delays, 0, &fan_out, &send_us);
                prop_assert!(found.is_some_and(|us| us <= best), "{:?} {}", found, best);
                prop_assert!(found >= soonest_but(&soonest, late));
            }
        }
    }
}
