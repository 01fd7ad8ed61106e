//! The TURN client of an end (RFC 8656): a relayed address, and what goes through it.
//!
//! A datagram for a peer without permission waits until the server has granted it, as the
//! blocking TURN clients of other stacks do.

use std::collections::BTreeMap;
use std::net::{SocketAddr, SocketAddrV4};
use std::sync::Arc;
use std::time::Instant;

use bytes::BytesMut;
use rtc::crypto::RTCCryptoProvider;
use rtc::sansio::Protocol;
use rtc::shared::{TaggedBytesMut, TransportProtocol};
use rtc::turn::client::{Client, ClientConfig, Event};

use super::StackError;

/// A TURN server and the credentials for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TurnAccess {
    /// Where it listens.
    pub server: SocketAddrV4,
    /// The user.
    pub username: String,
    /// Its password.
    pub password: String,
    /// The realm of both.
    pub realm: String,
}

/// An allocation at a TURN server.
pub(super) struct Relay {
    client: Client,
    address: Option<SocketAddr>,
    permissions: BTreeMap<SocketAddr, Permission>,
}

enum Permission {
    Asked(Vec<BytesMut>),
    Granted,
}

/// What the TURN client reports.
pub(super) enum Report {
    /// The allocation stands: this is the relayed address.
    Allocated(SocketAddr),
    /// There will be no allocation.
    Refused,
    /// A datagram has come through the relay.
    Data { from: SocketAddr, payload: BytesMut },
}

impl Relay {
    /// Asks the server for an allocation.
    pub(super) fn allocate(
        now: Instant,
        own: SocketAddrV4,
        access: &TurnAccess,
        provider: Arc<dyn RTCCryptoProvider>,
    ) -> Result<Self, StackError> {
        let config = ClientConfig {
            stun_serv_addr: access.server.to_string(),
            turn_serv_addr: access.server.to_string(),
            local_addr: own.into(),
            transport_protocol: TransportProtocol::UDP,
            username: access.username.clone(),
            password: access.password.clone(),
            realm: access.realm.clone(),
            ..Default::default()
        };
        let mut client = Client::new(config, provider)?;
        client.allocate(now)?;
        Ok(Self { client, address: None, permissions: BTreeMap::new() })
    }

    /// Whether this is the relayed address.
    #[inline]
    pub(super) fn is_at(&self, address: SocketAddr) -> bool {
        self.address == Some(address)
    }

    /// The relayed address, once there is one.
    pub(super) const fn address(&self) -> Option<SocketAddr> {
        self.address
    }

    /// Whether the server has not answered yet.
    pub(super) const fn is_asking(&self) -> bool {
        self.address.is_none()
    }

    /// Sends a datagram to a peer through the relay.
    pub(super) fn send(&mut self, now: Instant, to: SocketAddr, payload: BytesMut) -> Result<(), StackError> {
        let Some(address) = self.address else { return Ok(()) };
        let mut relay = self.client.relay(address)?;
        match self.permissions.get_mut(&to) {
            Some(Permission::Granted) => relay.send_to(now, &payload, to)?,
            Some(Permission::Asked(waiting)) => waiting.push(payload),
            None => {
                relay.create_permission(now, to)?;
                self.permissions.insert(to, Permission::Asked(vec![payload]));
            }
        }
        Ok(())
    }

    /// Takes a datagram of the server.
    pub(super) fn receive(&mut self, datagram: TaggedBytesMut) -> Result<(), StackError> {
        Ok(self.client.handle_read(datagram)?)
    }

    /// The next datagram for the server.
    pub(super) fn poll_write(&mut self) -> Option<TaggedBytesMut> {
        self.client.poll_write()
    }

    /// The next thing that happened.
    pub(super) fn poll(&mut self, now: Instant) -> Result<Option<Report>, StackError> {
        while let Some(event) = self.client.poll_event() {
            match event {
                Event::AllocateResponse(_, address) => {
                    self.address = Some(address);
                    return Ok(Some(Report::Allocated(address)));
                }
                Event::AllocateError(..) => return Ok(Some(Report::Refused)),
                Event::TransactionTimeout(_) if self.address.is_none() => return Ok(Some(Report::Refused)),
                Event::CreatePermissionResponse(_, peer) => self.granted(now, peer)?,
                Event::DataIndicationOrChannelData(_, from, payload) => {
                    return Ok(Some(Report::Data { from, payload }));
                }
                // A permission that was refused is asked for again with the next datagram.
                Event::CreatePermissionError(..) => {
                    self.permissions.retain(|_, permission| matches!(permission, Permission::Granted));
                }
                _ => {}
            }
        }
        Ok(None)
    }

    /// Gives the allocation back.
    pub(super) fn close(&mut self, now: Instant) -> Result<(), StackError> {
        if let Some(address) = self.address.take() {
            self.client.relay(address)?.close(now)?;
        }
        Ok(())
    }

    pub(super) fn poll_timeout(&mut self) -> Option<Instant> {
        self.client.poll_timeout()
    }

    pub(super) fn handle_timeout(&mut self, now: Instant) -> Result<(), StackError> {
        Ok(self.client.handle_timeout(now)?)
    }

    fn granted(&mut self, now: Instant, peer: SocketAddr) -> Result<(), StackError> {
        let before = self.permissions.insert(peer, Permission::Granted);
        if let (Some(Permission::Asked(waiting)), Some(address)) = (before, self.address) {
            for payload in waiting {
                self.client.relay(address)?.send_to(now, &payload, peer)?;
            }
        }
        Ok(())
    }
}
