//! The WebRTC side of a scenario: profile, TURN, signaling, connecting, negotiation, overhead.

mod connect;
mod negotiation;
mod signaling;

use std::fmt;

use schemars::JsonSchema;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use super::overhead::{HeaderOverhead, Wire};
use super::setup::SetupProfile;
use crate::units::{ByteCount, UsdPerGigabyte};

pub use connect::ConnectSpec;
pub use negotiation::{NegotiationSpec, NegotiationStyle};
pub use signaling::{InBand, ReconnectSpec, SignalingOutage, SignalingSpec};

/// How connections are set up and what they cost.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct WebrtcSpec {
    /// How many round trips a connection takes to open.
    pub setup: SetupProfile,
    /// The TURN server that relays pairs which cannot connect directly.
    pub turn: TurnChoice,
    /// How offers, answers and candidates are exchanged.
    pub signaling: SignalingSpec,
    /// How many set-ups at a time, and what happens to those that fail.
    pub connect: ConnectSpec,
    /// Who offers, and what happens when both do.
    pub negotiation: NegotiationSpec,
    /// Which headers count on the wire.
    pub overhead: HeaderOverhead,
    /// Price of what servers that a topology adds send to peers.
    pub server_egress: UsdPerGigabyte,
}

impl WebrtcSpec {
    /// A message of `size` as it crosses a link.
    #[must_use]
    pub fn wire(&self, size: ByteCount) -> Wire {
        self.overhead.wire(size, self.setup.dtls_record_bytes())
    }
}

impl Default for WebrtcSpec {
    fn default() -> Self {
        Self {
            setup: SetupProfile::default(),
            turn: TurnChoice::default(),
            signaling: SignalingSpec::default(),
            connect: ConnectSpec::default(),
            negotiation: NegotiationSpec::default(),
            overhead: HeaderOverhead::default(),
            // What large clouds ask for traffic to the Internet (docs/MODELS.md, "Costs").
            server_egress: UsdPerGigabyte::new(0.09),
        }
    }
}

/// A TURN server, or none.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum TurnChoice {
    /// No relay: pairs that cannot connect directly do not connect.
    None(NoTurn),
    /// A relay.
    Server(TurnSpec),
}

/// The word that stands for no TURN server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum NoTurn {
    /// `"none"`.
    #[serde(rename = "none")]
    None,
}

impl<'de> Deserialize<'de> for TurnChoice {
    // By hand: serde's untagged enums forget what was wrong, and where.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NoneOrTable;
        impl<'de> Visitor<'de> for NoneOrTable {
            type Value = TurnChoice;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("\"none\" or a table of the TURN server's settings")
            }
            fn visit_str<E: Error>(self, word: &str) -> Result<TurnChoice, E> {
                match word {
                    "none" => Ok(TurnChoice::None(NoTurn::None)),
                    _ => Err(E::custom(format!(
                        "\"{word}\" is not a TURN server: write \"none\", or a table such as {{ place = \"London\" }}"
                    ))),
                }
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<TurnChoice, A::Error> {
                TurnSpec::deserialize(MapAccessDeserializer::new(map)).map(TurnChoice::Server)
            }
        }
        deserializer.deserialize_any(NoneOrTable)
    }
}

impl Default for TurnChoice {
    fn default() -> Self {
        Self::Server(TurnSpec::default())
    }
}

/// A TURN server: its place and its price.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TurnSpec {
    /// The city or matrix row the server is at; without it, the place with the lowest mean
    /// latency to all peers.
    pub place: Option<String>,
    /// Price of what the server sends to peers.
    pub price: UsdPerGigabyte,
}

impl Default for TurnSpec {
    fn default() -> Self {
        // Egress only, as Cloudflare's TURN service charges (docs/MODELS.md, "Costs").
        Self { place: None, price: UsdPerGigabyte::new(0.05) }
    }
}
