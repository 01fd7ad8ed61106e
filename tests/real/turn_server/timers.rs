//! What ends by time, and what keeps it alive.

use std::net::SocketAddrV4;
use std::time::Duration;

use rtc::stun::message::{
    CLASS_REQUEST, METHOD_ALLOCATE, METHOD_CHANNEL_BIND, METHOD_CREATE_PERMISSION, METHOD_REFRESH, MessageType, Method,
    Setter,
};
use rtc::turn::proto::PROTO_UDP;
use rtc::turn::proto::channum::ChannelNumber;
use rtc::turn::proto::lifetime::Lifetime;
use rtc::turn::proto::peeraddr::PeerAddress;
use rtc::turn::proto::reqtrans::RequestedTransport;

use super::messages::{Answer, signed};
use super::requests::{HOME, nonce};
use super::rig::{PEER, Rig, SERVER, seconds};
use peerscape::real::turn_server::TurnServerSpec;
use peerscape::units::{SimDuration, SimTime};

fn rig() -> Rig {
    Rig::new(TurnServerSpec::new(SERVER))
}

/// The last nanosecond before a second begins.
fn just_before(s: u64) -> SimTime {
    SimTime::from_ns(seconds(s).as_ns() - 1)
}

fn asked(rig: &mut Rig, method: Method, id: u8, attributes: Vec<Box<dyn Setter>>) -> Answer {
    let request = signed(MessageType::new(method, CLASS_REQUEST), id, attributes, &nonce());
    rig.ask(HOME, &request)
}

fn peer(address: SocketAddrV4) -> Box<PeerAddress> {
    Box::new(PeerAddress { ip: (*address.ip()).into(), port: address.port() })
}

/// Allocates for [`HOME`] by hand, so that no client's timers refresh anything; the relayed address.
fn open(rig: &mut Rig) -> SocketAddrV4 {
    let answer = asked(rig, METHOD_ALLOCATE, 1, vec![Box::new(RequestedTransport { protocol: PROTO_UDP })]);
    assert_eq!(answer.code(), 0);
    SocketAddrV4::new(*SERVER.ip(), 49152)
}

#[test]
fn refreshes_keep_an_allocation_its_permission_and_its_channel() {
    let mut rig = rig();
    let (id, relayed) = rig.allocated();
    rig.permit(id, relayed, PEER);
    for hour in 0..3 {
        for minute in (0..60).step_by(4) {
            rig.run_until(seconds(hour * 3600 + minute * 60));
            rig.send(id, relayed, PEER, b"ping");
            assert!(rig.inbox.pop_front().is_some(), "{}", rig.now);
            rig.deliver(PEER, relayed, b"pong");
            assert_eq!(rig.data(id).map(|(channel, ..)| channel), Some(Some(0x4000)), "{}", rig.now);
        }
    }
    let counts = rig.server.counts();
    assert_eq!((counts.allocations, counts.allocations_total, counts.allocations_expired), (1, 1, 0));
    assert_eq!((counts.errors, counts.dropped.total()), (0, 0));
}

#[test]
fn an_allocation_that_nobody_refreshes_ends_after_600_seconds() {
    let mut rig = rig();
    let (id, relayed) = rig.allocated();
    rig.now = just_before(300);
    rig.permit(id, relayed, PEER);
    rig.now = just_before(600);
    // The permission ends just before 600 s: this datagram meets the allocation, but not the permission.
    rig.deliver(PEER, relayed, b"late");
    assert_eq!((rig.server.counts().dropped.no_permission, rig.server.counts().allocations), (1, 1));
    rig.now = seconds(600);
    rig.deliver(PEER, relayed, b"too late");
    let counts = rig.server.counts();
    assert_eq!((counts.dropped.no_allocation, counts.allocations, counts.allocations_expired), (1, 0, 1));
    // Counting alone can end it too.
    let (_, _) = rig.allocated();
    rig.server.expire(just_before(1200));
    assert_eq!(rig.server.counts().allocations, 1);
    rig.server.expire(seconds(1200));
    assert_eq!((rig.server.counts().allocations, rig.server.counts().allocations_expired), (0, 2));
}

#[test]
fn a_refresh_counts_from_its_own_time_and_zero_ends_the_allocation() {
    let mut rig = rig();
    open(&mut rig);
    for (wanted, granted) in [(None, 600), (Some(30), 600), (Some(1800), 1800), (Some(90_000), 3600), (Some(0), 0)] {
        rig.now += SimDuration::from_secs(500);
        let mut attributes: Vec<Box<dyn Setter>> = Vec::new();
        if let Some(s) = wanted {
            attributes.push(Box::new(Lifetime(Duration::from_secs(s))));
        }
        let answer = asked(&mut rig, METHOD_REFRESH, 2, attributes);
        assert_eq!((answer.code(), answer.get::<Lifetime>().0.as_secs()), (0, granted), "{wanted:?}");
    }
    assert_eq!((rig.server.counts().allocations, rig.server.counts().allocations_deleted), (0, 1));
    assert_eq!(asked(&mut rig, METHOD_REFRESH, 3, vec![]).code(), 437);
}

#[test]
fn a_permission_ends_after_300_seconds() {
    let mut rig = rig();
    let relayed = open(&mut rig);
    rig.now = seconds(10);
    assert_eq!(asked(&mut rig, METHOD_CREATE_PERMISSION, 2, vec![peer(PEER)]).code(), 0);
    rig.now = just_before(310);
    rig.deliver(PEER, relayed, b"in time");
    assert_eq!(rig.inbox.pop_front().map(|datagram| datagram.destination), Some(HOME));
    rig.now = seconds(310);
    rig.deliver(PEER, relayed, b"too late");
    assert_eq!((rig.inbox.len(), rig.server.counts().dropped.no_permission), (0, 1));
    // Data do not refresh a permission, a request does.
    assert_eq!(asked(&mut rig, METHOD_CREATE_PERMISSION, 3, vec![peer(PEER)]).code(), 0);
    rig.deliver(PEER, relayed, b"again");
    assert_eq!(rig.inbox.len(), 1);
}

#[test]
fn a_channel_ends_after_600_seconds_and_its_number_is_free_then() {
    let mut rig = rig();
    let relayed = open(&mut rig);
    let long = Lifetime(Duration::from_secs(3600));
    assert_eq!(asked(&mut rig, METHOD_REFRESH, 2, vec![Box::new(long)]).code(), 0);
    let bind = |rig: &mut Rig, id: u8, to: SocketAddrV4| {
        asked(rig, METHOD_CHANNEL_BIND, id, vec![peer(to), Box::new(ChannelNumber(0x4001))]).code()
    };
    assert_eq!(bind(&mut rig, 3, PEER), 0);
    let message = [0x40, 0x01, 0, 2, b'h', b'i', 0, 0];
    rig.now = just_before(600);
    rig.deliver(HOME, SERVER, &message);
    let passed = rig.inbox.pop_front().expect("in time");
    assert_eq!((passed.source, passed.destination, &passed.payload[..]), (relayed, PEER, &b"hi"[..]));
    assert_eq!(asked(&mut rig, METHOD_CREATE_PERMISSION, 4, vec![peer(PEER)]).code(), 0);
    rig.deliver(PEER, relayed, b"hi");
    assert_eq!(rig.inbox.pop_front().expect("in the channel").payload[..], message[..6]);

    rig.now = seconds(600);
    rig.deliver(HOME, SERVER, &message);
    assert_eq!((rig.inbox.len(), rig.server.counts().dropped.no_channel), (0, 1));
    rig.deliver(PEER, relayed, b"hi");
    assert_eq!(rig.inbox.pop_front().expect("an indication").payload[..2], [0x00, 0x17]);
    let other = SocketAddrV4::new(*PEER.ip(), 5001);
    assert_eq!(bind(&mut rig, 5, other), 0);
    assert_eq!(bind(&mut rig, 6, PEER), 400);
}
