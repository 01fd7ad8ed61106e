//! A forwarding rule of one's own, over the same mesh as the usual one: `cargo run --example own_dissemination`.
//!
//! *Gossip*: whoever hears a message for the first time passes it on to `fanout` neighbours, drawn at random. No node
//! sends much, but some peers hear a message twice and others never: of a large population the share `s` hears it that
//! solves `s = 1 - exp(-fanout * s)`.

use std::collections::BTreeSet;
use std::error::Error;
use std::path::Path;
use std::sync::Arc;

use peerscape::overlay::audience::Audiences;
use peerscape::overlay::dissemination::{Demand, Passing, Traffic};
use peerscape::{
    Dissemination, DisseminationEntry, Domain, Load, MetricId, Overlay, Registry, Streams, SweepOptions, run_sweep,
};
use rand::RngExt;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The parameter, and what nodes know while a replication runs.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Gossip {
    /// To how many neighbours a node passes a message on.
    fanout: u32,
    #[serde(skip)]
    streams: Option<Streams>,
    // Who has heard which message: node, flow and number.
    #[serde(skip)]
    heard: BTreeSet<(u32, u32, u32)>,
}

const GOSSIP: DisseminationEntry =
    DisseminationEntry::new::<Gossip>("gossip", "who hears a message first passes it on to a few at random");

impl Dissemination for Gossip {
    const EXACTLY_ONCE: bool = false;

    fn begin(&self, streams: Streams) -> Self {
        Self { fanout: self.fanout, streams: Some(streams), heard: BTreeSet::new() }
    }

    fn forward(&mut self, overlay: &Overlay, _: &Audiences, passing: Passing, out: &mut Vec<u32>) {
        let Passing { node, flow, number, .. } = passing;
        let mut neighbours: Vec<u32> = overlay.next_hops(node, None).collect();
        // The draw belongs to the message and the node, so that it is the same whatever else happens.
        let id = u64::from(flow) << 48 | u64::from(number) << 24 | u64::from(node);
        let mut stream = self.streams.expect("invariant: it has begun").stream(Domain::Foreign, id);
        for _ in 0..self.fanout.min(neighbours.len() as u32) {
            out.push(neighbours.swap_remove(stream.random_range(0..neighbours.len())));
        }
    }

    fn is_new(&mut self, Passing { node, flow, number, .. }: Passing) -> bool {
        self.heard.insert((node, flow, number))
    }
}

impl Load for Gossip {
    // Nearly everybody hears every message, so that every node sends `fanout` copies of it.
    fn load(&self, demand: Demand<'_>) -> Vec<Traffic> {
        let per_s: f64 = demand.flows.iter().map(|flow| demand.rate(flow)).sum();
        let copies = |&degree: &u32| per_s * f64::from(degree.min(self.fanout));
        demand.degrees.iter().map(|degree| Traffic { sent: copies(degree), received: copies(degree) }).collect()
    }
}

const SCENARIO: &str = r#"
name = "gossip"
[run]
duration = "20 s"
warmup = "10 s"
seeds = 2
[population]
peers = 60
regions = "europe"
[[population.class]]
name = "peers"
link = "fibre"
nat = "public"
[webrtc]
setup = "instant"
[[workload]]
kind = "broadcast"
message = "1000 B"
rate = "10 /s"
channel = "reliable"
[[topology]]
kind = "mesh"
[[topology]]
kind = "mesh"
dissemination = { kind = "gossip", fanout = [2, 4] }
"#;

/// A line for each topology and rule.
pub(crate) fn table() -> Result<String, Box<dyn Error>> {
    let registry = Registry::default().with_dissemination(GOSSIP)?;
    let experiment = Arc::new(registry.parse_str("gossip.toml", SCENARIO, Path::new("."), &[])?);
    let results = run_sweep(&experiment, SweepOptions::default(), &mut ())?;
    let mut lines = vec![format!("{:<36}  delivered  closed form  uplink max", "topology")];
    for (cell, runs) in experiment.cells.iter().zip(&results.cells) {
        let mean = |metric: MetricId| {
            let values = runs.values(metric);
            values.iter().sum::<f64>() / values.len() as f64
        };
        let fanout = cell.label.rsplit_once("fanout=").and_then(|(_, fanout)| fanout.parse().ok());
        let closed = fanout.map_or(1.0, share_that_hears);
        let (delivered, uplink) = (mean(MetricId::Delivered), mean(MetricId::UplinkMax));
        lines.push(format!("{:<36}  {delivered:>7.1} %  {:>9.1} %  {uplink:>8.2} %", cell.label, 100.0 * closed));
    }
    Ok(lines.join("\n") + "\n")
}

// By iteration from above.
fn share_that_hears(fanout: f64) -> f64 {
    (0..1000).fold(1.0, |share: f64, _| 1.0 - (-fanout * share).exp())
}

fn main() -> Result<(), Box<dyn Error>> {
    print!("{}", table()?);
    Ok(())
}
