//! Learning which course leads to which outcome: a look-up that runs the state machine where it must.
//!
//! A leaf knows the outcome of one run, its witness. It is held to be that of all delays that lead
//! there, and tried again from time to time: the rarer, the longer it has been right, and only while the
//! tree's budget of runs lasts, which grows with its look-ups; and for each degree of lateness ([`Lateness`]). Where a trial comes to something else, the leaf is
//! split: between the witness and the delays of the trial lies a place where the outcome changes, because two
//! times there change their order; their difference is the form by which a new node tells the two sides apart
//! ([`Boundary`]).

use super::boundary::Boundary;
use super::chance::Lost;
use super::lateness::{Lateness, LatenessSet};
use super::losses::{Extra, Extras, Known};
use super::outcomes::{Outcomes, Summary, plain};
use super::tree::{Branch, Forest};
use crate::units::SimDuration;
use crate::webrtc::setup::{Datagrams, SetupOutcome, SetupTimes};
use crate::webrtc::stamp::{Comparisons, Delays, Difference, Stamp};

/// A state machine: what a run comes to with these losses, and its comparisons. Where times are expected, it may
/// stop once its own are others.
pub(super) type Machine<'a> =
    &'a dyn Fn(&[Lost], Comparisons, Option<&SetupTimes<Stamp>>) -> (SetupOutcome<Stamp>, Comparisons);

/// The first look-ups of two kinds of ends are all runs of their own, so that few connections are exact.
const PLAYED_LOOK_UPS: u32 = 12;
/// The runs a tree may make at once, and how many times the square root of its look-ups it may make beyond, as a
/// multiple of a half; less where others have been learned from before, and least where the tree itself has.
/// docs/MODELS.md has what that costs and how right it makes it.
const FIRST_RUNS: u64 = 32;
const RUNS_PER_ROOT: u64 = 4;
const RUNS_PER_ROOT_LITTLE_KNOWN: u64 = 2;
const RUNS_PER_ROOT_KNOWN: u64 = 1;
/// The same for losses, of a tree of which little is known.
const FIRST_RUNS_LOSSES: u64 = 8;
/// Runs in one replication after which a tree that others have been learned with knows enough.
const RUNS_MAX_KNOWN: u64 = 16;
/// Runs of a tree up to which what comes to a leaf that has not been tried for its lateness is, budget or not.
const RUNS_MAX_LATE: u64 = 128;
/// Runs of a tree that has been learned well enough to be thrifty.
const ENOUGH_RUNS: u64 = 64;
/// A leaf is tried again once its look-ups since the last trial are this share of all.
const TRIAL_SHARE: u32 = 16;
/// Losses in one set-up beyond which what they add is not summed up: together they may add more, and a
/// set-up that loses much may never end.
const SUMMED_MAX: usize = 2;

/// Runs that are paid for by look-ups.
#[derive(Clone, Copy, Debug)]
pub(super) struct Budget {
    look_ups: u64,
    runs: u64,
    // Runs that need no look-ups, halves of a root that look-ups pay for, and how many runs there are at most.
    free: u64,
    per_root: u64,
    most: u64,
}

impl Default for Budget {
    fn default() -> Self {
        Self::new(FIRST_RUNS, RUNS_PER_ROOT, u64::MAX)
    }
}

impl Budget {
    /// Of what has been learned before.
    const KNOWN: Self = Self::new(0, RUNS_PER_ROOT_KNOWN, RUNS_MAX_KNOWN);
    /// Of what little has been learned of, and of its losses.
    const LITTLE_KNOWN: Self = Self::new(FIRST_RUNS, RUNS_PER_ROOT_LITTLE_KNOWN, 4 * RUNS_MAX_KNOWN);
    const LITTLE_KNOWN_LOSSES: Self = Self::new(FIRST_RUNS_LOSSES, RUNS_PER_ROOT_KNOWN, RUNS_MAX_KNOWN);
    /// Of what is to be learned whatever it costs.
    const ALL_FREE: Self = Self::new(u64::MAX, 0, u64::MAX);

    const fn new(free: u64, per_root: u64, most: u64) -> Self {
        Self { look_ups: 0, runs: 0, free, per_root, most }
    }

    #[inline]
    pub(super) const fn earn(&mut self) {
        self.look_ups += 1;
    }

    pub(super) const fn spend(&mut self) {
        self.runs += 1;
    }

    #[inline]
    pub(super) const fn lasts(&self) -> bool {
        let halves = 2 * self.runs.saturating_sub(self.free);
        let paid = halves * halves < self.per_root * self.per_root * self.look_ups;
        self.runs < self.most && (self.runs < self.free || paid)
    }
}

/// What is known of the set-ups between two kinds of ends.
#[derive(Clone, Debug, Default)]
pub(super) struct Tree {
    root: Branch,
    budget: Budget,
    extras: Extras,
    played: u32,
}

impl Tree {
    /// Of which as much is learned as there is to learn.
    pub(super) fn eager() -> Self {
        let extras = Extras::default().with(Budget::ALL_FREE);
        Self { budget: Budget::ALL_FREE, extras, played: PLAYED_LOOK_UPS, ..Self::default() }
    }

    /// The same, from where on look-ups pay for learning: the less, the more has been learned.
    pub(super) fn settled(&self) -> Self {
        if self.root == Branch::default() {
            return Self::default();
        }
        let little = self.budget.runs < ENOUGH_RUNS;
        let (budget, losses, played) = match little {
            true => (Budget::LITTLE_KNOWN, Budget::LITTLE_KNOWN_LOSSES, 0),
            false => (Budget::KNOWN, Budget::KNOWN, PLAYED_LOOK_UPS),
        };
        Self { budget, extras: self.extras.clone().with(losses), played, ..self.clone() }
    }

    /// Whether this look-up is one of the first, and to be played through.
    #[inline]
    pub(super) const fn is_young(&mut self) -> bool {
        if self.played < PLAYED_LOOK_UPS {
            self.played += 1;
            return true;
        }
        false
    }
}

/// All courses learned so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Courses {
    forest: Forest,
    leaves: Vec<Leaf>,
    // The delays of each leaf's witness: apart, as they are needed for trials alone.
    witnesses: Vec<Delays>,
    outcomes: Outcomes,
    // What the losses of the set-up that is looked up add.
    added: Vec<Extra>,
    runs: u64,
    tree_runs: u64,
    memory_bytes: usize,
}

#[derive(Clone, Copy, Debug)]
struct Leaf {
    summary: Summary,
    // Look-ups so far, and the one that is the next trial.
    seen: u32,
    trial: u32,
    // For which lateness it has been tried, here or before it was split.
    tried: LatenessSet,
}

/// What a look-up comes to.
#[derive(Debug)]
pub(super) enum Found {
    /// What this leaf knows.
    Leaf(u32),
    /// The same with what the losses add.
    Later(u32),
    /// What a run came to.
    Run(Box<SetupOutcome<Stamp>>),
}

impl Courses {
    /// None yet; nothing more is learned beyond so many bytes.
    pub(super) fn within(memory_bytes: usize) -> Self {
        Self { memory_bytes, ..Self::default() }
    }

    /// Plays a set-up through.
    pub(super) fn play(&mut self, lost: &[Lost], delays: &Delays, machine: Machine<'_>) -> Found {
        self.runs += 1;
        Found::Run(Box::new(machine(lost, Comparisons::new(*delays), None).0))
    }

    /// The outcome of a set-up without losses.
    #[inline]
    pub(super) fn find(&mut self, tree: &mut Tree, delays: &Delays, machine: Machine<'_>) -> u32 {
        tree.budget.earn();
        let Some(leaf) = self.forest.walk(tree.root, delays) else {
            let summary = self.summary(tree, delays, machine);
            let leaf = self.add_leaf(summary, *delays);
            tree.root = Branch::to_leaf(leaf);
            return leaf;
        };
        let known = &mut self.leaves[leaf as usize];
        known.seen = known.seen.saturating_add(1);
        let is_tried = known.tried.has(Lateness::of(delays));
        let may_try = tree.budget.lasts() || !is_tried && tree.budget.runs < RUNS_MAX_LATE;
        if !may_try || is_tried && known.seen < known.trial {
            return leaf;
        }
        self.try_again(tree, leaf, delays, machine)
    }

    /// The outcome with these losses, if the leaf has that of the set-up without.
    pub(super) fn find_lossy(
        &mut self,
        tree: &mut Tree,
        leaf: u32,
        lost: &[Lost],
        delays: &Delays,
        machine: Machine<'_>,
    ) -> Found {
        tree.extras.budget.earn();
        if lost.len() > SUMMED_MAX {
            return self.play(lost, delays, machine);
        }
        if lost.len() > 1 && tree.extras.budget.lasts() {
            tree.extras.budget.spend();
            return self.play(lost, delays, machine);
        }
        self.added.clear();
        for &lost in lost {
            let extra = match tree.extras.of(lost, leaf, u64::from(self.leaves[leaf as usize].seen)) {
                Known::Run(extra) => extra,
                Known::Wanted => self.extra(tree, leaf, lost, machine),
            };
            self.added.push(extra);
        }
        Found::Later(leaf)
    }

    /// The datagrams of a set-up.
    #[inline]
    pub(super) fn datagrams(&self, found: &Found) -> [Datagrams; 2] {
        match found {
            Found::Leaf(leaf) => self.leaves[*leaf as usize].summary.datagrams,
            Found::Later(leaf) => self.later(*leaf).datagrams,
            Found::Run(outcome) => outcome.datagrams,
        }
    }

    /// The outcome for these delays.
    #[inline]
    pub(super) fn outcome(&self, found: &Found, delays: &Delays) -> SetupOutcome<SimDuration> {
        match found {
            Found::Leaf(leaf) => self.outcomes.outcome(&self.leaves[*leaf as usize].summary, delays),
            Found::Later(leaf) => {
                let outcome = self.outcomes.outcome(&self.later(*leaf), delays);
                let with = |outcome, extra: &Extra| {
                    let without = &self.leaves[extra.leaf as usize].summary;
                    self.outcomes.later(outcome, without, &extra.summary, delays)
                };
                self.added.iter().fold(outcome, with)
            }
            Found::Run(outcome) => plain(outcome),
        }
    }

    pub(super) fn comparisons(&self) -> usize {
        self.forest.len()
    }

    pub(super) fn outcomes(&self) -> usize {
        self.outcomes.len()
    }

    pub(super) const fn runs(&self) -> u64 {
        self.runs
    }

    pub(super) const fn tree_runs(&self) -> u64 {
        self.tree_runs
    }

    pub(super) fn bytes(&self) -> usize {
        self.forest.bytes() + self.outcomes.bytes() + self.leaves.capacity() * (size_of::<Leaf>() + size_of::<Delays>())
    }

    // A leaf's summary with the datagrams and messages of its losses.
    fn later(&self, leaf: u32) -> Summary {
        let own = self.leaves[leaf as usize].summary;
        self.added
            .iter()
            .fold(own, |sum, extra| sum.with_more(&self.leaves[extra.leaf as usize].summary, &extra.summary))
    }

    #[cold]
    fn extra(&mut self, tree: &mut Tree, leaf: u32, lost: Lost, machine: Machine<'_>) -> Extra {
        tree.extras.budget.spend();
        self.runs += 1;
        let witness = self.witnesses[leaf as usize];
        let (outcome, _) = machine(&[lost], Comparisons::new(witness), None);
        let extra = Extra { leaf, summary: self.outcomes.summary(&outcome, &witness) };
        tree.extras.keep(lost, extra);
        extra
    }

    #[cold]
    fn try_again(&mut self, tree: &mut Tree, leaf: u32, delays: &Delays, machine: Machine<'_>) -> u32 {
        let summary = self.summary(tree, delays, machine);
        let witness = self.witnesses[leaf as usize];
        let known_leaf = &mut self.leaves[leaf as usize];
        let Leaf { summary: known, tried, .. } = *known_leaf;
        known_leaf.tried = tried.with(Lateness::of(delays));
        known_leaf.trial = known_leaf.seen + 1 + known_leaf.seen / TRIAL_SHARE;
        if summary.outcome == known.outcome || self.bytes() > self.memory_bytes {
            return leaf;
        }
        let form = self.boundary(tree, known.outcome, &witness, delays, machine);
        let new = self.add_leaf(summary, *delays);
        // Where no form tells the two apart, this look-up alone has the new leaf.
        let Some(form) = form else { return new };
        // Equal times count as greater; where one side has them, that is to be its side.
        let form = if form.ns(delays) >= 0 && form.ns(&witness) >= 0 { form.negated() } else { form };
        let (less, greater) = if form.ns(delays) < 0 { (new, leaf) } else { (leaf, new) };
        self.forest.split(&mut tree.root, delays, form, less, greater);
        let known_leaf = &mut self.leaves[leaf as usize];
        known_leaf.seen /= 2;
        known_leaf.trial = known_leaf.seen + 1;
        // Others as late may still come to it.
        known_leaf.tried = tried;
        new
    }

    // The form that parts delays with this outcome from those with another.
    fn boundary(
        &mut self,
        tree: &mut Tree,
        outcome: u32,
        with: &Delays,
        other: &Delays,
        machine: Machine<'_>,
    ) -> Option<Difference> {
        // Nothing is added to it meanwhile.
        let forest = std::mem::take(&mut self.forest);
        let run = |delays: &Delays, others: Option<[&Delays; 2]>| {
            let silent = Comparisons::new(*delays);
            let comparisons = others.map_or(silent, |others| Comparisons::between(*delays, others));
            self.book_run(tree);
            let expected = self.outcomes.stamps(outcome, delays);
            let (run, made) = machine(&[], comparisons, Some(&expected));
            (self.outcomes.is(outcome, &expected, &run), made)
        };
        let form = Boundary::new(run, with, other).find(&forest);
        self.forest = forest;
        form
    }

    fn summary(&mut self, tree: &mut Tree, delays: &Delays, machine: Machine<'_>) -> Summary {
        self.book_run(tree);
        let (outcome, _) = machine(&[], Comparisons::new(*delays), None);
        self.outcomes.summary(&outcome, delays)
    }

    const fn book_run(&mut self, tree: &mut Tree) {
        self.runs += 1;
        self.tree_runs += 1;
        tree.budget.spend();
    }

    fn add_leaf(&mut self, summary: Summary, witness: Delays) -> u32 {
        self.leaves.push(Leaf {
            summary,
            seen: 1,
            trial: 2,
            tried: LatenessSet::default().with(Lateness::of(&witness)),
        });
        self.witnesses.push(witness);
        u32::try_from(self.leaves.len() - 1).expect("invariant: memory runs out long before")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Runs that a tree may have made after so many look-ups.
    fn runs(budget: Budget, look_ups: u64) -> u64 {
        let mut budget = Budget { look_ups, ..budget };
        while budget.lasts() && budget.runs < 1_000 {
            budget.spend();
        }
        budget.runs
    }

    #[test]
    fn look_ups_pay_for_runs_the_less_the_more_is_known() {
        let after = |budget| [0, 100, 10_000, 1_000_000].map(|look_ups| runs(budget, look_ups));
        assert_eq!(after(Budget::default()), [32, 32 + 20, 32 + 200, 1_000]);
        assert_eq!(after(Budget::LITTLE_KNOWN), [32, 32 + 10, 64, 64]);
        assert_eq!(after(Budget::LITTLE_KNOWN_LOSSES), [8, 8 + 5, 16, 16]);
        assert_eq!(after(Budget::KNOWN), [0, 5, 16, 16]);
        assert_eq!(after(Budget::ALL_FREE), [1_000; 4]);
    }

    #[test]
    fn a_tree_is_thrifty_once_it_has_been_learned() {
        let learned =
            |runs| Tree { root: Branch::to_leaf(0), budget: Budget { runs, ..Budget::ALL_FREE }, ..Tree::eager() };
        let budgets = |tree: &Tree| {
            let settled = tree.settled();
            [settled.budget, settled.extras.budget].map(|budget| (runs(budget, 0), runs(budget, 10_000)))
        };
        assert_eq!(budgets(&learned(ENOUGH_RUNS)), [(0, 16); 2]);
        assert_eq!(budgets(&learned(ENOUGH_RUNS - 1)), [(32, 64), (8, 16)]);
        assert_eq!(budgets(&Tree::eager()), [(32, 232); 2]);
        assert!(learned(0).settled().is_young() && !learned(ENOUGH_RUNS).settled().is_young());
    }
}
