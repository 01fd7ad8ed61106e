//! Mapping (RFC 4787, section 4.1): which packets of an inside address share an outside port.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddrV4};

use super::filtering::Contacts;
use crate::net::nat::Mapping;
use crate::net::packet::{DropReason, Endpoint, Header, Transport};
use crate::units::SimTime;

/// What packets of one mapping have in common: the inside endpoint, and what of the destination matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    inside: Endpoint,
    // Zero where nothing of it does.
    destination: Endpoint,
}

impl Key {
    fn of(mapping: Mapping, header: &Header) -> Self {
        let destination = match mapping {
            Mapping::EndpointIndependent => SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, 0),
            Mapping::AddressDependent => SocketAddrV4::new(*header.destination.ip(), 0),
            Mapping::AddressAndPortDependent => header.destination,
        };
        let endpoint = |address| Endpoint::new(header.transport, address);
        Self { inside: endpoint(header.source), destination: endpoint(destination) }
    }
}

/// One mapping.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) inside: SocketAddrV4,
    pub(super) expires: SimTime,
    /// Whom the inside address has sent to through this mapping.
    pub(super) contacts: Contacts,
    key: Key,
}

/// All mappings of a box. No two that live share a port.
#[derive(Clone, Debug, Default)]
pub(super) struct Table {
    ports: BTreeMap<Key, u16>,
    entries: BTreeMap<(Transport, u16), Entry>,
    // Ports on which a remote has reached an inside address other than by the mapping for it: what
    // the inside address answers goes out the way the packet came in.
    // By inside endpoint and remote.
    sessions: BTreeMap<[Endpoint; 2], (Transport, u16)>,
    sessions_tidied: usize,
}

impl Table {
    /// The port that a packet from inside leaves with: its mapping's, or a new one's that `choose`
    /// finds among the free ports.
    pub(super) fn outbound(
        &mut self,
        mapping: Mapping,
        now: SimTime,
        header: &Header,
        choose: impl FnOnce(&dyn Fn(u16) -> bool) -> Option<u16>,
    ) -> Result<(u16, &mut Entry), DropReason> {
        let transport = header.transport;
        let key = Key::of(mapping, header);
        let flow = [header.source, header.destination].map(|end| Endpoint::new(transport, end));
        let session = self.sessions.get(&flow).map(|&(_, port)| port);
        let session = session.filter(|&port| self.is_of(transport, port, header.source, now));
        let known = self.ports.get(&key).copied().filter(|&port| self.is_of(transport, port, header.source, now));
        let port = match session.or(known) {
            Some(port) => port,
            None => {
                self.forget(transport, key);
                let is_free = |port: u16| self.live(transport, port, now).is_none();
                let port = choose(&is_free).ok_or(DropReason::NoPort)?;
                self.begin(key, header, port, now);
                port
            }
        };
        let entry = self.entries.get_mut(&(transport, port)).expect("invariant: the port has a mapping");
        Ok((port, entry))
    }

    /// A packet from outside was let in on `port`: remembers which way an answer goes.
    pub(super) fn let_in(&mut self, mapping: Mapping, now: SimTime, header: &Header, inside: SocketAddrV4) {
        let Header { transport, source: remote, destination } = *header;
        let key = Key::of(mapping, &Header { transport, source: inside, destination: remote });
        let port = destination.port();
        let flow = [inside, remote].map(|end| Endpoint::new(transport, end));
        if self.ports.get(&key) == Some(&port) {
            self.sessions.remove(&flow);
        } else {
            if self.sessions.len() > 2 * self.sessions_tidied.max(32) {
                let entries = &self.entries;
                let live = |transport, port| entries.get(&(transport, port)).is_some_and(|entry| entry.expires > now);
                self.sessions.retain(|_, (transport, port)| live(*transport, *port));
                self.sessions_tidied = self.sessions.len();
            }
            self.sessions.insert(flow, (transport, port));
        }
    }

    /// The live mapping of a port.
    pub(super) fn inbound(&mut self, now: SimTime, transport: Transport, port: u16) -> Option<&mut Entry> {
        self.entries.get_mut(&(transport, port)).filter(|entry| entry.expires > now)
    }

    /// The inside address that a port was last mapped to.
    pub(super) fn inside_of(&self, transport: Transport, port: u16) -> Option<SocketAddrV4> {
        self.entries.get(&(transport, port)).map(|entry| entry.inside)
    }

    fn live(&self, transport: Transport, port: u16, now: SimTime) -> Option<&Entry> {
        self.entries.get(&(transport, port)).filter(|entry| entry.expires > now)
    }

    // Whether a port has a live mapping of this inside address.
    fn is_of(&self, transport: Transport, port: u16, inside: SocketAddrV4, now: SimTime) -> bool {
        self.live(transport, port, now).is_some_and(|entry| entry.inside == inside)
    }

    // Takes the place of whatever expired mapping had the port.
    fn begin(&mut self, key: Key, header: &Header, port: u16, now: SimTime) {
        let entry = Entry { inside: header.source, expires: now, contacts: Contacts::default(), key };
        if let Some(expired) = self.entries.insert((header.transport, port), entry) {
            self.ports.remove(&expired.key);
        }
        self.ports.insert(key, port);
    }

    fn forget(&mut self, transport: Transport, key: Key) {
        if let Some(port) = self.ports.remove(&key) {
            self.entries.remove(&(transport, port));
        }
    }
}
