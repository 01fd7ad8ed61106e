//! The outcome of a course for any delays: times as linear forms in the delays.
//!
//! Many courses end in the same outcome, and few different forms occur, so both are kept once: a leaf
//! holds the numbers of its forms.

use std::collections::BTreeMap;

use crate::units::SimDuration;
use crate::webrtc::setup::{Datagrams, RelayUse, SelectedKinds, SetupOutcome, SetupTimes, Signaled};
use crate::webrtc::stamp::{Delays, Difference, Stamp};

/// How many times an outcome has.
const TIMES: usize = 13;
/// The number of no form: it never happens.
const NEVER: u32 = u32::MAX;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Leaf {
    forms: [u32; TIMES],
    rest: u32,
}

/// What of an outcome does not depend on the delays.
type Rest = ([Option<SelectedKinds>; 2], RelayUse, [Signaled; 2], [Datagrams; 2]);

/// The outcomes of all courses.
#[derive(Debug, Default)]
pub(super) struct Leaves {
    leaves: Vec<Leaf>,
    leaf_numbers: BTreeMap<Leaf, u32>,
    forms: Vec<Difference>,
    form_numbers: BTreeMap<Difference, u32>,
    rests: Vec<Rest>,
}

impl Leaves {
    /// The number of the leaf with the outcome of a run under these delays.
    pub(super) fn number(&mut self, outcome: &SetupOutcome<Stamp>, delays: &Delays) -> u32 {
        let times = to_array(&outcome.times);
        let forms = times.map(|time| time.map_or(NEVER, |stamp| self.form_number(form_of(stamp, delays))));
        let leaf = Leaf { forms, rest: self.rest_number(outcome) };
        let next = number_of(self.leaves.len());
        *self.leaf_numbers.entry(leaf).or_insert_with(|| {
            self.leaves.push(leaf);
            next
        })
    }

    /// The outcome of a leaf under these delays.
    #[inline]
    pub(super) fn outcome(&self, leaf: u32, delays: &Delays) -> SetupOutcome<SimDuration> {
        let leaf = &self.leaves[leaf as usize];
        let times = leaf.forms.map(|form| self.forms.get(form as usize).map(|form| span(form, delays)));
        let (selected, relay, signaled, datagrams) = self.rests[leaf.rest as usize];
        SetupOutcome { times: from_array(times), selected, relay, signaled, datagrams }
    }

    /// The datagrams of a leaf.
    #[inline]
    pub(super) fn datagrams(&self, leaf: u32) -> [Datagrams; 2] {
        self.rests[self.leaves[leaf as usize].rest as usize].3
    }

    /// How many different outcomes there are.
    pub(super) fn len(&self) -> usize {
        self.leaves.len()
    }

    /// Bytes they take; a map holds its keys once more.
    pub(super) fn bytes(&self) -> usize {
        let leaves = self.leaves.len() * 2 * (size_of::<Leaf>() + size_of::<u32>());
        let forms = self.forms.len() * 2 * (size_of::<Difference>() + size_of::<u32>());
        leaves + forms + self.rests.len() * size_of::<Rest>()
    }

    fn form_number(&mut self, form: Difference) -> u32 {
        let next = number_of(self.forms.len());
        *self.form_numbers.entry(form).or_insert_with(|| {
            self.forms.push(form);
            next
        })
    }

    // There are few: a search costs less than the run that brings one.
    fn rest_number(&mut self, outcome: &SetupOutcome<Stamp>) -> u32 {
        let rest = (outcome.selected, outcome.relay, outcome.signaled, outcome.datagrams);
        let known = self.rests.iter().rposition(|known| *known == rest);
        number_of(known.unwrap_or_else(|| {
            self.rests.push(rest);
            self.rests.len() - 1
        }))
    }
}

/// The same outcome with its times as they are.
pub(super) fn plain(outcome: &SetupOutcome<Stamp>) -> SetupOutcome<SimDuration> {
    let times = to_array(&outcome.times).map(|time| time.map(|stamp| SimDuration::from_ns(stamp.time().as_ns())));
    let SetupOutcome { selected, relay, signaled, datagrams, .. } = *outcome;
    SetupOutcome { times: from_array(times), selected, relay, signaled, datagrams }
}

fn number_of(index: usize) -> u32 {
    u32::try_from(index).expect("invariant: the limit of bytes comes long before")
}

fn form_of(stamp: Stamp, delays: &Delays) -> Difference {
    Difference::between(stamp, Stamp::ZERO, delays)
}

#[inline]
fn span(form: &Difference, delays: &Delays) -> SimDuration {
    SimDuration::from_ns(form.ns(delays).unsigned_abs())
}

#[inline]
fn to_array<T: Copy>(times: &SetupTimes<T>) -> [Option<T>; TIMES] {
    let SetupTimes { gathered: [a, b], described: [c, d], ice: [e, f], dtls: [g, h], sctp: [i, j], open: [k, l], failed } =
        *times;
    [a, b, c, d, e, f, g, h, i, j, k, l, failed]
}

#[inline]
fn from_array<T>(times: [Option<T>; TIMES]) -> SetupTimes<T> {
    let [a, b, c, d, e, f, g, h, i, j, k, l, failed] = times;
    SetupTimes { gathered: [a, b], described: [c, d], ice: [e, f], dtls: [g, h], sctp: [i, j], open: [k, l], failed }
}
