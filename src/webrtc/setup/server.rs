//! The STUN and TURN servers of both ends: they answer at once, and never refuse.

use std::net::{Ipv4Addr, SocketAddrV4};

use super::network::{Network, SERVER_PORT};
use super::wire::{Ask, Packet, Reply, SetupMessage};
use crate::net::{Header, Transport};

/// All allocations.
#[derive(Debug, Default)]
pub(super) struct Server {
    allocations: Vec<Allocation>,
}

#[derive(Debug)]
struct Allocation {
    // What its client sends from, as the server sees it, and where to.
    transport: Transport,
    client: SocketAddrV4,
    listens: SocketAddrV4,
    relayed: SocketAddrV4,
    permissions: Vec<Ipv4Addr>,
}

impl Server {
    /// A packet has come: what a server sends in turn.
    pub(super) fn receive(&mut self, network: &mut Network, packet: Packet) -> Option<Packet> {
        let Packet { header, message } = packet;
        let back = Header { source: header.destination, destination: header.source, ..header };
        match message {
            SetupMessage::Ask { client, id, ask } => {
                let reply = self.answer(network, client, header, ask)?;
                Some(Packet::new(back, SetupMessage::Reply { id, reply }))
            }
            SetupMessage::Send { peer, content } => {
                let allocation = self.of_client(header)?;
                let permitted = allocation.permissions.contains(peer.ip());
                permitted.then(|| Packet::new(Header::udp(allocation.relayed, peer), SetupMessage::Peer(content)))
            }
            SetupMessage::Peer(content) => {
                let allocation = self.allocations.iter().find(|known| known.relayed == header.destination)?;
                let permitted = allocation.permissions.contains(header.source.ip());
                let header_down = Header {
                    transport: allocation.transport,
                    source: allocation.listens,
                    destination: allocation.client,
                };
                permitted.then(|| Packet::new(header_down, SetupMessage::Data { peer: header.source, content }))
            }
            SetupMessage::Reply { .. } | SetupMessage::Data { .. } => None,
        }
    }

    fn answer(&mut self, network: &mut Network, owner: usize, header: Header, ask: Ask) -> Option<Reply> {
        match ask {
            Ask::Connect | Ask::Secure => Some(Reply::Done),
            Ask::Binding => Some(Reply::Mapped(header.source)),
            Ask::Allocate { authenticated: false } => Some(Reply::Challenge),
            Ask::Allocate { authenticated: true } => {
                // A retransmission gets the answer that was lost.
                if let Some(known) = self.of_client(header) {
                    return Some(Reply::Allocated(known.relayed));
                }
                let relayed = network.allocate(owner);
                self.allocations.push(Allocation {
                    transport: header.transport,
                    client: header.source,
                    listens: header.destination,
                    relayed,
                    permissions: Vec::new(),
                });
                Some(Reply::Allocated(relayed))
            }
            Ask::Permit(peer) | Ask::Channel(peer) => {
                let allocation = self.of_client(header)?;
                if !allocation.permissions.contains(peer.ip()) {
                    allocation.permissions.push(*peer.ip());
                }
                Some(Reply::Done)
            }
        }
    }

    fn of_client(&mut self, header: Header) -> Option<&mut Allocation> {
        let same = |known: &&mut Allocation| {
            known.client == header.source && known.transport == header.transport && known.listens == header.destination
        };
        self.allocations.iter_mut().find(same)
    }
}

/// The server's address for plain STUN and TURN.
pub(super) const fn plain(server: Ipv4Addr) -> SocketAddrV4 {
    SocketAddrV4::new(server, SERVER_PORT)
}
