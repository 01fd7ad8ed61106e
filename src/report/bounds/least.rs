//! The least latency that any overlay of peers alone can have, and trees of so many children.

use super::latency::{least_p95_in_tree_ms, least_p95_ms};
use super::subject::Subject;
use crate::rng::Seed;
use crate::scenario::Cell;
use crate::simulation::{Posed, Posing};

/// Most looks at a pair of peers for all bounds of an answer: some seconds.
const LOOKS_MAX: u64 = 400_000_000;
/// Looks at a pair for the bound of a tree, roughly: bisection.
const LOOKS_IN_TREE: u64 = 15;

/// How many looks at pairs of peers an answer may still take.
pub(crate) struct Looks(u64);

impl Looks {
    /// For a whole answer.
    pub(crate) const fn of_an_answer() -> Self {
        Self(LOOKS_MAX)
    }

    fn take(&mut self, looks: u64) -> Option<()> {
        self.0 = self.0.checked_sub(looks)?;
        Some(())
    }
}

/// The least p95 latencies of what a cell's only workload publishes, in ms, in the mean over the seeds.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct LeastLatency {
    /// That of every overlay without servers that delivers all messages.
    pub(crate) p95_ms: f64,
    /// Those of trees with so many children a peer, in the order in which they were asked for.
    pub(crate) in_trees_ms: Vec<Option<f64>>,
}

impl LeastLatency {
    /// Those of the populations of the seeds; `None` where there is no bound, as where messages are of several sizes, or
    /// too many pairs to look at.
    pub(crate) fn of(cell: &Cell, seeds: &[Seed], children: &[u32], looks: &mut Looks) -> Option<Self> {
        let settings = &cell.settings;
        let peers = settings.population.peers.get();
        // Delays of single pairs may be less than typical ones.
        if peers > Posed::MATRIX_PEERS_MAX {
            return None;
        }
        let pairs = u64::from(peers).pow(2).saturating_mul(seeds.len() as u64);
        let mut children: Vec<Option<u32>> = children.iter().copied().map(Some).collect();
        let mut of_seeds = Vec::with_capacity(seeds.len());
        for (nth, &seed) in seeds.iter().enumerate() {
            let posed = Posed::new(settings, seed, Posing::BOUND).ok()?;
            let [carried] = posed.carried.as_slice() else { return None };
            if nth == 0 {
                looks.take(pairs.saturating_mul(carried.publishers.len() as u64))?;
                for children in &mut children {
                    *children = children.filter(|_| looks.take(pairs.saturating_mul(LOOKS_IN_TREE)).is_some());
                }
            }
            let subject = Subject { settings, posed: &posed };
            let in_tree_ms = |most: &Option<u32>| least_p95_in_tree_ms(&subject, carried, (*most)?);
            let in_trees_ms = children.iter().map(in_tree_ms).collect();
            of_seeds.push(Self { p95_ms: least_p95_ms(&subject, carried)?, in_trees_ms });
        }
        let mean = |of: &dyn Fn(&Self) -> Option<f64>| {
            of_seeds.iter().map(of).sum::<Option<f64>>().map(|total| total / of_seeds.len() as f64)
        };
        let in_trees_ms = (0..children.len()).map(|nth| mean(&|least| least.in_trees_ms[nth])).collect();
        Some(Self { p95_ms: mean(&|least| Some(least.p95_ms))?, in_trees_ms })
    }
}
