//! Learning which course leads to which outcome: a look-up that runs the state machine where it must.
//!
//! A leaf knows the outcome of one run, its witness. It is held to be that of all delays that lead
//! there, and tried again from time to time: at the first few look-ups, then whenever their number
//! doubles. Where a trial comes to something else, the leaf is split: between the witness and the delays of
//! the trial lies a place where the outcome changes, because two times there change their order. Halving the
//! way finds it, and their difference is the form by which a new node tells the two sides apart.

use std::collections::BTreeMap;

use super::chance::Lost;
use super::outcomes::{Outcomes, Summary, plain};
use super::tree::{Branch, Forest, Walk};
use crate::units::SimDuration;
use crate::webrtc::setup::{Datagrams, SetupOutcome};
use crate::webrtc::stamp::{Comparisons, Delays, Difference, Stamp};

/// A state machine: what a run comes to with these losses, and its comparisons.
pub(super) type Machine<'a> = &'a dyn Fn(&[Lost], Comparisons) -> (SetupOutcome<Stamp>, Comparisons);

/// Look-ups of a leaf that all are trials; afterwards, trials each time their number doubles.
const TRIALS: u32 = 16;
const TRIALS_PER_DOUBLING: u32 = 4;
/// Runs to find a boundary: each halves the forms that may be it, but brings new ones at times.
const HALVINGS_MAX: u32 = 34;

/// All courses learned so far.
#[derive(Debug, Default)]
pub(super) struct Courses {
    forest: Forest,
    leaves: Vec<Leaf>,
    outcomes: Outcomes,
    lossy: BTreeMap<(u32, Lost), Summary>,
    runs: u64,
}

#[derive(Clone, Copy, Debug)]
struct Leaf {
    summary: Summary,
    // Look-ups so far.
    seen: u32,
    witness: Delays,
}

/// What a look-up comes to.
#[derive(Debug)]
pub(super) enum Found {
    /// What this leaf knows.
    Leaf(u32),
    /// What its witness comes to with a loss.
    Lossy(Summary),
    /// What a run came to.
    Run(Box<SetupOutcome<Stamp>>),
}

impl Courses {
    /// The outcome of a set-up without losses.
    #[inline]
    pub(super) fn find(&mut self, root: &mut Branch, delays: &Delays, machine: Machine<'_>) -> Found {
        match self.forest.walk(*root, delays) {
            Walk::Leaf(leaf) => {
                let seen = &mut self.leaves[leaf as usize].seen;
                *seen = seen.saturating_add(1);
                if !is_trial(*seen) {
                    return Found::Leaf(leaf);
                }
                self.try_again(root, leaf, delays, machine)
            }
            Walk::Tie => self.run(&[], delays, machine),
            Walk::Empty => {
                let summary = self.summary(delays, machine);
                let leaf = self.add_leaf(summary, *delays);
                *root = Branch::to_leaf(leaf);
                Found::Leaf(leaf)
            }
        }
    }

    /// The outcome with one loss, as the leaf's witness meets it; kept if there is room.
    pub(super) fn find_lossy(&mut self, leaf: u32, lost: Lost, room: bool, machine: Machine<'_>) -> Found {
        if let Some(summary) = self.lossy.get(&(leaf, lost)) {
            return Found::Lossy(*summary);
        }
        let witness = self.leaves[leaf as usize].witness;
        self.runs += 1;
        let (outcome, _) = machine(&[lost], Comparisons::silent(witness));
        let summary = self.outcomes.summary(&outcome, &witness);
        if room {
            self.lossy.insert((leaf, lost), summary);
        }
        Found::Lossy(summary)
    }

    /// The outcome of a run of its own.
    pub(super) fn run(&mut self, lost: &[Lost], delays: &Delays, machine: Machine<'_>) -> Found {
        self.runs += 1;
        Found::Run(Box::new(machine(lost, Comparisons::silent(*delays)).0))
    }

    /// The datagrams of a set-up.
    #[inline]
    pub(super) fn datagrams(&self, found: &Found) -> [Datagrams; 2] {
        match found {
            Found::Leaf(leaf) => self.leaves[*leaf as usize].summary.datagrams,
            Found::Lossy(summary) => summary.datagrams,
            Found::Run(outcome) => outcome.datagrams,
        }
    }

    /// The outcome for these delays.
    #[inline]
    pub(super) fn outcome(&self, found: &Found, delays: &Delays) -> SetupOutcome<SimDuration> {
        match found {
            Found::Leaf(leaf) => self.outcomes.outcome(&self.leaves[*leaf as usize].summary, delays),
            Found::Lossy(summary) => self.outcomes.outcome(summary, delays),
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

    pub(super) fn bytes(&self) -> usize {
        let lossy = self.lossy.len() * size_of::<((u32, Lost), Summary)>();
        self.forest.bytes() + self.outcomes.bytes() + self.leaves.capacity() * size_of::<Leaf>() + lossy
    }

    #[cold]
    fn try_again(&mut self, root: &mut Branch, leaf: u32, delays: &Delays, machine: Machine<'_>) -> Found {
        let summary = self.summary(delays, machine);
        let Leaf { summary: known, witness, .. } = self.leaves[leaf as usize];
        if summary.outcome == known.outcome {
            return Found::Leaf(leaf);
        }
        let Some(form) = self.boundary(known.outcome, &witness, delays, machine) else {
            return self.run(&[], delays, machine);
        };
        let new = self.add_leaf(summary, *delays);
        let below = match form.ns(delays) {
            0 => form.ns(&witness) > 0,
            ns => ns < 0,
        };
        let (less, greater) = if below { (new, leaf) } else { (leaf, new) };
        self.forest.split(root, delays, form, less, greater);
        let seen = &mut self.leaves[leaf as usize].seen;
        *seen = (*seen).min(TRIALS);
        Found::Leaf(new)
    }

    // The form that parts delays with this outcome from those with another. Both courses' forms that have
    // another sign there than here cross zero somewhere on the way; a run in the middle of them leaves
    // half of them.
    fn boundary(&mut self, outcome: u32, with: &Delays, other: &Delays, machine: Machine<'_>) -> Option<Difference> {
        let (mut inside, mut outside) = (*with, *other);
        let mut inside_made = self.noted(&inside, machine).1;
        let mut outside_made = self.noted(&outside, machine).1;
        let mut deciding = None;
        for _ in 0..HALVINGS_MAX {
            let made = inside_made.made().iter().chain(outside_made.made()).map(|(form, _)| *form);
            let differ: Vec<Difference> =
                made.filter(|form| parts(form, &inside, &outside) && parts(form, with, other)).collect();
            deciding = differ.first().copied();
            let Some(share) = middle(&differ, &inside, &outside) else { break };
            let middle = inside.toward(&outside, share);
            if middle == inside || middle == outside {
                break;
            }
            let (found, made) = self.noted(&middle, machine);
            if found == outcome {
                (inside, inside_made) = (middle, made);
            } else {
                (outside, outside_made) = (middle, made);
            }
        }
        deciding
    }

    fn noted(&mut self, delays: &Delays, machine: Machine<'_>) -> (u32, Comparisons) {
        self.runs += 1;
        let (outcome, comparisons) = machine(&[], Comparisons::new(*delays));
        (self.outcomes.summary(&outcome, delays).outcome, comparisons)
    }

    fn summary(&mut self, delays: &Delays, machine: Machine<'_>) -> Summary {
        self.runs += 1;
        let (outcome, _) = machine(&[], Comparisons::silent(*delays));
        self.outcomes.summary(&outcome, delays)
    }

    fn add_leaf(&mut self, summary: Summary, witness: Delays) -> u32 {
        self.leaves.push(Leaf { summary, seen: 1, witness });
        u32::try_from(self.leaves.len() - 1).expect("invariant: memory runs out long before")
    }
}

const fn is_trial(seen: u32) -> bool {
    if seen <= TRIALS {
        return true;
    }
    // The trials between a power of two and the next are evenly spaced.
    let power = 1 << (u32::BITS - 1 - seen.leading_zeros());
    seen % (power / TRIALS_PER_DOUBLING) == 0
}

// The share of the way at which half of the forms have crossed zero; none if all cross at one place.
fn middle(forms: &[Difference], from: &Delays, to: &Delays) -> Option<f64> {
    let crossing = |form: &Difference| {
        let (begin, end) = (form.ns(from) as f64, form.ns(to) as f64);
        begin / (begin - end)
    };
    let mut shares: Vec<f64> = forms.iter().map(crossing).collect();
    shares.sort_unstable_by(f64::total_cmp);
    let apart = |&place: &usize| shares[place] - shares[place - 1] > 1e-9;
    let half = shares.len() / 2;
    let place = (1..shares.len()).filter(apart).min_by_key(|place| place.abs_diff(half))?;
    Some((shares[place - 1] + shares[place]) / 2.0)
}

// Whether a form has one sign under the ones and another under the others.
fn parts(form: &Difference, a: &Delays, b: &Delays) -> bool {
    form.ns(a).signum() != form.ns(b).signum()
}
