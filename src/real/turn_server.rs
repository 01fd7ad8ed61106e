//! A STUN and TURN server (UDP, IPv4) as a value: datagrams in, datagrams out, no socket and no clock.
//!
//! It answers Binding requests (RFC 8489) and relays (RFC 8656) with the long-term credential mechanism:
//! Allocate, Refresh, CreatePermission, ChannelBind, Send and Data indications, ChannelData. The stack has
//! the client only. Allocations, permissions and channels end by the time that the caller hands in; the
//! same calls always give the same bytes.
//!
//! Relayed transport addresses are ports of the server's own address. A datagram that one client relays to
//! another client's relayed address of this server comes out like every other: the network brings it back.
//!
//! Not here: TCP and TLS, IPv6, EVEN-PORT and RESERVATION-TOKEN (508), ICMP, more than one user, nonces
//! that grow old, SHA-256.

mod allocation;
mod allocations;
mod counts;
mod credentials;
mod relay;
mod reply;
mod requests;
mod wire;

use std::net::SocketAddrV4;
use std::ops::RangeInclusive;

use bytes::BytesMut;

use crate::units::{SimDuration, SimTime};

use allocations::Allocations;
use credentials::Credentials;
use wire::{StunMessage, kind};

pub use allocation::PERMISSIONS_MAX;
pub use counts::{Dropped, Relayed, TurnCounts};

/// What a server is and grants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TurnServerSpec {
    /// Where it listens; relayed transport addresses are on the same host.
    pub address: SocketAddrV4,
    /// The realm of its users.
    pub realm: String,
    /// The name of its one user.
    pub username: String,
    /// The password of its one user.
    pub password: String,
    /// The most allocations at a time; without it, as many as there are ports.
    pub max_allocations: Option<u32>,
    /// The ports of relayed transport addresses.
    pub relay_ports: RangeInclusive<u16>,
    /// How long an allocation lasts that asks for less or for nothing, in whole seconds.
    pub default_lifetime: SimDuration,
    /// The longest that an allocation can ask for, in whole seconds.
    pub max_lifetime: SimDuration,
    /// How long a permission lasts.
    pub permission_lifetime: SimDuration,
    /// How long a channel lasts.
    pub channel_lifetime: SimDuration,
    /// Whether it is a TURN server. A server that is STUN only does not know TURN's methods and is silent
    /// about them (RFC 8489 section 6.3): clients run into their timeouts.
    pub relays: bool,
}

impl TurnServerSpec {
    /// A TURN server with the figures of RFC 8656: lifetimes of 600 s, permissions of 300 s, channels of
    /// 600 s, the dynamic ports.
    #[must_use]
    pub fn new(address: SocketAddrV4) -> Self {
        Self {
            address,
            realm: "peerscape".to_owned(),
            username: "user".to_owned(),
            password: "password".to_owned(),
            max_allocations: None,
            relay_ports: 49152..=65535,
            default_lifetime: SimDuration::from_secs(600),
            max_lifetime: SimDuration::from_secs(3600),
            permission_lifetime: SimDuration::from_secs(300),
            channel_lifetime: SimDuration::from_secs(600),
            relays: true,
        }
    }

    /// A server that tells clients their address, and relays nothing.
    #[must_use]
    pub fn stun_only(address: SocketAddrV4) -> Self {
        Self { relays: false, ..Self::new(address) }
    }
}

/// A UDP datagram on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Datagram {
    /// Where it comes from.
    pub source: SocketAddrV4,
    /// Where it goes.
    pub destination: SocketAddrV4,
    /// What it carries.
    pub payload: BytesMut,
}

/// A STUN and TURN server.
pub struct TurnServer {
    spec: TurnServerSpec,
    credentials: Credentials,
    allocations: Allocations,
    counts: TurnCounts,
    /// Data indications so far: the source of their transaction ids.
    indications: u64,
}

impl TurnServer {
    /// A server that nobody has used yet.
    #[must_use]
    pub fn new(spec: TurnServerSpec) -> Self {
        let credentials = Credentials::new(&spec.username, &spec.realm, &spec.password, &spec.address.to_string());
        let allocations = Allocations::new(spec.relay_ports.clone(), spec.address.port());
        Self { spec, credentials, allocations, counts: TurnCounts::default(), indications: 0 }
    }

    /// What the server is.
    #[must_use]
    pub fn spec(&self) -> &TurnServerSpec {
        &self.spec
    }

    /// Takes a datagram that arrived at the server's address or at a relayed address on it. What it
    /// answers or relays is appended to `out`; at most one datagram.
    ///
    /// Time must not go back from call to call.
    pub fn receive(&mut self, now: SimTime, datagram: Datagram, out: &mut Vec<Datagram>) {
        self.expire(now);
        if datagram.destination == self.spec.address {
            match datagram.payload.first().map(|byte| byte >> 6) {
                Some(0) => self.receive_stun(now, datagram, out),
                Some(1) if self.spec.relays => self.relay_channel_data(now, datagram, out),
                _ => self.counts.dropped.malformed += 1,
            }
        } else if datagram.destination.ip() == self.spec.address.ip() {
            self.relay_from_peer(now, datagram, out);
        } else {
            self.counts.dropped.no_allocation += 1;
        }
    }

    /// Ends the allocations that are over at `now`. [`Self::receive`] does so by itself; this is for
    /// [`Self::counts`] at the end of a run.
    #[inline]
    pub fn expire(&mut self, now: SimTime) {
        self.counts.allocations_expired += self.allocations.expire(now);
    }

    /// What happened so far.
    #[must_use]
    pub fn counts(&self) -> TurnCounts {
        TurnCounts { allocations: self.allocations.len() as u64, ..self.counts }
    }

    fn receive_stun(&mut self, now: SimTime, datagram: Datagram, out: &mut Vec<Datagram>) {
        let Datagram { source: client, payload, .. } = datagram;
        let Some(message) = StunMessage::parse(&payload) else {
            self.counts.dropped.malformed += 1;
            return;
        };
        let answer = match message.kind() {
            kind::BINDING => self.answer_binding(client, message),
            // Keeps a NAT's mapping open, and wants no answer.
            kind::BINDING_INDICATION => return,
            kind::SEND_INDICATION if self.spec.relays => {
                let content = relay::read_send(message);
                return self.relay_send(now, client, content, payload, out);
            }
            kind::ALLOCATE | kind::REFRESH | kind::CREATE_PERMISSION | kind::CHANNEL_BIND if self.spec.relays => {
                self.answer(now, client, message)
            }
            _ => {
                self.counts.dropped.unsupported += 1;
                return;
            }
        };
        out.push(Datagram { source: self.spec.address, destination: client, payload: answer });
    }
}
