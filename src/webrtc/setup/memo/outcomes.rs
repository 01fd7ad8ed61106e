//! Outcomes for any delays: times as linear forms in the delays.
//!
//! Few different outcomes occur, and few different forms in them, so both are kept once: an outcome
//! holds the numbers of its forms.

use std::collections::BTreeMap;

use crate::units::SimDuration;
use crate::webrtc::setup::outcome::TIMES_BUT_GATHERED as TIMES;
use crate::webrtc::setup::{Datagrams, RelayUse, SelectedKinds, SetupOutcome, SetupTimes, Signaled};
use crate::webrtc::stamp::{Delays, Difference, Stamp};

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
    // When all candidates are known, which nobody waits for.
    gathered: [u32; 2],
    pub(super) signaled: [Signaled; 2],
    pub(super) datagrams: [Datagrams; 2],
}

impl Summary {
    /// With as many more datagrams and messages as `lossy` has than `lossless`.
    pub(super) fn with_more(mut self, lossless: &Self, lossy: &Self) -> Self {
        let add = |known: &mut u32, without: u32, with: u32| *known = (*known + with).saturating_sub(without);
        for end in 0..2 {
            let (known, without, with) = (&mut self.datagrams[end], lossless.datagrams[end], lossy.datagrams[end]);
            add(&mut known.up, without.up, with.up);
            add(&mut known.down, without.down, with.down);
            let (known, without, with) = (&mut self.signaled[end], lossless.signaled[end], lossy.signaled[end]);
            add(&mut known.messages, without.messages, with.messages);
            add(&mut known.bytes, without.bytes, with.bytes);
        }
        self
    }
}

/// All outcomes.
#[derive(Clone, Debug, Default)]
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
        let mut number_of_time = |time: Option<Stamp>| {
            time.map_or(NEVER, |stamp| self.form_number(Difference::between(stamp, Stamp::ZERO, delays)))
        };
        let gathered = outcome.times.gathered.map(&mut number_of_time);
        let forms = outcome.times.but_gathered().map(&mut number_of_time);
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
        Summary { outcome: number, gathered, signaled, datagrams }
    }

    /// The outcome under these delays. Inlined, so that times that nobody asks for need not be computed.
    #[inline(always)]
    pub(super) fn outcome(&self, summary: &Summary, delays: &Delays) -> SetupOutcome<SimDuration> {
        let Outcome { forms, selected, relay } = self.outcomes[summary.outcome as usize];
        let both = |[offerer, answerer]: [u32; 2]| [self.time(offerer, delays), self.time(answerer, delays)];
        let [a, b, c, d, e, f, g, h, i, j, failed] = forms;
        SetupOutcome {
            times: SetupTimes {
                gathered: both(summary.gathered),
                described: both([a, b]),
                ice: both([c, d]),
                dtls: both([e, f]),
                sctp: both([g, h]),
                open: both([i, j]),
                failed: self.time(failed, delays),
            },
            selected,
            relay,
            signaled: summary.signaled,
            datagrams: summary.datagrams,
        }
    }

    /// An outcome that is later by what `lossy` is later than `lossless`: never, if that never happens.
    pub(super) fn later(
        &self,
        outcome: SetupOutcome<SimDuration>,
        lossless: &Summary,
        lossy: &Summary,
        delays: &Delays,
    ) -> SetupOutcome<SimDuration> {
        let [without, with] = [lossless, lossy].map(|summary| &self.outcomes[summary.outcome as usize]);
        let known = outcome.times.but_gathered();
        let times = std::array::from_fn(|place| {
            let [without, with] = [without, with].map(|outcome| outcome.forms[place]);
            if without == with {
                return known[place];
            }
            let [without, with] = [without, with].map(|form| self.form(form, delays));
            match (known[place], without, with) {
                (Some(known), Some(without), Some(with)) => Some(shifted(known, with - without)),
                (_, Some(_), None) => None,
                // A failure that the loss has brought.
                (None, None, Some(with)) => u64::try_from(with).ok().map(SimDuration::from_ns),
                (known, ..) => known,
            }
        });
        let [selected, relay] = [without.selected != with.selected, without.relay != with.relay];
        SetupOutcome {
            times: SetupTimes::with_gathered(outcome.times.gathered, times),
            selected: if selected { with.selected } else { outcome.selected },
            relay: if relay { with.relay } else { outcome.relay },
            ..outcome
        }
    }

    /// The times of an outcome under these delays, as what they are made of; nothing is told of the gathering.
    pub(super) fn stamps(&self, outcome: u32, delays: &Delays) -> SetupTimes<Stamp> {
        // No time is before the beginning; a form that would be is that of no run under these delays.
        let stamp = |form: u32| self.forms.get(form as usize).map(|form| Stamp::ZERO.later_by(form, 1, delays));
        SetupTimes::with_gathered([None; 2], self.outcomes[outcome as usize].forms.map(stamp))
    }

    /// Whether a run has come to this outcome, whose times are `stamps`.
    pub(super) fn is(&self, outcome: u32, stamps: &SetupTimes<Stamp>, run: &SetupOutcome<Stamp>) -> bool {
        let Outcome { selected, relay, .. } = self.outcomes[outcome as usize];
        run.times.but_gathered() == stamps.but_gathered() && run.selected == selected && run.relay == relay
    }

    #[inline(always)]
    fn time(&self, number: u32, delays: &Delays) -> Option<SimDuration> {
        self.form(number, delays).map(|ns| SimDuration::from_ns(u64::try_from(ns).unwrap_or(0)))
    }

    #[inline]
    fn form(&self, number: u32, delays: &Delays) -> Option<i64> {
        self.forms.get(number as usize).map(|form| form.ns(delays))
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
    let plain = |time: Option<Stamp>| time.map(|stamp| SimDuration::from_ns(stamp.time().as_ns()));
    let times = SetupTimes::with_gathered(outcome.times.gathered.map(plain), outcome.times.but_gathered().map(plain));
    let SetupOutcome { selected, relay, signaled, datagrams, .. } = *outcome;
    SetupOutcome { times, selected, relay, signaled, datagrams }
}

fn number_of(index: usize) -> u32 {
    u32::try_from(index).expect("invariant: memory runs out long before")
}

fn shifted(time: SimDuration, by_ns: i64) -> SimDuration {
    SimDuration::from_ns(time.as_ns().saturating_add_signed(by_ns))
}
