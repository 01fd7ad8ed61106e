//! Writes STUN messages: responses and Data indications (RFC 8489 sections 5 and 14).

use std::net::SocketAddrV4;

use bytes::{BufMut, BytesMut};
use rtc::stun::fingerprint::fingerprint_value;

use super::credentials::Credentials;
use super::wire::{ATTRIBUTE_HEADER_LEN, HEADER_LEN, MAGIC_COOKIE, TransactionId, attribute, padded};

/// Why a request is refused: codes of RFC 8489 section 14.8 and RFC 8656 section 19.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub(super) enum ErrorCode {
    BadRequest = 400,
    Unauthorized = 401,
    UnknownAttribute = 420,
    AllocationMismatch = 437,
    StaleNonce = 438,
    AddressFamilyNotSupported = 440,
    UnsupportedTransportProtocol = 442,
    PeerAddressFamilyMismatch = 443,
    AllocationQuotaReached = 486,
    InsufficientCapacity = 508,
}

impl ErrorCode {
    const fn reason(self) -> &'static str {
        match self {
            Self::BadRequest => "Bad Request",
            Self::Unauthorized => "Unauthorized",
            Self::UnknownAttribute => "Unknown Attribute",
            Self::AllocationMismatch => "Allocation Mismatch",
            Self::StaleNonce => "Stale Nonce",
            Self::AddressFamilyNotSupported => "Address Family not Supported",
            Self::UnsupportedTransportProtocol => "Unsupported Transport Protocol",
            Self::PeerAddressFamilyMismatch => "Peer Address Family Mismatch",
            Self::AllocationQuotaReached => "Allocation Quota Reached",
            Self::InsufficientCapacity => "Insufficient Capacity",
        }
    }
}

/// A STUN message in the making.
pub(super) struct Reply(BytesMut);

impl Reply {
    /// A message without attributes; `capacity` is what its attributes are expected to need.
    #[inline]
    pub(super) fn new(kind: u16, transaction: TransactionId, capacity: usize) -> Self {
        let mut bytes = BytesMut::with_capacity(HEADER_LEN + capacity);
        bytes.put_u16(kind);
        bytes.put_u16(0);
        bytes.put_u32(MAGIC_COOKIE);
        bytes.put_slice(&transaction);
        Self(bytes)
    }

    /// Appends an attribute.
    #[inline]
    #[must_use]
    pub(super) fn with(mut self, attribute: u16, value: &[u8]) -> Self {
        let len = u16::try_from(value.len()).expect("invariant: attributes are shorter than a datagram");
        self.0.put_u16(attribute);
        self.0.put_u16(len);
        self.0.put_slice(value);
        self.0.put_bytes(0, padded(value.len()) - value.len());
        self
    }

    /// Appends an XOR-...-ADDRESS (RFC 8489 section 14.2).
    #[inline]
    #[must_use]
    pub(super) fn with_address(self, attribute: u16, address: SocketAddrV4) -> Self {
        let mut value = [0, 1, 0, 0, 0, 0, 0, 0];
        value[2..4].copy_from_slice(&(address.port() ^ (MAGIC_COOKIE >> 16) as u16).to_be_bytes());
        value[4..].copy_from_slice(&(address.ip().to_bits() ^ MAGIC_COOKIE).to_be_bytes());
        self.with(attribute, &value)
    }

    /// Appends ERROR-CODE (RFC 8489 section 14.8).
    #[must_use]
    pub(super) fn with_error(self, code: ErrorCode) -> Self {
        let (number, reason) = (code as u16, code.reason().as_bytes());
        let mut value = vec![0, 0, (number / 100) as u8, (number % 100) as u8];
        value.extend_from_slice(reason);
        self.with(attribute::ERROR_CODE, &value)
    }

    /// Appends MESSAGE-INTEGRITY over all before it (RFC 8489 section 14.5).
    #[must_use]
    pub(super) fn with_integrity(mut self, credentials: &mut Credentials) -> Self {
        self.write_len(ATTRIBUTE_HEADER_LEN + Credentials::TAG_LEN);
        let tag = credentials.sign(&self.0);
        self.with(attribute::MESSAGE_INTEGRITY, &tag)
    }

    /// Appends FINGERPRINT, the last attribute of all (RFC 8489 section 14.7).
    #[must_use]
    pub(super) fn with_fingerprint(mut self) -> Self {
        self.write_len(ATTRIBUTE_HEADER_LEN + 4);
        let value = fingerprint_value(&self.0);
        self.with(attribute::FINGERPRINT, &value.to_be_bytes())
    }

    /// The message as it goes out.
    #[inline]
    pub(super) fn finish(mut self) -> BytesMut {
        self.write_len(0);
        self.0
    }

    /// Writes the length of the message with `more` bytes to come.
    #[inline]
    fn write_len(&mut self, more: usize) {
        let len = u16::try_from(self.0.len() - HEADER_LEN + more).expect("invariant: a message fits a datagram");
        self.0[2..4].copy_from_slice(&len.to_be_bytes());
    }
}
