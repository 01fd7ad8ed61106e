//! What an end wants: packets to be sent, and what its application is told.

use super::chunk::{COMMON_HEADER_BYTES, Chunk};
use crate::units::ByteCount;

/// What an end wants, in order. Reused: [`clear`](Self::clear) keeps its memory.
#[derive(Clone, Debug, Default)]
pub struct Outbox {
    chunks: Vec<Chunk>,
    ends: Vec<End>,
    events: Vec<AssociationEvent>,
    // The packet that is being made.
    open_bytes: u32,
}

#[derive(Clone, Copy, Debug)]
struct End {
    chunks: usize,
    bytes: u32,
}

/// A packet to be sent.
#[derive(Clone, Copy, Debug)]
pub struct Packet<'a> {
    /// Its size on the wire: SCTP, DTLS record, UDP and IP.
    pub bytes: ByteCount,
    /// What is in it.
    pub chunks: &'a [Chunk],
}

/// What an application is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AssociationEvent {
    /// A message has arrived, whole and in its turn.
    Delivered {
        /// Its stream.
        stream: u16,
        /// The sender's word for it.
        message: u64,
        /// Its bytes.
        len: u32,
    },
    /// A message that was sent here has been given up. It may have arrived all the same.
    Abandoned {
        /// Its stream.
        stream: u16,
        /// The word that was given for it.
        message: u64,
    },
    /// What is buffered has fallen to the stream's threshold.
    BufferedLow {
        /// The stream.
        stream: u16,
    },
}

impl Outbox {
    /// The packets, in the order of sending.
    pub fn packets(&self) -> impl Iterator<Item = Packet<'_>> {
        let mut begin = 0;
        self.ends.iter().map(move |end| {
            let chunks = &self.chunks[begin..end.chunks];
            begin = end.chunks;
            Packet { bytes: ByteCount::new(u64::from(end.bytes)), chunks }
        })
    }

    /// What the application is told.
    #[must_use]
    pub fn events(&self) -> &[AssociationEvent] {
        &self.events
    }

    /// Empties it.
    pub fn clear(&mut self) {
        self.chunks.clear();
        self.ends.clear();
        self.events.clear();
    }

    pub(super) fn tell(&mut self, event: AssociationEvent) {
        self.events.push(event);
    }

    /// Puts a chunk into the packet that is being made.
    pub(super) fn push(&mut self, chunk: Chunk) {
        self.open_bytes += chunk.bytes();
        self.chunks.push(chunk);
    }

    /// Room left in the packet that is being made.
    pub(super) fn room(&self, packet_bytes: u32) -> u32 {
        packet_bytes.saturating_sub(COMMON_HEADER_BYTES + self.open_bytes)
    }

    /// The chunks of the packet that is being made.
    pub(super) fn open_chunks(&self) -> &[Chunk] {
        &self.chunks[self.ends.last().map_or(0, |end| end.chunks)..]
    }

    /// Ends the packet that is being made; false if nothing is in it.
    pub(super) fn close(&mut self, below_bytes: u32) -> bool {
        if self.open_bytes == 0 {
            return false;
        }
        let bytes = COMMON_HEADER_BYTES + self.open_bytes + below_bytes;
        self.ends.push(End { chunks: self.chunks.len(), bytes });
        self.open_bytes = 0;
        true
    }
}
