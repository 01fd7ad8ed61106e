//! What holds for every translator under any traffic.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddrV4};

use peerscape::net::{
    DropReason, Filtering, Header, Mapping, Middlebox, MiddleboxSpec, NatSpec, Passage, PortAllocation,
};
use peerscape::rng::{Domain, Seed, Streams};
use peerscape::units::{SimDuration, SimTime};
use proptest::prelude::*;

use super::support::{FILTERINGS, MAPPINGS};

const OUTSIDE: Ipv4Addr = Ipv4Addr::new(198, 18, 0, 1);
const LIFETIME_S: u64 = 60;

fn spec() -> impl Strategy<Value = NatSpec> {
    let ports = [PortAllocation::Preserving, PortAllocation::Sequential, PortAllocation::Random];
    (0..3_usize, 0..3_usize, 0..3_usize).prop_map(move |(mapping, filtering, allocation)| NatSpec {
        ports: ports[allocation],
        lifetime: SimDuration::from_secs(LIFETIME_S),
        ..NatSpec::new(MAPPINGS[mapping], FILTERINGS[filtering])
    })
}

/// A packet from one of three inside hosts to one of three remotes, or back to a port seen before;
/// after a pause.
#[derive(Clone, Copy, Debug)]
struct Packet {
    pause_s: u64,
    inside: usize,
    remote: usize,
    inbound: bool,
    to_port: usize,
}

fn packets() -> impl Strategy<Value = Vec<Packet>> {
    let packet = (0..25_u64, 0..6_usize, 0..6_usize, any::<bool>(), 0..40_usize)
        .prop_map(|(pause_s, inside, remote, inbound, to_port)| Packet { pause_s, inside, remote, inbound, to_port });
    prop::collection::vec(packet, 1..120)
}

/// Three hosts with two ports each.
fn inside(index: usize) -> SocketAddrV4 {
    SocketAddrV4::new(Ipv4Addr::new(10, 0, 0, 1 + (index / 2) as u8), 5_000 + (index % 2) as u16)
}

fn remote(index: usize) -> SocketAddrV4 {
    SocketAddrV4::new(Ipv4Addr::new(203, 0, 113, 1 + (index / 2) as u8), 7_000 + (index % 2) as u16)
}

fn nat(spec: NatSpec) -> Middlebox {
    Middlebox::new(&MiddleboxSpec::Nat(spec), OUTSIDE, Streams::new(Seed(3)).stream(Domain::NatPort, 0))
}

fn key(mapping: Mapping, inside: SocketAddrV4, remote: SocketAddrV4) -> (SocketAddrV4, Option<Ipv4Addr>, Option<u16>) {
    match mapping {
        Mapping::EndpointIndependent => (inside, None, None),
        Mapping::AddressDependent => (inside, Some(*remote.ip()), None),
        Mapping::AddressAndPortDependent => (inside, Some(*remote.ip()), Some(remote.port())),
    }
}

/// A plain list of everything that went out: which port, from whom, to whom, until when it counts.
#[derive(Default)]
struct Plain {
    sent: Vec<(u16, SocketAddrV4, SocketAddrV4, SimTime)>,
    mapped: BTreeMap<u16, (SocketAddrV4, SimTime)>,
}

impl Plain {
    fn out(&mut self, now: SimTime, port: u16, inside: SocketAddrV4, remote: SocketAddrV4) {
        let until = now + SimDuration::from_secs(LIFETIME_S);
        self.sent.push((port, inside, remote, until));
        self.mapped.insert(port, (inside, until));
    }

    fn owner(&self, now: SimTime, port: u16) -> Option<SocketAddrV4> {
        self.mapped.get(&port).filter(|(_, until)| *until > now).map(|(inside, _)| *inside)
    }

    fn admits(&self, filtering: Filtering, now: SimTime, port: u16, remote: SocketAddrV4) -> bool {
        let Some(owner) = self.owner(now, port) else { return false };
        let mut live = self.sent.iter().filter(|(_, inside, _, until)| *inside == owner && *until > now);
        match filtering {
            Filtering::EndpointIndependent => true,
            Filtering::AddressDependent => live.any(|(_, _, to, _)| to.ip() == remote.ip()),
            Filtering::AddressAndPortDependent => live.any(|(through, _, to, _)| *through == port && *to == remote),
        }
    }
}

proptest! {
    /// A box lets in exactly what a plain list of what went out allows, to whom it belongs, and gives
    /// no live port to two inside addresses.
    #[test]
    fn a_box_agrees_with_a_plain_list(spec in spec(), packets in packets()) {
        let (mut nat, mut plain, mut now) = (nat(spec), Plain::default(), SimTime::ZERO);
        let mut ports: Vec<u16> = Vec::new();
        for packet in packets {
            now += SimDuration::from_secs(packet.pause_s);
            let (inside, remote) = (inside(packet.inside), remote(packet.remote));
            if !packet.inbound {
                let passage = nat.outbound(now, Header::udp(inside, remote));
                let Ok(Passage::Out(header)) = passage else { panic!("{passage:?}") };
                prop_assert_eq!(header.source.ip(), &OUTSIDE);
                prop_assert_eq!(header.destination, remote);
                let port = header.source.port();
                prop_assert!(port >= 1_024);
                let owner = plain.owner(now, port);
                prop_assert!(owner.is_none_or(|owner| owner == inside), "port {} is {:?}'s", port, owner);
                plain.out(now, port, inside, remote);
                ports.push(port);
            } else if !ports.is_empty() {
                let port = ports[packet.to_port % ports.len()];
                let verdict = nat.inbound(now, Header::udp(remote, SocketAddrV4::new(OUTSIDE, port)));
                let admitted = plain.admits(spec.filtering, now, port, remote);
                prop_assert_eq!(verdict.is_ok(), admitted, "{:?}", verdict);
                if let Ok(header) = verdict {
                    prop_assert_eq!(Some(header.destination), plain.owner(now, port));
                    prop_assert_eq!(header.source, remote);
                }
            }
        }
    }

    /// Inside its life a mapping is used again, whatever else goes on; without inbound traffic two
    /// packets share a port exactly if the mapping says so.
    #[test]
    fn packets_of_one_mapping_share_a_port_and_others_do_not(spec in spec(), packets in packets()) {
        let (mut nat, mut now) = (nat(spec), SimTime::ZERO);
        let mut live: BTreeMap<_, (u16, SimTime)> = BTreeMap::new();
        for packet in packets.into_iter().filter(|packet| !packet.inbound) {
            now += SimDuration::from_secs(packet.pause_s);
            let (inside, remote) = (inside(packet.inside), remote(packet.remote));
            let Ok(Passage::Out(header)) = nat.outbound(now, Header::udp(inside, remote)) else { panic!("it goes out") };
            live.retain(|_, (_, until)| *until > now);
            let key = key(spec.mapping, inside, remote);
            match live.get(&key) {
                Some((port, _)) => prop_assert_eq!(header.source.port(), *port),
                None => prop_assert!(live.values().all(|(port, _)| *port != header.source.port()), "two mappings share a port"),
            }
            live.insert(key, (header.source.port(), now + SimDuration::from_secs(LIFETIME_S)));
        }
    }

    /// The same packets at the same times get the same verdicts.
    #[test]
    fn a_box_is_deterministic(spec in spec(), packets in packets()) {
        let run = || {
            let (mut nat, mut now) = (nat(spec), SimTime::ZERO);
            let mut verdicts = Vec::new();
            for packet in &packets {
                now += SimDuration::from_secs(packet.pause_s);
                let (inside, remote) = (inside(packet.inside), remote(packet.remote));
                verdicts.push(match packet.inbound {
                    false => format!("{:?}", nat.outbound(now, Header::udp(inside, remote))),
                    true => format!("{:?}", nat.inbound(now, Header::udp(remote, SocketAddrV4::new(OUTSIDE, 5_000)))),
                });
            }
            verdicts
        };
        prop_assert_eq!(run(), run());
    }
}

#[test]
fn a_box_out_of_ports_says_so_and_recovers_when_mappings_expire() {
    let spec = NatSpec { lifetime: SimDuration::from_secs(60), ..NatSpec::new(MAPPINGS[2], FILTERINGS[2]) };
    let spec = NatSpec { ports: PortAllocation::Sequential, ..spec };
    let mut nat = nat(spec);
    let now = SimTime::ZERO;
    let to = |n: u32| SocketAddrV4::new(Ipv4Addr::from(0xcb00_7100 + n / 60_000), (n % 60_000 + 1_000) as u16);
    let all = 65_536 - 1_024;
    for n in 0..all {
        assert!(nat.outbound(now, Header::udp(inside(0), to(n))).is_ok(), "{n}");
    }
    assert_eq!(nat.outbound(now, Header::udp(inside(0), to(all))), Err(DropReason::NoPort));
    let later = now + SimDuration::from_secs(61);
    assert!(nat.outbound(later, Header::udp(inside(0), to(all))).is_ok());
}
