//! A tree that can be changed link by link, and knows its value after each change.
//!
//! Of each peer it keeps how far the farthest below it is (`height`) and how many are below it (`size`); how far a peer is
//! from the root follows from a walk up. A change costs a walk up from its two ends, not one through what hangs below.
//!
//! Some peers may be *excused*: as long as they serve nobody, it does not matter when they hear. So the largest latency of the
//! others is that of a share of all.

use super::problem::TreeProblem;

/// In place of a peer: there is none.
pub(in crate::optimiser) const NONE: u32 = u32::MAX;

/// The tree; peers outside of it are their own parents.
#[derive(Clone, Debug)]
pub(in crate::optimiser) struct State<'a> {
    problem: &'a TreeProblem<'a>,
    rows: Vec<Row>,
    total_us: u64,
    excused: &'a [bool],
}

/// The links of a tree without its problem: what is kept between two changes of the problem.
#[derive(Clone, Debug, Default)]
pub(in crate::optimiser) struct Links {
    rows: Vec<Row>,
    total_us: u64,
}

impl Links {
    /// One peer more; it is outside of the tree.
    pub(in crate::optimiser) fn push(&mut self) {
        let peer = self.rows.len() as u32;
        self.rows.push(Row::alone(peer));
    }

    /// A peer's parent; one outside of the tree is its own, and so is the root.
    pub(in crate::optimiser) fn parent(&self, peer: u32) -> u32 {
        self.rows[peer as usize].parent
    }

    /// From a peer to the farthest below it, in microseconds.
    pub(in crate::optimiser) fn height_us(&self, peer: u32) -> u64 {
        self.rows[peer as usize].height_us
    }
}

#[derive(Clone, Copy, Debug)]
struct Row {
    parent: u32,
    // Children as a list, doubly linked.
    first: u32,
    next: u32,
    prev: u32,
    // From the parent.
    hop_us: u32,
    size: u32,
    children: u32,
    // From here to the farthest below.
    height_us: u64,
}

impl Row {
    fn alone(parent: u32) -> Self {
        Self { parent, first: NONE, next: NONE, prev: NONE, hop_us: 0, size: 1, children: 0, height_us: 0 }
    }
}

impl<'a> State<'a> {
    /// Nobody but the root is in it.
    pub(in crate::optimiser) fn empty(problem: &'a TreeProblem<'a>) -> Self {
        Self { problem, rows: (0..problem.peers()).map(Row::alone).collect(), total_us: 0, excused: &[] }
    }

    /// The tree of these links, which were made with the same hops.
    pub(in crate::optimiser) fn resume(problem: &'a TreeProblem<'a>, links: Links) -> Self {
        Self { problem, rows: links.rows, total_us: links.total_us, excused: &[] }
    }

    /// The links alone.
    pub(in crate::optimiser) fn into_links(self) -> Links {
        Links { rows: self.rows, total_us: self.total_us }
    }

    /// The tree of these parents.
    pub(in crate::optimiser) fn of(problem: &'a TreeProblem<'a>, parents: &[u32]) -> Self {
        Self::excusing(problem, parents, &[])
    }

    /// The tree of these parents, where these peers are excused, or nobody if the list is empty.
    pub(in crate::optimiser) fn excusing(problem: &'a TreeProblem<'a>, parents: &[u32], excused: &'a [bool]) -> Self {
        let mut state = Self { excused, ..Self::empty(problem) };
        // From the bottom up each link is made once; the heights above follow at the root.
        for (&parent, peer) in parents.iter().zip(0..) {
            if parent != peer {
                state.attach(peer, parent);
            }
        }
        state
    }

    pub(in crate::optimiser) fn parents(&self) -> Vec<u32> {
        self.rows.iter().map(|row| row.parent).collect()
    }

    pub(in crate::optimiser) fn problem(&self) -> &'a TreeProblem<'a> {
        self.problem
    }

    #[inline]
    pub(in crate::optimiser) fn parent(&self, peer: u32) -> u32 {
        self.rows[peer as usize].parent
    }

    pub(in crate::optimiser) fn children(&self, peer: u32) -> impl Iterator<Item = u32> {
        let mut next = self.rows[peer as usize].first;
        std::iter::from_fn(move || {
            let child = next;
            (child != NONE).then(|| {
                next = self.rows[child as usize].next;
                child
            })
        })
    }

    #[inline]
    pub(in crate::optimiser) fn child_count(&self, peer: u32) -> u32 {
        self.rows[peer as usize].children
    }

    #[inline]
    pub(in crate::optimiser) fn free(&self, peer: u32) -> u32 {
        self.problem.fan_out(peer).saturating_sub(self.rows[peer as usize].children)
    }

    #[inline]
    pub(in crate::optimiser) fn height_us(&self, peer: u32) -> u64 {
        self.rows[peer as usize].height_us
    }

    /// How many are below a peer, itself among them.
    #[inline]
    pub(in crate::optimiser) fn size(&self, peer: u32) -> u32 {
        self.rows[peer as usize].size
    }

    /// From a peer's parent to it.
    #[inline]
    pub(in crate::optimiser) fn hop_us(&self, peer: u32) -> u32 {
        self.rows[peer as usize].hop_us
    }

    /// From the root to a peer.
    #[inline]
    pub(in crate::optimiser) fn delay_us(&self, peer: u32) -> u64 {
        let (mut at, mut delay_us) = (peer, 0);
        loop {
            let row = &self.rows[at as usize];
            if row.parent == at {
                return delay_us;
            }
            delay_us += u64::from(row.hop_us);
            at = row.parent;
        }
    }

    /// The largest latency.
    #[inline]
    pub(in crate::optimiser) fn max_us(&self) -> u64 {
        self.rows[self.problem.root() as usize].height_us
    }

    /// The sum of all latencies.
    #[inline]
    pub(in crate::optimiser) fn total_us(&self) -> u64 {
        self.total_us
    }

    /// Whether `above` is `peer` or on its way from the root.
    #[inline]
    pub(in crate::optimiser) fn is_below(&self, peer: u32, above: u32) -> bool {
        let mut at = peer;
        loop {
            if at == above {
                return true;
            }
            let parent = self.rows[at as usize].parent;
            if parent == at {
                return false;
            }
            at = parent;
        }
    }

    /// Whether it matters when a peer hears.
    #[inline]
    pub(in crate::optimiser) fn counts(&self, peer: u32) -> bool {
        self.excused.is_empty() || !self.excused[peer as usize] || self.rows[peer as usize].children > 0
    }

    // From a peer's parent to the farthest of those below who count.
    #[inline]
    fn reach_us(&self, peer: u32) -> u64 {
        let row = &self.rows[peer as usize];
        if self.counts(peer) { row.height_us + u64::from(row.hop_us) } else { 0 }
    }

    /// The child through which the farthest below is reached, if there is one.
    pub(in crate::optimiser) fn critical_child(&self, peer: u32) -> Option<u32> {
        let height_us = self.height_us(peer);
        self.children(peer).find(|&child| self.counts(child) && self.reach_us(child) == height_us)
    }

    /// Moves a peer with all below it to another parent, which is not among these. Slots are not looked at.
    #[inline]
    pub(in crate::optimiser) fn relink(&mut self, peer: u32, parent: u32) {
        self.detach(peer);
        self.attach(peer, parent);
    }

    /// Takes a peer, with all below it, out of the tree.
    pub(in crate::optimiser) fn detach(&mut self, peer: u32) {
        let reached_us = self.reach_us(peer);
        let Row { parent, prev, next, hop_us, size, .. } = self.rows[peer as usize];
        if prev == NONE {
            self.rows[parent as usize].first = next;
        } else {
            self.rows[prev as usize].next = next;
        }
        if next != NONE {
            self.rows[next as usize].prev = prev;
        }
        self.rows[parent as usize].children -= 1;
        let row = &mut self.rows[peer as usize];
        (row.parent, row.prev, row.next, row.hop_us) = (peer, NONE, NONE, 0);
        // Up to the root: sizes all the way, heights as long as they change.
        let (mut at, mut delay_us, mut reach_us) = (parent, u64::from(hop_us), reached_us);
        let mut changes = true;
        loop {
            if changes {
                let is_less = self.rows[at as usize].height_us == reach_us && self.lower(at);
                // Who serves nobody any more may be excused.
                changes = is_less || !self.counts(at);
            }
            let row = &mut self.rows[at as usize];
            row.size -= size;
            let above = row.parent;
            if above == at {
                break;
            }
            delay_us += u64::from(row.hop_us);
            reach_us += u64::from(row.hop_us);
            at = above;
        }
        self.total_us -= u64::from(size) * delay_us;
    }

    // The height after somebody below has come nearer or gone; whether it is less than before.
    fn lower(&mut self, peer: u32) -> bool {
        let height_us = self.children(peer).map(|child| self.reach_us(child)).max().unwrap_or(0);
        let row = &mut self.rows[peer as usize];
        let is_less = height_us < row.height_us;
        row.height_us = height_us;
        is_less
    }

    /// Puts a peer that is outside, with all below it, under a parent.
    pub(in crate::optimiser) fn attach(&mut self, peer: u32, parent: u32) {
        let hop_us = self.problem.hop_us(parent, peer).expect("invariant: only those that connect are linked");
        let first = self.rows[parent as usize].first;
        let row = &mut self.rows[peer as usize];
        (row.parent, row.next, row.prev, row.hop_us) = (parent, first, NONE, hop_us);
        let size = row.size;
        let reached_us = self.reach_us(peer);
        if first != NONE {
            self.rows[first as usize].prev = peer;
        }
        self.rows[parent as usize].first = peer;
        self.rows[parent as usize].children += 1;
        let (mut at, mut delay_us, mut reach_us) = (parent, u64::from(hop_us), reached_us);
        loop {
            let row = &mut self.rows[at as usize];
            row.height_us = row.height_us.max(reach_us);
            row.size += size;
            if row.parent == at {
                break;
            }
            delay_us += u64::from(row.hop_us);
            reach_us += u64::from(row.hop_us);
            at = row.parent;
        }
        self.total_us += u64::from(size) * delay_us;
    }
}
