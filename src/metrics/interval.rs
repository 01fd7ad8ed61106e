//! Confidence intervals over independent replications, within the range of what they bound.
//!
//! A figure that cannot be negative has its interval on the scale of logarithms, a share on that of log-odds: Student's
//! t of the mean, with its standard error carried over by the delta method (Casella and Berger, Statistical Inference,
//! 5.5.4). Both are skewed to the side to which the values have room, and cover the mean of skewed values better than
//! the symmetric interval does; the tests measure by how much. A difference has the symmetric one. The share of
//! replications that fail has Wilson's interval (Journal of the American Statistical Association 22, 1927), as
//! recommended for few trials by Brown, Cai and DasGupta (Statistical Science 16, 2001).

#[cfg(test)]
mod coverage;

use serde::Serialize;
use statrs::distribution::{ContinuousCDF, StudentsT};

use super::range::Range;

/// A mean over replications with its 95 % confidence interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Interval {
    /// The mean.
    pub mean: f64,
    /// The interval; `None` with fewer than two replications.
    pub ends: Option<Ends>,
    /// How many replications.
    pub n: usize,
}

/// The ends of an interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Ends {
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
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
    /// The interval of the mean of `values`, which lie in `range`; `None` of no values. Equal values give an interval
    /// without width.
    #[must_use]
    pub fn of(values: &[f64], range: Range) -> Option<Self> {
        let sample = Sample::of(values, ERROR)?;
        let holds = values.iter().all(|&value| range.holds(value));
        let ends = |reach: f64| match (holds, range.most) {
            // Rounding has carried a value out of its range: there is no scale to go to.
            (false, _) => sample.symmetric(reach),
            (true, None) => sample.on_logarithms(reach),
            (true, Some(most)) => sample.on_log_odds(reach, most),
        };
        Some(Self { mean: sample.mean, ends: sample.reach.map(ends), n: values.len() })
    }

    /// Student's interval of the mean of `values`, with an error of `level` (0 to 1) in place of 5 %; `None` of no values.
    #[must_use]
    pub fn with_error(values: &[f64], level: f64) -> Option<Self> {
        let sample = Sample::of(values, level)?;
        Some(Self { mean: sample.mean, ends: sample.reach.map(|reach| sample.symmetric(reach)), n: values.len() })
    }

    /// The interval of the differences `a - b`, replication by replication (paired by seed), of values in `range`.
    #[must_use]
    pub fn of_differences(a: &[f64], b: &[f64], range: Range) -> Option<Self> {
        let differences: Vec<f64> = a.iter().zip(b).map(|(a, b)| a - b).collect();
        let sample = Sample::of(&differences, ERROR)?;
        let most = range.most.unwrap_or(f64::INFINITY).max(sample.mean.abs());
        let ends = |reach: f64| {
            let Ends { low, high } = sample.symmetric(reach);
            Ends { low: low.max(-most), high: high.min(most) }
        };
        Some(Self { mean: sample.mean, ends: sample.reach.map(ends), n: differences.len() })
    }

    /// The share in percent of trials in which something happens that did in `count` of `of`, with Wilson's interval;
    /// `None` of no trials.
    #[must_use]
    pub fn of_trials(count: usize, of: usize) -> Option<Self> {
        if of == 0 {
            return None;
        }
        let (n, share) = (of as f64, count as f64 / of as f64);
        let weight = NORMAL_975 * NORMAL_975 / n;
        let centre = (share + weight / 2.0) / (1.0 + weight);
        let half = NORMAL_975 * libm::sqrt((share * (1.0 - share) + weight / 4.0) / n) / (1.0 + weight);
        // What has happened always or never may be so: rounding must not say otherwise.
        let low = if count == 0 { 0.0 } else { (centre - half).max(0.0) };
        let high = if count == of { 1.0 } else { (centre + half).min(1.0) };
        Some(Self { mean: 100.0 * share, ends: Some(Ends { low: 100.0 * low, high: 100.0 * high }), n: of })
    }

    /// The same with the opposite sign.
    #[must_use]
    pub fn negated(self) -> Self {
        let ends = self.ends.map(|ends| Ends { low: -ends.high, high: -ends.low });
        Self { mean: -self.mean, ends, ..self }
    }

    /// Whether zero lies outside the interval; never with fewer than two replications.
    #[must_use]
    pub fn excludes_zero(&self) -> bool {
        self.ends.is_some_and(|ends| ends.low > 0.0 || ends.high < 0.0)
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

/// A mean, and how far Student's interval reaches to either side of it.
struct Sample {
    mean: f64,
    reach: Option<f64>,
}

impl Sample {
    fn of(values: &[f64], error: f64) -> Option<Self> {
        let (&first, n) = (values.first()?, values.len());
        if values.iter().all(|value| value.total_cmp(&first).is_eq()) {
            // Sums round; equal values have their own mean.
            return Some(Self { mean: first, reach: (n > 1).then_some(0.0) });
        }
        let mean = values.iter().sum::<f64>() / n as f64;
        let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
        let variance = squares / (n - 1) as f64;
        Some(Self { mean, reach: Some(student_t(n - 1, error) * libm::sqrt(variance / n as f64)) })
    }

    fn symmetric(&self, reach: f64) -> Ends {
        Ends { low: self.mean - reach, high: self.mean + reach }
    }

    // The standard error of log(mean) is that of the mean over the mean: at most 1 where no value is negative, so that
    // the ends stay finite.
    fn on_logarithms(&self, reach: f64) -> Ends {
        if self.mean <= 0.0 || reach <= 0.0 {
            return self.symmetric(0.0);
        }
        let factor = libm::exp(reach / self.mean);
        Ends { low: self.mean / factor, high: self.mean * factor }
    }

    // The standard error of log(p / (1 - p)) is that of p over p (1 - p).
    fn on_log_odds(&self, reach: f64, most: f64) -> Ends {
        let share = self.mean / most;
        if share <= 0.0 || share >= 1.0 || reach <= 0.0 {
            return self.symmetric(0.0);
        }
        let (odds, factor) = (share / (1.0 - share), libm::exp(reach / most / (share * (1.0 - share))));
        // Written so that a factor beyond the largest number gives the ends of the range.
        let (low, high) = (odds / factor, odds.recip() / factor);
        Ends { low: (most * low / (1.0 + low)).min(self.mean), high: (most / (1.0 + high)).max(self.mean) }
    }
}

/// The 97.5 % quantile of the normal distribution.
const NORMAL_975: f64 = 1.959_963_985;

/// The share of intervals that need not hold what they are of.
const ERROR: f64 = 0.05;

/// The quantile of Student's t distribution above which half of `error` lies, to nine decimals: the digits that do not
/// depend on a platform's mathematical library.
fn student_t(degrees_of_freedom: usize, error: f64) -> f64 {
    let distribution =
        StudentsT::new(0.0, 1.0, degrees_of_freedom as f64).expect("invariant: at least one degree of freedom");
    (distribution.inverse_cdf(1.0 - error / 2.0) * 1e9).round() / 1e9
}

#[cfg(test)]
mod tests {
    use super::super::Better;
    use super::*;

    const ANY: Range = Range::NOT_NEGATIVE;

    fn ends(values: &[f64], range: Range) -> (f64, f64) {
        let ends = Interval::of(values, range).expect("values").ends.expect("two or more");
        (ends.low, ends.high)
    }

    fn close(a: (f64, f64), b: (f64, f64)) -> bool {
        (a.0 - b.0).abs() < 2e-3 && (a.1 - b.1).abs() < 2e-3
    }

    #[test]
    fn quantiles_are_those_of_the_tables() {
        // t(0.975) is 12.706 with 1 and 2.262 with 9 degrees of freedom.
        assert!((student_t(1, ERROR) - 12.706).abs() < 1e-3);
        assert!((student_t(9, ERROR) - 2.262).abs() < 1e-3);
        let normal = 0.5 * (1.0 + libm::erf(NORMAL_975 / std::f64::consts::SQRT_2));
        assert!((normal - 0.975).abs() < 1e-9);
    }

    #[test]
    fn a_time_has_its_interval_on_the_scale_of_logarithms() {
        // Mean 2, standard error 1 / sqrt(3), t 4.302653: a factor of exp(4.302653 / sqrt(3) / 2).
        let factor = (4.302_653 / 3.0_f64.sqrt() / 2.0).exp();
        assert!(close(ends(&[1.0, 2.0, 3.0], ANY), (2.0 / factor, 2.0 * factor)));
        assert_eq!(Interval::of(&[1.0], ANY).expect("one value").ends, None);
        assert_eq!(Interval::of(&[], ANY), None);
    }

    #[test]
    fn a_share_has_its_interval_on_the_scale_of_log_odds() {
        // Mean 0.9, standard error 0.1 / sqrt(3): log-odds 2.197225 +- 4.302653 * 0.057735 / 0.09.
        let of = |log_odds: f64| 100.0 / (1.0 + (-log_odds).exp());
        let reach = 4.302_653 * 0.1 / 3.0_f64.sqrt() / 0.09;
        let centre = 9.0_f64.ln();
        assert!(close(ends(&[80.0, 90.0, 100.0], Range::PERCENT), (of(centre - reach), of(centre + reach))));
    }

    #[test]
    fn equal_values_give_no_width_and_extremes_stay_in_range() {
        assert_eq!(ends(&[100.0; 5], Range::PERCENT), (100.0, 100.0));
        assert_eq!(ends(&[0.0; 5], ANY), (0.0, 0.0));
        assert_eq!(ends(&[0.1; 7], ANY), (0.1, 0.1), "no rounding of the mean");
        for values in [[0.0, 100.0], [100.0, 99.999_999_999], [0.0, 1e-12], [0.0, 1e-300]] {
            let (low, high) = ends(&values, Range::PERCENT);
            let mean = (values[0] + values[1]) / 2.0;
            assert!((0.0..=mean).contains(&low) && (mean..=100.0).contains(&high), "{values:?}: {low} to {high}");
            let (low, high) = ends(&values, ANY);
            assert!(low >= 0.0 && low <= mean && high >= mean && high.is_finite(), "{values:?}: {low} to {high}");
        }
        // What rounding has carried beyond the range is not squeezed into it.
        assert!(ends(&[100.1, 99.0, 99.5], Range::PERCENT).1 > 100.0);
    }

    #[test]
    fn a_difference_is_students_within_what_is_possible() {
        let of = |a: &[f64], b: &[f64], range| {
            let interval = Interval::of_differences(a, b, range).expect("pairs");
            let ends = interval.ends.expect("two pairs or more");
            (ends.low, ends.high)
        };
        let reach = 4.302_653 / 3.0_f64.sqrt();
        assert!(close(of(&[11.0, 12.0, 13.0], &[10.0, 10.0, 10.0], ANY), (2.0 - reach, 2.0 + reach)));
        assert_eq!(of(&[100.0, 10.0], &[0.0, 0.0], Range::PERCENT), (-100.0, 100.0));
    }

    #[test]
    fn wilson_bounds_a_share_of_trials() {
        // 2 of 5: 11.76 to 76.93 % (Newcombe's method 3).
        let two = Interval::of_trials(2, 5).expect("trials");
        let ends = two.ends.expect("an interval");
        assert!((two.mean - 40.0).abs() < 1e-9 && close((ends.low, ends.high), (11.762, 76.928)), "{two:?}");
        let none = Interval::of_trials(0, 5).and_then(|none| none.ends).expect("an interval");
        assert!(none.low == 0.0 && (none.high - 43.449).abs() < 1e-2, "{none:?}");
        let all = Interval::of_trials(5, 5).and_then(|all| all.ends).expect("an interval");
        assert!((all.high - 100.0).abs() < f64::EPSILON, "{all:?}");
        assert_eq!(Interval::of_trials(0, 0), None);
    }

    #[test]
    fn verdicts_need_a_clear_difference() {
        let clear = Interval::of_differences(&[10.0, 11.0, 10.5], &[20.0, 21.2, 20.4], ANY).expect("three pairs");
        assert_eq!(clear.verdict(Better::Lower), Verdict::Better);
        assert_eq!(clear.verdict(Better::Higher), Verdict::Worse);
        assert_eq!(clear.negated().verdict(Better::Lower), Verdict::Worse);
        let noisy = Interval::of_differences(&[10.0, 30.0, 12.0], &[20.0, 21.0, 20.0], ANY).expect("three pairs");
        assert_eq!(noisy.verdict(Better::Lower), Verdict::Inconclusive);
    }
}
