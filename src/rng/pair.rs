//! Keyed hashes for draws that belong to a pair of peers or a packet between them.

/// A key for hashing ids into uniform 64-bit draws.
///
/// The hash is the SplitMix64 finaliser (Steele, Lea and Flood, "Fast splittable pseudorandom number
/// generators", OOPSLA 2014) over the key and the pair, and once more over a number where there is
/// one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PairKey(u64);

impl PairKey {
    /// A key from 64 uniform bits.
    #[must_use]
    pub const fn new(key: u64) -> Self {
        Self(key)
    }

    /// The draw of the directed pair (`from`, `to`): uniform over 64 bits.
    #[inline]
    #[must_use]
    pub const fn directed(self, from: u32, to: u32) -> u64 {
        mix(self.0 ^ ((from as u64) << 32 | to as u64))
    }

    /// The draw of the pair, the same in both directions.
    #[inline]
    #[must_use]
    pub const fn undirected(self, a: u32, b: u32) -> u64 {
        if a < b { self.directed(a, b) } else { self.directed(b, a) }
    }

    /// The draw number `n` of the directed pair: a packet, a message, an attempt.
    #[inline]
    #[must_use]
    pub const fn directed_nth(self, from: u32, to: u32, n: u64) -> u64 {
        mix(self.directed(from, to) ^ n.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }
}

/// A uniform number below `bound` from a uniform 64-bit draw (multiply and shift).
#[inline]
#[must_use]
pub const fn below(draw: u64, bound: u64) -> u64 {
    ((draw as u128 * bound as u128) >> 64) as u64
}

#[inline]
const fn mix(mut x: u64) -> u64 {
    x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_finaliser_is_splitmix64() {
        // The first outputs of SplitMix64 with state 0 (published reference vectors).
        assert_eq!(mix(0), 0xe220_a839_7b1d_cdaf);
        assert_eq!(mix(0x9e37_79b9_7f4a_7c15), 0x6e78_9e6a_a1b9_65f4);
    }

    #[test]
    fn pairs_draw_evenly() {
        let key = PairKey::new(7);
        let n = 100_000_u32;
        let ones: u32 = (0..n).map(|i| u32::from(key.directed(i, i + 1) & 1 == 1)).sum();
        assert!(ones.abs_diff(n / 2) < 700, "{ones} of {n}");
        assert_eq!(key.undirected(3, 9), key.undirected(9, 3));
        assert_ne!(key.directed(3, 9), key.directed(9, 3));
        assert_ne!(key.directed_nth(3, 9, 0), key.directed_nth(3, 9, 1));
    }

    #[test]
    fn below_covers_its_range() {
        assert_eq!(below(0, 10), 0);
        assert_eq!(below(u64::MAX, 10), 9);
    }
}
