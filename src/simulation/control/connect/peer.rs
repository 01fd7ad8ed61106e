//! A node while it connects: a row of one array.

use super::attempt::{IN_BLOCK, NONE};
use crate::net::FifoServer;
use crate::overlay::Overlay;
use crate::world::World;

/// A node: one cache line.
#[derive(Clone, Debug)]
#[repr(align(64))]
pub(super) struct Peer {
    pub(super) cpu: FifoServer,
    /// CPU time of one set-up, in ns.
    setup_ns: u64,
    /// What the first one adds; then nothing.
    first_ns: u64,
    /// Set-ups it has begun that are under way.
    pub(super) busy: u32,
    /// Connections that count towards its engine's limit, and that limit.
    pub(super) live: u32,
    pub(super) room: u32,
    /// Set-ups that are to be begun again, as a list of rows.
    pub(super) again: u32,
    again_last: u32,
    // How far it has come on its list.
    next: u32,
    /// Failed tries to get a session, in a row.
    pub(super) refusals: u8,
    /// Whether its engine's limit has kept it from a connection.
    pub(super) walled: bool,
    /// Whether what it begins at once leaves together.
    pub(super) lock_step: bool,
}

const _: () = assert!(size_of::<Peer>() == 64, "each step of a set-up costs one cache line of a peer");

impl Peer {
    pub(super) fn new(world: &World, node: u32) -> Self {
        let class = world.class(node);
        Self {
            cpu: FifoServer::default(),
            setup_ns: class.device.service_time(class.engine.cpu_per_setup).as_ns(),
            first_ns: class.device.service_time(class.engine.first_setup).as_ns(),
            busy: 0,
            live: 0,
            room: class.engine.max_connections.unwrap_or(u32::MAX),
            again: NONE,
            again_last: NONE,
            next: 0,
            refusals: 0,
            walled: false,
            lock_step: class.engine.lock_step,
        }
    }

    /// When its CPU has done the work of one more set-up.
    #[inline]
    pub(super) fn work(&mut self, now_ns: u64) -> u64 {
        let first_ns = std::mem::take(&mut self.first_ns);
        self.cpu.serve(now_ns, self.setup_ns + first_ns)
    }

    /// Whether its engine can create one connection more.
    #[inline]
    pub(super) const fn has_room(&self) -> bool {
        self.live < self.room
    }

    /// Puts a set-up at the end of those to begin again; the row that was last before, if any.
    pub(super) const fn append_again(&mut self, row: u32) -> Option<u32> {
        let last = self.again_last;
        self.again_last = row;
        if self.again == NONE {
            self.again = row;
            return None;
        }
        Some(last)
    }

    /// The next partner on the list of `node`, which is this peer, with its slot or [`IN_BLOCK`].
    pub(super) fn next_partner(&mut self, overlay: &Overlay, node: u32) -> Option<(u32, u32)> {
        let pairs = overlay.pair_neighbours(node);
        if let Some(&partner) = pairs.get(self.next as usize) {
            let slot = overlay.pair_slots(node).start as u32 + self.next;
            self.next += 1;
            return Some((partner, slot));
        }
        // Standby connections come last: what carries is wanted first.
        let own = overlay.carrying_degree(node);
        if self.next >= own {
            let slot = overlay.standby_slots(node).start as u32 + (self.next - own);
            let partner = *overlay.standby_neighbours(node).get((self.next - own) as usize)?;
            self.next += 1;
            return Some((partner, slot));
        }
        let mut nth = self.next - pairs.len() as u32;
        for seat in overlay.seats(node) {
            let block = overlay.block(seat.block);
            let members = block.len() as u32;
            if nth + 1 >= members {
                nth -= members - 1;
                continue;
            }
            // One ahead, one behind, two ahead, two behind ...
            let distance = nth / 2 + 1;
            let ahead = if nth.is_multiple_of(2) { distance } else { members - distance };
            self.next += 1;
            let partner = seat.place + ahead;
            return Some((block[(if partner >= members { partner - members } else { partner }) as usize], IN_BLOCK));
        }
        None
    }
}
