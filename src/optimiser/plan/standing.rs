//! Who is in the tree and who waits, and when each member hears.
//!
//! The links alone know delays by a walk to the root. A repair looks at thousands of possible parents, so their delays are
//! kept here, and brought up to date below every link that is made.

use super::early::Early;
use crate::optimiser::tree::state::{NONE, State};

/// In place of a former parent: the peer was not touched.
const UNTOUCHED: u32 = u32::MAX - 1;

/// What is known of members beside their links.
#[derive(Clone, Debug, Default)]
pub(super) struct Standing {
    /// When each member hears, in microseconds after the root.
    pub(super) heard_us: Vec<u64>,
    /// The members that can serve others.
    pub(super) early: Early,
    /// Who is there, whether in the tree or not.
    pub(super) is_present: Vec<bool>,
    /// Who is there and has no parent, in the order of their coming.
    pub(super) waiting: Vec<u32>,
    members: u32,
    slots: u64,
    // Of each peer whom it heard from before this event, and who was touched.
    before: Vec<u32>,
    touched: Vec<u32>,
    stack: Vec<u32>,
}

impl Standing {
    /// One peer more, which is not there.
    pub(super) fn push(&mut self) {
        self.heard_us.push(0);
        self.early.push();
        self.is_present.push(false);
        self.before.push(UNTOUCHED);
    }

    /// How many are in the tree, the root among them.
    pub(super) fn members(&self) -> u32 {
        self.members
    }

    /// How many more peers that serve nobody the members could take.
    pub(super) fn spare(&self) -> u64 {
        self.slots.saturating_sub(u64::from(self.members.saturating_sub(1)))
    }

    /// A peer, with all below it, has come into the tree.
    pub(super) fn enter(&mut self, state: &State<'_>, peer: u32) {
        self.walk(state, peer, |standing, at, fan_out| {
            standing.members += 1;
            standing.slots += u64::from(fan_out);
            if fan_out > 0 {
                standing.early.put(at, standing.heard_us[at as usize]);
            }
        });
    }

    /// A peer, with all below it, is no longer in the tree.
    pub(super) fn exit(&mut self, state: &State<'_>, peer: u32) {
        self.walk(state, peer, |standing, at, fan_out| {
            standing.members -= 1;
            standing.slots -= u64::from(fan_out);
            standing.early.remove(at);
        });
    }

    /// A member, with all below it, hears at another time.
    pub(super) fn refresh(&mut self, state: &State<'_>, peer: u32) {
        self.walk(state, peer, |standing, at, fan_out| {
            if fan_out > 0 {
                standing.early.put(at, standing.heard_us[at as usize]);
            }
        });
    }

    /// A member can serve another number of peers.
    pub(super) fn change_fan_out(&mut self, peer: u32, before: u32, now: u32) {
        self.slots = self.slots - u64::from(before) + u64::from(now);
        if now > 0 {
            self.early.put(peer, self.heard_us[peer as usize]);
        } else {
            self.early.remove(peer);
        }
    }

    // From a peer down, with its fan-out, once it is known when it hears.
    fn walk(&mut self, state: &State<'_>, peer: u32, mut visit: impl FnMut(&mut Self, u32, u32)) {
        let mut stack = std::mem::take(&mut self.stack);
        self.heard_us[peer as usize] = state.delay_us(peer);
        stack.push(peer);
        while let Some(at) = stack.pop() {
            visit(self, at, state.problem().fan_out(at));
            let at_us = self.heard_us[at as usize];
            for child in state.children(at) {
                self.heard_us[child as usize] = at_us + u64::from(state.hop_us(child));
                stack.push(child);
            }
        }
        self.stack = stack;
    }

    /// Whom a peer hears from now is to be remembered: it may change.
    pub(super) fn note(&mut self, state: &State<'_>, peer: u32) {
        self.note_parent(peer, heard_from(state, peer));
    }

    /// The same where it is known from whom it heard.
    pub(super) fn note_parent(&mut self, peer: u32, parent: u32) {
        if self.before[peer as usize] == UNTOUCHED {
            self.before[peer as usize] = parent;
            self.touched.push(peer);
        }
    }

    /// Who may hear from another than before this event: the peer, its former parent, and that of now; [`NONE`] for none.
    pub(super) fn touched(&self, state: &State<'_>) -> impl Iterator<Item = (u32, u32, u32)> {
        self.touched.iter().map(|&peer| (peer, self.before[peer as usize], heard_from(state, peer)))
    }

    /// The event is over.
    pub(super) fn forget(&mut self) {
        for peer in self.touched.drain(..) {
            self.before[peer as usize] = UNTOUCHED;
        }
    }
}

fn heard_from(state: &State<'_>, peer: u32) -> u32 {
    let parent = state.parent(peer);
    if parent == peer { NONE } else { parent }
}
