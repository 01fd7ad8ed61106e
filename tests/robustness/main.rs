//! Whatever a scenario says, it is either refused with reasons or simulated to its end.
//!
//! Built as tests are, arithmetic that wraps around is a panic, and a panic is a failure here.

mod extremes;
mod mixtures;

use peerscape::metrics::{MetricId, RunRecord};
use peerscape::rng::Seed;
use peerscape::scenario::Experiment;
use peerscape::simulation::{Knowledge, estimate_deliveries, estimate_memory, simulate};
use peerscape::units::{ByteCount, SimDuration};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

/// The most deliveries of a replication that a test waits for.
const WORK_MAX: f64 = 30_000.0;
/// The longest replication: associations are kept alive however little is sent.
const LONGEST: SimDuration = SimDuration::from_secs(100);
/// The most memory that a replication may be said to need.
const MEMORY_MAX: ByteCount = ByteCount::new(1 << 30);

/// Simulates the first replication of every cell that a test can wait for; returns how many those were.
///
/// # Errors
/// Which cell did not come to its end.
fn simulate_all(experiment: &Experiment) -> Result<usize, String> {
    let mut simulated = 0;
    for cell in &experiment.cells {
        let run = cell.settings.run;
        let is_small = estimate_deliveries(cell) <= WORK_MAX && run.duration + run.drain <= LONGEST;
        if is_small && estimate_memory(cell) <= MEMORY_MAX {
            let record = simulate(cell, Seed(1), &Knowledge::of(&cell.settings))
                .map_err(|error| format!("{}: {error}", cell.label))?;
            check(&record).map_err(|fault| format!("{}: {fault}", cell.label))?;
            simulated += 1;
        }
    }
    Ok(simulated)
}

/// Shares are between none and all, what is delivered and what is missed are all that was wanted, quantiles stand in order,
/// and everything else is a number that is not negative.
fn check(record: &RunRecord) -> Result<(), String> {
    use MetricId::{
        Answered, Delivered, Failed, Impossible, LatencyMax, LatencyP50, LatencyP95, LatencyP99, MissedBlocked,
        MissedDownlink, MissedLate, MissedLost, MissedSocket, MissedThrottled, MissedTurn, MissedUnconnected,
        MissedUplink, Relayed,
    };
    let value = |id: MetricId| record.values.get(id);
    for &id in MetricId::ALL {
        if value(id).is_some_and(|found| !found.is_finite() || found < 0.0) {
            return Err(format!("{} is {:?}", id.definition().name, value(id)));
        }
    }
    for id in [Delivered, Answered, Failed, Impossible, Relayed] {
        if value(id).is_some_and(|share| share > 100.0 + 1e-9) {
            return Err(format!("{} is {:?}", id.definition().name, value(id)));
        }
    }
    let missed = [
        MissedLost,
        MissedUplink,
        MissedDownlink,
        MissedSocket,
        MissedTurn,
        MissedLate,
        MissedBlocked,
        MissedUnconnected,
        MissedThrottled,
    ];
    if let Some(delivered) = value(Delivered) {
        let all = delivered + missed.into_iter().filter_map(value).sum::<f64>();
        if (all - 100.0).abs() > 1e-6 {
            return Err(format!("delivered and missed are {all} % of what was wanted"));
        }
    }
    let quantiles: Vec<f64> = [LatencyP50, LatencyP95, LatencyP99, LatencyMax].into_iter().filter_map(value).collect();
    if !quantiles.is_sorted() {
        return Err(format!("latencies are {quantiles:?}"));
    }
    Ok(())
}

/// What draws the cases: the same ones every time, or as many others as `PROPTEST_CASES` says.
fn runner(cases: u32) -> TestRunner {
    let config = |cases| Config { cases, failure_persistence: None, ..Config::default() };
    match std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()) {
        Some(cases) => TestRunner::new(config(cases)),
        None => TestRunner::new_with_rng(config(cases), TestRng::deterministic_rng(RngAlgorithm::ChaCha)),
    }
}

/// When a case began: what is accepted must not take for ever.
#[expect(clippy::disallowed_methods, reason = "a test waits for a person, not for simulated time")]
fn clock() -> std::time::Instant {
    std::time::Instant::now()
}
