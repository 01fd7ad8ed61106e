//! What no overlay could have beaten, beside what those of a ranking have.

use serde::Serialize;

use super::bounds::LeastLatency;
use super::figures::{counted, value};
use super::ranking::{RankedTopology, Ranking};
use super::summary::Summary;
use crate::metrics::MetricId;
use crate::rng::Seed;
use crate::scenario::Experiment;

/// Most looks at a pair of peers for all bounds of an answer: some seconds.
const LOOKS_MAX: u64 = 400_000_000;
/// Looks at a pair for the bound of a tree, roughly: bisection.
const LOOKS_IN_TREE: u64 = 15;
/// A bound below this says nothing.
const NOTHING_MS: f64 = 0.1;
/// A tree's own bound is told if it is greater than that of all overlays by this factor.
const TOLD: f64 = 1.02;

/// The least p95 latency, in the mean over the seeds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Least {
    /// How many peers.
    pub peers: u32,
    /// That of every overlay of peers alone, without servers, that delivers all messages, in ms.
    pub p95_ms: f64,
    /// Trees of the ranking whose children make it greater: label, and the least of any tree of so many children.
    pub trees: Vec<(String, f64)>,
    /// The fastest of the ranking without servers, with every seed: label, and its p95 latency in ms.
    pub fastest: Option<(String, f64)>,
}

/// How many looks at pairs of peers the answers may still take.
pub(super) struct Looks(u64);

impl Looks {
    /// For a whole answer.
    pub(super) const fn of_an_answer() -> Self {
        Self(LOOKS_MAX)
    }

    fn take(&mut self, peers: u32, seeds: usize, times: u64) -> Option<()> {
        let asked = u64::from(peers).pow(2).saturating_mul(seeds as u64).saturating_mul(times);
        self.0 = self.0.checked_sub(asked)?;
        Some(())
    }
}

impl Least {
    /// That of a ranking; `None` where there is no bound, or too many peers to look at.
    pub(super) fn of(experiment: &Experiment, summary: &Summary, ranking: &Ranking, looks: &mut Looks) -> Option<Self> {
        let cell = |row: &RankedTopology| &experiment.cells[row.cell];
        let peers = ranking.peers;
        let first = cell(ranking.rows.first()?);
        let settings = &first.settings;
        if settings.workloads.is_empty() || settings.population.join_over > settings.run.warmup {
            return None;
        }
        let seeds = experiment.seeds.len();
        looks.take(peers, seeds, 1)?;
        let children = |row: &RankedTopology| cell(row).topology.children_max();
        let mut trees: Vec<(&RankedTopology, u32)> =
            ranking.rows.iter().filter_map(|row| Some((row, children(row)?))).collect();
        trees.retain(|_| looks.take(peers, seeds, LOOKS_IN_TREE).is_some());
        let children: Vec<u32> = trees.iter().map(|&(_, children)| children).collect();
        let of_seed = |&seed: &Seed| LeastLatency::of(first, seed, &children);
        let of_seeds: Vec<LeastLatency> = experiment.seeds.iter().map(of_seed).collect::<Option<_>>()?;
        let mean = |of: &dyn Fn(&LeastLatency) -> Option<f64>| {
            of_seeds.iter().map(of).sum::<Option<f64>>().map(|total| total / of_seeds.len() as f64)
        };
        let p95_ms = mean(&|least| Some(least.p95_ms))?;
        let of_tree = |(nth, (row, _)): (usize, &(&RankedTopology, u32))| {
            let least_ms = mean(&|least| least.in_trees_ms[nth])?;
            (least_ms > TOLD * p95_ms).then(|| (row.topology.clone(), least_ms))
        };
        if p95_ms < NOTHING_MS {
            return None;
        }
        let of_peers = |row: &&RankedTopology| cell(row).topology.servers(peers) == 0;
        let fastest = ranking.ranked().filter(of_peers).filter_map(|row| {
            let interval = summary.interval(row.cell, MetricId::LatencyP95).filter(|interval| interval.n == seeds)?;
            Some((row.topology.clone(), interval.mean))
        });
        let fastest = fastest.reduce(|best, other| if other.1 < best.1 { other } else { best });
        let trees = trees.iter().enumerate().filter_map(of_tree).collect();
        Some(Self { peers, p95_ms, trees, fastest })
    }

    /// In sentences: what cannot be beaten, then trees that have less room.
    pub(super) fn lines(&self) -> Vec<String> {
        let shown = |ms: f64| value(MetricId::LatencyP95, ms);
        let mut first = format!(
            "no overlay of these {} alone that delivers everything can beat {} (p95 latency)",
            counted(self.peers as usize, "peer"),
            shown(self.p95_ms)
        );
        if let Some((topology, ms)) = &self.fastest {
            first += &format!("; the fastest here without a server, {topology}, has {}", shown(*ms));
        }
        // Trees of one figure stand together.
        let mut of_trees: Vec<(String, Vec<&str>)> = Vec::new();
        for (topology, ms) in &self.trees {
            match of_trees.iter_mut().find(|(figure, _)| *figure == shown(*ms)) {
                Some((_, topologies)) => topologies.push(topology),
                None => of_trees.push((shown(*ms), vec![topology])),
            }
        }
        let of_trees: Vec<String> =
            of_trees.iter().map(|(figure, topologies)| format!("{figure} as {}", topologies.join(" and "))).collect();
        let second = (!of_trees.is_empty())
            .then(|| format!("no tree can beat, with as many children a peer: {}", of_trees.join(", ")));
        std::iter::once(first).chain(second).collect()
    }
}
