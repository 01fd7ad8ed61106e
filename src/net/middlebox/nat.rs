//! A network address translator: mapping, filtering, port allocation and hairpinning together.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddrV4};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::filtering::Contacts;
use super::mapping::Table;
use super::passage::Passage;
use super::ports::{Allocator, PortAllocation};
use crate::net::nat::{Filtering, Mapping};
use crate::net::packet::{DropReason, Endpoint, Header};
use crate::rng::Stream;
use crate::units::{SimDuration, SimTime};

/// How a translator behaves (RFC 4787).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NatSpec {
    /// Which packets share an outside port.
    pub mapping: Mapping,
    /// Who may send to it.
    pub filtering: Filtering,
    /// Which port that is.
    pub ports: PortAllocation,
    /// Whether packets to its own outside address come back in, with the sender's outside address
    /// as their source (REQ-9) and without filtering.
    pub hairpin: bool,
    /// How long a mapping lives without traffic.
    pub lifetime: SimDuration,
    /// Which traffic keeps it alive.
    pub refresh: Refresh,
}

/// Which traffic keeps a mapping alive (RFC 4787, REQ-6).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Refresh {
    /// Packets from inside, as every translator must.
    #[default]
    Outbound,
    /// Packets from inside and those let in from outside.
    Both,
}

impl NatSpec {
    /// The shortest that RFC 4787 allows (REQ-5).
    pub const LIFETIME_DEFAULT: SimDuration = SimDuration::from_secs(120);

    /// A translator of this mapping and filtering: without hairpinning, refreshed by packets from
    /// inside, and preserving ports if its mapping does not depend on the destination, else choosing
    /// them at random.
    #[must_use]
    pub fn new(mapping: Mapping, filtering: Filtering) -> Self {
        let ports = match mapping {
            Mapping::EndpointIndependent => PortAllocation::Preserving,
            Mapping::AddressDependent | Mapping::AddressAndPortDependent => PortAllocation::Random,
        };
        Self { mapping, filtering, ports, hairpin: false, lifetime: Self::LIFETIME_DEFAULT, refresh: Refresh::Outbound }
    }
}

/// A translator with its mappings.
#[derive(Clone, Debug)]
pub struct NatBox {
    spec: NatSpec,
    outside: Ipv4Addr,
    table: Table,
    // Whom each inside address has sent to, through any mapping; for filters by address only.
    contacts: BTreeMap<Endpoint, Contacts>,
    allocator: Allocator,
}

impl NatBox {
    pub(super) fn new(spec: NatSpec, outside: Ipv4Addr, stream: Stream) -> Self {
        let allocator = Allocator::new(spec.ports, stream);
        Self { spec, outside, table: Table::default(), contacts: BTreeMap::new(), allocator }
    }

    pub(super) fn outbound(&mut self, now: SimTime, header: Header) -> Result<Passage, DropReason> {
        let turns = *header.destination.ip() == self.outside;
        if turns && !self.spec.hairpin {
            return Err(DropReason::NoHairpin);
        }
        let expires = now + self.spec.lifetime;
        let choose = |is_free: &dyn Fn(u16) -> bool| self.allocator.choose(header.source.port(), is_free);
        let (port, entry) = self.table.outbound(self.spec.mapping, now, &header, choose)?;
        entry.expires = expires;
        match self.spec.filtering {
            Filtering::EndpointIndependent => {}
            Filtering::AddressDependent => {
                let contacts = self.contacts.entry(Endpoint::new(header.transport, header.source)).or_default();
                contacts.note(now, header.destination, expires);
            }
            Filtering::AddressAndPortDependent => entry.contacts.note(now, header.destination, expires),
        }
        let translated = Header { source: SocketAddrV4::new(self.outside, port), ..header };
        if !turns {
            return Ok(Passage::Out(translated));
        }
        let to = self.table.inbound(now, header.transport, header.destination.port()).ok_or(DropReason::NoMapping)?;
        let inside = to.inside;
        self.table.let_in(self.spec.mapping, now, &translated, inside);
        Ok(Passage::Hairpin(Header { destination: inside, ..translated }))
    }

    pub(super) fn inbound(&mut self, now: SimTime, header: Header) -> Result<Header, DropReason> {
        let (port, remote) = (header.destination.port(), header.source);
        let entry = self.table.inbound(now, header.transport, port).ok_or(DropReason::NoMapping)?;
        let inside = entry.inside;
        let contacts = match self.spec.filtering {
            Filtering::EndpointIndependent => None,
            Filtering::AddressDependent => {
                Some(self.contacts.entry(Endpoint::new(header.transport, inside)).or_default())
            }
            Filtering::AddressAndPortDependent => Some(&mut entry.contacts),
        };
        if contacts.as_ref().is_some_and(|contacts| !contacts.admits(self.spec.filtering, now, remote)) {
            return Err(DropReason::Filtered);
        }
        if self.spec.refresh == Refresh::Both {
            entry.expires = now + self.spec.lifetime;
            if let Some(contacts) = contacts {
                contacts.refresh(remote, now + self.spec.lifetime);
            }
        }
        self.table.let_in(self.spec.mapping, now, &header, inside);
        Ok(Header { destination: inside, ..header })
    }

    pub(super) fn inside_of(&self, header: &Header) -> Option<SocketAddrV4> {
        self.table.inside_of(header.transport, header.destination.port())
    }
}
