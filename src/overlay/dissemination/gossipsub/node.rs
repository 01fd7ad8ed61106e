//! What a node of GossipSub keeps.

use std::collections::BTreeSet;

use crate::overlay::dissemination::MessageId;
use crate::units::SimTime;

/// A node.
#[derive(Clone, Debug, Default)]
pub(super) struct Node {
    /// The neighbours in its mesh.
    pub(super) mesh: Vec<u32>,
    /// How many draws it has made.
    pub(super) draws: u64,
    // Neighbours that stay out of the mesh, and until when.
    backoffs: Vec<(u32, SimTime)>,
    // The messages that it has, by heartbeat, the last ones first.
    history: Vec<Vec<MessageId>>,
    // Messages that neighbours want no copies of, by heartbeat, the last ones first.
    unwanted: [BTreeSet<(MessageId, u32)>; UNWANTED_HEARTBEATS],
}

/// For so many heartbeats a node remembers what others do not want.
const UNWANTED_HEARTBEATS: usize = 3;

impl Node {
    pub(super) fn is_in_mesh(&self, other: u32) -> bool {
        self.mesh.contains(&other)
    }

    pub(super) fn graft(&mut self, other: u32) {
        self.mesh.push(other);
    }

    pub(super) fn prune(&mut self, other: u32) {
        self.mesh.retain(|&known| known != other);
    }

    pub(super) fn is_backed_off(&self, other: u32, now: SimTime) -> bool {
        self.backoffs.iter().any(|&(known, until)| known == other && now < until)
    }

    pub(super) fn back_off(&mut self, other: u32, until: SimTime) {
        self.backoffs.retain(|&(known, _)| known != other);
        self.backoffs.push((other, until));
    }

    /// Forgets whom it need not keep out any more.
    pub(super) fn forget(&mut self, now: SimTime) {
        self.backoffs.retain(|&(_, until)| now < until);
    }

    /// Keeps a message for others that ask for it.
    pub(super) fn keep(&mut self, message: MessageId) {
        if self.history.is_empty() {
            self.history.push(Vec::new());
        }
        self.history[0].push(message);
    }

    pub(super) fn has(&self, message: MessageId) -> bool {
        self.history.iter().flatten().any(|&known| known == message)
    }

    /// The messages of the last so many heartbeats.
    pub(super) fn last(&self, heartbeats: usize) -> Vec<MessageId> {
        self.history.iter().take(heartbeats).flatten().copied().collect()
    }

    /// A heartbeat is over; messages of the last so many are kept.
    pub(super) fn shift(&mut self, heartbeats: usize) {
        self.history.truncate(heartbeats - 1);
        self.history.insert(0, Vec::new());
        self.unwanted.rotate_right(1);
        self.unwanted[0].clear();
    }

    pub(super) fn is_unwanted(&self, by: u32, message: MessageId) -> bool {
        self.unwanted.iter().any(|unwanted| unwanted.contains(&(message, by)))
    }

    pub(super) fn note_unwanted(&mut self, by: u32, message: MessageId) {
        self.unwanted[0].insert((message, by));
    }
}
