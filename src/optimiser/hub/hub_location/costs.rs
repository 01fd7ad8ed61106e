//! A hub location problem as its algorithms read it.

use crate::optimiser::hub::matrix::Matrix;

/// Costs for each pair, in arrays of `n * n`.
pub(super) struct Costs {
    pub(super) n: usize,
    /// What all flows of a node cost between it and a hub: collection and distribution.
    pub(super) access: Vec<f64>,
    /// What a unit of flow costs from a node to a hub, and from a hub to a node: by node and hub.
    pub(super) collect: Vec<f64>,
    pub(super) distribute: Vec<f64>,
    /// What a unit of flow costs between two hubs.
    pub(super) transfer: Vec<f64>,
    /// Flow from each node to each other, and the same turned about.
    pub(super) flows: Vec<f64>,
    pub(super) flows_to: Vec<f64>,
    /// What a hub must collect for each node.
    pub(super) supply: Vec<f64>,
    /// What each hub can collect; infinite without a limit.
    pub(super) capacities: Vec<f64>,
    /// What it costs to open each hub.
    pub(super) fixed: Vec<f64>,
    /// What a unit of flow above a capacity costs: more than any detour.
    pub(super) overload: f64,
    /// Fewest and most hubs.
    pub(super) hubs: (usize, usize),
}

/// What a unit of flow costs per unit of distance, on each of the three parts of its way.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct UnitCosts {
    /// From its source to a hub.
    pub collection: f64,
    /// From hub to hub.
    pub transfer: f64,
    /// From a hub to its destination.
    pub distribution: f64,
}

impl Costs {
    pub(super) fn new(distances: &Matrix<f64>, flows: &Matrix<f64>, unit: UnitCosts) -> Self {
        let n = distances.rows();
        let supply: Vec<f64> = (0..n).map(|node| flows.row(node).iter().sum()).collect();
        let demand: Vec<f64> = (0..n).map(|node| (0..n).map(|from| flows.at(from, node)).sum()).collect();
        let pairs = || (0..n).flat_map(|row| (0..n).map(move |column| (row, column)));
        let access = |(node, hub)| {
            unit.collection * supply[node] * distances.at(node, hub)
                + unit.distribution * demand[node] * distances.at(hub, node)
        };
        let largest = distances.values().iter().copied().fold(0.0, f64::max);
        Self {
            n,
            access: pairs().map(access).collect(),
            collect: distances.values().iter().map(|distance| unit.collection * distance).collect(),
            distribute: pairs().map(|(node, hub)| unit.distribution * distances.at(hub, node)).collect(),
            transfer: distances.values().iter().map(|distance| unit.transfer * distance).collect(),
            flows: flows.values().to_vec(),
            flows_to: pairs().map(|(to, from)| flows.at(from, to)).collect(),
            supply,
            capacities: vec![f64::INFINITY; n],
            fixed: vec![0.0; n],
            overload: 10.0 * largest * (unit.collection + unit.transfer + unit.distribution),
            hubs: (1, n),
        }
    }

    /// What an allocation costs, summed up in the order of the nodes. A hub is a node that is its own.
    pub(super) fn value(&self, hub_of: &[u32]) -> f64 {
        let n = self.n;
        let mut sum = 0.0;
        for (node, &hub) in hub_of.iter().enumerate() {
            let hub = hub as usize;
            sum += self.access[node * n + hub] + if hub == node { self.fixed[node] } else { 0.0 };
            let flows = &self.flows[node * n..(node + 1) * n];
            let transfer = &self.transfer[hub * n..(hub + 1) * n];
            sum += flows.iter().zip(hub_of).map(|(flow, &other)| flow * transfer[other as usize]).sum::<f64>();
        }
        sum
    }

    /// How much flow is above the capacity of its hub, in all.
    pub(super) fn excess(&self, hub_of: &[u32]) -> f64 {
        let mut loads = vec![0.0; self.n];
        for (node, &hub) in hub_of.iter().enumerate() {
            loads[hub as usize] += self.supply[node];
        }
        let excess = loads.iter().zip(&self.capacities).map(|(load, capacity)| above(*load, *capacity));
        excess.sum()
    }
}

/// By how much a load is above a capacity; sums of fractions are never exact.
pub(super) fn above(load: f64, capacity: f64) -> f64 {
    if load <= capacity * (1.0 + 1e-9) { 0.0 } else { load - capacity }
}
