//! Sorting a handful of entries without a branch that depends on their order.
//!
//! The times in a bucket are random, so a comparison sort would mispredict about every second
//! comparison, and each costs as much as dozens of simple instructions. For few entries it is
//! cheaper to compare all with all and count: how many are before an entry is its place.

use super::entry::Entry;

/// Most entries that are sorted by counting.
const COUNT_MAX: usize = 32;

/// Bits of a key that hold the entry's place before sorting.
const PLACE_BITS: u32 = COUNT_MAX.ilog2();

/// Sorts `from` by time into `to`, which has the same length. Equal times keep their order.
#[inline]
pub(super) fn sort<E: Copy>(from: &[Entry<E>], to: &mut [Entry<E>]) {
    let first = from.first().map_or(0, |entry| entry.time);
    let (min, max) = from.iter().fold((first, first), |(min, max), entry| (min.min(entry.time), max.max(entry.time)));
    if from.len() <= COUNT_MAX && (max - min) >> (62 - PLACE_BITS) == 0 {
        sort_by_counting(from, to, min);
    } else {
        to.copy_from_slice(from);
        to.sort_by_key(|entry| entry.time);
    }
}

#[inline]
fn sort_by_counting<E: Copy>(from: &[Entry<E>], to: &mut [Entry<E>], min: u64) {
    // Keys below 2^62 that are all different, and larger ones to fill up: the sign of a
    // difference is the result of a comparison.
    let mut keys = [1_u64 << 62; COUNT_MAX];
    for (place, (key, entry)) in (0..).zip(keys.iter_mut().zip(from)) {
        *key = (entry.time - min) << PLACE_BITS | place;
    }
    let filled = &keys[..from.len().next_multiple_of(4)];
    for (key, entry) in keys.iter().zip(from) {
        let before: u64 = filled.iter().map(|other| other.wrapping_sub(*key) >> 63).sum();
        to[before as usize] = *entry;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sorting_is_stable_at_every_length_and_spread() {
        for length in 0..40_usize {
            for spread in [1, 2, 10, 1_000_000, u64::MAX] {
                let draw = |i: usize| (i as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) % spread;
                let from: Vec<_> = (0..length).map(|i| Entry { time: draw(i), event: i }).collect();
                let mut to = from.clone();
                sort(&from, &mut to);
                let mut expected: Vec<_> = from.iter().map(|entry| (entry.time, entry.event)).collect();
                expected.sort_unstable();
                assert_eq!(to.iter().map(|entry| (entry.time, entry.event)).collect::<Vec<_>>(), expected);
            }
        }
    }
}
