//! Requests written by hand: what is granted, and how each refusal looks.

use std::net::{IpAddr, Ipv6Addr, SocketAddrV4};

use rtc::stun::attributes::{ATTR_EVEN_PORT, ATTR_MESSAGE_INTEGRITY, ATTR_UNKNOWN_ATTRIBUTES, AttrType, RawAttribute};
use rtc::stun::attributes::{ATTR_NONCE, ATTR_REALM, ATTR_REQUESTED_ADDRESS_FAMILY, ATTR_RESERVATION_TOKEN};
use rtc::stun::fingerprint::FINGERPRINT;
use rtc::stun::message::{
    BINDING_REQUEST, CLASS_REQUEST, METHOD_ALLOCATE, METHOD_CHANNEL_BIND, METHOD_CREATE_PERMISSION, METHOD_REFRESH,
    Message, MessageType, Method, Setter,
};
use rtc::stun::textattrs::TextAttribute;
use rtc::stun::xoraddr::XorMappedAddress;
use rtc::turn::proto::channum::ChannelNumber;
use rtc::turn::proto::lifetime::Lifetime;
use rtc::turn::proto::peeraddr::PeerAddress;
use rtc::turn::proto::relayaddr::RelayedAddress;
use rtc::turn::proto::reqtrans::RequestedTransport;
use rtc::turn::proto::{PROTO_TCP, PROTO_UDP, Protocol};

use super::messages::{Answer, plain, signed};
use super::rig::{PEER, Rig, SERVER};
use peerscape::real::turn_server::{PERMISSIONS_MAX, TurnServerSpec};

/// Where the requests come from.
pub(super) const HOME: SocketAddrV4 = SocketAddrV4::new(std::net::Ipv4Addr::new(198, 51, 100, 99), 4000);

/// The nonce of the server, from its challenge.
pub(super) fn nonce() -> String {
    let mut rig = Rig::new(TurnServerSpec::new(SERVER));
    let answer = rig.ask(HOME, &plain(request(METHOD_ALLOCATE), 0, vec![]));
    TextAttribute::get_from_as(&answer.message, ATTR_NONCE).expect("a nonce").text
}

fn request(method: Method) -> MessageType {
    MessageType::new(method, CLASS_REQUEST)
}

fn rig() -> Rig {
    Rig::new(TurnServerSpec::new(SERVER))
}

fn asked(rig: &mut Rig, method: Method, id: u8, attributes: Vec<Box<dyn Setter>>) -> Answer {
    rig.ask(HOME, &signed(request(method), id, attributes, &nonce()))
}

fn transport(protocol: Protocol) -> Box<dyn Setter> {
    Box::new(RequestedTransport { protocol })
}

fn raw(typ: AttrType, value: &[u8]) -> Box<dyn Setter> {
    Box::new(RawAttribute { typ, length: value.len() as u16, value: value.to_vec() })
}

fn peer(last: u8, port: u16) -> Box<dyn Setter> {
    Box::new(PeerAddress { ip: IpAddr::from([203, 0, 113, last]), port })
}

fn allocate(rig: &mut Rig, source: SocketAddrV4, id: u8) -> Answer {
    rig.ask(source, &signed(request(METHOD_ALLOCATE), id, vec![transport(PROTO_UDP)], &nonce()))
}

fn port(answer: &Answer) -> u16 {
    answer.get::<RelayedAddress>().port
}

#[test]
fn the_challenge_names_realm_and_nonce_and_the_success_is_signed() {
    let mut rig = rig();
    let mut challenge = rig.ask(HOME, &plain(request(METHOD_ALLOCATE), 0, vec![transport(PROTO_UDP)]));
    assert_eq!(challenge.code(), 401);
    let realm = TextAttribute::get_from_as(&challenge.message, ATTR_REALM).expect("a realm");
    assert_eq!(realm.text, "peerscape");
    assert!(!challenge.is_signed() && FINGERPRINT.check(&challenge.message).is_err());

    let mut success = allocate(&mut rig, HOME, 1);
    assert_eq!((success.code(), port(&success), success.get::<Lifetime>().0.as_secs()), (0, 49152, 600));
    let mapped: XorMappedAddress = success.get();
    assert_eq!((mapped.ip, mapped.port), ((*HOME.ip()).into(), HOME.port()));
    assert!(success.is_signed() && FINGERPRINT.check(&success.message).is_ok());
    // So are refusals of requests that were authenticated.
    assert!(allocate(&mut rig, HOME, 2).is_signed());
}

#[test]
fn a_retransmission_gets_the_same_answer_and_another_request_a_mismatch() {
    let mut rig = rig();
    let first = allocate(&mut rig, HOME, 1);
    assert_eq!(allocate(&mut rig, HOME, 1).raw, first.raw);
    assert_eq!(allocate(&mut rig, HOME, 2).code(), 437);
    assert_eq!(rig.server.counts().allocations_total, 1);
}

#[test]
fn credentials_must_be_whole_and_right() {
    let mut rig = rig();
    let kind = request(METHOD_ALLOCATE);
    let mut stale = rig.ask(HOME, &signed(kind, 1, vec![transport(PROTO_UDP)], "an old nonce"));
    assert_eq!(stale.code(), 438);
    let fresh = TextAttribute::get_from_as(&stale.message, ATTR_NONCE).expect("a nonce").text;
    assert!(fresh == nonce() && !stale.is_signed());

    let mut tampered = signed(kind, 2, vec![transport(PROTO_UDP)], &nonce());
    tampered.raw[24] ^= 1;
    assert_eq!(rig.ask(HOME, &tampered).code(), 401);
    // A tag of the wrong length, and one without a name to it.
    assert_eq!(rig.ask(HOME, &plain(kind, 3, vec![raw(ATTR_MESSAGE_INTEGRITY, &[0; 20])])).code(), 400);
    let named: Vec<Box<dyn Setter>> = vec![
        Box::new(TextAttribute::new(rtc::stun::attributes::ATTR_USERNAME, "user".to_owned())),
        Box::new(TextAttribute::new(ATTR_REALM, "peerscape".to_owned())),
        Box::new(TextAttribute::new(ATTR_NONCE, nonce())),
        raw(ATTR_MESSAGE_INTEGRITY, &[0; 3]),
    ];
    assert_eq!(rig.ask(HOME, &plain(kind, 4, named)).code(), 401);
    assert_eq!((rig.server.counts().unauthorized, rig.server.counts().allocations_total), (4, 0));
}

#[test]
fn an_allocation_that_cannot_be_is_refused() {
    let mut rig = rig();
    let even = || raw(ATTR_EVEN_PORT, &[0]);
    let token = || raw(ATTR_RESERVATION_TOKEN, &[0; 8]);
    let family = |family| raw(ATTR_REQUESTED_ADDRESS_FAMILY, &[family, 0, 0, 0]);
    let cases: Vec<(u16, Vec<Box<dyn Setter>>)> = vec![
        (400, vec![]),
        (442, vec![transport(PROTO_TCP)]),
        (440, vec![transport(PROTO_UDP), family(2)]),
        (508, vec![transport(PROTO_UDP), even()]),
        (508, vec![transport(PROTO_UDP), token()]),
        (400, vec![transport(PROTO_UDP), token(), even()]),
        (400, vec![transport(PROTO_UDP), token(), family(1)]),
    ];
    for (id, (code, attributes)) in (1..).zip(cases) {
        assert_eq!(asked(&mut rig, METHOD_ALLOCATE, id, attributes).code(), code, "case {id}");
    }
    let unknown = vec![transport(PROTO_UDP), raw(AttrType(0x7001), &[]), raw(AttrType(0x9001), &[])];
    let answer = asked(&mut rig, METHOD_ALLOCATE, 9, unknown);
    assert_eq!((answer.code(), answer.message.get(ATTR_UNKNOWN_ATTRIBUTES)), (420, Ok(vec![0x70, 0x01])));
    assert_eq!(rig.ask(HOME, &plain(BINDING_REQUEST, 10, vec![raw(AttrType(0x7001), &[])])).code(), 420);
    let counts = rig.server.counts();
    assert_eq!((counts.allocations_total, counts.allocations_refused, counts.errors), (0, 2, 6));
    let wanted = vec![transport(PROTO_UDP), family(1)];
    assert_eq!(asked(&mut rig, METHOD_ALLOCATE, 11, wanted).code(), 0);
}

#[test]
fn ports_run_out_and_come_back_the_longest_unused_first() {
    let spec = TurnServerSpec { relay_ports: 3477..=3480, ..TurnServerSpec::new(SERVER) };
    let mut rig = Rig::new(spec);
    let home = |n: u16| SocketAddrV4::new(*HOME.ip(), 4000 + n);
    // The server's own port, 3478, is never dealt.
    for (n, expected) in (0..).zip([3477, 3479, 3480]) {
        assert_eq!(port(&allocate(&mut rig, home(n), 1)), expected);
    }
    assert_eq!(allocate(&mut rig, home(3), 1).code(), 508);
    for n in [1, 0] {
        let zero: Vec<Box<dyn Setter>> = vec![Box::new(Lifetime(std::time::Duration::ZERO))];
        assert_eq!(rig.ask(home(n), &signed(request(METHOD_REFRESH), 2, zero, &nonce())).code(), 0);
    }
    assert_eq!(port(&allocate(&mut rig, home(4), 1)), 3479);
    assert_eq!(port(&allocate(&mut rig, home(5), 1)), 3477);
    let counts = rig.server.counts();
    assert_eq!((counts.allocations, counts.allocations_peak, counts.allocations_refused), (3, 3, 1));
}

#[test]
fn permissions_come_all_or_none() {
    let mut rig = rig();
    assert_eq!(asked(&mut rig, METHOD_CREATE_PERMISSION, 1, vec![peer(7, 0)]).code(), 437);
    let relayed = SocketAddrV4::new(*SERVER.ip(), port(&allocate(&mut rig, HOME, 2)));
    assert_eq!(asked(&mut rig, METHOD_CREATE_PERMISSION, 3, vec![]).code(), 400);
    let ipv6: Box<dyn Setter> = Box::new(PeerAddress { ip: Ipv6Addr::LOCALHOST.into(), port: 1 });
    assert_eq!(asked(&mut rig, METHOD_CREATE_PERMISSION, 4, vec![peer(7, 0), ipv6]).code(), 443);
    rig.deliver(PEER, relayed, b"not yet");
    assert!(rig.inbox.is_empty());
    assert_eq!(asked(&mut rig, METHOD_CREATE_PERMISSION, 5, vec![peer(7, 0), peer(8, 0)]).code(), 0);
    for host in ["203.0.113.7:5000", "203.0.113.8:6000"] {
        rig.deliver(host.parse().expect("an address"), relayed, b"now");
    }
    assert_eq!((rig.inbox.len(), rig.server.counts().dropped.no_permission), (2, 1));
}

#[test]
fn permissions_have_a_bound() {
    let mut rig = rig();
    allocate(&mut rig, HOME, 1);
    let host = |n: usize| -> Box<dyn Setter> {
        Box::new(PeerAddress { ip: IpAddr::from([10, 0, (n >> 8) as u8, n as u8]), port: 1 })
    };
    for first in (0..PERMISSIONS_MAX).step_by(1024) {
        let hosts = (first..first + 1024).map(host).collect();
        assert_eq!(asked(&mut rig, METHOD_CREATE_PERMISSION, 2, hosts).code(), 0);
    }
    assert_eq!(asked(&mut rig, METHOD_CREATE_PERMISSION, 3, vec![host(PERMISSIONS_MAX)]).code(), 508);
    assert_eq!(asked(&mut rig, METHOD_CREATE_PERMISSION, 4, vec![host(5)]).code(), 0);
}

#[test]
fn a_channel_has_one_peer_and_a_peer_one_channel() {
    let mut rig = rig();
    allocate(&mut rig, HOME, 1);
    let mut bind = |number: u16, port: u16| {
        asked(&mut rig, METHOD_CHANNEL_BIND, 2, vec![Box::new(ChannelNumber(number)), peer(7, port)]).code()
    };
    let cases = [
        ((0x3FFF, 1), 400),
        ((0x5000, 1), 400),
        ((0x4000, 1), 0),
        ((0x4000, 1), 0),
        ((0x4000, 2), 400),
        ((0x4001, 1), 400),
        ((0x4FFF, 2), 0),
    ];
    for ((number, port), code) in cases {
        assert_eq!(bind(number, port), code, "{number:#x} to port {port}");
    }
    assert_eq!(asked(&mut rig, METHOD_CHANNEL_BIND, 3, vec![peer(7, 9)]).code(), 400);
    assert_eq!(asked(&mut rig, METHOD_CHANNEL_BIND, 4, vec![Box::new(ChannelNumber(0x4009))]).code(), 400);
}

#[test]
fn what_stands_behind_the_signature_does_not_count() {
    let mut rig = rig();
    let mut message: Message = signed(request(METHOD_ALLOCATE), 1, vec![], &nonce());
    transport(PROTO_UDP).add_to(&mut message).expect("added");
    assert_eq!(rig.ask(HOME, &message).code(), 400);
}
