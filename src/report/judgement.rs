//! Whether a topology does what the scenario expects: met, missed or undecided.
//!
//! An expectation is met if the whole interval of the figure keeps the bound, missed if none of it does, and undecided
//! if the bound lies within. A topology that fails in some seeds, at most half, is undecided: what it is to do for one
//! who deploys it once is left to chance. One that fails in most does not work.

use serde::Serialize;

use super::figures;
use super::standing::Standing;
use super::summary::Summary;
use crate::metrics::{Interval, MetricId};
use crate::scenario::{Bound, Expectation, Experiment};
use crate::sweep::CellRuns;

/// What becomes of what is expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// All of it is met, in every seed and by the whole of each interval.
    Met,
    /// More seeds would tell, or some seeds fail and others work.
    Undecided,
    /// Some of it is missed, or the topology does not work.
    Missed,
}

impl Outcome {
    /// The word for it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Met => "met",
            Self::Undecided => "undecided",
            Self::Missed => "missed",
        }
    }
}

/// Why a topology is not simply ranked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// How it fails, or may fail.
    pub kind: FailureKind,
    /// The reason with its figures.
    pub text: String,
}

/// How a topology fails, or may fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// A metric misses what the scenario expects, or its interval holds the bound.
    Expectation(MetricId),
    /// Replications found that it cannot work, by the kind of the finding.
    Infeasible(&'static str),
    /// There is nothing to rank it by.
    NoData,
}

impl FailureKind {
    /// In a word or two: the kind of the finding, or the title of the metric.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Infeasible(kind) => kind,
            Self::Expectation(metric) => metric.definition().title,
            Self::NoData => "no data",
        }
    }
}

/// What a cell comes to.
#[derive(Clone, Debug, Default)]
pub(super) struct Judgement {
    /// Why it has no rank.
    pub(super) failures: Vec<Failure>,
    /// Why its rank is given with reservation.
    pub(super) reservations: Vec<Failure>,
}

impl Judgement {
    /// The judgement of a cell that is ranked by `metric`.
    pub(super) fn of(
        experiment: &Experiment,
        runs: &CellRuns,
        summary: &Summary,
        cell: usize,
        metric: MetricId,
    ) -> Self {
        if runs.runs.is_empty() {
            return Self::no_data("no replication finished".to_owned());
        }
        let mut judgement = Self::default();
        let standing = summary.standing(cell);
        let into = if standing.fails_in_most() { &mut judgement.failures } else { &mut judgement.reservations };
        into.extend(findings(runs, standing));
        for expectation in &experiment.expectations {
            let interval = summary.interval(cell, expectation.metric);
            let (into, text) = match (outcome(expectation, interval), interval) {
                (Outcome::Met, _) => continue,
                (Outcome::Undecided, _) => (&mut judgement.reservations, undecided_text(expectation, interval)),
                (Outcome::Missed, _) => (&mut judgement.failures, missed_text(expectation, interval)),
            };
            into.push(Failure { kind: FailureKind::Expectation(expectation.metric), text });
        }
        if judgement.failures.is_empty() && summary.interval(cell, metric).is_none() {
            return Self::no_data(format!("no replication has a {}", metric.definition().title));
        }
        judgement
    }

    fn no_data(text: String) -> Self {
        Self { failures: vec![Failure { kind: FailureKind::NoData, text }], reservations: Vec::new() }
    }
}

/// An expectation in words: `p95 latency at most 400 ms`.
pub(crate) fn expectation_text(expectation: &Expectation) -> String {
    let (word, bound) = match expectation.bound {
        Bound::AtMost(bound) => ("at most", bound),
        Bound::AtLeast(bound) => ("at least", bound),
    };
    let metric = expectation.metric;
    format!("{} {word} {}", metric.definition().title, figures::exact(metric, bound))
}

/// Without an interval, with one seed, the value decides.
fn outcome(expectation: &Expectation, interval: Option<Interval>) -> Outcome {
    let Some(interval) = interval else { return Outcome::Missed };
    let (low, high) = interval.ends.map_or((interval.mean, interval.mean), |ends| (ends.low, ends.high));
    match (expectation.bound.holds(low), expectation.bound.holds(high)) {
        (true, true) => Outcome::Met,
        (false, false) => Outcome::Missed,
        _ => Outcome::Undecided,
    }
}

fn missed_text(expectation: &Expectation, interval: Option<Interval>) -> String {
    let (metric, wanted) = (expectation.metric, expectation_text(expectation));
    match interval {
        None => format!("no replication has a {}, expected {wanted}", metric.definition().title),
        Some(interval) => format!("expected {wanted}, is {}", figures::interval(metric, interval)),
    }
}

fn undecided_text(expectation: &Expectation, interval: Option<Interval>) -> String {
    let figure = interval.map_or_else(String::new, |interval| figures::interval(expectation.metric, interval));
    format!("undecided: expected {}, is {figure}; more seeds would tell", expectation_text(expectation))
}

/// The first finding of each kind, those of most seeds first, with how many seeds have it; before the first stands in
/// how many any has, and what that says of the probability.
fn findings(runs: &CellRuns, standing: Standing) -> Vec<Failure> {
    let mut kinds: Vec<(&'static str, &str, usize)> = Vec::new();
    for finding in runs.runs.iter().flat_map(|run| &run.findings) {
        if kinds.iter().all(|(kind, ..)| *kind != finding.kind) {
            let has_kind = |run: &&crate::sweep::Replication| run.findings.iter().any(|f| f.kind == finding.kind);
            kinds.push((finding.kind, &finding.text, runs.runs.iter().filter(has_kind).count()));
        }
    }
    kinds.sort_by_key(|&(_, _, seeds)| std::cmp::Reverse(seeds));
    let all = standing.seeds;
    let text = |(place, &(_, text, seeds)): (usize, &(&str, &str, usize))| match (place, seeds) {
        _ if all == 1 => text.to_owned(),
        (0, _) if standing.is_mixed() => format!("{}: {text}", in_some_seeds(standing)),
        (_, seeds) if seeds == all => format!("{text} (and so in all {all} seeds)"),
        _ => format!("{text} (in {seeds} of {all} seeds)"),
    };
    let failure = |(place, kind): (usize, &(&'static str, &str, usize))| Failure {
        kind: FailureKind::Infeasible(kind.0),
        text: text((place, kind)),
    };
    kinds.iter().enumerate().map(failure).collect()
}

/// `fails in 2 of 5 seeds (40 %, 95 % interval 12 to 77 %)`.
fn in_some_seeds(standing: Standing) -> String {
    let Standing { failing, seeds } = standing;
    let share = standing.failing_percent().and_then(|share| Some((share.mean, share.ends?)));
    let share = share.map_or_else(String::new, |(mean, ends)| {
        format!(" ({mean:.0} %, 95 % interval {:.0} to {:.0} %)", ends.low, ends.high)
    });
    format!("fails in {failing} of {seeds} seeds{share}")
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

    fn outcomes(study: &Study) -> Vec<(String, Outcome)> {
        let answer = answer_to(study);
        answer.decisions[0].ranking.rows.iter().map(|row| (row.topology.clone(), row.outcome())).collect()
    }

    #[test]
    fn the_interval_decides_over_an_expectation() {
        let study = Study::new()
            .expect(P95, Bound::AtMost(400.0))
            .cell(20, "certain", P95, &[380.0, 385.0, 382.0])
            .cell(20, "near", P95, &[390.0, 395.0, 405.0])
            .cell(20, "beyond", P95, &[420.0, 425.0, 424.0]);
        let row = |name: &str, outcome| (name.to_owned(), outcome);
        assert_eq!(
            outcomes(&study),
            [row("certain", Outcome::Met), row("near", Outcome::Undecided), row("beyond", Outcome::Missed)]
        );
        let answer = answer_to(&study);
        assert_eq!(answer.outcome(), Outcome::Met, "one topology is enough");
        let rows = &answer.decisions[0].ranking.rows;
        assert_eq!(
            rows[1].reservations[0].text,
            "undecided: expected p95 latency at most 400 ms, is 397 ms ± 19; more seeds would tell"
        );
        assert_eq!((rows[1].rank, rows[2].rank), (Some(2), None));
        let near_alone = Study::new().expect(P95, Bound::AtMost(400.0)).cell(20, "near", P95, &[390.0, 395.0, 405.0]);
        assert_eq!(answer_to(&near_alone).outcome(), Outcome::Undecided);
        assert_eq!(answer_to(&near_alone.expect(P95, Bound::AtMost(300.0))).outcome(), Outcome::Missed);
    }

    #[test]
    fn with_one_seed_its_value_decides() {
        let study = Study::new().expect(P95, Bound::AtMost(400.0)).cell(20, "star", P95, &[399.0]);
        assert_eq!(answer_to(&study).outcome(), Outcome::Met);
    }

    #[test]
    fn a_topology_that_fails_in_some_seeds_stands_between() {
        let study = Study::new()
            .expect(P95, Bound::AtMost(400.0))
            .cell(20, "mesh", P95, &[100.0, 9000.0, 101.0, 9000.0, 102.0])
            .finding(1, "uplink", "peer 13 (phone) needs 9 Mbit/s up and has 5 Mbit/s")
            .finding(3, "uplink", "peer 2 (phone) needs 9 Mbit/s up and has 5 Mbit/s")
            .finding(3, "cpu", "peer 2 (phone) needs 120 % of its CPU")
            .cell(20, "star", P95, &[300.0, 301.0, 302.0, 303.0, 304.0])
            .cell(20, "tree", P95, &[50.0, 9000.0, 9001.0, 9000.0, 51.0])
            .finding(1, "uplink", "full")
            .finding(2, "uplink", "full")
            .finding(3, "uplink", "full");
        let row = |name: &str, outcome| (name.to_owned(), outcome);
        assert_eq!(
            outcomes(&study),
            [row("star", Outcome::Met), row("mesh", Outcome::Undecided), row("tree", Outcome::Missed)]
        );
        let answer = answer_to(&study);
        let rows = &answer.decisions[0].ranking.rows;
        let texts: Vec<&str> = rows[1].reservations.iter().map(|reservation| reservation.text.as_str()).collect();
        assert_eq!(
            texts,
            [
                "fails in 2 of 5 seeds (40 %, 95 % interval 12 to 77 %): peer 13 (phone) needs 9 Mbit/s up and has 5 \
                 Mbit/s",
                "peer 2 (phone) needs 120 % of its CPU (in 1 of 5 seeds)"
            ]
        );
        assert_eq!(rows[2].failures[0].text, "fails in 3 of 5 seeds (60 %, 95 % interval 23 to 88 %): full");
        // Its figure is one that seeds have: that of those that work.
        let figure = answer.summary.interval(rows[1].cell, P95).expect("three seeds");
        assert!((figure.mean - 101.0).abs() < 1e-9);
    }
}
