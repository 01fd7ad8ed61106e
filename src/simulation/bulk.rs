//! Distributions: contents that spread over the overlay in pieces, on fluid links.
//!
//! A simulation of its own before that of messages, over the same connections. It finds of each link what messages leave on
//! average (`spread.rs`), and leaves them the queues that it keeps where it fills links (`standing.rs`). A peer asks a neighbour that has a piece it lacks; the request takes one way there, then the piece is a
//! flow that shares the sender's uplink and the receiver's downlink max-min fairly with all others, and its last
//! byte takes one way back. Neighbours are asked in an order that is drawn; what a peer has heard of others'
//! pieces is up to date.
//!
//! A flow takes no more than its connection can: the receive window a round trip, and under loss what Mathis et
//! al. give (CCR 27(3), 1997); and no more than the CPU of either end handles.

mod bound;
mod carriers;
mod links;
mod pieces;
mod swarm;
#[cfg(test)]
mod tests;

use self::links::Links;
pub(super) use self::links::WINDOW_BITS;
use self::swarm::Swarm;
use super::Prepared;
use super::connect::Connected;
use super::relay::Relays;
use super::spread::{self, Traffic};
use super::standing::Standing;
use crate::overlay::Overlay;
use crate::overlay::workload::{Content, Flow};
use crate::rng::Streams;
use crate::scenario::{Grain, Settings};
use crate::units::{SimDuration, SimTime};
use crate::world::World;

/// What is told of a replication.
#[derive(Clone, Copy, Debug)]
pub(super) struct Setting<'a> {
    pub(super) settings: &'a Settings,
    pub(super) world: &'a World,
    pub(super) overlay: &'a Overlay,
    pub(super) connected: &'a Connected,
    /// Share of each node's CPU budget that its connections need to stay alive.
    pub(super) idle_share: &'a [f32],
    /// Bits that messages send and receive at each node a second, if bulk data meets any.
    pub(super) traffic: Option<&'a [Traffic]>,
    pub(super) streams: Streams,
}

/// What came of the distributions of a replication.
#[derive(Clone, Debug)]
pub(crate) struct Distributed {
    /// How many times a peer wants a content.
    pub(crate) wanted: u64,
    /// How long each took that has it all, from the start of its distribution; in order.
    pub(crate) times: Vec<SimDuration>,
    /// The least that the last of them could take.
    pub(crate) bound: SimDuration,
    /// Payload that peers fetched, and how much of it from those that had it from the beginning.
    pub(crate) fetched_bytes: u64,
    pub(crate) from_sources_bytes: u64,
    /// Of each node, in the measured window: bytes sent and received, and the work of its CPU in ns.
    pub(crate) sent_bytes: Vec<u64>,
    pub(crate) received_bytes: Vec<u64>,
    pub(crate) cpu_ns: Vec<u64>,
    /// Queues that it kept.
    pub(crate) standing: Standing,
    /// Events that it took.
    pub(crate) events: u64,
}

impl Distributed {
    /// When this share of those that want a content have it, if that many ever do.
    pub(crate) fn quantile(&self, percent: u64) -> Option<SimDuration> {
        let needed = (self.wanted * percent).div_ceil(100).max(1);
        self.times.get(usize::try_from(needed - 1).ok()?).copied()
    }
}

/// What messages ask of each node's links, if there are contents beside them; packet by packet they do not meet.
pub(super) fn traffic_beside(settings: &Settings, prepared: &Prepared, degrees: &[u32]) -> Option<Vec<Traffic>> {
    let has_contents = settings.workloads.iter().any(|workload| workload.pieces().is_some());
    let meet = settings.run.grain == Grain::Message && !prepared.flows.is_empty() && has_contents;
    let bits = |flow: &Flow| 8.0 * settings.webrtc.wire(flow.size).bytes.get() as f64;
    meet.then(|| spread::traffic(prepared, degrees, bits))
}

/// Lets all contents of a scenario spread; `None` if it has none.
pub(super) fn distribute(setting: &Setting<'_>, relays: &mut Relays) -> Option<Distributed> {
    let Setting { settings, world, streams, .. } = *setting;
    let workloads = settings.workloads.iter().zip(0..);
    let contents: Vec<Content> =
        workloads.filter_map(|(workload, nth)| workload.content(world, streams, nth)).collect();
    if contents.is_empty() {
        return None;
    }
    let bounds = contents.iter().map(|content| bound::least_time(world, settings, content));
    let bound = bounds.max().unwrap_or_default();
    let mut swarm = Swarm::new(Links::new(setting, &contents), &contents, window(settings), setting.traffic.is_some());
    for (content, nth) in contents.iter().zip(0..) {
        let start = content.start.unwrap_or(settings.run.warmup);
        swarm.start_at(SimTime::ZERO + start, nth);
    }
    swarm.run(relays);
    Some(swarm.into_distributed(bound))
}

/// The times of a replication: the measured window, and its end.
#[derive(Clone, Copy, Debug)]
struct Window {
    from: SimTime,
    until: SimTime,
    horizon: SimTime,
}

fn window(settings: &Settings) -> Window {
    let run = &settings.run;
    let until = SimTime::ZERO + run.duration;
    Window { from: SimTime::ZERO + run.warmup, until, horizon: until + run.drain }
}
