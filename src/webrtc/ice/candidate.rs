//! Candidates: the transport addresses at which an end might be reached (RFC 8445, section 5.1).

use std::net::SocketAddrV4;

use serde::Serialize;

/// The type of a candidate, from the most to the least preferred.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum CandidateKind {
    /// An address of its own.
    #[serde(rename = "host")]
    Host,
    /// Learned from a check of the other end.
    #[serde(rename = "prflx")]
    PeerReflexive,
    /// Learned from a STUN server.
    #[serde(rename = "srflx")]
    ServerReflexive,
    /// At a TURN server.
    #[serde(rename = "relay")]
    Relayed,
}

impl CandidateKind {
    /// The word that descriptions use (RFC 8839, section 5.1).
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Host => "host",
            Self::PeerReflexive => "prflx",
            Self::ServerReflexive => "srflx",
            Self::Relayed => "relay",
        }
    }

    /// The type preference that RFC 8445 recommends (section 5.1.2.2).
    #[must_use]
    pub const fn preference(self) -> u32 {
        match self {
            Self::Host => 126,
            Self::PeerReflexive => 110,
            Self::ServerReflexive => 100,
            Self::Relayed => 0,
        }
    }
}

/// The family of an address. Candidates of different families are never paired (RFC 8445, section
/// 6.1.2.2). The addresses themselves are all written as IPv4 ones here, each family in a range of
/// its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Family {
    /// IPv4.
    #[default]
    V4,
    /// IPv6.
    V6,
}

/// The way a packet leaves an end: one of its own sockets, or one of its allocations at TURN servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Route {
    /// From its own socket of this number.
    Socket(u8),
    /// Through the allocation of this number.
    Relay(u8),
}

/// A candidate of an end or of the other end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Its type.
    pub kind: CandidateKind,
    /// The address to reach it at.
    pub address: SocketAddrV4,
    /// The family of the address.
    pub family: Family,
    /// How packets of it leave; of the other end's candidates meaningless.
    pub route: Route,
    /// Which of several candidates of its type is preferred: 65,535 for the first.
    pub local_preference: u16,
}

/// Local preference of the only candidate of its type (RFC 8445, section 5.1.2.1).
pub const PREFERENCE_MAX: u16 = u16::MAX;
/// There is one component: data channels share a transport.
const COMPONENT: u32 = 1;

impl Candidate {
    /// The only candidate of its type, with an IPv4 address.
    #[must_use]
    pub const fn new(kind: CandidateKind, address: SocketAddrV4, route: Route) -> Self {
        Self { kind, address, family: Family::V4, route, local_preference: PREFERENCE_MAX }
    }

    /// Its priority (RFC 8445, section 5.1.2.1).
    #[must_use]
    pub fn priority(&self) -> u32 {
        self.kind.preference() << 24 | u32::from(self.local_preference) << 8 | (256 - COMPONENT)
    }
}

/// The priority of a pair of the controlling and the controlled end's candidates (RFC 8445,
/// section 6.1.2.3).
#[must_use]
pub(super) fn pair_priority(controlling: u32, controlled: u32) -> u64 {
    let (low, high) = (controlling.min(controlled), controlling.max(controlled));
    (u64::from(low) << 32) + 2 * u64::from(high) + u64::from(controlling > controlled)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    #[test]
    fn priorities_are_those_of_the_standard() {
        let address = SocketAddrV4::new(Ipv4Addr::LOCALHOST, 1);
        let priority = |kind| Candidate::new(kind, address, Route::Socket(0)).priority();
        // The host candidate of every WebRTC description with one address.
        assert_eq!(priority(CandidateKind::Host), 2_130_706_431);
        assert_eq!(priority(CandidateKind::ServerReflexive), 1_694_498_815);
        assert_eq!(priority(CandidateKind::Relayed), 16_777_215);
        assert!(pair_priority(5, 3) > pair_priority(3, 5));
        assert!(pair_priority(3, 5) > pair_priority(9, 2));
    }
}
