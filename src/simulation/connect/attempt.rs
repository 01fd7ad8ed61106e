//! Set-ups under way, in a pool whose rows are used again.

use super::turn::Allocation;

/// The pool.
#[derive(Clone, Debug, Default)]
pub(super) struct Attempts {
    rows: Vec<Attempt>,
    // The first unused row; each names the next.
    free: Option<u32>,
}

/// A connection that is being set up.
#[derive(Clone, Copy, Debug)]
pub(super) struct Attempt {
    pub(super) offerer: u32,
    pub(super) answerer: u32,
    /// The offerer's tree slot, or [`CORE`].
    pub(super) slot: u32,
    /// The next row in a list of rows.
    pub(super) next: u32,
    /// When the first attempt began, and this one, in ns.
    pub(super) first_ns: u64,
    pub(super) begun_ns: u64,
    /// When the offer was sent, and when it reached the answerer.
    pub(super) offered_ns: u64,
    pub(super) received_ns: u64,
    /// How many attempts have begun.
    pub(super) tries: u8,
    /// What came of this one so far.
    pub(super) fate: Fate,
    /// Both ends offer.
    pub(super) glares: bool,
    /// The last message went by way of the server.
    pub(super) by_server: bool,
    /// What the ends hold at TURN servers; offerer first.
    pub(super) allocations: [Allocation; 2],
}

/// What is known of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// Nothing yet has reached the answerer.
    Offered,
    /// The answerer has created its end.
    Answered,
    /// It is open.
    Open,
}

/// In place of a tree slot: a connection of the core.
pub(super) const CORE: u32 = u32::MAX;
/// No row.
pub(super) const NONE: u32 = u32::MAX;

impl Attempts {
    /// Adds a set-up.
    pub(super) fn add(&mut self, attempt: Attempt) -> u32 {
        match self.free {
            Some(row) => {
                let next = self.rows[row as usize].next;
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
        self.rows[row as usize].next = self.free.unwrap_or(NONE);
        self.free = Some(row);
    }

    /// A set-up.
    #[inline]
    pub(super) fn get(&self, row: u32) -> Attempt {
        self.rows[row as usize]
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
