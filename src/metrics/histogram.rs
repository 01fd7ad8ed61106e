//! A streaming histogram of latencies: constant memory however many deliveries there are.

use hdrhistogram::Histogram;

use crate::units::SimDuration;

/// Latencies with exact count, mean and maximum, and quantiles to three significant digits.
///
/// Histograms of several replications merge without loss.
#[derive(Clone, Debug)]
pub struct LatencyHistogram {
    // Microseconds: finer buckets would only spread the counts over more cache lines.
    buckets: Histogram<u64>,
    sum_ns: u128,
    max_ns: u64,
}

/// Anything longer is counted as this long in the quantiles: 10 hours.
const LONGEST_US: u64 = 36_000_000_000;

impl LatencyHistogram {
    /// An empty histogram.
    #[must_use]
    pub fn new() -> Self {
        let buckets = Histogram::new_with_bounds(1, LONGEST_US, 3).expect("invariant: constant, valid bounds");
        Self { buckets, sum_ns: 0, max_ns: 0 }
    }

    /// Counts one latency.
    #[inline]
    pub fn record(&mut self, latency: SimDuration) {
        let ns = latency.as_ns();
        self.buckets.saturating_record(ns / 1_000);
        self.sum_ns += u128::from(ns);
        self.max_ns = self.max_ns.max(ns);
    }

    /// Adds all that `other` counted.
    pub fn merge(&mut self, other: &Self) {
        self.buckets.add(&other.buckets).expect("invariant: the same bounds");
        self.sum_ns += other.sum_ns;
        self.max_ns = self.max_ns.max(other.max_ns);
    }

    /// How many latencies were counted.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.buckets.len()
    }

    /// The exact mean, rounded down to a nanosecond, or `None` of an empty histogram.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "a mean of u64 values fits u64")]
    pub fn mean(&self) -> Option<SimDuration> {
        (self.count() > 0).then(|| SimDuration::from_ns((self.sum_ns / u128::from(self.count())) as u64))
    }

    /// The exact maximum, or `None` of an empty histogram.
    #[must_use]
    pub fn max(&self) -> Option<SimDuration> {
        (self.count() > 0).then(|| SimDuration::from_ns(self.max_ns))
    }

    /// The latency that a share `q` (0 to 1) of the deliveries does not exceed.
    #[must_use]
    pub fn quantile(&self, q: f64) -> Option<SimDuration> {
        (self.count() > 0).then(|| SimDuration::from_us(self.buckets.value_at_quantile(q)))
    }
}

impl Default for LatencyHistogram {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mean_and_max_are_exact_and_quantiles_close() {
        let mut histogram = LatencyHistogram::new();
        for ms in 1..=1000 {
            histogram.record(SimDuration::from_ns(ms * 1_000_000 + 1));
        }
        assert_eq!(histogram.mean(), Some(SimDuration::from_ns(500_500_001)));
        assert_eq!(histogram.max(), Some(SimDuration::from_ns(1_000_000_001)));
        let p95_ms = histogram.quantile(0.95).expect("not empty").as_ms_f64();
        assert!((p95_ms - 950.0).abs() < 1.0, "{p95_ms}");
    }

    #[test]
    fn merging_is_recording_together() {
        let (mut left, mut right, mut both) = Default::default();
        let fill = |histogram: &mut LatencyHistogram, range: std::ops::Range<u64>| {
            range.for_each(|us| histogram.record(SimDuration::from_us(us * us)));
        };
        fill(&mut left, 0..500);
        fill(&mut right, 500..900);
        fill(&mut both, 0..900);
        left.merge(&right);
        assert_eq!(left.quantile(0.5), both.quantile(0.5));
        assert_eq!(left.mean(), both.mean());
    }

    #[test]
    fn an_empty_histogram_has_no_figures() {
        assert_eq!(LatencyHistogram::new().quantile(0.5), None);
        assert_eq!(LatencyHistogram::new().mean(), None);
    }
}
