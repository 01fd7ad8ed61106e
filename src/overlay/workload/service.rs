//! How a channel serves a workload beyond losses and order. Acts on packets only.

use serde::{Deserialize, Deserializer};

use crate::units::SimDuration;
use crate::webrtc::sctp::Priority;

/// What a workload asks of its channel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Service {
    /// Its share of a connection beside other workloads.
    pub priority: Priority,
    /// How long a message is worth sending (`maxPacketLifeTime`); as the channel says if absent.
    pub lifetime: Option<SimDuration>,
}

impl Service {
    /// The keys with which a scenario asks for what only packets can show.
    #[must_use]
    pub fn packet_keys(&self) -> Vec<&'static str> {
        let keys = [(self.priority != Priority::default(), "priority"), (self.lifetime.is_some(), "lifetime")];
        keys.into_iter().filter(|(used, _)| *used).map(|(_, key)| key).collect()
    }
}

/// What `maxPacketLifeTime` can be: an unsigned short of ms.
const LIFETIMES: [SimDuration; 2] = [SimDuration::from_ms(1), SimDuration::from_ms(65_535)];

// A lifetime in its range.
pub(super) fn lifetime<'de, D: Deserializer<'de>>(value: D) -> Result<Option<SimDuration>, D::Error> {
    within(value, "a lifetime", LIFETIMES).map(Some)
}

// A time in a range.
pub(super) fn within<'de, D: Deserializer<'de>>(
    value: D,
    what: &str,
    [least, most]: [SimDuration; 2],
) -> Result<SimDuration, D::Error> {
    let span = SimDuration::deserialize(value)?;
    if (least..=most).contains(&span) {
        return Ok(span);
    }
    Err(serde::de::Error::custom(format!("{what} of {span} is out of range: from {least} to {most}")))
}

// For what is left out of a manifest.
pub(super) fn is_default(priority: &Priority) -> bool {
    *priority == Priority::default()
}
