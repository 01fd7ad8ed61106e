//! One allocation: its permissions and channels, each with its own end (RFC 8656 sections 2.3, 9, 12).

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::ops::RangeInclusive;

use super::wire::TransactionId;
use crate::units::SimTime;

/// The numbers that a channel may have (RFC 8656 section 12).
pub(super) const CHANNEL_NUMBERS: RangeInclusive<u16> = 0x4000..=0x4FFF;
/// Permissions at a time; with the channel numbers, what bounds the size of an allocation.
pub const PERMISSIONS_MAX: usize = 4096;

/// A relayed transport address that belongs to a client.
pub(super) struct Allocation {
    /// Whose it is: with the server's own address, the five-tuple.
    pub(super) client: SocketAddrV4,
    /// The port of the relayed transport address.
    pub(super) port: u16,
    /// The id of the request that made it, to know a retransmission.
    pub(super) request: TransactionId,
    /// When it ends.
    pub(super) expires: SimTime,
    permissions: BTreeMap<Ipv4Addr, SimTime>,
    channels: BTreeMap<u16, Channel>,
    /// Channel numbers by peer; the inverse of `channels`.
    numbers: BTreeMap<SocketAddrV4, u16>,
}

#[derive(Clone, Copy)]
struct Channel {
    peer: SocketAddrV4,
    expires: SimTime,
}

/// A channel cannot be bound: its number or its peer is in use otherwise.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ChannelConflict;

impl Allocation {
    /// An allocation that permits nobody yet.
    pub(super) fn new(client: SocketAddrV4, port: u16, request: TransactionId, expires: SimTime) -> Self {
        Self {
            client,
            port,
            request,
            expires,
            permissions: BTreeMap::new(),
            channels: BTreeMap::new(),
            numbers: BTreeMap::new(),
        }
    }

    /// Whether data may pass to and from this host.
    #[inline]
    pub(super) fn permits(&self, now: SimTime, peer: Ipv4Addr) -> bool {
        self.permissions.get(&peer).is_some_and(|&expires| now < expires)
    }

    /// The peer of a channel.
    #[inline]
    pub(super) fn peer_of(&self, now: SimTime, number: u16) -> Option<SocketAddrV4> {
        self.channels.get(&number).filter(|channel| now < channel.expires).map(|channel| channel.peer)
    }

    /// The channel of a peer.
    #[inline]
    pub(super) fn channel_of(&self, now: SimTime, peer: SocketAddrV4) -> Option<u16> {
        let number = *self.numbers.get(&peer)?;
        self.peer_of(now, number).map(|_| number)
    }

    /// Whether permissions for all these hosts fit; forgets those that are over.
    pub(super) fn has_room_for(&mut self, now: SimTime, peers: &[SocketAddrV4]) -> bool {
        self.permissions.retain(|_, expires| now < *expires);
        // Counts a host twice that is named twice: a bound, not a balance.
        let new = peers.iter().filter(|peer| !self.permissions.contains_key(peer.ip())).count();
        self.permissions.len() + new <= PERMISSIONS_MAX
    }

    /// Permits a host until `expires`, or longer if it was.
    pub(super) fn permit(&mut self, peer: Ipv4Addr, expires: SimTime) {
        let until = self.permissions.entry(peer).or_insert(expires);
        *until = expires.max(*until);
    }

    /// Binds a channel until `expires`, or binds it again (RFC 8656 section 12.2); forgets those that are
    /// over.
    pub(super) fn bind(
        &mut self,
        now: SimTime,
        number: u16,
        peer: SocketAddrV4,
        expires: SimTime,
    ) -> Result<(), ChannelConflict> {
        let Self { channels, numbers, .. } = self;
        channels.retain(|_, channel| {
            let stays = now < channel.expires;
            if !stays {
                numbers.remove(&channel.peer);
            }
            stays
        });
        let same_peer = channels.get(&number).is_none_or(|channel| channel.peer == peer);
        let same_number = numbers.get(&peer).is_none_or(|&bound| bound == number);
        if !same_peer || !same_number {
            return Err(ChannelConflict);
        }
        channels.insert(number, Channel { peer, expires });
        numbers.insert(peer, number);
        Ok(())
    }
}
