//! Graphs against what they must keep, all pairs by hand, and the published distance from Moore's bound.

use proptest::prelude::*;

use super::*;
use crate::optimiser::Hop;
use crate::optimiser::synthetic::Synthetic;

fn flat(peers: u32) -> Delays {
    Delays::Matrix { peers, hops: vec![Hop::direct(10); (peers * peers) as usize] }
}

// The mean over all pairs, hop by hop, and whether nobody has more neighbours than asked for and all of them connect.
fn mean_if_sound(delays: &Delays, degrees: &[u32], neighbours: &[Vec<u32>], in_hops: bool) -> Option<f64> {
    let peers = neighbours.len();
    let mut far = vec![vec![u64::MAX / 4; peers]; peers];
    for (others, peer) in neighbours.iter().zip(0..) {
        far[peer][peer] = 0;
        if others.len() as u32 > degrees[peer] || others.windows(2).any(|pair| pair[0] >= pair[1]) {
            return None;
        }
        for &other in others {
            let delay_us = delays.hop(peer as u32, other).delay_us()?;
            let is_mutual = neighbours[other as usize].contains(&(peer as u32)) && other as usize != peer;
            far[peer][other as usize] = if in_hops { 1 } else { u64::from(delay_us) };
            is_mutual.then_some(())?;
        }
    }
    for by in 0..peers {
        for from in 0..peers {
            for to in 0..peers {
                far[from][to] = far[from][to].min(far[from][by] + far[by][to]);
            }
        }
    }
    let total: u64 = far.iter().flatten().sum();
    Some(total as f64 / (peers * (peers - 1)).max(1) as f64)
}

#[test]
fn the_petersen_graph_is_found() {
    let found = regular(&flat(10), &[3; 10], Length::Hops, (Seed(1), 20_000)).expect("a graph");
    assert_eq!((found.mean, found.gap()), (15.0 / 9.0, 0.0));
}

#[test]
fn a_thousand_peers_with_eight_neighbours_are_near_moores_bound() {
    let delays = flat(1_000);
    let at_once = regular(&delays, &[8; 1_000], Length::Hops, (Seed(1), 0)).expect("a graph");
    assert!(at_once.gap() <= 0.04, "{}", at_once.gap());
    assert_eq!(at_once.free_ends, 0);
    let later = regular(&delays, &[8; 1_000], Length::Hops, (Seed(1), 500)).expect("a graph");
    assert!(later.mean < at_once.mean);
    assert_eq!(mean_if_sound(&delays, &[8; 1_000], &later.neighbours, true), Some(later.mean));
}

#[test]
fn near_neighbours_shorten_latency() {
    let instance = Synthetic { peers: 200, dimensions: 2, seed: 1 }.instance();
    let length = Length::Latency { sources: 200 };
    let found = regular(instance.delays(), &[8; 200], length, (Seed(1), 300)).expect("a graph");
    assert_eq!(mean_if_sound(instance.delays(), &[8; 200], &found.neighbours, false), Some(found.mean));
    let hops = regular(instance.delays(), &[8; 200], Length::Hops, (Seed(1), 0)).expect("a graph");
    let plain = mean_if_sound(instance.delays(), &[8; 200], &hops.neighbours, false).expect("a graph");
    assert!(found.mean < 0.9 * plain && found.mean >= found.bound, "{} of {plain}, {}", found.mean, found.bound);
}

#[test]
fn small_and_impossible_ones_have_an_answer() {
    let one = regular(&flat(1), &[8], Length::Hops, (Seed(1), 10)).expect("a peer");
    assert_eq!((one.mean, one.gap()), (0.0, 0.0));
    let two = regular(&flat(2), &[8; 2], Length::Hops, (Seed(1), 10)).expect("a pair");
    assert_eq!(two.neighbours, [[1], [0]]);
    let few = regular(&flat(5), &[1; 5], Length::Hops, (Seed(1), 10)).expect_err("too few");
    assert_eq!(few, NoGraph::Degree { degree: 1, peers: 5 });
    let never = Delays::Matrix { peers: 4, hops: vec![Hop::NEVER; 16] };
    let apart = regular(&never, &[2; 4], Length::Hops, (Seed(1), 10)).expect_err("apart");
    assert_eq!(apart, NoGraph::NotFound { outside: 3, peers: 4 });
}

proptest! {
    #[test]
    fn graphs_keep_what_they_must(
        peers in 2_u32..14,
        degrees in prop::collection::vec(1_u32..6, 14),
        kinds in prop::collection::vec(prop::option::weighted(0.9, 1_u32..100), 196),
        seed in 0_u64..1_000,
    ) {
        let hop = |pair: u32| {
            let (a, b) = (pair / peers, pair % peers);
            kinds[(a.min(b) * peers + a.max(b)) as usize].map_or(Hop::NEVER, Hop::direct)
        };
        let delays = Delays::Matrix { peers, hops: (0..peers * peers).map(hop).collect() };
        let degrees = &degrees[..peers as usize];
        for (length, in_hops) in [(Length::Hops, true), (Length::Latency { sources: peers }, false)] {
            if let Ok(found) = regular(&delays, degrees, length, (Seed(seed), 30)) {
                let mean = mean_if_sound(&delays, degrees, &found.neighbours, in_hops);
                prop_assert!(mean.is_some_and(|mean| (mean - found.mean).abs() < 1e-9), "{:?} {:?}", mean, found);
                prop_assert!(found.mean >= found.bound - 1e-9);
            }
        }
    }
}
