//! The webrtc-rs stack as a value: one end of a peer connection, without sockets or clock.
//!
//! [`Endpoint`] wraps the sans-I/O `rtc` crate (ICE, DTLS, SCTP, data channels) together with its
//! STUN and TURN clients. It is told the time, what arrived and what the application wants, and
//! answers with [`Effect`]s: datagrams to send, signaling messages, changes of state, messages.

mod candidate;
mod channel;
mod endpoint;
mod gather;
mod identity;
mod relay;

use bytes::BytesMut;
use rtc::peer_connection::transport::RTCIceCandidateInit;
use thiserror::Error;

pub use channel::{ChannelSpec, Reliability};
pub use endpoint::{Endpoint, Selected};
pub use identity::Identity;
pub use relay::TurnAccess;

use super::turn_server::Datagram;
use crate::units::{ByteCount, SimDuration};
use std::net::SocketAddrV4;

/// How the ends of a connection behave; the same for both.
#[derive(Clone, Debug)]
pub struct StackSettings {
    /// Which addresses an end offers for the other to send to.
    pub candidates: Candidates,
    /// Whether candidates are signaled as they are found (RFC 8838), or all with the description.
    pub trickle: bool,
    /// When gathering gives up on servers that do not answer.
    pub gathering_timeout: SimDuration,
    /// The channels that the offering end opens.
    pub channels: Vec<ChannelSpec>,
    /// The largest message an end takes (RFC 8841; at most 256 KiB). The stack keeps a buffer of
    /// this size at each end.
    pub max_message: ByteCount,
    /// SCTP's receive buffer, if not the stack's own 1 MiB.
    pub receive_buffer: Option<ByteCount>,
    /// Time between ICE keep-alives, if not the stack's own 2 s.
    pub keepalive: Option<SimDuration>,
}

/// Which candidates an end gathers (RFC 8445, section 5.1.1).
#[derive(Clone, Debug, Default)]
pub struct Candidates {
    /// Its own addresses.
    pub host: bool,
    /// Its address as this STUN server sees it.
    pub stun: Option<SocketAddrV4>,
    /// A relayed address at this TURN server.
    pub turn: Option<TurnAccess>,
}

impl Default for StackSettings {
    fn default() -> Self {
        Self {
            candidates: Candidates { host: true, ..Candidates::default() },
            trickle: true,
            gathering_timeout: SimDuration::from_secs(5),
            channels: vec![ChannelSpec::default()],
            max_message: ByteCount::new(64 << 10),
            receive_buffer: None,
            keepalive: None,
        }
    }
}

/// What an end asks of the world.
#[derive(Debug)]
pub enum Effect {
    /// Send this datagram.
    Send(Datagram),
    /// Hand this to the other end by way of signaling.
    Signal(Signal),
    /// The end's state has changed.
    State(State),
    /// The channel of this index is open at this end.
    ChannelOpen(usize),
    /// A message has arrived on the channel of this index.
    Message(usize, BytesMut),
}

/// A signaling message.
#[derive(Clone, Debug)]
pub enum Signal {
    /// An offer or an answer.
    Description(Box<rtc::peer_connection::sdp::RTCSessionDescription>),
    /// One more candidate.
    Candidate(Box<RTCIceCandidateInit>),
}

/// A description without candidates, and a candidate, as rtc 0.21.1 writes them.
const DESCRIPTION_BYTES: u64 = 459;
const CANDIDATE_BYTES: u64 = 97;

impl Signal {
    /// Its bytes, as usual: numbers drawn at random make texts a few bytes longer or shorter.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        match self {
            Self::Description(description) => {
                let candidates = description.sdp.matches("a=candidate").count() as u64;
                DESCRIPTION_BYTES + candidates * CANDIDATE_BYTES
            }
            Self::Candidate(_) => CANDIDATE_BYTES,
        }
    }

    /// `offer`, `answer`, or `candidate` with its type.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Description(description) => description.sdp_type.to_string(),
            Self::Candidate(candidate) => {
                let kind = candidate.candidate.split_once(" typ ").and_then(|(_, rest)| rest.split(' ').next());
                format!("candidate {}", kind.unwrap_or_default())
            }
        }
    }
}

/// States on the way to an open connection and out of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// All candidates are known.
    Gathered,
    /// Connectivity checks have begun.
    Checking,
    /// A candidate pair is nominated.
    IceConnected,
    /// The DTLS handshake is complete.
    DtlsConnected,
    /// No packet of the other end for a while.
    Disconnected,
    /// The connection cannot be made, or has broken.
    Failed,
    /// Closed by the other end.
    Closed,
}

/// What the stack refused to do, in its own words.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("the WebRTC stack: {0}")]
pub struct StackError(String);

impl StackError {
    pub(super) fn closed() -> Self {
        Self("the connection is closed".to_owned())
    }

    pub(super) fn no_port() -> Self {
        Self("the node has used all its ports".to_owned())
    }
}

impl From<rtc::shared::error::Error> for StackError {
    fn from(error: rtc::shared::error::Error) -> Self {
        Self(error.to_string())
    }
}
