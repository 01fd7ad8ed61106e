//! The capacitated p-median: as the p-median, but each hub can serve only so much demand. Taking the largest uplinks as
//! hubs is a third too dear on common instances; exchanges are not.
//!
//! Every set of hubs that is tried gets an assignment by regret, mended by moves and exchanges of clients. A set whose
//! hubs would be too dear with room for all is not tried at all.

mod clients;
mod exact;
mod lagrangian;

use rand::RngExt;

use clients::{Assignment, Clients};

use super::answer::{Answer, HubError};
use super::matrix::{Matrix, UNREACHABLE};
use super::p_median::PMedian;
use super::work::{Effort, Work};
use crate::rng::Stream;

/// Sets of hubs that are looked through at most.
const SETS_MAX: f64 = 1e6;
/// Random exchanges that lead nowhere before anything is proven.
const FAILURES: u32 = 30;
/// Rounds of the subgradient method.
const ROUNDS: u32 = 300;
/// Work on the hubs to begin with, if there were room for all.
const START_WORK: u64 = 20_000_000;

/// A capacitated p-median problem.
#[derive(Clone, Debug)]
pub struct CapacitatedPMedian {
    distances: Matrix<u32>,
    weights: Vec<u32>,
    demands: Vec<u32>,
    capacities: Vec<u64>,
    hubs: usize,
}

impl CapacitatedPMedian {
    /// A problem of clients (rows) and sites (columns), with the weight and the demand of each client and the capacity
    /// of each site, in units of demand.
    ///
    /// # Errors
    ///
    /// If lengths do not fit, there are not so many sites as hubs, or sums would overflow.
    pub fn new(
        distances: Matrix<u32>,
        weights: Vec<u32>,
        demands: Vec<u32>,
        capacities: Vec<u64>,
        hubs: usize,
    ) -> Result<Self, HubError> {
        for (what, found, needed) in
            [("demands", demands.len(), distances.rows()), ("capacities", capacities.len(), distances.columns())]
        {
            if found != needed {
                return Err(HubError::Shape { what, found, needed });
            }
        }
        // It checks all else.
        PMedian::new(distances.clone(), weights.clone(), hubs)?;
        let heaviest = weights.iter().copied().max().unwrap_or(0);
        let finite = distances.values().iter().copied().filter(|&distance| distance != UNREACHABLE);
        let widest = finite.max().unwrap_or(0);
        let sum = f64::from(heaviest) * f64::from(widest) * (distances.rows() as f64 + 1.0).powi(2);
        if sum > (1_u64 << 52) as f64 {
            return Err(HubError::TooLarge { sum });
        }
        Ok(Self { distances, weights, demands, capacities, hubs })
    }

    /// The sites with the largest capacities as hubs: the simplest rule. Its bound is 0.
    ///
    /// # Errors
    ///
    /// If their capacities do not suffice, or no assignment within them is found.
    pub fn largest(&self) -> Result<Answer<u64>, HubError> {
        self.check_room()?;
        let mut work = Work::new(u64::MAX);
        let clients = self.clients();
        let assignment = clients.assign(&self.largest_sites(), &mut work);
        self.answer(&clients, &assignment, &self.largest_sites(), 0, &work)
    }

    /// The best hubs and assignment that this much work finds, with a bound.
    ///
    /// # Errors
    ///
    /// If the capacities do not suffice, or no assignment within them is found.
    pub fn solve(&self, effort: Effort) -> Result<Answer<u64>, HubError> {
        self.check_room()?;
        let clients = self.clients();
        let mut work = Work::new(effort.work);
        let mut stream = effort.stream(4);
        let mut best = clients.assign(&self.largest_sites(), &mut work);
        let (medians, mut bound) = self.without_capacities(effort, &mut work);
        let mut hubs = self.largest_sites();
        for start in [medians, self.largest_sites()] {
            exchange(&clients, &start, &mut best, &mut hubs, FAILURES, &mut stream, &mut work);
        }
        if work.is_left() && best.excess == 0 && bound < best.cost {
            bound = bound.max(lagrangian::bound(&clients, best.cost, ROUNDS, &mut work));
        }
        let sets: f64 = (0..self.hubs).map(|i| (clients.sites - i) as f64 / (i + 1) as f64).product();
        let is_open = |best: &Assignment, bound| best.excess > 0 || bound < best.cost;
        if is_open(&best, bound) && sets <= SETS_MAX && work.is_left() && exact::search(&clients, &mut best, &mut work)
        {
            bound = i64::MAX;
        }
        while work.is_left() && is_open(&best, bound) && bound != i64::MAX {
            let start = hubs.clone();
            exchange(&clients, &start, &mut best, &mut hubs, FAILURES, &mut stream, &mut work);
        }
        self.answer(&clients, &best, &hubs, bound, &work)
    }

    fn clients(&self) -> Clients {
        Clients::new(&self.distances, &self.weights, &self.demands, &self.capacities, self.hubs)
    }

    /// The p-median and its bound, which hold if there is room for all.
    fn without_capacities(&self, effort: Effort, work: &mut Work) -> (Vec<u32>, i64) {
        let effort = Effort { work: work.left().min(START_WORK), ..effort };
        let problem = PMedian::new(self.distances.clone(), self.weights.clone(), self.hubs);
        match problem.and_then(|problem| problem.solve(effort)) {
            Ok(answer) => {
                work.spend(answer.work as usize);
                (answer.hubs, answer.bound.cast_signed())
            }
            Err(_) => (self.largest_sites(), 0),
        }
    }

    fn largest_sites(&self) -> Vec<u32> {
        let mut sites: Vec<u32> = (0..self.capacities.len() as u32).collect();
        sites.sort_by_key(|&site| (std::cmp::Reverse(self.capacities[site as usize]), site));
        sites.truncate(self.hubs);
        sites
    }

    fn check_room(&self) -> Result<(), HubError> {
        let (demand, capacity) = self.room();
        if demand > capacity { Err(self.no_room(true)) } else { Ok(()) }
    }

    /// The demand of all, and the largest capacities in all.
    fn room(&self) -> (u128, u128) {
        let demand = self.demands.iter().map(|&demand| u128::from(demand)).sum();
        let largest = self.largest_sites().into_iter().map(|site| u128::from(self.capacities[site as usize]));
        (demand, largest.sum())
    }

    fn no_room(&self, proven: bool) -> HubError {
        let (demand, capacity) = self.room();
        HubError::Capacity { demand: demand as f64, capacity: capacity as f64, hubs: self.hubs, proven }
    }

    fn answer(
        &self,
        clients: &Clients,
        best: &Assignment,
        hubs: &[u32],
        bound: i64,
        work: &Work,
    ) -> Result<Answer<u64>, HubError> {
        let proven = bound >= best.cost;
        if best.excess > 0 {
            return Err(self.no_room(bound == i64::MAX));
        }
        if best.cost >= clients.hole {
            let cut_off =
                (0..clients.len()).filter(|&client| clients.cost(client, best.hub_of[client]) >= clients.hole);
            return Err(HubError::Unreached { clients: cut_off.count(), hubs: self.hubs, proven });
        }
        // A hub that serves nobody is one all the same.
        let mut all: Vec<u32> = best.hub_of.clone();
        all.sort_unstable();
        all.dedup();
        let spare = hubs.iter().copied().chain(0..clients.sites as u32).filter(|site| !best.hub_of.contains(site));
        let mut spare: Vec<u32> = spare.collect();
        spare.dedup();
        for site in spare {
            if all.len() < self.hubs && !all.contains(&site) {
                all.push(site);
            }
        }
        all.sort_unstable();
        let (value, bound) = (best.cost as u64, bound.clamp(0, best.cost) as u64);
        Ok(Answer { hubs: all, allocation: best.hub_of.clone(), value, bound, proven, work: work.spent() })
    }
}

/// Exchanges of a hub for a site as long as they help, then random ones, until so many of them lead nowhere.
fn exchange(
    clients: &Clients,
    start: &[u32],
    best: &mut Assignment,
    best_hubs: &mut Vec<u32>,
    failures: u32,
    stream: &mut Stream,
    work: &mut Work,
) {
    let mut now = start.to_vec();
    let mut failed = 0;
    while failed < failures && work.is_left() {
        let mut present = clients.assign(&now, work);
        while let Some(better) = first_better(clients, &mut now, &present, work) {
            present = better;
        }
        if present.is_better_than(best) {
            *best = present;
            best_hubs.clone_from(&now);
            failed = 0;
        } else {
            failed += 1;
            now.clone_from(best_hubs);
        }
        for _ in 0..=failed % 3 {
            let slot = stream.random_range(0..now.len());
            let site = stream.random_range(0..clients.sites as u32);
            if !now.contains(&site) {
                now[slot] = site;
            }
        }
    }
}

/// The first exchange that is better, made.
fn first_better(clients: &Clients, hubs: &mut [u32], present: &Assignment, work: &mut Work) -> Option<Assignment> {
    for slot in 0..hubs.len() {
        for site in 0..clients.sites as u32 {
            if hubs.contains(&site) || !work.spend(clients.len() * hubs.len()) {
                continue;
            }
            let old = std::mem::replace(&mut hubs[slot], site);
            if present.excess > 0 || clients.least(hubs) < present.cost {
                let then = clients.assign(hubs, work);
                if then.is_better_than(present) {
                    return Some(then);
                }
            }
            hubs[slot] = old;
        }
    }
    None
}
