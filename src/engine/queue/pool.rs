//! Storage of waiting events: chains of fixed blocks out of one pool.
//!
//! One vector for each bucket would waste up to half its memory in slack, and memory is what
//! bounds the number of pending events. Blocks are handed from bucket to bucket instead, so the
//! slack is part of a block for each bucket in use.

use super::entry::Entry;

/// Entries in a block: a few cache lines, so that reading a chain is mostly sequential.
const BLOCK: usize = 16;

/// No block: the end of a chain.
const NONE: u32 = u32::MAX;

/// Blocks of entries, each in some chain or free.
#[derive(Clone, Debug)]
pub(super) struct Pool<E> {
    entries: Vec<Entry<E>>,
    /// The block after each block in its chain, or in the list of free ones.
    next: Vec<u32>,
    free: u32,
}

/// Entries in the order in which they were appended.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chain {
    head: u32,
    /// Where the next entry goes; at the start of a block, a block has to be added first.
    cursor: u32,
    len: u32,
}

/// What is known of the times in a chain.
#[derive(Clone, Copy, Debug)]
pub(super) struct Profile {
    pub(super) count: usize,
    pub(super) min: u64,
    pub(super) max: u64,
    pub(super) mean: u64,
}

impl Chain {
    pub(super) const EMPTY: Self = Self { head: NONE, cursor: 0, len: 0 };

    #[inline]
    pub(super) const fn len(self) -> usize {
        self.len as usize
    }
}

impl<E: Copy> Pool<E> {
    pub(super) const fn new() -> Self {
        Self { entries: Vec::new(), next: Vec::new(), free: NONE }
    }

    /// Appends `entry` to `chain`.
    #[inline(always)]
    pub(super) fn append(&mut self, chain: &mut Chain, entry: Entry<E>) {
        if (chain.cursor as usize).is_multiple_of(BLOCK) {
            self.add_block(chain, entry);
        }
        self.entries[chain.cursor as usize] = entry;
        chain.cursor += 1;
        chain.len += 1;
    }

    /// Takes all entries out of `chain`, block by block in order.
    #[inline]
    pub(super) fn drain(&mut self, chain: Chain, mut each: impl FnMut(&mut Self, &[Entry<E>])) {
        let mut left = chain.len();
        let mut block = chain.head as usize;
        while left > 0 {
            let first = block * BLOCK;
            let count = left.min(BLOCK);
            // A copy on the stack frees the block before its entries move on, while it is hot.
            let mut copy = [self.entries[first]; BLOCK];
            copy[..count].copy_from_slice(&self.entries[first..first + count]);
            let next = std::mem::replace(&mut self.next[block], self.free);
            self.free = block as u32;
            each(self, &copy[..count]);
            left -= count;
            block = next as usize;
        }
    }

    /// The time of all entries of `chain`, if it is one and the same.
    pub(super) fn single_time(&self, chain: Chain) -> Option<u64> {
        let mut blocks = self.blocks(chain);
        let time = blocks.clone().next()?[0].time;
        blocks.all(|entries| entries.iter().all(|entry| entry.time == time)).then_some(time)
    }

    /// The profile of `chain`, which is not empty.
    pub(super) fn profile(&self, chain: Chain) -> Profile {
        let (mut min, mut max, mut sum) = (u64::MAX, 0, 0_u128);
        for entry in self.blocks(chain).flatten() {
            min = min.min(entry.time);
            max = max.max(entry.time);
            sum += u128::from(entry.time);
        }
        Profile { count: chain.len(), min, max, mean: (sum / chain.len() as u128) as u64 }
    }

    /// Heap memory held, in bytes.
    pub(super) const fn capacity_bytes(&self) -> usize {
        self.entries.capacity() * size_of::<Entry<E>>() + self.next.capacity() * size_of::<u32>()
    }

    fn blocks(&self, chain: Chain) -> impl Iterator<Item = &[Entry<E>]> + Clone {
        let mut left = chain.len();
        let mut block = chain.head as usize;
        std::iter::from_fn(move || {
            if left == 0 {
                return None;
            }
            let entries = &self.entries[block * BLOCK..][..left.min(BLOCK)];
            left -= entries.len();
            block = self.next[block] as usize;
            Some(entries)
        })
    }

    #[inline(never)]
    fn add_block(&mut self, chain: &mut Chain, filler: Entry<E>) {
        if self.free == NONE {
            self.grow(filler);
        }
        let block = self.free;
        self.free = self.next[block as usize];
        if chain.len == 0 {
            chain.head = block;
        } else {
            // The cursor has just left the last block of the chain.
            self.next[(chain.cursor as usize - 1) / BLOCK] = block;
        }
        chain.cursor = block * BLOCK as u32;
    }

    /// Adds a free block, filled with any entry.
    #[cold]
    #[inline(never)]
    fn grow(&mut self, filler: Entry<E>) {
        let blocks = self.next.len();
        assert!(blocks < NONE as usize / BLOCK, "fewer than 2^32 events can be pending");
        if blocks == self.next.capacity() {
            // An eighth more at a time: little slack, and still few copies of each event.
            let more = (blocks / 8).max(16);
            self.next.reserve_exact(more);
            self.entries.reserve_exact(more * BLOCK);
        }
        self.entries.resize((blocks + 1) * BLOCK, filler);
        self.next.push(self.free);
        self.free = blocks as u32;
    }
}
