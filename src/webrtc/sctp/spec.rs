//! Implementations of SCTP by name.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::profile::AssociationProfile;

/// An implementation of SCTP by name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum SctpSpec {
    /// dcSCTP as libwebrtc sets it up: Chromium, WebKit, native libwebrtc.
    #[default]
    Chromium,
    /// The same with interleaving of messages negotiated (RFC 8260): streams share by their priorities. libwebrtc has
    /// it under a field trial.
    ChromiumInterleaving,
    /// dcSCTP as Firefox sets it up.
    Firefox,
    /// webrtc-rs (crate `rtc-sctp`).
    WebrtcRs,
    /// pion/sctp.
    Pion,
    /// usrsctp as libdatachannel sets it up.
    Libdatachannel,
}

impl SctpSpec {
    /// The name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Chromium => "chromium",
            Self::ChromiumInterleaving => "chromium-interleaving",
            Self::Firefox => "firefox",
            Self::WebrtcRs => "webrtc-rs",
            Self::Pion => "pion",
            Self::Libdatachannel => "libdatachannel",
        }
    }

    /// The constants of this implementation.
    #[must_use]
    pub fn profile(self) -> AssociationProfile {
        match self {
            Self::Chromium => AssociationProfile::chromium(),
            Self::ChromiumInterleaving => AssociationProfile::chromium().with_priorities(),
            Self::Firefox => AssociationProfile::firefox(),
            Self::WebrtcRs => AssociationProfile::webrtc_rs(),
            Self::Pion => AssociationProfile::pion(),
            Self::Libdatachannel => AssociationProfile::libdatachannel(),
        }
    }
}
