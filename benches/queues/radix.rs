//! A radix heap (Ahuja, Mehlhorn, Orlin and Tarjan, "Faster algorithms for the shortest path
//! problem", J. ACM 37(2), 1990): buckets by the highest bit in which a time differs from the
//! last one taken. All moves keep the order, so equal times are first in, first out.

use super::Queue;

pub(crate) struct RadixHeap {
    /// Bucket 0 holds the events at `last`, bucket `i` those that differ from it in bit `i - 1`.
    buckets: Vec<Vec<(u64, u64)>>,
    /// How many events of bucket 0 have been taken.
    taken: usize,
    last: u64,
    len: usize,
}

impl Default for RadixHeap {
    fn default() -> Self {
        Self { buckets: vec![Vec::new(); 65], taken: 0, last: 0, len: 0 }
    }
}

impl Queue for RadixHeap {
    const NAME: &'static str = "radix heap";

    #[inline]
    fn push(&mut self, time: u64, event: u64) {
        let bucket = u64::BITS - (time ^ self.last).leading_zeros();
        self.buckets[bucket as usize].push((time, event));
        self.len += 1;
    }

    #[inline]
    fn pop(&mut self) -> Option<(u64, u64)> {
        if self.len == 0 {
            return None;
        }
        if self.taken == self.buckets[0].len() {
            self.refill();
        }
        self.taken += 1;
        self.len -= 1;
        Some(self.buckets[0][self.taken - 1])
    }

    fn capacity_bytes(&self) -> usize {
        self.buckets.iter().map(|bucket| bucket.capacity() * size_of::<(u64, u64)>()).sum()
    }
}

impl RadixHeap {
    #[inline(never)]
    fn refill(&mut self) {
        self.buckets[0].clear();
        self.taken = 0;
        let Some(lowest) = self.buckets.iter().position(|bucket| !bucket.is_empty()) else { return };
        let mut bucket = std::mem::take(&mut self.buckets[lowest]);
        self.last = bucket.iter().map(|(time, _)| *time).min().unwrap_or(self.last);
        for (time, event) in bucket.drain(..) {
            self.buckets[(u64::BITS - (time ^ self.last).leading_zeros()) as usize].push((time, event));
        }
        // Its memory serves the next events of the same distance.
        self.buckets[lowest] = bucket;
    }
}
