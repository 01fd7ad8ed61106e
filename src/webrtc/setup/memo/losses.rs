//! What a lost datagram adds to a set-up.
//!
//! For each loss a few runs of the state machine are kept: a leaf's witness with that one datagram lost. The
//! loss costs another set-up of the tree what it cost the witness: the difference of the two outcomes, as
//! a form in the delays, is added to the pair's own. A witness of the same leaf is taken where there is one;
//! once the budget of runs is spent, a loss that was never met costs what the nearest on its link does.

use std::collections::BTreeMap;

use super::chance::Lost;
use super::courses::Budget;
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
#[derive(Clone, Debug, Default)]
pub(super) struct Extras {
    known: BTreeMap<Lost, Vec<Extra>>,
    /// Set-ups with a loss, and runs for them.
    pub(super) budget: Budget,
}

/// Where what a loss adds is known from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known {
    /// A run.
    Run(Extra),
    /// None that will do: one is to be made.
    Wanted,
}

impl Extras {
    /// The same with another budget.
    pub(super) fn with(self, budget: Budget) -> Self {
        Self { budget, ..self }
    }

    /// What a loss adds to a set-up of this leaf; `number` chooses among those of other leaves.
    pub(super) fn of(&self, lost: Lost, leaf: u32, number: u64) -> Known {
        let extras = self.nearest(lost);
        let met = self.known.get(&lost).map_or(0, Vec::len);
        let own = extras.iter().find(|extra| extra.leaf == leaf);
        let more = met < EXTRAS_MAX && self.budget.lasts() && (met == 0 || own.is_none());
        if let Some(own) = own.filter(|_| !more) {
            return Known::Run(*own);
        }
        match extras.len() as u64 {
            0 => Known::Wanted,
            _ if more => Known::Wanted,
            count => Known::Run(extras[(number % count) as usize]),
        }
    }

    // Of this loss, or of the nearest to it on its link.
    fn nearest(&self, lost: Lost) -> &[Extra] {
        let before = self.known.range(..=lost).next_back().filter(|(known, _)| known.link == lost.link);
        let after = self.known.range(lost..).next().filter(|(known, _)| known.link == lost.link);
        let nearest = before.into_iter().chain(after).min_by_key(|(known, _)| known.index.abs_diff(lost.index));
        nearest.map_or(&[], |(_, extras)| extras.as_slice())
    }

    /// Keeps a run.
    pub(super) fn keep(&mut self, lost: Lost, extra: Extra) {
        self.known.entry(lost).or_default().push(extra);
    }
}
