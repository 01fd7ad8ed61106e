//! The model beside something more real: how far apart they are, and whether within stated bounds.
//!
//! Both ran the same cells with the same seeds, so every metric is compared seed by seed as the
//! mean of each. A figure that misses its bound is shown as it is: the model is wrong there.

mod csv;
mod ranks;
mod text;

use serde::Serialize;

use super::ranking::ranking_metrics;
use super::summary::Summary;
use crate::metrics::MetricId;
use crate::sweep::Results;

pub use csv::validation_csv;
pub use ranks::RankAgreement;
pub use text::render;

/// How far a metric of the model may be from the real one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bound {
    /// The metric.
    pub metric: MetricId,
    /// How far.
    pub tolerance: Tolerance,
    /// Over the seeds.
    pub figure: Figure,
}

/// What stands for all seeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Figure {
    /// The mean.
    Mean,
    /// The seed with the median of the signed distances: for times that one lost datagram makes many times as
    /// long, where both sides lose others. It shows what is off as a rule, not how much single seeds spread.
    MedianSeed,
}

/// A distance between two figures.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Tolerance {
    /// In percent of the real figure.
    Relative(f64),
    /// In the metric's own unit.
    Absolute(f64),
}

/// The bounds; docs/VALIDATION.md says why these, and which were stated before anything was measured.
pub static BOUNDS: &[Bound] = &[
    Bound { figure: Figure::MedianSeed, ..bound(MetricId::OpenHalf, Tolerance::Relative(2.0)) },
    bound(MetricId::LatencyMean, Tolerance::Relative(5.0)),
    bound(MetricId::LatencyP50, Tolerance::Relative(5.0)),
    bound(MetricId::LatencyP95, Tolerance::Relative(10.0)),
    bound(MetricId::Delivered, Tolerance::Absolute(0.5)),
    bound(MetricId::Sent, Tolerance::Relative(10.0)),
    bound(MetricId::UplinkMax, Tolerance::Relative(10.0)),
    bound(MetricId::Relayed, Tolerance::Absolute(0.0)),
    bound(MetricId::Impossible, Tolerance::Absolute(0.0)),
];

const fn bound(metric: MetricId, tolerance: Tolerance) -> Bound {
    Bound { metric, tolerance, figure: Figure::Mean }
}

/// What stands beside what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pairing {
    /// The model beside a more real rung of this name.
    Rungs(&'static str),
    /// The model message by message beside the model packet by packet.
    Grains,
}

impl Pairing {
    /// The words for the two sides.
    const fn sides(self) -> [&'static str; 2] {
        match self {
            Self::Rungs(_) => ["model", "real"],
            Self::Grains => ["message", "packet"],
        }
    }

    // Set-ups are the same in both grains, and acknowledgements that go with data are not.
    fn compares(self, metric: MetricId) -> bool {
        let apart = [MetricId::OpenHalf, MetricId::Sent, MetricId::Relayed, MetricId::Impossible];
        self != Self::Grains || !apart.contains(&metric)
    }
}

/// The model beside the real thing, or one grain beside the other, over a whole experiment.
#[derive(Clone, Debug)]
pub struct Validation {
    /// The name of the experiment.
    pub name: String,
    /// With how many seeds every cell ran.
    pub seeds: usize,
    /// What is compared.
    pub pairing: Pairing,
    /// A row a cell and bounded metric, in the order of the experiment.
    pub rows: Vec<ValidationRow>,
    /// Whether both rank the topologies alike, a row a group of cells.
    pub ranks: Vec<RankAgreement>,
}

/// One metric of one cell on both rungs.
#[derive(Clone, Debug, PartialEq)]
pub struct ValidationRow {
    /// The index of the cell.
    pub cell: usize,
    /// The group it belongs to.
    pub group: usize,
    /// The cell's topology.
    pub topology: String,
    /// The metric with its bound.
    pub bound: Bound,
    /// The model's, over the seeds.
    pub model: f64,
    /// The real one's.
    pub real: f64,
    /// What that comes to.
    pub verdict: Agreement,
}

/// Whether a figure keeps its bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Agreement {
    /// It does.
    Within,
    /// It does not.
    Miss,
}

impl Validation {
    /// Compares the results of the model with others, of one experiment.
    #[must_use]
    pub fn of(model: &Results<'_>, real: &Results<'_>, pairing: Pairing) -> Self {
        let experiment = model.experiment;
        let (by_model, by_real) = (Summary::of_all_seeds(model), Summary::of_all_seeds(real));
        let row = |cell: &crate::scenario::Cell, bound: &Bound| {
            let mean = |summary: &Summary| summary.interval(cell.index, bound.metric).map(|interval| interval.mean);
            let (model, real) = match bound.figure {
                Figure::Mean => (mean(&by_model)?, mean(&by_real)?),
                Figure::MedianSeed => median_seed([model, real], cell.index, bound.metric)?,
            };
            let verdict = if bound.tolerance.admits(model, real) { Agreement::Within } else { Agreement::Miss };
            let (group, topology) = (cell.group, cell.label.clone());
            Some(ValidationRow { cell: cell.index, group, topology, bound: *bound, model, real, verdict })
        };
        let bounds = || BOUNDS.iter().filter(|bound| pairing.compares(bound.metric));
        let rows = experiment.cells.iter().flat_map(|cell| bounds().filter_map(move |bound| row(cell, bound)));
        Self {
            name: experiment.name.clone(),
            seeds: experiment.seeds.len(),
            pairing,
            rows: rows.collect(),
            ranks: ranks::agreements(experiment, &by_model, &by_real, ranking_metrics(experiment)[0]),
        }
    }

    /// Rows that miss their bounds.
    pub fn misses(&self) -> impl Iterator<Item = &ValidationRow> {
        self.rows.iter().filter(|row| row.verdict == Agreement::Miss)
    }

    /// Whether every figure keeps its bound and every group of topologies is ranked alike.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.misses().next().is_none() && self.ranks.iter().all(RankAgreement::holds)
    }
}

impl ValidationRow {
    /// The model's distance from the real figure in percent of it, where that is not zero.
    #[must_use]
    pub fn relative_error_percent(&self) -> Option<f64> {
        let percent = 100.0 * (self.model - self.real) / self.real;
        percent.is_finite().then_some(percent)
    }
}

// The figures of the seed whose distance is the median of all; of an even number the larger of the two in the
// middle. Seeds in which either side has none do not count.
fn median_seed(results: [&Results<'_>; 2], cell: usize, metric: MetricId) -> Option<(f64, f64)> {
    let [models, reals] = results.map(|results| results.cells[cell].runs.as_slice());
    let value = |run: &crate::sweep::Replication| run.values.get(metric);
    let with_real = |model: &crate::sweep::Replication| {
        let real = reals.iter().find(|real| real.seed == model.seed)?;
        value(model).zip(value(real))
    };
    let mut pairs: Vec<(f64, f64)> = models.iter().filter_map(with_real).collect();
    let distance = |(model, real): &(f64, f64)| model - real;
    pairs.sort_by(|a, b| distance(a).total_cmp(&distance(b)));
    let middle = [pairs.get(pairs.len() / 2)?, &pairs[(pairs.len() - 1) / 2]];
    middle.into_iter().max_by(|a, b| distance(a).abs().total_cmp(&distance(b).abs())).copied()
}

/// Rounding in sums of binary fractions is not a difference.
const ROUNDING: f64 = 1e-9;

impl Tolerance {
    /// Whether the two figures are no further apart.
    #[must_use]
    pub fn admits(self, model: f64, real: f64) -> bool {
        let most = match self {
            Self::Relative(percent) => percent / 100.0 * real.abs(),
            Self::Absolute(most) => most,
        };
        (model - real).abs() <= most + ROUNDING
    }
}

#[cfg(test)]
mod tests {
    use super::super::content::in_memory;
    use super::super::fixture::Study;
    use super::*;

    const P95: MetricId = MetricId::LatencyP95;

    fn validation(model: &Study, real: &Study) -> Validation {
        let (of_model, of_real) = (model.experiment(), real.experiment());
        Validation::of(&model.results(&of_model), &real.results(&of_real), Pairing::Rungs("virtual"))
    }

    #[test]
    fn figures_within_their_bounds_hold_and_others_miss() {
        let model = Study::new().cell(8, "mesh", P95, &[100.0, 102.0]).cell(8, "star", P95, &[200.0, 202.0]);
        let near = Study::new().cell(8, "mesh", P95, &[105.0, 107.0]).cell(8, "star", P95, &[190.0, 192.0]);
        let held = validation(&model, &near);
        assert!(held.holds(), "{held:?}");
        let far = Study::new().cell(8, "mesh", P95, &[105.0, 107.0]).cell(8, "star", P95, &[150.0, 152.0]);
        let missed = validation(&model, &far);
        let misses: Vec<&str> = missed.misses().map(|row| row.topology.as_str()).collect();
        assert_eq!(misses, ["star"]);
        assert!(!missed.holds());
        assert!((missed.rows[1].relative_error_percent().expect("not zero") - 33.1).abs() < 0.1);
    }

    #[test]
    fn topologies_that_change_places_are_told() {
        let model = Study::new().cell(8, "mesh", P95, &[100.0, 101.0]).cell(8, "star", P95, &[104.0, 105.0]);
        let real = Study::new().cell(8, "mesh", P95, &[104.0, 105.0]).cell(8, "star", P95, &[100.0, 101.0]);
        let turned = validation(&model, &real);
        assert!(turned.misses().next().is_none(), "each is within 10 %");
        assert!(!turned.holds());
        assert!((turned.ranks[0].tau.expect("two topologies") + 1.0).abs() < 1e-9);
        assert_eq!(turned.ranks[0].contradictions, [("star".to_owned(), "mesh".to_owned())]);
    }

    #[test]
    fn the_text_and_the_table_say_what_misses() {
        let model = Study::new().cell(8, "mesh", P95, &[100.0, 102.0]).cell(8, "star", P95, &[200.0, 202.0]);
        let real = Study::new().cell(8, "mesh", P95, &[105.0, 107.0]).cell(8, "star", P95, &[150.0, 152.0]);
        let experiment = model.experiment();
        let validation = validation(&model, &real);
        insta::assert_snapshot!("validation_text", render(&validation, &experiment, None, 100));
        let csv = in_memory(|to| validation_csv(&validation, &experiment, to)).expect("written");
        insta::assert_snapshot!("validation_csv", String::from_utf8(csv).expect("text"));
    }

    #[test]
    fn one_slow_seed_does_not_decide_over_the_usual_distance() {
        const OPEN: MetricId = MetricId::OpenHalf;
        let model = Study::new().cell(8, "mesh", OPEN, &[1.5, 1.4, 1.6]).cell(8, "star", OPEN, &[1.0, 2.0, 3.0, 9.0]);
        let real = Study::new().cell(8, "mesh", OPEN, &[1.51, 1.4, 12.0]).cell(8, "star", OPEN, &[1.0, 2.2, 3.3, 9.0]);
        let compared = validation(&model, &real);
        let rows: Vec<(f64, f64, Agreement)> =
            compared.rows.iter().map(|row| (row.model, row.real, row.verdict)).collect();
        assert_eq!(rows, [(1.5, 1.51, Agreement::Within), (2.0, 2.2, Agreement::Miss)]);
    }

    #[test]
    fn bounds_admit_their_edges() {
        assert!(Tolerance::Relative(10.0).admits(110.0, 100.0));
        assert!(!Tolerance::Relative(10.0).admits(110.1, 100.0));
        assert!(Tolerance::Absolute(0.0).admits(3.0, 3.0));
        assert!(!Tolerance::Absolute(0.5).admits(99.0, 99.6));
    }
}
