//! How long an optimiser may work: counted in steps, so that the answer is the same on every machine.

use crate::rng::{Domain, Seed, Stream, Streams};

/// Seed and work of one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Effort {
    /// The seed of whatever is drawn.
    pub seed: Seed,
    /// How many steps may be taken: pairs of a client and a site that are looked at. A core does some hundred million
    /// a second. More work never makes an answer worse.
    pub work: u64,
}

impl Effort {
    /// The random stream number `id` of this call.
    pub(super) fn stream(self, id: u64) -> Stream {
        Streams::new(self.seed).stream(Domain::HubSearch, id)
    }
}

/// What is left of the work.
#[derive(Clone, Copy, Debug)]
pub(super) struct Work {
    left: u64,
    spent: u64,
}

impl Work {
    pub(super) const fn new(steps: u64) -> Self {
        Self { left: steps, spent: 0 }
    }

    /// Takes `steps`, and says whether there are any left.
    pub(super) fn spend(&mut self, steps: usize) -> bool {
        self.spent += steps as u64;
        self.left = self.left.saturating_sub(steps as u64);
        self.left > 0
    }

    pub(super) const fn is_left(&self) -> bool {
        self.left > 0
    }

    pub(super) const fn left(&self) -> u64 {
        self.left
    }

    pub(super) const fn spent(&self) -> u64 {
        self.spent
    }

    /// The point of `spent` where a phase of so many steps ends.
    pub(super) const fn until(&self, steps: u64) -> u64 {
        self.spent.saturating_add(steps)
    }
}
