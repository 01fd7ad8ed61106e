//! A topology of one's own, beside a mesh and a star in one ranking: `cargo run --example own_topology`.
//!
//! A *caterpillar* is a tree whose inner nodes form a path. Here the path, the spine, are the peers with the fastest
//! uplinks, and every other peer hangs on one of them. A message walks along the spine and off it to the legs, so that
//! latency grows with the spine, and what a spine peer sends with its legs.

use std::error::Error;
use std::path::Path;
use std::sync::Arc;

use peerscape::overlay::topology::{BuildContext, Shape, Spread};
use peerscape::{
    Overlay, Registry, Stream, SweepOptions, Topology, TopologyEntry, answer, answer_text, json_of, run_sweep,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The parameters: the rest of the `[[topology]]` table, read, checked and documented by what is derived.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Caterpillar {
    /// How many peers form the spine.
    #[serde(default = "default_spine")]
    spine: u32,
}

fn default_spine() -> u32 {
    4
}

const CATERPILLAR: TopologyEntry =
    TopologyEntry::new::<Caterpillar>("caterpillar", "a path of the fastest peers, with all others as its legs");

impl Caterpillar {
    // At least one, and no more than there are peers.
    fn spine(&self, peers: u32) -> u32 {
        self.spine.clamp(1, peers)
    }
}

impl Topology for Caterpillar {
    fn label(&self) -> String {
        format!("{} spine={}", CATERPILLAR.kind, self.spine)
    }

    fn shape(&self, peers: u32) -> Shape {
        let legs = peers / self.spine(peers);
        Shape { tree: u64::from(peers - 1), core: 0, spread: Spread::Levels(legs + 1) }
    }

    fn build(&self, context: &BuildContext<'_>, _stream: &mut Stream) -> Overlay {
        let world = context.world;
        let order = world.peers_by_uplink();
        let (spine, legs) = order.split_at(self.spine(world.peers()) as usize);
        let path = spine.windows(2).map(|pair| (pair[0], pair[1]));
        let off_it = legs.iter().zip(spine.iter().cycle()).map(|(&leg, &vertebra)| (vertebra, leg));
        let connections: Vec<(u32, u32)> = path.chain(off_it).collect();
        Overlay::new(world.nodes(), &connections, Vec::new())
    }

    fn to_json(&self) -> serde_json::Value {
        json_of(CATERPILLAR.kind, self)
    }
}

/// A list makes one topology of each value, as with those of peerscape.
const SCENARIO: &str = r#"
name = "caterpillars"
question = "One speaker, 60 listeners: how long may a spine be?"
[run]
duration = "20 s"
warmup = "15 s"
seeds = 3
[population]
peers = 60
[[workload]]
kind = "broadcast"
message = "1200 B"
rate = "10 /s"
channel = "unreliable"
[[topology]]
kind = "caterpillar"
spine = [3, 12]
[[topology]]
kind = "mesh"
[[topology]]
kind = "star"
hub = "server"
"#;

/// Columns of the text.
const WIDTH: u16 = 100;

/// The ranked answer.
pub(crate) fn text() -> Result<String, Box<dyn Error>> {
    let registry = Registry::default().with_topology(CATERPILLAR)?;
    let experiment = Arc::new(registry.parse_str("caterpillars.toml", SCENARIO, Path::new("."), &[])?);
    let results = run_sweep(&experiment, SweepOptions::default(), &mut ())?;
    Ok(answer_text(&answer(&results), None, WIDTH, false))
}

fn main() -> Result<(), Box<dyn Error>> {
    print!("{}", text()?);
    Ok(())
}
