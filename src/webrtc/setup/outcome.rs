//! What becomes of the set-up of a connection.

use serde::Serialize;

use super::spec::RelayTransport;
use crate::units::SimTime;
use crate::webrtc::ice::CandidateKind;
use crate::webrtc::stamp::Stamp;

/// What became of the set-up of one connection; `T` is a time since the offerer began. Arrays of
/// two are offerer, answerer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SetupOutcome<T> {
    /// When what happened.
    pub times: SetupTimes<T>,
    /// The candidate pair in use at each end, once ICE has one.
    pub selected: [Option<SelectedKinds>; 2],
    /// Which TURN servers its packets pass.
    pub relay: RelayUse,
    /// What each end has signaled.
    pub signaled: [Signaled; 2],
    /// Datagrams that each end has put on its access link and taken from it until the end.
    pub datagrams: [Datagrams; 2],
}

/// When what happened, at the offerer and at the answerer; `None` where it never did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SetupTimes<T> {
    /// All candidates are known.
    pub gathered: [Option<T>; 2],
    /// The offer, and the answer, has been sent.
    pub described: [Option<T>; 2],
    /// ICE has a pair in use.
    pub ice: [Option<T>; 2],
    /// The DTLS handshake is complete.
    pub dtls: [Option<T>; 2],
    /// The SCTP association stands.
    pub sctp: [Option<T>; 2],
    /// The channel is open.
    pub open: [Option<T>; 2],
    /// The attempt has failed for good.
    pub failed: Option<T>,
}

/// How many times there are but for those of the gathering.
pub(super) const TIMES_BUT_GATHERED: usize = 11;

impl<T: Copy> SetupTimes<T> {
    /// All but those of the gathering, of which nothing follows.
    #[inline]
    pub(super) const fn but_gathered(&self) -> [Option<T>; TIMES_BUT_GATHERED] {
        let Self { described, ice, dtls, sctp, open, failed, gathered: _ } = *self;
        let [[a, b], [c, d], [e, f], [g, h], [i, j]] = [described, ice, dtls, sctp, open];
        [a, b, c, d, e, f, g, h, i, j, failed]
    }

    /// The other way around.
    #[inline]
    pub(super) const fn with_gathered(gathered: [Option<T>; 2], times: [Option<T>; TIMES_BUT_GATHERED]) -> Self {
        let [a, b, c, d, e, f, g, h, i, j, failed] = times;
        Self { gathered, described: [a, b], ice: [c, d], dtls: [e, f], sctp: [g, h], open: [i, j], failed }
    }
}

impl SetupTimes<Stamp> {
    /// Until when they may be these in the end, if nothing else becomes known: what is known is equal, and what is
    /// missing is not overdue.
    pub(super) fn may_become_until(&self, expected: &Self) -> Option<SimTime> {
        let mut until = SimTime::MAX;
        for (known, expected) in self.but_gathered().into_iter().zip(expected.but_gathered()) {
            match (known, expected) {
                (None, Some(expected)) => until = until.min(expected.time()),
                (known, expected) if known != expected => return None,
                _ => {}
            }
        }
        Some(until)
    }
}

/// Datagrams on an access link.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Datagrams {
    /// From the end to the network.
    pub up: u32,
    /// From the network to the end.
    pub down: u32,
}

/// The types of the candidate pair in use at one end (RFC 8445).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct SelectedKinds {
    /// Of its own candidate.
    pub local: CandidateKind,
    /// Of the other end's.
    pub remote: CandidateKind,
}

/// Which TURN allocations the packets of a connection pass.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RelayUse {
    /// None: the ends send to each other.
    #[default]
    Direct,
    /// The offerer's.
    Offerer(RelayTransport),
    /// The answerer's.
    Answerer(RelayTransport),
    /// Both, one after the other.
    Both(RelayTransport, RelayTransport),
}

/// What an end has signaled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Signaled {
    /// Messages: the description and what trickled after it.
    pub messages: u32,
    /// Their bytes.
    pub bytes: u32,
}
