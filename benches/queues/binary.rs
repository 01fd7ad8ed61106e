//! The binary heap of the standard library.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::{Queue, Sequenced};

#[derive(Default)]
pub(crate) struct BinaryQueue {
    heap: BinaryHeap<Reverse<Sequenced>>,
    sequence: u64,
}

impl Queue for BinaryQueue {
    const NAME: &'static str = "std BinaryHeap";
    const IS_SLOW_WHEN_LARGE: bool = true;

    #[inline]
    fn push(&mut self, time: u64, event: u64) {
        self.heap.push(Reverse(Sequenced { time, sequence: self.sequence, event }));
        self.sequence += 1;
    }

    #[inline]
    fn pop(&mut self) -> Option<(u64, u64)> {
        self.heap.pop().map(|Reverse(entry)| (entry.time, entry.event))
    }

    fn capacity_bytes(&self) -> usize {
        self.heap.capacity() * size_of::<Sequenced>()
    }
}
