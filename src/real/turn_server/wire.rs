//! STUN messages as they are on the wire, read in place (RFC 8489 sections 5 and 14, RFC 8656 sections
//! 17 and 18).
//!
//! The codec of the stack copies every attribute into a list; a relay looks at each packet, so this
//! reader borrows instead. What is written is in [`super::reply`].

use std::net::{Ipv4Addr, SocketAddrV4};

/// The id that pairs a response with its request.
pub(super) type TransactionId = [u8; 12];

/// Bytes before the first attribute of a STUN message.
pub(super) const HEADER_LEN: usize = 20;
/// Bytes before the value of an attribute.
pub(super) const ATTRIBUTE_HEADER_LEN: usize = 4;
/// The fixed word that says that a message is STUN.
pub(super) const MAGIC_COOKIE: u32 = 0x2112_A442;

/// The types of messages that the server knows: method and class in one number.
pub(super) mod kind {
    pub(in super::super) const BINDING: u16 = 0x0001;
    pub(in super::super) const ALLOCATE: u16 = 0x0003;
    pub(in super::super) const REFRESH: u16 = 0x0004;
    pub(in super::super) const CREATE_PERMISSION: u16 = 0x0008;
    pub(in super::super) const CHANNEL_BIND: u16 = 0x0009;
    pub(in super::super) const BINDING_INDICATION: u16 = 0x0011;
    pub(in super::super) const SEND_INDICATION: u16 = 0x0016;
    pub(in super::super) const DATA_INDICATION: u16 = 0x0017;
    /// Added to the type of a request: its success response.
    pub(in super::super) const SUCCESS: u16 = 0x0100;
    /// Added to the type of a request: its error response.
    pub(in super::super) const ERROR: u16 = 0x0110;
}

/// The attributes that the server reads or writes.
pub(super) mod attribute {
    pub(in super::super) const USERNAME: u16 = 0x0006;
    pub(in super::super) const MESSAGE_INTEGRITY: u16 = 0x0008;
    pub(in super::super) const ERROR_CODE: u16 = 0x0009;
    pub(in super::super) const UNKNOWN_ATTRIBUTES: u16 = 0x000A;
    pub(in super::super) const CHANNEL_NUMBER: u16 = 0x000C;
    pub(in super::super) const LIFETIME: u16 = 0x000D;
    pub(in super::super) const XOR_PEER_ADDRESS: u16 = 0x0012;
    pub(in super::super) const DATA: u16 = 0x0013;
    pub(in super::super) const REALM: u16 = 0x0014;
    pub(in super::super) const NONCE: u16 = 0x0015;
    pub(in super::super) const XOR_RELAYED_ADDRESS: u16 = 0x0016;
    pub(in super::super) const REQUESTED_ADDRESS_FAMILY: u16 = 0x0017;
    pub(in super::super) const EVEN_PORT: u16 = 0x0018;
    pub(in super::super) const REQUESTED_TRANSPORT: u16 = 0x0019;
    pub(in super::super) const DONT_FRAGMENT: u16 = 0x001A;
    pub(in super::super) const XOR_MAPPED_ADDRESS: u16 = 0x0020;
    pub(in super::super) const RESERVATION_TOKEN: u16 = 0x0022;
    pub(in super::super) const FINGERPRINT: u16 = 0x8028;

    /// Whether the server may go on with a request or an indication that carries this attribute.
    pub(in super::super) const fn is_understood(attribute: u16) -> bool {
        attribute >= 0x8000
            || matches!(
                attribute,
                USERNAME
                    | MESSAGE_INTEGRITY
                    | CHANNEL_NUMBER
                    | LIFETIME
                    | XOR_PEER_ADDRESS
                    | DATA
                    | REALM
                    | NONCE
                    | REQUESTED_ADDRESS_FAMILY
                    | EVEN_PORT
                    | REQUESTED_TRANSPORT
                    | DONT_FRAGMENT
                    | RESERVATION_TOKEN
            )
    }
}

/// A well-formed STUN message in a datagram.
#[derive(Clone, Copy, Debug)]
pub(super) struct StunMessage<'a> {
    bytes: &'a [u8],
    /// Where the attributes end that mean something: at MESSAGE-INTEGRITY, FINGERPRINT or the end.
    end: usize,
    /// Where MESSAGE-INTEGRITY begins, its header included.
    integrity: Option<usize>,
    /// Whether FINGERPRINT closes the message. Its value is not checked: it tells STUN from other
    /// protocols, and nothing else comes to this server.
    pub(super) fingerprint: bool,
}

impl<'a> StunMessage<'a> {
    /// The message that fills a datagram, or nothing if that is no STUN.
    pub(super) fn parse(bytes: &'a [u8]) -> Option<Self> {
        let (header, body) = bytes.split_at_checked(HEADER_LEN)?;
        let is_stun = header[0] < 0x40 && header[4..8] == MAGIC_COOKIE.to_be_bytes();
        if !is_stun || usize::from(be16(&header[2..])) != body.len() || !body.len().is_multiple_of(4) {
            return None;
        }
        let mut message = StunMessage { bytes, end: bytes.len(), integrity: None, fingerprint: false };
        let mut at = HEADER_LEN;
        while at < bytes.len() {
            // The body is a multiple of four, so a header always fits.
            let next = at + ATTRIBUTE_HEADER_LEN + padded(usize::from(be16(&bytes[at + 2..])));
            if next > bytes.len() {
                return None;
            }
            match be16(&bytes[at..]) {
                attribute::MESSAGE_INTEGRITY if message.integrity.is_none() => {
                    message.integrity = Some(at);
                    message.end = message.end.min(at);
                }
                attribute::FINGERPRINT => {
                    message.fingerprint = true;
                    message.end = message.end.min(at);
                }
                _ => {}
            }
            at = next;
        }
        Some(message)
    }

    /// Method and class (see [`kind`]).
    pub(super) fn kind(self) -> u16 {
        be16(self.bytes)
    }

    /// The id of the transaction.
    pub(super) fn transaction(self) -> TransactionId {
        self.bytes[8..HEADER_LEN].try_into().expect("invariant: a header has 12 bytes for the id")
    }

    /// Type and value of each attribute up to MESSAGE-INTEGRITY; what follows it is not protected, and
    /// ignored (RFC 8489 section 14.5).
    pub(super) fn attributes(self) -> impl Iterator<Item = (u16, &'a [u8])> {
        let mut rest = &self.bytes[HEADER_LEN..self.end];
        std::iter::from_fn(move || {
            let (header, body) = rest.split_at_checked(ATTRIBUTE_HEADER_LEN)?;
            let len = usize::from(be16(&header[2..]));
            rest = &body[padded(len)..];
            Some((be16(header), &body[..len]))
        })
    }

    /// The value of the first attribute of this type.
    pub(super) fn find(self, wanted: u16) -> Option<&'a [u8]> {
        self.attributes().find(|(attribute, _)| *attribute == wanted).map(|(_, value)| value)
    }

    /// MESSAGE-INTEGRITY and what it covers.
    pub(super) fn integrity(self) -> Option<Integrity<'a>> {
        let at = self.integrity?;
        let len = usize::from(be16(&self.bytes[at + 2..]));
        let value = at + ATTRIBUTE_HEADER_LEN;
        let signed_len = u16::try_from(value + padded(len) - HEADER_LEN);
        let signed_len = signed_len.expect("invariant: no more than the length of the message").to_be_bytes();
        let tag = &self.bytes[value..value + len];
        Some(Integrity { kind: &self.bytes[..2], signed_len, rest: &self.bytes[4..at], tag })
    }
}

/// MESSAGE-INTEGRITY of a message: the tag, and what it was computed over in three pieces.
#[derive(Clone, Copy, Debug)]
pub(super) struct Integrity<'a> {
    kind: &'a [u8],
    /// The length field as it was when the sender signed: up to the end of the attribute itself.
    signed_len: [u8; 2],
    rest: &'a [u8],
    /// The value of the attribute.
    pub(super) tag: &'a [u8],
}

impl Integrity<'_> {
    /// The bytes that the tag must fit, in order.
    pub(super) fn covered(&self) -> [&[u8]; 3] {
        [self.kind, &self.signed_len, self.rest]
    }
}

/// Why an address attribute cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AddressFault {
    /// Not an address at all.
    Malformed,
    /// An IPv6 address: the server relays IPv4.
    Family,
}

/// Reads an XOR-...-ADDRESS (RFC 8489 section 14.2).
pub(super) fn read_address(value: &[u8]) -> Result<SocketAddrV4, AddressFault> {
    match *value {
        [_, 1, p0, p1, a, b, c, d] => {
            let port = u16::from_be_bytes([p0, p1]) ^ (MAGIC_COOKIE >> 16) as u16;
            let ip = u32::from_be_bytes([a, b, c, d]) ^ MAGIC_COOKIE;
            Ok(SocketAddrV4::new(Ipv4Addr::from_bits(ip), port))
        }
        [_, 2, ..] if value.len() == 20 => Err(AddressFault::Family),
        _ => Err(AddressFault::Malformed),
    }
}

/// A length rounded up to the border of 32 bits that attributes keep to.
pub(super) const fn padded(len: usize) -> usize {
    len.next_multiple_of(4)
}

/// The number in the first two bytes.
pub(super) const fn be16(bytes: &[u8]) -> u16 {
    u16::from_be_bytes([bytes[0], bytes[1]])
}
