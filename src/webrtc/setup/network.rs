//! The network of a set-up: two ends behind their boxes, the servers, and the ways between them.
//!
//! Both ends' STUN and TURN servers have one address, which is all that boxes see of them; which
//! way a packet takes follows from whose allocation it belongs to. What boxes remember expires by
//! the time of the [`Stamp`] alone, without a comparison being noted: a set-up is shorter than
//! mappings live.

use std::net::{Ipv4Addr, SocketAddrV4};

use super::outcome::Datagrams;
use super::spec::{Ipv6, Losses, PairSetup, Relation};
use crate::net::{Header, HostId, Internet, MiddleboxSpec, RealmId, Transit, Transport};
use crate::rng::{Domain, Seed, Streams};
use crate::webrtc::stamp::{Leg, Stamp};

/// Who sends or receives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Party {
    /// The offerer, 0, or the answerer, 1.
    End(usize),
    /// A server.
    Server,
}

/// A packet that has left its sender's boxes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Launched {
    pub(super) transit: Transit,
    /// The way it takes.
    pub(super) leg: Leg,
    /// Whether the sender's link loses it.
    pub(super) lost: bool,
    /// Whether it stays in one local network.
    pub(super) local: bool,
}

/// Where STUN and TURN servers listen, over UDP and TCP (RFC 8656, section 3.1).
pub(super) const SERVER_PORT: u16 = 3_478;
/// Where they listen for TLS: the port that networks leave open.
pub(super) const TLS_PORT: u16 = 443;
/// The first port of relayed addresses; each allocation has the next one (RFC 8656, section 7.2).
pub(super) const RELAY_PORTS: u16 = 49_152;

#[derive(Debug)]
pub(super) struct Network {
    internet: Internet,
    // The IPv4 and the IPv6 host of each end.
    hosts: [[Option<HostId>; 2]; 2],
    server: HostId,
    // Who each host is.
    parties: Vec<Party>,
    // Whose each allocation is, by its port.
    owners: Vec<usize>,
    // Whether both ends are in one local network.
    one_lan: bool,
    losses: Losses,
    datagrams: [Datagrams; 2],
}

impl Network {
    pub(super) fn new(setup: &PairSetup, losses: &Losses) -> Self {
        let mut builder = Builder { internet: Internet::new(), streams: Streams::new(Seed(1)) };
        let [offerer, answerer] = &setup.ends;
        let shared = match setup.relation {
            Relation::Apart => 0,
            Relation::SameCarrier => 1,
            Relation::SameLan | Relation::SameLanNoMulticast => offerer.boxes.len(),
        };
        let own = offerer.boxes.len() - shared.min(offerer.boxes.len());
        let common = builder.realm(Internet::PUBLIC, &offerer.boxes[own..], 2);
        let same_lan = matches!(setup.relation, Relation::SameLan | Relation::SameLanNoMulticast);
        let first = builder.realm(common, &offerer.boxes[..own], 0);
        let second = match setup.relation {
            _ if same_lan => common,
            _ => builder.realm(common, &answerer.boxes[..answerer.boxes.len().saturating_sub(shared)], 1),
        };
        let v4 = [first, second].map(|realm| builder.internet.add_host(realm));
        let mut v6_realm = None;
        let v6 = [0, 1].map(|end| {
            (setup.ends[end].ipv6 == Ipv6::Firewalled).then(|| {
                let known = v6_realm.filter(|_| same_lan);
                let realm = known
                    .unwrap_or_else(|| builder.realm(Internet::PUBLIC, &[MiddleboxSpec::Firewall], 3 + end as u64));
                v6_realm = Some(realm);
                builder.internet.add_host(realm)
            })
        });
        let server = builder.internet.add_host(Internet::PUBLIC);
        let hosts = [0, 1].map(|end| [Some(v4[end]), v6[end]]);
        let mut parties = vec![Party::Server; server.index() + 1];
        for (end, host) in
            hosts.iter().enumerate().flat_map(|(end, hosts)| hosts.iter().flatten().map(move |host| (end, host)))
        {
            parties[host.index()] = Party::End(end);
        }
        Self {
            internet: builder.internet,
            hosts,
            server,
            parties,
            owners: Vec::new(),
            one_lan: same_lan,
            losses: losses.clone(),
            datagrams: [Datagrams::default(); 2],
        }
    }

    /// The IPv4 address of an end, as it knows it.
    pub(super) fn address(&self, end: usize) -> Option<Ipv4Addr> {
        self.hosts[end][0].map(|host| self.internet.address(host))
    }

    /// The IPv6 address of an end, if it has one.
    pub(super) fn address_v6(&self, end: usize) -> Option<Ipv4Addr> {
        self.hosts[end][1].map(|host| self.internet.address(host))
    }

    pub(super) fn server(&self) -> Ipv4Addr {
        self.internet.address(self.server)
    }

    pub(super) const fn datagrams(&self) -> [Datagrams; 2] {
        self.datagrams
    }

    /// Notes whose the next allocation is.
    pub(super) fn allocate(&mut self, owner: usize) -> SocketAddrV4 {
        let port = RELAY_PORTS + self.owners.len() as u16;
        self.owners.push(owner);
        SocketAddrV4::new(self.server(), port)
    }

    /// Whose allocation an address is.
    pub(super) fn owner(&self, address: SocketAddrV4) -> Option<usize> {
        let number = address.port().checked_sub(RELAY_PORTS).filter(|_| *address.ip() == self.server())?;
        self.owners.get(usize::from(number)).copied()
    }

    /// A party sends: what leaves its boxes, if anything does.
    #[inline]
    pub(super) fn send(&mut self, now: Stamp, from: Party, header: Header) -> Option<Launched> {
        let host = match from {
            Party::Server => self.server,
            Party::End(end) => {
                let [v4, v6] = self.hosts[end];
                v6.filter(|&host| self.internet.address(host) == *header.source.ip()).or(v4)?
            }
        };
        let transit = self.internet.send(now.time(), host, header).ok()?;
        let mut lost = false;
        if let Party::End(end) = from
            && header.transport == Transport::Udp
        {
            let number = self.datagrams[end].up;
            self.datagrams[end].up += 1;
            lost = self.losses.up[end].contains(&number);
        }
        let to = self.internet.heads_for(&transit).map_or(from, |host| self.party(host));
        let local = self.one_lan && matches!((from, to), (Party::End(_), Party::End(_)));
        Some(Launched { transit, leg: self.leg(from, to, header), lost, local })
    }

    /// A packet comes to the far end's boxes: whom it reaches, with which addresses, and whether it is lost on the
    /// way from there.
    #[inline]
    pub(super) fn arrive(&mut self, now: Stamp, transit: Transit) -> Option<(Party, Header, bool)> {
        let (host, header) = self.internet.deliver(now.time(), transit).ok()?;
        let party = self.party(host);
        let mut lost = false;
        if let Party::End(end) = party
            && header.transport == Transport::Udp
        {
            let number = self.datagrams[end].down;
            self.datagrams[end].down += 1;
            lost = self.losses.down[end].contains(&number);
        }
        Some((party, header, lost))
    }

    fn party(&self, host: HostId) -> Party {
        self.parties[host.index()]
    }

    fn leg(&self, from: Party, to: Party, header: Header) -> Leg {
        match (from, to) {
            (Party::End(_), Party::End(_)) => Leg::Direct,
            (Party::Server, Party::Server) => Leg::BetweenServers,
            (Party::End(end), Party::Server) => to_server(end, self.owner(header.destination).unwrap_or(end)),
            (Party::Server, Party::End(end)) => to_server(end, self.owner(header.source).unwrap_or(end)),
        }
    }
}

const fn to_server(end: usize, owner: usize) -> Leg {
    match (end, owner) {
        (0, 0) => Leg::OffererToOwn,
        (0, _) => Leg::OffererToOther,
        (_, 1) => Leg::AnswererToOwn,
        (_, _) => Leg::AnswererToOther,
    }
}

struct Builder {
    internet: Internet,
    streams: Streams,
}

impl Builder {
    // The realm behind a chain of boxes, given from inside to outside.
    fn realm(&mut self, outside: RealmId, boxes: &[MiddleboxSpec], chain: u64) -> RealmId {
        boxes.iter().rev().zip(0..).fold(outside, |outside, (spec, depth)| {
            let stream = self.streams.stream(Domain::NatPort, chain << 8 | depth);
            self.internet.add_realm(outside, spec, stream)
        })
    }
}
