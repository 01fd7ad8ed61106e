//! How the connections between two classes of peers came out.

use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Connections between two classes that the topology wants, by what became of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PairOpening {
    /// The names of the classes.
    #[serde(serialize_with = "names", deserialize_with = "classes")]
    pub classes: [Arc<str>; 2],
    /// Open from end to end.
    pub direct: u64,
    /// Open through a TURN server spoken to over UDP.
    pub relayed_udp: u64,
    /// Over TCP.
    pub relayed_tcp: u64,
    /// Over TLS.
    pub relayed_tls: u64,
    /// Never open.
    pub failed: u64,
    /// Sum of the set-up times of those that opened, in ns.
    pub setup_ns: u128,
}

impl PairOpening {
    /// No connection yet between two classes.
    #[must_use]
    pub fn of(classes: [&Arc<str>; 2]) -> Self {
        let classes = classes.map(Arc::clone);
        Self { classes, direct: 0, relayed_udp: 0, relayed_tcp: 0, relayed_tls: 0, failed: 0, setup_ns: 0 }
    }

    /// Those that opened.
    #[must_use]
    pub const fn opened(&self) -> u64 {
        self.direct + self.relayed_udp + self.relayed_tcp + self.relayed_tls
    }

    /// All of them.
    #[must_use]
    pub const fn wanted(&self) -> u64 {
        self.opened() + self.failed
    }
}

fn names<S: Serializer>(classes: &[Arc<str>; 2], serializer: S) -> Result<S::Ok, S::Error> {
    [&*classes[0], &*classes[1]].serialize(serializer)
}

fn classes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<[Arc<str>; 2], D::Error> {
    Ok(<[String; 2]>::deserialize(deserializer)?.map(Arc::from))
}
