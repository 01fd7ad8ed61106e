//! Events that may become void before their time: lazy cancelling by generation.
//!
//! Nothing is ever taken out of the queue. A timer is a slot with a generation number; an event
//! that stands for the timer carries the [`Ticket`] it was armed with, and is void once the slot
//! has moved on. Arming, cancelling and checking are each one access to an array, and events
//! that are never cancelled pay nothing. A void event stays in the queue until its time: where
//! timers are re-armed much more often than they fire, re-arm on firing instead.

/// A table of timers, one for each slot: a row of the model's state, for example a connection.
#[derive(Clone, Debug, Default)]
pub struct Timers {
    /// Odd while the slot's timer is armed, even while it is not.
    generations: Vec<u32>,
}

/// The proof, carried by an event, that the event stands for a timer as it was last armed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ticket {
    slot: u32,
    generation: u32,
}

impl Timers {
    /// A table of `slots` timers, none armed.
    #[must_use]
    pub fn new(slots: usize) -> Self {
        Self { generations: vec![0; slots] }
    }

    /// Adds a timer, not armed, and returns its slot.
    ///
    /// # Panics
    /// When there are 2^32 slots already.
    pub fn add_slot(&mut self) -> u32 {
        let slot = u32::try_from(self.generations.len()).expect("a table holds fewer than 2^32 timers");
        self.generations.push(0);
        slot
    }

    /// Arms the timer of `slot`; every ticket given out for it before is void.
    ///
    /// A ticket that is kept while its slot is armed 2^31 times more would be valid again.
    #[inline]
    pub fn arm(&mut self, slot: u32) -> Ticket {
        let generation = &mut self.generations[slot as usize];
        *generation = generation.wrapping_add(1) | 1;
        Ticket { slot, generation: *generation }
    }

    /// Disarms the timer of `slot`; every ticket given out for it is void.
    #[inline]
    pub fn cancel(&mut self, slot: u32) {
        let generation = &mut self.generations[slot as usize];
        *generation = generation.wrapping_add(*generation & 1);
    }

    /// Whether the timer of `slot` is armed.
    #[inline]
    #[must_use]
    pub fn is_armed(&self, slot: u32) -> bool {
        self.generations[slot as usize] & 1 == 1
    }

    /// Whether the timer fires: `true` once for the latest ticket of an armed timer, which it
    /// disarms; `false` for a void ticket, whose event is to be ignored.
    #[inline]
    pub fn fire(&mut self, ticket: Ticket) -> bool {
        let current = self.generations[ticket.slot as usize] == ticket.generation;
        if current {
            self.cancel(ticket.slot);
        }
        current
    }
}

impl Ticket {
    /// The slot of the timer.
    #[inline]
    #[must_use]
    pub const fn slot(self) -> u32 {
        self.slot
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_latest_ticket_fires_and_only_once() {
        let mut timers = Timers::new(2);
        let first = timers.arm(1);
        let second = timers.arm(1);
        assert!(!timers.fire(first));
        assert!(timers.is_armed(1));
        assert!(timers.fire(second));
        assert!(!timers.fire(second));
        assert!(!timers.is_armed(1));
    }

    #[test]
    fn a_cancelled_timer_does_not_fire() {
        let mut timers = Timers::new(0);
        let slot = timers.add_slot();
        let ticket = timers.arm(slot);
        timers.cancel(slot);
        timers.cancel(slot);
        assert!(!timers.fire(ticket));
        let again = timers.arm(slot);
        assert_ne!(again, ticket);
        assert!(timers.fire(again));
        assert_eq!(again.slot(), slot);
    }

    #[test]
    fn generations_wrap() {
        let mut timers = Timers { generations: vec![u32::MAX] };
        assert!(timers.is_armed(0));
        timers.cancel(0);
        assert!(!timers.is_armed(0));
        let ticket = timers.arm(0);
        assert!(timers.fire(ticket));
    }
}
