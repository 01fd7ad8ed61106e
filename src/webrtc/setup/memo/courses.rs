//! Courses and their outcomes together: a look-up that runs the state machine where it must.

use super::leaf::{Leaves, plain};
use super::prune::prune;
use super::tree::{Branch, Forest};
use crate::units::SimDuration;
use crate::webrtc::setup::{Datagrams, SetupOutcome};
use crate::webrtc::stamp::{Comparisons, Delays, Stamp};

/// All courses met so far.
#[derive(Debug, Default)]
pub(super) struct Courses {
    forest: Forest,
    leaves: Leaves,
    runs: u64,
}

/// The outcome of one run: kept, or as it came from the state machine.
#[derive(Debug)]
pub(super) enum Found {
    /// The number of a leaf.
    Kept(u32),
    /// The outcome itself.
    Fresh(Box<SetupOutcome<Stamp>>),
}

impl Courses {
    /// What a run under these delays comes to. Runs `machine`, which must do the same whenever its
    /// comparisons have the same outcomes, if the course is new.
    #[inline]
    pub(super) fn find(
        &mut self,
        root: &mut Branch,
        delays: &Delays,
        machine: impl FnOnce(Comparisons) -> (SetupOutcome<Stamp>, Comparisons),
    ) -> Found {
        Found::Kept(self.forest.find(*root, delays).unwrap_or_else(|| self.explore(root, delays, machine)))
    }

    /// The same, but keeps nothing.
    pub(super) fn find_or_run(
        &mut self,
        root: Branch,
        delays: &Delays,
        machine: impl FnOnce(Comparisons) -> (SetupOutcome<Stamp>, Comparisons),
    ) -> Found {
        self.forest.find(root, delays).map_or_else(
            || {
                self.runs += 1;
                Found::Fresh(Box::new(machine(Comparisons::new(*delays)).0))
            },
            Found::Kept,
        )
    }

    #[cold]
    fn explore(
        &mut self,
        root: &mut Branch,
        delays: &Delays,
        machine: impl FnOnce(Comparisons) -> (SetupOutcome<Stamp>, Comparisons),
    ) -> u32 {
        self.runs += 1;
        let (outcome, comparisons) = machine(Comparisons::new(*delays));
        let leaf = self.leaves.number(&outcome, delays);
        self.forest.graft(root, &prune(comparisons.made()), leaf);
        leaf
    }

    #[inline]
    pub(super) fn datagrams(&self, found: &Found) -> [Datagrams; 2] {
        match found {
            Found::Kept(leaf) => self.leaves.datagrams(*leaf),
            Found::Fresh(outcome) => outcome.datagrams,
        }
    }

    #[inline]
    pub(super) fn outcome(&self, found: &Found, delays: &Delays) -> SetupOutcome<SimDuration> {
        match found {
            Found::Kept(leaf) => self.leaves.outcome(*leaf, delays),
            Found::Fresh(outcome) => plain(outcome),
        }
    }

    pub(super) fn comparisons(&self) -> usize {
        self.forest.len()
    }

    pub(super) fn outcomes(&self) -> usize {
        self.leaves.len()
    }

    pub(super) const fn runs(&self) -> u64 {
        self.runs
    }

    pub(super) fn bytes(&self) -> usize {
        self.forest.bytes() + self.leaves.bytes()
    }
}
