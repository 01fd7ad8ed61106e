//! What is known of the courses that set-ups take: trees, the outcomes at their leaves, and what losses add.
//!
//! Nothing is learned here ([`super::lessons`]): what is found depends on the pair that is looked up and on nothing that
//! was looked up before.

use super::chance::Lost;
use super::losses::{Extra, Extras};
use super::outcomes::{Outcomes, Summary};
use super::tree::{Branch, Forest};
use crate::units::SimDuration;
use crate::webrtc::setup::{Datagrams, SetupOutcome};
use crate::webrtc::stamp::Delays;

/// Runs that a tree was learned from at least where it is trusted. docs/MODELS.md has how right that makes it.
const ENOUGH_RUNS: u64 = 16;
/// Losses in one set-up beyond which what they add is not summed up: together they may add more, and a
/// set-up that loses much may never end.
pub(super) const SUMMED_MAX: usize = 2;

/// What is known of the set-ups between two kinds of ends.
#[derive(Debug, Default)]
pub(super) struct Tree {
    pub(super) root: Branch,
    pub(super) extras: Extras,
    /// Runs that it was learned from, and the leaf of the last lesson.
    pub(super) runs: u64,
    pub(super) last: u32,
}

impl Tree {
    /// Whether enough is known to look set-ups up.
    #[inline]
    pub(super) const fn is_known(&self) -> bool {
        self.runs >= ENOUGH_RUNS
    }
}

/// All courses that were learned.
#[derive(Debug, Default)]
pub(super) struct Courses {
    pub(super) forest: Forest,
    pub(super) leaves: Vec<Summary>,
    pub(super) outcomes: Outcomes,
}

/// What a look-up comes to.
#[derive(Debug)]
pub(super) enum Found {
    /// What this leaf knows.
    Leaf(u32),
    /// The same with what the losses add.
    Later(u32, [Option<Extra>; SUMMED_MAX]),
}

impl Courses {
    /// The outcome of a set-up without losses; none if the tree is empty.
    #[inline]
    pub(super) fn find(&self, tree: &Tree, delays: &Delays) -> Option<Found> {
        self.forest.walk(tree.root, delays).map(Found::Leaf)
    }

    /// The outcome with these losses as well; none if that is not known. `number` chooses among what is known of others.
    pub(super) fn with_losses(tree: &Tree, found: &Found, lost: &[Lost], number: u64) -> Option<Found> {
        let (Found::Leaf(leaf) | Found::Later(leaf, _)) = *found;
        if lost.len() > SUMMED_MAX {
            return None;
        }
        let mut extras = [None; SUMMED_MAX];
        for (extra, &lost) in extras.iter_mut().zip(lost) {
            *extra = Some(tree.extras.of(lost, leaf, number)?);
        }
        Some(Found::Later(leaf, extras))
    }

    /// The datagrams of a set-up.
    #[inline]
    pub(super) fn datagrams(&self, found: &Found) -> [Datagrams; 2] {
        match found {
            Found::Leaf(leaf) => self.leaves[*leaf as usize].datagrams,
            Found::Later(leaf, extras) => self.later(*leaf, extras).datagrams,
        }
    }

    /// The outcome for these delays.
    #[inline]
    pub(super) fn outcome(&self, found: &Found, delays: &Delays) -> SetupOutcome<SimDuration> {
        match found {
            Found::Leaf(leaf) => self.outcomes.outcome(&self.leaves[*leaf as usize], delays),
            Found::Later(leaf, extras) => {
                let outcome = self.outcomes.outcome(&self.later(*leaf, extras), delays);
                let with = |outcome, extra: &Extra| {
                    let without = &self.leaves[extra.leaf as usize];
                    self.outcomes.later(outcome, without, &extra.summary, delays)
                };
                extras.iter().flatten().fold(outcome, with)
            }
        }
    }

    /// Bytes they take.
    pub(super) fn bytes(&self) -> usize {
        self.forest.bytes() + self.outcomes.bytes() + self.leaves.capacity() * size_of::<Summary>()
    }

    // A leaf's summary with the datagrams and messages of its losses.
    fn later(&self, leaf: u32, extras: &[Option<Extra>]) -> Summary {
        let own = self.leaves[leaf as usize];
        let with_more = |sum: Summary, extra: &Extra| sum.with_more(&self.leaves[extra.leaf as usize], &extra.summary);
        extras.iter().flatten().fold(own, with_more)
    }
}
