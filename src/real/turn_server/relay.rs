//! Relaying of application data: Send and Data indications (RFC 8656 section 11), ChannelData (section 12).
//!
//! This is what a relay does all day: no list is built and nothing is copied that can be sliced. Towards
//! peers the payload is cut out of the datagram that came; towards clients it is copied once, behind its
//! header.

use std::net::SocketAddrV4;
use std::ops::Range;

use bytes::{Buf, BufMut, BytesMut};

use super::reply::Reply;
use super::wire::{
    ATTRIBUTE_HEADER_LEN, HEADER_LEN, StunMessage, TransactionId, attribute, be16, kind, padded, read_address,
};
use super::{Datagram, TurnServer};
use crate::units::SimTime;

/// Bytes before the data of a ChannelData message.
const CHANNEL_HEADER_LEN: usize = 4;
/// Bytes before the data of a Data indication: header, XOR-PEER-ADDRESS, header of DATA.
const DATA_INDICATION_LEN: usize = HEADER_LEN + ATTRIBUTE_HEADER_LEN + 8 + ATTRIBUTE_HEADER_LEN;
/// The most data that fits in a Data indication.
const DATA_MAX: usize = u16::MAX as usize - DATA_INDICATION_LEN - 3;

impl TurnServer {
    /// A ChannelData message from a client (RFC 8656 section 12.6). The binding alone lets it pass, the
    /// permission guards the other direction.
    #[inline]
    pub(super) fn relay_channel_data(&mut self, now: SimTime, datagram: Datagram, out: &mut Vec<Datagram>) {
        let Datagram { source: client, mut payload, .. } = datagram;
        let dropped = &mut self.counts.dropped;
        let Some((header, body)) = payload.split_at_checked(CHANNEL_HEADER_LEN) else {
            dropped.malformed += 1;
            return;
        };
        let (number, len) = (be16(header), usize::from(be16(&header[2..])));
        if len > body.len() {
            dropped.malformed += 1;
            return;
        }
        let Some(allocation) = self.allocations.of_client(client) else {
            dropped.no_allocation += 1;
            return;
        };
        let Some(peer) = allocation.peer_of(now, number) else {
            dropped.no_channel += 1;
            return;
        };
        let relayed = SocketAddrV4::new(*self.spec.address.ip(), allocation.port);
        payload.advance(CHANNEL_HEADER_LEN);
        payload.truncate(len);
        self.counts.to_peers.count(len, true);
        out.push(Datagram { source: relayed, destination: peer, payload });
    }

    /// A Send indication from a client (RFC 8656 section 11.2); `content` is what [`read_send`] found in it.
    #[inline]
    pub(super) fn relay_send(
        &mut self,
        now: SimTime,
        client: SocketAddrV4,
        content: Option<(SocketAddrV4, Range<usize>)>,
        mut payload: BytesMut,
        out: &mut Vec<Datagram>,
    ) {
        let dropped = &mut self.counts.dropped;
        let Some((peer, data)) = content else {
            dropped.malformed += 1;
            return;
        };
        let Some(allocation) = self.allocations.of_client(client) else {
            dropped.no_allocation += 1;
            return;
        };
        if !allocation.permits(now, *peer.ip()) {
            dropped.no_permission += 1;
            return;
        }
        let relayed = SocketAddrV4::new(*self.spec.address.ip(), allocation.port);
        payload.truncate(data.end);
        payload.advance(data.start);
        self.counts.to_peers.count(payload.len(), false);
        out.push(Datagram { source: relayed, destination: peer, payload });
    }

    /// A datagram from a peer to a relayed address (RFC 8656 sections 11.3 and 12.7).
    #[inline]
    pub(super) fn relay_from_peer(&mut self, now: SimTime, datagram: Datagram, out: &mut Vec<Datagram>) {
        let Datagram { source: peer, destination, payload: data } = datagram;
        let dropped = &mut self.counts.dropped;
        if data.len() > DATA_MAX {
            dropped.malformed += 1;
            return;
        }
        let Some(allocation) = self.allocations.at_port(destination.port()) else {
            dropped.no_allocation += 1;
            return;
        };
        if !allocation.permits(now, *peer.ip()) {
            dropped.no_permission += 1;
            return;
        }
        let (client, channel) = (allocation.client, allocation.channel_of(now, peer));
        let payload = match channel {
            Some(number) => channel_data(number, &data),
            None => {
                self.indications += 1;
                data_indication(self.indications, peer, &data)
            }
        };
        self.counts.to_clients.count(data.len(), channel.is_some());
        out.push(Datagram { source: self.spec.address, destination: client, payload });
    }
}

/// The peer of a Send indication, and where in it its data are.
#[inline]
pub(super) fn read_send(message: StunMessage<'_>) -> Option<(SocketAddrV4, Range<usize>)> {
    let (mut peer, mut data) = (None, None);
    let mut at = HEADER_LEN;
    for (name, value) in message.attributes() {
        let start = at + ATTRIBUTE_HEADER_LEN;
        at = start + padded(value.len());
        match name {
            attribute::XOR_PEER_ADDRESS if peer.is_none() => peer = Some(read_address(value).ok()?),
            attribute::DATA if data.is_none() => data = Some(start..start + value.len()),
            _ if attribute::is_understood(name) => {}
            _ => return None,
        }
    }
    Some((peer?, data?))
}

/// A ChannelData message; without padding, which UDP does not need (RFC 8656 section 12.5).
#[inline]
fn channel_data(number: u16, data: &[u8]) -> BytesMut {
    let mut message = BytesMut::with_capacity(CHANNEL_HEADER_LEN + data.len());
    message.put_u16(number);
    message.put_u16(data.len() as u16);
    message.put_slice(data);
    message
}

/// A Data indication. Nothing answers it, so its transaction id is a count.
#[inline]
fn data_indication(count: u64, peer: SocketAddrV4, data: &[u8]) -> BytesMut {
    let mut transaction: TransactionId = *b"data\0\0\0\0\0\0\0\0";
    transaction[4..].copy_from_slice(&count.to_be_bytes());
    let capacity = DATA_INDICATION_LEN - HEADER_LEN + padded(data.len());
    Reply::new(kind::DATA_INDICATION, transaction, capacity)
        .with_address(attribute::XOR_PEER_ADDRESS, peer)
        .with(attribute::DATA, data)
        .finish()
}
