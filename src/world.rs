//! The population of a replication, in arrays: a node is a row, an id is its index.
//!
//! Nodes `0..peers` are the peers of the population; nodes from `peers` on are servers that a
//! topology added. Peers are drawn from named streams, so a topology that adds servers, or none,
//! meets the same peers.

mod capacity;
mod company;
mod ends;
mod generate;
mod path;
mod population;
mod quota;
mod reach;
mod relation;
mod relay;
mod relays;
mod within;

use std::sync::Arc;

use crate::net::{LossSpec, Place, Queueing};
use crate::units::{Bitrate, Probability, SimDuration, SimTime};
use crate::webrtc::setup::EndSpec;
use crate::webrtc::{DeviceSpec, EngineSpec, SetupProfile};

pub use capacity::{CapacitySpec, TraceServers};
pub use generate::{WorldError, WorldSpec};
pub use path::{LAN_ONE_WAY, Path, PathsFrom, Vantage};
pub use population::{ClassSpec, PacketKey, PeerCount, PopulationSpec};

/// Peers and servers, and what lies between them.
#[derive(Clone, Debug)]
pub struct World {
    peers: u32,
    nodes: Vec<Node>,
    rates: Vec<Rates>,
    // Of each peer.
    seats: Vec<company::Seat>,
    classes: Vec<Class>,
    // What differs between the ends of connections, by end kind.
    ends: Vec<EndSpec>,
    within: Vec<within::Within>,
    paths: path::Paths,
    setup: SetupProfile,
    join_gap_ns: u64,
}

/// What every hop looks up of a node: eight bytes.
#[derive(Clone, Copy, Debug)]
struct Node {
    class: u16,
    place: Place,
    // Index into the table of end kinds.
    end: u16,
    // Index into the table of outcomes.
    reach: u8,
    // Whether it shares a local network or a carrier-grade NAT with another peer.
    company: bool,
}

/// The rates of a node's access link; `None` is unlimited. Where a direction has a capacity trace, its
/// mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rates {
    /// Uplink.
    pub up: Option<Bitrate>,
    /// Downlink.
    pub down: Option<Bitrate>,
}

/// What the nodes of one class have in common.
#[derive(Clone, Debug)]
pub struct Class {
    /// The name, for reports.
    pub name: Arc<str>,
    /// The engine.
    pub engine: EngineSpec,
    /// The device.
    pub device: DeviceSpec,
    /// Queueing delay at which the uplink's buffer is full.
    pub buffer: Option<SimDuration>,
    /// One-way delay of the access link.
    pub access_delay: SimDuration,
    /// Loss of a packet on the access link, each way, in the long run.
    pub access_loss: Probability,
    /// How packets are lost on it.
    pub loss: LossSpec,
    /// Delay of a packet on top, each way, uniform from zero to this.
    pub jitter: SimDuration,
    /// How a node's connections share its uplink.
    pub queue: Queueing,
    /// Traces of what it can deliver.
    pub capacity: CapacitySpec,
}

impl World {
    /// How many peers the population has.
    #[must_use]
    pub const fn peers(&self) -> u32 {
        self.peers
    }

    /// How many nodes there are: peers and servers.
    #[must_use]
    pub fn nodes(&self) -> u32 {
        u32::try_from(self.nodes.len()).expect("invariant: node ids are u32")
    }

    /// The rates of a node's access link.
    #[must_use]
    pub fn rates(&self, node: u32) -> Rates {
        self.rates[node as usize]
    }

    /// The class of a node.
    #[must_use]
    pub fn class(&self, node: u32) -> &Class {
        &self.classes[self.class_index(node)]
    }

    /// Every class: those of the population in their order, then that of servers.
    #[must_use]
    pub fn classes(&self) -> &[Class] {
        &self.classes
    }

    /// The index of a node's class in [`World::classes`].
    #[inline]
    #[must_use]
    pub fn class_index(&self, node: u32) -> usize {
        usize::from(self.nodes[node as usize].class)
    }

    /// Where a node is: an index into the places of the latency model.
    #[must_use]
    pub fn place(&self, node: u32) -> Place {
        self.nodes[node as usize].place
    }

    /// The set-up ladder of all connections.
    #[must_use]
    pub const fn setup(&self) -> SetupProfile {
        self.setup
    }

    /// When a peer joins; servers are there from the start.
    #[must_use]
    pub fn join_time(&self, node: u32) -> SimTime {
        let rank = if node < self.peers { u64::from(node) } else { 0 };
        SimTime::from_ns(rank * self.join_gap_ns)
    }

    /// The peers of the class with this name, or all peers.
    #[must_use]
    pub fn peers_of_class(&self, name: Option<&str>) -> Vec<u32> {
        (0..self.peers).filter(|&peer| name.is_none_or(|name| &*self.class(peer).name == name)).collect()
    }

    /// All peers, those with the fastest uplinks first; equals by number.
    #[must_use]
    pub fn peers_by_uplink(&self) -> Vec<u32> {
        self.by_uplink(&(0..self.peers).collect::<Vec<_>>())
    }

    /// These nodes, those with the fastest uplinks first; equals in their order.
    #[must_use]
    pub fn by_uplink(&self, nodes: &[u32]) -> Vec<u32> {
        let mut order = nodes.to_vec();
        let speed = |peer: u32| self.rates[peer as usize].up.map_or(u64::MAX, Bitrate::as_bps);
        order.sort_by_key(|&peer| std::cmp::Reverse(speed(peer)));
        order
    }
}
