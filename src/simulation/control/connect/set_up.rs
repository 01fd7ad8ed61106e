//! What a set-up is given, and what becomes of it.

use super::turn::Allocation;
use crate::units::SimDuration;
use crate::webrtc::turn::RelayCode;

/// What becomes of an attempt, in times from its offer on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SetUp {
    /// Both ends open.
    Opens(Opens),
    /// ICE, DTLS or SCTP fails then, if its end notices at all.
    Fails(Option<SimDuration>),
}

/// A set-up that succeeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Opens {
    /// Until both ends are open.
    pub(super) after: SimDuration,
    /// What that consists of.
    pub(super) parts: Parts,
    /// The TURN allocations that it runs through, as the offerer sees them.
    pub(super) relay: RelayCode,
}

/// The stages of a set-up, one after the other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Parts {
    /// Candidates are gathered, before the offer can leave.
    pub(super) gathering: SimDuration,
    /// Offer and answer travel, and wait for servers and CPUs on their way.
    pub(super) signaling: SimDuration,
    /// ICE checks pairs.
    pub(super) checks: SimDuration,
    /// The DTLS handshake.
    pub(super) dtls: SimDuration,
    /// SCTP's handshake, and the channel's opening.
    pub(super) sctp: SimDuration,
}

/// How long offer and answer take, and what each end has at TURN servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Legs {
    pub(super) offer: SimDuration,
    pub(super) answer: SimDuration,
    pub(super) allocations: [Allocation; 2],
}
