//! When each of many things is next due: an indexed heap of four children a node.
//!
//! A time that changes is moved in place. With changing rates most times change often and little, so they move by
//! few levels or none; a queue that only takes and gives would fill up with times that are no longer true.

const CHILDREN: usize = 4;
const ABSENT: u32 = u32::MAX;

/// Slots with their times in nanoseconds, the earliest on top; slots of equal times in any order.
#[derive(Clone, Debug, Default)]
pub(super) struct Agenda {
    heap: Vec<Entry>,
    /// Where each slot is in the heap.
    places: Vec<u32>,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    time_ns: u64,
    slot: u32,
}

impl Agenda {
    /// The earliest time and its slot.
    #[inline]
    pub(super) fn first(&self) -> Option<(u64, u32)> {
        self.heap.first().map(|entry| (entry.time_ns, entry.slot))
    }

    /// Sets the time of a slot.
    #[inline]
    pub(super) fn set(&mut self, slot: u32, time_ns: u64) {
        if slot as usize >= self.places.len() {
            self.places.resize(slot as usize + 1, ABSENT);
        }
        let (entry, place) = (Entry { time_ns, slot }, self.places[slot as usize]);
        if place == ABSENT {
            self.heap.push(entry);
            self.rise(self.heap.len() - 1, entry);
        } else {
            self.put(place as usize, entry);
        }
    }

    /// Takes a slot out if it is there.
    pub(super) fn remove(&mut self, slot: u32) {
        let place = self.places.get(slot as usize).copied().unwrap_or(ABSENT);
        if place == ABSENT {
            return;
        }
        self.places[slot as usize] = ABSENT;
        let last = self.heap.pop().expect("invariant: a slot with a place is in the heap");
        if (place as usize) < self.heap.len() {
            self.put(place as usize, last);
        }
    }

    /// Puts an entry in place of another.
    #[inline]
    fn put(&mut self, place: usize, entry: Entry) {
        if entry.time_ns < self.heap[place].time_ns {
            self.rise(place, entry);
        } else {
            self.sink(place, entry);
        }
    }

    fn rise(&mut self, mut place: usize, entry: Entry) {
        while place > 0 {
            let parent = (place - 1) / CHILDREN;
            if self.heap[parent].time_ns <= entry.time_ns {
                break;
            }
            self.set_at(place, self.heap[parent]);
            place = parent;
        }
        self.set_at(place, entry);
    }

    fn sink(&mut self, mut place: usize, entry: Entry) {
        loop {
            let begin = CHILDREN * place + 1;
            let end = (begin + CHILDREN).min(self.heap.len());
            if begin >= end {
                break;
            }
            let mut least = begin;
            for child in begin + 1..end {
                if self.heap[child].time_ns < self.heap[least].time_ns {
                    least = child;
                }
            }
            if self.heap[least].time_ns >= entry.time_ns {
                break;
            }
            self.set_at(place, self.heap[least]);
            place = least;
        }
        self.set_at(place, entry);
    }

    #[inline(always)]
    fn set_at(&mut self, place: usize, entry: Entry) {
        self.heap[place] = entry;
        self.places[entry.slot as usize] = place as u32;
    }
}
