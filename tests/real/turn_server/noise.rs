//! Whatever comes, the server stands.

use std::net::SocketAddrV4;

use proptest::prelude::{any, prop, proptest};
use rtc::stun::message::{CLASS_REQUEST, METHOD_ALLOCATE, MessageType};
use rtc::turn::proto::PROTO_UDP;
use rtc::turn::proto::reqtrans::RequestedTransport;

use super::messages::signed;
use super::requests::{HOME, nonce};
use super::rig::{PEER, Rig, SERVER};
use peerscape::real::turn_server::TurnServerSpec;

/// A header that says STUN, with this type and body.
fn stun(kind: u16, body: &[u8]) -> Vec<u8> {
    let len = (body.len() as u16).to_be_bytes();
    [&kind.to_be_bytes()[..], &len, &0x2112_A442_u32.to_be_bytes(), &[7; 12], body].concat()
}

proptest! {
    #[test]
    fn bytes_of_any_kind_do_no_harm(
        bytes in prop::collection::vec(any::<u8>(), 0..80),
        kind in prop::sample::select(vec![0x0001_u16, 0x0003, 0x0004, 0x0008, 0x0009, 0x0016, 0x0011, 0x0103]),
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut rig = Rig::new(TurnServerSpec::new(SERVER));
        let transport = RequestedTransport { protocol: PROTO_UDP };
        let allocate = MessageType::new(METHOD_ALLOCATE, CLASS_REQUEST);
        let good = signed(allocate, 1, vec![Box::new(transport)], &nonce()).raw;
        let mut bad = good.clone();
        for (at, value) in flips {
            bad[at.index(good.len())] = value;
        }
        for message in [bytes.clone(), stun(kind, &bytes), good, bad] {
            rig.deliver(HOME, SERVER, &message);
            rig.deliver(PEER, SocketAddrV4::new(*SERVER.ip(), 49152), &message);
        }
        let counts = rig.server.counts();
        // Nothing answers twice, and what gets no answer is counted.
        assert!(rig.sent.len() <= rig.received.len());
        assert!(counts.dropped.total() >= 4, "{counts:?}");
        assert_eq!(counts.allocations_total, 1, "{counts:?}");
    }
}

#[test]
fn what_is_no_message_is_counted() {
    let mut rig = Rig::new(TurnServerSpec::new(SERVER));
    let cut = &stun(0x0001, &[0; 8])[..27];
    for junk in [&b""[..], &[0x80; 30], &[0x40, 0x00, 0x00], &[0x40, 0x00, 0x00, 0x02, 0x00], &[0; 20], cut] {
        rig.deliver(HOME, SERVER, junk);
    }
    assert_eq!(rig.server.counts().dropped.malformed, 6);
    // A response, a method of TURN over TCP, channel data and data without an allocation.
    for unwanted in [stun(0x0101, &[]), stun(0x000A, &[])] {
        rig.deliver(HOME, SERVER, &unwanted);
    }
    assert_eq!(rig.server.counts().dropped.unsupported, 2);
    rig.deliver(HOME, SERVER, &[0x40, 0x00, 0x00, 0x00]);
    rig.deliver(PEER, SocketAddrV4::new(*SERVER.ip(), 50000), b"");
    assert_eq!(rig.server.counts().dropped.no_allocation, 2);
    // A Binding indication keeps a mapping alive: no answer, no fault.
    rig.deliver(HOME, SERVER, &stun(0x0011, &[]));
    assert_eq!((rig.server.counts().dropped.total(), rig.sent.len()), (10, 0));
}
