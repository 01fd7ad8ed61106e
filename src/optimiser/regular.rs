//! Graphs in which everybody has the same number of neighbours and ways are short.
//!
//! A random regular graph is close to the best in hops ("Jellyfish": Singla, Hong, Popa and Godfrey, NSDI 2012), and 2-switches
//! bring it nearer: two connections `a-b` and `c-d` become `a-c` and `b-d`, which keeps every degree. In hops the bound is that
//! of Moore; in latency it is the shortest way over any peers, and graphs also begin with some near neighbours. A peer that
//! keeps fewer connections than the degree has as many as it keeps.

mod draw;
mod graph;
mod hops;
mod latency;

use rand::RngExt;

use super::bound::{mean_distance, soonest_us};
use super::gap;
use super::instance::Delays;
use crate::rng::{Domain, Seed, Streams};
use draw::draw;
use graph::Graph;

/// What is to be short.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    /// The mean number of hops between two peers.
    Hops,
    /// The mean latency between two peers. It is made short from so many sources, from all if there are no more, and in the
    /// end measured from others.
    Latency {
        /// How many.
        sources: u32,
    },
}

/// A graph of which nobody has more neighbours than asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Regular {
    /// Of each peer its neighbours, by number.
    pub neighbours: Vec<Vec<u32>>,
    /// The mean: hops, or microseconds.
    pub mean: f64,
    /// What it is at the least.
    pub bound: f64,
    /// How many ends of connections found no other.
    pub free_ends: u32,
    /// How many graphs have been compared.
    pub compared: u64,
}

impl Regular {
    /// How much shorter it could be at most, as a share of the bound.
    #[must_use]
    pub fn gap(&self) -> f64 {
        gap(self.mean, self.bound)
    }
}

/// Why there is no such graph.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoGraph {
    /// So few neighbours do not connect so many.
    #[error("{degree} neighbours each do not connect {peers} peers")]
    Degree {
        /// How many neighbours.
        degree: u32,
        /// How many peers.
        peers: u32,
    },
    /// None was found that connects all.
    #[error(
        "no graph was found that connects all: {outside} of {peers} peers stayed outside; that none exists is not proven"
    )]
    NotFound {
        /// How many stayed outside.
        outside: u32,
        /// Of how many.
        peers: u32,
    },
    /// Too many peers for all pairs.
    #[error("hops of all pairs are counted among {most} peers at most, not {peers}")]
    Large {
        /// How many there are.
        peers: u32,
        /// How many there may be.
        most: u32,
    },
}

/// From so many sources a graph is measured in the end.
const SOURCES_ANEW: u32 = 256;

/// So many switches are estimated for one that is measured.
const PROPOSED: u32 = 32;

/// Up to so many peers hops of all pairs are counted.
const PEERS_MAX: u32 = 20_000;

/// Shares of near neighbours in percent that graphs begin with; in hops only the first.
const NEAR_PERCENT: [u32; 5] = [0, 25, 50, 75, 90];

/// The shortest graph that is found by comparing so many.
///
/// # Errors
/// When there is none, or none is found; with the reason.
///
/// # Panics
/// When there is not a degree for each peer.
pub fn regular(
    delays: &Delays,
    degrees: &[u32],
    length: Length,
    (seed, compared): (Seed, u64),
) -> Result<Regular, NoGraph> {
    let peers = delays.peers();
    assert_eq!(degrees.len(), peers as usize);
    let highest = degrees.iter().copied().max().unwrap_or(0).min(peers - 1);
    if length == Length::Hops && peers > PEERS_MAX {
        return Err(NoGraph::Large { peers, most: PEERS_MAX });
    }
    let moore = mean_distance(peers, highest).ok_or(NoGraph::Degree { degree: highest, peers })?;
    let mut search = Search::new(delays, length, seed);
    let shares = if length == Length::Hops { &NEAR_PERCENT[..1] } else { &NEAR_PERCENT[..] };
    let mut best: Option<(u64, Graph)> = None;
    let mut outside = 0;
    for &near in shares {
        let graph = draw(delays, degrees, near, &mut search.stream);
        outside = graph.outside();
        if outside > 0 {
            continue;
        }
        let total = search.total(&graph, u64::MAX).unwrap_or(u64::MAX);
        if best.as_ref().is_none_or(|(least, _)| total < *least) {
            best = Some((total, graph));
        }
    }
    let (total, mut graph) = best.ok_or(NoGraph::NotFound { outside, peers })?;
    // What switches start from is measured last.
    if search.total(&graph, total).is_some() {
        search.keep();
    }
    let mut total = search.improve(delays, &mut graph, total, compared);
    let mut bound = search.bound(moore.value, degrees);
    if search.measure_anew(delays) {
        // Other sources than those it was made for.
        total = search.total(&graph, u64::MAX).unwrap_or(total);
        bound = search.bound(moore.value, degrees);
    }
    let free_ends = degrees.iter().map(|&degree| degree.min(peers - 1)).sum::<u32>() - 2 * graph.edges.len() as u32;
    let mean = total as f64 / search.pairs();
    Ok(Regular { neighbours: graph.sorted(), mean, bound, free_ends, compared: search.compared })
}

struct Search<'a> {
    stream: crate::rng::Stream,
    measure: Measure<'a>,
    peers: u32,
    compared: u64,
}

enum Measure<'a> {
    Hops(hops::Counter),
    Latency(latency::Clock<'a>),
}

impl<'a> Search<'a> {
    fn new(delays: &'a Delays, length: Length, seed: Seed) -> Self {
        let peers = delays.peers();
        let mut stream = Streams::new(seed).stream(Domain::Optimiser, u64::from(peers));
        let measure = match length {
            Length::Hops => Measure::Hops(hops::Counter::new(peers as usize)),
            Length::Latency { sources } => Measure::Latency(latency::Clock::new(delays, sources, &mut stream)),
        };
        Self { stream, measure, peers, compared: 0 }
    }

    // The sum over pairs; `None` if it is more than `most`, or not all are connected.
    fn total(&mut self, graph: &Graph, most: u64) -> Option<u64> {
        self.compared += 1;
        match &mut self.measure {
            Measure::Hops(counter) => counter.total(graph, most),
            Measure::Latency(clock) => clock.total(graph, most),
        }
    }

    // Over how many pairs the sum goes.
    fn pairs(&self) -> f64 {
        let sources = match &self.measure {
            Measure::Hops(_) => self.peers,
            Measure::Latency(clock) => clock.sources().len() as u32,
        };
        (f64::from(sources) * f64::from(self.peers - 1)).max(1.0)
    }

    fn bound(&self, moore: f64, degrees: &[u32]) -> f64 {
        let Measure::Latency(clock) = &self.measure else { return if self.peers > 1 { moore } else { 0.0 } };
        let delays = clock.delays();
        let nothing = vec![0; degrees.len()];
        let of_source =
            |&source: &u32| soonest_us(delays, source, degrees, &nothing).into_iter().flatten().sum::<u64>();
        clock.sources().iter().map(of_source).sum::<u64>() as f64 / self.pairs()
    }

    // Whether latencies were measured from some sources only; then others are drawn.
    fn measure_anew(&mut self, delays: &'a Delays) -> bool {
        let Measure::Latency(clock) = &self.measure else { return false };
        if clock.sources().len() == self.peers as usize {
            return false;
        }
        self.measure = Measure::Latency(latency::Clock::new(delays, SOURCES_ANEW, &mut self.stream));
        true
    }

    // 2-switches that make nothing longer.
    fn improve(&mut self, delays: &Delays, graph: &mut Graph, mut total: u64, compared: u64) -> u64 {
        let edges = graph.edges.len();
        let mut tried = 0;
        while self.compared < compared && edges >= 2 && tried < compared.saturating_mul(16) {
            tried += 1;
            let Some((places, turned)) = self.propose(delays, graph) else { continue };
            let Some(switch) = graph.switch(delays, places, turned) else { continue };
            match self.total(graph, total) {
                Some(now) => {
                    total = now;
                    self.keep();
                }
                None => graph.undo(&switch),
            }
        }
        total
    }

    // A switch: any in hops, in latency the most promising of some, two ends of which are near each other.
    fn propose(&mut self, delays: &Delays, graph: &Graph) -> Option<([usize; 2], bool)> {
        let edges = graph.edges.len();
        let Self { stream, measure, .. } = self;
        let mut any =
            || ([stream.random_range(0..edges), stream.random_range(0..edges)], stream.random_range(0..2) == 1);
        let Measure::Latency(clock) = measure else { return Some(any()) };
        let mut best = None;
        for _ in 0..PROPOSED {
            let (places, turned) = any();
            let Some(new) = graph.after(delays, places, turned) else { continue };
            let gone = places.map(|place| graph.edges[place]);
            let shorter = clock.estimate(graph, gone, new);
            if best.is_none_or(|(most, _)| shorter > most) {
                best = Some((shorter, (places, turned)));
            }
        }
        best.filter(|(shorter, _)| *shorter > 0).map(|(_, switch)| switch)
    }

    fn keep(&mut self) {
        if let Measure::Latency(clock) = &mut self.measure {
            clock.keep();
        }
    }
}

#[cfg(test)]
mod tests;
