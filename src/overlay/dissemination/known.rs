//! Who knows which message: one bit a node and message on its way.
//!
//! A message that is forgotten while a copy of it travels would be passed on for ever. So each has its copies counted: as
//! many as its nodes send, less one for each that comes. When none is left, or all nodes know the message, it is over: the
//! bits serve another message, and of this one it is known for good that it is new to nobody. A copy that is lost is never
//! counted down. Its message then keeps its bits until everybody knows it, or else to the end of the replication, which
//! takes an eighth of a byte for each node and message: little beside the time that so many copies take.

use std::collections::VecDeque;

use super::Passing;

/// What all nodes know of all messages.
#[derive(Clone, Debug, Default)]
pub(super) struct Known {
    // By flow.
    windows: Vec<Window>,
    sets: Vec<Set>,
    free: Vec<u32>,
}

// The messages of a flow that are not over, and those between them.
#[derive(Clone, Debug, Default)]
struct Window {
    // All before this number are over.
    first: u32,
    // From there on: which set each has.
    slots: VecDeque<u32>,
}

// Who knows one message.
#[derive(Clone, Debug, Default)]
struct Set {
    bits: Vec<u64>,
    nodes: u32,
    under_way: u64,
}

/// In place of a set: the message has not been published, or is over.
const UNHEARD: u32 = u32::MAX;
const OVER: u32 = u32::MAX - 1;

impl Known {
    /// A copy has come to a node, or the node publishes the message: whether it is new to it.
    #[inline]
    pub(super) fn meets(&mut self, passing: Passing) -> bool {
        let Some(slot) = self.slot(passing) else { return false };
        let set = &mut self.sets[slot as usize];
        set.under_way = set.under_way.saturating_sub(u64::from(passing.from.is_some()));
        let is_new = set.insert(passing.node);
        if !is_new && set.under_way == 0 {
            self.end(passing, slot);
        }
        is_new
    }

    /// A node that knows a message has sent so many copies of it to others of so many nodes.
    #[inline]
    pub(super) fn sent(&mut self, passing: Passing, copies: usize, nodes: u32) {
        let Some(slot) = self.slot(passing) else { return };
        let set = &mut self.sets[slot as usize];
        set.under_way += copies as u64;
        if set.under_way == 0 || set.nodes == nodes {
            self.end(passing, slot);
        }
    }

    // The set of a message; none if it is over.
    #[inline]
    fn slot(&mut self, Passing { flow, number, .. }: Passing) -> Option<u32> {
        let slot = self.windows.get(flow as usize).and_then(|window| {
            let place = number.checked_sub(window.first)?;
            Some(window.slots.get(place as usize).copied().unwrap_or(UNHEARD))
        });
        match slot {
            Some(UNHEARD) => Some(self.begin(flow, number)),
            Some(OVER) => None,
            Some(slot) => Some(slot),
            None if (flow as usize) < self.windows.len() => None,
            None => {
                self.windows.resize_with(flow as usize + 1, Window::default);
                Some(self.begin(flow, number))
            }
        }
    }

    #[cold]
    fn begin(&mut self, flow: u32, number: u32) -> u32 {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.sets.push(Set::default());
            self.sets.len() as u32 - 1
        });
        let window = &mut self.windows[flow as usize];
        let place = (number - window.first) as usize;
        if window.slots.len() <= place {
            window.slots.resize(place + 1, UNHEARD);
        }
        window.slots[place] = slot;
        slot
    }

    #[cold]
    fn end(&mut self, Passing { flow, number, .. }: Passing, slot: u32) {
        let set = &mut self.sets[slot as usize];
        set.bits.fill(0);
        (set.nodes, set.under_way) = (0, 0);
        self.free.push(slot);
        let window = &mut self.windows[flow as usize];
        window.slots[(number - window.first) as usize] = OVER;
        while window.slots.front() == Some(&OVER) {
            window.slots.pop_front();
            window.first += 1;
        }
    }
}

impl Set {
    #[inline]
    fn insert(&mut self, node: u32) -> bool {
        let (word, bit) = (node as usize / 64, 1 << (node % 64));
        if word >= self.bits.len() {
            self.bits.resize(word + 1, 0);
        }
        let bits = &mut self.bits[word];
        let is_new = *bits & bit == 0;
        *bits |= bit;
        self.nodes += u32::from(is_new);
        is_new
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::overlay::audience::ALL;

    fn at(node: u32, from: Option<u32>, number: u32) -> Passing {
        Passing { node, from, audience: ALL, flow: 3, number }
    }

    #[test]
    fn a_message_is_over_when_its_last_copy_has_come() {
        // A ring of 0, 1 and 2; 3 is apart, so that never all know it.
        let mut known = Known::default();
        for number in 0..100 {
            assert!(known.meets(at(0, None, number)));
            known.sent(at(0, None, number), 2, 4);
            for (node, from) in [(1, 0), (2, 1)] {
                assert!(known.meets(at(node, Some(from), number)));
                known.sent(at(node, Some(from), number), 1, 4);
            }
            assert!(!known.meets(at(2, Some(0), number)) && known.free.is_empty());
            assert!(!known.meets(at(0, Some(2), number)) && known.free.len() == 1);
            assert!(!known.meets(at(3, Some(0), number)), "it is over for good");
        }
        assert_eq!((known.sets.len(), known.free.len(), known.windows[3].slots.len()), (1, 1, 0));
        assert_eq!(known.windows[3].first, 100);
    }

    #[test]
    fn a_message_of_which_a_copy_is_lost_is_remembered_until_all_know_it() {
        let mut known = Known::default();
        assert!(known.meets(at(0, None, 0)));
        known.sent(at(0, None, 0), 3, 3);
        // One of three copies is lost.
        for node in [1, 2] {
            assert_eq!(known.sets[0].under_way, 4 - u64::from(node));
            assert!(known.meets(at(node, Some(0), 0)) && known.free.is_empty());
            known.sent(at(node, Some(0), 0), 0, 3);
        }
        assert_eq!(known.free.len(), 1);
        // Of another message half of the nodes never hear: its bits stay, and nobody is told twice.
        assert!(known.meets(at(0, None, 1)));
        known.sent(at(0, None, 1), 3, 9);
        assert!(known.meets(at(1, Some(0), 1)) && !known.meets(at(1, Some(0), 1)));
        assert!(known.free.is_empty());
    }
}
