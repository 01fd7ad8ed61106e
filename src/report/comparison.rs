//! Two topologies against each other, in one sentence.

use super::figures;
use super::ranking::RankedTopology;
use super::summary::{Difference, Summary};
use crate::metrics::{Interval, MetricId, Verdict};

/// How the best topology compares with another.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// The best topology.
    pub topology: String,
    /// The other one.
    pub versus: String,
    /// The first minus the second in the metric that ranks, and whether the first is better.
    pub difference: Difference,
    /// Where that is inconclusive, the same in the next metric that tells the two apart, if any does.
    pub decided_by: Option<Difference>,
    /// The sentence.
    pub text: String,
}

/// `first` against `second` in the first of `metrics`, and in those after it if need be; `None` if they share no seed.
pub(super) fn compare(
    summary: &Summary,
    metrics: &[MetricId],
    first: &RankedTopology,
    second: &RankedTopology,
) -> Option<Comparison> {
    let (&metric, next) = metrics.split_first()?;
    let difference = summary.difference(first.cell, second.cell, metric)?;
    let shown = |difference: &Difference| difference.verdict != Verdict::Inconclusive;
    let tied = !shown(&difference) && difference.interval.ends.is_some();
    let in_metric = |&id: &MetricId| summary.difference(first.cell, second.cell, id).filter(shown);
    let decided_by = if tied { next.iter().find_map(in_metric) } else { None };
    let names = [first.topology.as_str(), second.topology.as_str()];
    let mut text = sentence(names, difference, decided_by);
    let (pairs, seeds) = (difference.interval.n, first.standing.seeds.min(second.standing.seeds));
    if pairs < seeds {
        text += &format!(", over the {} in which both work", figures::counted(pairs, "seed"));
    }
    let [topology, versus] = names.map(str::to_owned);
    Some(Comparison { topology, versus, difference, decided_by, text })
}

fn sentence([first, second]: [&str; 2], difference: Difference, decided_by: Option<Difference>) -> String {
    let Interval { mean, ends, .. } = difference.interval;
    let (size, title) = (size(difference), difference.metric.definition().title);
    match (difference.verdict, ends) {
        (Verdict::Better, _) => format!("{first} beats {second} by {size} ({title}, paired, 95 %)"),
        (Verdict::Worse, _) => format!("{second} beats {first} by {size} ({title}, paired, 95 %)"),
        (Verdict::Inconclusive, None) => format!("{first} and {second} differ by {size} ({title}, in one seed)"),
        (Verdict::Inconclusive, Some(ends)) => {
            let same = is_zero(mean) && is_zero(ends.low) && is_zero(ends.high);
            let tie = match same {
                true => format!("{first} and {second} have the same {title} in every seed"),
                false => format!("{first} and {second} cannot be told apart ({title} differs by {size}, paired, 95 %)"),
            };
            match decided_by {
                Some(next) => format!("{tie}; {}", by_next([first, second], next)),
                None if same => tie,
                None => format!("{tie}: more seeds would help"),
            }
        }
    }
}

fn by_next([first, second]: [&str; 2], difference: Difference) -> String {
    let better = if difference.verdict == Verdict::Better { first } else { second };
    format!("{better} is better by {} ({})", size(difference), difference.metric.definition().title)
}

/// How far apart the two are, whichever is ahead.
fn size(difference: Difference) -> String {
    let interval = difference.interval;
    let away = if interval.mean < 0.0 { interval.negated() } else { interval };
    figures::interval(difference.metric, away)
}

fn is_zero(value: f64) -> bool {
    value.abs() < f64::MIN_POSITIVE
}
