//! Learning of set-ups: lessons for each two kinds of ends, until somebody says that it is enough.

use std::sync::Arc;

use super::chance::{Chance, Draws, Lost};
use super::courses::Tree;
use super::lessons::Lessons;
use super::{Learned, RELATIONS, SetupOptions, SetupPair, Setups, SetupsSize, canonical, run_once};
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
        let Self { kinds, options, stand_ins, trees, lessons, lost } = self;
        let pair = match pair.relation {
            Relation::Apart => SetupPair { kinds: pair.kinds.map(|kind| stand_ins[usize::from(kind)]), ..pair },
            _ => pair,
        };
        let machine = |lost: &[Lost], comparisons: Comparisons, expected: Option<&SetupTimes<Stamp>>| {
            run_once(kinds, options, pair, lost, comparisons, expected)
        };
        let row = &mut trees[usize::from(pair.kinds[0])];
        if row.is_empty() {
            row.resize_with(kinds.len() * RELATIONS, Tree::default);
        }
        let tree = &mut row[usize::from(pair.kinds[1]) * RELATIONS + pair.relation as usize];
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
}
