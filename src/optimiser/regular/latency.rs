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
    soonest: Vec<u64>,
    pending: BinaryHeap<Reverse<(u64, u32)>>,
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
        Self { delays, sources: all, soonest: vec![0; peers as usize], pending: BinaryHeap::new() }
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
            total += self.from(graph, self.sources[at])?;
            if total > most {
                return None;
            }
        }
        Some(total)
    }

    // Dijkstra's algorithm.
    fn from(&mut self, graph: &Graph, source: u32) -> Option<u64> {
        self.soonest.fill(u64::MAX);
        self.soonest[source as usize] = 0;
        self.pending.clear();
        self.pending.push(Reverse((0, source)));
        let (mut total, mut reached) = (0, 0);
        while let Some(Reverse((at_us, peer))) = self.pending.pop() {
            if at_us > self.soonest[peer as usize] {
                continue;
            }
            (total, reached) = (total + at_us, reached + 1);
            for &next in &graph.neighbours[peer as usize] {
                let Some(hop_us) = self.delays.hop(peer, next).delay_us() else { continue };
                let then_us = at_us + u64::from(hop_us);
                if then_us < self.soonest[next as usize] {
                    self.soonest[next as usize] = then_us;
                    self.pending.push(Reverse((then_us, next)));
                }
            }
        }
        (reached == graph.neighbours.len()).then_some(total)
    }
}
