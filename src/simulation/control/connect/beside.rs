//! Set-ups that are played beside each other, over links that they share.
//!
//! Where links have rates or jitter, and set-ups are few enough to be played through, their event loops run as one:
//! each set-up under way is a [`Play`] that is stepped when its next time has come, and its packets and signaling
//! messages pass the access links of its ends in the order of time, behind those of all others. So an attempt has
//! several events pending: its next step, its letters, and the end of its time.

use super::links::Links;
use super::posted::Posted;
use super::turn::Allocation;
use crate::units::{SimDuration, SimTime};
use crate::webrtc::setup::{Letter, Play};

/// The set-ups under way and the links under them.
#[derive(Debug)]
pub(super) struct Beside {
    pub(super) links: Links,
    // One for each attempt, by the order in which they began; gone once nothing more is to come of it.
    pub(super) rows: Vec<Option<Box<Row>>>,
    pub(super) letters: Vec<Option<Posted>>,
    pub(super) free: Vec<u32>,
}

/// A set-up under way.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) play: Play,
    pub(super) attempt: u32,
    pub(super) slot: u32,
    pub(super) nodes: [u32; 2],
    // When its offerer begins.
    pub(super) base: SimTime,
    pub(super) has_begun: bool,
    // When its next step is due, if one is.
    pub(super) armed: Option<SimTime>,
    // When the other end takes in the description of each end, and the server has forwarded it.
    pub(super) heard: [Option<SimTime>; 2],
    pub(super) forwarded: [SimTime; 2],
    // Candidates that have come before the description of their end: by another way, they overtake it.
    pub(super) early: Vec<Letter>,
    // Until when what each end sent and got over TCP is under way: a stream stays in order.
    pub(super) streams: [[SimTime; 2]; 2],
    // How long its descriptions waited for the server and for CPUs.
    pub(super) waited: SimDuration,
    pub(super) allocations: [Allocation; 2],
    // Since when it is open, and how long that took.
    pub(super) standing: Option<(SimTime, SimDuration)>,
}

impl Row {
    /// A description is taken in, and with it the candidates that were ahead of it.
    pub(super) fn describe(&mut self, at: SimTime, letter: Letter) {
        let side = letter.from;
        self.heard[side] = Some(at);
        self.deliver(at, letter);
        for early in self.early.extract_if(.., |early| early.from == side).collect::<Vec<_>>() {
            self.deliver(at, early);
        }
    }

    /// A candidate is taken in, once its end is described.
    pub(super) fn trickle(&mut self, at: SimTime, letter: Letter) {
        match self.heard[letter.from] {
            Some(described) => self.deliver(at.max(described), letter),
            None => self.early.push(letter),
        }
    }

    fn deliver(&mut self, at: SimTime, letter: Letter) {
        self.play.deliver(SimTime::ZERO + at.since(self.base), letter);
    }
}

impl Beside {
    pub(super) const fn new(links: Links) -> Self {
        Self { links, rows: Vec::new(), letters: Vec::new(), free: Vec::new() }
    }

    pub(super) fn keep(&mut self, posted: Posted) -> u32 {
        if let Some(place) = self.free.pop() {
            self.letters[place as usize] = Some(posted);
            return place;
        }
        self.letters.push(Some(posted));
        self.letters.len() as u32 - 1
    }

    pub(super) fn take(&mut self, place: u32) -> Option<Posted> {
        self.free.push(place);
        self.letters[place as usize].take()
    }
}
