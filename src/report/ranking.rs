//! Which topology serves a population best: those that keep every bound in order of the metric
//! that matters, the others below with what they fail.

use std::cmp::Ordering;

use super::figures;
use super::summary::Summary;
use crate::metrics::{Better, MetricId};
use crate::scenario::{AxisValue, Bound, Cell, Expectation, Experiment};
use crate::sweep::{CellRuns, Results};

/// The topologies of one group, the best first.
#[derive(Clone, Debug)]
pub struct Ranking {
    /// How many peers.
    pub peers: u32,
    /// The values on the axes other than `peers`.
    pub axes: Vec<AxisValue>,
    /// The topologies: those with a rank, then those without.
    pub rows: Vec<Row>,
}

/// One topology in a ranking.
#[derive(Clone, Debug)]
pub struct Row {
    /// The index of its cell.
    pub cell: usize,
    /// Its label.
    pub topology: String,
    /// Its rank from 1; `None` if it fails.
    pub rank: Option<usize>,
    /// Why it has no rank.
    pub failures: Vec<Failure>,
    /// How many of its replications finished.
    pub runs: usize,
}

/// Why a topology is not ranked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// How it fails.
    pub kind: FailureKind,
    /// The reason with its figures.
    pub text: String,
}

/// How a topology fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// The mean of a metric misses what the scenario expects.
    Expectation(MetricId),
    /// A replication found that it cannot work, by the kind of the finding.
    Infeasible(&'static str),
    /// There is nothing to rank it by.
    NoData,
}

impl Ranking {
    /// The ranking of these cells, which belong to one group.
    pub(super) fn new(results: &Results<'_>, summary: &Summary, cells: &[&Cell], metric: MetricId) -> Self {
        let experiment = results.experiment;
        let mut rows: Vec<Row> = cells
            .iter()
            .map(|cell| Row {
                cell: cell.index,
                topology: cell.label.clone(),
                rank: None,
                failures: failures(experiment, &results.cells[cell.index], summary, cell.index, metric),
                runs: results.cells[cell.index].runs.len(),
            })
            .collect();
        // The sort is stable: equals stay in the order of the file.
        rows.sort_by(|a, b| a.tier().cmp(&b.tier()).then_with(|| by_mean(summary, metric, a.cell, b.cell)));
        let ranked = rows.iter_mut().take_while(|row| row.failures.is_empty());
        ranked.zip(1..).for_each(|(row, rank)| row.rank = Some(rank));
        let peers = cells.first().map_or(0, |cell| cell.settings.population.peers.get());
        let axes = cells.first().map(|cell| super::axes::other_axes(cell)).unwrap_or_default();
        Self { peers, axes, rows }
    }

    /// The topology of rank 1.
    #[must_use]
    pub fn winner(&self) -> Option<&Row> {
        self.rows.first().filter(|row| row.rank.is_some())
    }

    /// The topologies with a rank, the best first.
    pub fn ranked(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(|row| row.rank.is_some())
    }

    /// Whether any replication finished.
    #[must_use]
    pub fn has_runs(&self) -> bool {
        self.rows.iter().any(|row| row.runs > 0)
    }
}

impl Row {
    /// How far down the row belongs: 0 with a rank, more the worse it fails.
    fn tier(&self) -> u8 {
        let of_failure = |failure: &Failure| match failure.kind {
            FailureKind::Expectation(_) => 1,
            FailureKind::Infeasible(_) => 2,
            FailureKind::NoData => 3,
        };
        self.failures.iter().map(of_failure).max().unwrap_or(0)
    }
}

/// The metric that ranks the topologies: that of the first expectation, or p95 latency; where nobody
/// publishes and a content spreads, how long that takes.
pub(super) fn ranking_metric(experiment: &Experiment) -> MetricId {
    let cells = || experiment.cells.iter();
    let only_spreads = cells().all(|cell| {
        cell.settings
            .workloads
            .iter()
            .all(|workload| workload.pieces().is_some() && workload.message_sizes().is_empty())
    }) && cells().any(|cell| !cell.settings.workloads.is_empty());
    let usual = if only_spreads { MetricId::DistributionP95 } else { MetricId::LatencyP95 };
    experiment.expectations.first().map_or(usual, |expectation| expectation.metric)
}

/// An expectation in words: `p95 latency at most 400 ms`.
pub(super) fn expectation_text(expectation: &Expectation) -> String {
    let (word, bound) = match expectation.bound {
        Bound::AtMost(bound) => ("at most", bound),
        Bound::AtLeast(bound) => ("at least", bound),
    };
    let metric = expectation.metric;
    format!("{} {word} {}", metric.definition().title, figures::exact(metric, bound))
}

/// The order of two cells by their means, ties by p95 latency.
fn by_mean(summary: &Summary, metric: MetricId, a: usize, b: usize) -> Ordering {
    let by = |id: MetricId| match [a, b].map(|cell| summary.interval(cell, id).map(|interval| interval.mean)) {
        [Some(a), Some(b)] if id.definition().better == Better::Higher => b.total_cmp(&a),
        [Some(a), Some(b)] => a.total_cmp(&b),
        [a, b] => b.is_some().cmp(&a.is_some()),
    };
    by(metric).then_with(|| by(MetricId::LatencyP95))
}

fn failures(
    experiment: &Experiment,
    runs: &CellRuns,
    summary: &Summary,
    cell: usize,
    metric: MetricId,
) -> Vec<Failure> {
    if runs.runs.is_empty() {
        return vec![Failure { kind: FailureKind::NoData, text: "no replication finished".to_owned() }];
    }
    let mut failures = findings(runs);
    failures.extend(experiment.expectations.iter().filter_map(|expectation| missed(expectation, summary, cell)));
    if failures.is_empty() && summary.interval(cell, metric).is_none() {
        let text = format!("no replication has a {}", metric.definition().title);
        failures.push(Failure { kind: FailureKind::NoData, text });
    }
    failures
}

/// The first finding of each kind that most seeds have, with how many have it. What only the chances
/// of a few seeds bring about is not a property of the topology; [`super::answer()`] warns of it.
fn findings(runs: &CellRuns) -> Vec<Failure> {
    let mut kinds: Vec<&'static str> = Vec::new();
    let mut failures = Vec::new();
    for finding in runs.runs.iter().flat_map(|run| &run.record.findings) {
        if kinds.contains(&finding.kind) {
            continue;
        }
        kinds.push(finding.kind);
        let has_kind = |run: &&crate::sweep::Replication| run.record.findings.iter().any(|f| f.kind == finding.kind);
        let (seeds, all) = (runs.runs.iter().filter(has_kind).count(), runs.runs.len());
        if 2 * seeds <= all {
            continue;
        }
        let text = match (seeds, all) {
            (_, 1) => finding.text.clone(),
            (seeds, all) if seeds == all => format!("{} (and so in all {all} seeds)", finding.text),
            _ => format!("{} (and so in {seeds} of {all} seeds)", finding.text),
        };
        failures.push(Failure { kind: FailureKind::Infeasible(finding.kind), text });
    }
    failures
}

fn missed(expectation: &Expectation, summary: &Summary, cell: usize) -> Option<Failure> {
    let metric = expectation.metric;
    let wanted = expectation_text(expectation);
    let text = match summary.interval(cell, metric) {
        None => format!("no replication has a {}, expected {wanted}", metric.definition().title),
        Some(interval) if expectation.bound.holds(interval.mean) => return None,
        Some(interval) => format!("expected {wanted}, is {}", figures::interval(metric, interval)),
    };
    Some(Failure { kind: FailureKind::Expectation(metric), text })
}

#[cfg(test)]
mod tests {
    use super::super::answer::{Answer, answer};
    use super::super::fixture::Study;
    use super::*;

    const P95: MetricId = MetricId::LatencyP95;

    fn answer_to(study: &Study) -> Answer {
        answer(&study.results(&study.experiment()))
    }

    fn order(study: &Study) -> Vec<(String, Option<usize>)> {
        answer_to(study).decisions[0].ranking.rows.iter().map(|row| (row.topology.clone(), row.rank)).collect()
    }

    fn row(label: &str, rank: impl Into<Option<usize>>) -> (String, Option<usize>) {
        (label.to_owned(), rank.into())
    }

    #[test]
    fn without_expectations_p95_latency_ranks() {
        let study = Study::new()
            .cell(20, "slow", P95, &[30.0, 31.0])
            .cell(20, "fast", P95, &[10.0, 11.0])
            .cell(20, "fastest, but broken", P95, &[1.0, 2.0])
            .finding(0, "unreachable", "peer 3 (office) cannot be reached by 19 of 19 peers")
            .finding(1, "unreachable", "peer 3 (office) cannot be reached by 19 of 19 peers")
            .cell(20, "never ran", P95, &[]);
        assert_eq!(
            order(&study),
            [row("fast", 1), row("slow", 2), row("fastest, but broken", None), row("never ran", None)]
        );
        assert!(answer_to(&study).expectations_met(), "nothing was expected");
    }

    #[test]
    fn the_first_expectation_ranks_and_latency_breaks_ties() {
        let study = Study::new()
            .expect(MetricId::Delivered, Bound::AtLeast(99.0))
            .cell(20, "misses", P95, &[1.0, 1.0])
            .also("misses", MetricId::Delivered, &[98.0, 99.0])
            .cell(20, "whole but slow", P95, &[30.0, 31.0])
            .also("whole but slow", MetricId::Delivered, &[100.0, 100.0])
            .cell(20, "whole and fast", P95, &[10.0, 11.0])
            .also("whole and fast", MetricId::Delivered, &[100.0, 100.0])
            .cell(20, "nearly whole", P95, &[5.0, 5.0])
            .also("nearly whole", MetricId::Delivered, &[99.5, 99.6]);
        assert_eq!(
            order(&study),
            [row("whole and fast", 1), row("whole but slow", 2), row("nearly whole", 3), row("misses", None)]
        );
        let answer = answer_to(&study);
        assert!(answer.expectations_met());
        assert_eq!(
            answer.decisions[0].ranking.rows[3].failures[0].text,
            "expected delivered at least 99 %, is 98.5 % ± 6.4"
        );
    }

    #[test]
    fn expectations_count_where_the_decision_is_taken() {
        let study = Study::new().expect(P95, Bound::AtMost(400.0)).cell(20, "star", P95, &[50.0, 51.0]).cell(
            1000,
            "star",
            P95,
            &[500.0, 501.0],
        );
        assert!(!answer_to(&study).expectations_met());
        assert_eq!(answer_to(&study).decisions[0].still_works.get("star"), Some(&20));
    }

    #[test]
    fn a_bound_within_the_interval_is_warned_of() {
        let study = Study::new().expect(P95, Bound::AtMost(400.0)).cell(20, "star", P95, &[390.0, 395.0, 405.0]);
        insta::assert_snapshot!(
            answer_to(&study).warnings.join("\n"),
            @"star is too close to call: 397 ms ± 19, expected p95 latency at most 400 ms; more seeds would tell"
        );
    }
}
