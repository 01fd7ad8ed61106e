//! Real clients around one server, joined by a network without delay.

use std::collections::VecDeque;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::time::{Duration, Instant};

use bytes::BytesMut;
use rtc::crypto::default_provider;
use rtc::sansio::Protocol;
use rtc::shared::{TaggedBytesMut, TransportContext, TransportProtocol};
use rtc::stun::message::Message;
use rtc::turn::client::{Client, ClientConfig, Event};

use super::messages::Answer;
use peerscape::real::turn_server::{Datagram, TurnServer, TurnServerSpec};
use peerscape::units::{SimDuration, SimTime};

pub(super) const SERVER: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::new(192, 0, 2, 1), 3478);
pub(super) const PEER: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::new(203, 0, 113, 7), 5000);

pub(super) fn seconds(s: u64) -> SimTime {
    SimTime::ZERO + SimDuration::from_secs(s)
}

#[expect(clippy::disallowed_methods, reason = "an Instant cannot be had otherwise; only its distances matter")]
pub(super) fn some_instant() -> Instant {
    Instant::now()
}

/// A server, clients at `198.51.100.x:4000`, and an inbox for everybody else.
pub(super) struct Rig {
    pub(super) server: TurnServer,
    pub(super) now: SimTime,
    pub(super) clients: Vec<Client>,
    /// Events of each client that nobody took.
    events: Vec<VecDeque<Event>>,
    /// What arrived at addresses that are no client's.
    pub(super) inbox: VecDeque<Datagram>,
    /// All that the server got.
    pub(super) received: Vec<(SimTime, Datagram)>,
    /// All that the server sent.
    pub(super) sent: Vec<Datagram>,
    /// So many datagrams from the server to clients get lost, the next ones.
    pub(super) to_lose: usize,
    start: Instant,
}

impl Rig {
    pub(super) fn new(spec: TurnServerSpec) -> Self {
        Self {
            server: TurnServer::new(spec),
            now: SimTime::ZERO,
            clients: Vec::new(),
            events: Vec::new(),
            inbox: VecDeque::new(),
            received: Vec::new(),
            sent: Vec::new(),
            to_lose: 0,
            start: some_instant(),
        }
    }

    pub(super) fn instant(&self) -> Instant {
        self.start + Duration::from_nanos(self.now.as_ns())
    }

    pub(super) fn address(client: usize) -> SocketAddrV4 {
        SocketAddrV4::new(Ipv4Addr::new(198, 51, 100, client as u8 + 1), 4000)
    }

    pub(super) fn add_client(&mut self, password: &str) -> usize {
        let id = self.clients.len();
        let config = ClientConfig {
            stun_serv_addr: SERVER.to_string(),
            turn_serv_addr: SERVER.to_string(),
            local_addr: Self::address(id).into(),
            transport_protocol: TransportProtocol::UDP,
            username: "user".to_owned(),
            password: password.to_owned(),
            ..ClientConfig::default()
        };
        self.clients.push(Client::new(config, default_provider().expect("a provider")).expect("a client"));
        self.events.push(VecDeque::new());
        id
    }

    /// A client with an allocation, and its relayed address.
    pub(super) fn allocated(&mut self) -> (usize, SocketAddrV4) {
        let id = self.add_client("password");
        match self.allocate(id) {
            Some(Event::AllocateResponse(_, SocketAddr::V4(relayed))) => (id, relayed),
            other => panic!("{other:?}"),
        }
    }

    /// Lets a client allocate; the event that this ends with, if it does at once.
    pub(super) fn allocate(&mut self, id: usize) -> Option<Event> {
        let now = self.instant();
        self.clients[id].allocate(now).expect("a request");
        self.settle();
        self.event(id)
    }

    pub(super) fn permit(&mut self, id: usize, relayed: SocketAddrV4, peer: SocketAddrV4) {
        let now = self.instant();
        let mut relay = self.clients[id].relay(relayed.into()).expect("a relay");
        relay.create_permission(now, peer.into()).expect("a request");
        self.settle();
        let event = self.event(id);
        assert!(matches!(event, Some(Event::CreatePermissionResponse(_, p)) if p == SocketAddr::V4(peer)), "{event:?}");
    }

    pub(super) fn send(&mut self, id: usize, relayed: SocketAddrV4, peer: SocketAddrV4, data: &[u8]) {
        let now = self.instant();
        self.clients[id].relay(relayed.into()).expect("a relay").send_to(now, data, peer.into()).expect("sent");
        self.settle();
    }

    pub(super) fn event(&mut self, id: usize) -> Option<Event> {
        self.events[id].pop_front()
    }

    /// The data that a client got next: on which channel, from whom, what.
    pub(super) fn data(&mut self, id: usize) -> Option<(Option<u16>, SocketAddr, Vec<u8>)> {
        match self.event(id)? {
            Event::DataIndicationOrChannelData(channel, peer, data) => {
                Some((channel.map(|n| n.0), peer, data.to_vec()))
            }
            other => panic!("{other:?}"),
        }
    }

    /// Hands a datagram to the server and lets all that follows happen.
    pub(super) fn deliver(&mut self, source: SocketAddrV4, destination: SocketAddrV4, payload: &[u8]) {
        self.carry(source, destination, payload);
        self.settle();
    }

    /// Hands a datagram to the server, and what comes out to those whom it is for.
    pub(super) fn carry(&mut self, source: SocketAddrV4, destination: SocketAddrV4, payload: &[u8]) {
        let mut under_way = VecDeque::from([Datagram { source, destination, payload: BytesMut::from(payload) }]);
        while let Some(datagram) = under_way.pop_front() {
            if datagram.destination.ip() == SERVER.ip() {
                self.received.push((self.now, datagram.clone()));
                let mut out = Vec::new();
                self.server.receive(self.now, datagram, &mut out);
                self.sent.extend(out.iter().cloned());
                under_way.extend(out);
            } else if let Some(id) = (0..self.clients.len()).find(|&id| Self::address(id) == datagram.destination) {
                if self.to_lose > 0 {
                    self.to_lose -= 1;
                    continue;
                }
                let message =
                    TaggedBytesMut { now: self.instant(), transport: context(&datagram), message: datagram.payload };
                self.clients[id].handle_read(message).expect("the client understands the server");
            } else {
                self.inbox.push_back(datagram);
            }
        }
    }

    /// Carries datagrams until no client has any.
    pub(super) fn settle(&mut self) {
        let mut busy = true;
        while busy {
            busy = false;
            for id in 0..self.clients.len() {
                while let Some(write) = self.clients[id].poll_write() {
                    busy = true;
                    let SocketAddr::V4(to) = write.transport.peer_addr else { panic!("IPv4 only") };
                    self.carry(Self::address(id), to, &write.message);
                }
            }
        }
        for (client, events) in self.clients.iter_mut().zip(&mut self.events) {
            events.extend(std::iter::from_fn(|| client.poll_event()));
        }
    }

    /// Lets time pass, with the timers of the clients.
    pub(super) fn run_until(&mut self, end: SimTime) {
        loop {
            let next = self.clients.iter_mut().filter_map(Protocol::poll_timeout).min();
            let next = next.map_or(SimTime::MAX, |at| {
                let ns = at.saturating_duration_since(self.start).as_nanos();
                SimTime::from_ns(u64::try_from(ns).expect("soon"))
            });
            self.now = self.now.max(next.min(end));
            if next > end {
                return;
            }
            let now = self.instant();
            for client in &mut self.clients {
                client.handle_timeout(now).expect("a timer");
            }
            self.settle();
        }
    }

    /// The answer of the server to a message from this address.
    pub(super) fn ask(&mut self, source: SocketAddrV4, message: &Message) -> Answer {
        self.deliver(source, SERVER, &message.raw);
        let datagram = self.inbox.pop_back().expect("an answer");
        assert_eq!((datagram.source, datagram.destination), (SERVER, source));
        Answer::read(&datagram.payload)
    }
}

fn context(datagram: &Datagram) -> TransportContext {
    TransportContext {
        local_addr: datagram.destination.into(),
        peer_addr: datagram.source.into(),
        transport_protocol: TransportProtocol::UDP,
        ecn: None,
    }
}
