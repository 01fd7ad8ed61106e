//! Hole punching without any WebRTC: who gets through to whom, and the routes between realms.

use std::net::SocketAddrV4;

use peerscape::net::{
    DropReason, Filtering, HostId, Internet, LatencySpec, MIDDLEBOX_PRESETS, Mapping, MiddleboxSpec, NAT_CHAINS,
    NatMix, NatSpec, PairOutcome, overall_nat, pair_outcome,
};
use peerscape::presets::OrPreset;
use peerscape::rng::{Seed, Streams};
use peerscape::units::{Probability, SimDuration};
use peerscape::webrtc::setup::Relation;
use peerscape::webrtc::{TurnChoice, TurnSpec, WebrtcSpec};
use peerscape::world::{ClassSpec, PeerCount, PopulationSpec, WorldSpec};

use super::support::Net;

/// Both learn their outside address from a server, then send to the other's, the first a moment
/// before the second, and to wherever they hear from. Whether each hears the other's answer.
fn punch(a: &[MiddleboxSpec], b: &[MiddleboxSpec]) -> bool {
    let mut net = Net::new();
    let hosts = [a, b].map(|boxes| net.host(boxes));
    punch_between(net, hosts)
}

fn punch_between(mut net: Net, hosts: [HostId; 2]) -> bool {
    let server = net.host(&[]);
    let ports = [6_000, 6_001];
    let stun = net.at(server, 3_478);
    let learned = [0, 1].map(|side| net.seen(hosts[side], ports[side], stun));
    let [Some(outside_a), Some(outside_b)] = learned else { return false };
    let mut targets: [Vec<SocketAddrV4>; 2] = [vec![outside_b], vec![outside_a]];
    let mut answered = [false; 2];
    for _ in 0..4 {
        net.wait(SimDuration::from_ms(50));
        for side in [0, 1] {
            for to in targets[side].clone() {
                let Ok((host, header)) = net.send(hosts[side], ports[side], to) else { continue };
                assert_eq!(host, hosts[1 - side], "it reaches the peer or nobody");
                // The peer answers at once, and sends there by itself from now on.
                let answer = net.send(hosts[1 - side], ports[1 - side], header.source);
                // An answer counts if it comes from where the request went.
                answered[side] |= answer.is_ok_and(|(host, answer)| host == hosts[side] && answer.source == to);
                if !targets[1 - side].contains(&header.source) {
                    targets[1 - side].push(header.source);
                }
            }
        }
    }
    answered[0] && answered[1]
}

#[test]
fn holes_can_be_punched_as_the_rule_says_but_for_the_conntrack_clash() {
    let mut departures = Vec::new();
    for a in MIDDLEBOX_PRESETS {
        for b in MIDDLEBOX_PRESETS {
            let boxes = [(a.make)(), (b.make)()];
            let rule = pair_outcome(overall_nat(&boxes[0]), overall_nat(&boxes[1]), false);
            if punch(&boxes[0], &boxes[1]) != (rule == PairOutcome::Direct) {
                departures.push((a.name, b.name));
            }
        }
    }
    // The first packet reaches the second peer's box before that peer has sent, is tracked there as a
    // flow to the box, and takes the port.
    let clash = "masquerade-no-input-drop";
    let strict = ["firewall", "eim-apdf", "cgnat-home", "masquerade", clash];
    let expected: Vec<_> = departures.iter().filter(|(a, b)| strict.contains(a) && *b == clash).copied().collect();
    assert_eq!(departures, expected, "only where the second box keeps what came too early");
    assert!(departures.contains(&(clash, clash)), "as measured on kernels");
}

/// Two hosts that share these boxes from outside to inside, the first `shared` of them.
fn share(net: &mut Net, boxes: &[MiddleboxSpec], shared: usize) -> [HostId; 2] {
    let outside_first: Vec<_> = boxes.iter().rev().collect();
    let common = outside_first[..shared].iter().fold(Internet::PUBLIC, |realm, part| net.realm(realm, part));
    [(); 2].map(|()| {
        let realm = outside_first[shared..].iter().fold(common, |realm, part| net.realm(realm, part));
        net.internet.add_host(realm)
    })
}

/// A population all of whose peers have these boxes, and in it a pair that is so related.
fn outcome_of(chain: &str, hairpin: bool, relation: Relation) -> PairOutcome {
    let share = if hairpin { Probability::ONE } else { Probability::ZERO };
    let (peers_per_lan, peers_per_carrier_nat) =
        if relation == Relation::SameCarrier { (1.0, 50.0) } else { (50.0, 1.0) };
    let mix = NatMix {
        peers_per_lan,
        peers_per_carrier_nat,
        hairpin: share,
        multicast: Probability::ZERO,
        ..NatMix::only(chain)
    };
    let mut class = ClassSpec::named("all");
    class.nat = OrPreset { value: mix, name: None };
    let population = PopulationSpec {
        peers: PeerCount::new(100).expect("in range"),
        regions: OrPreset::named("world").expect("a preset"),
        join_over: SimDuration::ZERO,
        classes: vec![class],
    };
    let webrtc = WebrtcSpec { turn: TurnChoice::Server(TurnSpec::default()), ..WebrtcSpec::default() };
    let spec = WorldSpec { population: &population, latency: &LatencySpec::default(), webrtc: &webrtc, servers: 0 };
    let world = spec.generate(Streams::new(Seed(1))).expect("a world");
    let mut pairs = (0..100).flat_map(|a| (0..a).map(move |b| (a, b)));
    let (a, b) = pairs.find(|&(a, b)| world.relation(a, b) == relation).expect("a pair");
    world.outcome(a, b)
}

#[test]
fn who_shares_boxes_meets_by_outside_addresses_as_the_world_says() {
    for chain in &NAT_CHAINS {
        for hairpin in [true, false] {
            let boxes = chain.boxes(hairpin);
            let lan = (Relation::SameLanNoMulticast, boxes.len());
            let carrier = chain.carrier.then_some((Relation::SameCarrier, 1));
            for (relation, shared) in [lan].into_iter().chain(carrier) {
                let mut net = Net::new();
                let hosts = share(&mut net, &boxes, shared);
                let direct = outcome_of(chain.key, hairpin, relation) == PairOutcome::Direct;
                assert_eq!(punch_between(net, hosts), direct, "{} {hairpin} {relation:?}", chain.key);
            }
        }
    }
}

#[test]
fn a_private_address_of_another_realm_is_nobody() {
    let mut net = Net::new();
    let nat = MiddleboxSpec::Nat(NatSpec::new(Mapping::EndpointIndependent, Filtering::EndpointIndependent));
    let (public, a, b) = (net.host(&[]), net.host(&[nat]), net.host(&[nat]));
    let inside_b = net.at(b, 5_000);
    assert_eq!(net.send(a, 5_000, inside_b), Err(DropReason::NoRoute));
    assert_eq!(net.send(public, 5_000, inside_b), Err(DropReason::NoRoute));
    let unmapped = SocketAddrV4::new(
        *net.seen(b, 5_000, SocketAddrV4::new(net.internet.address(public), 1)).expect("out").ip(),
        9,
    );
    assert_eq!(net.send(public, 5_000, unmapped), Err(DropReason::NoMapping));
}

#[test]
fn hosts_of_one_lan_meet_without_their_box() {
    let mut net = Net::new();
    let nat = MiddleboxSpec::Nat(NatSpec::new(Mapping::AddressAndPortDependent, Filtering::AddressAndPortDependent));
    let lan = net.realm(Internet::PUBLIC, &nat);
    let [a, b]: [HostId; 2] = [(); 2].map(|()| net.internet.add_host(lan));
    let to = net.at(b, 5_000);
    let (host, header) = net.send(a, 4_000, to).expect("it arrives");
    assert_eq!((host, header.source), (b, net.at(a, 4_000)));
}

#[test]
fn two_homes_behind_one_carrier_meet_by_hairpin_only() {
    for hairpin in [true, false] {
        let carrier = NatSpec { hairpin, ..NatSpec::new(Mapping::EndpointIndependent, Filtering::EndpointIndependent) };
        let home = MiddleboxSpec::Nat(NatSpec::new(Mapping::EndpointIndependent, Filtering::AddressAndPortDependent));
        let mut net = Net::new();
        let server = net.host(&[]);
        let inner = net.realm(Internet::PUBLIC, &MiddleboxSpec::Nat(carrier));
        let hosts: [HostId; 2] = [(); 2].map(|()| {
            let lan = net.realm(inner, &home);
            net.internet.add_host(lan)
        });
        let stun = net.at(server, 3_478);
        let outside = hosts.map(|host| net.seen(host, 5_000, stun).expect("it gets out"));
        assert_eq!(outside[0].ip(), outside[1].ip(), "one carrier, one address");
        let first = net.send(hosts[0], 5_000, outside[1]);
        assert!(first.is_err(), "the other home has not sent yet");
        let second = net.send(hosts[1], 5_000, outside[0]);
        assert_eq!(second.is_ok(), hairpin, "{second:?}");
    }
}
