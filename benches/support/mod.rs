//! What the benches share: CPU time, cheap randomness, and whether to measure at all.

use rustix::time::{ClockId, clock_gettime};

/// SplitMix64, which costs about a nanosecond.
pub(crate) struct SplitMix(pub(crate) u64);

/// The CPU time this process has used, in nanoseconds (`CLOCK_PROCESS_CPUTIME_ID`). On a shared
/// machine it leaves out the time that others had the processor.
pub(crate) fn cpu_ns() -> u64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.tv_sec.unsigned_abs() * 1_000_000_000 + time.tv_nsec.unsigned_abs()
}

/// The least CPU time in nanoseconds for each operation over several calls of `work`, which says
/// how many operations it did. Calls it until three seconds of CPU time are used, or once in a test.
pub(crate) fn best_ns_per_op(mut work: impl FnMut() -> u64) -> f64 {
    let (begin, mut best) = (cpu_ns(), f64::INFINITY);
    loop {
        let start = cpu_ns();
        let operations = work();
        let end = cpu_ns();
        best = best.min((end - start) as f64 / operations as f64);
        if !is_measuring() || end - begin > 3_000_000_000 {
            return best;
        }
    }
}

/// Whether `cargo bench` runs this, and not `cargo test`, which only wants to see it work.
pub(crate) fn is_measuring() -> bool {
    std::env::args().any(|argument| argument == "--bench")
}

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
