//! How a figure is spread over the peers of one replication.

mod mean;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::real::Real;
pub use mean::MeanSpread;

/// The distribution of one figure over the peers: mean, maximum and the 101 percentiles 0 to 100.
#[derive(Clone, Debug, Default)]
pub struct Spread {
    /// The mean over the peers.
    pub mean: f64,
    // Equal percentiles that follow each other are kept once, for few peers have few values.
    values: Box<[f64]>,
    // For each value, the first percentile that is another.
    ends: Box<[u8]>,
}

/// Percentiles 0 to 100.
const PERCENTILES: usize = 101;

impl Spread {
    /// The spread of `values`, in any order; of no values, all zero.
    #[must_use]
    pub fn of(mut values: Vec<f64>) -> Self {
        if values.is_empty() {
            return Self::from_percentiles(0.0, (0..PERCENTILES).map(|_| 0.0));
        }
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        values.sort_unstable_by(f64::total_cmp);
        let rank = |percent: usize| (values.len() * percent).div_ceil(100).max(1) - 1;
        Self::from_percentiles(mean, (0..PERCENTILES).map(|percent| values[rank(percent)]))
    }

    /// The value at a percentile (nearest rank); `None` where there is no spread.
    #[must_use]
    pub fn get(&self, percent: usize) -> Option<f64> {
        let place = self.ends.partition_point(|&end| usize::from(end) <= percent);
        self.values.get(place).copied()
    }

    /// The value that `percent` % of the peers do not exceed; zero where there is no spread.
    #[must_use]
    pub fn percentile(&self, percent: usize) -> f64 {
        self.get(percent).unwrap_or(0.0)
    }

    /// The largest value.
    #[must_use]
    pub fn max(&self) -> f64 {
        self.percentile(PERCENTILES - 1)
    }

    fn from_percentiles(mean: f64, percentiles: impl Iterator<Item = f64>) -> Self {
        let (mut values, mut ends): (Vec<f64>, Vec<u8>) = (Vec::new(), Vec::new());
        for (value, end) in percentiles.zip(1_u8..) {
            match (values.last(), ends.last_mut()) {
                (Some(last), Some(last_end)) if last.to_bits() == value.to_bits() => *last_end = end,
                _ => {
                    values.push(value);
                    ends.push(end);
                }
            }
        }
        Self { mean, values: values.into(), ends: ends.into() }
    }
}

impl PartialEq for Spread {
    fn eq(&self, other: &Self) -> bool {
        let bits = |spread: &Self| spread.values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
        self.mean.to_bits() == other.mean.to_bits() && self.ends == other.ends && bits(self) == bits(other)
    }
}

/// As it is written: values with the first percentile that has another.
#[derive(Serialize, Deserialize)]
struct Written {
    mean: Real,
    percentiles: Vec<(Real, u8)>,
}

impl Serialize for Spread {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let percentiles = self.values.iter().map(|&value| Real(value)).zip(self.ends.iter().copied()).collect();
        Written { mean: Real(self.mean), percentiles }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Spread {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Written { mean: Real(mean), percentiles } = Written::deserialize(deserializer)?;
        let (values, ends): (Vec<f64>, Vec<u8>) =
            percentiles.into_iter().map(|(Real(value), end)| (value, end)).unzip();
        let is_whole = ends.is_empty() || ends.last().is_some_and(|&end| usize::from(end) == PERCENTILES);
        if !is_whole || !ends.is_sorted() {
            return Err(D::Error::custom("percentiles from 0 to 100 are expected"));
        }
        Ok(Self { mean, values: values.into(), ends: ends.into() })
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
        assert_eq!(spread.values.len(), 20);
        assert_eq!(Spread::default().get(50), None);
    }
}
