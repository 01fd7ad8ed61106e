//! The p-median: `p` hubs, so that the sum of the weighted distances of all clients to their nearest hub is least.
//!
//! The portfolio begins with greed and fast interchange, so that no answer is worse than theirs. Lagrangian prices then
//! give a bound, and rule most sites out; what is left is searched by shakes and descents and by branch and bound in
//! turns, until the bound meets the value or the work is done.

mod branch;
mod greedy;
mod instance;
mod interchange;
mod iterated;
mod lagrangian;

use branch::{Best, Tree};
use instance::Instance;
use interchange::Exchange;
use lagrangian::{Prices, Status};

use super::answer::{Answer, HubError};
use super::matrix::{Matrix, UNREACHABLE};
use super::work::{Effort, Work};

/// Rounds of the subgradient method between two descents.
const ROUNDS: u32 = 25;
/// Steps of the first turn of the searches; each further one takes twice as many.
const TURN: u64 = 2_000_000;
/// What sums may come to.
const SUM_MAX: u128 = 1 << 52;

/// A p-median problem.
#[derive(Clone, Debug)]
pub struct PMedian {
    distances: Matrix<u32>,
    weights: Vec<u32>,
    hubs: usize,
}

impl PMedian {
    /// A problem of clients (rows) and sites (columns), with the weight of each client. Distances have any unit; pairs
    /// that cannot be connected are [`UNREACHABLE`]. A client of weight 0 counts for nothing.
    ///
    /// # Errors
    ///
    /// If lengths do not fit, there are not so many sites as hubs, or sums would overflow.
    pub fn new(distances: Matrix<u32>, weights: Vec<u32>, hubs: usize) -> Result<Self, HubError> {
        if weights.len() != distances.rows() {
            return Err(HubError::Shape { what: "weights", found: weights.len(), needed: distances.rows() });
        }
        if hubs == 0 || hubs > distances.columns() {
            return Err(HubError::Hubs { hubs, sites: distances.columns() });
        }
        let penalty = u128::from(Instance::penalty(&distances));
        let sum = weights.iter().map(|&weight| u128::from(weight) * penalty).sum::<u128>();
        if sum > SUM_MAX {
            return Err(HubError::TooLarge { sum: sum as f64 });
        }
        Ok(Self { distances, weights, hubs })
    }

    /// The best hubs that this much work finds, with a bound.
    ///
    /// # Errors
    ///
    /// If some client reaches none of the best hubs found.
    pub fn solve(&self, effort: Effort) -> Result<Answer<u64>, HubError> {
        let mut search = Search::new(self, effort.work);
        search.run(effort);
        self.answer(&search)
    }

    /// The hubs that greed chooses; its bound is 0.
    ///
    /// # Errors
    ///
    /// If some client reaches none of them.
    pub fn greedy(&self) -> Result<Answer<u64>, HubError> {
        let instance = Instance::new(&self.distances, &self.weights, self.hubs);
        let mut work = Work::new(u64::MAX);
        let hubs = greedy::greedy(&instance, &mut work);
        let best = Best { value: instance.value(&hubs), hubs };
        self.answer(&Search { instance, best, bound: 0, work })
    }

    /// Greed and fast interchange; its bound is 0.
    ///
    /// # Errors
    ///
    /// If some client reaches none of the hubs.
    pub fn interchange(&self) -> Result<Answer<u64>, HubError> {
        self.answer(&Search::new(self, u64::MAX))
    }

    fn answer(&self, search: &Search) -> Result<Answer<u64>, HubError> {
        let Search { instance, best, bound, work } = search;
        let mut hubs: Vec<u32> = best.hubs.iter().map(|&site| instance.names[site as usize]).collect();
        hubs.sort_unstable();
        let distance = |client, hub: u32| self.distances.at(client, hub as usize);
        let nearest = |client| hubs.iter().copied().min_by_key(|&hub| (distance(client, hub), hub));
        let nearest = |client| nearest(client).expect("invariant: there is a hub");
        let allocation: Vec<u32> = (0..self.weights.len()).map(nearest).collect();
        let proven = *bound >= best.value;
        let unreached = (0..allocation.len()).filter(|&client| distance(client, allocation[client]) == UNREACHABLE);
        let unreached = unreached.count();
        if unreached > 0 {
            // Whoever reaches nothing pays more than all others together, if all count alike.
            let alike = self.weights.windows(2).all(|pair| pair[0] == pair[1]);
            let exact = Instance::penalty(&self.distances) < UNREACHABLE;
            let proven = proven && alike && exact;
            return Err(HubError::Unreached { clients: unreached, hubs: self.hubs, proven });
        }
        let (value, bound) = (best.value as u64, (*bound).clamp(0, best.value) as u64);
        Ok(Answer { hubs, allocation, value, bound, proven, work: work.spent() })
    }
}

/// The best answer so far, and what has been ruled out.
struct Search {
    instance: Instance,
    best: Best,
    bound: i64,
    work: Work,
}

impl Search {
    /// Greed and fast interchange.
    fn new(problem: &PMedian, work: u64) -> Self {
        let instance = Instance::new(&problem.distances, &problem.weights, problem.hubs);
        let mut work = Work::new(work);
        let hubs = greedy::greedy(&instance, &mut work);
        let mut exchange = Exchange::new(&instance, &hubs, &mut work);
        exchange.descend(&mut work);
        let best = Best { hubs: exchange.hubs().to_vec(), value: exchange.value() };
        Self { instance, best, bound: 0, work }
    }

    fn run(&mut self, effort: Effort) {
        let (status, prices) = self.price();
        self.bound = prices.bound;
        if self.bound >= self.best.value || !self.work.is_left() {
            return;
        }
        let mut tree = self.restrict(&status, &prices);
        let mut stream = effort.stream(0);
        let mut turn = TURN;
        while self.work.is_left() && self.bound < self.best.value {
            let until = self.work.until(turn / 8);
            iterated::search(&self.instance, &mut self.best, &mut stream, until, &mut self.work);
            let until = self.work.until(turn);
            tree.search(&self.instance, &mut self.best, until, &mut self.work);
            self.bound = self.bound.max(tree.bound(&self.best));
            turn = turn.saturating_mul(2);
        }
    }

    /// Prices for all sites, as good as they get; choices of the relaxation are starts for descents.
    fn price(&mut self) -> (Vec<Status>, Prices) {
        let Self { instance, best, work, .. } = self;
        let mut status = vec![Status::Free; instance.sites()];
        let mut prices = Prices::new(instance, &best.hubs);
        let mut exchange = Exchange::new(instance, &best.hubs, work);
        loop {
            let mut seen = |hubs: &[u32], value| best.offer(hubs, value);
            let chosen = prices.ascend(instance, &mut status, ROUNDS, work, &mut seen);
            if prices.bound >= best.value || prices.is_converged() || !work.is_left() {
                return (status, prices);
            }
            exchange.become_like(&chosen, work);
            exchange.descend(work);
            best.offer(exchange.hubs(), exchange.value());
        }
    }

    /// Goes on without the sites that are ruled out.
    fn restrict(&mut self, status: &[Status], prices: &Prices) -> Tree {
        let is_wanted = |&site: &u32| status[site as usize] != Status::Never || self.best.hubs.contains(&site);
        let sites: Vec<u32> = (0..self.instance.sites() as u32).filter(is_wanted).collect();
        let place = |hub: &u32| sites.binary_search(hub).expect("invariant: hubs are kept") as u32;
        self.best.hubs = self.best.hubs.iter().map(place).collect();
        self.instance = self.instance.restricted(&sites);
        let status = sites.iter().map(|&site| status[site as usize]).collect();
        Tree::new(status, prices.restricted(&sites))
    }
}
