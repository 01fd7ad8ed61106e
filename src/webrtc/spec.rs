//! The WebRTC side of a scenario: profile, TURN, signaling, connecting, negotiation, overhead.

mod connect;
mod negotiation;
mod signaling;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::overhead::{HeaderOverhead, Wire};
use super::setup::SetupProfile;
use super::turn::TurnChoice;
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
    /// The TURN servers that relay pairs which cannot connect directly.
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
