//! How the data channels of a workload treat losses and order.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The reliability of a data channel (RFC 8831, section 6.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Channel {
    /// Unordered, no retransmission (`maxRetransmits: 0`): what is lost stays lost.
    #[default]
    Unreliable,
    /// Unordered, retransmitted until it arrives.
    ReliableUnordered,
    /// Ordered and retransmitted: a lost message holds back those behind it.
    Reliable,
}
