//! Changing a tree: a connection comes in, and another of the ring that it closes goes.

use rand::RngExt;

use super::Links;
use crate::rng::{Domain, Seed, Streams};

/// A spanning tree that is changed.
pub(super) struct Exchange<'a> {
    links: &'a Links<'a>,
    degrees: &'a [u32],
    neighbours: Vec<Vec<u32>>,
}

impl<'a> Exchange<'a> {
    pub(super) fn new(links: &'a Links<'a>, degrees: &'a [u32], edges: Vec<[u32; 2]>) -> Self {
        let mut neighbours = vec![Vec::new(); degrees.len()];
        for [a, b] in edges {
            neighbours[a as usize].push(b);
            neighbours[b as usize].push(a);
        }
        Self { links, degrees, neighbours }
    }

    pub(super) fn into_edges(self) -> Vec<[u32; 2]> {
        let of_peer = |(others, peer): (Vec<u32>, u32)| {
            others.into_iter().filter(move |&other| peer < other).map(move |other| [peer, other])
        };
        self.neighbours.into_iter().zip(0..).flat_map(of_peer).collect()
    }

    /// So many changes are tried, none of which makes it dearer; it ends at the bound.
    pub(super) fn improve(&mut self, bound: u64, seed: Seed, changes: u64) {
        let peers = self.degrees.len() as u32;
        let mut stream = Streams::new(seed).stream(Domain::Optimiser, u64::from(peers));
        let mut cost = self.links.cost(&self.edges());
        for _ in 0..changes {
            if cost <= bound || peers < 3 {
                return;
            }
            let (a, b) = (stream.random_range(0..peers), stream.random_range(0..peers));
            let Some((price, _)) = self.links.key(a, b).filter(|_| a != b && !self.neighbours[a as usize].contains(&b))
            else {
                continue;
            };
            let start = stream.random_range(0..peers);
            if let Some(saved) = self.exchange([a, b], price, start) {
                cost -= u64::from(saved);
            }
        }
    }

    fn edges(&self) -> Vec<[u32; 2]> {
        let of_peer =
            |(others, peer): (&Vec<u32>, u32)| others.iter().map(move |&other| [peer, other]).collect::<Vec<_>>();
        self.neighbours.iter().zip(0..).flat_map(of_peer).filter(|[a, b]| a < b).collect()
    }

    // Takes `new` in for the dearest connection of its ring that keeps the degrees and is not cheaper; among equals the first
    // from a place on the ring that the caller draws.
    fn exchange(&mut self, new: [u32; 2], price: u32, start: u32) -> Option<u32> {
        let is_full = new.map(|end| self.neighbours[end as usize].len() as u32 >= self.degrees[end as usize]);
        let ring = self.way(new);
        let steps: Vec<[u32; 2]> = ring.windows(2).map(|step| [step[0], step[1]]).collect();
        let frees = |step: &[u32; 2]| new.iter().zip(is_full).all(|(end, full)| !full || step.contains(end));
        let from = start as usize % steps.len();
        let turned = steps[from..].iter().chain(&steps[..from]).filter(|step| frees(step));
        let priced = turned.filter_map(|&step| Some((self.links.key(step[0], step[1])?.0, step)));
        let dearest = priced.reduce(|dearest, next| if next.0 > dearest.0 { next } else { dearest });
        let (old_price, [a, b]) = dearest.filter(|(old, _)| *old >= price)?;
        self.neighbours[a as usize].retain(|&other| other != b);
        self.neighbours[b as usize].retain(|&other| other != a);
        self.neighbours[new[0] as usize].push(new[1]);
        self.neighbours[new[1] as usize].push(new[0]);
        Some(old_price - price)
    }

    // The peers between two, both included.
    fn way(&self, [from, to]: [u32; 2]) -> Vec<u32> {
        let mut before = vec![u32::MAX; self.degrees.len()];
        before[to as usize] = to;
        let mut pending = vec![to];
        while let Some(peer) = pending.pop() {
            if peer == from {
                break;
            }
            for &next in &self.neighbours[peer as usize] {
                if before[next as usize] == u32::MAX {
                    before[next as usize] = peer;
                    pending.push(next);
                }
            }
        }
        let mut way = vec![from];
        let mut at = from;
        while at != to {
            at = before[at as usize];
            way.push(at);
        }
        way
    }
}
