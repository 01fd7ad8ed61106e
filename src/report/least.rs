//! What no overlay could have beaten, beside what those of a ranking have.

use serde::Serialize;

use super::bounds::{LeastLatency, Looks};
use super::figures::{counted, value};
use super::ranking::{RankedTopology, Ranking};
use super::summary::Summary;
use crate::metrics::MetricId;
use crate::scenario::Experiment;

/// A bound below this says nothing.
const NOTHING_MS: f64 = 0.1;
/// A tree's own bound is told if it is greater than that of all overlays by this factor.
const TOLD: f64 = 1.02;

/// The least p95 latency, in the mean over the seeds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Least {
    /// How many peers.
    pub peers: u32,
    /// Whether messages go in chunks: then it is the latency of one chunk that is bounded, and a message takes longer.
    pub of_chunks: bool,
    /// That of every overlay of peers alone, without servers, that delivers all messages, in ms.
    pub p95_ms: f64,
    /// Trees of the ranking whose children make it greater: label, and the least of any tree of so many children.
    pub trees: Vec<(String, f64)>,
    /// The fastest of the ranking without servers, with every seed: label, and its p95 latency in ms.
    pub fastest: Option<(String, f64)>,
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
        let of_tree = |row: &RankedTopology| Some((row.topology.clone(), cell(row).topology.children_max()?));
        let (trees, children): (Vec<String>, Vec<u32>) = ranking.rows.iter().filter_map(of_tree).unzip();
        let LeastLatency { p95_ms, in_trees_ms } = LeastLatency::of(first, &experiment.seeds, &children, looks)?;
        if p95_ms < NOTHING_MS {
            return None;
        }
        let trees = trees.into_iter().zip(in_trees_ms).filter_map(|(tree, least_ms)| Some((tree, least_ms?)));
        let trees = trees.filter(|(_, least_ms)| *least_ms > TOLD * p95_ms).collect();
        let seeds = experiment.seeds.len();
        let of_peers = |row: &&RankedTopology| cell(row).topology.servers(peers) == 0;
        let fastest = ranking.ranked().filter(of_peers).filter_map(|row| {
            let interval = summary.interval(row.cell, MetricId::LatencyP95).filter(|interval| interval.n == seeds)?;
            Some((row.topology.clone(), interval.mean))
        });
        let fastest = fastest.reduce(|best, other| if other.1 < best.1 { other } else { best });
        let of_chunks = settings.workloads.iter().any(|workload| workload.limits().has_chunks());
        Some(Self { peers, of_chunks, p95_ms, trees, fastest })
    }

    /// In sentences: what cannot be beaten, then trees that have less room.
    pub(super) fn lines(&self) -> Vec<String> {
        let shown = |ms: f64| value(MetricId::LatencyP95, ms);
        let mut first = format!(
            "no overlay of these {} alone that delivers everything can beat {} (p95 latency{})",
            counted(self.peers as usize, "peer"),
            shown(self.p95_ms),
            if self.of_chunks { ", as if a message were one of its chunks" } else { "" }
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
