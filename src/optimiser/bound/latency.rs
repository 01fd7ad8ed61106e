//! How soon each peer can hear from another, whatever the overlay: the shortest way over peers that pass messages on.
//!
//! The direct hop is no bound: measured latencies break the triangle inequality, and a way over a third peer may be shorter.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::Law;
use crate::optimiser::instance::Delays;

/// The law that [`soonest_us`] computes.
pub const SHORTEST_WAY: Law = Law {
    name: "latency",
    source: "Dijkstra, \"A note on two problems in connexion with graphs\", Numerische Mathematik 1, 1959",
};

/// The least time from the root to each peer in microseconds, `None` for those that no way leads to. A peer without fan-out
/// passes nothing on; one that does takes its time for one copy.
///
/// # Panics
/// When the root is not a peer, or arrays are too short.
#[must_use]
pub fn soonest_us(delays: &Delays, root: u32, fan_out: &[u32], send_us: &[u32]) -> Vec<Option<u64>> {
    let Delays::Groups { group_of, groups, .. } = delays else {
        return among_peers(delays, root, fan_out, send_us);
    };
    // All of a group hear at the same time, and the fastest of those that pass messages on does it.
    let mut fastest_us: Vec<Option<(u32, u32)>> = vec![None; *groups as usize];
    let passing = (0..group_of.len() as u32).filter(|&peer| peer != root && fan_out[peer as usize] > 0);
    for peer in passing {
        let fastest = &mut fastest_us[group_of[peer as usize] as usize];
        let own = (send_us[peer as usize], peer);
        *fastest = Some(fastest.map_or(own, |other| other.min(own)));
    }
    let mut example = vec![root; *groups as usize];
    group_of.iter().zip(0..).for_each(|(&group, peer)| example[group as usize] = peer);
    let mut soonest = vec![u64::MAX; *groups as usize];
    let mut pending = BinaryHeap::new();
    let spread = |from: u32, at_us: u64, soonest: &mut [u64], pending: &mut BinaryHeap<_>| {
        for (to, group) in example.iter().zip(0..) {
            let Some(hop_us) = delays.hop(from, *to).delay_us() else { continue };
            let then_us = at_us + u64::from(hop_us) + u64::from(send_us[from as usize]);
            if then_us < soonest[group as usize] {
                soonest[group as usize] = then_us;
                pending.push(Reverse((then_us, group)));
            }
        }
    };
    if fan_out[root as usize] > 0 {
        spread(root, 0, &mut soonest, &mut pending);
    }
    while let Some(Reverse((at_us, group))) = pending.pop() {
        if at_us > soonest[group as usize] {
            continue;
        }
        if let Some((_, peer)) = fastest_us[group as usize] {
            spread(peer, at_us, &mut soonest, &mut pending);
        }
    }
    let of_peer = |(&group, peer): (&u32, u32)| if peer == root { 0 } else { soonest[group as usize] };
    group_of.iter().zip(0..).map(of_peer).map(|us| (us != u64::MAX).then_some(us)).collect()
}

// Dijkstra's algorithm without a heap, for nearly all pairs are there.
fn among_peers(delays: &Delays, root: u32, fan_out: &[u32], send_us: &[u32]) -> Vec<Option<u64>> {
    let peers = delays.peers();
    let mut soonest = vec![u64::MAX; peers as usize];
    soonest[root as usize] = 0;
    let mut open: Vec<u32> = (0..peers).filter(|&peer| peer == root || fan_out[peer as usize] > 0).collect();
    if fan_out[root as usize] == 0 {
        open.clear();
    }
    while let Some(place) = (0..open.len()).min_by_key(|&place| soonest[open[place] as usize]) {
        let from = open.swap_remove(place);
        let at_us = soonest[from as usize];
        if at_us == u64::MAX {
            break;
        }
        for to in 0..peers {
            if let Some(hop_us) = delays.hop(from, to).delay_us() {
                let then_us = at_us + u64::from(hop_us) + u64::from(send_us[from as usize]);
                soonest[to as usize] = soonest[to as usize].min(then_us);
            }
        }
    }
    soonest.into_iter().map(|us| (us != u64::MAX).then_some(us)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optimiser::Hop;
    use proptest::prelude::*;

    #[test]
    fn a_way_over_a_third_may_be_shorter_if_that_passes_messages_on() {
        let rows = [[0, 9, 2], [9, 0, 3], [2, 3, 0]];
        let hops = rows.iter().flatten().map(|&us| Hop::direct(us)).collect();
        let delays = Delays::Matrix { peers: 3, hops };
        let soonest = |fan_out: &[u32]| soonest_us(&delays, 0, fan_out, &[1, 1, 1]);
        assert_eq!(soonest(&[1, 0, 1]), [Some(0), Some(7), Some(3)]);
        assert_eq!(soonest(&[1, 0, 0]), [Some(0), Some(10), Some(3)]);
        assert_eq!(soonest(&[0, 1, 1]), [Some(0), None, None]);
    }

    proptest! {
        #[test]
        fn groups_are_what_their_pairs_are(
            group_of in prop::collection::vec(0_u32..3, 1..9),
            delays in prop::collection::vec(prop::option::weighted(0.8, 1_u32..50), 9),
            fan_out in prop::collection::vec(0_u32..2, 9),
            send_us in prop::collection::vec(0_u32..9, 9),
        ) {
            let hops = delays.iter().map(|delay| delay.map_or(Hop::NEVER, Hop::direct)).collect();
            let groups = Delays::Groups { group_of: group_of.clone(), groups: 3, hops };
            let count = group_of.len() as u32;
            let pairs = (0..count * count).map(|pair| groups.hop(pair / count, pair % count)).collect();
            let pairs = Delays::Matrix { peers: count, hops: pairs };
            prop_assert_eq!(soonest_us(&groups, 0, &fan_out, &send_us), soonest_us(&pairs, 0, &fan_out, &send_us));
        }
    }
}
