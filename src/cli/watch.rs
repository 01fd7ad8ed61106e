//! Whoever waits for many sweeps, one after the other: a line every few seconds, and Ctrl-C.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use peerscape::sweep::Observer;

use super::interrupt;
use super::run::now;
use super::say;

/// Time between two lines.
const LINE_EVERY: Duration = Duration::from_secs(5);

/// Counts replications for a person.
pub(super) struct Watch {
    finished: usize,
    clock: Instant,
    next_line: Duration,
    stop: Arc<AtomicBool>,
}

impl Watch {
    /// Begins now. The first Ctrl-C stops the sweeps, the second ends the program at once.
    pub(super) fn start() -> Result<Self, ctrlc::Error> {
        let stop = interrupt::flag()?;
        Ok(Self { finished: 0, clock: now().1, next_line: LINE_EVERY, stop })
    }

    /// Whether it was interrupted.
    pub(super) fn is_interrupted(&self) -> bool {
        self.stop.load(Ordering::SeqCst)
    }
}

impl Observer for Watch {
    fn finished(&mut self, _share: f64) {
        self.finished += 1;
    }

    fn should_stop(&mut self) -> bool {
        let elapsed = self.clock.elapsed();
        if elapsed >= self.next_line {
            say::line(format_args!("{} replications in {} s", self.finished, elapsed.as_secs()));
            self.next_line = elapsed + LINE_EVERY;
        }
        self.is_interrupted()
    }
}
