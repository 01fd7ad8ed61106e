//! All sets of hubs, one after the other, in three sieves: what access costs at least, what every flow costs at least
//! on a way of its own, and for the sets that are left the best allocation by branch and bound.

use super::anneal::Best;
use super::costs::Costs;
use super::pairs::Pairs;
use crate::optimiser::hub::work::Work;

/// Looks through all sets of hubs; true if none can be better than `best` now.
pub(super) fn search(costs: &Costs, certain: &Certain, best: &mut Best, work: &mut Work) -> bool {
    let (fewest, most) = costs.hubs;
    (fewest..=most).all(|number| {
        let nobody = vec![f64::INFINITY; costs.n];
        let mut sets = Sets { costs, certain, number, best: &mut *best, work: &mut *work };
        sets.extend(&mut Vec::new(), 0, &nobody, 0.0)
    })
}

/// Costs that every allocation has: `base`, and for each node and hub at least `access`.
pub(super) struct Certain {
    pub(super) base: f64,
    pub(super) access: Vec<f64>,
}

impl Certain {
    /// Of the transfer of every flow, the shortest way between its ends is certain, less what access to the two hubs
    /// takes off it. `share` of the transfer is counted so.
    pub(super) fn new(costs: &Costs, share: f64) -> Self {
        let n = costs.n;
        let mut shortest = costs.transfer.clone();
        for via in 0..n {
            for from in 0..n {
                for to in 0..n {
                    let way = shortest[from * n + via] + shortest[via * n + to];
                    let direct = &mut shortest[from * n + to];
                    *direct = direct.min(way);
                }
            }
        }
        for node in 0..n {
            shortest[node * n + node] = 0.0;
        }
        let base = share * shortest.iter().zip(&costs.flows).map(|(distance, flow)| distance * flow).sum::<f64>();
        let demand = |node: usize| costs.flows_to[node * n..(node + 1) * n].iter().sum::<f64>();
        let access = (0..n * n).map(|pair| {
            let (node, hub) = (pair / n, pair % n);
            let out = costs.supply[node] * shortest[node * n + hub];
            let back = demand(node) * shortest[hub * n + node];
            costs.access[pair] - share * (out + back)
        });
        Self { base, access: access.collect() }
    }
}

struct Sets<'a> {
    costs: &'a Costs,
    certain: &'a Certain,
    number: usize,
    best: &'a mut Best,
    work: &'a mut Work,
}

impl Sets<'_> {
    /// All sets that begin with `hubs`; `access` is what each node pays with the cheapest of them. False if the work
    /// was done before.
    fn extend(&mut self, hubs: &mut Vec<u32>, from: usize, access: &[f64], fixed: f64) -> bool {
        let n = self.costs.n;
        if hubs.len() == self.number {
            return self.look_at(hubs, fixed);
        }
        let last = n - (self.number - hubs.len());
        for hub in from..=last {
            let with = |node: usize| access[node].min(self.certain.access[node * n + hub]);
            let mut now: Vec<f64> = (0..n).map(with).collect();
            // Whoever is a hub pays for itself, not for a cheaper access elsewhere.
            now[hub] = f64::NEG_INFINITY;
            let fixed = fixed + self.costs.fixed[hub];
            hubs.push(hub as u32);
            let least = self.certain.base + fixed + self.least_access(hubs, hub + 1, &now);
            let is_done = self.cannot_win(least) || self.extend(hubs, hub + 1, &now, fixed);
            hubs.pop();
            if !is_done || !self.work.spend(n) {
                return false;
            }
        }
        true
    }

    /// What access costs at least if all sites from `from` on may be hubs as well.
    fn least_access(&mut self, hubs: &[u32], from: usize, access: &[f64]) -> f64 {
        let n = self.costs.n;
        let is_full = hubs.len() == self.number;
        let mut sum = 0.0;
        for (node, &access) in access.iter().enumerate() {
            let own = self.certain.access[node * n + node];
            sum += if access == f64::NEG_INFINITY {
                own
            } else if is_full {
                access
            } else {
                let others = &self.certain.access[node * n + from..(node + 1) * n];
                others.iter().copied().fold(access, f64::min)
            };
        }
        self.work.spend(if is_full { n / 4 } else { n * (n - from) / 4 });
        sum
    }

    /// Nothing better by more than rounding errors.
    fn cannot_win(&self, least: f64) -> bool {
        least >= self.best.value * (1.0 - 1e-9)
    }

    fn look_at(&mut self, hubs: &[u32], fixed: f64) -> bool {
        let ways = least_ways(self.costs, hubs);
        self.work.spend(self.costs.n * self.costs.n * hubs.len());
        if self.cannot_win(ways + fixed) {
            return self.work.is_left();
        }
        let pairs = Pairs::new(self.costs, hubs, self.work);
        if self.cannot_win(pairs.least() + fixed) {
            return self.work.is_left();
        }
        pairs.allocate(fixed, self.best, self.work)
    }
}

/// What flows cost at least if each goes the cheapest way through any hubs: with multiple allocation (Campbell 1994).
fn least_ways(costs: &Costs, hubs: &[u32]) -> f64 {
    let (n, p) = (costs.n, hubs.len());
    // A hub uses no other hub for access.
    let may_use = |node: usize, hub: u32| hub as usize == node || !hubs.contains(&(node as u32));
    let access = |unit: &[f64]| -> Vec<f64> {
        let pairs = (0..n).flat_map(|node| hubs.iter().map(move |&hub| (node, hub)));
        pairs
            .map(|(node, hub)| if may_use(node, hub) { unit[node * n + hub as usize] } else { f64::INFINITY })
            .collect()
    };
    let (collect, distribute) = (access(&costs.collect), access(&costs.distribute));
    let mut sum = 0.0;
    let mut reach = vec![0.0; p];
    for from in 0..n {
        for (slot, reach) in reach.iter_mut().enumerate() {
            let via = |first: usize| {
                collect[from * p + first] + costs.transfer[hubs[first] as usize * n + hubs[slot] as usize]
            };
            *reach = (0..p).map(via).fold(f64::INFINITY, f64::min);
        }
        for (to, distribute) in distribute.chunks_exact(p).enumerate() {
            let ways = reach.iter().zip(distribute).map(|(reach, distribute)| reach + distribute);
            sum += costs.flows[from * n + to] * ways.fold(f64::INFINITY, f64::min);
        }
    }
    sum
}
