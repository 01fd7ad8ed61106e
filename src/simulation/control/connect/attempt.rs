//! Set-ups under way, in a pool whose rows are used again.

use super::turn::Allocation;

/// The pool.
#[derive(Clone, Debug, Default)]
pub(super) struct Attempts {
    rows: Vec<Attempt>,
    // The first unused row; each names the next.
    free: Option<u32>,
}

/// A connection that is being set up: one cache line.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
pub(super) struct Attempt {
    pub(super) offerer: u32,
    pub(super) answerer: u32,
    /// The offerer's slot, or [`IN_BLOCK`].
    pub(super) slot: u32,
    /// When the first attempt began, and this one, in ns.
    pub(super) first_ns: u64,
    pub(super) begun_ns: u64,
    /// When the offer was sent.
    pub(super) offered_ns: u64,
    // When the answerer took it in; of a row in a list the next one.
    received_or_next: u64,
    /// How many attempts have begun.
    pub(super) tries: u8,
    /// Whether the answerer has created its end.
    pub(super) answered: bool,
    /// Both ends offer.
    pub(super) glares: bool,
    /// The last message went by way of the server.
    pub(super) by_server: bool,
    /// What the ends hold at TURN servers; offerer first.
    pub(super) allocations: [Allocation; 2],
}

const _: () = assert!(size_of::<Attempt>() == 64, "each step of a set-up costs one cache line");

/// In place of a slot: a connection of a block.
pub(super) const IN_BLOCK: u32 = u32::MAX;
/// No row.
pub(super) const NONE: u32 = u32::MAX;

impl Attempt {
    /// One between these two that begins now, in the offerer's slot or [`IN_BLOCK`].
    // Inlined, as is `Attempts::add`: it is written to its row rather than copied there.
    #[inline(always)]
    pub(super) const fn new([offerer, answerer]: [u32; 2], slot: u32, now_ns: u64, glares: bool) -> Self {
        Self {
            offerer,
            answerer,
            slot,
            tries: 0,
            answered: false,
            glares,
            by_server: false,
            first_ns: now_ns,
            begun_ns: now_ns,
            offered_ns: now_ns,
            received_or_next: now_ns,
            allocations: [Allocation::None; 2],
        }
    }

    /// When the answerer took the offer in.
    #[inline]
    pub(super) const fn received_ns(&self) -> u64 {
        self.received_or_next
    }

    /// The offer has reached the answerer, which has created its end by then.
    #[inline]
    pub(super) const fn receive(&mut self, now_ns: u64, allocation: Allocation) {
        (self.received_or_next, self.answered) = (now_ns, true);
        self.allocations[1] = allocation;
    }

    /// What the ends hold at TURN servers, and when they asked for it.
    pub(super) const fn held(&self) -> [(Allocation, u64); 2] {
        [(self.allocations[0], self.begun_ns), (self.allocations[1], self.received_or_next)]
    }

    /// The next row in a list of rows, or [`NONE`].
    pub(super) const fn next(&self) -> u32 {
        self.received_or_next as u32
    }

    /// Puts another row behind this one, which is in a list.
    pub(super) const fn set_next(&mut self, next: u32) {
        self.received_or_next = next as u64;
    }
}

impl Attempts {
    /// Adds a set-up.
    #[inline(always)]
    pub(super) fn add(&mut self, attempt: Attempt) -> u32 {
        match self.free {
            Some(row) => {
                let next = self.rows[row as usize].next();
                self.free = (next != NONE).then_some(next);
                self.rows[row as usize] = attempt;
                row
            }
            None => {
                let row = u32::try_from(self.rows.len()).expect("invariant: fewer set-ups than connections");
                self.rows.push(attempt);
                row
            }
        }
    }

    /// Forgets a set-up.
    pub(super) fn remove(&mut self, row: u32) {
        self.rows[row as usize].set_next(self.free.unwrap_or(NONE));
        self.free = Some(row);
    }

    /// A set-up.
    #[inline]
    pub(super) fn get(&self, row: u32) -> &Attempt {
        &self.rows[row as usize]
    }

    /// Has a set-up's row at hand.
    #[inline]
    pub(super) fn touch(&self, row: u32) -> u32 {
        self.rows[row as usize].slot
    }

    /// Offerer and answerer.
    #[inline]
    pub(super) fn ends(&self, row: u32) -> [u32; 2] {
        let row = &self.rows[row as usize];
        [row.offerer, row.answerer]
    }

    /// A set-up, to be changed.
    #[inline]
    pub(super) fn get_mut(&mut self, row: u32) -> &mut Attempt {
        &mut self.rows[row as usize]
    }

    /// How many rows there are, used or not.
    #[cfg(test)]
    pub(super) fn rows(&self) -> usize {
        self.rows.len()
    }
}
