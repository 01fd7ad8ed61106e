//! Two topologies against each other, in one sentence.

use super::figures;
use super::ranking::Row;
use super::summary::{Difference, Summary};
use crate::metrics::{Interval, MetricId, Verdict};

/// How the best topology compares with another.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// The best topology.
    pub topology: String,
    /// The other one.
    pub versus: String,
    /// The first minus the second, and whether the first is better.
    pub difference: Difference,
    /// The sentence.
    pub text: String,
}

/// `first` against `second` in `metric`, if they share a seed.
pub(super) fn compare(summary: &Summary, metric: MetricId, first: &Row, second: &Row) -> Option<Comparison> {
    let difference = summary.difference(first.cell, second.cell, metric)?;
    let text = sentence(&first.topology, &second.topology, metric, difference);
    Some(Comparison { topology: first.topology.clone(), versus: second.topology.clone(), difference, text })
}

fn sentence(first: &str, second: &str, metric: MetricId, difference: Difference) -> String {
    let Interval { mean, half_width, n } = difference.interval;
    let size = figures::interval(metric, Interval { mean: mean.abs(), half_width, n });
    let title = metric.definition().title;
    match (difference.verdict, half_width) {
        (Verdict::Better, _) => format!("{first} beats {second} by {size} ({title}, paired, 95 %)"),
        (Verdict::Worse, _) => format!("{second} beats {first} by {size} ({title}, paired, 95 %)"),
        (Verdict::Inconclusive, _) if is_zero(mean) && half_width.is_none_or(is_zero) => {
            format!("{first} and {second} have the same {title} in every seed")
        }
        (Verdict::Inconclusive, Some(_)) => format!(
            "{first} and {second} cannot be told apart ({title} differs by {size}, paired, 95 %): more seeds would help"
        ),
        (Verdict::Inconclusive, None) => format!("{first} and {second} differ by {size} ({title}, in one seed)"),
    }
}

fn is_zero(value: f64) -> bool {
    value.abs() < f64::MIN_POSITIVE
}
