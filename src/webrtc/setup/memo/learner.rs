//! Learning of set-ups: lessons for each two kinds of ends, until somebody says that it is enough.

use std::sync::Arc;

use super::chance::{Chance, Draws, Lost};
use super::courses::Tree;
use super::lessons::Lessons;
use super::{
    ALL_RELATIONS, Learned, RELATIONS, SetupOptions, SetupPair, Setups, SetupsSize, canonical, place_in_row, run_once,
};
use crate::webrtc::setup::{EndSpec, Relation, SetupTimes};
use crate::webrtc::stamp::{Comparisons, Delays, Stamp};

/// Learns of the set-ups of ends of some kinds.
#[derive(Debug)]
pub struct SetupsLearner {
    kinds: Vec<EndSpec>,
    options: SetupOptions,
    stand_ins: Vec<u16>,
    trees: Vec<Vec<Tree>>,
    lessons: Lessons,
    lost: Vec<Lost>,
}

impl SetupsLearner {
    /// Of ends of these kinds, of which nothing is known yet.
    #[must_use]
    pub fn new(kinds: Vec<EndSpec>, options: SetupOptions) -> Self {
        let trees = kinds.iter().map(|_| Vec::new()).collect();
        let stand_ins = canonical::stand_ins(&kinds);
        Self { kinds, options, stand_ins, trees, lessons: Lessons::default(), lost: Vec::new() }
    }

    /// One set-up more. Of several losses in one nothing is learned.
    ///
    /// # Panics
    /// If the pair is of kinds that are not in the list.
    pub fn learn(&mut self, pair: SetupPair, delays: &Delays, chance: &Chance) {
        let pair = self.stand_in(pair);
        let Self { kinds, options, trees, lessons, lost, .. } = self;
        let machine = |lost: &[Lost], comparisons: Comparisons, expected: Option<&SetupTimes<Stamp>>| {
            run_once(kinds, options, pair, lost, comparisons, expected)
        };
        let row = &mut trees[usize::from(pair.kinds[0])];
        if row.is_empty() {
            row.resize_with(kinds.len() * RELATIONS, Tree::default);
        }
        let tree = &mut row[place_in_row(pair)];
        let leaf = lessons.learn(tree, delays, &machine);
        if !chance.may_lose(&lessons.datagrams(leaf)) {
            return;
        }
        lost.clear();
        Draws::new(chance).add_to(lost, &lessons.datagrams(leaf));
        if let [lost] = lost[..] {
            lessons.learn_loss(tree, leaf, lost, &machine);
        }
    }

    /// Of each two kinds that are known, what a loss adds on each link and direction on which none was met.
    pub fn learn_unmet_losses(&mut self) {
        let Self { kinds, options, trees, lessons, .. } = self;
        for (offerer, row) in (0..).zip(trees) {
            for (place, tree) in row.iter_mut().enumerate().filter(|(_, tree)| tree.is_known()) {
                let (answerer, relation) = (place / RELATIONS, ALL_RELATIONS[place % RELATIONS]);
                let pair = SetupPair { kinds: [offerer, answerer as u16], relation };
                lessons.learn_unmet_losses(tree, &|lost, comparisons, expected| {
                    run_once(kinds, options, pair, lost, comparisons, expected)
                });
            }
        }
    }

    /// Whether enough was learned of a pair to look its set-ups up.
    ///
    /// # Panics
    /// If the pair is of kinds that are not in the list.
    #[must_use]
    pub fn knows(&self, pair: SetupPair) -> bool {
        let pair = self.stand_in(pair);
        let row = &self.trees[usize::from(pair.kinds[0])];
        row.get(place_in_row(pair)).is_some_and(Tree::is_known)
    }

    /// Runs of the state machine for trees so far.
    #[must_use]
    pub const fn runs(&self) -> u64 {
        self.lessons.runs()[1]
    }

    /// What was learned so far, and what that has cost.
    #[must_use]
    pub fn size(&self) -> SetupsSize {
        let ([runs, tree_runs], courses) = (self.lessons.runs(), self.lessons.courses());
        SetupsSize {
            runs,
            tree_runs,
            outcomes: courses.outcomes.len(),
            comparisons: courses.forest.len(),
            bytes: courses.bytes(),
        }
    }

    /// What was learned, for good.
    #[must_use]
    pub fn into_setups(self) -> Setups {
        let size = self.size();
        let Self { kinds, options, stand_ins, trees, lessons, .. } = self;
        let courses = lessons.into_courses();
        let size = SetupsSize { bytes: courses.bytes(), ..size };
        let places = (0..).take(kinds.len()).collect();
        Setups { kinds, options, places, stand_ins, learned: Arc::new(Learned { trees, courses, size }) }
    }

    // Ends that are apart are those that stand in for them.
    fn stand_in(&self, pair: SetupPair) -> SetupPair {
        match pair.relation {
            Relation::Apart => SetupPair { kinds: pair.kinds.map(|kind| self.stand_ins[usize::from(kind)]), ..pair },
            _ => pair,
        }
    }
}
