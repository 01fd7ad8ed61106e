//! What of a packet boxes and routes look at.

use std::net::SocketAddrV4;

/// The transport of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Transport {
    /// UDP.
    Udp,
    /// TCP.
    Tcp,
}

/// The transport addresses of a packet as one realm sees them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Header {
    /// The transport.
    pub transport: Transport,
    /// Where it comes from.
    pub source: SocketAddrV4,
    /// Where it goes to.
    pub destination: SocketAddrV4,
}

impl Header {
    /// A UDP packet.
    #[must_use]
    pub const fn udp(source: SocketAddrV4, destination: SocketAddrV4) -> Self {
        Self { transport: Transport::Udp, source, destination }
    }
}

/// A transport and a transport address in one word, for tables of flows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Endpoint(u64);

impl Endpoint {
    pub(super) fn new(transport: Transport, address: SocketAddrV4) -> Self {
        let ip = u64::from(u32::from(*address.ip()));
        Self((transport as u64) << 48 | ip << 16 | u64::from(address.port()))
    }
}

/// Why a box or the lack of a route dropped a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DropReason {
    /// A filter lets nothing in from this source.
    Filtered,
    /// No inside address is mapped to this port.
    NoMapping,
    /// Packets from inside to the box's own outside address are not turned around.
    NoHairpin,
    /// All ports of the outside address are in use.
    NoPort,
    /// A policy forbids this transport or port.
    Blocked,
    /// Nobody has this address, as seen from there.
    NoRoute,
}
