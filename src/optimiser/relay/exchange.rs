//! Changing a tree: a connection comes in, and another of the ring that it closes goes.

use rand::RngExt;

use super::Links;
use crate::rng::{Domain, Seed, Streams};

/// One change in so many may make a tree worse.
const BOLD: u32 = 4;

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

    /// So many changes are tried: first connections beyond degrees count, then the cost. Most make nothing worse; now and
    /// then one may, up to one connection more than the best so far (record-to-record travel: Dueck, J. Comp. Physics 104,
    /// 1993). It ends at the bound, with the best: how many connections are beyond degrees there.
    pub(super) fn improve(&mut self, bound: u64, seed: Seed, changes: u64) -> u64 {
        let peers = self.degrees.len() as u32;
        let mut stream = Streams::new(seed).stream(Domain::Optimiser, u64::from(peers));
        let cost = self.links.cost(&self.edges()).cast_signed();
        let mut now: [i64; 2] = [(0..peers).map(|peer| self.beyond(peer, 0)).sum(), cost];
        let (mut record, mut best) = (now, self.neighbours.clone());
        for _ in 0..changes {
            if record <= [0, bound.cast_signed()] || peers < 3 {
                break;
            }
            let (a, b) = (stream.random_range(0..peers), stream.random_range(0..peers));
            let start = stream.random_range(0..peers);
            let is_bold = stream.random_range(0..BOLD) == 0;
            let Some((price, _)) = self.links.key(a, b).filter(|_| a != b && !self.neighbours[a as usize].contains(&b))
            else {
                continue;
            };
            let slack =
                if is_bold { [record[0] + 1 - now[0], record[1] + i64::from(price.max(1)) - now[1]] } else { [0; 2] };
            let Some(change) = self.exchange([a, b], price, start, slack) else { continue };
            now = [now[0] + change[0], now[1] + change[1]];
            if now < record {
                record = now;
                best.clone_from(&self.neighbours);
            }
        }
        self.neighbours = best;
        record[0].cast_unsigned()
    }

    // How many connections a peer has beyond its degree if it had so many more.
    fn beyond(&self, peer: u32, more: i64) -> i64 {
        let count = i64::from(self.neighbours[peer as usize].len() as u32) + more;
        (count - i64::from(self.degrees[peer as usize])).max(0)
    }

    fn edges(&self) -> Vec<[u32; 2]> {
        let of_peer =
            |(others, peer): (&Vec<u32>, u32)| others.iter().map(move |&other| [peer, other]).collect::<Vec<_>>();
        self.neighbours.iter().zip(0..).flat_map(of_peer).filter(|[a, b]| a < b).collect()
    }

    // Takes `new` in for the connection of its ring that leaves least beyond degrees, then the dearest; among equals the
    // first from a place on the ring that the caller draws. With slack it is the first that stays within that. What it adds
    // beyond degrees and to the cost; `None` if all are worse, and nothing is done.
    fn exchange(&mut self, new: [u32; 2], price: u32, start: u32, slack: [i64; 2]) -> Option<[i64; 2]> {
        let ring = self.way(new);
        let steps: Vec<[u32; 2]> = ring.windows(2).map(|step| [step[0], step[1]]).collect();
        let from = start as usize % steps.len();
        let turned = steps[from..].iter().chain(&steps[..from]);
        let mut changed = turned.filter_map(|&step| {
            let cost = i64::from(price) - i64::from(self.links.key(step[0], step[1])?.0);
            Some(([self.adds_beyond(new, step), cost], step))
        });
        let found = if slack == [0; 2] {
            let best = changed.reduce(|best, next| if next.0 < best.0 { next } else { best });
            best.filter(|(change, _)| *change <= [0, 0])
        } else {
            changed.find(|(change, _)| change[0] <= slack[0] && change[1] <= slack[1])
        };
        let (change, [a, b]) = found?;
        self.neighbours[a as usize].retain(|&other| other != b);
        self.neighbours[b as usize].retain(|&other| other != a);
        self.neighbours[new[0] as usize].push(new[1]);
        self.neighbours[new[1] as usize].push(new[0]);
        Some(change)
    }

    fn adds_beyond(&self, new: [u32; 2], old: [u32; 2]) -> i64 {
        let adds = |peer: u32, more: i64| self.beyond(peer, more) - self.beyond(peer, 0);
        let come = new.iter().filter(|peer| !old.contains(peer)).map(|&peer| adds(peer, 1)).sum::<i64>();
        let go = old.iter().filter(|peer| !new.contains(peer)).map(|&peer| adds(peer, -1)).sum::<i64>();
        come + go
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
