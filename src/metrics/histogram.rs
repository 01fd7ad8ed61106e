//! A streaming histogram of latencies: constant memory however many deliveries there are.
//!
//! Log-linear buckets as in HdrHistogram (Tene), but with the resolution fixed at compile time, so
//! that recording is a shift and an increment: every delivery of a replication passes here, and
//! the crate `hdrhistogram`, the oracle of the tests, takes several times as long.

mod packed;
mod written;

use crate::units::SimDuration;
use packed::Packed;

/// Latencies with exact count, mean and maximum, and quantiles to one in a thousand.
///
/// Histograms of several replications merge without loss.
#[derive(Clone, Debug)]
pub struct LatencyHistogram {
    // Counts of the buckets from `first` on: only the octaves that occur take memory.
    buckets: Vec<u64>,
    first: usize,
    // In place of `buckets`.
    packed: Packed,
    count: u64,
    sum_ns: u128,
    max_ns: u64,
}

/// The finest resolution: 2^10 ns, about a microsecond.
const UNIT_BITS: u32 = 10;
/// Each doubling of the latency has 2^10 buckets: a resolution of 0.1 %.
const SUB_BITS: u32 = 10;
/// Buckets up to 2^46 ns, about 20 hours; anything longer is counted in the last.
const BUCKETS: usize = ((46 - UNIT_BITS - SUB_BITS + 1) << SUB_BITS) as usize;

impl LatencyHistogram {
    /// An empty histogram.
    #[must_use]
    pub fn new() -> Self {
        Self { buckets: Vec::new(), first: 0, packed: Packed::default(), count: 0, sum_ns: 0, max_ns: 0 }
    }

    /// Counts one latency.
    #[inline(always)]
    pub fn record(&mut self, latency: SimDuration) {
        let ns = latency.as_ns();
        let index = bucket(ns);
        match self.buckets.get_mut(index.wrapping_sub(self.first)) {
            Some(count) => *count += 1,
            None => self.add_beyond(index, 1),
        }
        self.count += 1;
        self.sum_ns += u128::from(ns);
        self.max_ns = self.max_ns.max(ns);
    }

    /// Adds all that `other` counted.
    pub fn merge(&mut self, other: &Self) {
        other.occupied().for_each(|(index, count)| self.add_beyond(index, count));
        self.count += other.count;
        self.sum_ns += other.sum_ns;
        self.max_ns = self.max_ns.max(other.max_ns);
    }

    /// How many latencies were counted.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// The exact sum of them, in nanoseconds.
    #[must_use]
    pub(crate) const fn sum_ns(&self) -> u128 {
        self.sum_ns
    }

    /// The exact mean, rounded down to a nanosecond, or `None` of an empty histogram.
    #[must_use]
    pub fn mean(&self) -> Option<SimDuration> {
        (self.count > 0).then(|| SimDuration::from_ns((self.sum_ns / u128::from(self.count)) as u64))
    }

    /// The exact maximum, or `None` of an empty histogram.
    #[must_use]
    pub fn max(&self) -> Option<SimDuration> {
        (self.count > 0).then(|| SimDuration::from_ns(self.max_ns))
    }

    /// The latency that a share `q` (0 to 1) of the deliveries does not exceed: the upper end of
    /// the bucket that holds it, and never more than the maximum.
    #[must_use]
    pub fn quantile(&self, q: f64) -> Option<SimDuration> {
        let rank = ((q * self.count as f64).ceil() as u64).clamp(1, self.count.max(1));
        let mut below = 0;
        let (index, _) = self.occupied().find(|(_, count)| {
            below += count;
            below >= rank
        })?;
        Some(SimDuration::from_ns(upper_end_ns(index).min(self.max_ns)))
    }

    /// Takes less memory from now on, by the buckets that are not empty. What is counted afterwards undoes that.
    pub fn pack(&mut self) {
        let packed = Packed::of(self.occupied());
        if packed.size() < size_of_val(self.buckets.as_slice()) {
            (self.buckets, self.packed) = (Vec::new(), packed);
        }
    }

    // The buckets that are not empty, in ascending order, and their counts.
    fn occupied(&self) -> impl Iterator<Item = (usize, u64)> {
        let dense = (self.first..).zip(&self.buckets).map(|(index, &count)| (index, count));
        dense.filter(|(_, count)| *count > 0).chain(self.packed.iter())
    }

    // Adds to a bucket, and makes room for its octave first where there is none.
    #[cold]
    fn add_beyond(&mut self, index: usize, count: u64) {
        const OCTAVE: usize = 1 << SUB_BITS;
        for (index, count) in std::mem::take(&mut self.packed).iter() {
            self.add_beyond(index, count);
        }
        let start = index / OCTAVE * OCTAVE;
        if self.buckets.is_empty() {
            self.first = start;
        }
        if start < self.first {
            self.buckets.splice(..0, std::iter::repeat_n(0, self.first - start));
            self.first = start;
        }
        let len = (start + OCTAVE - self.first).max(self.buckets.len());
        self.buckets.resize(len, 0);
        self.buckets[index - self.first] += count;
    }
}

impl Default for LatencyHistogram {
    fn default() -> Self {
        Self::new()
    }
}

#[inline(always)]
fn bucket(ns: u64) -> usize {
    let units = ns >> UNIT_BITS;
    // Below 2^(SUB_BITS + 1) units the buckets are one unit wide.
    let shift = (units | 1 << SUB_BITS).ilog2() - SUB_BITS;
    (((shift as usize) << SUB_BITS) + (units >> shift) as usize).min(BUCKETS - 1)
}

// The last nanosecond of a bucket.
fn upper_end_ns(index: usize) -> u64 {
    let shift = (index >> SUB_BITS).saturating_sub(1);
    let units = (index - (shift << SUB_BITS)) as u64;
    ((units + 1) << shift << UNIT_BITS) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_agree_with_hdrhistogram() {
        let mut oracle = hdrhistogram::Histogram::<u64>::new(3).expect("three digits");
        let mut histogram = LatencyHistogram::new();
        for i in 1..=20_000_u64 {
            let ns = i * i * 977;
            histogram.record(SimDuration::from_ns(ns));
            oracle.record(ns).expect("it resizes itself");
        }
        for q in [0.0, 0.01, 0.5, 0.95, 0.99, 1.0] {
            let (ours, theirs) = (histogram.quantile(q).expect("not empty").as_ns(), oracle.value_at_quantile(q));
            assert!(ours.abs_diff(theirs) <= theirs / 500 + 2_048, "{q}: {ours} {theirs}");
        }
    }

    #[test]
    fn buckets_meet_without_gap() {
        for index in 0..BUCKETS - 1 {
            let end = upper_end_ns(index);
            assert_eq!((bucket(end), bucket(end + 1)), (index, index + 1));
        }
        assert_eq!(bucket(u64::MAX), BUCKETS - 1);
    }

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
    fn packing_changes_nothing_but_the_memory() {
        let mut histogram = LatencyHistogram::new();
        (0..900).for_each(|us| histogram.record(SimDuration::from_us(us * us)));
        let plain = histogram.clone();
        histogram.pack();
        assert!(histogram.buckets.is_empty() && histogram == plain);
        assert_eq!(histogram.quantile(0.95), plain.quantile(0.95));
        let (mut left, mut right) = (histogram.clone(), plain.clone());
        left.merge(&plain);
        right.merge(&histogram);
        assert!(left == right && left.count() == 1_800);
        histogram.record(SimDuration::from_us(7));
        assert_eq!((histogram.count(), histogram.occupied().map(|(_, count)| count).sum::<u64>()), (901, 901));
    }

    #[test]
    fn an_empty_histogram_has_no_figures() {
        assert_eq!(LatencyHistogram::new().quantile(0.5), None);
        assert_eq!(LatencyHistogram::new().mean(), None);
    }
}
