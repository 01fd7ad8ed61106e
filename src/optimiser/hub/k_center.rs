//! The k-center: `k` hubs, so that the largest distance of a client to its nearest hub is least.
//!
//! Farthest-first (Gonzalez 1985) and greedy covers begin, exchanges improve. The bound begins with clients that share
//! no site within a radius, which is never below half of what farthest-first finds in a metric; then the question
//! whether a radius can be had is settled by branching, from both sides, as far as the work goes.

mod cover;
mod exchange;

use cover::{Cover, Found};

use super::answer::{Answer, HubError};
use super::matrix::{Matrix, UNREACHABLE};
use super::work::{Effort, Work};

/// Steps for one radius in the first round; each further one takes eight times as many.
const PROOF: u64 = 2_000_000;

/// A k-center problem.
#[derive(Clone, Debug)]
pub struct KCenter {
    distances: Matrix<u32>,
    hubs: usize,
}

impl KCenter {
    /// A problem of clients (rows) and sites (columns).
    ///
    /// # Errors
    ///
    /// If there are not so many sites as hubs.
    pub fn new(distances: Matrix<u32>, hubs: usize) -> Result<Self, HubError> {
        if hubs == 0 || hubs > distances.columns() {
            return Err(HubError::Hubs { hubs, sites: distances.columns() });
        }
        Ok(Self { distances, hubs })
    }

    /// Farthest-first: the client that is worst off gets its nearest site as a hub. In a metric where clients are sites,
    /// its radius is at most twice the best one. Its bound is 0.
    ///
    /// # Errors
    ///
    /// If some client reaches none of the hubs.
    pub fn farthest_first(&self) -> Result<Answer<u64>, HubError> {
        self.answer(self.farthest(), 0, &Work::new(0))
    }

    /// The best hubs that this much work finds, with a bound.
    ///
    /// # Errors
    ///
    /// If some client reaches none of the best hubs found.
    pub fn solve(&self, effort: Effort) -> Result<Answer<u64>, HubError> {
        let mut work = Work::new(effort.work);
        let mut radii = self.distances.values().to_vec();
        radii.sort_unstable();
        radii.dedup();
        let mut hubs = self.farthest();
        self.cover_greedily(&radii, &mut hubs, &mut work);
        let low = self.apart(&radii, &hubs, &mut work);
        exchange::search(&self.distances, &mut hubs, &mut effort.stream(2), &mut work);
        let bound = self.settle(&radii, low, &mut hubs, &mut work);
        self.answer(hubs, bound, &work)
    }

    fn farthest(&self) -> Vec<u32> {
        let mut nearest = vec![UNREACHABLE; self.distances.rows()];
        let mut hubs: Vec<u32> = Vec::new();
        while hubs.len() < self.hubs {
            let worst = (0..nearest.len()).max_by_key(|&client| (nearest[client], std::cmp::Reverse(client)));
            let row = self.distances.row(worst.expect("invariant: there is a client"));
            let sites = row.iter().zip(0..).filter(|(_, site)| !hubs.contains(site));
            let (_, site) = sites.min().expect("invariant: no more hubs than sites");
            hubs.push(site);
            for (client, distance) in nearest.iter_mut().enumerate() {
                *distance = (*distance).min(self.distances.at(client, site as usize));
            }
        }
        hubs
    }

    /// Halves the radii for the least one that greed can cover.
    fn cover_greedily(&self, radii: &[u32], hubs: &mut Vec<u32>, work: &mut Work) {
        let (mut low, mut high) = (0, self.place(radii, hubs));
        while low < high && work.is_left() {
            let middle = low.midpoint(high);
            let cover = Cover::new(&self.distances, radii[middle], work);
            if let Some(found) = cover.greedy(self.hubs, work) {
                *hubs = self.filled(found);
                high = middle;
            } else {
                low = middle + 1;
            }
        }
    }

    /// The place of a radius below which none will do: too many clients are too far apart.
    fn apart(&self, radii: &[u32], hubs: &[u32], work: &mut Work) -> usize {
        let (mut low, mut above) = (0, self.place(radii, hubs));
        while low < above && work.is_left() {
            let middle = low.midpoint(above);
            if Cover::new(&self.distances, radii[middle], work).needs_more_than(self.hubs, work) {
                low = middle + 1;
            } else {
                above = middle;
            }
        }
        low
    }

    /// The place of what these hubs reach.
    fn place(&self, radii: &[u32], hubs: &[u32]) -> usize {
        let radius = exchange::radius(&self.distances, hubs);
        radii.partition_point(|&other| other < radius)
    }

    /// Raises the bound from the radius at `low` and lowers the other until they meet or the work is done.
    fn settle(&self, radii: &[u32], mut low: usize, hubs: &mut Vec<u32>, work: &mut Work) -> u32 {
        let mut high = self.place(radii, hubs);
        let mut share = PROOF;
        while low < high && work.is_left() {
            let mut from = low;
            while from < high && work.is_left() {
                let middle = from.midpoint(high);
                let cover = Cover::new(&self.distances, radii[middle], work);
                let mut part = Work::new(share.min(work.left()));
                match cover.search(self.hubs, &mut part) {
                    Found::Hubs(found) => {
                        *hubs = self.filled(found);
                        high = middle;
                    }
                    Found::No => {
                        low = middle + 1;
                        from = low;
                    }
                    Found::Unknown => from = middle + 1,
                }
                work.spend(part.spent() as usize);
            }
            share = share.saturating_mul(8);
        }
        radii[low.min(high)]
    }

    /// As many hubs as there are to be, with any sites.
    fn filled(&self, mut hubs: Vec<u32>) -> Vec<u32> {
        let others = (0..self.distances.columns() as u32).filter(|site| !hubs.contains(site));
        let others: Vec<u32> = others.take(self.hubs - hubs.len()).collect();
        hubs.extend(others);
        hubs
    }

    fn answer(&self, mut hubs: Vec<u32>, bound: u32, work: &Work) -> Result<Answer<u64>, HubError> {
        hubs.sort_unstable();
        let distance = |client: usize, hub: u32| self.distances.at(client, hub as usize);
        let nearest = |client| hubs.iter().copied().min_by_key(|&hub| (distance(client, hub), hub));
        let allocation: Vec<u32> = (0..self.distances.rows()).filter_map(nearest).collect();
        let value = exchange::radius(&self.distances, &hubs);
        let proven = bound >= value;
        if value == UNREACHABLE {
            let clients = (0..allocation.len()).filter(|&client| distance(client, allocation[client]) == UNREACHABLE);
            return Err(HubError::Unreached { clients: clients.count(), hubs: self.hubs, proven });
        }
        let (value, bound) = (u64::from(value), u64::from(bound.min(value)));
        Ok(Answer { hubs, allocation, value, bound, proven, work: work.spent() })
    }
}
