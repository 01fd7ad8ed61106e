//! Why a topology does not serve a population, or why its figures are in doubt.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

/// A reason why a topology does not serve this population, or why its figures are in doubt, with figures, in one
/// sentence.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Finding {
    /// What is wrong: one of [`FINDING_KINDS`].
    pub kind: &'static str,
    /// The sentence, such as "peer 17 (home) needs 359 Mbit/s up and has 15 Mbit/s".
    pub text: String,
}

/// A replication that came to no end because the program has a fault.
pub const CRASHED: &str = "crashed";
/// A replication that came to no end for a reason it could tell.
pub const NO_RESULT: &str = "no-result";

/// Every kind of finding and of doubt. What is not in this list is written and cannot be
/// read back: its replication runs again where a run goes on.
pub const FINDING_KINDS: &[&str] = &[
    // Loads and limits that are exceeded.
    "uplink",
    "downlink",
    "cpu",
    "memory",
    "failed",
    "connections",
    "unreachable",
    "unconnected",
    "turn",
    "message",
    "undelivered",
    "incomplete",
    // Where deliveries are missing that no lossy path explains.
    "uplink-buffer",
    "downlink-buffer",
    "socket",
    "turn-buffer",
    "send-buffer",
    "window",
    "blocked",
    "late",
    // Where latency grows and nothing else says why.
    "growing",
    "signaling",
    // Doubts about the model.
    "near-saturation",
    "full-buffers",
    "large-messages",
    "jitter",
    "bursts",
    "fair-queueing",
    "capacity",
    // No figures at all.
    CRASHED,
    NO_RESULT,
];

impl Finding {
    /// Whether it says that the replication came to no end.
    #[must_use]
    pub fn is_no_figures(&self) -> bool {
        [CRASHED, NO_RESULT].contains(&self.kind)
    }
}

fn find(kind: &str) -> Option<&'static str> {
    FINDING_KINDS.iter().copied().find(|known| *known == kind)
}

impl<'de> Deserialize<'de> for Finding {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Written {
            kind: String,
            text: String,
        }
        let Written { kind, text } = Written::deserialize(deserializer)?;
        let kind = find(&kind).ok_or_else(|| D::Error::custom(format_args!("no finding is called `{kind}`")))?;
        Ok(Self { kind, text })
    }
}
