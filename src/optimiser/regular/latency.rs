//! Latency between peers along a graph, from some sources to all.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use rand::RngExt;

use super::graph::Graph;
use crate::optimiser::instance::Delays;
use crate::rng::Stream;

/// Measures latencies along graphs.
pub(super) struct Clock<'a> {
    delays: &'a Delays,
    sources: Vec<u32>,
    // Of the graph that was measured last, and of the one that was kept.
    last: Rows,
    kept: Rows,
    pending: BinaryHeap<Reverse<(u64, u32)>>,
    order: Vec<u32>,
    before: Vec<u32>,
}

// From each source to each peer: how long it takes, and how many peers are reached through that one, itself among them.
#[derive(Clone)]
struct Rows {
    soonest: Vec<u64>,
    through: Vec<u32>,
}

impl<'a> Clock<'a> {
    /// From so many peers, drawn; from all if there are no more.
    pub(super) fn new(delays: &'a Delays, sources: u32, stream: &mut Stream) -> Self {
        let peers = delays.peers();
        let mut all: Vec<u32> = (0..peers).collect();
        let count = sources.clamp(1, peers) as usize;
        if count < all.len() {
            for place in 0..count {
                all.swap(place, stream.random_range(place..peers as usize));
            }
            all.truncate(count);
        }
        let cells = count * peers as usize;
        let rows = Rows { soonest: vec![0; cells], through: vec![0; cells] };
        let (order, before) = (Vec::new(), vec![0; peers as usize]);
        Self { delays, sources: all, last: rows.clone(), kept: rows, pending: BinaryHeap::new(), order, before }
    }

    /// The graph that was measured last is the one that switches start from.
    pub(super) fn keep(&mut self) {
        std::mem::swap(&mut self.last, &mut self.kept);
    }

    /// About how much shorter all ways become if connections of the kept graph go and others come: ways that nothing else
    /// leads along count as if their next best began with a neighbour's own.
    pub(super) fn estimate(&self, graph: &Graph, gone: [[u32; 2]; 2], new: [[u32; 2]; 2]) -> i64 {
        let peers = graph.neighbours.len();
        let mut shorter = 0;
        for at in 0..self.sources.len() {
            let soonest = &self.kept.soonest[at * peers..][..peers];
            let through = &self.kept.through[at * peers..][..peers];
            for [from, to] in both_ways(new) {
                let then_us = self.then_us(soonest, from, to);
                let now_us = soonest[to as usize];
                shorter += now_us.saturating_sub(then_us).cast_signed() * i64::from(through[to as usize]);
            }
            for [from, to] in both_ways(gone) {
                if self.then_us(soonest, from, to) != soonest[to as usize] {
                    continue;
                }
                let old = graph.neighbours[to as usize].iter().copied().filter(|&other| other != from);
                let come = both_ways(new).into_iter().filter(|way| way[1] == to).map(|way| way[0]);
                let next_us =
                    old.chain(come).map(|other| self.then_us(soonest, other, to)).min().unwrap_or(u64::MAX / 4);
                let later_us = next_us.saturating_sub(soonest[to as usize]);
                shorter -= later_us.min(1 << 40).cast_signed() * i64::from(through[to as usize]);
            }
        }
        shorter
    }

    fn then_us(&self, soonest: &[u64], from: u32, to: u32) -> u64 {
        let hop_us = self.delays.hop(from, to).delay_us().map_or(u64::MAX / 4, u64::from);
        soonest[from as usize] + hop_us
    }

    pub(super) fn sources(&self) -> &[u32] {
        &self.sources
    }

    pub(super) fn delays(&self) -> &'a Delays {
        self.delays
    }

    /// The sum from all sources to all peers; `None` if it is more than `most`, or some are not reached.
    pub(super) fn total(&mut self, graph: &Graph, most: u64) -> Option<u64> {
        let mut total = 0;
        for at in 0..self.sources.len() {
            total += self.from(graph, at)?;
            if total > most {
                return None;
            }
        }
        Some(total)
    }

    // Dijkstra's algorithm.
    fn from(&mut self, graph: &Graph, at: usize) -> Option<u64> {
        let peers = graph.neighbours.len();
        let source = self.sources[at];
        let soonest = &mut self.last.soonest[at * peers..][..peers];
        soonest.fill(u64::MAX);
        soonest[source as usize] = 0;
        self.pending.clear();
        self.pending.push(Reverse((0, source)));
        self.order.clear();
        let mut total = 0;
        while let Some(Reverse((at_us, peer))) = self.pending.pop() {
            if at_us > soonest[peer as usize] {
                continue;
            }
            total += at_us;
            self.order.push(peer);
            for &next in &graph.neighbours[peer as usize] {
                let Some(hop_us) = self.delays.hop(peer, next).delay_us() else { continue };
                let then_us = at_us + u64::from(hop_us);
                if then_us < soonest[next as usize] {
                    soonest[next as usize] = then_us;
                    self.before[next as usize] = peer;
                    self.pending.push(Reverse((then_us, next)));
                }
            }
        }
        if self.order.len() != peers {
            return None;
        }
        let through = &mut self.last.through[at * peers..][..peers];
        through.fill(1);
        for &peer in self.order[1..].iter().rev() {
            through[self.before[peer as usize] as usize] += through[peer as usize];
        }
        Some(total)
    }
}

fn both_ways([[a, b], [c, d]]: [[u32; 2]; 2]) -> [[u32; 2]; 4] {
    [[a, b], [b, a], [c, d], [d, c]]
}
