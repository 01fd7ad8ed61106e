//! What a packet carries more between an end and its TURN server than without one.

use crate::webrtc::setup::RelayTransport;

/// ChannelData header (RFC 8656, section 12.4).
const CHANNEL_DATA_BYTES: u64 = 4;
/// TCP's header with timestamps (20 in RFC 9293, section 3.1; 12 in RFC 7323, section 3.2, which
/// Linux, macOS and Windows servers use) less UDP's (8).
const TCP_OVER_UDP_BYTES: u64 = 24;
/// A TLS 1.3 record of its own for each message: header (5), content type (1), AES-GCM tag (16)
/// (RFC 8446, section 5.2).
const TLS_RECORD_BYTES: u64 = 22;

/// Bytes that a packet carries more on the leg between an end and its TURN server. The padding to
/// four bytes over TCP (RFC 8656, section 12.5), 1.5 bytes in the mean, is left out.
#[must_use]
pub const fn framing_bytes(transport: RelayTransport) -> u64 {
    match transport {
        RelayTransport::Udp => CHANNEL_DATA_BYTES,
        RelayTransport::Tcp => CHANNEL_DATA_BYTES + TCP_OVER_UDP_BYTES,
        RelayTransport::Tls => CHANNEL_DATA_BYTES + TCP_OVER_UDP_BYTES + TLS_RECORD_BYTES,
    }
}
