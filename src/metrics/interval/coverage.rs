//! How often intervals hold the mean that they are to hold, over distributions as replications have them: measured
//! with fixed draws, so that a method that covers too little fails here.

use super::super::range::Range;
use super::Interval;
use crate::rng::{Domain, Seed, Stream, Streams};
use rand::RngExt;

/// Draws a value from a uniform one or several.
type Draw = fn(&mut Stream) -> f64;

/// A distribution: its name, how to draw from it, its mean, the range of its values, and the least coverage asked for
/// in percent with 5 and with 10 values.
struct Case(&'static str, Draw, f64, Range, [f64; 2]);

const TIMES: Range = Range::NOT_NEGATIVE;
const SHARES: Range = Range::PERCENT;

#[test]
fn intervals_cover_the_mean_of_skewed_and_bounded_values() {
    let cases = [
        Case("normal, 10 %", |s| 100.0 + 10.0 * normal(s), 100.0, TIMES, [94.0, 94.0]),
        Case("normal, 25 %", |s| (100.0 + 25.0 * normal(s)).max(0.0), 100.0, TIMES, [94.0, 94.0]),
        Case("log-normal, sigma 0.3", |s| libm::exp(0.3 * normal(s)), libm::exp(0.045), TIMES, [93.0, 93.0]),
        Case("log-normal, sigma 0.7", |s| libm::exp(0.7 * normal(s)), libm::exp(0.245), TIMES, [90.0, 90.0]),
        Case("exponential", |s| -libm::log(1.0 - s.random::<f64>()), 1.0, TIMES, [92.0, 92.0]),
        Case("share, mean 99 %", |s| 100.0 * libm::pow(s.random::<f64>(), 1.0 / 99.0), 99.0, SHARES, [92.0, 91.5]),
        Case("share, mean 83 %", |s| 100.0 * libm::pow(s.random::<f64>(), 0.2), 500.0 / 6.0, SHARES, [92.0, 92.0]),
        Case("share, uniform", |s| 100.0 * s.random::<f64>(), 50.0, SHARES, [94.0, 94.0]),
    ];
    for Case(name, draw, mean, range, least) in cases {
        for (n, least) in [5, 10].into_iter().zip(least) {
            let covered = coverage_percent(n, draw, mean, |values| Interval::of(values, range));
            let symmetric = coverage_percent(n, draw, mean, |values| {
                Interval::of_differences(values, &vec![0.0; values.len()], Range::NOT_NEGATIVE)
            });
            println!("{name}, {n} values: {covered:.1} % (symmetric {symmetric:.1} %)");
            assert!(covered >= least, "{name}, {n} values: {covered:.1} % is below {least} %");
            // Never worse than the symmetric interval by more than chance.
            assert!(covered >= symmetric - 0.7, "{name}, {n} values: {covered:.1} %, symmetric {symmetric:.1} %");
            assert!(covered <= 98.0, "{name}, {n} values: {covered:.1} %, which is too wide");
        }
    }
}

#[test]
fn wilsons_interval_covers_95_percent_over_all_probabilities() {
    for n in [3_usize, 5, 10, 20] {
        let holds = |count: usize, probability: f64| {
            let ends = Interval::of_trials(count, n).and_then(|interval| interval.ends).expect("trials");
            (ends.low..=ends.high).contains(&(100.0 * probability))
        };
        let coverage = |probability: f64| -> f64 {
            (0..=n).filter(|&count| holds(count, probability)).map(|count| binomial(n, count, probability)).sum()
        };
        let all: Vec<f64> = (1..1000).map(|step| coverage(f64::from(step) / 1000.0)).collect();
        let mean = all.iter().sum::<f64>() / all.len() as f64;
        let least = all.iter().copied().fold(1.0, f64::min);
        println!("{n} trials: {:.1} % in the mean, {:.1} % at least", 100.0 * mean, 100.0 * least);
        assert!((0.945..0.975).contains(&mean), "{n}: {mean}");
        assert!(least > 0.80, "{n}: {least}");
    }
}

fn coverage_percent(n: usize, draw: Draw, mean: f64, interval: impl Fn(&[f64]) -> Option<Interval>) -> f64 {
    const TRIALS: u32 = 8_000;
    let mut stream = Streams::new(Seed(17)).stream(Domain::Workload, n as u64);
    let mut covered = 0;
    for _ in 0..TRIALS {
        let values: Vec<f64> = (0..n).map(|_| draw(&mut stream)).collect();
        let ends = interval(&values).and_then(|interval| interval.ends).expect("two values or more");
        covered += u32::from((ends.low..=ends.high).contains(&mean));
    }
    100.0 * f64::from(covered) / f64::from(TRIALS)
}

// Box and Muller.
fn normal(stream: &mut Stream) -> f64 {
    let radius = libm::sqrt(-2.0 * libm::log(1.0 - stream.random::<f64>()));
    radius * libm::cos(std::f64::consts::TAU * stream.random::<f64>())
}

fn binomial(n: usize, count: usize, probability: f64) -> f64 {
    let ways: f64 = (0..count).map(|k| (n - k) as f64 / (k + 1) as f64).product();
    ways * libm::pow(probability, count as f64) * libm::pow(1.0 - probability, (n - count) as f64)
}
