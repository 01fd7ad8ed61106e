//! The flows that one link limits, and which of them ends first.
//!
//! They all have the link's level for each unit of weight, so whatever the level does, they end in the same order.
//! A group counts what a flow of weight 1 has been served since some moment; a flow that joins ends when the count
//! reaches its *mark*. A change of the level then touches one count and one time, however many flows it concerns.
//! (Virtual time, as in Parekh and Gallager, "A generalized processor sharing approach to flow control",
//! IEEE/ACM Trans. Networking 1(3), 1993.)
//!
//! Work is counted in bit/s times ns, so with whole rates it is whole numbers, exact up to `2^53` of them.

/// Counts above this are set back, so that rounding stays below `2^-20` bit: about 1 Gbit.
const SERVED_MAX: f64 = (1_u64 << 60) as f64;

/// Work of a bit.
pub(super) const BIT: f64 = 1e9;

/// What counts as rounding in a time, in nanoseconds.
const SLACK_NS: f64 = 1.0 / 1024.0;

/// What limits a flow, and how far it is unless its group knows.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Progress {
    pub(super) home: Home,
    /// Its place in the heap of its group.
    place: u32,
    /// Outside of groups: the work left at `since_ns` and the rate, both for each unit of weight.
    pub(super) work: f64,
    pub(super) level: f64,
    pub(super) since_ns: u64,
}

/// What limits a flow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Home {
    /// Nothing yet.
    #[default]
    None,
    /// A link.
    Link(u32),
    /// Its own cap, or nothing at all.
    Own,
}

/// The flows that a link limits.
#[derive(Clone, Debug, Default)]
pub(super) struct Group {
    /// The link's level in bit/s.
    pub(super) level: f64,
    since_ns: u64,
    /// The work that a flow of weight 1 has been served at `since_ns`.
    pub(super) served: f64,
    pub(super) is_stale: bool,
    /// A binary heap by mark.
    heap: Vec<Entry>,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    mark: f64,
    flow: u32,
}

/// When work is done that is begun at `since_ns`: rounded up to a nanosecond, but for rounding errors. Never is
/// `u64::MAX`.
#[inline]
pub(super) fn done_ns(since_ns: u64, work: f64, level: f64) -> u64 {
    let span = work / level;
    let whole = span as u64;
    let rest = span - whole as f64;
    since_ns.saturating_add(whole).saturating_add(u64::from(rest > SLACK_NS))
}

impl Group {
    /// When the first of its flows ends, and which that is.
    #[inline]
    pub(super) fn first(&self) -> Option<(u64, u32)> {
        let first = self.heap.first()?;
        Some((done_ns(self.since_ns, first.mark - self.served, self.level), first.flow))
    }

    /// Counts what has been served until now.
    #[inline]
    pub(super) fn advance(&mut self, now_ns: u64) {
        if self.heap.is_empty() {
            self.served = 0.0;
        } else {
            self.served += self.level * (now_ns - self.since_ns) as f64;
            if self.served > SERVED_MAX {
                self.heap.iter_mut().for_each(|entry| entry.mark -= self.served);
                self.served = 0.0;
            }
        }
        self.since_ns = now_ns;
    }

    /// Takes in a flow with so much work for each unit of weight. The count must be as of now.
    pub(super) fn join(&mut self, flow: u32, work: f64, progress: &mut [Progress]) {
        self.heap.push(Entry { mark: self.served + work, flow });
        self.rise(self.heap.len() - 1, progress);
    }

    /// Takes a flow out, and returns the work left at the time of the count, for each unit of weight.
    pub(super) fn leave(&mut self, flow: u32, progress: &mut [Progress]) -> f64 {
        let place = progress[flow as usize].place as usize;
        let entry = self.heap.swap_remove(place);
        if place < self.heap.len() {
            self.rise(place, progress);
            self.sink(place, progress);
        }
        entry.mark - self.served
    }

    /// The work left of a flow at `now_ns`, for each unit of weight.
    pub(super) fn left(&self, progress: &Progress, now_ns: u64) -> f64 {
        let served = self.served + self.level * (now_ns - self.since_ns) as f64;
        self.heap[progress.place as usize].mark - served
    }

    fn rise(&mut self, mut place: usize, progress: &mut [Progress]) {
        let entry = self.heap[place];
        while place > 0 && entry.mark < self.heap[(place - 1) / 2].mark {
            self.put(place, self.heap[(place - 1) / 2], progress);
            place = (place - 1) / 2;
        }
        self.put(place, entry, progress);
    }

    fn sink(&mut self, mut place: usize, progress: &mut [Progress]) {
        let entry = self.heap[place];
        loop {
            let mut child = 2 * place + 1;
            if child + 1 < self.heap.len() && self.heap[child + 1].mark < self.heap[child].mark {
                child += 1;
            }
            if child >= self.heap.len() || self.heap[child].mark >= entry.mark {
                break;
            }
            self.put(place, self.heap[child], progress);
            place = child;
        }
        self.put(place, entry, progress);
    }

    #[inline(always)]
    fn put(&mut self, place: usize, entry: Entry, progress: &mut [Progress]) {
        self.heap[place] = entry;
        progress[entry.flow as usize].place = place as u32;
    }
}

impl Progress {
    /// A flow that has so much work before it, for each unit of weight, and no rate yet.
    pub(super) const fn begin(work: f64, now_ns: u64) -> Self {
        Self { home: Home::None, place: 0, work, level: 0.0, since_ns: now_ns }
    }

    /// The work left of a flow outside of groups at `now_ns`, for each unit of weight.
    pub(super) fn left(&self, now_ns: u64) -> f64 {
        let span = now_ns - self.since_ns;
        // A flow that nothing limits has no end but now; infinity times nothing is no number.
        if span == 0 { self.work } else { self.work - self.level * span as f64 }
    }
}
