//! Gathering candidates (RFC 8445, section 5.1.1): asking a STUN server for the outside address
//! and a TURN server for a relayed one, until both have answered or time is up.

use std::net::{SocketAddr, SocketAddrV4};
use std::time::Instant;

use rtc::sansio::Protocol;
use rtc::shared::{TaggedBytesMut, TransportProtocol};
use rtc::stun::agent::StunEvent;
use rtc::stun::client::{Client, ClientBuilder, TaggedMessage};
use rtc::stun::message::{BINDING_REQUEST, Getter, Message, TransactionId};
use rtc::stun::xoraddr::XorMappedAddress;

use super::StackError;

/// A STUN Binding transaction (RFC 8489) with one server.
pub(super) struct Binding {
    client: Client,
}

impl Binding {
    /// Asks the server how it sees `own`.
    pub(super) fn ask(now: Instant, own: SocketAddrV4, server: SocketAddrV4) -> Result<Self, StackError> {
        let mut client = ClientBuilder::new().build(now, own.into(), server.into(), TransportProtocol::UDP)?;
        let mut message = Message::new();
        message.build(&[Box::<TransactionId>::default(), Box::new(BINDING_REQUEST)])?;
        client.handle_write(TaggedMessage { now, message })?;
        Ok(Self { client })
    }

    pub(super) fn receive(&mut self, datagram: TaggedBytesMut) -> Result<(), StackError> {
        Ok(self.client.handle_read(datagram)?)
    }

    pub(super) fn poll_write(&mut self) -> Option<TaggedBytesMut> {
        self.client.poll_write()
    }

    /// The outcome, once there is one: the address that the server saw, or `None` if it never
    /// answered.
    pub(super) fn poll(&mut self) -> Option<Option<SocketAddr>> {
        match self.client.poll_event()? {
            StunEvent::Message(message) => {
                let mut mapped = XorMappedAddress::default();
                let found = mapped.get_from(&message).is_ok();
                Some(found.then(|| SocketAddr::new(mapped.ip, mapped.port)))
            }
            _ => Some(None),
        }
    }

    pub(super) fn poll_timeout(&mut self) -> Option<Instant> {
        self.client.poll_timeout()
    }

    pub(super) fn handle_timeout(&mut self, now: Instant) -> Result<(), StackError> {
        Ok(self.client.handle_timeout(now)?)
    }
}

/// Whether a datagram from the server answers a Binding request: its STUN message type is a
/// response of method Binding (RFC 8489, section 5).
pub(super) fn is_binding_response(payload: &[u8]) -> bool {
    matches!(payload, [0x01, 0x01 | 0x11, ..])
}
