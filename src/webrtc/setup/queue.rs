//! The events of a set-up, in the order of their times, those of the same time in the order in
//! which they were pushed.

use super::trace::Who;
use super::wire::{Message, Packet};
use crate::net::{Header, Transit};
use crate::webrtc::ice::Candidate;
use crate::webrtc::stamp::{Comparisons, Stamp};

/// What happens.
#[derive(Clone, Debug)]
pub(super) enum Event {
    /// A packet comes to the receiver's boxes.
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

/// The events to come: few at a time, so that a sorted list will do.
#[derive(Debug, Default)]
pub(super) struct Queue {
    // The next one last.
    events: Vec<(Stamp, Event)>,
}

impl Queue {
    pub(super) fn push(&mut self, at: Stamp, event: Event, comparisons: &mut Comparisons) {
        let later = |known: &(Stamp, Event)| comparisons.compare(known.0, at).is_gt();
        let place = self.events.partition_point(later);
        self.events.insert(place, (at, event));
    }

    pub(super) fn pop(&mut self) -> Option<(Stamp, Event)> {
        self.events.pop()
    }

    /// Whether nothing is on its way.
    pub(super) fn is_quiet(&self) -> bool {
        self.events.iter().all(|(_, event)| matches!(event, Event::Timer { .. }))
    }

    /// Takes the timer of an end out.
    pub(super) fn disarm(&mut self, side: usize) {
        self.events.retain(|(_, event)| !matches!(event, Event::Timer { side: armed } if *armed == side));
    }
}

impl Event {
    /// The arrival of a packet, whose addresses its way has in it.
    pub(super) fn arrival(transit: Transit, packet: Packet) -> Self {
        Self::Arrival { transit, message: packet.message }
    }
}

impl Who {
    /// Of an end.
    pub(super) const fn end(side: usize) -> Self {
        if side == 0 { Self::Offerer } else { Self::Answerer }
    }
}

/// A packet as its receiver sees it.
pub(super) const fn received(header: Header, message: Message) -> Packet {
    Packet::new(header, message)
}
