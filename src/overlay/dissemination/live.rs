//! What is kept of each message that is not over, by its flow and number.
//!
//! Messages of a flow end about in the order in which they begin: a flow has a window of those between its first that is not
//! over and its last that has begun. What was kept of a message that is over serves another, cleared.

use std::collections::VecDeque;
use std::ops::{Index, IndexMut};

use super::control::MessageId;

/// What is kept of messages that are not over.
#[derive(Clone, Debug, Default)]
pub(crate) struct Live<T> {
    // By flow.
    windows: Vec<Window>,
    kept: Vec<T>,
    free: Vec<u32>,
}

/// What can serve one message after another.
pub(crate) trait Kept: Default {
    /// Forgets the message.
    fn clear(&mut self);
}

/// Where a message stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It has not begun.
    Unheard,
    /// What is kept of it has this number.
    Live(u32),
    /// It is over.
    Over,
}

// The messages of a flow that are not over, and those between them.
#[derive(Clone, Debug, Default)]
struct Window {
    // All before this number are over.
    first: u32,
    // From there on: the number of what is kept of each.
    slots: VecDeque<u32>,
}

/// In place of such a number.
const UNHEARD: u32 = u32::MAX;
const OVER: u32 = u32::MAX - 1;

impl<T: Kept> Live<T> {
    /// Where a message stands.
    #[inline]
    pub(crate) fn standing(&self, (flow, number): MessageId) -> Standing {
        let Some(window) = self.windows.get(flow as usize) else { return Standing::Unheard };
        let Some(place) = number.checked_sub(window.first) else { return Standing::Over };
        match window.slots.get(place as usize) {
            None | Some(&UNHEARD) => Standing::Unheard,
            Some(&OVER) => Standing::Over,
            Some(&slot) => Standing::Live(slot),
        }
    }

    /// The number of what is kept of a message, which begins if it has not; none if it is over.
    #[inline]
    pub(crate) fn slot(&mut self, message: MessageId) -> Option<u32> {
        match self.standing(message) {
            Standing::Unheard => Some(self.begin(message)),
            Standing::Live(slot) => Some(slot),
            Standing::Over => None,
        }
    }

    /// A message is over, whose part this is.
    #[cold]
    pub(crate) fn end(&mut self, (flow, number): MessageId, slot: u32) {
        self.kept[slot as usize].clear();
        self.free.push(slot);
        let window = &mut self.windows[flow as usize];
        window.slots[(number - window.first) as usize] = OVER;
        while window.slots.front() == Some(&OVER) {
            window.slots.pop_front();
            window.first += 1;
        }
    }

    /// How many messages are live.
    pub(crate) fn count(&self) -> usize {
        self.kept.len() - self.free.len()
    }

    /// What is kept, and what was kept last of messages that are over, cleared.
    pub(crate) fn all(&self) -> &[T] {
        &self.kept
    }

    #[cold]
    fn begin(&mut self, (flow, number): MessageId) -> u32 {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.kept.push(T::default());
            self.kept.len() as u32 - 1
        });
        if self.windows.len() <= flow as usize {
            self.windows.resize_with(flow as usize + 1, Window::default);
        }
        let window = &mut self.windows[flow as usize];
        let place = (number - window.first) as usize;
        if window.slots.len() <= place {
            window.slots.resize(place + 1, UNHEARD);
        }
        window.slots[place] = slot;
        slot
    }
}

impl<T> Index<u32> for Live<T> {
    type Output = T;

    #[inline]
    fn index(&self, slot: u32) -> &T {
        &self.kept[slot as usize]
    }
}

impl<T> IndexMut<u32> for Live<T> {
    #[inline]
    fn index_mut(&mut self, slot: u32) -> &mut T {
        &mut self.kept[slot as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Kept for u64 {
        fn clear(&mut self) {
            *self = 0;
        }
    }

    #[test]
    fn what_is_over_serves_another_and_is_over_for_good() {
        let mut live = Live::<u64>::default();
        for number in 0..50 {
            let slot = live.slot((3, number)).expect("it begins");
            assert_eq!((slot, live[slot], live.standing((3, number))), (0, 0, Standing::Live(0)));
            live[slot] = 7;
            live.end((3, number), slot);
            assert_eq!((live.slot((3, number)), live.count()), (None, 0));
        }
        assert_eq!((live.windows[3].first, live.windows[3].slots.len(), live.all()), (50, 0, &[0][..]));
    }

    #[test]
    fn messages_may_end_in_another_order_than_they_begin() {
        let mut live = Live::<u64>::default();
        let [third, first] = [3, 0].map(|number| live.slot((0, number)).expect("it begins"));
        assert_eq!((live.standing((0, 1)), live.standing((9, 0))), (Standing::Unheard, Standing::Unheard));
        live.end((0, 3), third);
        assert_eq!((live.standing((0, 3)), live.windows[0].first, live.count()), (Standing::Over, 0, 1));
        live.end((0, 0), first);
        assert_eq!((live.windows[0].first, live.windows[0].slots.len()), (1, 3));
    }
}
