//! What an optimiser of hubs answers, and why it cannot.

use crate::optimiser::gap;

/// Hubs, who is served by which, and how good that is.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer<V> {
    /// The hubs: columns of the distances, ascending.
    pub hubs: Vec<u32>,
    /// The hub of each client.
    pub allocation: Vec<u32>,
    /// What the answer costs, in the unit of the problem.
    pub value: V,
    /// No answer costs less than this.
    pub bound: V,
    /// The optimum is proven: no answer is better.
    pub proven: bool,
    /// The steps that were taken.
    pub work: u64,
}

impl Answer<u64> {
    /// By which share of the bound the answer may be too dear, at most: 0 is optimal.
    #[must_use]
    pub fn gap(&self) -> f64 {
        gap(self.value as f64, self.bound as f64)
    }
}

impl Answer<f64> {
    /// By which share of the bound the answer may be too dear, at most: 0 is optimal.
    #[must_use]
    pub fn gap(&self) -> f64 {
        gap(self.value, self.bound)
    }
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum HubError {
    /// An array has the wrong length.
    #[error("{found} {what}, where {needed} are needed")]
    Shape {
        /// What the array holds.
        what: &'static str,
        /// How many there are.
        found: usize,
        /// How many there should be.
        needed: usize,
    },
    /// More hubs than sites, or none.
    #[error("{hubs} hubs of {sites} sites: from 1 to {sites} are possible")]
    Hubs {
        /// Hubs that are asked for.
        hubs: usize,
        /// Sites there are.
        sites: usize,
    },
    /// Sums would not fit into the integers of the optimiser.
    #[error("the largest distances times the weights add up to {sum:e}, more than 2^52: use a coarser unit")]
    TooLarge {
        /// The sum.
        sum: f64,
    },
    /// Some clients reach none of the hubs.
    #[error("{clients} clients reach none of {hubs} hubs{}", if *.proven { ", whichever sites are hubs" } else { ", in the best answer found" })]
    Unreached {
        /// Clients without a hub, at least.
        clients: usize,
        /// How many hubs there are.
        hubs: usize,
        /// No choice of hubs reaches everyone.
        proven: bool,
    },
    /// A figure that is negative, or no number.
    #[error("a {what} of {value}: it must be 0 or more")]
    Figure {
        /// What it is.
        what: &'static str,
        /// The figure.
        value: f64,
    },
    /// The hubs cannot hold all clients.
    #[error(
        "a demand of {demand} and {hubs} hubs that hold {capacity} at the most: {}",
        if *.proven { "no answer exists" } else { "no answer was found" }
    )]
    Capacity {
        /// What all clients need.
        demand: f64,
        /// The largest capacities of so many hubs, in all.
        capacity: f64,
        /// Hubs there may be.
        hubs: usize,
        /// No answer exists.
        proven: bool,
    },
}
