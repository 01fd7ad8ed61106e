//! Results with the same seeds, compared seed by seed.
//!
//! Both met the same population and the same chances, so unchanged code differs by exactly nothing. The test is Student's
//! t of the paired differences, of logarithms where values are positive and without an end; of how many seeds fail,
//! McNemar's exact test. Holm's step-down method (Scandinavian Journal of Statistics 6, 1979) corrects for the number
//! of figures; those that are the same in every seed can never be given a word, and do not count.

use statrs::distribution::{ContinuousCDF, StudentsT};

use super::row::{Change, Figure};
use super::sample::{Sample, SeedValue};
use crate::metrics::sign_test;

/// What becomes of each sample; `None` where no seed has it in both.
pub(super) fn judge(samples: &[Sample]) -> Vec<Option<Change>> {
    let pairs: Vec<Vec<(f64, f64)>> = samples.iter().map(pairs).collect();
    let mut tested: Vec<Option<(f64, bool)>> =
        samples.iter().zip(&pairs).map(|(sample, pairs)| test(sample.figure, pairs)).collect();
    holm(&mut tested);
    let judged = samples.iter().zip(&pairs).zip(tested);
    judged.map(|((sample, pairs), tested)| change(sample, pairs, tested)).collect()
}

fn change(sample: &Sample, pairs: &[(f64, f64)], tested: Option<(f64, bool)>) -> Option<Change> {
    let n = pairs.len();
    let mean = |of: fn(&(f64, f64)) -> f64| pairs.iter().map(of).sum::<f64>() / n as f64;
    let means = [mean(|pair| pair.0), mean(|pair| pair.1)];
    let place = (sample.place.clone(), sample.figure);
    (n > 0).then(|| Change::new(place, (means, [n, n]), tested, are_same(pairs)))
}

// A replication that fails has no figures like those of one that works, so a seed that fails on one side only counts for
// how many fail and for nothing else.
fn pairs(sample: &Sample) -> Vec<(f64, f64)> {
    let [base, new] = &sample.values;
    let is_comparable = |a: &SeedValue, b: &SeedValue| sample.figure == Figure::Failing || a.fails == b.fails;
    let partner = |run: &SeedValue| new.iter().find(|other| other.seed == run.seed);
    let pair = |run: &SeedValue| Some((run.value, partner(run).filter(|other| is_comparable(run, other))?.value));
    base.iter().filter_map(pair).collect()
}

fn are_same(pairs: &[(f64, f64)]) -> bool {
    pairs.iter().all(|(base, new)| base.total_cmp(new).is_eq())
}

/// Fewer seeds tell nothing.
pub(super) const SEEDS_MIN: usize = 3;

/// The probability for this figure alone, and whether the new one is above.
fn test(figure: Figure, pairs: &[(f64, f64)]) -> Option<(f64, bool)> {
    if pairs.len() < SEEDS_MIN || are_same(pairs) {
        return None;
    }
    if figure == Figure::Failing {
        return Some(mcnemar(pairs));
    }
    let scale = figure.on_scale(pairs.iter().flat_map(|&(base, new)| [base, new]));
    let differences: Vec<f64> = pairs.iter().map(|&(base, new)| scale(new) - scale(base)).collect();
    let n = differences.len() as f64;
    let mean = differences.iter().sum::<f64>() / n;
    let variance = differences.iter().map(|value| (value - mean) * (value - mean)).sum::<f64>() / (n - 1.0);
    let t = mean / libm::sqrt(variance / n);
    let student = StudentsT::new(0.0, 1.0, n - 1.0).ok()?;
    // The same difference in every seed is no chance.
    let p = if t.is_finite() { 2.0 * student.sf(t.abs()) } else { 0.0 };
    Some((p, mean > 0.0))
}

// Of the seeds in which one fails and the other works, in how many it is which.
fn mcnemar(pairs: &[(f64, f64)]) -> (f64, bool) {
    let worse = pairs.iter().filter(|(base, new)| new > base).count();
    let better = pairs.iter().filter(|(base, new)| new < base).count();
    (sign_test(worse, better), worse > better)
}

fn holm(tested: &mut [Option<(f64, bool)>]) {
    let mut order: Vec<usize> = (0..tested.len()).filter(|&index| tested[index].is_some()).collect();
    let p = |tested: &[Option<(f64, bool)>], index: usize| tested[index].map_or(1.0, |(p, _)| p);
    order.sort_by(|&a, &b| p(tested, a).total_cmp(&p(tested, b)));
    let mut least = 0.0_f64;
    for (rank, &index) in order.iter().enumerate() {
        if let Some((p, _)) = &mut tested[index] {
            least = least.max((*p * (order.len() - rank) as f64).min(1.0));
            *p = least;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::MetricId;

    const P95: Figure = Figure::Metric(MetricId::LatencyP95);

    #[test]
    fn the_test_is_students_and_holm_steps_down() {
        // Log-ratios of 10 % with little noise.
        let pairs: Vec<(f64, f64)> = [100.0, 120.0, 90.0, 110.0, 95.0].map(|base| (base, base * 1.1)).to_vec();
        assert_eq!(test(P95, &pairs).map(|(p, above)| (p < 1e-12, above)), Some((true, true)));
        let (p, _) = test(Figure::Metric(MetricId::Delivered), &[(1.0, 2.0), (1.0, 3.0), (1.0, 4.0)]).expect("tested");
        // Mean 2, deviation 1, t = 2 sqrt(3) with 2 degrees of freedom: 0.0742.
        assert!((p - 0.0742).abs() < 1e-4, "{p}");
        assert_eq!(test(P95, &[(1.0, 1.0); 9]), None);
        let mut family = [Some((0.01, true)), None, Some((0.04, true)), Some((0.03, false))];
        holm(&mut family);
        let adjusted = family.map(|tested| tested.map(|(p, _)| (p * 1e6).round() / 1e6));
        assert_eq!(adjusted, [Some(0.03), None, Some(0.06), Some(0.06)]);
    }

    #[test]
    fn how_many_seeds_fail_is_tested_exactly() {
        let pairs = [(0.0, 100.0), (0.0, 100.0), (0.0, 100.0), (0.0, 100.0), (0.0, 0.0)];
        let (p, above) = test(Figure::Failing, &pairs).expect("tested");
        assert!((p - 0.125).abs() < 1e-12 && above, "{p}");
    }
}
