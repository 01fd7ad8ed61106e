//! Randomness that costs next to nothing.

/// SplitMix64, which costs about a nanosecond.
pub(crate) struct SplitMix(pub(crate) u64);

/// A number below `bound` from the high half of a uniform draw.
#[inline]
pub(crate) fn below(draw: u64, bound: u32) -> u32 {
    (((draw >> 32) * u64::from(bound)) >> 32) as u32
}

impl SplitMix {
    #[inline]
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ (x >> 31)
    }

    /// PHOLD's delay in seconds: 0.1 s, and 0.9 s on average more, exponentially distributed.
    #[inline]
    pub(crate) fn phold_delay_s(&mut self) -> f64 {
        let uniform = ((self.next() >> 11) as f64 + 0.5) / (1_u64 << 53) as f64;
        0.1 - 0.9 * uniform.ln()
    }
}
