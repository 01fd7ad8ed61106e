//! Outcomes for any delays: times as linear forms in the delays.
//!
//! Few different outcomes occur, and few different forms in them, so both are kept once: an outcome
//! holds the numbers of its forms.

use std::collections::BTreeMap;

use crate::units::SimDuration;
use crate::webrtc::setup::{Datagrams, RelayUse, SelectedKinds, SetupOutcome, SetupTimes, Signaled};
use crate::webrtc::stamp::{Delays, Difference, Stamp};

/// How many times an outcome has.
const TIMES: usize = 13;
/// The number of no form: it never happens.
const NEVER: u32 = u32::MAX;

/// What callers ask for: when what happens, and on which path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Outcome {
    forms: [u32; TIMES],
    selected: [Option<SelectedKinds>; 2],
    relay: RelayUse,
}

/// An outcome by its number, and what was counted on one way to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Summary {
    pub(super) outcome: u32,
    pub(super) signaled: [Signaled; 2],
    pub(super) datagrams: [Datagrams; 2],
}

/// All outcomes.
#[derive(Debug, Default)]
pub(super) struct Outcomes {
    outcomes: Vec<Outcome>,
    // By their forms; the few with the same forms differ in the rest.
    numbers: BTreeMap<[u32; TIMES], Vec<u32>>,
    forms: Vec<Difference>,
    form_numbers: BTreeMap<Difference, u32>,
}

impl Outcomes {
    /// The outcome of a run under these delays.
    pub(super) fn summary(&mut self, outcome: &SetupOutcome<Stamp>, delays: &Delays) -> Summary {
        let forms = to_array(&outcome.times)
            .map(|time| time.map_or(NEVER, |stamp| self.form_number(Difference::between(stamp, Stamp::ZERO, delays))));
        let SetupOutcome { selected, relay, signaled, datagrams, .. } = *outcome;
        let wanted = Outcome { forms, selected, relay };
        let same_forms = self.numbers.entry(forms).or_default();
        let known = same_forms.iter().copied().find(|&number| self.outcomes[number as usize] == wanted);
        let number = known.unwrap_or_else(|| {
            let number = number_of(self.outcomes.len());
            self.outcomes.push(wanted);
            same_forms.push(number);
            number
        });
        Summary { outcome: number, signaled, datagrams }
    }

    /// The outcome under these delays.
    #[inline]
    pub(super) fn outcome(&self, summary: &Summary, delays: &Delays) -> SetupOutcome<SimDuration> {
        let Outcome { forms, selected, relay } = self.outcomes[summary.outcome as usize];
        let times = forms.map(|form| self.forms.get(form as usize).map(|form| span(form, delays)));
        SetupOutcome {
            times: from_array(times),
            selected,
            relay,
            signaled: summary.signaled,
            datagrams: summary.datagrams,
        }
    }

    /// How many different outcomes there are.
    pub(super) fn len(&self) -> usize {
        self.outcomes.len()
    }

    /// Bytes they take; a map holds its keys once more.
    pub(super) fn bytes(&self) -> usize {
        let outcomes = self.outcomes.len() * (size_of::<Outcome>() + size_of::<[u32; TIMES]>() + 32);
        outcomes + self.forms.len() * 2 * (size_of::<Difference>() + size_of::<u32>())
    }

    fn form_number(&mut self, form: Difference) -> u32 {
        let next = number_of(self.forms.len());
        *self.form_numbers.entry(form).or_insert_with(|| {
            self.forms.push(form);
            next
        })
    }
}

/// The same outcome with its times as they are.
pub(super) fn plain(outcome: &SetupOutcome<Stamp>) -> SetupOutcome<SimDuration> {
    let times = to_array(&outcome.times).map(|time| time.map(|stamp| SimDuration::from_ns(stamp.time().as_ns())));
    let SetupOutcome { selected, relay, signaled, datagrams, .. } = *outcome;
    SetupOutcome { times: from_array(times), selected, relay, signaled, datagrams }
}

fn number_of(index: usize) -> u32 {
    u32::try_from(index).expect("invariant: memory runs out long before")
}

#[inline]
fn span(form: &Difference, delays: &Delays) -> SimDuration {
    SimDuration::from_ns(u64::try_from(form.ns(delays)).unwrap_or(0))
}

#[inline]
fn to_array<T: Copy>(times: &SetupTimes<T>) -> [Option<T>; TIMES] {
    let SetupTimes { gathered, described, ice, dtls, sctp, open, failed } = *times;
    let [[a, b], [c, d], [e, f], [g, h], [i, j], [k, l]] = [gathered, described, ice, dtls, sctp, open];
    [a, b, c, d, e, f, g, h, i, j, k, l, failed]
}

#[inline]
fn from_array<T>(times: [Option<T>; TIMES]) -> SetupTimes<T> {
    let [a, b, c, d, e, f, g, h, i, j, k, l, failed] = times;
    SetupTimes { gathered: [a, b], described: [c, d], ice: [e, f], dtls: [g, h], sctp: [i, j], open: [k, l], failed }
}
