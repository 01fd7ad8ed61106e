//! A message, and what an association keeps of it.

/// A message: its flow, its number there, and the level at which a live stream is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::simulation) struct PacketMessage {
    pub(super) flow: u32,
    pub(super) number: u32,
    pub(super) level: u8,
}

impl PacketMessage {
    // What an association keeps of it. Flows are numbered in 24 bits.
    pub(super) fn word(self) -> u64 {
        u64::from(self.level) << 56 | u64::from(self.flow) << 32 | u64::from(self.number)
    }

    pub(super) const fn of_word(word: u64) -> Self {
        Self { flow: (word >> 32) as u32 & 0x00ff_ffff, number: word as u32, level: (word >> 56) as u8 }
    }
}
