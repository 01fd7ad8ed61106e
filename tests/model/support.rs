//! Cells for tests, built without a scenario file.

use std::collections::VecDeque;
use std::sync::Arc;

use peerscape::metrics::RunRecord;
use peerscape::net::{LatencySpec, LinkSpec};
use peerscape::overlay::Overlay;
use peerscape::overlay::audience::{ALL, Audiences};
use peerscape::overlay::dissemination::{Dissemination, Flood, Passing};
use peerscape::overlay::topology::{TOPOLOGIES, Topology, TopologyEntry};
use peerscape::overlay::workload::{WORKLOADS, Workload};
use peerscape::presets::OrPreset;
use peerscape::rng::Seed;
use peerscape::scenario::{Cell, Grain, RunSettings, Settings};
use peerscape::simulation::{self, Knowledge, SimulationError};
use peerscape::units::{Bitrate, SimDuration};
use peerscape::webrtc::{HeaderOverhead, SetupProfile, WebrtcSpec};
use peerscape::world::{ClassSpec, PeerCount, PopulationSpec};
use schemars::SchemaGenerator;
use toml::de::ValueDeserializer;

/// A topology of the registry: its kind and its parameters as a TOML inline table.
pub(crate) fn topology(kind: &str, params: &str) -> Arc<dyn Topology> {
    let entry = TOPOLOGIES.iter().find(|entry| entry.kind == kind).expect("a kind of topology");
    (entry.parse)(ValueDeserializer::parse(params).expect("TOML")).expect("parameters of the topology")
}

/// The kinds of topologies that need no parameter: of others only files say what they are.
pub(crate) fn with_defaults() -> impl Iterator<Item = &'static str> {
    let needs = |entry: &&TopologyEntry| (entry.schema)(&mut SchemaGenerator::default()).get("required").is_some();
    TOPOLOGIES.iter().filter(move |entry| !needs(entry)).map(|entry| entry.kind)
}

/// A workload of the registry: its kind and its parameters as a TOML inline table.
pub(crate) fn workload(kind: &str, params: &str) -> Arc<dyn Workload> {
    let entry = WORKLOADS.iter().find(|entry| entry.kind == kind).expect("a kind of workload");
    (entry.parse)(ValueDeserializer::parse(params).expect("TOML")).expect("parameters of the workload")
}

/// How many copies one flood makes of a message of each source; all of them reach everybody.
pub(crate) fn flooded<const N: usize>(overlay: &Overlay, sources: [u32; N]) -> [u64; N] {
    let (mut flood, audiences) = (Flood::default(), Audiences::default());
    let mut number = 0;
    sources.map(|source| {
        number += 1;
        let passing = |node, from| Passing { node, from, audience: ALL, flow: 0, number };
        let (mut reached, mut copies, mut out) = (0, 0, Vec::new());
        let mut pending = VecDeque::from([(source, None)]);
        while let Some((node, from)) = pending.pop_front() {
            copies += u64::from(from.is_some());
            if flood.is_new(passing(node, from)) {
                reached += 1;
                flood.forward(overlay, &audiences, passing(node, from), &mut out);
                pending.extend(out.drain(..).map(|next| (next, Some(node))));
            }
        }
        assert_eq!(reached, overlay.nodes());
        copies
    })
}

/// Settings in which nothing costs anything: unlimited links, public addresses, ideal engines, no
/// headers, connections open at once, 10 s without warm-up, one class.
pub(crate) fn ideal(peers: u32, latency: LatencySpec, workloads: Vec<Arc<dyn Workload>>) -> Settings {
    let class = ClassSpec {
        link: OrPreset { value: LinkSpec::default(), name: None },
        nat: OrPreset::named("public").expect("a preset"),
        device: OrPreset::named("server").expect("a preset"),
        engine: OrPreset::named("ideal").expect("a preset"),
        ..ClassSpec::named("ideal")
    };
    Settings {
        run: RunSettings {
            duration: SimDuration::from_secs(10),
            warmup: SimDuration::ZERO,
            drain: SimDuration::from_secs(5),
            grain: Grain::Message,
        },
        population: PopulationSpec {
            peers: PeerCount::new(peers).expect("a number of peers"),
            regions: OrPreset::named("world").expect("a preset"),
            join_over: SimDuration::ZERO,
            classes: vec![class],
        },
        latency,
        webrtc: WebrtcSpec { setup: SetupProfile::Instant, overhead: HeaderOverhead::None, ..WebrtcSpec::default() },
        workloads,
    }
}

/// One replication, of which nothing is known beforehand.
pub(crate) fn simulate(cell: &Cell, seed: Seed) -> Result<RunRecord, SimulationError> {
    simulation::simulate(cell, seed, &Knowledge::of(&cell.settings))
}

/// A cell of its own.
pub(crate) fn cell(settings: Settings, topology: Arc<dyn Topology>) -> Cell {
    Cell { index: 0, group: 0, axes: Vec::new(), label: topology.label(), topology, settings: Arc::new(settings) }
}

/// A link of so many Mbit/s both ways.
pub(crate) fn symmetric(mbit: u64) -> LinkSpec {
    let rate = Some(Bitrate::from_bps(mbit * 1_000_000));
    LinkSpec { up: rate, down: rate, ..LinkSpec::default() }
}
