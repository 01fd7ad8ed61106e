//! A rung of the ladder: buckets of equal width, and one for all that is later.

use super::entry::Entry;
use super::pool::{Chain, Pool, Profile};

/// Most buckets of a rung: where each of them grows should stay in the second-level cache.
const BUCKETS_MAX: u64 = 8192;

/// Events that a bucket of a new rung should come to hold, rounded down to a power of two: few
/// enough to be sorted at once, enough to be worth opening.
const BUCKET_TARGET: u128 = 16;

/// The same for a bucket that is split; fewer, for its events may be uneven.
const SPLIT_TARGET: u128 = 8;

/// Where buckets of the target size would not reach the mean of the events, wider ones that will
/// be split once more should reach this many times as far, so that few events move twice.
const REACH: u128 = 8;

/// Buckets that a spilled bottom is spread over.
const SPILL_BUCKETS: u64 = 16;

/// Buckets over a stretch of time. The last one has no width: it holds whatever is later than the
/// rest, up to where the next higher rung begins.
#[derive(Clone, Debug)]
pub(super) struct Rung {
    /// Where the first unopened bucket begins; what is earlier belongs further down.
    start: u64,
    base: u64,
    /// Buckets are `1 << shift` nanoseconds wide.
    shift: u32,
    /// The first unopened bucket.
    next: usize,
    /// Never empty. No bucket but the last may reach beyond 2^64 ns.
    buckets: Vec<Chain>,
}

/// A bucket taken out of its rung.
#[derive(Clone, Copy, Debug)]
pub(super) struct Opened {
    /// Its events.
    pub(super) chain: Chain,
    /// Whether it was the last of its rung, which has to be reset before anything else.
    pub(super) is_last: bool,
    start: u64,
    shift: u32,
}

impl Rung {
    /// A rung over all time with nothing but its last bucket.
    pub(super) fn unbounded() -> Self {
        Self { start: 0, base: 0, shift: 0, next: 0, buckets: vec![Chain::EMPTY] }
    }

    /// Where the rung begins by now: earlier events belong further down.
    #[inline]
    pub(super) const fn start(&self) -> u64 {
        self.start
    }

    /// Puts `entry`, which is not before [`start`](Self::start), into its bucket.
    #[inline(always)]
    pub(super) fn push<E: Copy>(&mut self, pool: &mut Pool<E>, entry: Entry<E>) {
        let index = (((entry.time - self.base) >> self.shift) as usize).min(self.buckets.len() - 1);
        pool.append(&mut self.buckets[index], entry);
    }

    /// Moves on to the first bucket that holds anything; `false` if none does.
    #[inline]
    pub(super) fn seek(&mut self) -> bool {
        let empty = self.buckets[self.next..].iter().take_while(|chain| chain.len() == 0).count();
        if self.next + empty == self.buckets.len() {
            return false;
        }
        self.move_to(self.next + empty);
        true
    }

    /// Takes the first unopened bucket. What it covered belongs further down from now on.
    #[inline]
    pub(super) fn open(&mut self) -> Opened {
        let chain = std::mem::replace(&mut self.buckets[self.next], Chain::EMPTY);
        let is_last = self.next + 1 == self.buckets.len();
        let opened = Opened { chain, is_last, start: self.start, shift: self.shift };
        if !is_last {
            self.move_to(self.next + 1);
        }
        opened
    }

    /// Takes back the opened buckets from `time` on, or as far as there are any. They are empty by
    /// now, and there must be no lower rung.
    pub(super) fn rewind(&mut self, time: u64) {
        if time < self.start {
            self.move_to((time.saturating_sub(self.base) >> self.shift) as usize);
        }
    }

    /// Makes this rung anew from `start` with nothing but its last bucket.
    pub(super) fn reset_open(&mut self, start: u64) {
        self.reset(start, 0, 0);
    }

    /// Makes this rung anew so that the events of `profile` spread over its buckets.
    pub(super) fn reset_spread(&mut self, profile: Profile) {
        let span = profile.max - profile.min;
        let mean = u128::from(profile.mean - profile.min);
        // For delays of any common distribution, events divided by mean delay is within a factor
        // of two of their density near the front; in a steady state it is the rate of events.
        let by_density = log2_floor(BUCKET_TARGET * mean / profile.count as u128);
        let by_reach = |reach: u128| log2_ceil((mean * reach).min(u128::from(span)).div_ceil(u128::from(BUCKETS_MAX)));
        let shift = if by_density >= by_reach(1) { by_density } else { by_reach(REACH) };
        let buckets = (span >> shift).saturating_add(1).min(BUCKETS_MAX).min(profile.count as u64);
        self.reset(profile.min, shift, buckets);
    }

    /// Makes this rung anew so that it covers an opened bucket that was not the last.
    pub(super) fn reset_within(&mut self, bucket: Opened) {
        let buckets = (bucket.chain.len() as u128 / SPLIT_TARGET).min(u128::from(BUCKETS_MAX));
        let bits = log2_floor(buckets).min(bucket.shift);
        self.reset(bucket.start, bucket.shift - bits, 1 << bits);
    }

    /// Makes this rung anew so that a few buckets reach from `base` beyond `max`.
    pub(super) fn reset_even(&mut self, base: u64, max: u64) {
        let shift = log2_ceil(u128::from((max - base) / SPILL_BUCKETS + 1));
        self.reset(base, shift, SPILL_BUCKETS);
    }

    /// Heap memory held, in bytes.
    pub(super) const fn capacity_bytes(&self) -> usize {
        self.buckets.capacity() * size_of::<Chain>()
    }

    #[inline]
    fn move_to(&mut self, bucket: usize) {
        self.next = bucket;
        self.start = self.base + ((bucket as u64) << self.shift);
    }

    fn reset(&mut self, base: u64, shift: u32, buckets: u64) {
        self.base = base;
        self.shift = shift;
        self.buckets.clear();
        self.buckets.resize(buckets.min((u64::MAX - base) >> shift) as usize + 1, Chain::EMPTY);
        self.move_to(0);
    }
}

/// The exponent of the largest power of two not above `x`; 0 for 0.
const fn log2_floor(x: u128) -> u32 {
    if x < 2 { 0 } else { x.ilog2() }
}

/// The exponent of the smallest power of two not below `x`.
const fn log2_ceil(x: u128) -> u32 {
    if x < 2 { 0 } else { (x - 1).ilog2() + 1 }
}
