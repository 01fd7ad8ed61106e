//! The queue of pending events, ordered by time and then by the order of scheduling.
//!
//! A ladder queue (Tang, Goh and Thng, "Ladder queue: an O(1) priority queue structure for
//! large-scale discrete event simulation", ACM TOMACS 15(3), 2005), which is a radix sort that
//! goes on as lazily as it can. Far events wait in wide buckets, unsorted. The next bucket is
//! opened when the events before it are used up: few events are sorted and become the bottom,
//! many are spread over the narrower buckets of a new rung. So an event is moved two or three
//! times in all, and memory is read and written in order, where a heap would jump through it at
//! every level. What differs from the paper:
//!
//! - The last bucket of a rung has no end but the next higher rung, and so replaces the paper's
//!   separate top: one comparison finds the place of nearly every event.
//! - Widths are powers of two and are taken from the density of events near the front, so that
//!   neither outliers nor a long tail thin out the buckets that matter. Every rung is made for
//!   what it is made from: nothing has to be known or tuned beforehand.
//! - Buckets are chains of blocks from one pool, not vectors, which would be half slack.
//! - No event stores a sequence number. At any moment all events of one time are in the same
//!   place, and every move keeps their order, so first in is first out.
//!
//! ```text
//!  time  ---------------------------------------------------------------->
//!        | bottom |   rungs[0]: a bucket opened   |        root          |
//!        | sorted | bucket | bucket | ... | last  | bucket | ... | last ...
//! ```

mod bottom;
mod entry;
mod pool;
mod rung;
mod sort;
#[cfg(test)]
mod tests;

use crate::units::SimTime;

use bottom::Bottom;
use entry::Entry;
use pool::Pool;
use rung::{Opened, Rung};

/// Buckets of up to so many events are sorted at once; fuller ones are split first.
const SORT_MAX: usize = 32;

/// When the bottom grows beyond this by insertions, its events go back into buckets.
const BOTTOM_MAX: usize = 64;

/// Pending events in a total order: by time, and among equal times first in, first out.
///
/// Pushing and popping take constant amortised time for any number and distribution of events that
/// are not earlier than the last one taken. An earlier one is no error here, it is simply the next.
#[derive(Clone, Debug)]
pub struct EventQueue<E> {
    /// All events before the lowest rung.
    bottom: Bottom<E>,
    /// The rung of the latest times; its last bucket is without end.
    root: Rung,
    /// The rungs below the root from the latest times to the earliest. Only the first `depth` are
    /// in use, the others keep their memory for the next time.
    rungs: Vec<Rung>,
    depth: usize,
    pool: Pool<E>,
    len: usize,
    /// A time that was taken already; with time that never goes back, no event comes before it.
    floor: u64,
    /// The bottom has been filled since somebody asked what comes soon.
    refilled: bool,
}

impl<E: Copy> EventQueue<E> {
    /// An empty queue.
    #[must_use]
    pub fn new() -> Self {
        Self {
            bottom: Bottom::new(),
            root: Rung::unbounded(),
            rungs: Vec::new(),
            depth: 0,
            pool: Pool::new(),
            len: 0,
            floor: 0,
            refilled: false,
        }
    }

    /// Adds `event` at `time`, behind all events that are pending for that time. There is no time
    /// behind [`SimTime::MAX`], so nothing may be pushed there.
    #[inline]
    pub fn push(&mut self, time: SimTime, event: E) {
        debug_assert!(time < SimTime::MAX, "an event at SimTime::MAX never happens");
        let entry = Entry { time: time.as_ns(), event };
        self.len += 1;
        if entry.time >= self.root.start() {
            self.root.push(&mut self.pool, entry);
        } else {
            self.push_below_root(entry);
        }
    }

    /// Takes the next event.
    #[inline]
    pub fn pop(&mut self) -> Option<(SimTime, E)> {
        self.pop_until(SimTime::MAX)
    }

    /// Takes the next event unless it is later than `limit`.
    #[inline]
    pub fn pop_until(&mut self, limit: SimTime) -> Option<(SimTime, E)> {
        let entry = match self.bottom.first() {
            Some(entry) => *entry,
            None => self.refill(limit.as_ns())?,
        };
        if entry.time > limit.as_ns() {
            return None;
        }
        self.bottom.advance();
        self.len -= 1;
        Some((SimTime::from_ns(entry.time), entry.event))
    }

    /// The time of the next event. It may have to be looked for, hence `&mut`: who peeks again and again
    /// without popping, and pushes ever earlier events in between, makes the queue slower.
    #[inline]
    pub fn peek_time(&mut self) -> Option<SimTime> {
        let entry = match self.bottom.first() {
            Some(entry) => *entry,
            None => self.refill(u64::MAX)?,
        };
        Some(SimTime::from_ns(entry.time))
    }

    /// The events that come soon, once after each time that they have been sorted anew.
    #[inline]
    pub(super) fn newly_upcoming(&mut self) -> Option<impl Iterator<Item = E> + Clone> {
        if !std::mem::take(&mut self.refilled) {
            return None;
        }
        Some(self.bottom.rest().iter().take(BOTTOM_MAX).map(|entry| entry.event))
    }

    /// The heap memory that the queue holds, in bytes. It never shrinks.
    #[must_use]
    pub fn capacity_bytes(&self) -> usize {
        let rungs: usize = self.rungs.iter().map(Rung::capacity_bytes).sum();
        self.bottom.capacity_bytes() + self.pool.capacity_bytes() + self.root.capacity_bytes() + rungs
    }

    #[inline(never)]
    fn push_below_root(&mut self, entry: Entry<E>) {
        for rung in &mut self.rungs[..self.depth] {
            if entry.time >= rung.start() {
                rung.push(&mut self.pool, entry);
                return;
            }
        }
        self.bottom.insert(entry);
        if self.bottom.rest().len() > BOTTOM_MAX {
            self.spill_bottom();
        }
    }

    /// Opens buckets until the empty bottom holds the next event, and shows it. Buckets that begin
    /// after `limit` stay closed: events may still be pushed before them.
    #[inline(never)]
    fn refill(&mut self, limit: u64) -> Option<Entry<E>> {
        if self.len == 0 {
            return None;
        }
        self.floor = self.bottom.last_taken().map_or(self.floor, |entry| entry.time);
        self.bottom.clear();
        self.refilled = true;
        loop {
            let rung = self.lowest();
            if !rung.seek() {
                // The root holds an event if no rung below does.
                self.depth -= 1;
                continue;
            }
            if rung.start() > limit {
                return None;
            }
            let opened = rung.open();
            if opened.chain.len() <= SORT_MAX {
                self.bottom.fill(&mut self.pool, opened.chain);
                if opened.is_last {
                    let end = self.bottom.rest().last().map_or(0, |entry| entry.time.saturating_add(1));
                    self.lowest().reset_open(end);
                }
            } else {
                self.split(opened);
            }
            if let Some(entry) = self.bottom.first() {
                return Some(*entry);
            }
        }
    }

    /// Spreads the events of a bucket over a new rung, or makes them the bottom if all are at the
    /// same time.
    fn split(&mut self, opened: Opened) {
        let chain = opened.chain;
        if !opened.is_last {
            self.add_rung();
        }
        if let Some(time) = self.pool.single_time(chain) {
            self.bottom.fill_in_order(&mut self.pool, chain);
            self.lowest().reset_open(time.saturating_add(1));
            return;
        }
        if opened.is_last {
            let profile = self.pool.profile(chain);
            self.lowest().reset_spread(profile);
        } else {
            self.lowest().reset_within(opened);
        }
        let rung = if self.depth == 0 { &mut self.root } else { &mut self.rungs[self.depth - 1] };
        self.pool.drain(chain, |pool, entries| {
            for entry in entries {
                rung.push(pool, *entry);
            }
        });
    }

    /// Moves an overfull bottom back into buckets, unless all its events are at the same time.
    #[cold]
    fn spill_bottom(&mut self) {
        self.floor = self.bottom.last_taken().map_or(self.floor, |entry| entry.time);
        let rest = self.bottom.rest();
        let (min, max) = (rest[0].time, rest[rest.len() - 1].time);
        if min == max {
            return;
        }
        // From the floor on events may still come: what covers that time takes them without a spill.
        let base = if min < self.floor { 0 } else { self.floor };
        self.lowest().rewind(base);
        self.move_bottom_to_lowest();
        if self.bottom.rest().len() > BOTTOM_MAX / 2 {
            self.add_rung();
            self.lowest().reset_even(base, max);
            self.move_bottom_to_lowest();
        }
    }

    /// Moves the events of the bottom that the lowest rung covers into that rung.
    fn move_bottom_to_lowest(&mut self) {
        let rung = if self.depth == 0 { &mut self.root } else { &mut self.rungs[self.depth - 1] };
        for entry in self.bottom.split_off(rung.start()) {
            rung.push(&mut self.pool, entry);
        }
    }

    #[inline]
    fn lowest(&mut self) -> &mut Rung {
        if self.depth == 0 { &mut self.root } else { &mut self.rungs[self.depth - 1] }
    }

    fn add_rung(&mut self) {
        if self.depth == self.rungs.len() {
            self.rungs.push(Rung::unbounded());
        }
        self.depth += 1;
    }
}

impl<E> EventQueue<E> {
    /// How many events are pending.
    #[inline]
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether nothing is pending.
    #[inline]
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }
}

impl<E: Copy> Default for EventQueue<E> {
    fn default() -> Self {
        Self::new()
    }
}
