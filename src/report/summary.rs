//! What the replications of a cell come to, and what the difference between two topologies is.
//!
//! A cell has a mean and an interval per metric, over the seeds in which the topology works (see
//! [`super::standing`]). Two topologies of a group met the same population and the same chances seed by
//! seed, so they are compared by the differences within the seeds that both have, which vary far less
//! than either does from seed to seed.

use std::collections::BTreeMap;

use super::standing::{self, Standing};
use crate::metrics::{Interval, MetricId, Verdict};
use crate::sweep::{CellRuns, Replication, Results};

/// Means and differences of all cells.
#[derive(Clone, Debug)]
pub struct Summary {
    standings: Vec<Standing>,
    cells: Vec<Intervals>,
    pairs: BTreeMap<(usize, usize), Intervals>,
}

/// An interval a metric, where there are values.
type Intervals = Vec<Option<Interval>>;

/// How two topologies of a group differ in one metric.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Difference {
    /// The index of the cell of the first topology.
    pub cell: usize,
    /// The index of the cell it is compared with.
    pub versus: usize,
    /// In what they differ.
    pub metric: MetricId,
    /// The first minus the second, seed by seed.
    pub interval: Interval,
    /// Whether the first is better.
    pub verdict: Verdict,
}

impl Summary {
    /// The summary of these results, over the seeds that work.
    #[must_use]
    pub fn of(results: &Results<'_>) -> Self {
        Self::over(results, |runs| standing::counted(runs).collect())
    }

    /// The summary over all seeds: for two rungs, which need not find the same seeds failing.
    #[must_use]
    pub fn of_all_seeds(results: &Results<'_>) -> Self {
        Self::over(results, |runs| runs.runs.iter().collect())
    }

    fn over<'a>(results: &'a Results<'_>, counted: impl Fn(&'a CellRuns) -> Vec<&'a Replication>) -> Self {
        let counted: Vec<Vec<&Replication>> = results.cells.iter().map(counted).collect();
        let interval = |runs: &[&Replication], id: MetricId| {
            let values: Vec<f64> = runs.iter().filter_map(|run| run.values.get(id)).collect();
            Interval::of(&values, id.definition().range())
        };
        let cells = counted.iter().map(|runs| each_metric(|id| interval(runs, id))).collect();
        let mut groups: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for cell in &results.experiment.cells {
            groups.entry(cell.group).or_default().push(cell.index);
        }
        let mut pairs = BTreeMap::new();
        for group in groups.values() {
            for (place, &first) in group.iter().enumerate() {
                for &second in &group[place + 1..] {
                    let [a, b] = [first, second].map(|cell| counted[cell].as_slice());
                    pairs.insert((first, second), each_metric(|id| paired_difference(a, b, id)));
                }
            }
        }
        Self { standings: results.cells.iter().map(Standing::of).collect(), cells, pairs }
    }

    /// In how many of its seeds a cell fails.
    #[must_use]
    pub fn standing(&self, cell: usize) -> Standing {
        self.standings[cell]
    }

    /// The interval of a metric of a cell, if any replication has a value.
    #[must_use]
    pub fn interval(&self, cell: usize, metric: MetricId) -> Option<Interval> {
        self.cells[cell][metric as usize]
    }

    /// How one cell of a group differs from another, if they share a seed with values.
    #[must_use]
    pub fn difference(&self, cell: usize, versus: usize, metric: MetricId) -> Option<Difference> {
        let pair = self.pairs.get(&(cell.min(versus), cell.max(versus)))?;
        let mut interval = pair[metric as usize]?;
        if cell > versus {
            interval = interval.negated();
        }
        let verdict = interval.verdict(metric.definition().better);
        Some(Difference { cell, versus, metric, interval, verdict })
    }

    /// All differences, each pair of cells once, in the order of the experiment.
    pub fn differences(&self) -> impl Iterator<Item = Difference> {
        let of_pair = move |&(cell, versus): &(usize, usize)| {
            MetricId::ALL.iter().filter_map(move |&id| self.difference(cell, versus, id))
        };
        self.pairs.keys().flat_map(of_pair)
    }
}

fn each_metric(interval: impl Fn(MetricId) -> Option<Interval>) -> Intervals {
    MetricId::ALL.iter().map(|&id| interval(id)).collect()
}

fn paired_difference(a: &[&Replication], b: &[&Replication], id: MetricId) -> Option<Interval> {
    // Both are in the order of the experiment's seeds.
    let mut rest = b.iter();
    let mut with_b = |run: &&Replication| {
        let place = run.place();
        let other = rest.as_slice().iter().position(|other| other.place() >= place)?;
        rest.by_ref().take(other).for_each(drop);
        let other = rest.as_slice().first().filter(|other| other.place() == place)?;
        Some((run.values.get(id)?, other.values.get(id)?))
    };
    let (a, b): (Vec<f64>, Vec<f64>) = a.iter().filter_map(&mut with_b).unzip();
    Interval::of_differences(&a, &b, id.definition().range())
}

#[cfg(test)]
mod tests {
    use super::super::fixture::Study;
    use super::*;

    const P95: MetricId = MetricId::LatencyP95;

    fn summary(study: &Study) -> Summary {
        Summary::of(&study.results(&study.experiment()))
    }

    #[test]
    fn differences_are_taken_within_seeds() {
        // Differences 10, 12, 11: mean 11, deviation 1, t(0.975, 2) = 4.302653.
        let summary = summary(&Study::new().cell(20, "star", P95, &[110.0, 152.0, 91.0]).cell(
            20,
            "tree",
            P95,
            &[100.0, 140.0, 80.0],
        ));
        let worse = summary.difference(0, 1, P95).expect("three pairs");
        assert!((worse.interval.mean - 11.0).abs() < 1e-12);
        assert!((worse.interval.ends.expect("three pairs").high - 11.0 - 4.302_653 / 3.0_f64.sqrt()).abs() < 1e-5);
        assert_eq!((worse.verdict, worse.interval.n), (Verdict::Worse, 3));
        let better = summary.difference(1, 0, P95).expect("three pairs");
        assert!((better.interval.mean + 11.0).abs() < 1e-12);
        assert!((better.interval.ends.expect("three pairs").low + 11.0 + 4.302_653 / 3.0_f64.sqrt()).abs() < 1e-5);
        assert_eq!(better.verdict, Verdict::Better);
        assert_eq!(summary.differences().collect::<Vec<_>>(), [worse]);
    }

    #[test]
    fn only_seeds_that_both_have_are_paired() {
        let study =
            Study::new().cell(20, "star", P95, &[10.0, 20.0, f64::NAN]).cell(20, "tree", P95, &[1.0, 2.0, 3.0, 4.0]);
        let difference = summary(&study).difference(0, 1, P95).expect("two pairs");
        assert!((difference.interval.mean - 13.5).abs() < 1e-12);
        assert_eq!(difference.interval.n, 2);
    }

    #[test]
    fn cells_of_other_groups_are_not_compared() {
        let summary = summary(&Study::new().cell(20, "star", P95, &[1.0, 2.0]).cell(50, "tree", P95, &[3.0, 4.0]));
        assert_eq!(summary.difference(0, 1, P95), None);
        assert_eq!(summary.interval(1, P95).expect("two values").n, 2);
        assert_eq!(summary.interval(1, MetricId::Cost), None);
    }

    #[test]
    fn seeds_that_fail_are_kept_apart_from_those_that_work() {
        let study = Study::new()
            .cell(20, "star", P95, &[100.0, 9000.0, 110.0, 9500.0, 105.0])
            .finding(1, "uplink", "peer 13 (phone) needs 9 Mbit/s up and has 5 Mbit/s")
            .finding(3, "uplink", "peer 2 (phone) needs 9 Mbit/s up and has 5 Mbit/s")
            .cell(20, "tree", P95, &[200.0, 210.0, 205.0, 220.0, 190.0])
            .cell(20, "mesh", P95, &[7000.0, 8000.0])
            .finding(0, "uplink", "full")
            .finding(1, "uplink", "full");
        let summary = summary(&study);
        let star = summary.interval(0, P95).expect("three seeds work");
        assert!((star.mean - 105.0).abs() < 1e-9 && star.n == 3, "{star:?}");
        assert_eq!(summary.standing(0), Standing { failing: 2, seeds: 5 });
        assert!(summary.standing(0).is_mixed() && !summary.standing(0).fails_in_most());
        let difference = summary.difference(0, 1, P95).expect("pairs");
        assert!((difference.interval.mean - (105.0 - 595.0 / 3.0)).abs() < 1e-9 && difference.interval.n == 3);
        // Where none works there is nothing else to show.
        assert_eq!(summary.interval(2, P95).expect("two values").n, 2);
        assert!(summary.standing(2).fails_in_most() && !summary.standing(2).is_mixed());
    }
}
