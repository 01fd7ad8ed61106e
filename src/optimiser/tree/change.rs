//! Small changes of a tree, and how to take them back.

use smallvec::SmallVec;

use super::state::State;

/// What was done to a tree.
#[derive(Clone, Debug)]
pub(in crate::optimiser) enum Change {
    /// These peers, each with all below it, had these parents; first to last.
    Moved(SmallVec<[(u32, u32); 3]>),
    /// These two changed places, without what is below them.
    Exchanged(u32, u32),
}

impl Change {
    pub(in crate::optimiser) fn take_back(self, state: &mut State<'_>) {
        match self {
            Self::Moved(moves) => moves.into_iter().rev().for_each(|(peer, parent)| state.relink(peer, parent)),
            Self::Exchanged(one, other) => put_in_place(state, one, other),
        }
    }
}

/// Moves a peer with all below it to a parent that has a free slot and is not among these, if the peer then reaches what is
/// below it by `by_us`.
pub(in crate::optimiser) fn relink(state: &mut State<'_>, peer: u32, to: u32, by_us: u64) -> Option<Change> {
    let from = state.parent(peer);
    if to == from || state.free(to) == 0 || !fits(state, peer, to, by_us) || state.is_below(to, peer) {
        return None;
    }
    state.relink(peer, to);
    Some(Change::Moved(SmallVec::from_slice(&[(peer, from)])))
}

/// Lets two peers, with all below them, change places.
pub(in crate::optimiser) fn swap(state: &mut State<'_>, one: u32, other: u32, by_us: u64) -> Option<Change> {
    let (of_one, of_other) = (state.parent(one), state.parent(other));
    let fit = one != other
        && of_one != of_other
        && fits(state, one, of_other, by_us)
        && fits(state, other, of_one, by_us)
        && !state.is_below(of_other, one)
        && !state.is_below(of_one, other);
    if !fit {
        return None;
    }
    state.relink(one, of_other);
    state.relink(other, of_one);
    Some(Change::Moved(SmallVec::from_slice(&[(one, of_one), (other, of_other)])))
}

/// Moves a peer to a full parent, whose `child` goes to `refuge`.
pub(in crate::optimiser) fn eject(
    state: &mut State<'_>,
    (peer, to): (u32, u32),
    (child, refuge): (u32, u32),
    by_us: u64,
) -> Option<Change> {
    let from = state.parent(peer);
    let fit = to != from
        && child != peer
        && refuge != to
        && refuge != from
        && state.free(refuge) > 0
        && fits(state, peer, to, by_us)
        && fits(state, child, refuge, by_us)
        && !state.is_below(to, peer)
        && !state.is_below(refuge, child);
    if !fit {
        return None;
    }
    state.relink(child, refuge);
    if state.is_below(to, peer) {
        state.relink(child, to);
        return None;
    }
    state.relink(peer, to);
    Some(Change::Moved(SmallVec::from_slice(&[(child, to), (peer, from)])))
}

/// Puts `between` in the place of a peer, and this below it.
pub(in crate::optimiser) fn insert(state: &mut State<'_>, peer: u32, between: u32, by_us: u64) -> Option<Change> {
    let (above, from) = (state.parent(peer), state.parent(between));
    let problem = state.problem();
    if between == peer || from == peer || state.is_below(above, between) || state.is_below(between, peer) {
        return None;
    }
    // A child of the same parent has its slot already.
    let free = state.free(between);
    let (first_us, second_us) = (problem.hop_us(above, between)?, problem.hop_us(between, peer)?);
    let at_us = state.delay_us(above) + u64::from(first_us);
    let reach_us = state.height_us(between).max(u64::from(second_us) + state.height_us(peer));
    if free == 0 || at_us + reach_us > by_us {
        return None;
    }
    state.relink(peer, between);
    state.relink(between, above);
    Some(Change::Moved(SmallVec::from_slice(&[(peer, above), (between, from)])))
}

/// Lets two peers change places, each taking over what is below the other.
pub(in crate::optimiser) fn exchange(state: &mut State<'_>, one: u32, other: u32, by_us: u64) -> Option<Change> {
    let problem = state.problem();
    let (root, counts) = (problem.root(), [one, other].map(|peer| state.child_count(peer)));
    let fit = one != other
        && one != root
        && other != root
        && counts != [0, 0]
        && counts[0] <= problem.fan_out(other)
        && counts[1] <= problem.fan_out(one)
        && takes_over(state, one, other, by_us)
        && takes_over(state, other, one, by_us);
    if !fit {
        return None;
    }
    put_in_place(state, one, other);
    Some(Change::Exchanged(one, other))
}

// Whether a peer under this parent reaches all below it in time.
#[inline]
pub(in crate::optimiser) fn fits(state: &State<'_>, peer: u32, to: u32, by_us: u64) -> bool {
    let Some(hop_us) = state.problem().hop_us(to, peer) else { return false };
    if !state.counts(peer) {
        return true;
    }
    let rest_us = u64::from(hop_us) + state.height_us(peer);
    rest_us <= by_us && state.delay_us(to) + rest_us <= by_us
}

// Whether `heir` can stand where `peer` does and reach in time what is below that. What stands below both is not weighed.
fn takes_over(state: &State<'_>, peer: u32, heir: u32, by_us: u64) -> bool {
    let problem = state.problem();
    let above = state.parent(peer);
    let hop_us = |from: u32, to: u32| problem.hop_us(from, to).map(u64::from);
    if above == heir {
        // They change sides: the heir hears from the other.
        return hop_us(peer, heir).is_some() && state.children(peer).all(|child| hop_us(heir, child).is_some());
    }
    let Some(first_us) = hop_us(above, heir) else { return false };
    let at_us = if state.is_below(above, heir) { 0 } else { state.delay_us(above) + first_us };
    at_us <= by_us
        && state.children(peer).filter(|&child| child != heir).all(|child| {
            let Some(next_us) = hop_us(heir, child) else { return false };
            !state.counts(child) || state.is_below(heir, child) || at_us + next_us + state.height_us(child) <= by_us
        })
        && (state.parent(heir) != peer || hop_us(heir, peer).is_some())
}

fn put_in_place(state: &mut State<'_>, one: u32, other: u32) {
    let parents = [one, other].map(|peer| state.parent(peer));
    let below = [one, other].map(|peer| state.children(peer).collect::<SmallVec<[u32; 16]>>());
    below.iter().flatten().chain(&[one, other]).for_each(|&peer| {
        if state.parent(peer) != peer {
            state.detach(peer);
        }
    });
    let heir = |parent: u32, own: u32, theirs: u32| if parent == own { theirs } else { parent };
    state.attach(other, heir(parents[0], other, one));
    state.attach(one, heir(parents[1], one, other));
    for (children, to) in below.iter().zip([other, one]) {
        children.iter().filter(|&&child| child != to).for_each(|&child| state.attach(child, to));
    }
}
