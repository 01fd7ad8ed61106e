//! What the benches share: CPU time, and whether to measure at all.

use std::time::Duration;

use cpu_time::ThreadTime;

/// The least CPU time of this thread in nanoseconds for each operation over several calls of `work`,
/// which says how many operations it did. Calls it until three seconds of CPU time are used, or once
/// in a test. On a shared machine CPU time leaves out what others had.
pub(crate) fn best_ns_per_op(mut work: impl FnMut() -> u64) -> f64 {
    let (begin, mut best) = (ThreadTime::now(), f64::INFINITY);
    loop {
        let round = ThreadTime::now();
        let operations = work();
        best = best.min(round.elapsed().as_secs_f64() * 1e9 / operations as f64);
        if !is_measuring() || begin.elapsed() > Duration::from_secs(3) {
            return best;
        }
    }
}

/// Whether `cargo bench` runs this, and not `cargo test`, which only wants to see it work.
pub(crate) fn is_measuring() -> bool {
    let has = |flag: &str| std::env::args().any(|argument| argument == flag);
    has("--bench") && !has("--test")
}
