//! ICE candidates (RFC 8445, section 5.1.1) in the form the stack takes them.

use std::net::{SocketAddr, SocketAddrV4};

use rtc::peer_connection::transport::{
    CandidateConfig, CandidateHostConfig, CandidateRelayConfig, CandidateServerReflexiveConfig, RTCIceCandidate,
    RTCIceCandidateInit,
};
use rtc::shared::error::Result;

/// An end's own address.
pub(super) fn host(address: SocketAddrV4) -> Result<RTCIceCandidateInit> {
    let config = CandidateHostConfig { base_config: base(address), ..Default::default() };
    RTCIceCandidate::from(&config.new_candidate_host()?).to_json()
}

/// An end's address as a STUN server sees it.
pub(super) fn server_reflexive(
    address: SocketAddrV4,
    own: SocketAddrV4,
    server: SocketAddrV4,
) -> Result<RTCIceCandidateInit> {
    let config = CandidateServerReflexiveConfig {
        base_config: base(address),
        rel_addr: own.ip().to_string(),
        rel_port: own.port(),
        ..Default::default()
    };
    let candidate = RTCIceCandidate::from(&config.new_candidate_server_reflexive()?).to_json()?;
    Ok(RTCIceCandidateInit { url: Some(format!("stun:{server}")), ..candidate })
}

/// An address at a TURN server.
pub(super) fn relayed(address: SocketAddrV4, own: SocketAddrV4, server: SocketAddrV4) -> Result<RTCIceCandidateInit> {
    let config = CandidateRelayConfig {
        base_config: base(address),
        rel_addr: own.ip().to_string(),
        rel_port: own.port(),
        ..Default::default()
    };
    let candidate = RTCIceCandidate::from(&config.new_candidate_relay()?).to_json()?;
    Ok(RTCIceCandidateInit { url: Some(format!("turn:{server}")), ..candidate })
}

/// Address and type of a candidate attribute (RFC 8839, section 5.1): foundation, component,
/// transport, priority, address, port, `typ`, type.
pub(super) fn address_and_kind(attribute: &str) -> Option<(SocketAddr, &'static str)> {
    let words: Vec<&str> = attribute.split_ascii_whitespace().collect();
    let [_, _, _, _, address, port, "typ", kind, ..] = words[..] else { return None };
    let kind = ["host", "srflx", "prflx", "relay"].into_iter().find(|known| *known == kind)?;
    Some((SocketAddr::new(address.parse().ok()?, port.parse().ok()?), kind))
}

fn base(address: SocketAddrV4) -> CandidateConfig {
    CandidateConfig {
        network: "udp".to_owned(),
        address: address.ip().to_string(),
        port: address.port(),
        component: 1,
        ..Default::default()
    }
}
