//! TURN's requests: Allocate, Refresh, CreatePermission and ChannelBind (RFC 8656 sections 7, 8, 10, 12).

use std::net::SocketAddrV4;

use bytes::BytesMut;

use super::TurnServer;
use super::allocation::CHANNEL_NUMBERS;
use super::reply::{ErrorCode, Reply};
use super::wire::{AddressFault, StunMessage, attribute, be16, kind, read_address};
use crate::units::{SimDuration, SimTime};

/// REQUESTED-TRANSPORT: the protocol number of UDP.
const UDP: u8 = 17;
/// REQUESTED-ADDRESS-FAMILY: IPv4.
const IPV4: u8 = 1;
/// Room for the attributes of a usual response.
const REPLY_LEN: usize = 100;

/// What a success response tells.
enum Success {
    Allocated { port: u16, lifetime: SimDuration },
    Refreshed { lifetime: SimDuration },
    Done,
}

impl From<AddressFault> for ErrorCode {
    fn from(fault: AddressFault) -> Self {
        match fault {
            AddressFault::Malformed => Self::BadRequest,
            AddressFault::Family => Self::PeerAddressFamilyMismatch,
        }
    }
}

impl TurnServer {
    /// Answers a request to the STUN server: where it comes from (RFC 8489 section 12).
    pub(super) fn answer_binding(&mut self, client: SocketAddrV4, request: StunMessage<'_>) -> BytesMut {
        self.counts.bindings += 1;
        let reply = match unknown_attributes(request) {
            None => success(request).with_address(attribute::XOR_MAPPED_ADDRESS, client),
            Some(unknown) => error(request, ErrorCode::UnknownAttribute).with(attribute::UNKNOWN_ATTRIBUTES, &unknown),
        };
        close(reply, request)
    }

    /// Answers a request to the TURN server.
    pub(super) fn answer(&mut self, now: SimTime, client: SocketAddrV4, request: StunMessage<'_>) -> BytesMut {
        if let Err(code) = self.credentials.check(request) {
            let first = code == ErrorCode::Unauthorized && request.integrity().is_none();
            *if first { &mut self.counts.challenges } else { &mut self.counts.unauthorized } += 1;
            let mut reply = error(request, code);
            if code != ErrorCode::BadRequest {
                reply = self.credentials.challenge(reply);
            }
            return close(reply, request);
        }
        let reply = if let Some(unknown) = unknown_attributes(request) {
            self.counts.errors += 1;
            error(request, ErrorCode::UnknownAttribute).with(attribute::UNKNOWN_ATTRIBUTES, &unknown)
        } else {
            match self.execute(now, client, request) {
                Ok(done) => self.tell(client, request, &done),
                Err(code) => {
                    use ErrorCode::{AllocationQuotaReached, InsufficientCapacity};
                    let allocates = request.kind() == kind::ALLOCATE;
                    let full = allocates && matches!(code, AllocationQuotaReached | InsufficientCapacity);
                    *if full { &mut self.counts.allocations_refused } else { &mut self.counts.errors } += 1;
                    error(request, code)
                }
            }
        };
        close(reply.with_integrity(&mut self.credentials), request)
    }

    fn tell(&self, client: SocketAddrV4, request: StunMessage<'_>, done: &Success) -> Reply {
        let seconds =
            |lifetime: SimDuration| ((lifetime.as_ns() / SimDuration::from_secs(1).as_ns()) as u32).to_be_bytes();
        match *done {
            Success::Allocated { port, lifetime } => success(request)
                .with_address(attribute::XOR_RELAYED_ADDRESS, SocketAddrV4::new(*self.spec.address.ip(), port))
                .with_address(attribute::XOR_MAPPED_ADDRESS, client)
                .with(attribute::LIFETIME, &seconds(lifetime)),
            Success::Refreshed { lifetime } => success(request).with(attribute::LIFETIME, &seconds(lifetime)),
            Success::Done => success(request),
        }
    }

    fn execute(&mut self, now: SimTime, client: SocketAddrV4, request: StunMessage<'_>) -> Result<Success, ErrorCode> {
        match request.kind() {
            kind::ALLOCATE => self.allocate(now, client, request),
            kind::REFRESH => self.refresh(now, client, request),
            kind::CREATE_PERMISSION => self.create_permission(now, client, request),
            kind::CHANNEL_BIND => self.channel_bind(now, client, request),
            _ => unreachable!("invariant: the caller sorts messages by kind"),
        }
    }

    /// RFC 8656 section 7.2, in the order of its steps.
    fn allocate(&mut self, now: SimTime, client: SocketAddrV4, request: StunMessage<'_>) -> Result<Success, ErrorCode> {
        let lifetime = self.lifetime(request)?;
        if let Some(allocation) = self.allocations.of_client(client) {
            // A retransmission gets the answer that was lost; it is the same, for the request is.
            let again = allocation.request == request.transaction();
            let port = allocation.port;
            return if again { Ok(Success::Allocated { port, lifetime }) } else { Err(ErrorCode::AllocationMismatch) };
        }
        match request.find(attribute::REQUESTED_TRANSPORT) {
            Some(&[UDP, _, _, _]) => {}
            Some(&[_, _, _, _]) => return Err(ErrorCode::UnsupportedTransportProtocol),
            _ => return Err(ErrorCode::BadRequest),
        }
        let reserves = request.find(attribute::RESERVATION_TOKEN).is_some();
        let even = request.find(attribute::EVEN_PORT).is_some();
        let family = request.find(attribute::REQUESTED_ADDRESS_FAMILY);
        if reserves && (even || family.is_some()) {
            return Err(ErrorCode::BadRequest);
        }
        match family {
            None | Some(&[IPV4, _, _, _]) => {}
            Some(&[_, _, _, _]) => return Err(ErrorCode::AddressFamilyNotSupported),
            Some(_) => return Err(ErrorCode::BadRequest),
        }
        // Pairs of ports are for RTP and RTCP; here they are never to be had.
        if reserves || even {
            return Err(ErrorCode::InsufficientCapacity);
        }
        if self.spec.max_allocations.is_some_and(|max| self.allocations.len() >= max as usize) {
            return Err(ErrorCode::AllocationQuotaReached);
        }
        let port = self.allocations.open(client, request.transaction(), now + lifetime);
        let port = port.ok_or(ErrorCode::InsufficientCapacity)?;
        self.counts.allocations_total += 1;
        self.counts.allocations_peak = self.counts.allocations_peak.max(self.allocations.len() as u64);
        Ok(Success::Allocated { port, lifetime })
    }

    /// RFC 8656 section 8.2.
    fn refresh(&mut self, now: SimTime, client: SocketAddrV4, request: StunMessage<'_>) -> Result<Success, ErrorCode> {
        if self.allocations.of_client(client).is_none() {
            return Err(ErrorCode::AllocationMismatch);
        }
        match request.find(attribute::REQUESTED_ADDRESS_FAMILY) {
            None | Some(&[IPV4, _, _, _]) => {}
            Some(&[_, _, _, _]) => return Err(ErrorCode::PeerAddressFamilyMismatch),
            Some(_) => return Err(ErrorCode::BadRequest),
        }
        if request.find(attribute::LIFETIME) == Some(&[0; 4]) {
            self.allocations.close(client);
            self.counts.allocations_deleted += 1;
            return Ok(Success::Refreshed { lifetime: SimDuration::ZERO });
        }
        let lifetime = self.lifetime(request)?;
        self.allocations.extend(client, now + lifetime);
        Ok(Success::Refreshed { lifetime })
    }

    /// RFC 8656 section 10.2: all of the peers or none.
    fn create_permission(
        &mut self,
        now: SimTime,
        client: SocketAddrV4,
        request: StunMessage<'_>,
    ) -> Result<Success, ErrorCode> {
        let allocation = self.allocations.of_client(client).ok_or(ErrorCode::AllocationMismatch)?;
        let named = request.attributes().filter(|(name, _)| *name == attribute::XOR_PEER_ADDRESS);
        let peers = named.map(|(_, value)| read_address(value)).collect::<Result<Vec<_>, _>>()?;
        if peers.is_empty() {
            return Err(ErrorCode::BadRequest);
        }
        if !allocation.has_room_for(now, &peers) {
            return Err(ErrorCode::InsufficientCapacity);
        }
        for peer in peers {
            allocation.permit(*peer.ip(), now + self.spec.permission_lifetime);
        }
        Ok(Success::Done)
    }

    /// RFC 8656 section 12.2; a channel brings its permission.
    fn channel_bind(
        &mut self,
        now: SimTime,
        client: SocketAddrV4,
        request: StunMessage<'_>,
    ) -> Result<Success, ErrorCode> {
        let allocation = self.allocations.of_client(client).ok_or(ErrorCode::AllocationMismatch)?;
        let number = request.find(attribute::CHANNEL_NUMBER).filter(|value| value.len() == 4).map(be16);
        let number = number.filter(|number| CHANNEL_NUMBERS.contains(number)).ok_or(ErrorCode::BadRequest)?;
        let peer = read_address(request.find(attribute::XOR_PEER_ADDRESS).ok_or(ErrorCode::BadRequest)?)?;
        if !allocation.has_room_for(now, &[peer]) {
            return Err(ErrorCode::InsufficientCapacity);
        }
        let bound = allocation.bind(now, number, peer, now + self.spec.channel_lifetime);
        bound.map_err(|_| ErrorCode::BadRequest)?;
        allocation.permit(*peer.ip(), now + self.spec.permission_lifetime);
        Ok(Success::Done)
    }

    /// How long an allocation shall last: at least the default, at most the maximum (RFC 8656 section 7.2).
    fn lifetime(&self, request: StunMessage<'_>) -> Result<SimDuration, ErrorCode> {
        let wanted = match request.find(attribute::LIFETIME) {
            None => 0,
            Some(&[a, b, c, d]) => u32::from_be_bytes([a, b, c, d]),
            Some(_) => return Err(ErrorCode::BadRequest),
        };
        let wanted = SimDuration::from_secs(wanted.into()).min(self.spec.max_lifetime);
        // The wire has whole seconds, and no allocation that is over when it begins.
        Ok(wanted.max(self.spec.default_lifetime).max(SimDuration::from_secs(1)))
    }
}

/// The types of attributes that the server must understand and does not, as UNKNOWN-ATTRIBUTES lists them.
fn unknown_attributes(request: StunMessage<'_>) -> Option<Vec<u8>> {
    let unknown = request.attributes().map(|(name, _)| name).filter(|&name| !attribute::is_understood(name));
    let listed: Vec<u8> = unknown.flat_map(u16::to_be_bytes).collect();
    (!listed.is_empty()).then_some(listed)
}

fn success(request: StunMessage<'_>) -> Reply {
    Reply::new(request.kind() + kind::SUCCESS, request.transaction(), REPLY_LEN)
}

fn error(request: StunMessage<'_>, code: ErrorCode) -> Reply {
    Reply::new(request.kind() + kind::ERROR, request.transaction(), REPLY_LEN).with_error(code)
}

/// Ends a response: with FINGERPRINT if the request had it.
fn close(reply: Reply, request: StunMessage<'_>) -> BytesMut {
    if request.fingerprint { reply.with_fingerprint() } else { reply }.finish()
}
