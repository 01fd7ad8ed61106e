//! Who can be connected with whom at all, directly or through relays, and how many relays that takes at the least.

use std::cmp::Reverse;

use super::{Bound, Law};
use crate::optimiser::instance::{Delays, Hop, Peer};

/// The parts into which the pairs that can connect divide the peers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reach {
    /// Of each peer the number of its part; the largest part is 0, of equals the one with the first peer.
    pub part_of: Vec<u32>,
    /// How many peers each part has.
    pub sizes: Vec<u32>,
}

impl Reach {
    /// How many peers are not in the largest part: nothing that they send can come there.
    #[must_use]
    pub fn cut_off(&self) -> u32 {
        self.sizes.iter().skip(1).sum()
    }
}

const RELAYS: Law = Law {
    name: "relayed connections",
    source: "counted: as many as parts that direct connections leave, less one (Kruskal, Proc. AMS 7, 1956)",
};
const WAYS: Law = Law {
    name: "disjoint ways",
    source: "Whitney, \"Congruent graphs and the connectivity of graphs\", Am. J. Math. 54, 1932: at most the least degree",
};

/// The parts of the peers by pairs that `connects` lets connect.
#[must_use]
pub fn reach(delays: &Delays, connects: impl Fn(Hop) -> bool) -> Reach {
    let roots = match delays {
        Delays::Matrix { .. } => of_pairs(delays, &connects),
        Delays::Groups { group_of, groups, hops } => of_groups(group_of, *groups, hops, &connects),
        // Everybody connects directly, whatever the distance.
        Delays::Coordinates { points, .. } => {
            let apart = !connects(Hop::direct(0));
            (0..points.len() as u32).map(|peer| if apart { peer } else { 0 }).collect()
        }
    };
    let mut sizes = vec![0_u32; roots.len()];
    roots.iter().for_each(|&root| sizes[root as usize] += 1);
    let mut order: Vec<u32> = (0..roots.len() as u32).filter(|&root| sizes[root as usize] > 0).collect();
    order.sort_by_key(|&root| Reverse(sizes[root as usize]));
    let mut number_of = vec![0; roots.len()];
    order.iter().zip(0..).for_each(|(&root, number)| number_of[root as usize] = number);
    Reach {
        part_of: roots.iter().map(|&root| number_of[root as usize]).collect(),
        sizes: order.iter().map(|&root| sizes[root as usize]).collect(),
    }
}

// Of each peer the first of its part. Those that have not been met are looked through once for each that has.
fn of_pairs(delays: &Delays, connects: &impl Fn(Hop) -> bool) -> Vec<u32> {
    let mut roots: Vec<u32> = (0..delays.peers()).collect();
    let mut unmet: Vec<u32> = roots.clone();
    while let Some(&first) = unmet.first() {
        unmet.remove(0);
        let mut pending = vec![first];
        while let Some(peer) = pending.pop() {
            roots[peer as usize] = first;
            let is_far = |&other: &u32| !connects(delays.hop(peer, other)) && !connects(delays.hop(other, peer));
            pending.extend(unmet.iter().filter(|other| !is_far(other)));
            unmet.retain(is_far);
        }
    }
    roots
}

// The peers of a group that connects with itself or another are in one part; else each is alone.
fn of_groups(group_of: &[u32], groups: u32, hops: &[Hop], connects: &impl Fn(Hop) -> bool) -> Vec<u32> {
    let groups = groups as usize;
    let mut first_of = vec![u32::MAX; groups];
    for (&group, peer) in group_of.iter().zip(0..) {
        first_of[group as usize] = first_of[group as usize].min(peer);
    }
    let mut part_of: Vec<Option<usize>> = vec![None; groups];
    for start in (0..groups).filter(|&group| first_of[group] != u32::MAX) {
        if part_of[start].is_some() {
            continue;
        }
        let mut pending = vec![start];
        while let Some(group) = pending.pop() {
            for other in (0..groups).filter(|&other| first_of[other] != u32::MAX) {
                let meets = connects(hops[group * groups + other]) || connects(hops[other * groups + group]);
                if meets && part_of[other].is_none() {
                    part_of[other] = Some(start);
                    pending.push(other);
                }
            }
        }
    }
    let mut first_of_part = vec![u32::MAX; groups];
    for (part, &first) in part_of.iter().zip(&first_of) {
        if let Some(part) = *part {
            first_of_part[part] = first_of_part[part].min(first);
        }
    }
    let root = |(&group, peer): (&u32, u32)| part_of[group as usize].map_or(peer, |part| first_of_part[part]);
    group_of.iter().zip(0..).map(root).collect()
}

/// The fewest relayed connections of an overlay that connects everybody who can be: what remains cut off binds.
#[must_use]
pub fn relay_links(delays: &Delays) -> Bound<u32, u32> {
    let direct = reach(delays, |hop| hop.delay_us().is_some() && !hop.is_relayed());
    let all = reach(delays, |hop| hop.delay_us().is_some());
    Bound { value: (direct.sizes.len() - all.sizes.len()) as u32, binds: all.cut_off(), law: RELAYS }
}

/// The most ways without a peer in common that any overlay has between all peers: some peer can connect to no more. That
/// peer binds. `None` with fewer than two peers.
#[must_use]
pub fn disjoint_ways(peers: &[Peer], delays: &Delays) -> Option<Bound<u32, u32>> {
    let others = delays.peers().checked_sub(1).filter(|others| *others > 0)?;
    let partners = partners(delays);
    let most = |(peer, &partners): (&Peer, &u32)| peer.connections_max.unwrap_or(u32::MAX).min(partners).min(others);
    let (value, peer) = peers.iter().zip(&partners).map(most).zip(0..).min()?;
    Some(Bound { value, binds: peer, law: WAYS })
}

// With how many others each peer can connect.
fn partners(delays: &Delays) -> Vec<u32> {
    let count = delays.peers();
    let meets = |from, to| from != to && delays.hop(from, to).delay_us().is_some();
    match delays {
        Delays::Matrix { .. } => {
            (0..count).map(|from| (0..count).filter(|&to| meets(from, to)).count() as u32).collect()
        }
        Delays::Coordinates { .. } => vec![count - 1; count as usize],
        Delays::Groups { group_of, groups, hops } => {
            let groups = *groups as usize;
            let mut sizes = vec![0_u32; groups];
            group_of.iter().for_each(|&group| sizes[group as usize] += 1);
            let of_group = |group: usize| {
                let meets = |other: usize| hops[group * groups + other].delay_us().is_some();
                let all: u32 = (0..groups).filter(|&other| meets(other)).map(|other| sizes[other]).sum();
                all - u32::from(meets(group) && sizes[group] > 0)
            };
            let of_groups: Vec<u32> = (0..groups).map(of_group).collect();
            group_of.iter().map(|&group| of_groups[group as usize]).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    // d direct, r relayed, . never; by rows.
    fn matrix(rows: &[&str]) -> Delays {
        let hop = |kind| match kind {
            'd' => Hop::direct(1),
            'r' => Hop::relayed(1),
            _ => Hop::NEVER,
        };
        Delays::Matrix { peers: rows.len() as u32, hops: rows.iter().flat_map(|row| row.chars().map(hop)).collect() }
    }

    #[test]
    fn relays_join_what_direct_connections_leave() {
        let delays = matrix(&["dd...", "dd.r.", "..dd.", ".rdd.", "....d"]);
        assert_eq!((relay_links(&delays).value, relay_links(&delays).binds), (1, 1));
        let all = reach(&delays, |hop| hop.delay_us().is_some());
        assert_eq!((all.sizes, all.part_of), (vec![4, 1], vec![0, 0, 0, 0, 1]));
        let two = disjoint_ways(&[Peer::default(); 5], &delays).expect("a bound");
        assert_eq!((two.value, two.binds), (0, 4));
    }

    #[test]
    fn one_peer_and_all_relayed() {
        assert_eq!(relay_links(&matrix(&["."])).value, 0);
        assert_eq!(disjoint_ways(&[Peer::default()], &matrix(&["."])), None);
        assert_eq!(relay_links(&matrix(&["rrr", "rrr", "rrr"])).value, 2);
        let far = Delays::Coordinates { points: vec![[0; 5]; 3], heights_us: vec![1; 3] };
        assert_eq!(relay_links(&far).value, 0);
    }

    proptest! {
        #[test]
        fn groups_are_what_their_pairs_are(
            group_of in prop::collection::vec(0_u32..4, 1..9),
            kinds in prop::collection::vec(0..3, 16),
        ) {
            let hop = |a: usize, b: usize| match kinds[a.min(b) * 4 + a.max(b)] {
                0 => Hop::direct(1),
                1 => Hop::relayed(1),
                _ => Hop::NEVER,
            };
            let hops = (0..16).map(|pair| hop(pair / 4, pair % 4)).collect();
            let groups = Delays::Groups { group_of: group_of.clone(), groups: 4, hops };
            let count = group_of.len() as u32;
            let pairs = (0..count * count).map(|pair| groups.hop(pair / count, pair % count)).collect();
            let pairs = Delays::Matrix { peers: count, hops: pairs };
            let connects = |hop: Hop| hop.delay_us().is_some() && !hop.is_relayed();
            prop_assert_eq!(reach(&groups, connects), reach(&pairs, connects));
            prop_assert_eq!(relay_links(&groups), relay_links(&pairs));
            let peers = vec![Peer::default(); group_of.len()];
            prop_assert_eq!(disjoint_ways(&peers, &groups), disjoint_ways(&peers, &pairs));
        }
    }
}
