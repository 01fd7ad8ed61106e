//! One end of a connection that is being set up: its ICE agent, its servers, what it tells.

use std::net::{Ipv4Addr, SocketAddrV4};

use super::gather::{Found, Gatherer};
use super::queue::Told;
use super::spec::{EndSpec, Gather, RelayTransport};
use super::wire::{Content, Packet, SetupMessage};
use crate::net::Header;
use crate::webrtc::handshake::{Output, Transport, TransportSpec};
use crate::webrtc::ice::{Agent, Candidate, CandidateKind, Family, IceProfile, PREFERENCE_MAX, Route};
use crate::webrtc::stamp::{Moment, Stamp};

/// The socket that host candidates have, the one that asks STUN servers where that is another, and
/// the one with an IPv6 address.
const HOST: u8 = 0;
const REFLEXIVE: u8 = 1;
const V6: u8 = 2;
/// The ports of an end: its sockets, then one for each allocation where those have their own.
const FIRST_PORT: u16 = 5_000;
const RELAY_SOCKETS: u16 = 5_010;

/// One end.
#[derive(Debug)]
pub(super) struct End {
    pub(super) agent: Agent,
    pub(super) gatherer: Gatherer,
    /// What follows ICE.
    pub(super) transport: Transport,
    /// Whether its own description has been signaled.
    pub(super) described: bool,
    /// Whether it has gathered all it can.
    pub(super) gathered: bool,
    /// What its timer is set to.
    pub(super) armed: Option<Stamp>,
    /// Its candidates so far.
    pub(super) told: Vec<Told>,
    own: SocketAddrV4,
    own_v6: Option<SocketAddrV4>,
    hears: bool,
    // Candidates of the other end that came before its description.
    early: Vec<Candidate>,
    hides: bool,
}

impl End {
    pub(super) fn new(
        now: Stamp,
        spec: &EndSpec,
        side: usize,
        (address, address_v6): (Ipv4Addr, Option<Ipv4Addr>),
        server: Ipv4Addr,
        transport: TransportSpec,
        facing: &IceProfile,
    ) -> Self {
        let ice = spec.stack.ice.facing(facing);
        Self {
            agent: Agent::new(now, ice, side == 0, side as u64),
            gatherer: Gatherer::new(side, ice, server),
            transport: Transport::new(transport),
            described: false,
            gathered: false,
            armed: None,
            told: Vec::new(),
            own: SocketAddrV4::new(address, FIRST_PORT),
            own_v6: address_v6.map(|address| SocketAddrV4::new(address, FIRST_PORT + u16::from(V6))),
            hears: false,
            early: Vec::new(),
            hides: spec.stack.mdns,
        }
    }

    /// Adds the candidates that are known at once, and asks the servers for the others.
    pub(super) fn gather(&mut self, now: Stamp, spec: &EndSpec, transports: &[RelayTransport]) {
        let ice = spec.stack.ice;
        self.gatherer.begin(now);
        if spec.gather != Gather::RelayOnly {
            // IPv6 first (RFC 8421, section 4).
            if let Some(own) = self.own_v6 {
                let candidate = Candidate::new(CandidateKind::Host, own, Route::Socket(V6));
                self.add(Candidate { family: Family::V6, ..candidate }, self.hides);
            }
            let after_v6 = PREFERENCE_MAX - u16::from(self.own_v6.is_some());
            let candidate = Candidate::new(CandidateKind::Host, self.own, Route::Socket(HOST));
            self.add(Candidate { local_preference: after_v6, ..candidate }, self.hides);
        }
        if matches!(spec.gather, Gather::Stun | Gather::Turn) {
            let socket = if ice.separate_sockets { REFLEXIVE } else { HOST };
            self.gatherer.ask_reflexive(now, socket, self.socket(socket));
            if let Some(own) = self.own_v6 {
                self.gatherer.ask_reflexive(now, V6, own);
            }
        }
        if matches!(spec.gather, Gather::Turn | Gather::RelayOnly) {
            let speaks = |transport: &&RelayTransport| ice.streams_to_turn || **transport == RelayTransport::Udp;
            for (number, &transport) in (0..).zip(transports.iter().filter(speaks)) {
                // Each connection over TCP has a port of its own.
                let shared = transport == RelayTransport::Udp && !ice.separate_sockets;
                let port = if shared { FIRST_PORT } else { RELAY_SOCKETS + number };
                self.gatherer.ask_relay(now, transport, SocketAddrV4::new(*self.own.ip(), port));
            }
        }
    }

    /// The other end's description has come.
    pub(super) fn describe(&mut self, now: Stamp, candidates: impl Iterator<Item = Candidate>) {
        let early = std::mem::take(&mut self.early);
        candidates.chain(early).for_each(|candidate| self.agent.add_remote(candidate));
        self.hears = true;
        self.agent.start(now);
    }

    /// One more candidate of the other end has come; it waits for the description if that is late.
    pub(super) fn hear_of(&mut self, candidate: Candidate) {
        if self.hears { self.agent.add_remote(candidate) } else { self.early.push(candidate) }
    }

    /// A packet has come; whether anything may follow from it.
    pub(super) fn receive(&mut self, moment: &mut Moment<'_>, packet: Packet) -> bool {
        let Packet { header, message } = packet;
        match message {
            SetupMessage::Reply { id, reply } => return self.gatherer.answered(moment.now, id, reply),
            SetupMessage::Peer(content) => {
                if let Some(route) = self.route_of(header) {
                    self.deliver(moment, route, header.source, content);
                }
            }
            SetupMessage::Data { peer, content } => {
                if let Some(number) = self.gatherer.relay_of(header) {
                    self.deliver(moment, Route::Relay(number), peer, content);
                }
            }
            SetupMessage::Ask { .. } | SetupMessage::Send { .. } => {}
        }
        true
    }

    /// Takes what it has found out since into its candidates; the place of the first new one.
    pub(super) fn take_found(&mut self) -> usize {
        let known = self.told.len();
        for place in 0..self.gatherer.found().len() {
            match self.gatherer.found()[place] {
                Found::Reflexive { socket, mapped } => self.add_reflexive(socket, mapped),
                Found::Relayed { number, address } => {
                    let candidate = Candidate::new(CandidateKind::Relayed, address, Route::Relay(number));
                    self.add(Candidate { local_preference: PREFERENCE_MAX - u16::from(number), ..candidate }, false);
                }
            }
        }
        self.gatherer.forget_found();
        known
    }

    /// Takes what it has to send: what leaves from its sockets first, as its parts are asked one after
    /// the other.
    pub(super) fn take_out(&mut self, now: Stamp, out: &mut Vec<Packet>) {
        self.gatherer.take_out(out);
        if self.agent.has_out() {
            let mut checks = self.agent.take_out();
            for outgoing in checks.drain(..) {
                self.send(now, outgoing.route, outgoing.to, Content::Check(outgoing.check), out);
            }
            self.agent.give_back(checks);
        }
        if self.transport.has_out() {
            let mut outputs = self.transport.take_out();
            let path = self.agent.selected();
            for output in outputs.drain(..) {
                // Wake-ups are among its deadlines.
                if let (Output::Send(segment), Some((local, remote))) = (output, path) {
                    self.send(now, local.route, remote.address, Content::Segment(segment), out);
                }
            }
            self.transport.give_back(outputs);
        }
        self.gatherer.take_out(out);
    }

    /// Does what is due.
    pub(super) fn act(&mut self, moment: &mut Moment<'_>) {
        self.gatherer.act(moment);
        self.agent.act(moment);
        self.transport.act(moment);
    }

    /// ICE has a pair: what follows may begin.
    pub(super) fn connected(&mut self, moment: &mut Moment<'_>) {
        if let Some((sent, answered)) = self.agent.round_trip() {
            self.transport.set_round_trip(sent, answered, moment);
        }
        self.transport.start(moment);
    }

    /// Whether nothing will happen any more unless something comes.
    pub(super) fn is_idle(&self) -> bool {
        self.gatherer.is_idle() && self.transport.deadlines().next().is_none()
    }

    /// When it wants to act next, if ever; perhaps in the past.
    pub(super) fn next_wake(&self, moment: &mut Moment<'_>) -> Option<Stamp> {
        let agent = self.agent.next_wake(moment);
        let gatherer = self.gatherer.next_wake(moment, agent);
        self.transport.next_wake(moment, gatherer)
    }

    fn deliver(&mut self, moment: &mut Moment<'_>, route: Route, from: SocketAddrV4, content: Content) {
        match content {
            Content::Check(check) => self.agent.receive(moment, route, from, check),
            Content::Segment(segment) => self.transport.receive(moment, segment),
        }
    }

    fn send(&mut self, now: Stamp, route: Route, to: SocketAddrV4, content: Content, out: &mut Vec<Packet>) {
        match route {
            Route::Socket(socket) => {
                out.push(Packet::new(Header::udp(self.socket(socket), to), SetupMessage::Peer(content)));
            }
            Route::Relay(number) => self.gatherer.send(now, number, to, content),
        }
    }

    fn add_reflexive(&mut self, socket: u8, mapped: SocketAddrV4) {
        // A candidate that equals its base is redundant (RFC 8445, section 5.1.3), unless the base is
        // hidden; the stacks that check all pairs at once keep it.
        if !self.agent.keeps_redundant() && mapped == self.socket(socket) && !self.hides {
            return;
        }
        let candidate = Candidate::new(CandidateKind::ServerReflexive, mapped, Route::Socket(socket));
        let (family, after_v6) = match socket {
            V6 => (Family::V6, 0),
            _ => (Family::V4, u16::from(self.own_v6.is_some())),
        };
        self.add(Candidate { family, local_preference: PREFERENCE_MAX - after_v6, ..candidate }, false);
    }

    fn add(&mut self, candidate: Candidate, hidden: bool) {
        self.agent.add_local(candidate);
        self.told.push(Told { candidate, hidden });
    }

    fn socket(&self, socket: u8) -> SocketAddrV4 {
        match (socket, self.own_v6) {
            (V6, Some(own)) => own,
            _ => SocketAddrV4::new(*self.own.ip(), FIRST_PORT + u16::from(socket)),
        }
    }

    fn route_of(&self, header: Header) -> Option<Route> {
        [HOST, REFLEXIVE, V6].into_iter().find(|&socket| self.socket(socket) == header.destination).map(Route::Socket)
    }
}
