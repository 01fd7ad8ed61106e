//! The events of a set-up, in the order of their times, those of the same time in the order in
//! which they were pushed.

use super::wire::{Packet, SetupMessage};
use crate::net::Transit;
use crate::units::SimTime;
use crate::webrtc::ice::Candidate;
use crate::webrtc::stamp::{Comparisons, Stamp};

/// What happens.
#[derive(Clone, Debug)]
pub(super) enum SetupEvent {
    /// A packet comes to the receiver's boxes; its addresses are in its way.
    Arrival { transit: Transit, message: SetupMessage, local: bool },
    /// A packet is through the receiver's downlink.
    Received { side: usize, packet: Packet },
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
    // When, and the place in `events`; the next one last.
    order: Vec<(SimTime, u32)>,
    // The timers of both ends have the first two places.
    events: Vec<(Stamp, Option<SetupEvent>)>,
    free: Vec<u32>,
}

/// Room for the events of most set-ups.
const ROOM: usize = 64;

impl Default for Queue {
    fn default() -> Self {
        let mut events = Vec::with_capacity(ROOM);
        events.resize_with(2, || (Stamp::ZERO, None));
        Self { order: Vec::with_capacity(ROOM), events, free: Vec::new() }
    }
}

impl Queue {
    pub(super) fn push(&mut self, at: Stamp, event: SetupEvent, comparisons: &mut Comparisons) {
        let slot = match event {
            SetupEvent::Timer { side } => side as u32,
            _ => self.free.pop().unwrap_or_else(|| {
                self.events.push((Stamp::ZERO, None));
                self.events.len() as u32 - 1
            }),
        };
        let place = if comparisons.are_noted() {
            let at_slot = |slot: u32| self.events[slot as usize].0;
            self.order.partition_point(|&(_, known)| comparisons.compare(at_slot(known), at).is_gt())
        } else {
            self.order.partition_point(|&(known, _)| known > at.time())
        };
        self.events[slot as usize] = (at, Some(event));
        self.order.insert(place, (at.time(), slot));
    }

    pub(super) fn pop(&mut self) -> Option<(Stamp, SetupEvent)> {
        let (_, slot) = self.order.pop()?;
        if slot >= 2 {
            self.free.push(slot);
        }
        let (at, event) = &mut self.events[slot as usize];
        event.take().map(|event| (*at, event))
    }

    /// When the next event is due.
    pub(super) fn next(&self) -> Option<SimTime> {
        self.order.last().map(|&(time, _)| time)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::SimDuration;
    use crate::webrtc::stamp::Delays;

    #[test]
    fn equal_times_come_in_the_order_of_pushing_noted_or_not() {
        let now = Delays::uniform(SimDuration::from_ms(3));
        for mut comparisons in [Comparisons::new(now), Comparisons::between(now, [&now, &Delays::default()])] {
            let mut queue = Queue::default();
            for (ms, to) in [(5, 0), (2, 1), (5, 2), (9, 3), (2, 4), (5, 5)] {
                let event = SetupEvent::Signal { to, signal: Signal::Description(Vec::new()) };
                queue.push(Stamp::ZERO.after(SimDuration::from_ms(ms)), event, &mut comparisons);
            }
            queue.push(Stamp::ZERO.after(SimDuration::from_ms(5)), SetupEvent::Timer { side: 1 }, &mut comparisons);
            let order = std::iter::from_fn(|| queue.pop()).map(|(at, event)| match event {
                SetupEvent::Signal { to, .. } => (at.time().as_ns() / 1_000_000, to),
                _ => (at.time().as_ns() / 1_000_000, 99),
            });
            assert_eq!(order.collect::<Vec<_>>(), [(2, 1), (2, 4), (5, 0), (5, 2), (5, 5), (5, 99), (9, 3)]);
        }
    }
}
