//! The fast path: what becomes of a connection's set-up, looked up.
//!
//! The course of a set-up depends on delays only through which of two times is the earlier one, so its
//! outcome is a function that is linear in the delays by parts. For each pair of kinds of ends a tree is
//! learned from the state machine ([`run()`](super::run())): its nodes are those comparisons of times on which the
//! outcome turns, its leaves are outcomes as linear forms. Courses differ in much that makes no
//! difference; a tree over all comparisons would need a leaf for nearly every pair of peers.
//!
//! **Learning and looking up are apart.** A [`SetupsLearner`] runs the state machine and grows trees; what it has learned
//! becomes [`Setups`], which nothing changes any more. So what becomes of a set-up is a function of its pair, delays and
//! chances, whatever else is looked up, before or beside it. What is not known, two kinds of ends or a loss that were hardly
//! met, is a run of the state machine for this look-up alone.
//!
//! **How right it is.** Times told are exact where the leaf's outcome is that of the pair's own course. A
//! leaf is tried against the state machine as lessons lead to it and split where it was wrong; so the share of
//! look-ups that get the outcome of a neighbouring course falls with the number of lessons (what that costs and how right
//! it is: docs/PERFORMANCE.md, docs/MODELS.md). When all candidates are known, what was signaled and how many datagrams
//! there were is that of the leaf's witness. Chains of boxes that look the same from outside share their trees.
//!
//! **Losses** are drawn by the gaps between them ([`Chance`]), for as many datagrams as the set-up has.
//! Without a loss a look-up is one walk. What one loss adds is known from the runs of a few witnesses of the tree;
//! two add what both do. With more the state machine runs.

use std::sync::Arc;

use self::chance::{Draws, LINKS, Lost};
use self::courses::{Courses, Found, Tree};
use self::outcomes::plain;
use super::outcome::{Datagrams, SetupOutcome, SetupTimes};
use super::profile::SetupProfile;
use super::run::{run, run_while};
use super::spec::{EndSpec, Losses, PairSetup, Relation, RelayTransport};
use crate::rng::PairKey;
use crate::units::SimDuration;
use crate::webrtc::stamp::{Comparisons, Delays, Stamp};

mod boundary;
mod canonical;
mod chance;
mod courses;
mod learner;
mod lessons;
mod losses;
mod outcomes;
#[cfg(test)]
mod tests;
mod tree;

pub use chance::{Chance, LinkLoss};
pub use learner::SetupsLearner;

/// All relations, in their order.
const ALL_RELATIONS: [Relation; RELATIONS] =
    [Relation::Apart, Relation::SameCarrier, Relation::SameLan, Relation::SameLanNoMulticast];
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
}

/// Two ends by their kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SetupPair {
    /// The kinds of the offerer and the answerer: indices into the list that the [`Setups`] were made for.
    pub kinds: [u16; 2],
    /// What they have in common.
    pub relation: Relation,
}

/// What was learned, and what that has cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SetupsSize {
    /// Runs of the state machine.
    pub runs: u64,
    /// Runs that trees were learned from; the others were for losses.
    pub tree_runs: u64,
    /// Different outcomes.
    pub outcomes: usize,
    /// Comparisons in all trees: one less than leaves in each.
    pub comparisons: usize,
    /// Bytes.
    pub bytes: usize,
}

/// The set-ups of ends of some kinds: what was learned of them, and a run of its own for what was not.
#[derive(Clone, Debug)]
pub struct Setups {
    // Those that were learned from, and behind them those that are new.
    kinds: Vec<EndSpec>,
    options: SetupOptions,
    // The place in `kinds` of each kind that is asked for; and of the one whose trees serve it apart from the other end.
    places: Vec<u16>,
    stand_ins: Vec<u16>,
    learned: Arc<Learned>,
}

// What was learned, by places in a list of kinds; never changed.
#[derive(Debug, Default)]
struct Learned {
    // By the offerer's kind; then by the answerer's kind and the relation. Empty where nothing was learned.
    trees: Vec<Vec<Tree>>,
    courses: Courses,
    size: SetupsSize,
}

impl Setups {
    /// Of ends of these kinds, of which nothing was learned: each look-up is a run of its own, exact, and worth its time
    /// where there are few.
    #[must_use]
    pub fn played(kinds: Vec<EndSpec>, options: SetupOptions) -> Self {
        let places: Vec<u16> = (0..).take(kinds.len()).collect();
        Self { kinds, options, stand_ins: places.clone(), places, learned: Arc::default() }
    }

    /// The same knowledge for ends of other kinds.
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
        let places: Vec<u16> = places.collect();
        let stand_ins = canonical::stand_ins(&all);
        let stand_ins = places.iter().map(|&place| stand_ins[usize::from(place)]).collect();
        Self { kinds: all, options: self.options.clone(), places, stand_ins, learned: Arc::clone(&self.learned) }
    }

    /// What becomes of a set-up, in times since the offerer begins.
    ///
    /// # Panics
    /// If the pair is of kinds that are not in the list.
    #[inline]
    #[must_use]
    pub fn look_up(&self, pair: SetupPair, delays: &Delays, chance: &Chance) -> SetupOutcome<SimDuration> {
        let courses = &self.learned.courses;
        let known = self.tree(pair).and_then(|tree| courses.find(tree, delays).map(|found| (tree, found)));
        let Some((tree, found)) = known else { return self.play(pair, delays, chance) };
        if !chance.may_lose(&courses.datagrams(&found)) {
            return courses.outcome(&found, delays);
        }
        self.look_up_lossy(tree, found, delays, chance).unwrap_or_else(|| self.play(pair, delays, chance))
    }

    /// The set-up of a pair, to be played beside others.
    ///
    /// # Panics
    /// If the pair is of kinds that are not in the list.
    #[must_use]
    pub fn setup(&self, pair: SetupPair) -> PairSetup {
        setup_of(&self.kinds, &self.options, self.placed(pair))
    }

    /// What was learned, and what that has cost.
    #[must_use]
    pub fn size(&self) -> SetupsSize {
        self.learned.size
    }

    /// Whether set-ups of this pair are looked up, unless they lose much.
    ///
    /// # Panics
    /// If the pair is of kinds that are not in the list.
    #[must_use]
    pub fn knows(&self, pair: SetupPair) -> bool {
        self.tree(pair).is_some()
    }

    #[inline]
    fn tree(&self, pair: SetupPair) -> Option<&Tree> {
        let places = if pair.relation == Relation::Apart { &self.stand_ins } else { &self.places };
        let pair = SetupPair { kinds: pair.kinds.map(|kind| places[usize::from(kind)]), ..pair };
        let row = self.learned.trees.get(usize::from(pair.kinds[0]))?;
        row.get(place_in_row(pair)).filter(|tree| tree.is_known())
    }

    // What losses add to a set-up that is known without; nothing if that is not known.
    fn look_up_lossy(
        &self,
        tree: &Tree,
        mut found: Found,
        delays: &Delays,
        chance: &Chance,
    ) -> Option<SetupOutcome<SimDuration>> {
        let courses = &self.learned.courses;
        let (mut draws, mut lost) = (Draws::new(chance), Vec::new());
        // Chooses among runs of others with the same loss.
        let number = PairKey::new(chance.draw).directed(LINKS as u32, 0);
        while draws.add_to(&mut lost, &courses.datagrams(&found)) {
            found = Courses::with_losses(tree, &found, &lost, number)?;
        }
        Some(courses.outcome(&found, delays))
    }

    // A run of its own, with its own losses.
    #[cold]
    fn play(&self, pair: SetupPair, delays: &Delays, chance: &Chance) -> SetupOutcome<SimDuration> {
        let run = |lost: &[Lost]| {
            run_once(&self.kinds, &self.options, self.placed(pair), lost, Comparisons::new(*delays), None).0
        };
        let (mut draws, mut lost) = (Draws::new(chance), Vec::new());
        let mut outcome = run(&[]);
        while draws.add_to(&mut lost, &outcome.datagrams) {
            outcome = run(&lost);
        }
        plain(&outcome)
    }

    fn placed(&self, pair: SetupPair) -> SetupPair {
        SetupPair { kinds: pair.kinds.map(|kind| self.places[usize::from(kind)]), ..pair }
    }
}

// Where the tree of a pair stands in the row of its offerer's kind.
#[inline]
fn place_in_row(pair: SetupPair) -> usize {
    usize::from(pair.kinds[1]) * RELATIONS + pair.relation as usize
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
