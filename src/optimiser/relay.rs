//! The spanning tree with the fewest relayed connections, or the cheapest ones.
//!
//! Without bounds on degrees a minimum spanning tree with direct connections at nothing is the best (Prim, Bell System Tech.
//! J. 36, 1957). With them the problem is NP-hard (Garey and Johnson, ND1), so a tree is grown that keeps them and then
//! changed, one connection for another on the ring that it closes; a way over equals is taken too. The bound is the tree
//! without degrees.

mod exchange;
mod grow;

use super::bound::reach;
use super::gap;
use super::instance::{Delays, Hop};
use crate::rng::Seed;
use exchange::Exchange;

/// What a connection costs: whole units, nothing for a direct one.
pub type Price<'a> = &'a dyn Fn(u32, u32, Hop) -> u32;

/// One for each relayed connection.
#[must_use]
pub fn one_each(_: u32, _: u32, hop: Hop) -> u32 {
    u32::from(hop.is_relayed())
}

/// A spanning tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelayTree {
    /// Its connections.
    pub edges: Vec<[u32; 2]>,
    /// What they cost.
    pub cost: u64,
    /// How many are relayed.
    pub relayed: u32,
    /// What they cost at the least.
    pub bound: u64,
}

impl RelayTree {
    /// Whether none is cheaper.
    #[must_use]
    pub fn is_proven(&self) -> bool {
        self.cost == self.bound
    }

    /// How much cheaper one could be at most, as a share of the bound.
    #[must_use]
    pub fn gap(&self) -> f64 {
        gap(self.cost as f64, self.bound as f64)
    }
}

/// Why there is no such tree.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoTree {
    /// Some can never be connected with the others.
    #[error("{cut_off} of {peers} peers cannot be connected with the others, whatever the relays: {parts} parts")]
    Parts {
        /// How many are not in the largest part.
        cut_off: u32,
        /// Of how many.
        peers: u32,
        /// How many parts there are.
        parts: u32,
    },
    /// The degrees are too few.
    #[error("{peers} peers need {needed} ends of connections, and keep {kept}")]
    Degrees {
        /// How many peers there are.
        peers: u32,
        /// Twice the number of connections.
        needed: u64,
        /// The sum of the degrees.
        kept: u64,
    },
    /// None was found.
    #[error(
        "no tree was found within the degrees: {beyond} connections too many remain; that none exists is not proven"
    )]
    NotFound {
        /// How many connections peers would have beyond their degrees.
        beyond: u64,
    },
    /// Too many peers for all pairs.
    #[error("a tree of all pairs is looked for among {most} peers at most, not {peers}")]
    Large {
        /// How many there are.
        peers: u32,
        /// How many there may be.
        most: u32,
    },
}

/// Up to so many peers all pairs are looked at.
const PEERS_MAX: u32 = 20_000;

/// The cheapest tree that is found in so many changes, in which no peer has more connections than its degree.
///
/// # Errors
/// When there is none, or none is found; with the reason.
///
/// # Panics
/// When there is not a degree for each peer.
pub fn cheapest_tree(
    delays: &Delays,
    degrees: &[u32],
    price: Price<'_>,
    (seed, changes): (Seed, u64),
) -> Result<RelayTree, NoTree> {
    let peers = delays.peers();
    assert_eq!(degrees.len(), peers as usize);
    if peers > PEERS_MAX {
        return Err(NoTree::Large { peers, most: PEERS_MAX });
    }
    let all = reach(delays, |hop| hop.delay_us().is_some());
    if all.sizes.len() > 1 {
        return Err(NoTree::Parts { cut_off: all.cut_off(), peers, parts: all.sizes.len() as u32 });
    }
    let others = u64::from(peers - 1);
    let kept: u64 = degrees.iter().map(|&degree| u64::from(degree).min(others)).sum();
    if kept < 2 * others || (peers > 1 && degrees.contains(&0)) {
        return Err(NoTree::Degrees { peers, needed: 2 * others, kept });
    }
    let links = Links { delays, price };
    let free = vec![u32::MAX; degrees.len()];
    let unbound = grow::grow(&links, &free).unwrap_or_default();
    let bound = links.cost(&unbound);
    if keeps(&unbound, degrees) {
        return Ok(links.tree(unbound, bound));
    }
    // Where it does not grow within the degrees, changes bring it there.
    let edges = grow::grow(&links, degrees).unwrap_or(unbound);
    let mut exchange = Exchange::new(&links, degrees, edges);
    let beyond = exchange.improve(bound, seed, changes);
    if beyond > 0 {
        return Err(NoTree::NotFound { beyond });
    }
    Ok(links.tree(exchange.into_edges(), bound))
}

/// Whether these connections are a spanning tree that keeps the degrees, and what they cost. Apart from how they were made.
#[must_use]
pub fn cost_if_tree(delays: &Delays, degrees: &[u32], price: Price<'_>, edges: &[[u32; 2]]) -> Option<u64> {
    let peers = delays.peers() as usize;
    let is_there = |&[a, b]: &[u32; 2]| (a.max(b) as usize) < peers && a != b && delays.hop(a, b).delay_us().is_some();
    if edges.len() + 1 != peers || !edges.iter().all(is_there) || !keeps(edges, degrees) {
        return None;
    }
    // Each joins two parts that were apart.
    let mut part: Vec<u32> = (0..peers as u32).collect();
    for &[a, b] in edges {
        let (one, other) = (part[a as usize], part[b as usize]);
        if one == other {
            return None;
        }
        part.iter_mut().filter(|part| **part == other).for_each(|part| *part = one);
    }
    Some(Links { delays, price }.cost(edges))
}

fn keeps(edges: &[[u32; 2]], degrees: &[u32]) -> bool {
    let mut count = vec![0_u32; degrees.len()];
    edges.iter().flatten().for_each(|&end| count[end as usize] += 1);
    count.iter().zip(degrees).all(|(count, degree)| count <= degree)
}

// Pairs and what they cost.
struct Links<'a> {
    delays: &'a Delays,
    price: Price<'a>,
}

impl Links<'_> {
    // What a pair costs, and of equals how long it takes; `None` where the two never connect.
    fn key(&self, a: u32, b: u32) -> Option<(u32, u32)> {
        let hop = self.delays.hop(a, b);
        hop.delay_us().map(|delay_us| ((self.price)(a, b, hop), delay_us))
    }

    fn cost(&self, edges: &[[u32; 2]]) -> u64 {
        edges.iter().filter_map(|&[a, b]| self.key(a, b)).map(|(cost, _)| u64::from(cost)).sum()
    }

    fn tree(&self, edges: Vec<[u32; 2]>, bound: u64) -> RelayTree {
        let relayed = edges.iter().filter(|[a, b]| self.delays.hop(*a, *b).is_relayed()).count() as u32;
        RelayTree { cost: self.cost(&edges), relayed, bound, edges }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optimiser::bound::relay_links;
    use proptest::prelude::*;

    const SEARCH: (Seed, u64) = (Seed(1), 2_000);

    fn delays(count: u32, kinds: &[u8]) -> Delays {
        let hop = |a: u32, b: u32| match kinds[(a.min(b) * count + a.max(b)) as usize % kinds.len()] {
            0..=3 => Hop::direct(10),
            4..=8 => Hop::relayed(10),
            _ => Hop::NEVER,
        };
        Delays::Matrix { peers: count, hops: (0..count * count).map(|pair| hop(pair / count, pair % count)).collect() }
    }

    // Of all trees, each named by a list of peers (Prüfer, 1918).
    fn by_search(delays: &Delays, degrees: &[u32]) -> Option<u64> {
        let peers = delays.peers();
        let mut best: Option<u64> = None;
        for code in 0..u64::from(peers).pow(peers - 2) {
            let list: Vec<u32> =
                (0..peers - 2).map(|at| (code / u64::from(peers).pow(at) % u64::from(peers)) as u32).collect();
            let mut left = vec![1; peers as usize];
            list.iter().for_each(|&peer| left[peer as usize] += 1);
            let mut edges = Vec::new();
            for &peer in &list {
                let leaf = (0..peers).find(|&leaf| left[leaf as usize] == 1).expect("a leaf");
                edges.push([leaf, peer]);
                left[leaf as usize] -= 1;
                left[peer as usize] -= 1;
            }
            let last: Vec<u32> = (0..peers).filter(|&peer| left[peer as usize] == 1).collect();
            edges.push([last[0], last[1]]);
            let cost = cost_if_tree(delays, degrees, &one_each, &edges);
            best = best.into_iter().chain(cost).min();
        }
        best
    }

    #[test]
    fn a_peer_alone_all_relayed_and_parts() {
        let alone = cheapest_tree(&delays(1, &[9]), &[0], &one_each, SEARCH).expect("a tree");
        assert_eq!((alone.edges.len(), alone.is_proven()), (0, true));
        let relayed = cheapest_tree(&delays(5, &[5]), &[4; 5], &one_each, SEARCH).expect("a tree");
        assert_eq!((relayed.relayed, relayed.is_proven()), (4, true));
        let parts = cheapest_tree(&delays(3, &[9]), &[2; 3], &one_each, SEARCH).expect_err("apart");
        assert_eq!(parts.to_string(), "2 of 3 peers cannot be connected with the others, whatever the relays: 3 parts");
        let few = cheapest_tree(&delays(4, &[0]), &[1; 4], &one_each, SEARCH).expect_err("too few ends");
        assert_eq!(few.to_string(), "4 peers need 6 ends of connections, and keep 4");
    }

    #[test]
    fn two_hundred_peers_with_three_connections_each() {
        // Nine in ten pairs need a relay.
        let kinds: Vec<u8> =
            (0..40_000_u64).map(|at| if at.wrapping_mul(2_654_435_761) >> 7 & 15 == 0 { 0 } else { 5 }).collect();
        let delays = delays(200, &kinds);
        let found = cheapest_tree(&delays, &[3; 200], &one_each, (Seed(1), 20_000)).expect("a tree");
        assert_eq!(cost_if_tree(&delays, &[3; 200], &one_each, &found.edges), Some(found.cost));
        assert!(found.cost <= found.bound + 1, "{} of {}", found.cost, found.bound);
    }

    proptest! {
        #[test]
        fn it_is_the_cheapest(
            count in 2_u32..=6,
            kinds in prop::collection::vec(0_u8..10, 36),
            degrees in prop::collection::vec(1_u32..4, 6),
        ) {
            let (delays, degrees) = (delays(count, &kinds), &degrees[..count as usize]);
            let best = by_search(&delays, degrees);
            match cheapest_tree(&delays, degrees, &one_each, SEARCH) {
                Ok(found) => {
                    prop_assert_eq!(cost_if_tree(&delays, degrees, &one_each, &found.edges), Some(found.cost));
                    prop_assert_eq!(Some(found.cost), best);
                    prop_assert!(found.bound <= found.cost);
                }
                // On so few peers a tree is found where there is one.
                Err(_) => prop_assert_eq!(best, None),
            }
        }

        #[test]
        fn without_degrees_as_many_are_relayed_as_parts_less_one(
            count in 1_u32..12,
            kinds in prop::collection::vec(0_u8..9, 144),
        ) {
            let delays = delays(count, &kinds);
            let found = cheapest_tree(&delays, &vec![count; count as usize], &one_each, SEARCH).expect("a tree");
            prop_assert_eq!(found.relayed, relay_links(&delays).value);
            prop_assert!(found.is_proven());
        }
    }
}
