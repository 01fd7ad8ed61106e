//! Learning which course leads to which outcome, from runs of the state machine.
//!
//! A leaf knows the outcome of one run, its witness. It is held to be that of all delays that lead
//! there, and tried again as lessons lead to it: the rarer, the longer it has been right. Where a trial comes to
//! something else, the leaf is split: between the witness and the delays of the trial lies a place where the outcome
//! changes, because two times there change their order; their difference is the form by which a new node tells the
//! two sides apart ([`Boundary`]).

use super::boundary::Boundary;
use super::chance::Lost;
use super::courses::{Courses, Tree};
use super::losses::Extra;
use super::outcomes::Summary;
use super::tree::Branch;
use crate::webrtc::setup::{Datagrams, SetupOutcome, SetupTimes};
use crate::webrtc::stamp::{Comparisons, Delays, Difference, Stamp};

/// A state machine: what a run comes to with these losses, and its comparisons. Where times are expected, it may
/// stop once its own are others.
pub(super) type Machine<'a> =
    &'a dyn Fn(&[Lost], Comparisons, Option<&SetupTimes<Stamp>>) -> (SetupOutcome<Stamp>, Comparisons);

/// A leaf is tried again once the lessons since the last trial are this share of all.
const TRIAL_SHARE: u32 = 16;

/// Courses that grow, and what is needed for that alone.
#[derive(Debug, Default)]
pub(super) struct Lessons {
    courses: Courses,
    trials: Vec<Trial>,
    /// Runs of the state machine, and those for trees.
    runs: u64,
    tree_runs: u64,
}

// Of a leaf: the delays of its witness, lessons so far, and the one that is the next trial.
#[derive(Clone, Copy, Debug)]
struct Trial {
    witness: Delays,
    seen: u32,
    next: u32,
}

impl Lessons {
    /// A set-up without losses: the leaf that has its outcome, as far as is known then.
    pub(super) fn learn(&mut self, tree: &mut Tree, delays: &Delays, machine: Machine<'_>) -> u32 {
        tree.last = self.leaf(tree, delays, machine);
        tree.last
    }

    /// What a loss adds to a set-up of a leaf, unless that is known.
    pub(super) fn learn_loss(&mut self, tree: &mut Tree, leaf: u32, lost: Lost, machine: Machine<'_>) {
        if !tree.extras.wants(lost, leaf) {
            return;
        }
        self.runs += 1;
        let witness = self.trials[leaf as usize].witness;
        let (outcome, _) = machine(&[lost], Comparisons::new(witness), None);
        let extra = Extra { leaf, summary: self.courses.outcomes.summary(&outcome, &witness) };
        tree.extras.keep(lost, extra);
    }

    /// What one loss adds, in the middle of each link on which none was met.
    pub(super) fn learn_unmet_losses(&mut self, tree: &mut Tree, machine: Machine<'_>) {
        let [offerer, answerer] = self.datagrams(tree.last);
        for (link, datagrams) in (0..).zip([offerer.up, offerer.down, answerer.up, answerer.down]) {
            if datagrams > 0 && !tree.extras.know(link) {
                self.learn_loss(tree, tree.last, Lost { link, index: datagrams / 2 }, machine);
            }
        }
    }

    /// The datagrams of a set-up of a leaf.
    pub(super) fn datagrams(&self, leaf: u32) -> [Datagrams; 2] {
        self.courses.leaves[leaf as usize].datagrams
    }

    /// Runs of the state machine, and those for trees.
    pub(super) const fn runs(&self) -> [u64; 2] {
        [self.runs, self.tree_runs]
    }

    pub(super) const fn courses(&self) -> &Courses {
        &self.courses
    }

    /// What was learned.
    pub(super) fn into_courses(mut self) -> Courses {
        self.courses.forest.forget_forms();
        self.courses
    }

    fn leaf(&mut self, tree: &mut Tree, delays: &Delays, machine: Machine<'_>) -> u32 {
        let Some(leaf) = self.courses.forest.walk(tree.root, delays) else {
            let summary = self.summary(tree, delays, machine);
            let leaf = self.add_leaf(summary, *delays);
            tree.root = Branch::to_leaf(leaf);
            return leaf;
        };
        let trial = &mut self.trials[leaf as usize];
        trial.seen = trial.seen.saturating_add(1);
        if trial.seen < trial.next {
            return leaf;
        }
        self.try_again(tree, leaf, delays, machine)
    }

    #[cold]
    fn try_again(&mut self, tree: &mut Tree, leaf: u32, delays: &Delays, machine: Machine<'_>) -> u32 {
        let summary = self.summary(tree, delays, machine);
        let known = self.courses.leaves[leaf as usize];
        let trial = &mut self.trials[leaf as usize];
        trial.next = trial.seen + 1 + trial.seen / TRIAL_SHARE;
        let witness = trial.witness;
        if summary.outcome == known.outcome {
            return leaf;
        }
        let form = self.boundary(tree, known.outcome, &witness, delays, machine);
        let new = self.add_leaf(summary, *delays);
        // Where no form tells the two apart, this lesson alone has the new leaf.
        let Some(form) = form else { return new };
        // Equal times count as greater; where one side has them, that is to be its side.
        let form = if form.ns(delays) >= 0 && form.ns(&witness) >= 0 { form.negated() } else { form };
        let (less, greater) = if form.ns(delays) < 0 { (new, leaf) } else { (leaf, new) };
        self.courses.forest.split(&mut tree.root, delays, form, less, greater);
        let trial = &mut self.trials[leaf as usize];
        trial.seen /= 2;
        trial.next = trial.seen + 1;
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
        let forest = std::mem::take(&mut self.courses.forest);
        let run = |delays: &Delays, others: Option<[&Delays; 2]>| {
            let silent = Comparisons::new(*delays);
            let comparisons = others.map_or(silent, |others| Comparisons::between(*delays, others));
            self.book_run(tree);
            let expected = self.courses.outcomes.stamps(outcome, delays);
            let (run, made) = machine(&[], comparisons, Some(&expected));
            (self.courses.outcomes.is(outcome, &expected, &run), made)
        };
        let form = Boundary::new(run, with, other).find(&forest);
        self.courses.forest = forest;
        form
    }

    fn summary(&mut self, tree: &mut Tree, delays: &Delays, machine: Machine<'_>) -> Summary {
        self.book_run(tree);
        let (outcome, _) = machine(&[], Comparisons::new(*delays), None);
        self.courses.outcomes.summary(&outcome, delays)
    }

    const fn book_run(&mut self, tree: &mut Tree) {
        self.runs += 1;
        self.tree_runs += 1;
        tree.runs += 1;
    }

    fn add_leaf(&mut self, summary: Summary, witness: Delays) -> u32 {
        self.courses.leaves.push(summary);
        self.trials.push(Trial { witness, seen: 1, next: 2 });
        u32::try_from(self.trials.len() - 1).expect("invariant: memory runs out long before")
    }
}
