//! One replication: a cell and a seed go in, a record comes out.
//!
//! [`simulate`] is the whole contract: pure, single-threaded, without clock, file, thread or mutable static. What is
//! [known](Knowledge) of set-ups is learned before, from the settings of a population, and only read. What
//! happens in it, in order: the world is drawn, the topology built, its connections set up by a
//! simulation of their own, peers fail that cannot bear theirs, contents spread in pieces by another, then messages
//! flow through the event engine, hop by hop or packet by packet, and what was measured is summed up.

mod backlog;
mod budget;
mod bulk;
mod connect;
mod connectivity;
mod costs;
mod doubt;
mod estimate;
mod event;
mod experience;
mod fate;
mod fills;
mod finding;
mod flow;
mod full;
mod lane;
mod layout;
mod lines;
mod measure;
mod observed;
mod packets;
mod plan;
mod pump;
mod reception;
mod relay;
mod respond;
mod send;
mod sender;
mod shortfall;
mod spread;
mod standing;
mod timetable;
mod upkeep;

use thiserror::Error;

use self::connect::Connected;
pub use self::connect::{ForeignKnowledge, Knowledge, SETUPS_PLAYED_PEERS_MAX, Subject};
use self::lines::Lines;
use self::measure::Outcome;
use self::plan::Plan;
use self::relay::Relays;
use self::standing::Standing;
use crate::engine::{Engine, EngineError, RunLimits};
use crate::metrics::RunRecord;
use crate::overlay::Overlay;
use crate::overlay::audience::{ALL, Audiences};
use crate::overlay::workload::{Arrivals, Flow, Role};
use crate::rng::{Domain, Seed, Streams};
use crate::scenario::{Cell, Grain, Settings};
use crate::units::{SimDuration, SimTime};
use crate::webrtc::HeaderOverhead;
use crate::world::{World, WorldError, WorldSpec};

#[cfg(feature = "real")]
pub(crate) use budget::Fallen;
#[cfg(feature = "real")]
pub(crate) use costs::{cpu_percent, has_paced_packets, idle_shares, message_cpu, packet_cpu, wake_cpu};
pub use estimate::{MemoryNeeds, estimate_cpu_s, estimate_deliveries, estimate_memory, memory_needs};
#[cfg(feature = "real")]
pub(crate) use experience::Experience;
#[cfg(feature = "real")]
pub(crate) use fate::{FailedHop, Fate, Fates, Routes};
#[cfg(feature = "real")]
pub(crate) use observed::{ConnectionCounts, Observed, Window};
#[cfg(feature = "real")]
pub(crate) use relay::Forwarded;
#[cfg(feature = "real")]
pub(crate) use respond::Responses;
#[cfg(feature = "real")]
pub(crate) use timetable::{Schedule, Timetable};

/// How a replication is computed; every choice gives the same record but for the event count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Compute an arrival on the spot where no other event can come between (docs/MODELS.md,
    /// "Arrivals without events"), instead of queueing an event for it.
    pub shortcuts: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { shortcuts: true }
    }
}

/// Why a replication has no record.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum SimulationError {
    /// The world cannot be drawn.
    #[error(transparent)]
    World(#[from] WorldError),
    /// The event engine stopped a runaway.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// What is known of set-ups was learned for other settings.
    #[error(transparent)]
    Knowledge(#[from] ForeignKnowledge),
}

/// Runs one replication of a cell; `knowledge` is that of its settings, and the same for all cells of one [`Subject`].
///
/// # Errors
/// When a place does not exist, the engine stops a runaway, or the knowledge is of other settings.
pub fn simulate(cell: &Cell, seed: Seed, knowledge: &Knowledge) -> Result<RunRecord, SimulationError> {
    simulate_with(cell, seed, knowledge, Options::default())
}

/// Runs one replication of a cell in the way that `options` choose.
///
/// # Errors
/// As [`simulate`].
pub fn simulate_with(
    cell: &Cell,
    seed: Seed,
    knowledge: &Knowledge,
    options: Options,
) -> Result<RunRecord, SimulationError> {
    let settings = &cell.settings;
    let prepared = Prepared::new(cell, seed)?;
    let horizon = SimTime::ZERO + settings.run.duration + settings.run.drain;
    let mut connected = connecting(&prepared, settings, knowledge, connect::connect)?;
    let fallen = budget::fail_overloaded(&prepared.world, &prepared.overlay, &mut connected);
    let plan = Plan::new(settings, &prepared, &connected);
    let traffic = bulk::traffic_beside(settings, &prepared, &connected.degrees);
    let lines = Lines::new(settings, &prepared, &connected.degrees);
    let Prepared { streams, world, overlay, audiences, flows, times } = prepared;
    drop((flows, times));
    let mut relays = Relays::new(&world, settings.webrtc.overhead == HeaderOverhead::Full);
    let (connections, idle_share) = (&connected, plan.idle_share.as_slice());
    let setting = bulk::Setting {
        settings,
        world: &world,
        overlay: &overlay,
        connected: connections,
        idle_share,
        traffic: traffic.as_deref(),
        streams,
    };
    let mut distributed = bulk::distribute(&setting, &mut relays);
    let standing = distributed.as_mut().map(|distributed| std::mem::take(&mut distributed.standing));
    let standing = standing.unwrap_or_default();
    let parts = Parts { world, overlay, audiences, connected, plan, relays, standing, lines };
    let (outcome, events) = match settings.run.grain {
        Grain::Message => by_message(parts, horizon, options)?,
        Grain::Packet => by_packet(parts, settings, streams, horizon)?,
    };
    Ok(measure::record(seed, settings, outcome, measure::Beside { fallen, distributed, events }))
}

// One way through the phase in which connections are set up.
fn connecting<T>(
    prepared: &Prepared,
    settings: &Settings,
    knowledge: &Knowledge,
    way: impl FnOnce(connect::Setting<'_>) -> Result<T, EngineError>,
) -> Result<T, SimulationError> {
    let horizon = SimTime::ZERO + settings.run.duration + settings.run.drain;
    let Prepared { streams, world, overlay, .. } = prepared;
    let known = knowledge.setups(connect::Origin::of(settings))?;
    let asked = AskedByMessages { settings, prepared };
    let messages: Option<&dyn connect::Asked> = Some(&asked);
    let webrtc = &settings.webrtc;
    Ok(way(connect::Setting { world, overlay, webrtc, known, streams: *streams, horizon, messages })?)
}

/// What a replication consists of before a message is sent.
struct Parts {
    world: World,
    overlay: Overlay,
    audiences: Audiences,
    connected: Connected,
    plan: Plan,
    relays: Relays,
    /// Queues of bulk data.
    standing: Standing,
    /// Jitter and bursts that messages meet, if any.
    lines: Option<Box<Lines>>,
}

// Every message hop by hop; returns the number of events, too.
fn by_message(parts: Parts, horizon: SimTime, options: Options) -> Result<(Outcome, u64), EngineError> {
    let mut engine = Engine::new(flow::Flows::new(parts, options), RunLimits::default());
    let (model, scheduler) = engine.parts_mut();
    model.start(scheduler);
    engine.run_until(horizon)?;
    let events = engine.events();
    engine.model_mut().end();
    engine.run_until(SimTime::MAX)?;
    Ok((engine.into_model().finish(), events))
}

// Every packet; returns the number of events, too.
fn by_packet(
    parts: Parts,
    settings: &Settings,
    streams: Streams,
    horizon: SimTime,
) -> Result<(Outcome, u64), EngineError> {
    let mut engine = Engine::new(packets::Packets::new(parts, settings, streams), RunLimits::default());
    let (model, scheduler) = engine.parts_mut();
    model.start(settings, scheduler);
    engine.run_until(horizon)?;
    let events = engine.events();
    Ok((engine.into_model().finish(), events))
}

// What messages ask of each node on its links, all connections open.
#[derive(Debug)]
struct AskedByMessages<'a> {
    settings: &'a Settings,
    prepared: &'a Prepared,
}

impl connect::Asked for AskedByMessages<'_> {
    fn of_nodes(&self) -> Vec<connect::Messages> {
        let Self { settings, prepared } = self;
        let overlay = &prepared.overlay;
        let degrees: Vec<u32> = (0..overlay.nodes()).map(|node| overlay.degree(node)).collect();
        let bytes = |flow: &Flow| settings.webrtc.wire(flow.size).bytes.get() as f64;
        let numbers = spread::traffic(prepared, &degrees, |_| 1.0).into_iter();
        let both = numbers.zip(spread::traffic(prepared, &degrees, bytes));
        both.map(|(number, bytes)| connect::Messages { number, bytes }).collect()
    }
}

/// What a replication begins with, whatever runs it: the same peers, flows and overlay.
#[derive(Debug)]
pub(crate) struct Prepared {
    pub(crate) streams: Streams,
    pub(crate) world: World,
    pub(crate) flows: Vec<Flow>,
    /// The times that flows name.
    pub(crate) times: Vec<Vec<SimTime>>,
    pub(crate) overlay: Overlay,
    pub(crate) audiences: Audiences,
}

/// Every connection of a prepared replication, offerer first, and when its ends begin with it; not those
/// that never come to an offer.
///
/// # Errors
/// When the engine stops a runaway, or the knowledge is of other settings.
#[cfg(feature = "real")]
pub(crate) fn beginnings(
    prepared: &Prepared,
    settings: &Settings,
    knowledge: &Knowledge,
) -> Result<Vec<(crate::overlay::Connection, SimTime)>, SimulationError> {
    connecting(prepared, settings, knowledge, connect::beginnings)
}

/// The peers that fail because their connections exceed their budgets, and of each node whether it is one of them. By
/// the model: the stack has no budgets.
///
/// # Errors
/// As [`beginnings`].
#[cfg(feature = "real")]
pub(crate) fn failing(
    prepared: &Prepared,
    settings: &Settings,
    knowledge: &Knowledge,
) -> Result<(Option<Fallen>, Vec<bool>), SimulationError> {
    let Prepared { world, overlay, .. } = prepared;
    let nodes = world.nodes();
    if !budget::may_fail(world) {
        return Ok((None, vec![false; nodes as usize]));
    }
    let mut connected = connecting(prepared, settings, knowledge, connect::connect)?;
    let fallen = budget::fail_overloaded(world, overlay, &mut connected);
    Ok((fallen, (0..nodes).map(|node| connected.has_failed([node; 2])).collect()))
}

impl Prepared {
    pub(crate) fn new(cell: &Cell, seed: Seed) -> Result<Self, WorldError> {
        let settings = &cell.settings;
        let streams = Streams::new(seed);
        let world = WorldSpec {
            population: &settings.population,
            latency: &settings.latency,
            webrtc: &settings.webrtc,
            servers: cell.topology.servers(),
        }
        .generate(streams)?;
        let (mut flows, mut audiences, mut times) = (Vec::new(), Vec::new(), Vec::new());
        let end = SimTime::ZERO + settings.run.duration;
        for (workload, nth) in settings.workloads.iter().zip(0..) {
            let (first, first_times) = (audiences.len() as u32, times.len() as u32);
            audiences.extend(workload.audiences(&world, streams, nth));
            times.extend(workload.times(streams, nth, end));
            let globally = |flow: Flow| Flow {
                audience: if flow.audience == ALL { ALL } else { first + flow.audience },
                times: flow.times.map(|list| first_times + list),
                period: flow.times.map_or(flow.period, |list| mean_gap(&times[(first_times + list) as usize], end)),
                ..flow
            };
            flows.extend(workload.flows(&world, streams, nth).into_iter().map(globally));
        }
        wait_for_timers(&mut flows, settings, &world);
        let first = central(&flows, &audiences);
        let overlay = cell.topology.build(&world, &first, &mut streams.stream(Domain::Topology, 0));
        let audiences = Audiences::new(&overlay, &audiences);
        Ok(Self { streams, world, flows, times, overlay, audiences })
    }
}

// Of messages at these times, over a run that ends then; all of it where there is none.
fn mean_gap(times: &[SimTime], end: SimTime) -> SimDuration {
    SimDuration::from_ns((end.as_ns() / times.len().max(1) as u64).max(1))
}

// No peer publishes more often than its engine's timers run. A camera does not wait for them.
fn wait_for_timers(flows: &mut [Flow], settings: &Settings, world: &World) {
    let mut asked = SimDuration::ZERO;
    for flow in flows {
        let is_live = settings.workloads[usize::from(flow.workload())].live().is_some();
        if flow.role == Role::Response {
            flow.period = asked;
        } else if flow.arrivals == Arrivals::Periodic && flow.times.is_none() && !is_live {
            flow.period = flow.period.max(world.class(flow.source).engine.timer_min);
        }
        asked = flow.period;
    }
}

// The peers that a topology puts first, by number: of each workload those that publish, or those that its messages are
// for where they are fewer. Answers do not count.
fn central(flows: &[Flow], audiences: &[Vec<u32>]) -> Vec<u32> {
    let each_once = |mut peers: Vec<u32>| {
        peers.sort_unstable();
        peers.dedup();
        peers
    };
    let of_workload = |flows: &[Flow]| {
        let flows: Vec<Flow> = flows.iter().copied().filter(|flow| flow.role != Role::Response).collect();
        let sources = plan::sources(&flows);
        if flows.iter().any(|flow| flow.audience == ALL) {
            return sources;
        }
        let members = flows.iter().flat_map(|flow| &audiences[flow.audience as usize]).copied();
        let members = each_once(members.collect());
        if members.len() < sources.len() { members } else { sources }
    };
    each_once(flows.chunk_by(|a, b| a.workload() == b.workload()).flat_map(of_workload).collect())
}
