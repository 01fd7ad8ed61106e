//! Whether model and reality put the topologies in the same order.

use super::super::summary::Summary;
use crate::metrics::{MetricId, Verdict};
use crate::scenario::{Cell, Experiment};

/// How well two rankings of one group's topologies agree.
#[derive(Clone, Debug, PartialEq)]
pub struct RankAgreement {
    /// The group of cells.
    pub group: usize,
    /// The metric that ranks.
    pub metric: MetricId,
    /// The topologies, best first: by the model, and in reality.
    pub orders: [Vec<String>; 2],
    /// Kendall's tau over all pairs of topologies (Kendall 1938): 1 is the same order, -1 the
    /// reverse. None with fewer than two.
    pub tau: Option<f64>,
    /// Pairs in which the first is really better, as its paired interval shows, and the model says
    /// it is worse, as its own shows.
    pub contradictions: Vec<(String, String)>,
}

impl RankAgreement {
    /// Whether the model contradicts reality in no pair.
    #[must_use]
    pub const fn holds(&self) -> bool {
        self.contradictions.is_empty()
    }
}

/// The agreement in every group, in the order of the experiment.
pub(super) fn agreements(
    experiment: &Experiment,
    model: &Summary,
    real: &Summary,
    metric: MetricId,
) -> Vec<RankAgreement> {
    let groups = experiment.cells.chunk_by(|a, b| a.group == b.group);
    groups.map(|cells| agreement(cells, model, real, metric)).collect()
}

fn agreement(cells: &[Cell], model: &Summary, real: &Summary, metric: MetricId) -> RankAgreement {
    let both = [model, real];
    let ranked: Vec<&Cell> =
        cells.iter().filter(|cell| both.iter().all(|summary| summary.interval(cell.index, metric).is_some())).collect();
    let pairs = || ranked.iter().enumerate().flat_map(|(place, a)| ranked[place + 1..].iter().map(move |b| (*a, *b)));
    // The sign of a difference: how far `a` is better than `b`.
    let sign = |summary: &Summary, a: &Cell, b: &Cell| {
        summary.difference(a.index, b.index, metric).map_or(0.0, |difference| sign_of(difference.interval.mean))
    };
    let concordance: f64 = pairs().map(|(a, b)| sign(model, a, b) * sign(real, a, b)).sum();
    let count = pairs().count();
    let verdict = |summary: &Summary, a: &Cell, b: &Cell| {
        summary.difference(a.index, b.index, metric).map_or(Verdict::Inconclusive, |difference| difference.verdict)
    };
    let contradiction = |(a, b): (&Cell, &Cell)| match (verdict(real, a, b), verdict(model, a, b)) {
        (Verdict::Better, Verdict::Worse) => Some((a.label.clone(), b.label.clone())),
        (Verdict::Worse, Verdict::Better) => Some((b.label.clone(), a.label.clone())),
        _ => None,
    };
    RankAgreement {
        group: cells[0].group,
        metric,
        orders: both.map(|summary| order(&ranked, summary, metric)),
        tau: (count > 0).then(|| concordance / count as f64),
        contradictions: pairs().filter_map(contradiction).collect(),
    }
}

fn sign_of(value: f64) -> f64 {
    if value.abs() < f64::MIN_POSITIVE { 0.0 } else { value.signum() }
}

// Best first; equals in the order of the experiment.
fn order(cells: &[&Cell], summary: &Summary, metric: MetricId) -> Vec<String> {
    let higher_is_better = metric.definition().better == crate::metrics::Better::Higher;
    let key = |cell: &Cell| {
        let mean = summary.interval(cell.index, metric).map_or(f64::INFINITY, |interval| interval.mean);
        if higher_is_better { -mean } else { mean }
    };
    let mut cells = cells.to_vec();
    cells.sort_by(|a, b| key(a).total_cmp(&key(b)));
    cells.iter().map(|cell| cell.label.clone()).collect()
}
