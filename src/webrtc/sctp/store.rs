//! Packets under way, for whoever drives ends: rows of chunks by a small number, memory reused.

use smallvec::SmallVec;

use super::chunk::Chunk;

/// Packets under way.
#[derive(Clone, Debug, Default)]
pub struct PacketStore {
    // Most packets carry a chunk or two: those need no memory of their own.
    packets: Vec<SmallVec<[Chunk; 2]>>,
    free: Vec<u32>,
}

/// A packet under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PacketId(u32);

impl PacketStore {
    /// Keeps a packet.
    #[inline]
    pub fn put(&mut self, chunks: &[Chunk]) -> PacketId {
        let id = self.free.pop().unwrap_or_else(|| {
            self.packets.push(SmallVec::new());
            self.packets.len() as u32 - 1
        });
        self.packets[id as usize].extend_from_slice(chunks);
        PacketId(id)
    }

    /// A packet that is kept.
    #[must_use]
    #[inline]
    pub fn get(&self, id: PacketId) -> &[Chunk] {
        &self.packets[id.0 as usize]
    }

    /// Forgets a packet.
    #[inline]
    pub fn free(&mut self, id: PacketId) {
        let packet = &mut self.packets[id.0 as usize];
        // What a burst of acknowledgements has taken is given back.
        if packet.spilled() {
            *packet = SmallVec::new();
        } else {
            packet.clear();
        }
        self.free.push(id.0);
    }

    /// How many packets are kept.
    #[must_use]
    pub fn len(&self) -> usize {
        self.packets.len() - self.free.len()
    }

    /// Whether no packet is kept.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
