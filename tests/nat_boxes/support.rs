//! A small Internet: hosts, and packets that get somewhere or do not.

use std::net::SocketAddrV4;

use peerscape::net::{DropReason, Filtering, Header, HostId, Internet, Mapping, MiddleboxSpec};
use peerscape::rng::{Domain, Seed, Streams};
use peerscape::units::{SimDuration, SimTime};

/// An Internet with a clock.
pub(crate) struct Net {
    pub(crate) internet: Internet,
    pub(crate) now: SimTime,
    boxes: u64,
}

impl Net {
    pub(crate) fn new() -> Self {
        Self { internet: Internet::new(), now: SimTime::ZERO, boxes: 0 }
    }

    /// A host behind these boxes, from inside to outside.
    pub(crate) fn host(&mut self, boxes: &[MiddleboxSpec]) -> HostId {
        let mut realm = Internet::PUBLIC;
        for part in boxes.iter().rev() {
            realm = self.realm(realm, part);
        }
        self.internet.add_host(realm)
    }

    pub(crate) fn realm(&mut self, parent: peerscape::net::RealmId, part: &MiddleboxSpec) -> peerscape::net::RealmId {
        self.boxes += 1;
        self.internet.add_realm(parent, part, Streams::new(Seed(11)).stream(Domain::NatPort, self.boxes))
    }

    pub(crate) fn at(&self, host: HostId, port: u16) -> SocketAddrV4 {
        SocketAddrV4::new(self.internet.address(host), port)
    }

    /// Sends from a host's port: who gets it, and the addresses it sees.
    pub(crate) fn send(&mut self, from: HostId, port: u16, to: SocketAddrV4) -> Result<(HostId, Header), DropReason> {
        let header = Header::udp(self.at(from, port), to);
        let transit = self.internet.send(self.now, from, header)?;
        self.internet.deliver(self.now, transit)
    }

    /// Sends, and tells the outside address that the receiver sees.
    pub(crate) fn seen(&mut self, from: HostId, port: u16, to: SocketAddrV4) -> Option<SocketAddrV4> {
        self.send(from, port, to).ok().map(|(_, header)| header.source)
    }

    pub(crate) fn wait(&mut self, time: SimDuration) {
        self.now += time;
    }
}

pub(crate) const MAPPINGS: [Mapping; 3] =
    [Mapping::EndpointIndependent, Mapping::AddressDependent, Mapping::AddressAndPortDependent];
pub(crate) const FILTERINGS: [Filtering; 3] =
    [Filtering::EndpointIndependent, Filtering::AddressDependent, Filtering::AddressAndPortDependent];
