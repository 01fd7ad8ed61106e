//! Control messages: what the nodes of a rule tell one another beside the messages themselves.
//!
//! A rule that talks ([`Dissemination::TALKS`](super::Dissemination::TALKS)) is told what happens at a node, and answers with
//! orders for its driver. What a control message says stays with the rule, which gives the driver a number for it; the
//! driver lets so many bytes take their way through queues, losses and CPUs, and hands the number to the rule of the
//! receiver.

use crate::overlay::Overlay;
use crate::overlay::audience::Audiences;
use crate::units::{ByteCount, SimTime};

/// A message: the number of its flow, and its own there.
pub type MessageId = (u32, u32);

/// A node at a moment.
#[derive(Clone, Copy)]
pub struct Turn<'a> {
    /// When.
    pub now: SimTime,
    /// Where.
    pub node: u32,
    /// All connections, open or not.
    pub overlay: &'a Overlay,
    /// Whom messages are for.
    pub audiences: &'a Audiences,
    /// Whether the connection of the node to a neighbour is open now.
    pub is_open: &'a dyn Fn(u32) -> bool,
}

impl Turn<'_> {
    /// The neighbours to which connections are open, in the overlay's order.
    pub fn neighbours(&self) -> impl Iterator<Item = u32> {
        self.overlay.next_hops(self.node, None).filter(|&next| (self.is_open)(next))
    }
}

/// What a node has its driver do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Send a copy of a message to a neighbour.
    Copy {
        /// The neighbour.
        to: u32,
        /// A message that the node has.
        message: MessageId,
    },
    /// Send a control message to a neighbour.
    Tell {
        /// The neighbour.
        to: u32,
        /// Which of [`control_sizes`](super::Dissemination::control_sizes) it has.
        size: u8,
        /// What the rule knows it by.
        note: u32,
    },
    /// Wake the node.
    Wake {
        /// Then.
        at: SimTime,
        /// What the rule knows it by.
        token: u32,
    },
}

/// The sizes of control messages that list what they are about: so many bytes, and so many for each thing.
///
/// Lists of up to 16 have their own size; longer ones are rounded up to the next of four steps from one power of two to the
/// next, by less than a quarter.
#[derive(Clone, Debug)]
pub(super) struct ListSizes {
    counts: Vec<usize>,
    head_bytes: u64,
    each_bytes: u64,
}

impl ListSizes {
    pub(super) fn new(head_bytes: u64, each_bytes: u64, most: usize) -> Self {
        let mut counts: Vec<usize> = (0..=16.min(most)).collect();
        let mut last = 16;
        while last < most {
            last += (1 << last.ilog2()) / 4;
            counts.push(last.min(most));
        }
        Self { counts, head_bytes, each_bytes }
    }

    /// All of them, in order.
    pub(super) fn bytes(&self) -> impl Iterator<Item = ByteCount> {
        self.counts.iter().map(|&count| ByteCount::new(self.head_bytes + self.each_bytes * count as u64))
    }

    /// The place of the size that a list of so many things has.
    pub(super) fn place(&self, count: usize) -> u8 {
        self.counts.partition_point(|&most| most < count) as u8
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_rounded_up_by_less_than_a_quarter() {
        let sizes = ListSizes::new(10, 20, 5_000);
        let bytes: Vec<u64> = sizes.bytes().map(ByteCount::get).collect();
        assert!(bytes.len() < 100 && bytes.is_sorted());
        for count in 0..=5_000_usize {
            let (taken, exact) = (bytes[usize::from(sizes.place(count))], 10 + 20 * count as u64);
            assert!(taken >= exact, "{count}");
            assert!(taken <= if count <= 16 { exact } else { exact * 5 / 4 }, "{count}: {taken} for {exact}");
        }
    }
}
