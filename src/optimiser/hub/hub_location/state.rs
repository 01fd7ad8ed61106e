//! An allocation that changes step by step; what a change costs takes as many additions as there are hubs.

use super::costs::{Costs, above};

/// Which node is served by which hub, and the flows between nodes and hubs.
pub(super) struct State<'a> {
    costs: &'a Costs,
    hub_of: Vec<u32>,
    /// The hubs, in no order that means anything.
    hubs: Vec<u32>,
    /// Flow from each node to the nodes of each hub, and back.
    to_hub: Vec<f64>,
    from_hub: Vec<f64>,
    loads: Vec<f64>,
    /// With the price of overload.
    value: f64,
}

impl<'a> State<'a> {
    pub(super) fn new(costs: &'a Costs, hub_of: &[u32]) -> Self {
        let n = costs.n;
        let mut state = Self {
            costs,
            hub_of: hub_of.to_vec(),
            hubs: Vec::new(),
            to_hub: vec![0.0; n * n],
            from_hub: vec![0.0; n * n],
            loads: vec![0.0; n],
            value: costs.value(hub_of) + costs.overload * costs.excess(hub_of),
        };
        for (other, &hub) in hub_of.iter().enumerate() {
            for node in 0..n {
                state.to_hub[node * n + hub as usize] += costs.flows_to[other * n + node];
                state.from_hub[node * n + hub as usize] += costs.flows[other * n + node];
            }
            state.loads[hub as usize] += costs.supply[other];
        }
        state.list_hubs();
        state
    }

    pub(super) fn value(&self) -> f64 {
        self.value
    }

    pub(super) fn hub_of(&self) -> &[u32] {
        &self.hub_of
    }

    pub(super) fn hubs(&self) -> &[u32] {
        &self.hubs
    }

    pub(super) fn is_hub(&self, node: u32) -> bool {
        self.hub_of[node as usize] == node
    }

    /// What it would cost to serve `node` by `hub`.
    pub(super) fn change(&self, node: u32, hub: u32) -> f64 {
        let (n, old, new, node) = (self.costs.n, self.hub_of[node as usize] as usize, hub as usize, node as usize);
        if old == new {
            return 0.0;
        }
        let Costs { access, transfer, flows, .. } = self.costs;
        let mut sum = access[node * n + new] - access[node * n + old];
        for &other in &self.hubs {
            let other = other as usize;
            // What a node sends to itself moves along.
            let own = if other == old { flows[node * n + node] } else { 0.0 };
            sum += (self.to_hub[node * n + other] - own) * (transfer[new * n + other] - transfer[old * n + other]);
            sum += (self.from_hub[node * n + other] - own) * (transfer[other * n + new] - transfer[other * n + old]);
        }
        let supply = self.costs.supply[node];
        sum + self.costs.overload * (self.excess_with(old, -supply) + self.excess_with(new, supply))
    }

    /// Serves `node` by `hub`, which is a hub already or is `node`.
    pub(super) fn move_to(&mut self, node: u32, hub: u32) {
        if self.hub_of[node as usize] == hub {
            return;
        }
        if node == hub {
            self.hubs.push(node);
            self.value += self.costs.fixed[node as usize];
        }
        self.value += self.change(node, hub);
        let (n, old, new) = (self.costs.n, self.hub_of[node as usize] as usize, hub as usize);
        let at = node as usize;
        for other in 0..n {
            let (to, from) = (self.costs.flows_to[at * n + other], self.costs.flows[at * n + other]);
            self.to_hub[other * n + old] -= to;
            self.to_hub[other * n + new] += to;
            self.from_hub[other * n + old] -= from;
            self.from_hub[other * n + new] += from;
        }
        self.loads[old] -= self.costs.supply[at];
        self.loads[new] += self.costs.supply[at];
        self.hub_of[at] = hub;
        if old == at {
            self.hubs.retain(|&hub| hub != node);
            self.value -= self.costs.fixed[at];
        }
    }

    /// All that `old` serves is served by `new`, which becomes a hub.
    pub(super) fn replace(&mut self, old: u32, new: u32) {
        self.move_to(new, new);
        // The hub itself goes last: as long as it serves others, it is one.
        for node in (0..self.costs.n as u32).filter(|&node| node != old) {
            if self.hub_of[node as usize] == old {
                self.move_to(node, new);
            }
        }
        self.move_to(old, new);
    }

    /// Closes a hub; each of its nodes goes where that costs least.
    pub(super) fn close(&mut self, old: u32) {
        let cheapest = |state: &Self, node| {
            let others = state.hubs.iter().copied().filter(|&hub| hub != old);
            others.min_by(|&a, &b| state.change(node, a).total_cmp(&state.change(node, b)).then(a.cmp(&b)))
        };
        for node in (0..self.costs.n as u32).filter(|&node| node != old) {
            if self.hub_of[node as usize] == old
                && let Some(hub) = cheapest(self, node)
            {
                self.move_to(node, hub);
            }
        }
        if let Some(hub) = cheapest(self, old) {
            self.move_to(old, hub);
        }
    }

    /// Goes back to an allocation.
    pub(super) fn restore(&mut self, hub_of: &[u32]) {
        let nodes = || (0..hub_of.len() as u32).zip(hub_of.iter().copied());
        nodes().filter(|(node, hub)| node == hub).for_each(|(node, hub)| self.move_to(node, hub));
        for (node, hub) in nodes() {
            // A hub that closes goes last: as long as it serves others, it is one.
            if node != hub && !self.is_hub(node) {
                self.move_to(node, hub);
            }
        }
        nodes().for_each(|(node, hub)| self.move_to(node, hub));
        self.list_hubs();
    }

    /// Puts rounding errors right.
    pub(super) fn refresh(&mut self) {
        *self = Self::new(self.costs, &self.hub_of);
    }

    /// In their order, so that what is drawn does not depend on the way here.
    fn list_hubs(&mut self) {
        let hubs = (0..self.costs.n as u32).filter(|&node| self.hub_of[node as usize] == node);
        self.hubs = hubs.collect();
    }

    fn excess_with(&self, hub: usize, more: f64) -> f64 {
        let capacity = self.costs.capacities[hub];
        above(self.loads[hub] + more, capacity) - above(self.loads[hub], capacity)
    }
}
