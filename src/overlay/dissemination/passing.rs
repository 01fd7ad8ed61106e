//! A message on its way, as a rule of dissemination is told of it.

/// A message at a node that may pass it on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Passing {
    /// Where it is.
    pub node: u32,
    /// Where it came from; its own if none.
    pub from: Option<u32>,
    /// Whom it is for.
    pub audience: u32,
    /// Which message: the number of its flow.
    pub flow: u32,
    /// And its number there.
    pub number: u32,
}

/// A copy that has come to a node, or a message that it has published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Meeting {
    /// Of which message, where, and where from.
    pub passing: Passing,
    /// Whether the node knew nothing of it.
    pub is_new: bool,
    /// How long the message is.
    pub bytes: u64,
}
