//! How an application sets up its connections: how many at a time, for how long, how often.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::units::{Bounded, Probability, SimDuration};

/// How many set-ups at a time, and what happens to those that fail.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ConnectSpec {
    /// Set-ups that a peer has begun itself and that are neither open nor given up: at most this
    /// many at once.
    pub concurrent: Bounded<1, 1_000_000>,
    /// How long an attempt may take.
    pub timeout: SimDuration,
    /// How often a connection is attempted before it is given up.
    pub attempts: Bounded<1, 100>,
    /// The wait before the second attempt; each further one is twice as long. Up to half of it is
    /// left out at random.
    pub backoff: SimDuration,
    /// Share of the pairs of different engines that never connect.
    pub interop_failures: Probability,
}

impl Default for ConnectSpec {
    fn default() -> Self {
        Self {
            // js-libp2p's parallel dials in browsers.
            concurrent: Bounded::new(50).expect("invariant: in range"),
            // WebTorrent's; js-libp2p has 10 s, Genet 30 s.
            timeout: SimDuration::from_secs(25),
            // Assumed, as is the wait (docs/MODELS.md, "Connecting").
            attempts: Bounded::new(3).expect("invariant: in range"),
            backoff: SimDuration::from_secs(1),
            interop_failures: Probability::ZERO,
        }
    }
}
