//! Several trees with disjoint inner nodes that share a stream out, for the highest rate.
//!
//! SplitStream's rule (Castro et al., "SplitStream: high-bandwidth multicast in cooperative environments", SOSP 2003): each
//! peer passes messages on in one tree at most and is a leaf in all others. With unequal uplinks each has as many children as
//! it can, and peers are dealt to the trees so that all trees have the slots that they need: the largest first, each to the
//! tree that lacks most (longest processing time first: Graham, SIAM J. Appl. Math. 17, 1969). The rate is the highest at
//! which that works out; what it could be at most is the bound of Kumar and Ross.

mod forest;

use super::bound::stream_rate;
use super::instance::{Instance, Peer};
use forest::{Slots, plant};

pub use forest::Defect;

/// Trees that share a stream out.
#[derive(Clone, Debug, PartialEq)]
pub struct Stripes {
    /// Of each tree, each peer by its parent and the source by itself.
    pub parents: Vec<Vec<u32>>,
    /// The rate of the whole stream, in bit/s; infinite where no uplink has a limit.
    pub rate_bps: f64,
    /// The highest rate that there can be (Kumar and Ross).
    pub bound_bps: f64,
    /// The highest with so many equal stripes, of which a peer sends whole ones: what is left of an uplink sends nothing.
    /// More stripes bring it nearer to `bound_bps`.
    pub striped_bound_bps: f64,
    /// The hops from the source to the peer that is farthest from it, over all trees.
    pub depth: u32,
    /// When the last peer hears the last stripe, in microseconds, sending not counted.
    pub max_us: u64,
}

impl Stripes {
    /// The share of the bound that is missing.
    #[must_use]
    pub fn gap(&self) -> f64 {
        missing(self.rate_bps, self.bound_bps)
    }

    /// The share that is missing of what so many stripes can reach.
    #[must_use]
    pub fn striped_gap(&self) -> f64 {
        missing(self.rate_bps, self.striped_bound_bps)
    }
}

fn missing(rate: f64, bound: f64) -> f64 {
    if rate >= bound { 0.0 } else { 1.0 - rate / bound }
}

/// Why there are no such trees.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoStripes {
    /// There are to be none.
    #[error("no trees were asked for")]
    None,
    /// The source cannot send each stripe once.
    #[error("the source keeps {connections} connections, and each of {stripes} stripes needs one")]
    Source {
        /// How many connections it keeps.
        connections: u32,
        /// How many stripes there are.
        stripes: u32,
    },
    /// Peers cannot hear each stripe over a connection of its own.
    #[error("peer {peer} keeps {connections} connections, and hears {stripes} stripes from as many others")]
    Connections {
        /// The peer.
        peer: u32,
        /// How many it keeps.
        connections: u32,
        /// How many stripes there are.
        stripes: u32,
    },
    /// At no rate are there enough slots, or pairs that connect.
    #[error(
        "at no rate do all of {stripes} trees come to all of {peers} peers: no uplinks, no connections, or pairs that never connect"
    )]
    Nothing {
        /// How many stripes there are.
        stripes: u32,
        /// How many peers.
        peers: u32,
    },
}

/// Rates between which the search for the highest ends: 0.1 %.
const PRECISION: f64 = 1e-3;

/// `stripes` trees from `source`, which reach the highest rate that is found; messages take so many bits on the wire, which
/// says how many a CPU sends.
///
/// # Errors
/// When there are none, with the reason.
///
/// # Panics
/// When the source is not a peer.
pub fn stripes(instance: &Instance, source: u32, stripes: u32, message_bits: f64) -> Result<Stripes, NoStripes> {
    let peers: Vec<Peer> = instance.peers().iter().map(|peer| sending(*peer, message_bits)).collect();
    let others = peers.len() as u32 - 1;
    check(&peers, source, stripes)?;
    let bound_bps = stream_rate(&peers, source).value;
    let nothing = NoStripes::Nothing { stripes, peers: others + 1 };
    if bound_bps <= 0.0 {
        return Err(nothing);
    }
    let striped_bound_bps = striped_bound(&peers, source, stripes, bound_bps);
    let at = |rate_bps: f64| {
        let slots = Slots::at(&peers, source, stripes, rate_bps)?;
        plant(instance.delays(), source, &slots)
    };
    let done = |rate_bps: f64, forest: forest::Forest| Stripes {
        parents: forest.parents,
        rate_bps,
        bound_bps,
        striped_bound_bps,
        depth: forest.depth,
        max_us: forest.max_us,
    };
    if let Some(forest) = at(striped_bound_bps) {
        return Ok(done(striped_bound_bps, forest));
    }
    // An infinite bound fails by connections alone: then no rate is better.
    let start = if striped_bound_bps.is_finite() { striped_bound_bps } else { 1.0 };
    let (mut best, mut low, mut high) = (None, 0.0, start);
    let mut rate_bps = start / 2.0;
    // Halves as long as nothing works, then closes in.
    for _ in 0..64 {
        match at(rate_bps) {
            Some(forest) => {
                low = rate_bps;
                best = Some(done(rate_bps, forest));
            }
            None => high = rate_bps,
        }
        if low > 0.0 && high - low <= PRECISION * high {
            break;
        }
        rate_bps = f64::midpoint(low, high);
    }
    best.ok_or(nothing)
}

// The highest rate at which all together have a slot for each peer in each tree.
fn striped_bound(peers: &[Peer], source: u32, stripes: u32, bound_bps: f64) -> f64 {
    let others = peers.len() as u64 - 1;
    let suffices = |rate_bps: f64| {
        let slots = Slots::of_peers(peers, source, stripes, rate_bps);
        slots.iter().map(|&slots| u64::from(slots)).sum::<u64>() >= others * u64::from(stripes)
    };
    if suffices(bound_bps) || !bound_bps.is_finite() {
        return bound_bps;
    }
    let (mut low, mut high) = (0.0, bound_bps);
    for _ in 0..64 {
        let middle = f64::midpoint(low, high);
        if suffices(middle) { low = middle } else { high = middle }
    }
    high
}

// A peer whose uplink is what its CPU leaves of it.
fn sending(peer: Peer, message_bits: f64) -> Peer {
    let by_cpu = peer.sends_per_s.map(|sends| (sends as f64 * message_bits) as u64);
    Peer { up_bps: [peer.up_bps, by_cpu].into_iter().flatten().min(), ..peer }
}

fn check(peers: &[Peer], source: u32, stripes: u32) -> Result<(), NoStripes> {
    if stripes == 0 {
        return Err(NoStripes::None);
    }
    let others = peers.len() as u32 - 1;
    // Beyond as many as there are others, stripes share connections.
    let needed = stripes.min(others);
    for (peer, number) in peers.iter().zip(0..) {
        match peer.connections_max {
            Some(connections) if connections < needed.min(1) && number == source => {
                return Err(NoStripes::Source { connections, stripes });
            }
            Some(connections) if connections < needed && number != source => {
                return Err(NoStripes::Connections { peer: number, connections, stripes });
            }
            _ => {}
        }
    }
    Ok(())
}

/// What is wrong with these trees at this rate; nothing if they keep what they must. Apart from how they were made.
///
/// # Panics
/// When the source is not a peer.
#[must_use]
pub fn defects(
    instance: &Instance,
    source: u32,
    parents: &[Vec<u32>],
    rate_bps: f64,
    message_bits: f64,
) -> Vec<Defect> {
    let peers: Vec<Peer> = instance.peers().iter().map(|peer| sending(*peer, message_bits)).collect();
    forest::defects(&peers, instance.delays(), source, parents, rate_bps)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optimiser::synthetic::Synthetic;
    use crate::optimiser::{Delays, Hop};
    use proptest::prelude::*;

    const BITS: f64 = 1_000.0;

    fn flat(ups: &[u64], connections_max: Option<u32>) -> Instance {
        let peers: Vec<Peer> =
            ups.iter().map(|&up| Peer { up_bps: Some(up), connections_max, ..Peer::default() }).collect();
        let count = ups.len();
        let delays = Delays::Matrix { peers: count as u32, hops: vec![Hop::direct(10); count * count] };
        Instance::new(peers, delays, 0.0).expect("an instance")
    }

    #[test]
    fn equal_uplinks_come_up_to_the_bound() {
        // 40 others with 1 Mbit/s and a source with 1: 41 / 40 at the most, and the source's own 1.
        let instance = flat(&[1_000_000; 41], None);
        let found = stripes(&instance, 0, 4, BITS).expect("trees");
        assert!(found.gap() < 0.01, "{} of {}", found.rate_bps, found.bound_bps);
        assert_eq!(defects(&instance, 0, &found.parents, found.rate_bps, BITS), []);
        // A single tree has leaves that send nothing.
        let one = stripes(&instance, 0, 1, BITS).expect("a tree");
        assert!(one.rate_bps <= 1_000_001.0 && one.depth == 40, "{one:?}");
    }

    #[test]
    fn unequal_uplinks_reach_more_than_equal_shares() {
        let instance = Synthetic { peers: 300, dimensions: 2, seed: 1 }.instance();
        // With a source that does not bind.
        let mut peers: Vec<Peer> =
            instance.peers().iter().map(|peer| Peer { connections_max: None, ..*peer }).collect();
        peers[0].up_bps = Some(100_000_000);
        let instance = Instance::new(peers, instance.delays().clone(), 0.0).expect("an instance");
        for count in [4, 8, 16] {
            let found = stripes(&instance, 0, count, BITS).expect("trees");
            assert_eq!(defects(&instance, 0, &found.parents, found.rate_bps, BITS), []);
            // Half a slot of a peer's is left over on average.
            assert!(found.gap() <= 0.6 / f64::from(count), "{count}: {} of {}", found.rate_bps, found.bound_bps);
            assert!(found.striped_gap() <= 0.02, "{count}: {} of {}", found.rate_bps, found.striped_bound_bps);
            eprintln!("{count} stripes: gap {:.4} {:.4} depth {}", found.gap(), found.striped_gap(), found.depth);
            let by_turns = by_turns(&instance, count as usize);
            assert!(found.rate_bps >= by_turns, "{count}: {} and {by_turns} by turns", found.rate_bps);
        }
    }

    // The rate of peers that take turns by falling uplink, each with as many children as stripes: what overlays of
    // SplitStream's rule without capacities come to.
    fn by_turns(instance: &Instance, stripes: usize) -> f64 {
        let up = |peer: usize| instance.peers()[peer].up_bps.expect("an uplink") as f64;
        let mut order: Vec<usize> = (1..instance.peers().len()).collect();
        order.sort_by(|&a, &b| up(b).total_cmp(&up(a)));
        let mut rate = up(0);
        for stripe in 0..stripes {
            let inner: Vec<usize> = order.iter().copied().skip(stripe).step_by(stripes).collect();
            let mut children = vec![0_usize; inner.len()];
            (1..order.len()).for_each(|child| {
                let parent = (child - 1) / stripes;
                children[if parent < inner.len() { parent } else { (child - 1) % inner.len() }] += 1;
            });
            for (&peer, &children) in inner.iter().zip(&children).filter(|(_, children)| **children > 0) {
                rate = rate.min(up(peer) * stripes as f64 / children as f64);
            }
        }
        rate
    }

    #[test]
    fn what_cannot_be_is_told() {
        let instance = flat(&[100, 0, 0], None);
        // The source alone serves both.
        let alone = stripes(&instance, 0, 2, BITS).expect("stars");
        assert!((alone.rate_bps - 50.0).abs() < 0.1 && alone.depth == 1, "{alone:?}");
        assert_eq!(stripes(&flat(&[0, 9, 9], None), 0, 2, BITS), Err(NoStripes::Nothing { stripes: 2, peers: 3 }));
        assert_eq!(stripes(&flat(&[9], None), 0, 2, BITS).expect("nobody else").depth, 0);
        assert_eq!(stripes(&instance, 0, 0, BITS), Err(NoStripes::None));
        let few = stripes(&flat(&[9; 5], Some(2)), 0, 3, BITS).expect_err("too few connections");
        assert_eq!(few.to_string(), "peer 1 keeps 2 connections, and hears 3 stripes from as many others");
        let never =
            Instance::new(vec![Peer::default(); 3], Delays::Matrix { peers: 3, hops: vec![Hop::NEVER; 9] }, 0.0);
        assert!(stripes(&never.expect("an instance"), 0, 2, BITS).is_err());
    }

    proptest! {
        #[test]
        fn trees_keep_what_they_must(
            ups in prop::collection::vec(0_u64..2_000, 1..24),
            count in 1_u32..6,
            connections_max in prop::option::of(1_u32..12),
        ) {
            let instance = flat(&ups, connections_max);
            if let Ok(found) = stripes(&instance, 0, count, BITS) {
                prop_assert_eq!(defects(&instance, 0, &found.parents, found.rate_bps, BITS), []);
                prop_assert!(found.rate_bps <= found.striped_bound_bps && found.striped_bound_bps <= found.bound_bps);
            }
        }
    }
}
