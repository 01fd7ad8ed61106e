//! The simulated network under the stack: hosts behind their boxes and access links, and the paths
//! between them.
//!
//! A datagram is translated by the sender's boxes when it leaves, waits for the sender's uplink,
//! propagates, is translated by the receiver's boxes, and waits for the receiver's downlink. Within a
//! local network it waits for both, but meets neither's losses and delay.

use std::collections::BTreeMap;
use std::fmt;
use std::net::{Ipv4Addr, SocketAddrV4};

use super::turn_server::Datagram;
use crate::net::{
    DropReason, Header, HostId, Internet, LinkDrop, MiddleboxSpec, PacketLink, PacketLinkSpec, RealmId, Transit,
    Transport,
};
use crate::rng::{Domain, Streams};
use crate::units::{ByteCount, SimDuration, SimTime};

/// How long packets and signaling messages take between nodes.
pub trait Paths: Send {
    /// One-way delay of a packet between the access links of two nodes.
    fn delay(&self, from: u32, to: u32) -> SimDuration;

    /// Delay of a signaling message, by way of the signaling server.
    fn signaling(&self, from: u32, to: u32) -> SimDuration;
}

/// How a node is attached to the network.
#[derive(Clone, Debug, Default)]
pub struct NodeSpec {
    /// The boxes in front of it, from inside to outside.
    pub boxes: Vec<MiddleboxSpec>,
    /// The number of its local network: nodes of one share all their boxes, those of the first.
    pub lan: Option<u32>,
    /// The number of its carrier-grade NAT: nodes behind one share their outermost box.
    pub carrier_nat: Option<u32>,
    /// From the node to the network.
    pub up: PacketLinkSpec,
    /// From the network to the node.
    pub down: PacketLinkSpec,
    /// Which of the datagrams that it sends are lost on its uplink, whatever the link itself loses;
    /// counted from 0, rising.
    pub lost: Vec<u32>,
}

/// All nodes and what lies between them.
pub(super) struct Network {
    internet: Internet,
    nodes: Vec<Attachment>,
    // By host.
    node_of: Vec<u32>,
    // Realms by the number of the local network, and of the carrier-grade NAT.
    lans: BTreeMap<u32, RealmId>,
    carriers: BTreeMap<u32, RealmId>,
    paths: Box<dyn Paths>,
    streams: Streams,
}

/// A datagram on its way between the boxes of two nodes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Launched {
    transit: Transit,
    // Whether it stays in one local network.
    local: bool,
}

struct Attachment {
    host: HostId,
    lan: Option<u32>,
    up: PacketLink,
    down: PacketLink,
    lost: Vec<u32>,
    sent: u32,
    sent_bytes: u64,
    turned_away_bytes: u64,
    received_bytes: u64,
}

impl Attachment {
    // Whether the next datagram is one that is to be lost.
    fn loses_next(&mut self) -> bool {
        self.sent += 1;
        self.lost.binary_search(&(self.sent - 1)).is_ok()
    }
}

/// Why a datagram did not arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// A box or the lack of a route.
    Box(DropReason),
    /// A link.
    Link(LinkDrop),
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Box(DropReason::Filtered) => "filtered by a box",
            Self::Box(DropReason::NoMapping) => "no mapping in a box",
            Self::Box(DropReason::NoHairpin) => "the box does not hairpin",
            Self::Box(DropReason::NoPort) => "the box is out of ports",
            Self::Box(DropReason::Blocked) => "blocked by policy",
            Self::Box(DropReason::NoRoute) => "no route to that address",
            Self::Link(LinkDrop::BufferFull) => "the link's buffer is full",
            Self::Link(LinkDrop::Lost) => "lost on the link",
        })
    }
}

/// IPv4 (20) and UDP (8) headers.
pub(super) const HEADER_BYTES: u64 = 28;

impl Network {
    pub(super) fn new(paths: Box<dyn Paths>, streams: Streams) -> Self {
        Self {
            internet: Internet::new(),
            nodes: Vec::new(),
            node_of: Vec::new(),
            lans: BTreeMap::new(),
            carriers: BTreeMap::new(),
            paths,
            streams,
        }
    }

    /// Adds a node and returns its number.
    pub(super) fn add(&mut self, spec: &NodeSpec) -> u32 {
        let node = self.nodes.len() as u64;
        let realm = self.realm_of(node, spec);
        let host = self.internet.add_host(realm);
        let link = |spec, direction: u64| {
            PacketLink::new(spec, self.streams.stream(Domain::PacketLink, node << 1 | direction))
        };
        let attachment = Attachment {
            host,
            lan: spec.lan,
            up: link(spec.up, 0),
            down: link(spec.down, 1),
            lost: spec.lost.clone(),
            sent: 0,
            sent_bytes: 0,
            turned_away_bytes: 0,
            received_bytes: 0,
        };
        self.nodes.push(attachment);
        self.node_of.push(node as u32);
        node as u32
    }

    // The realm of a node: that of its local network if it is known, else behind boxes of its own,
    // of which the outermost may stand there already.
    fn realm_of(&mut self, node: u64, spec: &NodeSpec) -> RealmId {
        if let Some(&realm) = spec.lan.and_then(|lan| self.lans.get(&lan)) {
            return realm;
        }
        let mut realm = Internet::PUBLIC;
        for (depth, part) in (0..).zip(spec.boxes.iter().rev()) {
            let carrier = spec.carrier_nat.filter(|_| depth == 0);
            if let Some(&shared) = carrier.and_then(|number| self.carriers.get(&number)) {
                realm = shared;
                continue;
            }
            let stream = self.streams.stream(Domain::NatPort, node << 8 | depth);
            realm = self.internet.add_realm(realm, part, stream);
            if let Some(number) = carrier {
                self.carriers.insert(number, realm);
            }
        }
        if let Some(lan) = spec.lan {
            self.lans.insert(lan, realm);
        }
        realm
    }

    fn same_lan(&self, a: u32, b: u32) -> bool {
        let lan = |node: u32| self.nodes[node as usize].lan;
        lan(a).is_some() && lan(a) == lan(b)
    }

    /// The address of a node as it knows it.
    pub(super) fn address(&self, node: u32) -> Ipv4Addr {
        self.internet.address(self.nodes[node as usize].host)
    }

    /// Bytes that a node has put on its uplink, headers included.
    pub(super) fn sent_bytes(&self, node: u32) -> u64 {
        self.nodes[node as usize].sent_bytes
    }

    /// Bytes that a node's uplink had no room for, headers included.
    pub(super) fn turned_away_bytes(&self, node: u32) -> u64 {
        self.nodes[node as usize].turned_away_bytes
    }

    /// Bytes that have come to a node's downlink, headers included, whether or not its buffer took them.
    pub(super) fn received_bytes(&self, node: u32) -> u64 {
        self.nodes[node as usize].received_bytes
    }

    /// A node signals to another: when the message comes to the other's downlink. The service is reached over TCP, which
    /// repairs losses; a full buffer lets it wait.
    pub(super) fn signal(&mut self, now: SimTime, from: u32, to: u32, size: ByteCount) -> SimTime {
        let links = self.nodes[from as usize].up.delay() + self.nodes[to as usize].down.delay();
        let between = self.paths.signaling(from, to).as_ns().saturating_sub(links.as_ns());
        let up = &mut self.nodes[from as usize].up;
        let left = up.send_reliably(now, size).unwrap_or_else(|_| now + up.delay());
        left + SimDuration::from_ns(between)
    }

    /// A signaling message comes to a node's downlink: when it is through.
    pub(super) fn hear(&mut self, now: SimTime, to: u32, size: ByteCount) -> SimTime {
        let down = &mut self.nodes[to as usize].down;
        down.send_reliably(now, size).unwrap_or_else(|_| now + down.delay())
    }

    /// A node sends: when the datagram comes to the far end's boxes, if it does.
    pub(super) fn send(&mut self, now: SimTime, from: u32, datagram: &Datagram) -> Result<(SimTime, Launched), Loss> {
        let size = wire_size(datagram);
        let header = Header { transport: Transport::Udp, source: datagram.source, destination: datagram.destination };
        let transit = self.internet.send(now, self.nodes[from as usize].host, header).map_err(Loss::Box)?;
        let to = self.internet.heads_for(&transit).map_or(from, |host| self.node_of[host.index()]);
        let local = self.same_lan(from, to);
        let node = &mut self.nodes[from as usize];
        let left = if local { node.up.serialise(now, size) } else { node.up.send(now, size) };
        // What the buffer turned away was never on the link; what is lost was.
        let count = if left == Err(LinkDrop::BufferFull) { &mut node.turned_away_bytes } else { &mut node.sent_bytes };
        *count += size.get();
        let left = if node.loses_next() { Err(LinkDrop::Lost) } else { left }.map_err(Loss::Link)?;
        Ok((left + self.paths.delay(from, to), Launched { transit, local }))
    }

    /// A datagram comes to the far end's boxes: which node it reaches, from where as that node sees
    /// it, and when it is through the downlink.
    pub(super) fn arrive(
        &mut self,
        now: SimTime,
        launched: Launched,
        size: ByteCount,
    ) -> Result<(SimTime, u32, SocketAddrV4, SocketAddrV4), Loss> {
        let (host, header) = self.internet.deliver(now, launched.transit).map_err(Loss::Box)?;
        let node = self.node_of[host.index()];
        self.nodes[node as usize].received_bytes += size.get();
        let down = &mut self.nodes[node as usize].down;
        let received = if launched.local { down.serialise(now, size) } else { down.send(now, size) };
        Ok((received.map_err(Loss::Link)?, node, header.source, header.destination))
    }
}

/// A datagram's size on a link.
pub(super) fn wire_size(datagram: &Datagram) -> ByteCount {
    ByteCount::new(datagram.payload.len() as u64 + HEADER_BYTES)
}
