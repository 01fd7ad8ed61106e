//! Which topology serves a population best, by rules that noise does not decide.
//!
//! First come those that meet every expectation in every seed, then those of which that is undecided, then those that
//! fail in some seeds, and last, without a rank, those that fail. Within each of these, a rank goes to a topology that
//! none of the remaining beats in the metric that matters, as their paired differences show; among several of those to
//! one that none of them beats in the metric of the next expectation, and so on, then in p95 latency. Those that none
//! of these metrics tells apart lead together; the means, the best guess there is, order them, then the file. So a
//! topology never stands behind one that it is shown to beat in the first metric, though "cannot be told apart" is not
//! transitive.

use std::cmp::Ordering;

use super::judgement::{Failure, FailureKind, Judgement, Outcome};
use super::standing::Standing;
use super::summary::Summary;
use crate::metrics::{Better, MetricId, Verdict};
use crate::scenario::{AxisValue, Cell, Experiment};
use crate::sweep::Results;

/// The topologies of one group, the best first.
#[derive(Clone, Debug)]
pub struct Ranking {
    /// How many peers.
    pub peers: u32,
    /// The values on the axes other than `peers`.
    pub axes: Vec<AxisValue>,
    /// The topologies: those with a rank, then those without.
    pub rows: Vec<RankedTopology>,
}

/// One topology in a ranking.
#[derive(Clone, Debug)]
pub struct RankedTopology {
    /// The index of its cell.
    pub cell: usize,
    /// Its label.
    pub topology: String,
    /// Its rank from 1; `None` if it fails.
    pub rank: Option<usize>,
    /// Whether it cannot be told apart from the first, by any metric that ranks; so the first itself.
    pub leads: bool,
    /// Why it has no rank.
    pub failures: Vec<Failure>,
    /// Why it has its rank with reservation.
    pub reservations: Vec<Failure>,
    /// How many of its replications finished, and how many of them failed.
    pub standing: Standing,
}

impl Ranking {
    /// The ranking of these cells, which belong to one group.
    pub(super) fn new(results: &Results<'_>, summary: &Summary, cells: &[&Cell], metrics: &[MetricId]) -> Self {
        let metric = metrics.first().copied().unwrap_or(MetricId::LatencyP95);
        let row = |cell: &&Cell| {
            let runs = &results.cells[cell.index];
            let Judgement { failures, reservations } =
                Judgement::of(results.experiment, runs, summary, cell.index, metric);
            let (topology, standing) = (cell.label.clone(), summary.standing(cell.index));
            RankedTopology { cell: cell.index, topology, rank: None, leads: false, failures, reservations, standing }
        };
        let mut tiers: Vec<(Tier, Vec<RankedTopology>)> = Vec::new();
        for row in cells.iter().map(row) {
            match tiers.iter_mut().find(|(tier, _)| *tier == row.tier()) {
                Some((_, rows)) => rows.push(row),
                None => tiers.push((row.tier(), vec![row])),
            }
        }
        tiers.sort_by_key(|(tier, _)| *tier);
        let mut rows: Vec<RankedTopology> =
            tiers.into_iter().flat_map(|(_, rows)| ordered(rows, summary, metrics)).collect();
        let ranked = rows.iter_mut().take_while(|row| row.failures.is_empty());
        ranked.zip(1..).for_each(|(row, rank)| row.rank = Some(rank));
        let peers = cells.first().map_or(0, |cell| cell.settings.population.peers.get());
        let axes = cells.first().map(|cell| super::axes::other_axes(cell)).unwrap_or_default();
        Self { peers, axes, rows }
    }

    /// The topology of rank 1.
    #[must_use]
    pub fn winner(&self) -> Option<&RankedTopology> {
        self.rows.first().filter(|row| row.rank.is_some())
    }

    /// What becomes of the expectations: that of the topology that does best.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        self.winner().map_or(Outcome::Missed, RankedTopology::outcome)
    }

    /// The topologies with a rank, the best first.
    pub fn ranked(&self) -> impl Iterator<Item = &RankedTopology> {
        self.rows.iter().filter(|row| row.rank.is_some())
    }

    /// The first topology and those that cannot be told apart from it.
    pub fn leaders(&self) -> impl Iterator<Item = &RankedTopology> {
        self.ranked().filter(move |row| row.leads && self.rows.first().is_some_and(|first| first.tier() == row.tier()))
    }

    /// Whether any replication finished.
    #[must_use]
    pub fn has_runs(&self) -> bool {
        self.rows.iter().any(|row| row.standing.seeds > 0)
    }
}

/// How far down a row belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Tier {
    Met,
    Undecided,
    FailsInSomeSeeds,
    Missed,
    Infeasible,
    NoData,
}

impl RankedTopology {
    /// What becomes of the expectations with this topology.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        match self.tier() {
            Tier::Met => Outcome::Met,
            Tier::Undecided | Tier::FailsInSomeSeeds => Outcome::Undecided,
            Tier::Missed | Tier::Infeasible | Tier::NoData => Outcome::Missed,
        }
    }

    /// Whether it works in every seed and meets all expectations, as far as they go.
    pub(super) fn works(&self) -> bool {
        self.tier() == Tier::Met
    }

    fn tier(&self) -> Tier {
        let of_failure = |failure: &Failure| match failure.kind {
            FailureKind::Expectation(_) => Tier::Missed,
            FailureKind::Infeasible(_) => Tier::Infeasible,
            FailureKind::NoData => Tier::NoData,
        };
        let of_reservation = |reservation: &Failure| match reservation.kind {
            FailureKind::Infeasible(_) => Tier::FailsInSomeSeeds,
            FailureKind::Expectation(_) | FailureKind::NoData => Tier::Undecided,
        };
        let failed = self.failures.iter().map(of_failure).max();
        failed.or_else(|| self.reservations.iter().map(of_reservation).max()).unwrap_or(Tier::Met)
    }
}

/// The metrics that rank the topologies, the first before the others: those of the expectations in their order, then
/// p95 latency. Where nobody publishes and a content spreads, how long that takes stands for latency.
pub(super) fn ranking_metrics(experiment: &Experiment) -> Vec<MetricId> {
    let cells = || experiment.cells.iter();
    let only_spreads = cells().all(|cell| {
        cell.settings.workloads.iter().all(|workload| workload.pieces().is_some() && workload.limits().sizes.is_empty())
    }) && cells().any(|cell| !cell.settings.workloads.is_empty());
    let usual = if only_spreads { MetricId::DistributionP95 } else { MetricId::LatencyP95 };
    let mut metrics: Vec<MetricId> = Vec::new();
    for metric in experiment.expectations.iter().map(|expectation| expectation.metric).chain([usual]) {
        if !metrics.contains(&metric) {
            metrics.push(metric);
        }
    }
    metrics
}

/// The rows of one tier, given in the order of the file, the best first.
fn ordered(mut rows: Vec<RankedTopology>, summary: &Summary, metrics: &[MetricId]) -> Vec<RankedTopology> {
    let mut ordered: Vec<RankedTopology> = Vec::with_capacity(rows.len());
    while !rows.is_empty() {
        let mut leaders = leaders(&rows, summary, metrics);
        // The sort is stable: equals stay in the order of the file.
        leaders.sort_by(|&a, &b| by_means(summary, metrics, rows[a].cell, rows[b].cell));
        if ordered.is_empty() {
            leaders.iter().for_each(|&place| rows[place].leads = true);
        }
        ordered.push(rows.remove(leaders[0]));
    }
    ordered
}

/// The places of those that none of the others beats, by one metric after another; never empty.
fn leaders(rows: &[RankedTopology], summary: &Summary, metrics: &[MetricId]) -> Vec<usize> {
    let mut places: Vec<usize> = (0..rows.len()).collect();
    for &metric in metrics {
        let beaten = |place: usize| {
            places.iter().any(|&other| other != place && beats(summary, metric, rows[other].cell, rows[place].cell))
        };
        let unbeaten: Vec<usize> = places.iter().copied().filter(|&place| !beaten(place)).collect();
        // Pairs that share different seeds could beat each other in a circle.
        if !unbeaten.is_empty() {
            places = unbeaten;
        }
    }
    places
}

/// The order of two cells by their means, in one metric after another.
fn by_means(summary: &Summary, metrics: &[MetricId], a: usize, b: usize) -> Ordering {
    let by = |id: &MetricId| match [a, b].map(|cell| summary.interval(cell, *id).map(|interval| interval.mean)) {
        [Some(a), Some(b)] if id.definition().better == Better::Higher => b.total_cmp(&a),
        [Some(a), Some(b)] => a.total_cmp(&b),
        [a, b] => b.is_some().cmp(&a.is_some()),
    };
    metrics.iter().map(by).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
}

/// Whether one cell is shown to be better than another of its group in a metric. Without an interval nothing can be
/// shown: the means decide, and a warning says so.
fn beats(summary: &Summary, metric: MetricId, cell: usize, versus: usize) -> bool {
    match summary.difference(cell, versus, metric) {
        Some(difference) if difference.interval.ends.is_some() => difference.verdict == Verdict::Better,
        Some(difference) => match metric.definition().better {
            Better::Lower => difference.interval.mean < 0.0,
            Better::Higher => difference.interval.mean > 0.0,
            Better::Neither => false,
        },
        None => summary.interval(cell, metric).is_some() && summary.interval(versus, metric).is_none(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::answer::{Answer, answer};
    use super::super::fixture::Study;
    use super::*;
    use crate::scenario::Bound;

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
        assert_eq!(answer_to(&study).outcome(), Outcome::Met, "nothing was expected");
    }

    #[test]
    fn the_first_expectation_ranks_and_latency_breaks_ties() {
        let study = Study::new()
            .expect(MetricId::Delivered, Bound::AtLeast(99.0))
            .cell(20, "misses", P95, &[1.0, 1.0])
            .also("misses", MetricId::Delivered, &[98.0, 98.1])
            .cell(20, "whole but slow", P95, &[30.0, 31.0])
            .also("whole but slow", MetricId::Delivered, &[100.0, 100.0])
            .cell(20, "whole and fast", P95, &[10.0, 11.0])
            .also("whole and fast", MetricId::Delivered, &[100.0, 100.0])
            .cell(20, "nearly whole", P95, &[5.0, 5.0])
            .also("nearly whole", MetricId::Delivered, &[99.5, 99.51]);
        assert_eq!(
            order(&study),
            [row("whole and fast", 1), row("whole but slow", 2), row("nearly whole", 3), row("misses", None)]
        );
        let answer = answer_to(&study);
        assert_eq!(answer.outcome(), Outcome::Met);
        assert_eq!(
            answer.decisions[0].ranking.rows[3].failures[0].text,
            "expected delivered at least 99 %, is 98.0 % (97.3 to 98.6)"
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
        assert_eq!(answer_to(&study).outcome(), Outcome::Missed);
        assert_eq!(answer_to(&study).decisions[0].still_works.get("star"), Some(&20));
    }

    #[test]
    fn what_cannot_be_told_apart_is_ranked_by_the_next_expectation() {
        let noisy = |first: f64| [first, first + 30.0, first - 20.0, first + 5.0];
        let study = Study::new()
            .expect(P95, Bound::AtMost(400.0))
            .expect(MetricId::Delivered, Bound::AtLeast(90.0))
            .cell(20, "larger mean", P95, &noisy(100.0))
            .also("larger mean", MetricId::Delivered, &[98.0, 98.1, 98.0, 98.2])
            .cell(20, "whole", P95, &[102.0, 99.0, 104.0, 103.0])
            .also("whole", MetricId::Delivered, &[99.8, 99.9, 99.8, 99.9])
            .cell(20, "smallest mean", P95, &[104.0, 96.0, 99.0, 95.0])
            .also("smallest mean", MetricId::Delivered, &[98.1, 98.0, 98.2, 98.0])
            .cell(20, "slow", P95, &[300.0, 301.0, 302.0, 300.0])
            .also("slow", MetricId::Delivered, &[100.0, 100.0, 100.0, 100.0]);
        assert_eq!(order(&study), [row("whole", 1), row("smallest mean", 2), row("larger mean", 3), row("slow", 4)]);
        let answer = answer_to(&study);
        let leaders: Vec<&str> = answer.decisions[0].ranking.leaders().map(|row| row.topology.as_str()).collect();
        assert_eq!(leaders, ["whole"]);
    }

    #[test]
    fn nobody_stands_behind_one_that_it_is_shown_to_beat() {
        // The first cannot be told apart from either, the second beats the third: by 2 in each seed.
        let study = Study::new()
            .cell(20, "third", P95, &[104.0, 103.0, 102.5, 103.5])
            .cell(20, "second", P95, &[102.0, 101.1, 100.4, 101.5])
            .cell(20, "smallest mean", P95, &[90.0, 120.0, 80.0, 110.0]);
        assert_eq!(order(&study), [row("smallest mean", 1), row("second", 2), row("third", 3)]);
        // The next metric puts the third before the first of them, not before the second, whatever it says of the two.
        let third = study
            .expect(P95, Bound::AtMost(400.0))
            .expect(MetricId::Cost, Bound::AtMost(10.0))
            .also("third", MetricId::Cost, &[1.0, 1.1, 1.0, 1.1])
            .also("second", MetricId::Cost, &[2.0, 2.1, 2.0, 2.2])
            .also("smallest mean", MetricId::Cost, &[3.0, 3.1, 3.2, 3.0]);
        assert_eq!(order(&third), [row("second", 1), row("third", 2), row("smallest mean", 3)]);
    }

    #[test]
    fn every_topology_has_one_rank_and_order_is_that_of_conclusive_differences() {
        // Made-up figures of many sizes and spreads; a linear congruence draws them.
        let mut state = 17_u64;
        let mut draw = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 40) as f64 / f64::from(1_u32 << 24)
        };
        const NAMES: [&str; 8] = ["a", "b", "c", "d", "e", "f", "g", "h"];
        for _ in 0..40 {
            let mut study = Study::new().expect(MetricId::Delivered, Bound::AtLeast(0.0));
            for name in NAMES {
                let (base, spread) = (95.0 + 4.0 * draw(), draw());
                let delivered: Vec<f64> = (0..5).map(|_| base + spread * draw()).collect();
                let latency: Vec<f64> = (0..5).map(|_| 100.0 + 30.0 * draw()).collect();
                study = study.cell(20, name, MetricId::Delivered, &delivered).also(name, P95, &latency);
            }
            let answer = answer_to(&study);
            let rows = &answer.decisions[0].ranking.rows;
            let mut names: Vec<&str> = rows.iter().map(|row| row.topology.as_str()).collect();
            for (place, first) in rows.iter().enumerate() {
                assert_eq!(first.rank, Some(place + 1));
                let beaten = rows[place + 1..]
                    .iter()
                    .any(|second| beats(&answer.summary, MetricId::Delivered, second.cell, first.cell));
                assert!(!beaten, "{} stands before one that beats it", first.topology);
            }
            names.sort_unstable();
            assert_eq!(names, NAMES);
        }
    }
}
