//! An end's dealings with its servers (RFC 8489, RFC 8656): it learns its outside addresses, has
//! allocations made, and sends through them.
//!
//! A datagram for a peer without permission waits until the server has granted it. With the first
//! one a channel is bound, whose answer nothing waits for. Over TCP and TLS nothing is repeated.

use std::net::{Ipv4Addr, SocketAddrV4};

use super::network::{SERVER_PORT, TLS_PORT};
use super::spec::RelayTransport;
use super::wire::{Ask, Content, Packet, Reply, SetupMessage};
use crate::net::{Header, Transport};
use crate::units::SimDuration;
use crate::webrtc::ice::IceProfile;
use crate::webrtc::stamp::{Moment, Stamp};

/// When gathering gives up on servers that do not answer (pion, webrtc-rs: `stun_gather_timeout`).
const GATHERING: SimDuration = SimDuration::from_secs(5);

/// What an end has found out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// Its outside address, as seen for this socket.
    Reflexive { socket: u8, mapped: SocketAddrV4 },
    /// The relayed address of this allocation.
    Relayed { number: u8, address: SocketAddrV4 },
}

/// An end's dealings with its servers.
#[derive(Debug)]
pub(super) struct Gatherer {
    side: usize,
    profile: IceProfile,
    server: Ipv4Addr,
    transactions: Vec<Transaction>,
    relays: Vec<Relay>,
    next_id: u32,
    // While gathering goes on: when it ends at the latest.
    until: Option<Stamp>,
    found: Vec<Found>,
    out: Vec<Packet>,
}

#[derive(Debug)]
struct Transaction {
    id: u32,
    ask: Ask,
    by: Way,
    header: Header,
    sends: u32,
    resend_at: Option<Stamp>,
}

// What a transaction is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Socket(u8),
    Relay(usize),
}

#[derive(Debug)]
struct Relay {
    transport: RelayTransport,
    header: Header,
    address: Option<SocketAddrV4>,
    peers: Vec<Peer>,
}

#[derive(Debug)]
struct Peer {
    address: SocketAddrV4,
    granted: bool,
    bound: bool,
    waiting: Vec<Content>,
}

impl Gatherer {
    pub(super) const fn new(side: usize, profile: IceProfile, server: Ipv4Addr) -> Self {
        Self {
            side,
            profile,
            server,
            transactions: Vec::new(),
            relays: Vec::new(),
            next_id: 0,
            until: None,
            found: Vec::new(),
            out: Vec::new(),
        }
    }

    /// Begins to gather, until the servers have answered or time is up.
    pub(super) fn begin(&mut self, now: Stamp) {
        self.until = Some(now.after(GATHERING));
    }

    /// Asks for the outside address of a socket.
    pub(super) fn ask_reflexive(&mut self, now: Stamp, socket: u8, own: SocketAddrV4) {
        let header = Header::udp(own, super::server::plain(self.server));
        self.ask(now, Way::Socket(socket), Ask::Binding, header);
    }

    /// Asks for an allocation.
    pub(super) fn ask_relay(&mut self, now: Stamp, transport: RelayTransport, own: SocketAddrV4) {
        let (kind, port) = match transport {
            RelayTransport::Udp => (Transport::Udp, SERVER_PORT),
            RelayTransport::Tcp => (Transport::Tcp, SERVER_PORT),
            RelayTransport::Tls => (Transport::Tcp, TLS_PORT),
        };
        let header = Header { transport: kind, source: own, destination: SocketAddrV4::new(self.server, port) };
        self.relays.push(Relay { transport, header, address: None, peers: Vec::new() });
        let first = match transport {
            RelayTransport::Udp => Ask::Allocate { authenticated: false },
            RelayTransport::Tcp | RelayTransport::Tls => Ask::Connect,
        };
        self.ask(now, Way::Relay(self.relays.len() - 1), first, header);
    }

    /// How an allocation is reached.
    pub(super) fn transport_of(&self, number: u8) -> RelayTransport {
        self.relays.get(usize::from(number)).map_or(RelayTransport::Udp, |relay| relay.transport)
    }

    /// The allocation whose packets come to and from these addresses, seen from this end.
    pub(super) fn relay_of(&self, arrived: Header) -> Option<u8> {
        let there = |relay: &Relay| {
            relay.header.transport == arrived.transport
                && relay.header.source == arrived.destination
                && relay.header.destination == arrived.source
        };
        self.relays.iter().position(there).map(|number| number as u8)
    }

    /// Sends to a peer through an allocation.
    pub(super) fn send(&mut self, now: Stamp, number: u8, to: SocketAddrV4, content: Content) {
        let number = usize::from(number);
        let relay = &mut self.relays[number];
        if relay.address.is_none() {
            return;
        }
        match relay.peers.iter_mut().position(|peer| peer.address == to) {
            Some(peer) if relay.peers[peer].granted => self.relay(now, number, peer, content),
            Some(peer) => relay.peers[peer].waiting.push(content),
            None => {
                relay.peers.push(Peer { address: to, granted: false, bound: false, waiting: vec![content] });
                let header = relay.header;
                self.ask(now, Way::Relay(number), Ask::Permit(to), header);
            }
        }
    }

    /// The server has answered; whether anything may follow from it.
    pub(super) fn answered(&mut self, now: Stamp, id: u32, reply: Reply) -> bool {
        let Some(place) = self.transactions.iter().position(|known| known.id == id) else { return false };
        let Transaction { ask, by, header, .. } = self.transactions.remove(place);
        match (by, ask, reply) {
            (Way::Socket(socket), Ask::Binding, Reply::Mapped(mapped)) => {
                self.found.push(Found::Reflexive { socket, mapped });
            }
            (Way::Relay(number), Ask::Connect, _) if self.relays[number].transport == RelayTransport::Tls => {
                self.ask(now, by, Ask::Secure, header);
            }
            (Way::Relay(_), Ask::Connect | Ask::Secure, _) => {
                self.ask(now, by, Ask::Allocate { authenticated: false }, header);
            }
            (Way::Relay(_), Ask::Allocate { .. }, Reply::Challenge) => {
                self.ask(now, by, Ask::Allocate { authenticated: true }, header);
            }
            (Way::Relay(number), Ask::Allocate { .. }, Reply::Allocated(address)) => {
                self.relays[number].address = Some(address);
                self.found.push(Found::Relayed { number: number as u8, address });
            }
            (Way::Relay(number), Ask::Permit(peer), Reply::Done) => self.granted(now, number, peer),
            _ => return false,
        }
        true
    }

    /// Repeats what is due, and ends gathering when its time is up.
    pub(super) fn act(&mut self, moment: &mut Moment<'_>) {
        for place in 0..self.transactions.len() {
            let Transaction { id, ask, header, sends, resend_at, .. } = self.transactions[place];
            if !resend_at.is_some_and(|at| moment.reached(at)) {
                continue;
            }
            let schedule = if ask == Ask::Binding { self.profile.binding } else { self.profile.turn };
            let again = &mut self.transactions[place];
            if sends < schedule.sends_max {
                again.sends += 1;
                again.resend_at = Some(moment.now.after(schedule.wait(again.sends)));
                self.out.push(Packet::new(header, SetupMessage::Ask { client: self.side, id, ask }));
            } else {
                again.resend_at = None;
            }
        }
        if self.until.is_some_and(|until| moment.reached(until)) {
            self.transactions.retain(|known| !gathers(known.ask));
        }
    }

    /// Whether gathering has just come to its end.
    pub(super) fn take_done(&mut self) -> bool {
        let done = self.until.is_some() && !self.transactions.iter().any(|known| gathers(known.ask));
        if done {
            self.until = None;
        }
        done
    }

    /// What has been found out and not been taken in yet.
    pub(super) fn found(&self) -> &[Found] {
        &self.found
    }

    pub(super) fn forget_found(&mut self) {
        self.found.clear();
    }

    pub(super) fn take_out(&mut self, out: &mut Vec<Packet>) {
        if !self.out.is_empty() {
            out.append(&mut self.out);
        }
    }

    /// When it wants to act next, if that is before `first`; else that.
    pub(super) fn next_wake(&self, moment: &mut Moment<'_>, first: Option<Stamp>) -> Option<Stamp> {
        let resends = self.transactions.iter().map(|known| known.resend_at);
        let first = moment.sooner(first, self.until);
        resends.fold(first, |first, resend_at| moment.sooner(first, resend_at))
    }

    /// Whether it waits for nothing.
    pub(super) fn is_idle(&self) -> bool {
        self.until.is_none() && self.transactions.iter().all(|known| known.resend_at.is_none())
    }

    fn granted(&mut self, now: Stamp, number: usize, address: SocketAddrV4) {
        let Some(peer) = self.relays[number].peers.iter().position(|peer| peer.address == address) else { return };
        self.relays[number].peers[peer].granted = true;
        for content in std::mem::take(&mut self.relays[number].peers[peer].waiting) {
            self.relay(now, number, peer, content);
        }
    }

    fn relay(&mut self, now: Stamp, number: usize, peer: usize, content: Content) {
        let header = self.relays[number].header;
        let Peer { address, bound, .. } = &mut self.relays[number].peers[peer];
        let (address, bind) = (*address, !std::mem::replace(bound, true));
        if bind {
            self.ask(now, Way::Relay(number), Ask::Channel(address), header);
        }
        self.out.push(Packet::new(header, SetupMessage::Send { peer: address, content }));
    }

    fn ask(&mut self, now: Stamp, by: Way, ask: Ask, header: Header) {
        let id = self.next_id;
        self.next_id += 1;
        let schedule = if ask == Ask::Binding { self.profile.binding } else { self.profile.turn };
        let resend_at = (header.transport == Transport::Udp).then(|| now.after(schedule.wait(1)));
        self.transactions.push(Transaction { id, ask, by, header, sends: 1, resend_at });
        self.out.push(Packet::new(header, SetupMessage::Ask { client: self.side, id, ask }));
    }
}

// Whether gathering waits for the answer.
const fn gathers(ask: Ask) -> bool {
    matches!(ask, Ask::Binding | Ask::Connect | Ask::Secure | Ask::Allocate { .. })
}
