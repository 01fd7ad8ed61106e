//! The values of one figure in both results.

use super::row::Figure;
use super::side::{Place, Side, SideRun};
use crate::metrics::{Better, MetricId};
use crate::rng::Seed;

/// A figure at one place: its values by seed, in the base and in the new one.
#[derive(Clone, Debug)]
pub(super) struct Sample {
    pub(super) place: Place,
    pub(super) figure: Figure,
    pub(super) values: [Vec<(Seed, f64)>; 2],
}

/// A sample for every figure of every place that both have. A metric that is neither good nor bad is one only if it is
/// `named`.
pub(super) fn samples(base: &Side, new: &Side, named: &[MetricId]) -> Vec<Sample> {
    let mut samples = Vec::new();
    for (place, base) in &base.cells {
        let Some(new) = new.at(place) else { continue };
        let sides = [base.as_slice(), new];
        // A replication that fails has no figures like those of one that works. Which of them count must not depend on
        // which side they are on.
        let none_works = sides.iter().all(|side| side.iter().all(|run| run.fails));
        let counts = |run: &&SideRun| none_works || !run.fails;
        let sample = |figure, values| Sample { place: place.clone(), figure, values };
        let failing = |run: &SideRun| (run.seed, if run.fails { 100.0 } else { 0.0 });
        samples.push(sample(Figure::Failing, sides.map(|side| side.iter().map(failing).collect())));
        let is_compared = |id: &&MetricId| id.definition().better != Better::Neither || named.contains(*id);
        for &id in MetricId::ALL.iter().filter(is_compared) {
            let value = |run: &SideRun| Some((run.seed, run.values.get(id)?));
            let values = sides.map(|side| side.iter().filter(counts).filter_map(value).collect::<Vec<_>>());
            samples.push(sample(Figure::Metric(id), values));
        }
    }
    samples
}
