//! What crosses the network while a connection is set up.

use std::net::SocketAddrV4;

use super::underlay::on_wire;
use crate::net::Header;
use crate::webrtc::handshake::Segment;
use crate::webrtc::ice::Check;

/// A packet as its sender addresses it.
#[derive(Clone, Debug)]
pub(super) struct Packet {
    pub(super) header: Header,
    pub(super) message: SetupMessage,
}

/// What a packet carries.
#[derive(Clone, Debug)]
pub(super) enum SetupMessage {
    /// From end to end, as it is.
    Peer(Content),
    /// A request to a STUN or TURN server.
    Ask {
        /// The end that asks: all that its servers ever need to know of it.
        client: usize,
        /// Its transaction.
        id: u32,
        /// What is asked.
        ask: Ask,
    },
    /// The server's answer.
    Reply {
        /// The transaction of the request.
        id: u32,
        /// The answer.
        reply: Reply,
    },
    /// To be relayed: from a client to its server (Send indication or ChannelData).
    Send { peer: SocketAddrV4, content: Content },
    /// Relayed: from a server to its client (Data indication or ChannelData).
    Data { peer: SocketAddrV4, content: Content },
}

/// What the ends say to each other.
#[derive(Clone, Copy, Debug)]
pub(super) enum Content {
    /// A connectivity check.
    Check(Check),
    /// What follows ICE.
    Segment(Segment),
}

/// A request to a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ask {
    /// TCP's handshake.
    Connect,
    /// TLS's handshake, in one round trip (version 1.3).
    Secure,
    /// A Binding request (RFC 8489).
    Binding,
    /// An Allocate request (RFC 8656): without credentials first, then with them.
    Allocate { authenticated: bool },
    /// A CreatePermission request.
    Permit(SocketAddrV4),
    /// A ChannelBind request.
    Channel(SocketAddrV4),
}

/// A server's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reply {
    /// As asked.
    Done,
    /// How the server sees the client.
    Mapped(SocketAddrV4),
    /// Credentials are wanted (401).
    Challenge,
    /// The relayed address.
    Allocated(SocketAddrV4),
}

impl Packet {
    pub(super) const fn new(header: Header, message: SetupMessage) -> Self {
        Self { header, message }
    }
}

impl Packet {
    /// Its bytes on the wire.
    pub(super) fn bytes(&self) -> u32 {
        on_wire(self.message.bytes(), self.header.transport)
    }
}

/// A STUN header (RFC 8489, section 5).
const STUN: u32 = 20;
/// What authenticates a request to a TURN server: USERNAME, REALM, NONCE and MESSAGE-INTEGRITY, as long as common
/// names make them.
const CREDENTIALS: u32 = 92;
/// A ChannelData header (RFC 8656, section 12.4): data follows on the channel that is bound with the first.
const CHANNEL_DATA: u32 = 4;

impl SetupMessage {
    /// Bytes of the payload of UDP, or of TCP's stream. Sizes of attributes: RFC 8489, section 14, RFC 8445, section
    /// 16.1, RFC 8656, section 18; of TLS: a ClientHello with a key share.
    fn bytes(&self) -> u32 {
        match self {
            Self::Peer(content) => content.bytes(),
            Self::Ask { ask, .. } => match ask {
                Ask::Connect => 0,
                Ask::Secure => 517,
                Ask::Binding => STUN,
                Ask::Allocate { authenticated: false } => STUN + 8,
                Ask::Allocate { authenticated: true } => STUN + 8 + CREDENTIALS,
                Ask::Permit(_) => STUN + 12 + CREDENTIALS,
                Ask::Channel(_) => STUN + 20 + CREDENTIALS,
            },
            Self::Reply { reply, .. } => match reply {
                Reply::Done => STUN + 24,
                Reply::Mapped(_) => STUN + 12,
                Reply::Challenge => STUN + 64,
                Reply::Allocated(_) => STUN + 56,
            },
            Self::Send { content, .. } | Self::Data { content, .. } => CHANNEL_DATA + content.bytes(),
        }
    }

    /// What it is, for people.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Peer(content) => content.name().to_owned(),
            Self::Ask { ask, .. } => match ask {
                Ask::Connect => "TCP SYN".to_owned(),
                Ask::Secure => "TLS ClientHello".to_owned(),
                Ask::Binding => "STUN Binding request to the server".to_owned(),
                Ask::Allocate { authenticated: false } => "TURN Allocate request".to_owned(),
                Ask::Allocate { authenticated: true } => "TURN Allocate request with credentials".to_owned(),
                Ask::Permit(_) => "TURN CreatePermission request".to_owned(),
                Ask::Channel(_) => "TURN ChannelBind request".to_owned(),
            },
            Self::Reply { reply, .. } => match reply {
                Reply::Done => "success".to_owned(),
                Reply::Mapped(address) => format!("STUN Binding success: {address}"),
                Reply::Challenge => "TURN error 401".to_owned(),
                Reply::Allocated(address) => format!("TURN Allocate success: {address}"),
            },
            Self::Send { content, .. } => format!("TURN Send [{}]", content.name()),
            Self::Data { content, .. } => format!("TURN Data [{}]", content.name()),
        }
    }
}

impl Content {
    // A check has USERNAME, role, PRIORITY, MESSAGE-INTEGRITY and FINGERPRINT; its answer XOR-MAPPED-ADDRESS and the
    // last two (webrtc-rs, with fragments of 16 letters; browsers' are some bytes shorter).
    const fn bytes(&self) -> u32 {
        match self {
            Self::Check(Check::Request { nominates, .. }) => {
                STUN + 40 + 12 + 8 + 24 + 8 + if *nominates { 4 } else { 0 }
            }
            Self::Check(Check::Success { .. }) => STUN + 12 + 24 + 8,
            Self::Check(Check::RoleConflict { .. }) => STUN + 24 + 24 + 8,
            Self::Segment(segment) => segment.bytes as u32,
        }
    }

    const fn name(&self) -> &'static str {
        match self {
            Self::Check(Check::Request { nominates: true, .. }) => "STUN Binding request, USE-CANDIDATE",
            Self::Check(Check::Request { .. }) => "STUN Binding request",
            Self::Check(Check::Success { .. }) => "STUN Binding success",
            Self::Check(Check::RoleConflict { .. }) => "STUN Binding error 487",
            Self::Segment(segment) => segment.name(),
        }
    }
}
