//! What travels between two ends: chunks, several to a packet, without payload.
//!
//! A packet is a slice of [`Chunk`]s and a size. Gap blocks and skipped streams are rows of their own
//! behind the chunk that they belong to, so a row is small and a packet of any make needs no memory
//! of its own. Sizes are those of RFC 9260, section 3, and RFC 3758, section 3.2.

use crate::units::SimTime;

/// The common header of a packet.
pub const COMMON_HEADER_BYTES: u32 = 12;
/// The header of a DATA chunk.
pub const DATA_HEADER_BYTES: u32 = 16;

/// A chunk, or a part of the chunk before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chunk {
    /// A fragment of a message.
    Data(DataChunk),
    /// An acknowledgement; its gap blocks follow.
    Sack {
        /// All up to here have arrived.
        cumulative: u32,
        /// Receive window.
        window: u32,
        /// How many duplicates are reported.
        duplicates: u16,
    },
    /// A gap block of the SACK before it: all of these have arrived.
    Gap {
        /// First TSN.
        first: u32,
        /// Last TSN.
        last: u32,
    },
    /// All up to here are to be taken for arrived (RFC 3758); skipped streams follow.
    ForwardTsn {
        /// The new cumulative TSN.
        cumulative: u32,
    },
    /// A stream of the FORWARD TSN before it.
    Skip {
        /// The stream.
        stream: u16,
        /// The last message that is skipped.
        ssn: u32,
    },
    /// Asks for a sign of life.
    Heartbeat {
        /// When it was sent.
        sent: SimTime,
    },
    /// The answer.
    HeartbeatAck {
        /// What the HEARTBEAT said.
        sent: SimTime,
    },
}

/// A fragment of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DataChunk {
    /// Whose message this is: the sender's word for it.
    pub message: u64,
    /// Transmission sequence number, from 1 and without wrapping.
    pub tsn: u32,
    /// Number of the message in its stream, from 0; also for unordered ones.
    pub ssn: u32,
    /// The stream.
    pub stream: u16,
    /// Bytes of payload.
    pub len: u16,
    /// Beginning, end, unordered, to be acknowledged at once.
    pub flags: Flags,
}

/// The flags of a DATA chunk.
// Words with two values each leave the compiler room for the kind of a chunk, so that a chunk has 24 bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    begin: bool,
    end: bool,
    unordered: bool,
    immediate: bool,
}

const _: () = assert!(size_of::<Chunk>() == 24, "packets under way are many");

impl Flags {
    /// Flags as given.
    #[must_use]
    pub const fn new(begin: bool, end: bool, unordered: bool) -> Self {
        Self { begin, end, unordered, immediate: false }
    }

    /// The same, asking to be acknowledged at once or not (RFC 7053).
    #[must_use]
    pub const fn with_immediate(self, immediate: bool) -> Self {
        Self { immediate, ..self }
    }

    /// Whether the chunk asks to be acknowledged at once.
    #[must_use]
    pub const fn is_immediate(self) -> bool {
        self.immediate
    }

    /// Whether a message begins here.
    #[must_use]
    pub const fn begins(self) -> bool {
        self.begin
    }

    /// Whether a message ends here.
    #[must_use]
    pub const fn ends(self) -> bool {
        self.end
    }

    /// Whether the message may be delivered before those sent ahead of it.
    #[must_use]
    pub const fn is_unordered(self) -> bool {
        self.unordered
    }
}

impl DataChunk {
    /// Bytes in a packet, padded.
    #[must_use]
    pub const fn bytes(&self) -> u32 {
        data_bytes(self.len as u32)
    }
}

/// Bytes of a DATA chunk with `len` bytes of payload, padded.
#[must_use]
pub const fn data_bytes(len: u32) -> u32 {
    (DATA_HEADER_BYTES + len + 3) & !3
}

impl Chunk {
    /// Bytes in a packet, padded.
    #[must_use]
    pub const fn bytes(&self) -> u32 {
        match self {
            Self::Data(data) => data.bytes(),
            Self::Sack { duplicates, .. } => 16 + 4 * *duplicates as u32,
            Self::Gap { .. } | Self::Skip { .. } => 4,
            Self::ForwardTsn { .. } => 8,
            // Chunk header, parameter header, a time.
            Self::Heartbeat { .. } | Self::HeartbeatAck { .. } => 16,
        }
    }
}
