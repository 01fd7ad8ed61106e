//! The single-allocation p-hub center: the largest latency of two nodes is least, on the way over the hubs of both
//! (Campbell 1994; Kara and Tansel 2000).
//!
//! Exchanges find; where there are few sets of hubs, all of them are looked through and the best allocation to each is
//! found by branch and bound. The bound beside a heuristic answer is the larger of two: every pair on its best way over
//! any two hubs, and the k-center's bound, for somebody must reach a hub that far away.

mod latencies;
mod search;

use latencies::Latencies;
use search::Best;

use super::answer::{Answer, HubError};
use super::k_center::KCenter;
use super::matrix::Matrix;
use super::work::{Effort, Work};

/// Sets of hubs that are looked through at most.
const SETS_MAX: f64 = 2e6;
/// Random exchanges that lead nowhere before anything is proven.
const FAILURES: u32 = 20;
/// Work on the k-center's bound.
const BOUND_WORK: u64 = 5_000_000;
/// Nodes up to which the bound looks at every pair through every two hubs.
const PAIRS_MAX: usize = 600;

/// A hub center problem.
#[derive(Clone, Debug)]
pub struct HubCenter {
    access: Matrix<u32>,
    backbone: Matrix<u32>,
    hubs: usize,
}

impl HubCenter {
    /// A problem with the latency of each node (row) to each hub (column), and that between hubs, of which the slower
    /// direction counts. A node that is a hub is served by itself.
    ///
    /// # Errors
    ///
    /// If the matrices are not squares of one size, or there are not so many nodes as hubs.
    pub fn new(access: Matrix<u32>, backbone: Matrix<u32>, hubs: usize) -> Result<Self, HubError> {
        let n = access.rows();
        let sides = [access.columns(), backbone.rows(), backbone.columns()];
        if let Some(&found) = sides.iter().find(|&&side| side != n) {
            return Err(HubError::Shape { what: "rows or columns", found, needed: n });
        }
        if hubs == 0 || hubs > n {
            return Err(HubError::Hubs { hubs, sites: n });
        }
        Ok(Self { access, backbone, hubs })
    }

    /// The largest latency of two nodes under an allocation; a hub is a node that is its own.
    ///
    /// # Errors
    ///
    /// If it is no allocation to hubs.
    pub fn value(&self, allocation: &[u32]) -> Result<u64, HubError> {
        let is_hub = |&hub: &u32| allocation.get(hub as usize) == Some(&hub);
        let found = allocation.iter().filter(|hub| is_hub(hub)).count();
        if allocation.len() != self.access.rows() || found != allocation.len() {
            return Err(HubError::Shape { what: "nodes that are served by a hub", found, needed: self.access.rows() });
        }
        Ok(Latencies::new(&self.access, &self.backbone, self.hubs).value(allocation))
    }

    /// The best hubs and allocation that this much work finds, with a bound.
    ///
    /// # Errors
    ///
    /// If some pair has no way in the best answer found.
    pub fn solve(&self, effort: Effort) -> Result<Answer<u64>, HubError> {
        let latencies = Latencies::new(&self.access, &self.backbone, self.hubs);
        let mut work = Work::new(effort.work);
        let mut stream = effort.stream(3);
        let center = KCenter::new(self.access.clone(), self.hubs)?;
        let hubs = center.farthest_first().map_or_else(|_| (0..self.hubs as u32).collect(), |found| found.hubs);
        let hub_of = search::nearest(&latencies, &hubs);
        let mut best = Best { value: latencies.value(&hub_of), hub_of };
        search::exchange(&latencies, &hubs, &mut best, FAILURES, &mut stream, &mut work);
        let mut bound = 0;
        if work.is_left() {
            // Somebody is as far from the hubs as that.
            if let Ok(radius) = center.solve(Effort { work: work.left().min(BOUND_WORK), ..effort }) {
                bound = radius.bound;
                work.spend(radius.work as usize);
            }
        }
        if latencies.n <= PAIRS_MAX && work.is_left() {
            bound = bound.max(pairs(&latencies));
            work.spend(latencies.n * latencies.n * latencies.n);
        }
        let sets: f64 = (0..self.hubs).map(|i| (latencies.n - i) as f64 / (i + 1) as f64).product();
        let mut is_proven = bound >= best.value;
        if !is_proven && sets <= SETS_MAX && work.is_left() {
            is_proven = search::all(&latencies, &mut best, &mut work);
        }
        while !is_proven && bound < best.value && work.is_left() {
            let hubs = hubs_of(&best.hub_of);
            search::exchange(&latencies, &hubs, &mut best, FAILURES, &mut stream, &mut work);
        }
        self.answer(&latencies, best, if is_proven { u64::MAX } else { bound }, &work)
    }

    fn answer(&self, latencies: &Latencies, best: Best, bound: u64, work: &Work) -> Result<Answer<u64>, HubError> {
        let proven = bound >= best.value;
        if best.value >= latencies.hole() && self.has_holes() {
            let hole = latencies.hole();
            let is_cut_off = |node: &usize| latencies.access(*node, best.hub_of[*node]) >= hole;
            let clients = (0..latencies.n).filter(is_cut_off).count();
            return Err(HubError::Unreached { clients, hubs: self.hubs, proven });
        }
        let hubs = hubs_of(&best.hub_of);
        let bound = bound.min(best.value);
        Ok(Answer { hubs, allocation: best.hub_of, value: best.value, bound, proven, work: work.spent() })
    }

    fn has_holes(&self) -> bool {
        let all = self.access.values().iter().chain(self.backbone.values());
        all.copied().any(|latency| latency == super::matrix::UNREACHABLE)
    }
}

/// Every pair on its best way over any two hubs.
fn pairs(latencies: &Latencies) -> u64 {
    let n = latencies.n;
    let hubs = || 0..n as u32;
    let mut reach = vec![u64::MAX; n * n];
    for node in 0..n {
        for first in hubs() {
            let access = latencies.access(node, first);
            for second in hubs() {
                let reach = &mut reach[node * n + second as usize];
                *reach = (*reach).min(access + latencies.backbone(first, second));
            }
        }
    }
    let way = |a: usize, b: usize| hubs().map(|hub| reach[a * n + hub as usize] + latencies.access(b, hub)).min();
    let ways = (0..n).flat_map(|a| (0..a).filter_map(move |b| way(a, b)));
    ways.max().unwrap_or(0)
}

fn hubs_of(hub_of: &[u32]) -> Vec<u32> {
    let own = hub_of.iter().zip(0..).filter(|&(&hub, node)| hub == node);
    own.map(|(_, node)| node).collect()
}
