//! The least latency that any overlay of peers alone can have, and trees of so many children.

use super::latency::{least_p95_in_tree_ms, least_p95_ms};
use super::subject::Subject;
use crate::rng::Seed;
use crate::scenario::Cell;
use crate::simulation::{Posed, Posing};

/// The least p95 latencies of what a cell's only workload publishes, in ms.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct LeastLatency {
    /// That of every overlay without servers that delivers all messages.
    pub(crate) p95_ms: f64,
    /// Those of trees with so many children a peer, in the order in which they were asked for.
    pub(crate) in_trees_ms: Vec<Option<f64>>,
}

impl LeastLatency {
    /// Those with the population of a seed; `None` where there is no bound, as where messages are of several sizes.
    pub(crate) fn of(cell: &Cell, seed: Seed, children: &[u32]) -> Option<Self> {
        let settings = &cell.settings;
        // Delays of single pairs may be less than typical ones.
        if settings.population.peers.get() > Posed::MATRIX_PEERS_MAX {
            return None;
        }
        let posed = Posed::new(settings, seed, Posing::BOUND).ok()?;
        let [carried] = posed.carried.as_slice() else { return None };
        let subject = Subject { settings, posed: &posed };
        let p95_ms = least_p95_ms(&subject, carried)?;
        let in_trees_ms = children.iter().map(|&most| least_p95_in_tree_ms(&subject, carried, most)).collect();
        Some(Self { p95_ms, in_trees_ms })
    }
}
