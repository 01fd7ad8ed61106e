//! The values of one figure in both results.

use super::row::Figure;
use super::side::{Place, Side, SideRun};
use crate::metrics::{Better, MetricId};
use crate::rng::Seed;

/// A figure at one place: its values in the base and in the new one.
#[derive(Clone, Debug)]
pub(super) struct Sample {
    pub(super) place: Place,
    pub(super) figure: Figure,
    pub(super) values: [Vec<SeedValue>; 2],
}

/// The value of one replication.
#[derive(Clone, Copy, Debug)]
pub(super) struct SeedValue {
    pub(super) seed: Seed,
    pub(super) value: f64,
    /// Whether the topology fails with this seed.
    pub(super) fails: bool,
}

/// A sample for every figure of every place that both have. A metric that is neither good nor bad is one only if it is
/// `named`.
pub(super) fn samples(base: &Side, new: &Side, named: &[MetricId]) -> Vec<Sample> {
    let mut samples = Vec::new();
    for (place, base) in &base.cells {
        let Some(new) = new.at(place) else { continue };
        let sides = [base.as_slice(), new];
        let sample = |figure, of: &dyn Fn(&SideRun) -> Option<f64>| {
            let value = |run: &SideRun| Some(SeedValue { seed: run.seed, value: of(run)?, fails: run.fails });
            let values = sides.map(|side| side.iter().filter_map(value).collect());
            Sample { place: place.clone(), figure, values }
        };
        samples.push(sample(Figure::Failing, &|run| Some(if run.fails { 100.0 } else { 0.0 })));
        let is_compared = |id: &&MetricId| id.definition().better != Better::Neither || named.contains(*id);
        for &id in MetricId::ALL.iter().filter(is_compared) {
            samples.push(sample(Figure::Metric(id), &|run| run.values.get(id)));
        }
    }
    samples
}
