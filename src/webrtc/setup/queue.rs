//! The events of a set-up, in the order of their times, those of the same time in the order in
//! which they were pushed.

use super::wire::Message;
use crate::net::Transit;
use crate::webrtc::ice::Candidate;
use crate::webrtc::stamp::{Comparisons, Stamp};

/// What happens.
#[derive(Clone, Debug)]
pub(super) enum Event {
    /// A packet comes to the receiver's boxes; its addresses are in its way.
    Arrival { transit: Transit, message: Message },
    /// A signaling message reaches an end.
    Signal { to: usize, signal: Signal },
    /// An end wants to be woken.
    Timer { side: usize },
}

/// A signaling message.
#[derive(Clone, Debug)]
pub(super) enum Signal {
    /// An offer or an answer, with the candidates known so far.
    Description(Vec<Told>),
    /// One more candidate.
    Candidate(Told),
}

/// A candidate as the other end is told of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) candidate: Candidate,
    /// Whether its address is hidden behind an mDNS name.
    pub(super) hidden: bool,
}

/// The events to come: few at a time, so that a sorted list of their places will do.
#[derive(Debug)]
pub(super) struct Queue {
    // When, and which; the next one last.
    order: Vec<(Stamp, u32)>,
    // The timers of both ends have the first two places.
    events: Vec<Option<Event>>,
    free: Vec<u32>,
}

/// Room for the events of most set-ups.
const ROOM: usize = 64;

impl Default for Queue {
    fn default() -> Self {
        let mut events = Vec::with_capacity(ROOM);
        events.resize_with(2, || None);
        Self { order: Vec::with_capacity(ROOM), events, free: Vec::new() }
    }
}

impl Queue {
    pub(super) fn push(&mut self, at: Stamp, event: Event, comparisons: &mut Comparisons) {
        let slot = match event {
            Event::Timer { side } => side as u32,
            _ => self.free.pop().unwrap_or_else(|| {
                self.events.push(None);
                self.events.len() as u32 - 1
            }),
        };
        self.events[slot as usize] = Some(event);
        let later = |known: &(Stamp, u32)| comparisons.compare(known.0, at).is_gt();
        let place = self.order.partition_point(later);
        self.order.insert(place, (at, slot));
    }

    pub(super) fn pop(&mut self) -> Option<(Stamp, Event)> {
        let (at, slot) = self.order.pop()?;
        if slot >= 2 {
            self.free.push(slot);
        }
        self.events[slot as usize].take().map(|event| (at, event))
    }

    /// Whether nothing is on its way.
    pub(super) fn is_quiet(&self) -> bool {
        self.order.iter().all(|&(_, slot)| slot < 2)
    }

    /// Takes the timer of an end out.
    pub(super) fn disarm(&mut self, side: usize) {
        if let Some(place) = self.order.iter().position(|&(_, slot)| slot as usize == side) {
            self.order.remove(place);
        }
    }
}
