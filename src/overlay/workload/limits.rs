//! What a workload asks of a population, in one place: scenarios are checked against it.

use super::chunks::Chunking;
use crate::units::{ByteCount, SimDuration};

/// What a workload asks of a population. Each figure stands behind the key that gives it, which errors point at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Limits<'w> {
    /// The sizes of its messages; none where it only spreads a content.
    pub sizes: Vec<(&'static str, ByteCount)>,
    /// How many peers publish, where the workload says so.
    pub sources: Option<(&'static str, u32)>,
    /// Whether all of the peers, or of the class, publish where there are fewer.
    pub takes_fewer: bool,
    /// How many peers its messages are for, where the workload says so: fewer than there are.
    pub sinks: Option<(&'static str, u32)>,
    /// How many peers it chooses of a class, and the class, if it names one.
    pub chosen: Option<(&'static str, u32, &'w str)>,
    /// The classes that have to exist.
    pub classes: Vec<(&'static str, &'w str)>,
    /// What is fetched in pieces, if anything is.
    pub content: Option<ContentLimits>,
    /// How its messages are cut.
    pub chunking: Chunking,
}

impl Limits<'_> {
    /// Whether any of its messages is larger than a chunk, so that it is sent in several.
    #[must_use]
    pub fn has_chunks(&self) -> bool {
        self.chunking.size.is_some_and(|chunk| self.sizes.iter().any(|(_, size)| *size > chunk))
    }
}

/// What a workload's content asks of a population.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContentLimits {
    /// Into how many pieces it is cut.
    pub pieces: u64,
    /// The size of the messages that a piece is sent in.
    pub chunk: ByteCount,
    /// How many peers have it from the beginning, behind the key: fewer than there are.
    pub holders: (&'static str, u32),
    /// When they have it, if not at the end of the warm-up.
    pub start: Option<SimDuration>,
}

impl Limits<'_> {
    /// The size of the largest message, or chunk of one: of those of a content where there are no others.
    #[must_use]
    pub fn largest_message(&self) -> ByteCount {
        let largest = self.sizes.iter().map(|(_, size)| self.chunking.largest(*size)).max();
        largest.or_else(|| self.content.map(|content| content.chunk)).unwrap_or_default()
    }
}
