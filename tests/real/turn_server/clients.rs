//! The stack's clients gather, allocate and talk.

use std::net::SocketAddr;

use rtc::sansio::Protocol;
use rtc::shared::{TaggedBytesMut, TransportContext, TransportProtocol};
use rtc::stun::agent::StunEvent;
use rtc::stun::client::{ClientBuilder, TaggedMessage};
use rtc::stun::message::{BINDING_REQUEST, Getter};
use rtc::stun::xoraddr::XorMappedAddress;
use rtc::turn::client::Event;

use super::messages::plain;
use super::rig::{PEER, Rig, SERVER, seconds};
use peerscape::real::turn_server::{TurnServer, TurnServerSpec};
use peerscape::units::{ByteCount, SimDuration, SimTime};

fn rig() -> Rig {
    Rig::new(TurnServerSpec::new(SERVER))
}

#[test]
fn the_stun_client_learns_its_address() {
    let mut rig = rig();
    let (now, here) = (rig.instant(), PEER);
    let builder = ClientBuilder::new();
    let mut client = builder.build(now, here.into(), SERVER.into(), TransportProtocol::UDP).expect("a client");
    client.handle_write(TaggedMessage { now, message: plain(BINDING_REQUEST, 7, vec![]) }).expect("written");
    let request = client.poll_write().expect("a request");
    rig.deliver(here, SERVER, &request.message);
    let answer = rig.inbox.pop_front().expect("an answer");
    let transport = TransportContext {
        local_addr: here.into(),
        peer_addr: answer.source.into(),
        transport_protocol: TransportProtocol::UDP,
        ecn: None,
    };
    client.handle_read(TaggedBytesMut { now, transport, message: answer.payload }).expect("read");
    let Some(StunEvent::Message(message)) = client.poll_event() else { panic!("no answer to the request") };
    let mut mapped = XorMappedAddress::default();
    mapped.get_from(&message).expect("XOR-MAPPED-ADDRESS");
    assert_eq!((mapped.ip, mapped.port), ((*PEER.ip()).into(), PEER.port()));
    assert_eq!(rig.server.counts().bindings, 1);
}

#[test]
fn data_pass_in_indications_and_then_in_the_channel_that_the_client_binds() {
    let mut rig = rig();
    let (id, relayed) = rig.allocated();
    assert_eq!((*relayed.ip(), relayed.port()), (*SERVER.ip(), 49152));
    rig.permit(id, relayed, PEER);

    rig.deliver(PEER, relayed, b"from the peer");
    assert_eq!(rig.data(id), Some((None, PEER.into(), b"from the peer".to_vec())));
    // The first goes out as a Send indication, with the request for a channel; the second in the channel.
    for data in [&b"to the peer"[..], b"again"] {
        rig.send(id, relayed, PEER, data);
        let arrived = rig.inbox.pop_front().expect("the peer gets it");
        assert_eq!((arrived.source, arrived.destination, &arrived.payload[..]), (relayed, PEER, data));
    }
    rig.deliver(PEER, relayed, b"and back");
    assert_eq!(rig.data(id), Some((Some(0x4000), PEER.into(), b"and back".to_vec())));
    // An empty datagram is one too.
    rig.send(id, relayed, PEER, b"");
    assert_eq!(rig.inbox.pop_front().map(|datagram| datagram.payload.len()), Some(0));

    let counts = rig.server.counts();
    assert_eq!(
        (counts.to_peers.packets, counts.to_peers.channel_data, counts.to_peers.bytes),
        (3, 2, ByteCount::new(16))
    );
    let back = counts.to_clients;
    assert_eq!((back.packets, back.channel_data, back.bytes), (2, 1, ByteCount::new(21)));
    assert_eq!((counts.dropped.total(), counts.errors, counts.unauthorized, counts.challenges), (0, 0, 0, 1));
}

#[test]
fn two_clients_talk_from_relayed_address_to_relayed_address() {
    let mut rig = rig();
    let (a, relayed_a) = rig.allocated();
    let (b, relayed_b) = rig.allocated();
    assert_ne!(relayed_a, relayed_b);
    rig.permit(a, relayed_a, relayed_b);
    rig.send(a, relayed_a, relayed_b, b"too early");
    assert_eq!(rig.server.counts().dropped.no_permission, 1);
    rig.permit(b, relayed_b, relayed_a);
    rig.send(a, relayed_a, relayed_b, b"hello");
    assert_eq!(rig.data(b), Some((None, relayed_a.into(), b"hello".to_vec())));
    rig.send(b, relayed_b, relayed_a, b"hello to you");
    assert_eq!(rig.data(a), Some((Some(0x4000), relayed_b.into(), b"hello to you".to_vec())));
}

#[test]
fn without_permission_nothing_passes() {
    let mut rig = rig();
    let (id, relayed) = rig.allocated();
    rig.deliver(PEER, relayed, b"who?");
    assert_eq!((rig.data(id), rig.server.counts().dropped.no_permission), (None, 1));
    // A permission is for a host, whatever its port, and for no other.
    rig.permit(id, relayed, PEER);
    let mut other_port = PEER;
    other_port.set_port(9);
    rig.deliver(other_port, relayed, b"same host");
    assert_eq!(rig.data(id).map(|(_, peer, _)| peer), Some(other_port.into()));
    let stranger = "203.0.113.8:5000".parse().expect("an address");
    rig.deliver(stranger, relayed, b"other host");
    assert_eq!((rig.data(id), rig.server.counts().dropped.no_permission), (None, 2));
}

#[test]
fn a_wrong_password_is_refused() {
    let mut rig = rig();
    let id = rig.add_client("pasword");
    let event = rig.allocate(id);
    assert!(matches!(&event, Some(Event::AllocateError(_, error)) if error.to_string().contains("401")), "{event:?}");
    let counts = rig.server.counts();
    assert_eq!((counts.allocations_total, counts.challenges, counts.unauthorized), (0, 1, 1));
}

#[test]
fn a_full_server_refuses_until_an_allocation_ends() {
    let mut rig = Rig::new(TurnServerSpec { max_allocations: Some(1), ..TurnServerSpec::new(SERVER) });
    let (first, relayed) = rig.allocated();
    let second = rig.add_client("password");
    let refused = |rig: &mut Rig| {
        let event = rig.allocate(second);
        assert!(matches!(&event, Some(Event::AllocateError(_, e)) if e.to_string().contains("486")), "{event:?}");
    };
    refused(&mut rig);
    // Deleted:
    let now = rig.instant();
    rig.clients[first].relay(relayed.into()).expect("a relay").close(now).expect("a request");
    rig.settle();
    let event = rig.allocate(first);
    let Some(Event::AllocateResponse(_, again)) = event else { panic!("{event:?}") };
    assert_ne!(again, SocketAddr::V4(relayed), "a port rests before it is dealt again");
    refused(&mut rig);
    // Expired: the first client's timers do not run.
    rig.now = seconds(600);
    let event = rig.allocate(second);
    assert!(matches!(event, Some(Event::AllocateResponse(..))), "{event:?}");
    let counts = rig.server.counts();
    assert_eq!((counts.allocations, counts.allocations_peak, counts.allocations_total), (1, 1, 3));
    assert_eq!((counts.allocations_refused, counts.allocations_deleted, counts.allocations_expired), (2, 1, 1));
}

#[test]
fn lost_responses_cost_time_but_no_allocation() {
    for lost in [1, 2, 4] {
        let mut rig = rig();
        let id = rig.add_client("password");
        // From the first: the challenge too. From the second response on: the answer to the real request.
        rig.to_lose = lost;
        assert!(rig.allocate(id).is_none(), "{lost} responses lost");
        rig.run_until(seconds(7));
        let event = rig.event(id);
        assert!(matches!(event, Some(Event::AllocateResponse(_, relayed)) if relayed.port() == 49152), "{event:?}");
    }
    // Only the second answer gets lost: the server has made the allocation already.
    let mut rig = rig();
    let id = rig.add_client("password");
    let now = rig.instant();
    rig.clients[id].allocate(now).expect("a request");
    let first = rig.clients[id].poll_write().expect("a request");
    rig.carry(Rig::address(id), SERVER, &first.message);
    rig.to_lose = 2;
    rig.settle();
    assert_eq!((rig.server.counts().allocations_total, rig.to_lose), (1, 1));
    rig.run_until(seconds(7));
    let event = rig.event(id);
    assert!(matches!(event, Some(Event::AllocateResponse(_, relayed)) if relayed.port() == 49152), "{event:?}");
    assert_eq!((rig.server.counts().allocations_total, rig.server.counts().errors, rig.to_lose), (1, 0, 0));
    let answers = &rig.sent[rig.sent.len() - 2..];
    assert_eq!(answers[0], answers[1], "the same request has the same answer");
}

#[test]
fn a_stun_only_server_is_silent_about_turn() {
    let mut rig = Rig::new(TurnServerSpec::stun_only(SERVER));
    let id = rig.add_client("password");
    let now = rig.instant();
    rig.clients[id].send_binding_request(now).expect("a request");
    rig.settle();
    let event = rig.event(id);
    assert!(
        matches!(event, Some(Event::BindingResponse(_, at)) if at == SocketAddr::V4(Rig::address(id))),
        "{event:?}"
    );

    assert!(rig.allocate(id).is_none());
    rig.run_until(seconds(60));
    let event = rig.event(id);
    assert!(matches!(event, Some(Event::TransactionTimeout(_))), "{event:?}");
    let counts = rig.server.counts();
    assert_eq!((counts.bindings, counts.allocations_total, counts.dropped.unsupported), (1, 0, 7));
    assert_eq!(rig.sent.len(), 1);
}

#[test]
fn the_same_datagrams_at_the_same_times_give_the_same_bytes() {
    let mut rig = rig();
    let (a, relayed_a) = rig.allocated();
    let (b, relayed_b) = rig.allocated();
    rig.permit(a, relayed_a, relayed_b);
    rig.permit(b, relayed_b, relayed_a);
    rig.permit(a, relayed_a, PEER);
    for round in 0..100_u64 {
        rig.run_until(SimTime::ZERO + SimDuration::from_secs(round * 37));
        rig.send(a, relayed_a, relayed_b, &round.to_be_bytes());
        rig.deliver(PEER, relayed_a, b"noise");
    }
    let mut again = TurnServer::new(TurnServerSpec::new(SERVER));
    let mut sent = Vec::new();
    for (now, datagram) in rig.received.iter().cloned() {
        again.receive(now, datagram, &mut sent);
    }
    assert!(sent.len() > 300, "only {} datagrams", sent.len());
    assert!(sent == rig.sent, "a replay differs");
    assert_eq!(again.counts(), rig.server.counts());
}
