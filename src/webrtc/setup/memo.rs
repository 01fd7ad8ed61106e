//! The fast path: what becomes of a connection's set-up, looked up.
//!
//! The course of a set-up depends on delays only through which of two times is the earlier one, so its
//! outcome is a function that is linear in the delays by parts. For each pair of kinds of ends a tree is
//! learned from the state machine ([`run()`](super::run())): its nodes are those comparisons of times on which the
//! outcome turns, its leaves are outcomes as linear forms. Courses differ in much that makes no
//! difference; a tree over all comparisons would need a leaf for nearly every pair of peers.
//!
//! **How right it is.** Times told are exact where the leaf's outcome is that of the pair's own course. A
//! leaf is tried against the state machine from time to time and split where it was wrong; so the share of
//! look-ups that get the outcome of a neighbouring course falls with their number. The runs of a tree are bounded
//! by the square root of its look-ups and a number of its own for those that wait (what that costs and how right it
//! is: docs/PERFORMANCE.md, docs/MODELS.md). Of what is to serve many replications more can be learned beforehand
//! ([`Setups::learning`], [`Setups::known_to`]); where set-ups are few, all can be played through
//! ([`Setups::played`]). When all candidates are known, what was signaled and how many datagrams there were is
//! that of the leaf's witness. Chains of boxes that look the same from outside share their trees.
//!
//! **Losses** are drawn by the gaps between them ([`Chance`]), for as many datagrams as the set-up has.
//! Without a loss a look-up is one walk. What one loss adds is known from the runs of a few witnesses of the tree.
//! With two, the state machine runs while a budget of the same kind lasts; then what they add is summed up.
//! With more it always runs.

use self::chance::{Draws, Lost};
use self::courses::{Courses, Found, Tree};
use super::outcome::{Datagrams, SetupOutcome, SetupTimes};
use super::profile::SetupProfile;
use super::run::{run, run_while};
use super::spec::{EndSpec, Losses, PairSetup, Relation, RelayTransport};
use crate::units::SimDuration;
use crate::webrtc::stamp::{Comparisons, Delays, Stamp};

mod boundary;
mod canonical;
mod chance;
mod courses;
mod lateness;
mod losses;
mod outcomes;
#[cfg(test)]
mod tests;
mod tree;

pub use chance::{Chance, LinkLoss};

/// How many [`Relation`]s there are.
const RELATIONS: usize = 4;

/// What all set-ups of a population have in common.
#[derive(Clone, Debug, PartialEq)]
pub struct SetupOptions {
    /// Whether candidates trickle (RFC 8838), or go with the description.
    pub trickle: bool,
    /// Which transports the TURN servers speak, most preferred first.
    pub transports: Vec<RelayTransport>,
    /// What follows ICE.
    pub profile: SetupProfile,
    /// Bytes of memory beyond which nothing more is learned; see [`SetupOptions::MEMORY_BYTES`].
    pub memory_bytes: usize,
}

impl SetupOptions {
    /// A limit of memory that leaves a mesh of ten thousand peers within 4 GiB: 1 GiB.
    pub const MEMORY_BYTES: usize = 1 << 30;
}

/// Two ends by their kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SetupPair {
    /// The kinds of the offerer and the answerer: indices into the list that the [`Setups`] were made for.
    pub kinds: [u16; 2],
    /// What they have in common.
    pub relation: Relation,
}

/// What there is in memory, and what it has cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SetupsSize {
    /// Runs of the state machine.
    pub runs: u64,
    /// Different outcomes.
    pub outcomes: usize,
    /// Runs that trees were learned from; the others were for losses, or played.
    pub tree_runs: u64,
    /// Comparisons in all trees: one less than leaves in each.
    pub comparisons: usize,
    /// Bytes.
    pub bytes: usize,
}

/// The set-ups of a population.
#[derive(Clone, Debug)]
pub struct Setups {
    kinds: Vec<EndSpec>,
    options: SetupOptions,
    way: Way,
    // By the offerer's kind; then by the answerer's kind and the relation. Empty until they are needed.
    trees: Vec<Vec<Tree>>,
    // Whose tree serves an end apart from the other.
    stand_ins: Vec<u16>,
    // The place in `kinds` of each kind that is asked for.
    places: Vec<u16>,
    courses: Courses,
    lost: Vec<Lost>,
}

// Where an outcome comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    // A run of its own.
    Played,
    // What has been learned, as far as look-ups pay for runs.
    Learned,
    // The same, and learning pays at any price.
    Learning,
}

impl Setups {
    /// Of ends of these kinds; learns as it is asked.
    #[must_use]
    pub fn new(kinds: Vec<EndSpec>, options: SetupOptions) -> Self {
        Self::by(Way::Learned, kinds, options)
    }

    /// Of ends of these kinds, each look-up a run of its own: exact, and worth its time where there are few.
    #[must_use]
    pub fn played(kinds: Vec<EndSpec>, options: SetupOptions) -> Self {
        Self::by(Way::Played, kinds, options)
    }

    /// Of ends of these kinds, to be learned from: does not save runs.
    #[must_use]
    pub fn learning(kinds: Vec<EndSpec>, options: SetupOptions) -> Self {
        Self::by(Way::Learning, kinds, options)
    }

    /// What has been learned here, for ends of other kinds too.
    ///
    /// # Panics
    /// If there are more than 65,535 kinds in all.
    #[must_use]
    pub fn known_to(&self, kinds: Vec<EndSpec>) -> Self {
        let mut all = self.kinds.clone();
        let places = kinds.into_iter().map(|kind| {
            let place = all.iter().position(|known| *known == kind).unwrap_or_else(|| {
                all.push(kind);
                all.len() - 1
            });
            u16::try_from(place).expect("kinds have 16 bits")
        });
        let places = places.collect();
        let settled = |row: &Vec<Tree>| {
            let mut row: Vec<Tree> = row.iter().map(Tree::settled).collect();
            if !row.is_empty() {
                row.resize_with(all.len() * RELATIONS, Tree::default);
            }
            row
        };
        let mut trees: Vec<Vec<Tree>> = self.trees.iter().map(settled).collect();
        trees.resize_with(all.len(), Vec::new);
        let stand_ins = canonical::stand_ins(&all);
        let (options, courses) = (self.options.clone(), self.courses.clone());
        Self { kinds: all, options, way: Way::Learned, trees, stand_ins, places, courses, lost: Vec::new() }
    }

    fn by(way: Way, kinds: Vec<EndSpec>, options: SetupOptions) -> Self {
        let trees = kinds.iter().map(|_| Vec::new()).collect();
        let stand_ins = canonical::stand_ins(&kinds);
        let places = (0..).take(kinds.len()).collect();
        let courses = Courses::within(options.memory_bytes);
        Self { kinds, options, way, trees, stand_ins, places, courses, lost: Vec::new() }
    }

    /// What becomes of a set-up, in times since the offerer begins.
    ///
    /// # Panics
    /// If the pair is of kinds that are not in the list.
    #[inline]
    pub fn look_up(&mut self, pair: SetupPair, delays: &Delays, chance: &Chance) -> SetupOutcome<SimDuration> {
        let Self { kinds, options, way, trees, stand_ins, places, courses, lost } = self;
        let place = |kind: u16| places[usize::from(kind)];
        let pair = match pair.relation {
            Relation::Apart => SetupPair { kinds: pair.kinds.map(|kind| stand_ins[usize::from(place(kind))]), ..pair },
            _ => SetupPair { kinds: pair.kinds.map(place), ..pair },
        };
        let machine = |lost: &[Lost], comparisons: Comparisons, expected: Option<&SetupTimes<Stamp>>| {
            run_once(kinds, options, pair, lost, comparisons, expected)
        };
        let row = &mut trees[usize::from(pair.kinds[0])];
        if row.is_empty() {
            let tree = if *way == Way::Learning { Tree::eager } else { Tree::default };
            row.resize_with(kinds.len() * RELATIONS, tree);
        }
        let tree = &mut row[usize::from(pair.kinds[1]) * RELATIONS + pair.relation as usize];
        let leaf =
            if *way == Way::Played || tree.is_young() { None } else { Some(courses.find(tree, delays, &machine)) };
        let mut found = match leaf {
            Some(leaf) => Found::Leaf(leaf),
            None => courses.play(&[], delays, &machine),
        };
        if chance.may_lose(&courses.datagrams(&found)) {
            let mut draws = Draws::new(chance);
            lost.clear();
            while draws.add_to(lost, &courses.datagrams(&found)) {
                // Nothing is learned of several at once.
                if *way == Way::Learning && lost.len() > 1 {
                    break;
                }
                found = match leaf {
                    Some(leaf) => courses.find_lossy(tree, leaf, lost, delays, &machine),
                    None => courses.play(lost, delays, &machine),
                };
            }
        }
        courses.outcome(&found, delays)
    }

    /// The set-up of a pair, to be played beside others.
    ///
    /// # Panics
    /// If the pair is of kinds that are not in the list.
    #[must_use]
    pub fn setup(&self, pair: SetupPair) -> PairSetup {
        let kinds = pair.kinds.map(|kind| self.places[usize::from(kind)]);
        setup_of(&self.kinds, &self.options, SetupPair { kinds, ..pair })
    }

    /// What there is in memory.
    #[must_use]
    pub fn size(&self) -> SetupsSize {
        SetupsSize {
            runs: self.courses.runs(),
            tree_runs: self.courses.tree_runs(),
            outcomes: self.courses.outcomes(),
            comparisons: self.courses.comparisons(),
            bytes: self.courses.bytes(),
        }
    }
}

fn setup_of(kinds: &[EndSpec], options: &SetupOptions, pair: SetupPair) -> PairSetup {
    PairSetup {
        ends: pair.kinds.map(|kind| kinds[usize::from(kind)].clone()),
        relation: pair.relation,
        trickle: options.trickle,
        transports: options.transports.clone(),
        profile: options.profile,
    }
}

/// The datagrams that an attempt loses, of so many on each link and direction.
pub(super) fn losses(chance: &Chance, datagrams: u32) -> Losses {
    let mut lost = Vec::new();
    Draws::new(chance).add_to(&mut lost, &[Datagrams { up: datagrams, down: datagrams }; 2]);
    of_links(&lost)
}

fn of_links(lost: &[Lost]) -> Losses {
    let on = |link| lost.iter().filter(move |lost| lost.link == link).map(|lost| lost.index).collect();
    Losses { up: [on(0), on(2)], down: [on(1), on(3)] }
}

fn run_once(
    kinds: &[EndSpec],
    options: &SetupOptions,
    pair: SetupPair,
    lost: &[Lost],
    comparisons: Comparisons,
    expected: Option<&SetupTimes<Stamp>>,
) -> (SetupOutcome<Stamp>, Comparisons) {
    let setup = setup_of(kinds, options, pair);
    let losses = of_links(lost);
    let run = match expected {
        Some(expected) => run_while(&setup, &losses, comparisons, expected),
        None => run(&setup, &losses, comparisons),
    };
    (run.outcome, run.comparisons)
}
