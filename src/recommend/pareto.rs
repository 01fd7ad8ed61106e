//! Which candidates nobody is better than in everything.

use super::arena::Trial;
use crate::metrics::{Better, MetricId};

/// What is weighed: latency, the busiest peer's uplink and CPU, money, connections, set-up time.
pub(super) const WEIGHED: [MetricId; 6] = [
    MetricId::LatencyP95,
    MetricId::UplinkMax,
    MetricId::CpuMax,
    MetricId::Cost,
    MetricId::ConnectionsMean,
    MetricId::OpenMost,
];
/// What is nearer than this share counts as the same (epsilon-dominance: Laumanns et al., Evolutionary Computation 10, 2002).
const NEAR: f64 = 0.01;

/// Of these candidates, by their places in the only scene of a trial, those that no other dominates.
pub(super) fn not_dominated(trial: &Trial, places: &[usize]) -> Vec<usize> {
    let mut weighed = WEIGHED.to_vec();
    if !weighed.contains(&trial.metric()) {
        weighed.push(trial.metric());
    }
    let value = |place: usize, metric: MetricId| {
        let mean = trial.interval(0, place, metric).map_or(f64::INFINITY, |interval| interval.mean);
        if metric.definition().better == Better::Higher { -mean } else { mean }
    };
    let figures: Vec<Vec<f64>> =
        places.iter().map(|&place| weighed.iter().map(|&metric| value(place, metric)).collect()).collect();
    let is_free = |candidate: &Vec<f64>| !figures.iter().any(|other| dominates(other, candidate));
    places.iter().zip(&figures).filter(|(_, candidate)| is_free(candidate)).map(|(&place, _)| place).collect()
}

// Not worse in anything, and clearly better in something.
fn dominates(one: &[f64], other: &[f64]) -> bool {
    let is_not_worse = one.iter().zip(other).all(|(one, other)| one <= other);
    let is_better = |(one, other): (&f64, &f64)| match other.is_finite() {
        true => *one + NEAR * other.abs() < *other,
        false => one < other,
    };
    is_not_worse && one.iter().zip(other).any(is_better)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_dominates_that_is_clearly_better_in_something_and_worse_in_nothing() {
        assert!(dominates(&[1.0, 2.0], &[1.0, 3.0]));
        assert!(!dominates(&[1.0, 3.0], &[1.0, 3.0]));
        assert!(!dominates(&[1.0, 2.99], &[1.0, 3.0]), "that is the same");
        assert!(!dominates(&[1.1, 2.0], &[1.0, 3.0]), "one is quicker, the other cheaper");
        assert!(dominates(&[1.0], &[f64::INFINITY]) && !dominates(&[f64::INFINITY], &[f64::INFINITY]));
    }
}
