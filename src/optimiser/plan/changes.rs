//! What an event changes: the messages of a signaling server.

/// A connection of the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Link {
    /// Who passes messages on.
    pub parent: u32,
    /// Who hears them.
    pub child: u32,
}

/// How a tree changes with an event. Each peer hears from one parent at most, so it stands once at most in each list.
///
/// Replayed on the tree before, links closed first, they give the tree after. A server that opens before it closes needs
/// room for one more connection at those parents who take a new child for another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EdgeChanges {
    /// Links that end, by the child; those of a peer that left are among them.
    pub disconnects: Vec<Link>,
    /// Links that begin, by the child.
    pub connects: Vec<Link>,
    /// Who is there and now has no parent, by number: there is no room. They are taken in by a later event, on their own.
    pub left_out: Vec<u32>,
    /// How many peers the event itself concerns: who joined or changed, who lost a parent, who was taken in after waiting.
    /// Not more than three times as many links begin, but in [`reoptimise`](super::Plan::reoptimise).
    pub affected: u32,
}

impl EdgeChanges {
    /// Whether the tree is as it was.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.disconnects.is_empty() && self.connects.is_empty()
    }
}
