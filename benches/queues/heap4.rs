//! A 4-ary heap: half the levels of a binary one, and siblings share cache lines.

use super::{Queue, Sequenced};

#[derive(Default)]
pub(crate) struct Heap4 {
    entries: Vec<Sequenced>,
    sequence: u64,
}

impl Queue for Heap4 {
    const NAME: &'static str = "4-ary heap";
    const IS_SLOW_WHEN_LARGE: bool = true;

    #[inline]
    fn push(&mut self, time: u64, event: u64) {
        let entry = Sequenced { time, sequence: self.sequence, event };
        self.sequence += 1;
        let mut hole = self.entries.len();
        self.entries.push(entry);
        while hole > 0 {
            let parent = (hole - 1) / 4;
            if self.entries[parent].time <= entry.time {
                break;
            }
            self.entries[hole] = self.entries[parent];
            hole = parent;
        }
        self.entries[hole] = entry;
    }

    #[inline]
    fn pop(&mut self) -> Option<(u64, u64)> {
        let last = self.entries.pop()?;
        let Some(first) = self.entries.first().copied() else {
            return Some((last.time, last.event));
        };
        let mut hole = 0;
        while let Some(child) = self.least_child(hole) {
            if last < self.entries[child] {
                break;
            }
            self.entries[hole] = self.entries[child];
            hole = child;
        }
        self.entries[hole] = last;
        Some((first.time, first.event))
    }

    fn capacity_bytes(&self) -> usize {
        self.entries.capacity() * size_of::<Sequenced>()
    }
}

impl Heap4 {
    #[inline]
    fn least_child(&self, parent: usize) -> Option<usize> {
        let from = 4 * parent + 1;
        let to = self.entries.len().min(from + 4);
        (from..to).min_by_key(|child| (self.entries[*child].time, self.entries[*child].sequence))
    }
}
