//! Distribution: a large content that a few peers have and all others want. Files, model weights, updates.
//!
//! The content is cut into pieces, as BitTorrent does (Cohen, "Incentives build robustness in BitTorrent", 2003):
//! a peer asks its neighbours on the overlay for pieces it lacks, and passes on those it has. So the topology
//! decides who can help: only parents in a tree, everybody in a mesh.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Content, ContentLimits, Estimate, Flow, Limits, PieceOrder, Workload, WorkloadEntry};
use crate::overlay::json_of;
use crate::rng::{Domain, Streams};
use crate::units::{Bounded, ByteCount, SimDuration};
use crate::world::World;

pub(super) const ENTRY: WorkloadEntry = WorkloadEntry::new::<Distribution>(
    "distribution",
    "a few peers have a large content, all others fetch it in pieces",
);

/// `sources` peers have a content of this size; every other peer fetches it in pieces from its neighbours on the
/// overlay, and passes on what it has.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Distribution {
    /// How many peers have the content from the beginning.
    #[serde(default = "one")]
    sources: Bounded<1, 16_000_000>,
    /// The class the sources belong to; any class if absent.
    #[serde(default)]
    from: Option<String>,
    /// The size of the content.
    size: ByteCount,
    /// The size of a piece: what a peer passes on as soon as it has all of it. At most 65,536 of them.
    #[serde(default = "piece")]
    piece: ByteCount,
    /// How many pieces a peer fetches at a time.
    #[serde(default = "downloads")]
    downloads: Bounded<1, 1_000>,
    /// How many pieces a peer sends at a time. Servers send more by their uplink, as BitTorrent's first client
    /// did: the square root of 0.6 times its rate in kB/s.
    #[serde(default = "uploads")]
    uploads: Bounded<1, 1_000>,
    /// Which piece a peer asks for first.
    #[serde(default)]
    order: PieceOrder,
    /// When the sources have it; the end of the warm-up if absent.
    #[serde(default)]
    start: Option<SimDuration>,
}

fn one() -> Bounded<1, 16_000_000> {
    Bounded::new(1).expect("invariant: one is in range")
}

// BitTorrent's usual size.
fn piece() -> ByteCount {
    ByteCount::new(256 << 10)
}

// The parallel downloads of p2p-media-loader.
fn downloads() -> Bounded<1, 1_000> {
    Bounded::new(3).expect("invariant: in range")
}

// BitTorrent's upload slots on home uplinks.
fn uploads() -> Bounded<1, 1_000> {
    Bounded::new(4).expect("invariant: in range")
}

/// What a piece is sent in: the message size that all stacks take (libp2p's WebRTC specification).
const CHUNK: ByteCount = ByteCount::new(16 << 10);

impl Workload for Distribution {
    fn flows(&self, _world: &World, _streams: Streams, _nth: u32) -> Vec<Flow> {
        Vec::new()
    }

    fn content(&self, world: &World, streams: Streams, nth: u32) -> Option<Content> {
        let candidates = world.peers_of_class(self.from.as_deref());
        let mut sources =
            super::choose(&candidates, self.sources.get(), &mut streams.stream(Domain::Workload, u64::from(nth)));
        sources.sort_unstable();
        Some(Content {
            nth,
            sources,
            size: self.size,
            piece: self.piece,
            chunk: CHUNK.min(self.piece),
            downloads: self.downloads.get(),
            uploads: self.uploads.get(),
            order: self.order,
            start: self.start,
        })
    }

    fn limits(&self) -> Limits<'_> {
        let sources = ("sources", self.sources.get());
        Limits {
            sources: Some(sources),
            chosen: self.from.as_deref().map(|class| ("sources", self.sources.get(), class)),
            classes: self.from.iter().map(|class| ("from", class.as_str())).collect(),
            content: Some(ContentLimits {
                pieces: self.size.get().div_ceil(self.piece.get().max(1)),
                chunk: CHUNK.min(self.piece).min(self.size),
                holders: sources,
                start: self.start,
            }),
            ..Limits::default()
        }
    }

    // It publishes nothing; what it fetches is counted in pieces.
    fn estimate(&self, peers: u32, run: SimDuration) -> Estimate {
        Estimate::to_all(self.sources.get(), 0.0, peers, run)
    }

    fn to_json(&self) -> serde_json::Value {
        json_of(ENTRY.kind, self)
    }
}
