//! Behaviour discovery in the way of RFC 5780: a server with two addresses and two ports each.

use std::net::SocketAddrV4;

use peerscape::net::{
    Filtering, HostId, MIDDLEBOX_PRESETS, Mapping, MiddleboxSpec, Nat, NatSpec, PortAllocation, Refresh, overall_nat,
};
use peerscape::units::SimDuration;

use super::support::{FILTERINGS, MAPPINGS, Net};

/// What a client finds out about the boxes before it.
#[derive(Debug, PartialEq, Eq)]
struct Found {
    mapping: Mapping,
    filtering: Filtering,
    hairpin: bool,
    preserves_port: bool,
}

const PORT: u16 = 3_478;
const OTHER_PORT: u16 = 3_479;

struct Lab {
    net: Net,
    client: HostId,
    servers: [HostId; 2],
    next_socket: u16,
}

impl Lab {
    fn new(boxes: &[MiddleboxSpec]) -> Self {
        let mut net = Net::new();
        let servers = [net.host(&[]), net.host(&[])];
        let client = net.host(boxes);
        Self { net, client, servers, next_socket: 20_000 }
    }

    /// A new local port: what one test leaves in the boxes must not disturb the next.
    fn socket(&mut self) -> u16 {
        self.next_socket += 7;
        self.next_socket
    }

    fn server(&self, host: usize, port: u16) -> SocketAddrV4 {
        self.net.at(self.servers[host], port)
    }

    /// Section 4.3: where do packets to other addresses and ports seem to come from?
    fn mapping(&mut self) -> Option<Mapping> {
        let socket = self.socket();
        let [first, other_host, other_port] =
            [(0, PORT), (1, PORT), (1, OTHER_PORT)].map(|(host, port)| self.server(host, port));
        let [a, b, c] = [first, other_host, other_port].map(|to| self.net.seen(self.client, socket, to));
        Some(match (a? == b?, b? == c?) {
            (true, _) => Mapping::EndpointIndependent,
            (false, true) => Mapping::AddressDependent,
            (false, false) => Mapping::AddressAndPortDependent,
        })
    }

    /// Section 4.4: does an answer from another address, or from another port, come through?
    fn filtering(&mut self) -> Option<Filtering> {
        let mut answered = |host: usize, port: u16| {
            let socket = self.socket();
            let to = self.server(0, PORT);
            let outside = self.net.seen(self.client, socket, to)?;
            Some(self.net.send(self.servers[host], port, outside).is_ok())
        };
        Some(match (answered(1, OTHER_PORT)?, answered(0, OTHER_PORT)?) {
            (true, _) => Filtering::EndpointIndependent,
            (false, true) => Filtering::AddressDependent,
            (false, false) => Filtering::AddressAndPortDependent,
        })
    }

    /// Section 4.5: does a packet to one's own outside address come back, from an outside address?
    fn hairpin(&mut self) -> Option<bool> {
        let (a, b) = (self.socket(), self.socket());
        let to = self.server(0, PORT);
        let outside = self.net.seen(self.client, a, to)?;
        let Ok((host, header)) = self.net.send(self.client, b, outside) else { return Some(false) };
        assert_eq!((host, header.destination.port()), (self.client, a));
        assert_eq!(header.source.ip(), outside.ip(), "RFC 4787, REQ-9");
        Some(true)
    }

    fn preserves_port(&mut self) -> Option<bool> {
        let socket = self.socket();
        let to = self.server(0, PORT);
        Some(self.net.seen(self.client, socket, to)?.port() == socket)
    }

    fn found(&mut self) -> Option<Found> {
        Some(Found {
            mapping: self.mapping()?,
            filtering: self.filtering()?,
            hairpin: self.hairpin()?,
            preserves_port: self.preserves_port()?,
        })
    }

    /// Section 4.6: the longest silence, in whole seconds below a limit, after which the outside port
    /// still answers; the halves of the interval are tried with a new socket each.
    fn lifetime_s(&mut self, keep: impl Fn(&mut Self, u16, SocketAddrV4)) -> u64 {
        let (mut holds, mut breaks) = (0, 1_000);
        while breaks - holds > 1 {
            let middle = (holds + breaks) / 2;
            let socket = self.socket();
            let to = self.server(0, PORT);
            let outside = self.net.seen(self.client, socket, to).expect("it gets out");
            keep(self, socket, outside);
            self.net.wait(SimDuration::from_secs(middle));
            if self.net.send(self.servers[0], PORT, outside).is_ok() {
                holds = middle;
            } else {
                breaks = middle;
            }
        }
        holds
    }
}

#[test]
fn every_translator_is_found_to_be_what_it_was_built_as() {
    let allocations = [PortAllocation::Preserving, PortAllocation::Sequential, PortAllocation::Random];
    for mapping in MAPPINGS {
        for filtering in FILTERINGS {
            for ports in allocations {
                for hairpin in [false, true] {
                    let spec = NatSpec { ports, hairpin, ..NatSpec::new(mapping, filtering) };
                    let found = Lab::new(&[MiddleboxSpec::Nat(spec)]).found();
                    let preserves_port = ports == PortAllocation::Preserving;
                    assert_eq!(found, Some(Found { mapping, filtering, hairpin, preserves_port }), "{spec:?}");
                }
            }
        }
    }
}

#[test]
fn named_boxes_look_as_their_overall_kind_says() {
    for preset in MIDDLEBOX_PRESETS {
        let boxes = (preset.make)();
        let mut lab = Lab::new(&boxes);
        match overall_nat(&boxes) {
            Nat::UdpBlocked => assert_eq!(lab.found(), None, "{}", preset.name),
            Nat::Public => {
                let found = lab.found().expect("it gets out");
                assert_eq!(found.filtering, Filtering::EndpointIndependent, "{}", preset.name);
                assert!(found.preserves_port, "{}", preset.name);
            }
            Nat::Nat(mapping, filtering) => {
                let found = lab.found().expect("it gets out");
                assert_eq!((found.mapping, found.filtering), (mapping, filtering), "{}", preset.name);
            }
        }
    }
}

#[test]
fn a_mapping_lives_as_long_as_it_was_told() {
    for lifetime_s in [30, 120, 299] {
        let spec = NatSpec {
            lifetime: SimDuration::from_secs(lifetime_s),
            ..NatSpec::new(Mapping::EndpointIndependent, Filtering::EndpointIndependent)
        };
        let found = Lab::new(&[MiddleboxSpec::Nat(spec)]).lifetime_s(|_, _, _| {});
        // At the very second of its end it is over.
        assert_eq!(found, lifetime_s - 1);
    }
}

#[test]
fn only_a_box_that_refreshes_both_ways_is_kept_open_from_outside() {
    let found = |refresh| {
        let spec = NatSpec {
            refresh,
            lifetime: SimDuration::from_secs(60),
            ..NatSpec::new(Mapping::EndpointIndependent, Filtering::AddressAndPortDependent)
        };
        // The server sends once more after half of the life.
        Lab::new(&[MiddleboxSpec::Nat(spec)]).lifetime_s(|lab, _, outside| {
            lab.net.wait(SimDuration::from_secs(30));
            lab.net.send(lab.servers[0], PORT, outside).expect("still open");
        })
    };
    assert_eq!(found(Refresh::Outbound), 29);
    assert_eq!(found(Refresh::Both), 59);
}

#[test]
fn masquerading_shares_a_port_between_flows_and_moves_the_second_that_wants_it() {
    let mut net = Net::new();
    let servers = [net.host(&[]), net.host(&[])];
    let lan = net.realm(peerscape::net::Internet::PUBLIC, &MiddleboxSpec::Masquerade { input_drop: true });
    let [a, b] = [(); 2].map(|()| net.internet.add_host(lan));
    let to = servers.map(|server| net.at(server, PORT));
    let port = |seen: Option<SocketAddrV4>| seen.expect("it gets out").port();
    assert_eq!(port(net.seen(a, 45_555, to[0])), 45_555);
    assert_eq!(port(net.seen(b, 45_555, to[1])), 45_555, "another destination: the port is free");
    let moved = port(net.seen(b, 45_555, to[0]));
    assert_ne!(moved, 45_555, "the same destination: the port is taken");
    assert_eq!(port(net.seen(b, 45_555, to[0])), moved, "a flow keeps its port");
    let outside = net.seen(a, 45_555, to[0]).expect("it gets out");
    assert_eq!(net.send(servers[0], PORT, outside).map(|(host, _)| host), Ok(a));
    let outside = SocketAddrV4::new(*outside.ip(), moved);
    assert_eq!(net.send(servers[0], PORT, outside).map(|(host, _)| host), Ok(b));
}

#[test]
fn a_packet_that_came_too_early_takes_the_port_where_the_input_chain_lets_it() {
    for (input_drop, keeps) in [(true, true), (false, false)] {
        let mut net = Net::new();
        let (server, stranger) = (net.host(&[]), net.host(&[]));
        let inside = net.host(&[MiddleboxSpec::Masquerade { input_drop }]);
        let to = net.at(server, PORT);
        let outside = net.seen(inside, 40_002, to).expect("it gets out");
        assert_eq!(outside.port(), 40_002);
        assert!(net.send(stranger, 40_001, outside).is_err(), "nobody asked for it");
        let to = net.at(stranger, 40_001);
        let seen = net.seen(inside, 40_002, to).expect("it gets out").port();
        assert_eq!(seen == 40_002, keeps, "input drop {input_drop}");
        // The entry is forgotten after 30 s without packets.
        net.wait(SimDuration::from_secs(200));
        assert_eq!(net.seen(inside, 40_002, to).expect("it gets out").port(), 40_002);
    }
}
