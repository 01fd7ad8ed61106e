//! Hub location with single allocation: every node is served by one hub, hubs are linked with each other, and what
//! flows between two nodes goes through the hubs of both (O'Kelly 1987). With `p` hubs and no capacities it is the
//! USApHMP, with capacities and a price for each hub the CSAHLP (Ernst and Krishnamoorthy 1996, 1999).
//!
//! Annealing finds, and a walk through all sets of hubs proves where there are few enough of them. The bound beside a
//! heuristic answer is that of a p-median: see [`HubLocation::solve`].

mod anneal;
mod costs;
mod exact;
mod pairs;
mod state;

pub use costs::UnitCosts;

use anneal::Best;
use costs::{Costs, above};
use exact::Certain;

use super::answer::{Answer, HubError};
use super::matrix::Matrix;
use super::p_median::PMedian;
use super::work::{Effort, Work};

/// Runs of annealing before anything is proven.
const FIRST_RUNS: u32 = 5;
/// Sets of hubs that are looked through at most.
const SETS_MAX: f64 = 5e6;
/// Shares of the transfer that the bound counts as certain.
const SHARES: [f64; 3] = [1.0, 0.5, 0.0];
/// Work on the bound of one share.
const BOUND_WORK: u64 = 5_000_000;

/// A hub location problem.
pub struct HubLocation {
    costs: Costs,
}

impl HubLocation {
    /// A problem with `hubs` hubs. Distances and flows are from row to column; a node may send to itself.
    ///
    /// # Errors
    ///
    /// If the matrices are not squares of one size, a figure is negative or no number, or there are fewer nodes than
    /// hubs.
    pub fn new(distances: &Matrix<f64>, flows: &Matrix<f64>, unit: UnitCosts, hubs: usize) -> Result<Self, HubError> {
        let n = distances.rows();
        for (what, found) in [
            ("columns of distances", distances.columns()),
            ("rows of flows", flows.rows()),
            ("columns of flows", flows.columns()),
        ] {
            if found != n {
                return Err(HubError::Shape { what, found, needed: n });
            }
        }
        check("distance", distances.values())?;
        check("flow", flows.values())?;
        check("unit cost", &[unit.collection, unit.transfer, unit.distribution])?;
        if hubs == 0 || hubs > n {
            return Err(HubError::Hubs { hubs, sites: n });
        }
        let mut costs = Costs::new(distances, flows, unit);
        costs.hubs = (hubs, hubs);
        Ok(Self { costs })
    }

    /// With a limit on the flow that each hub collects from its nodes.
    ///
    /// # Errors
    ///
    /// If there is not one for each node, or one is negative or no number.
    pub fn with_capacities(mut self, capacities: Vec<f64>) -> Result<Self, HubError> {
        self.check_length("capacities", &capacities)?;
        let finite: Vec<f64> = capacities.iter().copied().filter(|capacity| *capacity != f64::INFINITY).collect();
        check("capacity", &finite)?;
        self.costs.capacities = capacities;
        Ok(self)
    }

    /// With a price for each hub, and as many hubs as are worth it.
    ///
    /// # Errors
    ///
    /// If there is not one for each node, or one is negative or no number.
    pub fn with_fixed_costs(mut self, fixed: Vec<f64>) -> Result<Self, HubError> {
        self.check_length("fixed costs", &fixed)?;
        check("fixed cost", &fixed)?;
        self.costs.fixed = fixed;
        self.costs.hubs = (1, self.costs.n);
        Ok(self)
    }

    /// What an allocation costs; a hub is a node that is its own.
    ///
    /// # Errors
    ///
    /// If it is no allocation to hubs.
    pub fn value(&self, allocation: &[u32]) -> Result<f64, HubError> {
        let is_hub = |&hub: &u32| allocation.get(hub as usize) == Some(&hub);
        let found = allocation.iter().filter(|hub| is_hub(hub)).count();
        if allocation.len() != self.costs.n || found != self.costs.n {
            return Err(HubError::Shape { what: "nodes that are served by a hub", found, needed: self.costs.n });
        }
        Ok(self.costs.value(allocation))
    }

    /// The best hubs and allocation that this much work finds.
    ///
    /// The bound of a heuristic answer: the way of a flow is at least as long as the shortest one, so what transfer may
    /// save is what access adds; what remains is a p-median, of which the bound is known. Values are proven up to a
    /// billionth of their size, for they are sums of fractions.
    ///
    /// # Errors
    ///
    /// If the capacities do not suffice, or no allocation within them is found.
    pub fn solve(&self, effort: Effort) -> Result<Answer<f64>, HubError> {
        let costs = &self.costs;
        self.check_capacities()?;
        let (mut best, mut work) = (Best::none(), Work::new(effort.work));
        let mut stream = effort.stream(1);
        let mut run = 0;
        anneal::begin(costs, &mut best, &mut work);
        while run < FIRST_RUNS && work.is_left() {
            anneal::run(costs, &mut best, &mut stream, run, &mut work);
            run += 1;
        }
        let mut bound = if work.is_left() { self.bound(effort, &mut work) } else { 0.0 };
        let mut is_proven = false;
        if sets(costs.n, costs.hubs) <= SETS_MAX && work.is_left() {
            let certain = Certain::new(costs, 1.0);
            is_proven = exact::search(costs, &certain, &mut best, &mut work);
        }
        while work.is_left() && !is_proven && bound < best.value * (1.0 - 1e-9) {
            anneal::run(costs, &mut best, &mut stream, run, &mut work);
            run += 1;
        }
        if best.hub_of.is_empty() {
            return Err(self.no_room(is_proven));
        }
        is_proven |= bound >= best.value * (1.0 - 1e-9);
        bound = if is_proven { best.value } else { bound.min(best.value) };
        let hubs = (0..costs.n as u32).filter(|&node| best.hub_of[node as usize] == node).collect();
        Ok(Answer { hubs, allocation: best.hub_of, value: best.value, bound, proven: is_proven, work: work.spent() })
    }

    /// No answer costs less: the best p-median bound over some shares of the transfer.
    fn bound(&self, effort: Effort, work: &mut Work) -> f64 {
        let mut cheapest = self.costs.fixed.clone();
        cheapest.sort_by(f64::total_cmp);
        let (fewest, most) = self.costs.hubs;
        let mut least = f64::INFINITY;
        let mut fixed = cheapest[..fewest - 1].iter().sum::<f64>();
        for number in fewest..=most {
            fixed += cheapest[number - 1];
            let shares = SHARES.iter().map(|&share| self.bound_of(share, number, effort, work));
            least = least.min(fixed + shares.fold(0.0, f64::max));
            if fixed >= least || !work.is_left() {
                // More hubs cost more than this by their prices alone.
                return if work.is_left() { least } else { least.min(fixed) };
            }
        }
        least
    }

    fn bound_of(&self, share: f64, number: usize, effort: Effort, work: &mut Work) -> f64 {
        let n = self.costs.n;
        let certain = Certain::new(&self.costs, share);
        let lowest = certain.access.iter().copied().fold(0.0, f64::min);
        let highest = certain.access.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
        let unit = (highest - lowest) / f64::from(1 << 30);
        // Rounded down, and every node pays `lowest` as well.
        let distances = certain.access.iter().map(|access| ((access - lowest) / unit) as u32).collect();
        let work_now = work.left().min(BOUND_WORK);
        let problem = Matrix::new(n, n, distances).and_then(|distances| PMedian::new(distances, vec![1; n], number));
        let Ok(answer) = problem.and_then(|problem| problem.solve(Effort { work: work_now, ..effort })) else {
            return 0.0;
        };
        work.spend(answer.work as usize);
        certain.base + n as f64 * lowest + answer.bound as f64 * unit * (1.0 - 1e-9)
    }

    fn check_length(&self, what: &'static str, values: &[f64]) -> Result<(), HubError> {
        let (found, needed) = (values.len(), self.costs.n);
        if found == needed { Ok(()) } else { Err(HubError::Shape { what, found, needed }) }
    }

    /// The largest capacities must hold everything.
    fn check_capacities(&self) -> Result<(), HubError> {
        let mut capacities = self.costs.capacities.clone();
        capacities.sort_by(|a, b| b.total_cmp(a));
        let capacity = capacities[..self.costs.hubs.1].iter().sum();
        let demand: f64 = self.costs.supply.iter().sum();
        if above(demand, capacity) > 0.0 { Err(self.no_room(true)) } else { Ok(()) }
    }

    fn no_room(&self, proven: bool) -> HubError {
        let mut capacities = self.costs.capacities.clone();
        capacities.sort_by(|a, b| b.total_cmp(a));
        let hubs = self.costs.hubs.1;
        let capacity = capacities[..hubs].iter().sum();
        HubError::Capacity { demand: self.costs.supply.iter().sum(), capacity, hubs, proven }
    }
}

fn check(what: &'static str, values: &[f64]) -> Result<(), HubError> {
    let bad = values.iter().copied().find(|value| !(value.is_finite() && *value >= 0.0));
    bad.map_or(Ok(()), |value| Err(HubError::Figure { what, value }))
}

/// How many sets of hubs there are.
fn sets(n: usize, (fewest, most): (usize, usize)) -> f64 {
    let choose = |k: usize| (0..k).map(|i| (n - i) as f64 / (i + 1) as f64).product::<f64>();
    (fewest..=most).map(choose).sum()
}
