//! How long a connection takes from the offer until its data channel is open.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::webrtc::handshake::TransportProfile;
use crate::webrtc::ice::IceSpec;

/// A set-up ladder by name. Each exchanges offer and answer through the signaling server (one
/// round trip of each side's path to it), then does the rest over the path between the peers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SetupProfile {
    /// What the engines of both ends do: `dtls13` between two browsers of one kind, `webrtc-rs` where
    /// the DTLS server asks for a cookie, else `classic12` (measured: Chromium and Firefox fall back
    /// to DTLS 1.2 with other stacks).
    #[default]
    Engines,
    /// ICE 1, DTLS 1.2 2, SCTP 2 round trips (draft-hancke-tsvwg-snap-00).
    Classic12,
    /// DTLS 1.3 saves one: what Chromium and Firefox do with their own kind (measured: open four
    /// round trips after the answer).
    Dtls13,
    /// SCTP's INIT in the offer and answer (SNAP) saves two over `classic12`.
    Snap,
    /// DTLS within ICE checks and SNAP together.
    Warp,
    /// webrtc-rs 0.21: two for ICE's check and nomination, three for DTLS 1.2 with its cookie,
    /// two for SCTP and the channel's opening (measured: open after 16 one-way delays).
    WebrtcRs,
    /// No time at all, for isolating other effects.
    Instant,
}

impl SetupProfile {
    /// Every ladder, in the order to show them.
    pub const ALL: [Self; 7] =
        [Self::Engines, Self::Classic12, Self::Dtls13, Self::Snap, Self::Warp, Self::WebrtcRs, Self::Instant];

    /// The name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Engines => "engines",
            Self::Classic12 => "classic12",
            Self::Dtls13 => "dtls13",
            Self::Snap => "snap",
            Self::Warp => "warp",
            Self::WebrtcRs => "webrtc-rs",
            Self::Instant => "instant",
        }
    }

    /// What two ends do, given their stacks and which of them is the DTLS client: never `engines`.
    #[must_use]
    pub fn between(self, server: IceSpec, client: IceSpec) -> Self {
        match (self, server) {
            (Self::Engines, IceSpec::Chromium | IceSpec::Firefox) if client == server => Self::Dtls13,
            (Self::Engines, _) if TransportProfile::of(server).dtls.cookie => Self::WebrtcRs,
            (Self::Engines, _) => Self::Classic12,
            (named, _) => named,
        }
    }

    /// Bytes that a DTLS record adds with AES-GCM: 13 header, 8 nonce and 16 tag in version 1.2 (RFC
    /// 5288); 5 header, 1 content type and 16 tag in 1.3 (RFC 9147, section 4).
    #[must_use]
    pub const fn dtls_record_bytes(self) -> u64 {
        match self {
            Self::Classic12 | Self::Snap | Self::WebrtcRs => 37,
            Self::Engines | Self::Dtls13 | Self::Warp | Self::Instant => 22,
        }
    }

    /// Whether offer and answer take time.
    #[must_use]
    pub const fn signals(self) -> bool {
        !matches!(self, Self::Instant)
    }
}
