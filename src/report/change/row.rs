//! What a comparison of two results comes to.

use serde::Serialize;

use super::side::Place;
use crate::metrics::{Better, MetricId, Range, Verdict};

/// The probability that unchanged code is given any false word, over all figures of a comparison.
pub const FALSE_WORD: f64 = 0.02;

/// What differs between two results.
#[derive(Clone, Debug)]
pub struct Changes {
    /// The names of the folders: base, and new.
    pub names: [String; 2],
    /// How they were compared.
    pub pairing: SeedPairing,
    /// Where the two are not of the same scenario, model or version, and what could not be compared.
    pub notes: Vec<String>,
    /// Every figure that both have, in the order of the base.
    pub rows: Vec<Change>,
    /// Which rules are broken, in words.
    pub broken: Vec<String>,
    /// Whether there were any rules.
    pub has_rules: bool,
}

/// How replications of two results belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SeedPairing {
    /// By the seeds that both have: so many.
    BySeed(usize),
    /// Not at all: so many seeds of each, none of them shared.
    Apart([usize; 2]),
}

/// A figure of a topology in both.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// Where.
    pub place: Place,
    /// Of what.
    pub figure: Figure,
    /// The means of both.
    pub means: [f64; 2],
    /// How many values each mean is of.
    pub counts: [usize; 2],
    /// The probability that unchanged code has a difference as large as this anywhere; none where there are too few
    /// seeds, or all values are the same.
    pub p: Option<f64>,
    /// Whether all values are the same.
    pub same: bool,
    /// What it comes to, for the new one.
    pub verdict: Verdict,
}

/// What is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Figure {
    /// A metric, over the seeds in which the topology works.
    Metric(MetricId),
    /// The share of the seeds in which it fails, in percent.
    Failing,
}

impl Changes {
    /// Whether an alarm is due: a rule is broken, or without rules anything is worse.
    #[must_use]
    pub fn is_alarming(&self) -> bool {
        if self.has_rules { !self.broken.is_empty() } else { self.count(Verdict::Worse) > 0 }
    }

    /// How many figures have this verdict.
    #[must_use]
    pub fn count(&self, verdict: Verdict) -> usize {
        self.rows.iter().filter(|row| row.verdict == verdict).count()
    }
}

impl Change {
    /// A figure with these means; `p` as in [`Change::p`], and whether the new one is above the base.
    pub(super) fn new(
        (place, figure): (Place, Figure),
        (means, counts): ([f64; 2], [usize; 2]),
        tested: Option<(f64, bool)>,
        same: bool,
    ) -> Self {
        let sure = tested.filter(|(p, _)| *p <= FALSE_WORD);
        let verdict = match (sure, figure.better()) {
            (None, _) | (_, Better::Neither) => Verdict::Inconclusive,
            (Some((_, is_above)), better) if is_above == (better == Better::Higher) => Verdict::Better,
            _ => Verdict::Worse,
        };
        Self { place, figure, means, counts, p: tested.map(|(p, _)| p), same, verdict }
    }

    /// New minus base.
    #[must_use]
    pub fn difference(&self) -> f64 {
        self.means[1] - self.means[0]
    }

    /// The difference in percent of the base, if that is not zero.
    #[must_use]
    pub fn percent(&self) -> Option<f64> {
        (self.means[0].abs() > 0.0).then(|| 100.0 * self.difference() / self.means[0].abs())
    }
}

impl Figure {
    /// The name in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Metric(id) => id.definition().name,
            Self::Failing => "failing_seeds_percent",
        }
    }

    /// Which way is better.
    #[must_use]
    pub fn better(self) -> Better {
        match self {
            Self::Metric(id) => id.definition().better,
            Self::Failing => Better::Lower,
        }
    }

    /// The values on the scale on which they are tested: logarithms of what is positive and without an end, and so
    /// spreads in proportion to its size.
    pub(super) fn on_scale(self, mut values: impl Iterator<Item = f64>) -> impl Fn(f64) -> f64 {
        let has_no_end = match self {
            Self::Metric(id) => id.definition().range() == Range::NOT_NEGATIVE,
            Self::Failing => false,
        };
        let by_logarithm = has_no_end && values.all(|value| value > 0.0);
        move |value| if by_logarithm { libm::log(value) } else { value }
    }
}
