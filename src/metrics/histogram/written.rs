//! A histogram as it is written and read back: exact figures, and the buckets that are not empty.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{BUCKETS, LatencyHistogram};

/// The buckets as two numbers each: how many buckets after the one before, and how many latencies are in it.
#[derive(Serialize, Deserialize)]
struct Written {
    count: u64,
    sum_ns: u128,
    max_ns: u64,
    buckets: Vec<u64>,
}

impl Serialize for LatencyHistogram {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut last = 0;
        let pair = |(index, count): (usize, u64)| {
            let gap = index - last;
            last = index;
            [gap as u64, count]
        };
        let buckets = self.occupied().flat_map(pair).collect();
        Written { count: self.count, sum_ns: self.sum_ns, max_ns: self.max_ns, buckets }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for LatencyHistogram {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Written { count, sum_ns, max_ns, buckets } = Written::deserialize(deserializer)?;
        let mut histogram = Self::new();
        let mut index = 0_usize;
        let mut total = 0_u64;
        let pairs = buckets.chunks_exact(2);
        if !pairs.remainder().is_empty() {
            return Err(D::Error::custom("a bucket without a count"));
        }
        for pair in pairs {
            let count = pair[1];
            index = index.saturating_add(usize::try_from(pair[0]).unwrap_or(usize::MAX));
            if index >= BUCKETS {
                return Err(D::Error::custom("a bucket beyond the last"));
            }
            histogram.add_beyond(index, count);
            total = total.saturating_add(count);
        }
        if total != count {
            return Err(D::Error::custom(format_args!("{total} latencies are in buckets, and {count} were counted")));
        }
        (histogram.count, histogram.sum_ns, histogram.max_ns) = (count, sum_ns, max_ns);
        histogram.pack();
        Ok(histogram)
    }
}

/// Two histograms are equal if they counted the same, however they keep it.
impl PartialEq for LatencyHistogram {
    fn eq(&self, other: &Self) -> bool {
        let figures = |of: &Self| (of.count, of.sum_ns, of.max_ns);
        figures(self) == figures(other) && self.occupied().eq(other.occupied())
    }
}
