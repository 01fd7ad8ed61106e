//! What the benches share: CPU time, and whether to measure at all.

use cpu_time::ThreadTime;

/// The least CPU time of this thread in nanoseconds that one of `rounds` calls of `work` takes for
/// each of the operations it says it did. On a shared machine CPU time leaves out what others had.
pub(crate) fn best_ns_per_op(rounds: usize, mut work: impl FnMut() -> u64) -> f64 {
    let round = |_| {
        let clock = ThreadTime::now();
        let operations = work();
        clock.elapsed().as_secs_f64() * 1e9 / operations as f64
    };
    (0..rounds).map(round).fold(f64::INFINITY, f64::min)
}

/// Whether `cargo bench` runs this, and not `cargo test`, which only wants to see it work.
pub(crate) fn is_measuring() -> bool {
    std::env::args().any(|argument| argument == "--bench")
}
