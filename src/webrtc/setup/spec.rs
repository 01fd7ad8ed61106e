//! What the set-up of a connection depends on, besides delays and losses.

use serde::Serialize;

use super::profile::SetupProfile;
use crate::net::MiddleboxSpec;
use crate::webrtc::ice::IceProfile;

/// One end of a connection.
#[derive(Clone, Debug, PartialEq)]
pub struct EndSpec {
    /// The boxes in front of it, from inside to outside.
    pub boxes: Vec<MiddleboxSpec>,
    /// Whether it has IPv6 as well.
    pub ipv6: Ipv6,
    /// Its implementation of ICE, DTLS and SCTP.
    pub stack: StackProfile,
    /// Which candidates it gathers.
    pub gather: Gather,
}

/// IPv6 at one end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub enum Ipv6 {
    /// None.
    #[default]
    None,
    /// An address of its own behind a stateful firewall, as RFC 6092 has home routers do.
    Firewalled,
}

/// An implementation of ICE, DTLS and SCTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StackProfile {
    /// Its ICE.
    pub ice: IceProfile,
    /// Whether it hides host addresses behind mDNS names (draft-ietf-mmusic-mdns-ice-candidates).
    pub mdns: bool,
}

/// Which candidates an end gathers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Gather {
    /// Its own addresses only.
    Host,
    /// And its outside address, from a STUN server.
    Stun,
    /// And a relayed address, from a TURN server.
    #[default]
    Turn,
    /// A relayed address only.
    RelayOnly,
}

/// How an end speaks to its TURN server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RelayTransport {
    /// UDP.
    #[default]
    Udp,
    /// TCP.
    Tcp,
    /// TLS over TCP, port 443.
    Tls,
}

/// What two ends have in common.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Relation {
    /// Nothing but the Internet.
    #[default]
    Apart,
    /// The outermost box: a carrier-grade NAT.
    SameCarrier,
    /// All boxes: one local network, on which multicast, and with it mDNS, works.
    SameLan,
    /// All boxes: one local network that filters multicast.
    SameLanNoMulticast,
}

/// A connection to set up; offerer first.
#[derive(Clone, Debug, PartialEq)]
pub struct PairSetup {
    /// The ends.
    pub ends: [EndSpec; 2],
    /// What they have in common.
    pub relation: Relation,
    /// Whether candidates trickle (RFC 8838), or go with the description.
    pub trickle: bool,
    /// Which transports the TURN servers speak, most preferred first.
    pub transports: Vec<RelayTransport>,
    /// What follows ICE.
    pub profile: SetupProfile,
}

/// Datagrams that are lost, counted from zero on each end's access link and direction; offerer
/// first. What a box drops is not on the link.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Losses {
    /// From the end to the network.
    pub up: [Vec<u32>; 2],
    /// From the network to the end.
    pub down: [Vec<u32>; 2],
}
