//! Whether latency grows while it is measured: then a queue grows without end, or nothing has settled yet, and any figure
//! of it says more about how long it was watched than about the overlay.
//!
//! Deliveries are put into batches by when they come about: of what is published late, only what comes soon is seen at all,
//! and what has fallen behind is missing. The means of the batches are nearly independent where batches are much longer
//! than latencies (batch means: Law, "Simulation Modeling and Analysis", chapter 9); a queue that grows without end makes
//! them grow in a line. All that it takes is a look at the count and the sum of all latencies at the end of each batch.

use crate::metrics::LatencyHistogram;
use crate::units::{SimDuration, SimTime};

/// The window has so many batches.
const BATCHES: usize = 32;
/// Fewer batches with deliveries say nothing.
const BATCHES_MIN: usize = 12;
/// The last quarter of the batches has so many times the latency of the first, and so much more.
const GROWTH: f64 = 1.5;
const GROWTH_MS: f64 = 200.0;
/// The least correlation of time and latency: the line explains three quarters of the variance. Noise alone has it among
/// twelve batches about once in 10,000 times.
const CORRELATION: f64 = 0.87;

/// Counts and sums of latencies in the measured window, batch by batch.
#[derive(Clone, Debug)]
pub(crate) struct Trend {
    // When the next batch ends, in nanoseconds.
    next_ns: u64,
    // A batch is so long.
    batch_ns: u64,
    // Of each batch that has ended what had been counted by then.
    marks: Vec<Batch>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Batch {
    deliveries: u64,
    latency_ns: u128,
}

/// Mean latencies of deliveries in the first and in the last quarter of the window.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Growth {
    /// That of the first.
    pub(crate) first: SimDuration,
    /// That of the last.
    pub(crate) last: SimDuration,
}

impl Trend {
    /// Nothing yet, for a window that begins and ends so.
    pub(crate) fn of_window(from: SimTime, to: SimTime) -> Self {
        let batch_ns = (to.since(from).as_ns() / BATCHES as u64).max(1);
        Self { next_ns: from.as_ns().saturating_add(batch_ns), batch_ns, marks: Vec::new() }
    }

    /// It is so late now, and `seen` has what was delivered by now. Calls come often, so that a batch that has ended since
    /// the last one ended a moment ago.
    #[inline]
    pub(crate) fn pass(&mut self, now: SimTime, seen: &LatencyHistogram) {
        if now.as_ns() >= self.next_ns {
            self.mark(now, seen);
        }
    }

    #[cold]
    fn mark(&mut self, now: SimTime, seen: &LatencyHistogram) {
        let mark = Batch { deliveries: seen.count(), latency_ns: seen.sum_ns() };
        while now.as_ns() >= self.next_ns && self.marks.len() < BATCHES {
            self.marks.push(mark);
            self.next_ns = self.next_ns.saturating_add(self.batch_ns);
        }
        if self.marks.len() == BATCHES {
            self.next_ns = u64::MAX;
        }
    }

    /// By how much latency grows, if that is beyond doubt; `all` are the latencies in the end.
    pub(crate) fn growth(&self, all: &LatencyHistogram) -> Option<Growth> {
        // At first only fast deliveries can come of what the window counts. Batches before slow ones come are left out.
        let slow = all.quantile(0.95)?.as_ns() / self.batch_ns + 1;
        let marks = self.marks.get(usize::try_from(slow).ok()?..)?;
        let between = |pair: &[Batch]| Batch {
            deliveries: pair[1].deliveries - pair[0].deliveries,
            latency_ns: pair[1].latency_ns - pair[0].latency_ns,
        };
        let batches = marks.windows(2).map(between).filter(|batch| batch.deliveries > 0);
        let batches: Vec<Batch> = batches.collect();
        if batches.len() < BATCHES_MIN {
            return None;
        }
        let quarter = batches.len() / 4;
        let [first, last] = [&batches[..quarter], &batches[batches.len() - quarter..]].map(mean_ms);
        let grows = last >= GROWTH * first && last >= first + GROWTH_MS && correlation(&batches) >= CORRELATION;
        let ms = |ms: f64| SimDuration::from_ns((ms * 1e6) as u64);
        grows.then(|| Growth { first: ms(first), last: ms(last) })
    }
}

fn mean_ms(batches: &[Batch]) -> f64 {
    let deliveries: u64 = batches.iter().map(|batch| batch.deliveries).sum();
    let latency_ms: f64 = batches.iter().map(|batch| batch.latency_ns as f64 / 1e6).sum();
    latency_ms / deliveries as f64
}

// Pearson's correlation of the places of batches and their means.
fn correlation(batches: &[Batch]) -> f64 {
    let count = batches.len() as f64;
    let means: Vec<f64> = batches.iter().map(|batch| mean_ms(&[*batch])).collect();
    let middle = (count - 1.0) / 2.0;
    let mean = means.iter().sum::<f64>() / count;
    let (mut both, mut of_time, mut of_latency) = (0.0, 0.0, 0.0);
    for (place, latency) in means.iter().enumerate() {
        let (time, latency) = (place as f64 - middle, latency - mean);
        both += time * latency;
        of_time += time * time;
        of_latency += latency * latency;
    }
    if of_latency > 0.0 { both / (of_time * of_latency).sqrt() } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND_NS: u64 = 1_000_000_000;

    // Ten messages a second that are delivered one by one.
    fn trend(seconds: u64, latency_ms: impl Fn(f64) -> f64) -> Option<Growth> {
        let from = SimTime::from_ns(10 * SECOND_NS);
        let mut trend = Trend::of_window(from, from + SimDuration::from_secs(seconds));
        let mut seen = LatencyHistogram::new();
        let messages = (0..seconds * 10).map(|message| {
            let latency = SimDuration::from_ns((latency_ms(message as f64 / 10.0) * 1e6) as u64);
            let published = from + SimDuration::from_ms(message * 100);
            (published + latency, latency)
        });
        let mut arrivals: Vec<(SimTime, SimDuration)> = messages.collect();
        arrivals.sort();
        let mut arrived = 0;
        for message in 0..seconds * 10 {
            let now = from + SimDuration::from_ms(message * 100);
            while let Some((_, latency)) = arrivals.get(arrived).filter(|(at, _)| *at <= now) {
                seen.record(*latency);
                arrived += 1;
            }
            trend.pass(now, &seen);
        }
        trend.growth(&seen)
    }

    #[test]
    fn a_queue_that_grows_without_end_shows() {
        // Of what is offered two thirds come through.
        for seconds in [8, 9, 31, 33, 600] {
            let found = trend(seconds, |s| 40.0 + 500.0 * s).expect("it grows");
            assert!(found.last.as_ms_f64() > 1.5 * found.first.as_ms_f64(), "{seconds} s: {found:?}");
            assert!(found.last.as_ms_f64() < 40.0 + 334.0 * seconds as f64, "{seconds} s: {found:?}");
        }
    }

    #[test]
    fn what_is_steady_settles_or_swings_does_not() {
        // A linear congruence draws latencies of a heavy tail.
        let noise = |s: f64| {
            let state = ((s * 10.0) as u64 + 1).wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1 << 20);
            let uniform = ((state >> 33) as f64 + 1.0) / (1_u64 << 31) as f64;
            40.0 / uniform.sqrt()
        };
        let slow = |s: f64| 100.0 * noise(s) / 40.0;
        for seconds in [5, 20, 60] {
            assert_eq!(trend(seconds, noise), None);
            assert_eq!(trend(seconds, slow), None);
            assert_eq!(trend(seconds, |_| 40.0), None);
            assert_eq!(trend(seconds, |s| 2_000.0 * ((s * 7.7).sin() + 1.0)), None, "wide, and steady");
        }
        assert_eq!(trend(60, |s| 40.0 + 2_000.0 * (-s / 5.0).exp()), None, "it falls");
        assert_eq!(trend(60, |s| 40.0 + 2_000.0 * (1.0 - (-s / 3.0).exp())), None, "a buffer has filled up");
        assert_eq!(trend(60, |s| 500.0 + 400.0 * (s / 3.0).sin()), None);
        assert_eq!(trend(60, |s| 40.0 + s), None, "too little to matter");
        assert_eq!(trend(60, |s| if s > 58.0 { 1_000.0 } else { 40.0 }), None, "once is no trend");
    }

    #[test]
    fn few_deliveries_say_nothing() {
        let mut trend = Trend::of_window(SimTime::ZERO, SimTime::from_ns(20 * SECOND_NS));
        let mut seen = LatencyHistogram::new();
        assert_eq!(trend.growth(&seen), None);
        for second in (0..20).step_by(5) {
            seen.record(SimDuration::from_ms(second * 100));
            trend.pass(SimTime::from_ns(second * SECOND_NS), &seen);
        }
        assert_eq!(trend.growth(&seen), None);
    }
}
