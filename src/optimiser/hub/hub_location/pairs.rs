//! The best allocation to given hubs, by branch and bound: nodes are served one after the other, and what every pair of
//! nodes costs at least bounds the rest (as Gilmore 1962 and Lawler 1963 for the quadratic assignment problem).

use super::anneal::Best;
use super::costs::{Costs, above};
use crate::optimiser::hub::work::Work;

/// What pairs of nodes cost, for given hubs.
pub(super) struct Pairs<'a> {
    costs: &'a Costs,
    hubs: &'a [u32],
    /// Nodes in the order in which they are served: hubs first, then those whose access is dearest.
    order: Vec<usize>,
    /// What each node pays alone, by place in the order and hub; infinite where a hub is not its own.
    alone: Vec<f64>,
    /// Half of what each node pays at least with all nodes from a place on: by that place, its place and hub.
    halves: Vec<f64>,
}

/// What has been decided.
struct Served {
    hub_of: Vec<u32>,
    loads: Vec<f64>,
    cost: f64,
}

impl<'a> Pairs<'a> {
    pub(super) fn new(costs: &'a Costs, hubs: &'a [u32], work: &mut Work) -> Self {
        let (n, p) = (costs.n, hubs.len());
        let is_hub = |node: usize| hubs.contains(&(node as u32));
        let dear = |node: usize| costs.access[node * n..(node + 1) * n].iter().sum::<f64>();
        let mut order: Vec<usize> = (0..n).collect();
        order.sort_by(|&a, &b| is_hub(b).cmp(&is_hub(a)).then(dear(b).total_cmp(&dear(a))).then(a.cmp(&b)));
        let mut pairs = Self { costs, hubs, order, alone: vec![0.0; n * p], halves: vec![0.0; (n + 1) * n * p] };
        for place in 0..n {
            let node = pairs.order[place];
            for (slot, &hub) in hubs.iter().enumerate() {
                let hub = hub as usize;
                let own =
                    costs.flows[node * n + node] * (costs.collect[node * n + hub] + costs.distribute[node * n + hub]);
                pairs.alone[place * p + slot] = if is_hub(node) && hub != node { f64::INFINITY } else { own };
                for other in (0..n).rev() {
                    let least = if other == place { 0.0 } else { pairs.least_with(place, slot, other) };
                    let at = place * p + slot;
                    pairs.halves[other * n * p + at] = pairs.halves[(other + 1) * n * p + at] + least / 2.0;
                }
            }
        }
        work.spend(n * n * p * p);
        pairs
    }

    /// No allocation to these hubs costs less.
    pub(super) fn least(&self) -> f64 {
        self.rest(0, &self.alone)
    }

    /// Looks for an allocation that is better than the best; false if the work was done before.
    pub(super) fn allocate(&self, fixed: f64, best: &mut Best, work: &mut Work) -> bool {
        let n = self.costs.n;
        let mut served = Served { hub_of: vec![0; n], loads: vec![0.0; self.hubs.len()], cost: fixed };
        self.serve(0, &self.alone, &mut served, best, work)
    }

    fn serve(&self, place: usize, with_served: &[f64], served: &mut Served, best: &mut Best, work: &mut Work) -> bool {
        let (n, p) = (self.costs.n, self.hubs.len());
        if place == n {
            best.offer(self.costs, &served.hub_of);
            return work.is_left();
        }
        let node = self.order[place];
        let supply = self.costs.supply[node];
        let own = &with_served[place * p..(place + 1) * p];
        let ahead = |slot: usize| own[slot] + self.halves[(place + 1) * n * p + place * p + slot];
        let mut slots: Vec<usize> = (0..p).filter(|&slot| own[slot].is_finite()).collect();
        slots.sort_by(|&a, &b| ahead(a).total_cmp(&ahead(b)).then(a.cmp(&b)));
        for slot in slots {
            let hub = self.hubs[slot];
            if above(served.loads[slot] + supply, self.costs.capacities[hub as usize]) > 0.0 {
                continue;
            }
            let mut now = with_served.to_vec();
            for later in place + 1..n {
                for other in 0..p {
                    now[later * p + other] += self.pair(place, slot, later, other);
                }
            }
            let cost = served.cost;
            served.cost += own[slot];
            served.loads[slot] += supply;
            served.hub_of[node] = hub;
            let is_worse = served.cost + self.rest(place + 1, &now) >= best.value * (1.0 - 1e-9);
            let is_done = work.spend((n - place) * p) && (is_worse || self.serve(place + 1, &now, served, best, work));
            served.cost = cost;
            served.loads[slot] -= supply;
            if !is_done {
                return false;
            }
        }
        true
    }

    /// What the nodes from a place on cost at least, given what each pays with those before it.
    fn rest(&self, place: usize, with_served: &[f64]) -> f64 {
        let (n, p) = (self.costs.n, self.hubs.len());
        let halves = &self.halves[place * n * p..(place + 1) * n * p];
        let least = |later: usize| {
            let costs = (later * p..(later + 1) * p).map(|at| with_served[at] + halves[at]);
            costs.fold(f64::INFINITY, f64::min)
        };
        (place..n).map(least).sum()
    }

    /// What the node at `place` pays at least with that at `other`, whichever hub serves the other.
    fn least_with(&self, place: usize, slot: usize, other: usize) -> f64 {
        let node = self.order[other] as u32;
        if let Some(own) = self.hubs.iter().position(|&hub| hub == node) {
            return self.pair(place, slot, other, own);
        }
        (0..self.hubs.len()).map(|hub| self.pair(place, slot, other, hub)).fold(f64::INFINITY, f64::min)
    }

    /// What the flows between two nodes cost, both ways.
    fn pair(&self, place: usize, slot: usize, other: usize, other_slot: usize) -> f64 {
        let Costs { n, flows, collect, distribute, transfer, .. } = self.costs;
        let (a, b) = (self.order[place], self.order[other]);
        let (hub, other_hub) = (self.hubs[slot] as usize, self.hubs[other_slot] as usize);
        let there = collect[a * n + hub] + transfer[hub * n + other_hub] + distribute[b * n + other_hub];
        let back = collect[b * n + other_hub] + transfer[other_hub * n + hub] + distribute[a * n + hub];
        flows[a * n + b] * there + flows[b * n + a] * back
    }
}
