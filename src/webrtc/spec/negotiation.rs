//! Offer and answer when both ends may offer: glare, and what an application does about it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::units::{Frequency, Probability, SimDuration};

/// Who offers, and what happens when both do.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct NegotiationSpec {
    /// The rule.
    pub style: NegotiationStyle,
    /// Share of the negotiations, first ones and later ones, that both ends start at the same time.
    pub simultaneous: Probability,
    /// How often each open connection is negotiated anew, from either end; without it, never.
    pub renegotiations: Option<Frequency>,
    /// Longest random wait of a naive end after glare.
    pub glare_backoff: SimDuration,
}

impl Default for NegotiationSpec {
    fn default() -> Self {
        Self {
            style: NegotiationStyle::default(),
            simultaneous: Probability::ZERO,
            renegotiations: None,
            // RFC 3261, section 14.1: the SIP end that must wait longest after glare waits up to 4 s.
            glare_backoff: SimDuration::from_secs(4),
        }
    }
}

/// A rule for who offers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum NegotiationStyle {
    /// One end always offers; the other asks it to.
    #[default]
    SingleOfferer,
    /// Either end offers; when both do, the polite one takes its offer back and answers (W3C WebRTC,
    /// section 10.7).
    Perfect,
    /// Either end offers; when both do, both fail with an `InvalidStateError` and try again after a
    /// random wait.
    Naive,
}
