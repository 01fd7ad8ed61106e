//! A set-up that is played beside others, over links that all of them share.
//!
//! [`run()`](super::run()) plays a set-up from its beginning to its end, alone. A [`Play`] is the same state machine, told
//! step by step: whoever plays several asks each for its next time, steps the earliest, and stands for the links
//! ([`Underlay`]) and for the signaling service, which carries the [`Letter`]s.

use std::borrow::Cow;

use super::memo::{Chance, losses};
use super::outcome::SetupOutcome;
use super::queue::{SetupEvent, Signal};
use super::run::{Driver, EVENTS_MAX};
use super::spec::{Gather, PairSetup};
use super::underlay::Underlay;
use crate::units::{SimDuration, SimTime};
use crate::webrtc::stamp::{Comparisons, Delays, Stamp};

/// A signaling message on its way.
#[derive(Clone, Debug)]
pub struct Letter {
    /// The end that sends it: 0 offers, 1 answers.
    pub from: usize,
    /// Its bytes.
    pub bytes: u32,
    pub(super) signal: Signal,
}

impl Letter {
    /// Whether it is an offer or an answer, and not a candidate that comes after.
    #[must_use]
    pub const fn is_description(&self) -> bool {
        matches!(self.signal, Signal::Description(_))
    }
}

/// A set-up under way; its times count from when the offerer begins.
#[derive(Debug)]
pub struct Play {
    driver: Driver<'static>,
    events: u32,
}

impl Play {
    /// One that has not begun, whose legs take this long from one access link to the other.
    #[must_use]
    pub fn new(setup: PairSetup, chance: &Chance, delays: Delays) -> Self {
        let losses = losses(chance, EVENTS_MAX);
        Self { driver: Driver::new(Cow::Owned(setup), &losses, Comparisons::new(delays), false), events: 0 }
    }

    /// The offerer begins.
    pub fn begin<U: Underlay>(&mut self, underlay: &mut U) {
        self.driver.begin(underlay);
    }

    /// When the next thing happens, if anything does before a letter comes.
    #[must_use]
    pub fn next(&self) -> Option<SimTime> {
        self.driver.queue.next().filter(|_| self.events < EVENTS_MAX)
    }

    /// Lets the next thing happen.
    pub fn step<U: Underlay>(&mut self, underlay: &mut U) {
        if let Some((at, event)) = self.driver.queue.pop() {
            self.events += 1;
            self.driver.now = at;
            self.driver.handle(event, underlay);
        }
    }

    /// The letters written since.
    pub fn take_letters(&mut self) -> Vec<Letter> {
        std::mem::take(&mut self.driver.letters)
    }

    /// A letter reaches the end that it is for, at a time that is not before the next one.
    pub fn deliver(&mut self, at: SimTime, letter: Letter) {
        let stamp = Stamp::ZERO.after(at.since(SimTime::ZERO));
        let event = SetupEvent::Signal { to: 1 - letter.from, signal: letter.signal };
        self.driver.queue.push(stamp, event, &mut self.driver.comparisons);
    }

    /// What the answerer gathers, as far as is known.
    #[must_use]
    pub fn answerer_gathers(&self) -> Gather {
        self.driver.setup.ends[1].gather
    }

    /// What the answerer gathers, if that is not what was thought, and how long legs take, now that both are known.
    pub fn answer_with(&mut self, gather: Option<Gather>, delays: Delays) {
        if let Some(gather) = gather {
            self.driver.setup.to_mut().ends[1].gather = gather;
        }
        self.driver.comparisons = Comparisons::new(delays);
    }

    /// Whether nothing more is to come of it.
    pub fn is_done(&mut self) -> bool {
        self.events >= EVENTS_MAX || self.driver.is_done()
    }

    /// When both ends were open, if they are.
    #[must_use]
    pub fn open(&self) -> Option<SimTime> {
        let [offerer, answerer] = self.driver.times.open;
        Some(offerer?.time().max(answerer?.time()))
    }

    /// When it failed, if it has.
    #[must_use]
    pub fn failed(&self) -> Option<SimTime> {
        self.driver.times.failed.map(Stamp::time)
    }

    /// What it has come to so far.
    #[must_use]
    pub fn outcome(&self) -> SetupOutcome<SimDuration> {
        let outcome = self.driver.outcome();
        let since = |stamp: Stamp| stamp.time().since(SimTime::ZERO);
        let both = |pair: [Option<Stamp>; 2]| pair.map(|time| time.map(since));
        let times = outcome.times;
        SetupOutcome {
            times: super::SetupTimes {
                gathered: both(times.gathered),
                described: both(times.described),
                ice: both(times.ice),
                dtls: both(times.dtls),
                sctp: both(times.sctp),
                open: both(times.open),
                failed: times.failed.map(since),
            },
            selected: outcome.selected,
            relay: outcome.relay,
            signaled: outcome.signaled,
            datagrams: outcome.datagrams,
        }
    }
}
