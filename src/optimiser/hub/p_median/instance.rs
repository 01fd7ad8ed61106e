//! A p-median problem as its algorithms read it: for each client the sites from near to far.

use crate::optimiser::hub::matrix::{Matrix, UNREACHABLE};

/// No site, no slot.
pub(super) const NONE: u32 = u32::MAX;

/// A site that a client reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Near {
    pub(super) distance: u32,
    pub(super) site: u32,
}

/// Distances, sorted; sites may be fewer than those of the problem.
pub(super) struct Instance {
    pub(super) hubs: usize,
    pub(super) weights: Vec<i64>,
    /// The distance that a client pays which reaches no hub: more than any other.
    pub(super) penalty: u32,
    /// The number of each site in the problem.
    pub(super) names: Vec<u32>,
    /// Distances site by site, at most the penalty: an exchange reads all of one site.
    columns: Vec<u32>,
    near: Vec<Near>,
    starts: Vec<usize>,
}

impl Instance {
    /// The instance with all sites of the problem.
    pub(super) fn new(distances: &Matrix<u32>, weights: &[u32], hubs: usize) -> Self {
        let penalty = Self::penalty(distances);
        let names = (0..distances.columns() as u32).collect();
        let weights = weights.iter().map(|&weight| i64::from(weight)).collect();
        Self::build(distances, hubs, weights, penalty, names)
    }

    /// What a client pays that reaches no hub: more than all others together, if that can be written.
    pub(super) fn penalty(distances: &Matrix<u32>) -> u32 {
        let finite = distances.values().iter().filter(|&&distance| distance != UNREACHABLE);
        let above = u64::from(finite.copied().max().unwrap_or(0)) + 1;
        let has_holes = distances.values().contains(&UNREACHABLE);
        let penalty = if has_holes { above.saturating_mul(distances.rows() as u64 + 1) } else { above };
        penalty.min(u64::from(UNREACHABLE)) as u32
    }

    /// The same clients with some of the sites only, in ascending order.
    pub(super) fn restricted(&self, sites: &[u32]) -> Self {
        let (mut near, mut starts) = (Vec::new(), vec![0]);
        for client in 0..self.clients() {
            let kept = self.near(client).iter().filter_map(|near| {
                let site = sites.binary_search(&near.site).ok()? as u32;
                Some(Near { site, ..*near })
            });
            near.extend(kept);
            starts.push(near.len());
        }
        let column = |&site: &u32| self.column(site).to_vec();
        let columns = sites.iter().flat_map(column).collect();
        let names = sites.iter().map(|&site| self.names[site as usize]).collect();
        Self { weights: self.weights.clone(), names, columns, near, starts, ..*self }
    }

    /// The distances of all clients to a site.
    fn column(&self, site: u32) -> &[u32] {
        &self.columns[site as usize * self.clients()..(site as usize + 1) * self.clients()]
    }

    fn build(distances: &Matrix<u32>, hubs: usize, weights: Vec<i64>, penalty: u32, names: Vec<u32>) -> Self {
        let mut near = Vec::with_capacity(distances.values().len());
        let mut starts = vec![0];
        for client in 0..distances.rows() {
            let start = near.len();
            let row = distances.row(client).iter().zip(0..).filter(|&(&distance, _)| distance < penalty);
            near.extend(row.map(|(&distance, site)| Near { distance, site }));
            near[start..].sort_unstable();
            starts.push(near.len());
        }
        let pairs = (0..distances.columns()).flat_map(|site| (0..distances.rows()).map(move |client| (client, site)));
        let columns = pairs.map(|(client, site)| distances.at(client, site).min(penalty)).collect();
        Self { hubs, weights, penalty, names, columns, near, starts }
    }

    pub(super) fn clients(&self) -> usize {
        self.weights.len()
    }

    pub(super) fn sites(&self) -> usize {
        self.names.len()
    }

    /// The sites that a client reaches, the nearest first.
    #[inline]
    pub(super) fn near(&self, client: usize) -> &[Near] {
        &self.near[self.starts[client]..self.starts[client + 1]]
    }

    /// The distance of a pair, or the penalty.
    #[inline]
    pub(super) fn distance(&self, client: usize, site: u32) -> u32 {
        self.columns[site as usize * self.weights.len() + client]
    }

    /// What a set of hubs costs.
    pub(super) fn value(&self, hubs: &[u32]) -> i64 {
        let nearest = |client| hubs.iter().map(|&hub| self.distance(client, hub)).min().unwrap_or(self.penalty);
        (0..self.clients()).map(|client| self.weights[client] * i64::from(nearest(client))).sum()
    }
}
