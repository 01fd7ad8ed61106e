//! The fast path: what becomes of a connection's set-up, looked up.
//!
//! A run of the state machine ([`run`]) is a function of the two ends, of what is lost, and of the
//! outcomes of its comparisons of times. So for each pair of kinds of ends, and for each set of losses,
//! a tree of comparisons grows as courses are met: a look-up walks down with the delays of its pair, and
//! only where nobody has been before the state machine runs. What a look-up tells is what the state
//! machine would, to the nanosecond and for any delays.
//!
//! Losses are drawn by the gaps between them ([`Chance`]), for as many datagrams as the set-up has; a
//! set-up without a loss costs one walk. Courses with many losses hardly ever come again: they are run
//! and forgotten, and so is every new course once memory is at its limit.

use std::collections::BTreeMap;

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
mod leaf;
mod prune;
#[cfg(test)]
mod tests;
mod tree;

pub use chance::{Chance, LinkLoss};

/// Courses with more losses are run anew each time.
const KEPT_LOSSES_MAX: usize = 1;
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
    /// Bytes of memory beyond which no new course is kept; see [`SetupOptions::MEMORY_BYTES`].
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
    /// Comparisons in all trees.
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
    trees: Vec<Vec<Trees>>,
    courses: Courses,
    lost: Vec<Lost>,
}

// The trees of two kinds.
#[derive(Clone, Debug, Default)]
struct Trees {
    lossless: Branch,
    lossy: Option<Box<BTreeMap<Vec<Lost>, Branch>>>,
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
        let mut found = self.find(pair, delays, &[]);
        let mut draws = Draws::new(chance);
        if !draws.are_lossless() {
            let mut lost = std::mem::take(&mut self.lost);
            lost.clear();
            while draws.add_to(&mut lost, &self.courses.datagrams(&found)) {
                found = self.find(pair, delays, &lost);
            }
            self.lost = lost;
        }
        self.courses.outcome(&found, delays)
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

    // The course with exactly these losses.
    #[inline]
    fn find(&mut self, pair: SetupPair, delays: &Delays, lost: &[Lost]) -> Found {
        let Self { kinds, options, trees, courses, .. } = self;
        let [offerer, answerer] = pair.kinds.map(usize::from);
        let row = &mut trees[offerer];
        if row.is_empty() {
            row.resize(kinds.len() * RELATIONS, Trees::default());
        }
        let trees = &mut row[answerer * RELATIONS + pair.relation as usize];
        let machine = |comparisons| {
            let ends = pair.kinds.map(|kind| kinds[usize::from(kind)].clone());
            run_once(ends, pair.relation, options, lost, comparisons)
        };
        if lost.len() > KEPT_LOSSES_MAX || courses.bytes() > options.memory_bytes {
            let root = if lost.is_empty() { trees.lossless } else { trees.lossy(lost) };
            return courses.find_or_run(root, delays, machine);
        }
        let root = if lost.is_empty() { &mut trees.lossless } else { trees.lossy_mut(lost) };
        courses.find(root, delays, machine)
    }
}

impl Trees {
    fn lossy(&self, lost: &[Lost]) -> Branch {
        self.lossy.as_ref().and_then(|trees| trees.get(lost)).copied().unwrap_or_default()
    }

    fn lossy_mut(&mut self, lost: &[Lost]) -> &mut Branch {
        let trees = self.lossy.get_or_insert_default();
        if !trees.contains_key(lost) {
            trees.insert(lost.to_vec(), Branch::default());
        }
        trees.get_mut(lost).expect("invariant: it has just been put there")
    }
}

fn run_once(
    ends: [EndSpec; 2],
    relation: Relation,
    options: &SetupOptions,
    lost: &[Lost],
    comparisons: Comparisons,
) -> (SetupOutcome<Stamp>, Comparisons) {
    let SetupOptions { trickle, transports, profile, .. } = options;
    let setup = PairSetup { ends, relation, trickle: *trickle, transports: transports.clone(), profile: *profile };
    let on = |link| lost.iter().filter(move |lost| lost.link == link).map(|lost| lost.index).collect();
    let losses = Losses { up: [on(0), on(2)], down: [on(1), on(3)] };
    let run = run(&setup, &losses, comparisons);
    (run.outcome, run.comparisons)
}
