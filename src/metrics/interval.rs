//! Confidence intervals over independent replications.

use serde::Serialize;
use statrs::distribution::{ContinuousCDF, StudentsT};

/// A mean over replications with the half-width of its 95 % confidence interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Interval {
    /// The mean.
    pub mean: f64,
    /// Half the width of the interval; `None` with fewer than two replications.
    pub half_width: Option<f64>,
    /// How many replications.
    pub n: usize,
}

/// What a paired comparison shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// The first is better than the second: the interval of the difference excludes zero.
    Better,
    /// The first is worse than the second.
    Worse,
    /// The interval of the difference includes zero, or there is none.
    Inconclusive,
}

impl Interval {
    /// The Student-t interval of `values`, or `None` of no values.
    #[must_use]
    pub fn of(values: &[f64]) -> Option<Self> {
        let n = values.len();
        if n == 0 {
            return None;
        }
        let mean = values.iter().sum::<f64>() / n as f64;
        let half_width = (n > 1).then(|| {
            let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
            let variance = squares / (n - 1) as f64;
            student_t_975(n - 1) * libm::sqrt(variance / n as f64)
        });
        Some(Self { mean, half_width, n })
    }

    /// The interval of the differences `a - b`, replication by replication (paired by seed).
    #[must_use]
    pub fn of_differences(a: &[f64], b: &[f64]) -> Option<Self> {
        let differences: Vec<f64> = a.iter().zip(b).map(|(a, b)| a - b).collect();
        Self::of(&differences)
    }

    /// Whether zero lies outside the interval; never with fewer than two replications.
    #[must_use]
    pub fn excludes_zero(&self) -> bool {
        self.half_width.is_some_and(|half_width| self.mean.abs() > half_width)
    }

    /// The verdict of this interval of a difference, where `better` says which sign is better.
    #[must_use]
    pub fn verdict(&self, better: super::Better) -> Verdict {
        match (self.excludes_zero(), better) {
            (false, _) | (_, super::Better::Neither) => Verdict::Inconclusive,
            (true, super::Better::Lower) if self.mean < 0.0 => Verdict::Better,
            (true, super::Better::Higher) if self.mean > 0.0 => Verdict::Better,
            _ => Verdict::Worse,
        }
    }
}

/// The 97.5 % quantile of Student's t distribution, to nine decimals: the digits that do not depend
/// on a platform's mathematical library.
fn student_t_975(degrees_of_freedom: usize) -> f64 {
    let distribution =
        StudentsT::new(0.0, 1.0, degrees_of_freedom as f64).expect("invariant: at least one degree of freedom");
    (distribution.inverse_cdf(0.975) * 1e9).round() / 1e9
}

#[cfg(test)]
mod tests {
    use super::super::Better;
    use super::*;

    #[test]
    fn the_interval_is_students() {
        // Table values of t(0.975): 12.706 with 1 and 2.262 with 9 degrees of freedom.
        assert!((student_t_975(1) - 12.706).abs() < 1e-3);
        assert!((student_t_975(9) - 2.262).abs() < 1e-3);
        let interval = Interval::of(&[1.0, 2.0, 3.0]).expect("three values");
        assert!((interval.mean - 2.0).abs() < 1e-12);
        assert!((interval.half_width.expect("three values") - 4.302_65 / 3.0_f64.sqrt()).abs() < 1e-3);
        assert_eq!(Interval::of(&[1.0]).expect("one value").half_width, None);
        assert_eq!(Interval::of(&[]), None);
    }

    #[test]
    fn verdicts_need_a_clear_difference() {
        let clear = Interval::of_differences(&[10.0, 11.0, 10.5], &[20.0, 21.2, 20.4]).expect("three pairs");
        assert_eq!(clear.verdict(Better::Lower), Verdict::Better);
        assert_eq!(clear.verdict(Better::Higher), Verdict::Worse);
        let noisy = Interval::of_differences(&[10.0, 30.0, 12.0], &[20.0, 21.0, 20.0]).expect("three pairs");
        assert_eq!(noisy.verdict(Better::Lower), Verdict::Inconclusive);
    }
}
