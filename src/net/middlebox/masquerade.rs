//! Linux masquerading: connection tracking by flow, not mappings by endpoint.
//!
//! A flow keeps its source port unless another flow already uses the same reply tuple. Flows to
//! different destinations so share a port (port overloading), and as long as no two inside hosts
//! contend for one, the box looks endpoint-independent; it filters by address and port.
//!
//! Where the input chain does not drop unsolicited packets, one that arrives before the inside
//! host has sent is tracked as a flow to the box itself. The inside host's own packet to that peer
//! would need the same tuple and gets another port, so that both sides miss each other: hole
//! punching between two such boxes fails though theory says it works.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddrV4};

use super::ports::{Allocator, PortAllocation};
use crate::net::packet::{DropReason, Endpoint, Header};
use crate::rng::Stream;
use crate::units::{SimDuration, SimTime};

/// Linux masquerading with its connection tracking.
#[derive(Clone, Debug)]
pub struct Masquerade {
    outside: Ipv4Addr,
    input_drop: bool,
    allocator: Allocator,
    // Tracked flows by what identifies their packets from outside: remote and outside port.
    flows: BTreeMap<(Endpoint, u16), Flow>,
    // Outside ports of flows from inside, by inside address and remote.
    ports: BTreeMap<[Endpoint; 2], u16>,
}

#[derive(Clone, Copy, Debug)]
struct Flow {
    // `None` for the box itself.
    inside: Option<SocketAddrV4>,
    expires: SimTime,
    answered: bool,
}

/// A flow seen in one direction only (`nf_conntrack_udp_timeout`).
const UNREPLIED: SimDuration = SimDuration::from_secs(30);
/// A flow seen in both (`nf_conntrack_udp_timeout_stream`).
const STREAM: SimDuration = SimDuration::from_secs(120);

impl Masquerade {
    pub(super) fn new(outside: Ipv4Addr, input_drop: bool, stream: Stream) -> Self {
        let allocator = Allocator::new(PortAllocation::Preserving, stream);
        Self { outside, input_drop, allocator, flows: BTreeMap::new(), ports: BTreeMap::new() }
    }

    pub(super) fn outbound(&mut self, now: SimTime, header: Header) -> Result<Header, DropReason> {
        let Header { transport, source, destination } = header;
        if *destination.ip() == self.outside {
            return Err(DropReason::NoHairpin);
        }
        let flows = &self.flows;
        let [inside, remote] = [source, destination].map(|end| Endpoint::new(transport, end));
        let live = |port: u16| flows.get(&(remote, port)).is_some_and(|flow| flow.expires > now);
        let owned = |port: u16| flows.get(&(remote, port)).is_some_and(|flow| flow.inside == Some(source));
        let known = self.ports.get(&[inside, remote]).copied();
        let port = match known.filter(|&port| live(port) && owned(port)) {
            Some(port) => port,
            None => self.allocator.choose(source.port(), &|port| !live(port)).ok_or(DropReason::NoPort)?,
        };
        self.ports.insert([inside, remote], port);
        let fresh = Flow { inside: Some(source), expires: now, answered: false };
        let flow = self.flows.entry((remote, port)).or_insert(fresh);
        if flow.expires <= now {
            *flow = fresh;
        }
        flow.expires = flow.expires.max(now + if flow.answered { STREAM } else { UNREPLIED });
        Ok(Header { source: SocketAddrV4::new(self.outside, port), ..header })
    }

    pub(super) fn inbound(&mut self, now: SimTime, header: Header) -> Result<Header, DropReason> {
        let key = key_of(&header);
        match self.flows.get_mut(&key).filter(|flow| flow.expires > now) {
            Some(Flow { inside: Some(inside), expires, answered }) => {
                (*expires, *answered) = (now + STREAM, true);
                Ok(Header { destination: *inside, ..header })
            }
            Some(local) => {
                local.expires = now + UNREPLIED;
                Err(DropReason::NoMapping)
            }
            None if self.input_drop => Err(DropReason::Filtered),
            None => {
                self.flows.insert(key, Flow { inside: None, expires: now + UNREPLIED, answered: false });
                Err(DropReason::NoMapping)
            }
        }
    }

    pub(super) fn inside_of(&self, header: &Header) -> Option<SocketAddrV4> {
        self.flows.get(&key_of(header))?.inside
    }
}

// What identifies the flow of a packet from outside.
fn key_of(header: &Header) -> (Endpoint, u16) {
    (Endpoint::new(header.transport, header.source), header.destination.port())
}
