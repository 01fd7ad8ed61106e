//! How a figure is spread over the peers of one replication.

use serde::Serialize;

/// The distribution of one figure over the peers: mean, maximum and the 101 percentiles 0 to 100.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Spread {
    /// The mean over the peers.
    pub mean: f64,
    /// The value at each percentile (nearest rank); `percentiles[100]` is the maximum.
    pub percentiles: Vec<f64>,
}

impl Spread {
    /// The spread of `values`, in any order; of no values, all zero.
    #[must_use]
    pub fn of(mut values: Vec<f64>) -> Self {
        if values.is_empty() {
            return Self { mean: 0.0, percentiles: vec![0.0; 101] };
        }
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        values.sort_unstable_by(f64::total_cmp);
        let rank = |percent: usize| (values.len() * percent).div_ceil(100).max(1) - 1;
        Self { mean, percentiles: (0..=100).map(|percent| values[rank(percent)]).collect() }
    }

    /// The value that `percent` % of the peers do not exceed.
    #[must_use]
    pub fn percentile(&self, percent: usize) -> f64 {
        self.percentiles[percent]
    }

    /// The largest value.
    #[must_use]
    pub fn max(&self) -> f64 {
        self.percentiles[100]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_nearest_ranks() {
        let spread = Spread::of((1..=20).rev().map(f64::from).collect());
        assert!((spread.mean - 10.5).abs() < 1e-12);
        for (percent, value) in [(0, 1.0), (50, 10.0), (95, 19.0), (100, 20.0)] {
            assert!((spread.percentile(percent) - value).abs() < 1e-12, "{percent}");
        }
    }
}
