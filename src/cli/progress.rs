//! How far a sweep is: a bar on a terminal, a plain line every few seconds elsewhere; and Ctrl-C.

use std::io::{self, IsTerminal, stderr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use indicatif::{HumanDuration, ProgressBar, ProgressStyle};
use peerscape::sweep::Observer;

use super::interrupt;
use super::say;

/// Watches a sweep for a person.
pub(super) struct Progress {
    replications: usize,
    finished: usize,
    share: f64,
    // The share that another run had done.
    before: f64,
    clock: Instant,
    next_line: Duration,
    bar: Option<ProgressBar>,
    stop: Arc<AtomicBool>,
}

/// Steps of the bar: work is a share, not a count of replications, for these differ in size.
const STEPS: u64 = 1_000;
/// Time between two plain lines.
const LINE_EVERY: Duration = Duration::from_secs(5);

impl Progress {
    /// Watches a sweep of so many replications that begins at `clock`. The first Ctrl-C stops the
    /// sweep and keeps what is finished, the second ends the program at once.
    pub(super) fn start(replications: usize, clock: Instant) -> Result<Self, ctrlc::Error> {
        let stop = interrupt::flag()?;
        let bar = stderr().is_terminal().then(bar);
        Ok(Self { replications, finished: 0, share: 0.0, before: 0.0, clock, next_line: LINE_EVERY, bar, stop })
    }

    /// Watches another sweep of as many replications.
    pub(super) fn restart(&mut self) {
        (self.finished, self.share) = (0, 0.0);
        self.bar = stderr().is_terminal().then(bar);
    }

    /// Takes the bar away. Returns whether the sweep was interrupted.
    pub(super) fn end(&self) -> bool {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        self.finished < self.replications && self.stop.load(Ordering::SeqCst)
    }

    fn words(&self) -> String {
        format!("{} of {} replications", self.finished, self.replications)
    }

    fn plain_line(&self, elapsed: Duration) -> String {
        let percent = 100.0 * self.share;
        let done = self.share - self.before;
        if done <= 0.0 {
            return format!("{percent:3.0} %  {}", self.words());
        }
        let left = elapsed.mul_f64((1.0 - self.share) / done);
        format!("{percent:3.0} %  {}, about {} left", self.words(), HumanDuration(left))
    }
}

impl Observer for Progress {
    fn taken_over(&mut self, replications: usize, share: f64) {
        (self.finished, self.share, self.before) = (replications, share, share);
    }

    fn store_failed(&mut self, error: &io::Error) {
        say::warning(format_args!(
            "replications cannot be kept as they end any more ({error}): what comes now is lost if the run is killed"
        ));
    }

    fn finished(&mut self, share: f64) {
        self.finished += 1;
        self.share = share.min(1.0);
        if let Some(bar) = &self.bar {
            bar.set_message(self.words());
            bar.set_position((self.share * STEPS as f64) as u64);
        }
    }

    fn should_stop(&mut self) -> bool {
        let elapsed = self.clock.elapsed();
        if self.bar.is_none() && elapsed >= self.next_line {
            say::line(self.plain_line(elapsed));
            self.next_line = elapsed + LINE_EVERY;
        }
        self.stop.load(Ordering::SeqCst)
    }
}

fn bar() -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:40} {percent:>3} %  {msg}, {eta} left")
        .expect("invariant: a constant template");
    let bar = ProgressBar::new(STEPS).with_style(style);
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}
