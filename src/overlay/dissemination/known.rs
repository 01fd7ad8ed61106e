//! Who knows which message: one bit a node and message on its way.
//!
//! A message that is forgotten while a copy of it travels would be passed on for ever. So each has its copies counted: as
//! many as its nodes send, less one for each that comes. When none is left, or all nodes know the message, it is over: the
//! bits serve another message, and of this one it is known for good that it is new to nobody. A copy that is lost is never
//! counted down. Its message then keeps its bits until everybody knows it, or else to the end of the replication, which
//! takes an eighth of a byte for each node and message: little beside the time that so many copies take.

use std::collections::VecDeque;

use super::control::MessageId;
use super::passing::Passing;

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
    /// A node publishes a message, or meets a copy of it: whether it is new to it.
    #[inline]
    pub(super) fn meets(&mut self, Passing { node, from, flow, number, .. }: Passing) -> bool {
        let message = (flow, number);
        let Some(slot) = self.slot(message) else { return false };
        let set = &mut self.sets[slot as usize];
        set.under_way = set.under_way.saturating_sub(u64::from(from.is_some()));
        let is_new = set.insert(node);
        if !is_new && set.under_way == 0 {
            self.end(message, slot);
        }
        is_new
    }

    /// A node learns of a message: whether it is new to it. Copies are not counted: the message is over once
    /// [all know it](Self::forget_if_all_know).
    #[inline]
    pub(super) fn learns(&mut self, node: u32, message: MessageId) -> bool {
        self.slot(message).is_some_and(|slot| self.sets[slot as usize].insert(node))
    }

    /// Whether a node knows a message.
    #[inline]
    pub(super) fn knows(&self, node: u32, (flow, number): MessageId) -> bool {
        let Some(window) = self.windows.get(flow as usize) else { return false };
        let Some(place) = number.checked_sub(window.first) else { return true };
        match window.slots.get(place as usize) {
            None | Some(&UNHEARD) => false,
            Some(&OVER) => true,
            Some(&slot) => self.sets[slot as usize].has(node),
        }
    }

    /// The number of the set that a message has now, if any: another message's once it is over.
    #[inline]
    pub(super) fn place(&self, (flow, number): MessageId) -> Option<usize> {
        let window = self.windows.get(flow as usize)?;
        let slot = *window.slots.get(number.checked_sub(window.first)? as usize)?;
        (slot != UNHEARD && slot != OVER).then_some(slot as usize)
    }

    /// A message that all of so many nodes know is over.
    #[inline]
    pub(super) fn forget_if_all_know(&mut self, message: MessageId, nodes: u32) {
        if let Some(place) = self.place(message)
            && self.sets[place].nodes == nodes
        {
            self.end(message, place as u32);
        }
    }

    /// A node that knows a message has sent so many copies of it to others of so many nodes.
    #[inline]
    pub(super) fn sent(&mut self, message: MessageId, copies: usize, nodes: u32) {
        let Some(slot) = self.slot(message) else { return };
        let set = &mut self.sets[slot as usize];
        set.under_way += copies as u64;
        if set.under_way == 0 || set.nodes == nodes {
            self.end(message, slot);
        }
    }

    // The set of a message; none if it is over.
    #[inline]
    fn slot(&mut self, (flow, number): MessageId) -> Option<u32> {
        let slot = self.windows.get(flow as usize).and_then(|window| {
            let place = number.checked_sub(window.first)?;
            Some(window.slots.get(place as usize).copied().unwrap_or(UNHEARD))
        });
        match slot {
            Some(UNHEARD) => Some(self.begin((flow, number))),
            Some(OVER) => None,
            Some(slot) => Some(slot),
            None if (flow as usize) < self.windows.len() => None,
            None => {
                self.windows.resize_with(flow as usize + 1, Window::default);
                Some(self.begin((flow, number)))
            }
        }
    }

    #[cold]
    fn begin(&mut self, (flow, number): MessageId) -> u32 {
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
    fn end(&mut self, (flow, number): MessageId, slot: u32) {
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
    fn has(&self, node: u32) -> bool {
        self.bits.get(node as usize / 64).is_some_and(|bits| bits & 1 << (node % 64) != 0)
    }

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

    const FLOW: u32 = 3;

    fn meets(known: &mut Known, number: u32, node: u32, is_copy: bool) -> bool {
        known.meets(Passing { node, from: is_copy.then_some(9), audience: 0, flow: FLOW, number })
    }

    #[test]
    fn a_message_is_over_when_its_last_copy_has_come() {
        // A ring of 0, 1 and 2; 3 is apart, so that never all know it.
        let mut known = Known::default();
        for number in 0..100 {
            assert!(meets(&mut known, number, 0, false));
            known.sent((FLOW, number), 2, 4);
            for node in [1, 2] {
                assert!(meets(&mut known, number, node, true));
                known.sent((FLOW, number), 1, 4);
            }
            assert!(!meets(&mut known, number, 2, true) && known.free.is_empty());
            assert!(!meets(&mut known, number, 0, true) && known.free.len() == 1);
            assert!(!meets(&mut known, number, 3, true), "it is over for good");
        }
        assert_eq!((known.sets.len(), known.free.len(), known.windows[3].slots.len()), (1, 1, 0));
        assert_eq!(known.windows[3].first, 100);
    }

    #[test]
    fn a_message_of_which_a_copy_is_lost_is_remembered_until_all_know_it() {
        let mut known = Known::default();
        assert!(meets(&mut known, 0, 0, false));
        known.sent((FLOW, 0), 3, 3);
        // One of three copies is lost.
        for node in [1, 2] {
            assert_eq!(known.sets[0].under_way, 4 - u64::from(node));
            assert!(meets(&mut known, 0, node, true) && known.free.is_empty());
            known.sent((FLOW, 0), 0, 3);
        }
        assert_eq!(known.free.len(), 1);
        // Of another message half of the nodes never hear: its bits stay, and nobody is told twice.
        assert!(meets(&mut known, 1, 0, false));
        known.sent((FLOW, 1), 3, 9);
        assert!(meets(&mut known, 1, 1, true) && !meets(&mut known, 1, 1, true));
        assert!(known.free.is_empty());
    }
}
