//! Who knows which message: one bit a node and message on its way.
//!
//! A message that is forgotten while a copy of it travels would be passed on for ever. So each has its copies counted: as
//! many as its nodes send, less one for each that comes. When none is left, or all nodes know the message, it is over: the
//! bits serve another message, and of this one it is known for good that it is new to nobody. A copy that is lost is never
//! counted down. Its message then keeps its bits until everybody knows it, or else to the end of the replication, which
//! takes an eighth of a byte for each node and message: little beside the time that so many copies take.

use super::control::MessageId;
use super::live::{Kept, Live, Standing};
use super::passing::Passing;

/// What all nodes know of all messages.
#[derive(Clone, Debug, Default)]
pub(super) struct Known {
    sets: Live<Set>,
}

// Who knows one message.
#[derive(Clone, Debug, Default)]
struct Set {
    bits: Vec<u64>,
    nodes: u32,
    under_way: u64,
}

impl Known {
    /// A node publishes a message, or meets a copy of it: whether it is new to it.
    #[inline]
    pub(super) fn meets(&mut self, Passing { node, from, flow, number, .. }: Passing) -> bool {
        let message = (flow, number);
        let Some(slot) = self.sets.slot(message) else { return false };
        let set = &mut self.sets[slot];
        set.under_way = set.under_way.saturating_sub(u64::from(from.is_some()));
        let is_new = set.insert(node);
        if !is_new && set.under_way == 0 {
            self.sets.end(message, slot);
        }
        is_new
    }

    /// A node learns of a message: whether it is new to it. Copies are not counted: the message is over once
    /// [all know it](Self::forget_if_all_know).
    #[inline]
    pub(super) fn learns(&mut self, node: u32, message: MessageId) -> bool {
        self.sets.slot(message).is_some_and(|slot| self.sets[slot].insert(node))
    }

    /// Whether a node knows a message.
    #[inline]
    pub(super) fn knows(&self, node: u32, message: MessageId) -> bool {
        match self.sets.standing(message) {
            Standing::Unheard => false,
            Standing::Live(slot) => self.sets[slot].has(node),
            Standing::Over => true,
        }
    }

    /// The number of the set that a message has now, if any: another message's once it is over.
    #[inline]
    pub(super) fn place(&self, message: MessageId) -> Option<usize> {
        match self.sets.standing(message) {
            Standing::Live(slot) => Some(slot as usize),
            Standing::Unheard | Standing::Over => None,
        }
    }

    /// A message that all of so many nodes know is over.
    #[inline]
    pub(super) fn forget_if_all_know(&mut self, message: MessageId, nodes: u32) {
        if let Standing::Live(slot) = self.sets.standing(message)
            && self.sets[slot].nodes == nodes
        {
            self.sets.end(message, slot);
        }
    }

    /// A node that knows a message has sent so many copies of it to others of so many nodes.
    #[inline]
    pub(super) fn sent(&mut self, message: MessageId, copies: usize, nodes: u32) {
        let Some(slot) = self.sets.slot(message) else { return };
        let set = &mut self.sets[slot];
        set.under_way += copies as u64;
        if set.under_way == 0 || set.nodes == nodes {
            self.sets.end(message, slot);
        }
    }
}

impl Kept for Set {
    fn clear(&mut self) {
        self.bits.fill(0);
        (self.nodes, self.under_way) = (0, 0);
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
            assert!(!meets(&mut known, number, 2, true) && known.sets.count() == 1);
            assert!(!meets(&mut known, number, 0, true) && known.sets.count() == 0);
            assert!(!meets(&mut known, number, 3, true), "it is over for good");
        }
        assert_eq!(known.sets.all().len(), 1);
    }

    #[test]
    fn a_message_of_which_a_copy_is_lost_is_remembered_until_all_know_it() {
        let mut known = Known::default();
        assert!(meets(&mut known, 0, 0, false));
        known.sent((FLOW, 0), 3, 3);
        // One of three copies is lost.
        for node in [1, 2] {
            assert_eq!(known.sets[0].under_way, 4 - u64::from(node));
            assert!(meets(&mut known, 0, node, true) && known.sets.count() == 1);
            known.sent((FLOW, 0), 0, 3);
        }
        assert_eq!(known.sets.count(), 0);
        // Of another message half of the nodes never hear: its bits stay, and nobody is told twice.
        assert!(meets(&mut known, 1, 0, false));
        known.sent((FLOW, 1), 3, 9);
        assert!(meets(&mut known, 1, 1, true) && !meets(&mut known, 1, 1, true));
        assert_eq!(known.sets.count(), 1);
    }
}
