//! The tree of least largest latency, proven by branch and bound.
//!
//! Only peers that pass messages on are branched over. They enter the tree in the order of their delays, so each tree is met
//! once; all others then hear from whom they can, which is a [matching](super::matching). The bound lets every peer that
//! might still enter do so as soon as its shortest way allows, but not before the last that entered, and asks for the same
//! matching: where it fails, no tree below here keeps the limit. Since later branches enter later, its failure ends
//! them all. A tree whose members entered no sooner than those of another with the same members, and have no more slots, is
//! left out; so is one in which a peer enters before a twin with a lower number.

use super::bits::Bits;
use super::matching::Matching;
use super::pieces::{NEVER_US, Pieces};

/// What came of a search.
#[derive(Clone, Debug)]
pub(super) struct Exact {
    /// The largest latency and the parents of a tree that is below the limit, the best that was met; members of the
    /// beginning are their own parents.
    pub(super) found: Option<(u64, Vec<usize>)>,
    /// Whether no tree is better than that (or, if there is none, none is below the limit).
    pub(super) is_proven: bool,
    /// How often the bound was asked.
    pub(super) work: u64,
}

/// The best tree whose largest latency is below a limit.
pub(super) struct Search<'p> {
    pieces: &'p Pieces,
    // Pieces that can be parents, in order; from each to a piece (row), and of each the one before it that is its twin.
    relays: Vec<usize>,
    from_us: Vec<u64>,
    twins: Vec<Option<usize>>,
    below_us: u64,
    enough_us: u64,
    found: Option<(u64, Vec<usize>)>,
    work: u64,
    work_max: u64,
    frames: Vec<Frame>,
    soonest_us: Vec<u64>,
    pending: Vec<(u64, usize)>,
    // When a relay hears that may be a parent.
    parent_us: Vec<u64>,
    matching: Matching,
    known: Vec<Option<Box<Frame>>>,
}

// A tree of pieces that are parents.
#[derive(Clone)]
struct Frame {
    inner: Bits,
    members: Vec<usize>,
    at_us: Vec<u64>,
    free: Vec<u32>,
    parents: Vec<usize>,
    last_us: u64,
}

/// How many trees are known, one of a sort, to compare others with.
const KNOWN_BITS: u32 = 14;

impl<'p> Search<'p> {
    pub(super) fn new(pieces: &'p Pieces) -> Self {
        let count = pieces.count;
        let relays: Vec<usize> = (0..count).filter(|&piece| pieces.slots[piece] > 0).collect();
        let mut first = Frame {
            inner: Bits::below(count),
            members: Vec::new(),
            at_us: vec![0; count],
            free: vec![0; count],
            parents: vec![0; count],
            last_us: 0,
        };
        for &(member, at_us) in &pieces.members {
            first.inner.insert(member);
            first.members.push(member);
            (first.at_us[member], first.free[member], first.parents[member]) = (at_us, pieces.slots[member], member);
        }
        let twins = twins(pieces, &relays, &first.inner);
        let from_us = (0..count).flat_map(|to| relays.iter().map(move |&relay| pieces.hop_us(relay, to))).collect();
        Self {
            pieces,
            from_us,
            parent_us: vec![NEVER_US; relays.len()],
            matching: Matching::new(count, relays.len()),
            relays,
            twins,
            below_us: 0,
            enough_us: 0,
            found: None,
            work: 0,
            work_max: 0,
            frames: vec![first],
            soonest_us: vec![0; count],
            pending: Vec::new(),
            known: vec![None; 1 << KNOWN_BITS],
        }
    }

    /// Asks the bound at most so often, and no further when a tree is found that is no worse than `enough_us`.
    pub(super) fn run(&mut self, below_us: u64, enough_us: u64, work_max: u64) -> Exact {
        (self.below_us, self.enough_us, self.work, self.work_max) = (below_us, enough_us, 0, work_max);
        self.found = None;
        self.known.fill(None);
        let is_proven = !self.may_succeed(0, 0) || self.descend(0);
        Exact { found: self.found.take(), is_proven, work: self.work }
    }

    /// Whether the bound alone leaves room for a tree below a limit.
    pub(super) fn is_possible(&mut self, below_us: u64) -> bool {
        self.below_us = below_us;
        self.may_succeed(0, 0)
    }

    // Whether all below a frame was looked at, or enough was found.
    fn descend(&mut self, depth: usize) -> bool {
        if self.work > self.work_max {
            return false;
        }
        while self.complete(depth) {}
        if self.found.as_ref().is_some_and(|(max_us, _)| *max_us <= self.enough_us) {
            return false;
        }
        for (at_us, parent, relay) in self.entries(depth) {
            if self.work > self.work_max {
                return false;
            }
            if !self.may_succeed(depth, at_us) {
                break;
            }
            self.enter(depth, (at_us, parent, relay));
            let is_open = self.may_succeed(depth + 1, at_us) && !self.is_known(depth + 1);
            if is_open && !self.descend(depth + 1) {
                return false;
            }
        }
        true
    }

    // Who may enter next, from whom and when, the soonest first.
    fn entries(&self, depth: usize) -> Vec<(u64, usize, usize)> {
        let (frame, pieces) = (&self.frames[depth], self.pieces);
        let mut entries = Vec::new();
        for &relay in &self.relays {
            let waits_for_twin = || self.twins[relay].is_some_and(|twin| !frame.inner.has(twin));
            if frame.inner.has(relay) || waits_for_twin() {
                continue;
            }
            let others = (0..pieces.count).filter(|&to| to != relay && !frame.inner.has(to));
            let onward_us =
                others.map(|to| pieces.hop_us(relay, to) + pieces.tails_us[to]).min().unwrap_or(u64::MAX / 2);
            let onward_us = onward_us.max(pieces.tails_us[relay]);
            for &parent in &frame.members {
                let at_us = frame.at_us[parent] + pieces.hop_us(parent, relay);
                if frame.free[parent] > 0 && at_us >= frame.last_us && at_us + onward_us < self.below_us {
                    entries.push((at_us, parent, relay));
                }
            }
        }
        entries.sort_unstable();
        entries
    }

    fn enter(&mut self, depth: usize, (at_us, parent, relay): (u64, usize, usize)) {
        if self.frames.len() == depth + 1 {
            self.frames.push(self.frames[depth].clone());
        } else {
            let (before, after) = self.frames.split_at_mut(depth + 1);
            after[0].copy(&before[depth]);
        }
        let frame = &mut self.frames[depth + 1];
        frame.inner.insert(relay);
        frame.members.push(relay);
        (frame.at_us[relay], frame.parents[relay], frame.free[relay]) = (at_us, parent, self.pieces.slots[relay]);
        frame.free[parent] -= 1;
        frame.last_us = at_us;
    }

    // Takes down the tree in which all others hear from those who are in, if it is better.
    fn complete(&mut self, depth: usize) -> bool {
        let frame = &self.frames[depth];
        let entered = &frame.members[self.pieces.members.len()..];
        let entered_us = entered.iter().map(|&member| frame.at_us[member] + self.pieces.tails_us[member]).max();
        if entered_us.is_some_and(|last_us| last_us >= self.below_us) {
            return false;
        }
        self.soonest_us.copy_from_slice(&self.frames[depth].at_us);
        let members = self.frames[depth].members.clone();
        if !self.is_matched(depth, &members) {
            return false;
        }
        let (frame, pieces) = (&self.frames[depth], self.pieces);
        let mut tree = frame.parents.clone();
        let mut max_us = entered_us;
        let matched = self.relays.iter().enumerate().filter(|(_, parent)| frame.inner.has(**parent));
        for (place, &parent) in matched {
            for piece in self.matching.held(place) {
                tree[piece] = parent;
                let then_us = frame.at_us[parent] + pieces.hop_us(parent, piece) + pieces.tails_us[piece];
                max_us = max_us.max(Some(then_us));
            }
        }
        let max_us = max_us.unwrap_or(0);
        self.below_us = max_us;
        self.found = Some((max_us, tree));
        true
    }

    // Whether the bound allows a better tree if whoever enters does so at this time or later.
    fn may_succeed(&mut self, depth: usize, from_us: u64) -> bool {
        let (frame, pieces) = (&self.frames[depth], self.pieces);
        self.soonest_us.copy_from_slice(&frame.at_us);
        let mut parents = frame.members.clone();
        let pending = &mut self.pending;
        let outside = self.relays.iter().filter(|&&relay| !frame.inner.has(relay));
        pending.clear();
        pending.extend(outside.map(|&relay| (NEVER_US, relay)));
        for &parent in frame.members.iter().filter(|&&parent| frame.free[parent] > 0) {
            hear(pending, frame.at_us[parent], pieces.from(parent));
        }
        pending.iter_mut().for_each(|(then_us, _)| *then_us = (*then_us).max(from_us));
        // Dijkstra's algorithm over those who might enter.
        let mut next = (0..pending.len()).min_by_key(|&place| pending[place].0);
        while let Some(place) = next {
            let (at_us, relay) = pending.swap_remove(place);
            if at_us >= self.below_us {
                break;
            }
            parents.push(relay);
            self.soonest_us[relay] = at_us;
            next = hear(pending, at_us, pieces.from(relay));
        }
        self.is_matched(depth, &parents)
    }

    // Whether everybody outside finds a parent among these.
    fn is_matched(&mut self, depth: usize, parents: &[usize]) -> bool {
        self.work += 1;
        let (frame, pieces) = (&self.frames[depth], self.pieces);
        self.matching.clear();
        self.parent_us.fill(NEVER_US);
        for &parent in parents {
            let Ok(place) = self.relays.binary_search(&parent) else { continue };
            let slots = if frame.inner.has(parent) { frame.free[parent] } else { pieces.slots[parent] };
            self.matching.offer(place, slots);
            self.parent_us[place] = self.soonest_us[parent];
        }
        let (below_us, parent_us) = (self.below_us, self.parent_us.as_slice());
        let is_in_time = |piece: usize, place: usize| {
            parent_us[place] + self.from_us[piece * parent_us.len() + place] + pieces.tails_us[piece] < below_us
        };
        let mut outside = (0..pieces.count).filter(|&piece| !frame.inner.has(piece));
        outside.all(|piece| self.matching.place(piece, &is_in_time))
    }

    // Whether a tree is known that is as good; if not, this one is known from now on.
    fn is_known(&mut self, depth: usize) -> bool {
        let frame = &self.frames[depth];
        let mixed = |mix: u64, word: &u64| (mix ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29);
        let mix = frame.inner.words().iter().fold(0, mixed).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let known = &mut self.known[(mix >> (64 - KNOWN_BITS)) as usize];
        match known {
            Some(known) if known.is_as_good_as(frame) => true,
            Some(known) => {
                known.copy(frame);
                false
            }
            None => {
                *known = Some(Box::new(frame.clone()));
                false
            }
        }
    }
}

impl Frame {
    fn copy(&mut self, other: &Self) {
        self.inner.copy(&other.inner);
        self.members.clone_from(&other.members);
        self.at_us.copy_from_slice(&other.at_us);
        self.free.copy_from_slice(&other.free);
        self.parents.copy_from_slice(&other.parents);
        self.last_us = other.last_us;
    }

    fn is_as_good_as(&self, other: &Self) -> bool {
        let is_no_worse =
            |&member: &usize| self.at_us[member] <= other.at_us[member] && self.free[member] >= other.free[member];
        self.inner == other.inner && self.last_us <= other.last_us && self.members.iter().all(is_no_worse)
    }
}

// All hear from somebody, if it is sooner; who is the first then, by place.
fn hear(pending: &mut [(u64, usize)], at_us: u64, from_us: &[u64]) -> Option<usize> {
    let (mut first, mut first_us) = (None, u64::MAX);
    for (place, (then_us, relay)) in pending.iter_mut().enumerate() {
        *then_us = (*then_us).min(at_us + from_us[*relay]);
        if *then_us < first_us {
            (first, first_us) = (Some(place), *then_us);
        }
    }
    first
}

// Of each relay the one before it that everybody sees as they see it.
fn twins(pieces: &Pieces, relays: &[usize], members: &Bits) -> Vec<Option<usize>> {
    let hop_us = |from, to| pieces.hop_us(from, to);
    let are_twins = |one: usize, other: usize| {
        let alike = |third: usize| {
            let is_third = third != one && third != other;
            !is_third || hop_us(one, third) == hop_us(other, third) && hop_us(third, one) == hop_us(third, other)
        };
        pieces.slots[one] == pieces.slots[other]
            && pieces.tails_us[one] == pieces.tails_us[other]
            && hop_us(one, other) == hop_us(other, one)
            && (0..pieces.count).all(alike)
    };
    let mut twins = vec![None; pieces.count];
    for (place, &relay) in relays.iter().enumerate().filter(|(_, relay)| !members.has(**relay)) {
        let before = relays[..place].iter().rev().copied();
        twins[relay] = before.filter(|&other| !members.has(other)).find(|&other| are_twins(other, relay));
    }
    twins
}
