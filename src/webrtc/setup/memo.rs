//! The fast path: what becomes of a connection's set-up, looked up.
//!
//! The course of a set-up depends on delays only through which of two times is the earlier one, so its
//! outcome is a function that is linear in the delays by parts. For each pair of kinds of ends a tree is
//! learned from the state machine ([`run`]): its nodes are those comparisons of times on which the
//! outcome turns, its leaves are outcomes as linear forms. Courses differ in much that makes no
//! difference; a tree over all comparisons would need a leaf for nearly every pair of peers.
//!
//! **How right it is.** Times told are exact where the leaf's outcome is that of the pair's own course. A
//! leaf is tried against the state machine at its first look-ups and whenever their number doubles, and
//! split where it was wrong; so the share of look-ups that get the outcome of a neighbouring course falls with their
//! number (measured in docs/MODELS.md). What was signaled and how many datagrams there were is that of
//! the leaf's witness.
//!
//! **Losses** are drawn by the gaps between them ([`Chance`]), for as many datagrams as the set-up has.
//! Without a loss a look-up is one walk. One loss is looked up as it befalls the leaf's witness, with the
//! times under the pair's own delays. With more, the state machine runs.

use self::chance::{Draws, Lost};
use self::courses::{Courses, Found};
use self::tree::Branch;
use super::outcome::SetupOutcome;
use super::profile::SetupProfile;
use super::run::run;
use super::spec::{EndSpec, Losses, PairSetup, Relation, RelayTransport};
use crate::units::SimDuration;
use crate::webrtc::stamp::{Comparisons, Delays, Stamp};

mod chance;
mod courses;
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
    /// Bytes of memory beyond which outcomes with a loss are not kept; see [`SetupOptions::MEMORY_BYTES`].
    pub memory_bytes: usize,
}

impl SetupOptions {
    /// A limit of memory that leaves a mesh of ten thousand peers within 4 GiB: 1 GiB.
    pub const MEMORY_BYTES: usize = 1 << 30;
}

/// Two ends by their kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SetupPair {
    /// The kinds of the offerer and the answerer: indices into the list that [`Setups::new`] was given.
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
    /// Comparisons in all trees: one less than leaves in each.
    pub comparisons: usize,
    /// Bytes.
    pub bytes: usize,
}

/// The set-ups of a population.
#[derive(Debug)]
pub struct Setups {
    kinds: Vec<EndSpec>,
    options: SetupOptions,
    // By the offerer's kind; then by the answerer's kind and the relation. Empty until they are needed.
    trees: Vec<Vec<Branch>>,
    courses: Courses,
    lost: Vec<Lost>,
}

impl Setups {
    /// Of ends of these kinds.
    #[must_use]
    pub fn new(kinds: Vec<EndSpec>, options: SetupOptions) -> Self {
        let trees = vec![Vec::new(); kinds.len()];
        Self { kinds, options, trees, courses: Courses::default(), lost: Vec::new() }
    }

    /// What becomes of a set-up, in times since the offerer begins.
    ///
    /// # Panics
    /// If the pair is of kinds that are not in the list.
    #[inline]
    pub fn look_up(&mut self, pair: SetupPair, delays: &Delays, chance: &Chance) -> SetupOutcome<SimDuration> {
        let Self { kinds, options, trees, courses, lost } = self;
        let machine = |lost: &[Lost], comparisons: Comparisons| run_once(kinds, options, pair, lost, comparisons);
        let row = &mut trees[usize::from(pair.kinds[0])];
        if row.is_empty() {
            row.resize(kinds.len() * RELATIONS, Branch::default());
        }
        let root = &mut row[usize::from(pair.kinds[1]) * RELATIONS + pair.relation as usize];
        let mut found = courses.find(root, delays, &machine);
        let mut draws = Draws::new(chance);
        if draws.are_lossless() {
            return courses.outcome(&found, delays);
        }
        lost.clear();
        while draws.add_to(lost, &courses.datagrams(&found)) {
            found = match (&found, lost.as_slice()) {
                (Found::Leaf(leaf), &[one]) => {
                    courses.find_lossy(*leaf, one, courses.bytes() < options.memory_bytes, &machine)
                }
                _ => courses.run(lost, delays, &machine),
            };
        }
        courses.outcome(&found, delays)
    }

    /// What there is in memory.
    #[must_use]
    pub fn size(&self) -> SetupsSize {
        SetupsSize {
            runs: self.courses.runs(),
            outcomes: self.courses.outcomes(),
            comparisons: self.courses.comparisons(),
            bytes: self.courses.bytes(),
        }
    }
}

fn run_once(
    kinds: &[EndSpec],
    options: &SetupOptions,
    pair: SetupPair,
    lost: &[Lost],
    comparisons: Comparisons,
) -> (SetupOutcome<Stamp>, Comparisons) {
    let setup = PairSetup {
        ends: pair.kinds.map(|kind| kinds[usize::from(kind)].clone()),
        relation: pair.relation,
        trickle: options.trickle,
        transports: options.transports.clone(),
        profile: options.profile,
    };
    let on = |link| lost.iter().filter(move |lost| lost.link == link).map(|lost| lost.index).collect();
    let run = run(&setup, &Losses { up: [on(0), on(2)], down: [on(1), on(3)] }, comparisons);
    (run.outcome, run.comparisons)
}
