//! What a lost datagram adds to a set-up.
//!
//! For each loss a few runs of the state machine are kept: a leaf's witness with that one datagram lost. The
//! loss costs another set-up of the tree what it cost the witness: the difference of the two outcomes, as
//! a form in the delays, is added to the pair's own. A witness of the same leaf is taken where there is one;
//! a loss that was never met costs what the nearest on its link does.

use std::collections::BTreeMap;

use super::chance::Lost;
use super::outcomes::Summary;

/// Runs kept for each loss.
const EXTRAS_MAX: usize = 4;

/// A run with a loss.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Extra {
    /// Whose witness it is of.
    pub(super) leaf: u32,
    /// What it came to.
    pub(super) summary: Summary,
}

/// What the losses of one tree add, one by one.
#[derive(Debug, Default)]
pub(super) struct Extras {
    known: BTreeMap<Lost, Vec<Extra>>,
}

impl Extras {
    /// What a loss adds to a set-up of this leaf, if any is known on its link; `number` chooses among those of other
    /// leaves.
    pub(super) fn of(&self, lost: Lost, leaf: u32, number: u64) -> Option<Extra> {
        let extras = self.nearest(lost);
        let own = extras.iter().find(|extra| extra.leaf == leaf);
        let other = || extras.get((number % extras.len().max(1) as u64) as usize);
        own.or_else(other).copied()
    }

    /// Whether a run with this loss on the witness of this leaf tells more than is known.
    pub(super) fn wants(&self, lost: Lost, leaf: u32) -> bool {
        let known = self.known.get(&lost);
        known.is_none_or(|extras| extras.len() < EXTRAS_MAX && extras.iter().all(|extra| extra.leaf != leaf))
    }

    /// Whether anything is known of losses on a link.
    pub(super) fn know(&self, link: u8) -> bool {
        self.known.keys().any(|lost| lost.link == link)
    }

    /// Keeps a run.
    pub(super) fn keep(&mut self, lost: Lost, extra: Extra) {
        self.known.entry(lost).or_default().push(extra);
    }

    // Of this loss, or of the nearest to it on its link.
    fn nearest(&self, lost: Lost) -> &[Extra] {
        let before = self.known.range(..=lost).next_back().filter(|(known, _)| known.link == lost.link);
        let after = self.known.range(lost..).next().filter(|(known, _)| known.link == lost.link);
        let nearest = before.into_iter().chain(after).min_by_key(|(known, _)| known.index.abs_diff(lost.index));
        nearest.map_or(&[], |(_, extras)| extras.as_slice())
    }
}
