//! What a message costs on the wire beyond its own bytes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::units::ByteCount;

/// Which headers count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum HeaderOverhead {
    /// IPv4, UDP, DTLS and SCTP headers of every packet.
    #[default]
    Full,
    /// None: a message is its bytes in one packet, for isolating other effects.
    None,
}

/// A message as it crosses a link.
#[derive(Default, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wire {
    /// Bytes on the link, headers included.
    pub bytes: ByteCount,
    /// Packets.
    pub packets: u64,
}

/// Largest SCTP packet of libwebrtc: 1280 less IPv6, UDP and DTLS headers.
const SCTP_PACKET_BYTES: u64 = 1_191;
/// SCTP's common header (12, RFC 9260 section 3.1) and DATA chunk header (16, section 3.3.1).
const SCTP_HEADER_BYTES: u64 = 28;
/// IPv4 (20) and UDP (8).
const DATAGRAM_HEADER_BYTES: u64 = 28;

impl HeaderOverhead {
    /// A message of `size` as it crosses a link in DTLS records that add `record_bytes` each.
    #[must_use]
    pub fn wire(self, size: ByteCount, record_bytes: u64) -> Wire {
        match self {
            Self::None => Wire { bytes: size, packets: 1 },
            Self::Full => {
                let packets = size.get().div_ceil(SCTP_PACKET_BYTES - SCTP_HEADER_BYTES).max(1);
                let headers = ByteCount::new(SCTP_HEADER_BYTES + record_bytes + DATAGRAM_HEADER_BYTES) * packets;
                Wire { bytes: size + headers, packets }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_follow_the_packets() {
        let wire = |bytes| HeaderOverhead::Full.wire(ByteCount::new(bytes), 37);
        assert_eq!(wire(100), Wire { bytes: ByteCount::new(193), packets: 1 });
        assert_eq!(wire(1_163).packets, 1);
        assert_eq!(wire(1_164), Wire { bytes: ByteCount::new(1_164 + 2 * 93), packets: 2 });
        assert_eq!(HeaderOverhead::None.wire(ByteCount::new(5_000), 37).packets, 1);
    }
}
