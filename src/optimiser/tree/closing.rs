//! Closing the gap between a bound and a tree from both sides.
//!
//! A limit just above the bound is soon refuted or met, one just below the best tree ends the search where the bound is
//! weak. Which of the two is quicker is not known beforehand, so they take turns, with ever more work.

use super::exact::Search;
use super::pieces::Pieces;

/// What is known of the least largest latency.
#[derive(Clone, Debug)]
pub(super) struct Closed {
    /// No tree is better.
    pub(super) lower_us: u64,
    /// The best tree that was found below what was known, and its largest latency.
    pub(super) found: Option<(u64, Vec<usize>)>,
    /// How often the bound was asked.
    pub(super) work: u64,
}

/// Work of the first turn.
const FIRST_TURN: u64 = 2_000;
/// What parts of the gap are tried.
const SHARES: [u64; 3] = [1, 4, 16];

/// Raises `lower_us`, which no tree is below, and lowers `upper_us`, which some tree keeps, until they meet or the bound
/// was asked so often. Nothing better than `enough_us` is looked for.
pub(super) fn close(pieces: &Pieces, (lower_us, upper_us): (u64, u64), enough_us: u64, work_max: u64) -> Closed {
    let mut search = Search::new(pieces);
    let mut closed = Closed { lower_us, found: None, work: 0 };
    let mut upper_us = upper_us;
    closed.lower_us = by_bound(&mut search, closed.lower_us, upper_us);
    let (mut turn, mut at) = (FIRST_TURN, 0);
    while closed.lower_us < upper_us && closed.work < work_max {
        // All of the gap; if that is too much, a part of it.
        let target_us = closed.lower_us + (upper_us - closed.lower_us - 1) / SHARES[at];
        let exact = search.run(target_us + 1, closed.lower_us.max(enough_us), turn.min(work_max - closed.work));
        closed.work += exact.work;
        if exact.is_proven {
            closed.lower_us = exact.found.as_ref().map_or(target_us + 1, |(max_us, _)| *max_us);
        }
        let is_decided = exact.is_proven || exact.found.is_some();
        if let Some((max_us, tree)) = exact.found {
            upper_us = max_us;
            closed.found = Some((max_us, tree));
        }
        if is_decided {
            // What follows is about as hard.
            at = 0;
            turn = turn.max(2 * exact.work);
        } else {
            at = (at + 1) % SHARES.len();
            turn *= if at == 0 { 2 } else { 1 };
        }
    }
    closed
}

// The least limit that the bound alone allows.
fn by_bound(search: &mut Search<'_>, lower_us: u64, upper_us: u64) -> u64 {
    let (mut low_us, mut high_us) = (lower_us, upper_us.max(lower_us));
    while low_us < high_us {
        let middle_us = low_us + (high_us - low_us) / 2;
        if search.is_possible(middle_us + 1) { high_us = middle_us } else { low_us = middle_us + 1 }
    }
    low_us
}
