//! How much a workload sends, in closed form: what comes before anything is built rests on it.

use super::channel::Channel;
use crate::units::SimDuration;

/// How much a workload sends in a run.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Estimate {
    /// How many messages all sources together publish.
    pub messages: f64,
    /// How many of those are published at times that are drawn one by one.
    pub at_random: f64,
    /// Whether it says beforehand when each of its messages is published ([`times`](super::Workload::times)).
    pub lists_times: bool,
    /// Whether half of its messages answer the other half.
    pub is_answered: bool,
    /// For how many peers a message is on average.
    pub receivers: f64,
    /// The most flows that it has.
    pub flows: u64,
    /// The channel of most of its messages.
    pub channel: Channel,
}

impl Estimate {
    /// So many sources among so many peers that each publish this often, to everybody.
    #[must_use]
    pub fn to_all(sources: u32, per_second: f64, peers: u32, run: SimDuration) -> Self {
        let sources = sources.min(peers);
        Self {
            messages: f64::from(sources) * per_second * run.as_secs_f64(),
            receivers: f64::from(peers - 1),
            flows: u64::from(sources),
            ..Self::default()
        }
    }

    /// The same where each message is sent in so many chunks.
    #[must_use]
    pub fn in_chunks(self, chunks: u64) -> Self {
        let each = chunks as f64;
        Self { messages: self.messages * each, at_random: self.at_random * each, flows: self.flows * chunks, ..self }
    }

    /// How many copies of messages are wanted.
    #[must_use]
    pub fn copies(&self) -> f64 {
        self.messages * self.receivers
    }
}
