//! The bottom of the ladder: the events that come next, sorted.

use super::entry::Entry;
use super::pool::{Chain, Pool};
use super::sort::sort;

/// The next events in order.
#[derive(Clone, Debug)]
pub(super) struct Bottom<E> {
    entries: Vec<Entry<E>>,
    /// The first entry that has not been taken.
    head: usize,
    /// Room for sorting.
    unsorted: Vec<Entry<E>>,
}

impl<E: Copy> Bottom<E> {
    pub(super) const fn new() -> Self {
        Self { entries: Vec::new(), head: 0, unsorted: Vec::new() }
    }

    /// The next event.
    #[inline]
    pub(super) fn first(&self) -> Option<&Entry<E>> {
        self.entries.get(self.head)
    }

    /// Takes the event that [`first`](Self::first) shows.
    #[inline]
    pub(super) const fn advance(&mut self) {
        self.head += 1;
    }

    /// The events that have not been taken.
    #[inline]
    pub(super) fn rest(&self) -> &[Entry<E>] {
        &self.entries[self.head..]
    }

    /// The event that was taken last, if any was since the bottom was filled.
    #[inline]
    pub(super) fn last_taken(&self) -> Option<&Entry<E>> {
        self.entries[..self.head].last()
    }

    /// Forgets all events.
    #[inline]
    pub(super) fn clear(&mut self) {
        self.entries.clear();
        self.head = 0;
    }

    /// Fills the empty bottom with the entries of `chain`, sorted.
    #[inline]
    pub(super) fn fill(&mut self, pool: &mut Pool<E>, chain: Chain) {
        let unsorted = &mut self.unsorted;
        unsorted.clear();
        pool.drain(chain, |_, entries| unsorted.extend_from_slice(entries));
        let Some(filler) = unsorted.first() else { return };
        self.entries.resize(unsorted.len(), *filler);
        sort(unsorted, &mut self.entries);
    }

    /// Fills the empty bottom with the entries of `chain`, which are in order.
    pub(super) fn fill_in_order(&mut self, pool: &mut Pool<E>, chain: Chain) {
        let entries = &mut self.entries;
        pool.drain(chain, |_, block| entries.extend_from_slice(block));
    }

    /// Inserts `entry` behind all that are not later.
    pub(super) fn insert(&mut self, entry: Entry<E>) {
        let rank = self.rest().partition_point(|other| other.time <= entry.time);
        let at = self.head + rank;
        if self.head > 0 && at < self.entries.len() {
            // The place of a taken event is free, and what is to come soon is near it.
            self.entries.copy_within(self.head..at, self.head - 1);
            self.head -= 1;
            self.entries[at - 1] = entry;
            return;
        }
        if self.entries.len() == self.entries.capacity() && self.head > self.entries.len() / 2 {
            self.entries.drain(..self.head);
            self.head = 0;
        }
        self.entries.insert(self.head + rank, entry);
    }

    /// Takes all events from `time` on out, in order.
    pub(super) fn split_off(&mut self, time: u64) -> impl Iterator<Item = Entry<E>> {
        let kept = self.head + self.rest().partition_point(|entry| entry.time < time);
        self.entries.drain(kept..)
    }

    /// Heap memory held, in bytes.
    pub(super) const fn capacity_bytes(&self) -> usize {
        (self.entries.capacity() + self.unsorted.capacity()) * size_of::<Entry<E>>()
    }
}
