//! The signaling service: a WebSocket server with its limits and outages, and signaling over the
//! overlay itself.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::units::{Bounded, Frequency, SimDuration};

/// How offers, answers and candidates are exchanged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SignalingSpec {
    /// The city or matrix row of the server; without it, the place with the lowest mean latency
    /// to all peers.
    pub place: Option<String>,
    /// Messages that the server forwards a second; without it, as many as come.
    pub capacity: Option<Frequency>,
    /// Messages that may wait at a server with a capacity; more are lost.
    pub queue: Bounded<1, 100_000_000>,
    /// Peers that may have a session at once; others are refused and try again. Without it, all.
    pub sessions: Option<Bounded<1, 100_000_000>>,
    /// When the server is down: it ends all sessions and loses what is sent to it.
    pub outages: Vec<SignalingOutage>,
    /// How a peer without a session comes back.
    pub reconnect: ReconnectSpec,
    /// Whether peers signal over the connections they have.
    pub in_band: InBand,
    /// Whether candidates follow the description one by one (RFC 8838), or go with it.
    pub trickle: bool,
    /// Candidates that each end signals.
    pub candidates: Bounded<0, 100>,
}

impl Default for SignalingSpec {
    fn default() -> Self {
        Self {
            place: None,
            capacity: None,
            // What a server may buffer before it should shed load; assumed (docs/MODELS.md, "Signaling").
            queue: Bounded::new(10_000).expect("invariant: in range"),
            sessions: None,
            outages: Vec::new(),
            reconnect: ReconnectSpec::default(),
            in_band: InBand::default(),
            trickle: true,
            // One or two host, one server-reflexive, one or two relayed ones (docs/MODELS.md, "Signaling").
            candidates: Bounded::new(4).expect("invariant: in range"),
        }
    }
}

/// A time in which the signaling server is down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SignalingOutage {
    /// When it goes down.
    pub at: SimDuration,
    /// How long it stays down.
    pub lasts: SimDuration,
}

/// The waits of a peer without a session: each is twice the one before, less up to half of it at
/// random.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ReconnectSpec {
    /// The first.
    pub first: SimDuration,
    /// The longest.
    pub longest: SimDuration,
}

impl Default for ReconnectSpec {
    fn default() -> Self {
        // Derived: the order of web clients (docs/MODELS.md, "Signaling").
        Self { first: SimDuration::from_secs(1), longest: SimDuration::from_secs(30) }
    }
}

/// Whether peers signal over the connections they have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum InBand {
    /// Never: all goes by way of the server.
    #[default]
    Off,
    /// A peer with an open connection signals over the overlay, and by way of the server only what
    /// finds no way there.
    AfterFirst,
    /// Only while the server cannot be reached.
    Fallback,
}
