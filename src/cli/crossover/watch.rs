//! How far a search is, and Ctrl-C.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use peerscape::sweep::Observer;

use crate::cli::interrupt;
use crate::cli::say;

/// Watches a search for a person.
pub(super) struct Watch(Arc<AtomicBool>);

impl Watch {
    /// The first Ctrl-C ends the search and keeps what is known, the second ends the program at once.
    pub(super) fn start() -> Result<Self, ctrlc::Error> {
        let stop = interrupt::flag()?;
        Ok(Self(stop))
    }

    /// Says that a population has been measured with so many seeds.
    pub(super) fn measured(&self, peers: u32, seeds: usize) {
        say::line(format_args!("measured {peers} peers with {seeds} seeds"));
    }
}

impl Observer for &Watch {
    fn finished(&mut self, _share: f64) {}

    fn should_stop(&mut self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}
