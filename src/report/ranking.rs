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
    Expectation,
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
            FailureKind::Expectation => 1,
            FailureKind::Infeasible(_) => 2,
            FailureKind::NoData => 3,
        };
        self.failures.iter().map(of_failure).max().unwrap_or(0)
    }
}

/// The metric that ranks the topologies: that of the first expectation, or p95 latency.
pub(super) fn ranking_metric(experiment: &Experiment) -> MetricId {
    experiment.expectations.first().map_or(MetricId::LatencyP95, |expectation| expectation.metric)
}

/// An expectation in words: `p95 latency at most 400 ms`.
pub(super) fn expectation_text(expectation: &Expectation) -> String {
    let (word, bound) = match expectation.bound {
        Bound::AtMost(bound) => ("at most", bound),
        Bound::AtLeast(bound) => ("at least", bound),
    };
    let metric = expectation.metric;
    format!("{} {word} {}", metric.definition().title, figures::value(metric, bound))
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

/// The first finding of each kind, with how many seeds have one of that kind.
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
        let text = match (seeds, all) {
            (_, 1) => finding.text.clone(),
            (seeds, all) if seeds == all => format!("{} (and so in all {all} seeds)", finding.text),
            (1, _) => format!("{} (in 1 of {all} seeds)", finding.text),
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
    Some(Failure { kind: FailureKind::Expectation, text })
}
