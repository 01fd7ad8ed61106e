//! What a server did, in numbers.

use crate::units::ByteCount;

/// Everything that a server counted since its start.
///
/// `allocations_total` is always the sum of `allocations`, `allocations_deleted` and
/// `allocations_expired`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TurnCounts {
    /// Binding requests answered.
    pub bindings: u64,
    /// Allocations at the time of the last call.
    pub allocations: u64,
    /// The most allocations at a time.
    pub allocations_peak: u64,
    /// Allocations made.
    pub allocations_total: u64,
    /// Allocations deleted by their clients.
    pub allocations_deleted: u64,
    /// Allocations that nobody refreshed in time.
    pub allocations_expired: u64,
    /// Allocate requests refused for want of capacity: 486 and 508.
    pub allocations_refused: u64,
    /// Requests without credentials: 401 with a challenge, the way that every client begins.
    pub challenges: u64,
    /// Requests with wrong credentials or an old nonce: 401, 438 and 400.
    pub unauthorized: u64,
    /// Requests that were refused for any other reason.
    pub errors: u64,
    /// Application data from clients to peers.
    pub to_peers: Relayed,
    /// Application data from peers to clients.
    pub to_clients: Relayed,
    /// Datagrams that came to nothing.
    pub dropped: Dropped,
}

/// Application data relayed in one direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Relayed {
    /// Datagrams relayed.
    pub packets: u64,
    /// Of these, in ChannelData messages on the client's side; the others in indications.
    pub channel_data: u64,
    /// Bytes of application data, without any header.
    pub bytes: ByteCount,
}

/// Datagrams that a server took in and did nothing with, by reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dropped {
    /// The peer has no permission, or not any more.
    pub no_permission: u64,
    /// ChannelData on a number that is not bound, or not any more.
    pub no_channel: u64,
    /// To a relayed address that does not exist, or data from a client without an allocation.
    pub no_allocation: u64,
    /// Neither STUN nor ChannelData, or broken.
    pub malformed: u64,
    /// A message that this server does not handle: a response, an unknown method, TURN sent to a server
    /// that is STUN only.
    pub unsupported: u64,
}

impl Relayed {
    /// Counts one datagram.
    #[inline]
    pub(super) fn count(&mut self, data: usize, in_channel: bool) {
        self.packets += 1;
        self.channel_data += u64::from(in_channel);
        self.bytes = self.bytes + ByteCount::new(data as u64);
    }
}

impl Dropped {
    /// All of them.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.no_permission + self.no_channel + self.no_allocation + self.malformed + self.unsupported
    }
}
