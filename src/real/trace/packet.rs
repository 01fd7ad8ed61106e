//! What a datagram is, as far as the wire shows: STUN and TURN messages by their type (RFC 8489,
//! RFC 8656), DTLS records by their content (RFC 6347), told apart by the first byte (RFC 7983).

/// Describes a datagram in a few words.
#[must_use]
pub fn describe(payload: &[u8]) -> String {
    match payload {
        [0..=3, ..] if payload.len() >= 20 => stun(payload),
        [20..=63, ..] => dtls(payload),
        [64..=79, ..] => match payload.get(4..) {
            Some(inner) => format!("TURN ChannelData [{}]", describe(inner)),
            None => "TURN ChannelData".to_owned(),
        },
        _ => format!("{} bytes", payload.len()),
    }
}

const ATTRIBUTE_DATA: u16 = 0x0013;
const ATTRIBUTE_USE_CANDIDATE: u16 = 0x0025;

// Class and method are interleaved in the message type (RFC 8489, section 5).
fn stun(payload: &[u8]) -> String {
    let kind = u16::from_be_bytes([payload[0], payload[1]]);
    let class = ["request", "indication", "response", "error"][usize::from((kind >> 4 & 1) | (kind >> 7 & 2))];
    let method = match (kind & 0xf) | (kind >> 1 & 0x70) | (kind >> 2 & 0xf80) {
        0x001 => "STUN Binding",
        0x003 => "TURN Allocate",
        0x004 => "TURN Refresh",
        0x006 => "TURN Send",
        0x007 => "TURN Data",
        0x008 => "TURN CreatePermission",
        0x009 => "TURN ChannelBind",
        _ => "STUN",
    };
    let attributes: Vec<_> = attributes(payload).collect();
    let nominates = attributes.iter().any(|(kind, _)| *kind == ATTRIBUTE_USE_CANDIDATE);
    let data = attributes.iter().find(|(kind, _)| *kind == ATTRIBUTE_DATA);
    match data {
        Some((_, inner)) => format!("{method} {class} [{}]", describe(inner)),
        None if nominates => format!("{method} {class}, USE-CANDIDATE"),
        None => format!("{method} {class}"),
    }
}

fn attributes(payload: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    let mut rest = &payload[20..];
    std::iter::from_fn(move || {
        let (head, tail) = rest.split_at_checked(4)?;
        let length = usize::from(u16::from_be_bytes([head[2], head[3]]));
        let value = tail.get(..length)?;
        rest = tail.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some((u16::from_be_bytes([head[0], head[1]]), value))
    })
}

fn dtls(payload: &[u8]) -> String {
    let mut parts: Vec<&str> = Vec::new();
    let mut rest = payload;
    while let Some((head, tail)) = rest.split_at_checked(13) {
        let epoch = u16::from_be_bytes([head[3], head[4]]);
        let length = usize::from(u16::from_be_bytes([head[11], head[12]]));
        let body = tail.get(..length).unwrap_or(tail);
        parts.push(record(head[0], epoch, body));
        rest = tail.get(length..).unwrap_or_default();
    }
    parts.dedup();
    format!("DTLS {}", parts.join(", "))
}

fn record(content: u8, epoch: u16, body: &[u8]) -> &'static str {
    match (content, epoch, body.first()) {
        (20, ..) => "ChangeCipherSpec",
        (21, ..) => "alert",
        (23, ..) => "application data",
        // Encrypted: the last message of each side's handshake.
        (22, 1.., _) => "Finished",
        (22, 0, Some(1)) => "ClientHello",
        (22, 0, Some(2)) => "ServerHello",
        (22, 0, Some(3)) => "HelloVerifyRequest",
        (22, 0, Some(11)) => "Certificate",
        (22, 0, Some(12)) => "ServerKeyExchange",
        (22, 0, Some(13)) => "CertificateRequest",
        (22, 0, Some(14)) => "ServerHelloDone",
        (22, 0, Some(15)) => "CertificateVerify",
        (22, 0, Some(16)) => "ClientKeyExchange",
        _ => "record",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_told_apart() {
        let mut binding = vec![0, 1, 0, 4, 0x21, 0x12, 0xa4, 0x42];
        binding.extend([0; 12]);
        assert_eq!(describe(&binding), "STUN Binding request");
        binding.extend([0, 0x25, 0, 0]);
        assert_eq!(describe(&binding), "STUN Binding request, USE-CANDIDATE");
        binding[..2].copy_from_slice(&[1, 1]);
        assert_eq!(describe(&binding[..20]), "STUN Binding response");
        binding[..2].copy_from_slice(&[1, 0x13]);
        assert_eq!(describe(&binding[..20]), "TURN Allocate error");
        let hello = [22, 254, 253, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1];
        assert_eq!(describe(&hello), "DTLS ClientHello");
        let finished = [20, 254, 253, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 22, 254, 253, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 9];
        assert_eq!(describe(&finished), "DTLS ChangeCipherSpec, Finished");
        let bound = [&[0x40, 0, 0, 14][..], &hello].concat();
        assert_eq!(describe(&bound), "TURN ChannelData [DTLS ClientHello]");
        assert_eq!(describe(&[0, 1, 2]), "3 bytes");
    }
}
