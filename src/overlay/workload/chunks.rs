//! Messages in chunks: cut where they are published, and passed on chunk by chunk as they arrive.
//!
//! A node that waits for a whole message before it passes it on adds the time of the whole message at every hop. In chunks
//! the hops work side by side, as in cut-through and wormhole switching (Kermani and Kleinrock, "Virtual Cut-Through",
//! Computer Networks 3, 1979): over `h` hops that each take `t` for a message of `k` chunks, the last chunk comes after
//! `(h + k - 1) t / k` in place of `h t`.
//!
//! Repair chunks are those of an erasure code, in the words of RFC 5052: a message is cut into `k` source chunks, and `r`
//! repair chunks are sent beside them. Any `k` of the `k + r` make the message, as with Reed-Solomon codes (RFC 5510).

use crate::units::{Bounded, ByteCount};

/// What a chunk carries beside its piece: the number of its message (4 bytes), its own (2), and how many there are (2).
pub const CHUNK_HEADER: ByteCount = ByteCount::new(8);

/// The most chunks of a message, repair chunks counted: a Reed-Solomon code over bytes has no more (RFC 5510).
pub const CHUNKS_MAX: u64 = 255;

/// How messages are cut.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Chunking {
    /// The size of a chunk, without its header; messages stay whole if absent.
    pub size: Option<ByteCount>,
    /// How many repair chunks go with each message.
    pub repair: u32,
}

/// Which chunk of its message a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// Its place among them.
    pub nth: u8,
    /// How many there are.
    pub of: u8,
    /// How many of them make the message.
    pub needed: u8,
}

impl Part {
    /// A message that is not cut.
    pub const WHOLE: Self = Self { nth: 0, of: 1, needed: 1 };

    /// Whether it is one of several.
    #[inline]
    #[must_use]
    pub const fn is_chunk(self) -> bool {
        self.of > 1
    }
}

/// How many repair chunks a message may have.
pub type RepairChunks = Bounded<0, 254>;

impl Chunking {
    /// Cut as a scenario says.
    #[must_use]
    pub fn new(size: Option<ByteCount>, repair: Option<RepairChunks>) -> Self {
        Self { size, repair: repair.map_or(0, Bounded::get) }
    }

    /// How many chunks a message of this size is sent in: one where it stays whole.
    #[must_use]
    pub fn count(self, message: ByteCount) -> u64 {
        self.needed(message) + u64::from(self.repair)
    }

    /// The chunks of a message of this size, and how large they are; the message itself where it stays whole.
    ///
    /// # Panics
    /// When they are more than [`CHUNKS_MAX`].
    pub fn parts(self, message: ByteCount) -> impl Iterator<Item = (Part, ByteCount)> {
        let (needed, count) = (self.needed(message), self.count(message));
        assert!(count <= CHUNKS_MAX, "a message of {message} has {count} chunks");
        (0..count).map(move |nth| {
            let part = Part { nth: nth as u8, of: count as u8, needed: needed as u8 };
            (part, self.size_of(nth, message))
        })
    }

    /// The size of the largest chunk of a message of this size.
    #[must_use]
    pub fn largest(self, message: ByteCount) -> ByteCount {
        self.size_of(0, message)
    }

    // How many chunks make a message.
    fn needed(self, message: ByteCount) -> u64 {
        self.size.map_or(1, |size| message.get().div_ceil(size.get().max(1)).max(1))
    }

    fn size_of(self, nth: u64, message: ByteCount) -> ByteCount {
        let needed = self.needed(message);
        let Some(size) = self.size.filter(|_| needed + u64::from(self.repair) > 1) else { return message };
        let piece = match (self.repair, nth + 1 == needed) {
            // Chunks of a code are all alike.
            (1.., _) => message.get().div_ceil(needed),
            (0, false) => size.get(),
            (0, true) => message.get() - size.get() * nth,
        };
        ByteCount::new(piece) + CHUNK_HEADER
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sizes(chunking: Chunking, message: u64) -> Vec<u64> {
        chunking.parts(ByteCount::new(message)).map(|(_, size)| size.get()).collect()
    }

    #[test]
    fn chunks_of_a_code_are_alike_and_others_hold_the_message_without_a_rest() {
        let cut = |size: u64, repair| Chunking { size: Some(ByteCount::new(size)), repair };
        assert_eq!(sizes(Chunking::default(), 1_000), [1_000]);
        assert_eq!(sizes(cut(1_000, 0), 1_000), [1_000]);
        assert_eq!(sizes(cut(400, 0), 1_000), [408, 408, 208]);
        assert_eq!(sizes(cut(400, 2), 1_000), [342; 5]);
        // A message that is one chunk is repeated.
        assert_eq!(sizes(cut(1_000, 1), 1_000), [1_008; 2]);
    }

    proptest! {
        /// Any needed chunks hold at least the message, and no chunk is larger than the first.
        #[test]
        fn any_needed_chunks_make_the_message(message in 1_u64..100_000, size in 500_u64..100_000, repair in 0_u32..10) {
            let chunking = Chunking { size: Some(ByteCount::new(size)), repair };
            let parts: Vec<(Part, ByteCount)> = chunking.parts(ByteCount::new(message)).collect();
            let needed = usize::from(parts[0].0.needed);
            prop_assert_eq!(parts.len(), needed + repair as usize);
            let header = if parts.len() > 1 { CHUNK_HEADER.get() } else { 0 };
            let mut pieces: Vec<u64> = parts.iter().map(|(_, size)| size.get() - header).collect();
            prop_assert!(pieces.iter().all(|&piece| piece <= pieces[0] && (1..=size).contains(&piece)));
            pieces.sort_unstable();
            prop_assert!(pieces[..needed].iter().sum::<u64>() >= message);
            if repair == 0 {
                prop_assert_eq!(pieces.iter().sum::<u64>(), message);
            }
        }
    }
}
