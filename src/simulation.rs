//! One replication: a cell and a seed go in, a record comes out.
//!
//! [`simulate`] is the whole contract: pure, single-threaded, without clock, file, thread or mutable static. What is
//! [known](Knowledge) of set-ups is learned before, from the settings of a population, and only read. What
//! happens in it, in order: the world is drawn, the topology built, its connections set up by a
//! simulation of their own, peers fail that cannot bear theirs, contents spread in pieces by another, then messages
//! flow through the event engine, hop by hop or packet by packet, and what was measured is summed up.

mod account;
mod control;
mod data;
mod error;
mod estimate;
mod instance;
mod parts;
mod prepared;
mod servers;

use self::account::measure;
use self::account::outcome::Outcome;
use self::account::ways::{Spreading, Ways};
use self::control::asked::AskedByMessages;
pub use self::control::connect::{ForeignKnowledge, Knowledge, SETUPS_PLAYED_PEERS_MAX, Subject};
use self::control::{budget, connect};
use self::data::lines::Lines;
use self::data::messages::flow;
use self::data::plan::Plan;
use self::data::relay::Relays;
use self::data::{bulk, packets};
pub use self::error::SimulationError;
pub use self::instance::{Carried, Fetched, PoseError, Posed, Posing, Publisher};
pub use self::parts::Options;
use self::parts::Parts;
use self::prepared::Drawn;
pub(crate) use self::prepared::Prepared;
use crate::engine::{Engine, EngineError, RunLimits};
use crate::metrics::RunRecord;
use crate::overlay::Overlay;
use crate::overlay::dissemination::{Dissemination, RuleVisitor};
use crate::rng::{Seed, Streams};
use crate::scenario::{Cell, Grain, Settings};
use crate::units::SimTime;
use crate::webrtc::HeaderOverhead;
use crate::world::World;

#[cfg(feature = "real")]
pub(crate) use account::experience::Experience;
#[cfg(feature = "real")]
pub(crate) use account::fate::Fate;
#[cfg(feature = "real")]
pub(crate) use account::observed::{ConnectionCounts, Observed};
#[cfg(feature = "real")]
pub(crate) use control::budget::Fallen;
#[cfg(feature = "real")]
pub(crate) use data::application::{Application, Delivery, Happened};
#[cfg(feature = "real")]
pub(crate) use data::costs::{cpu_percent, has_paced_packets, idle_shares, message_cpu, packet_cpu, wake_cpu};
#[cfg(feature = "real")]
pub(crate) use data::programme::{CONTROL_CHANNEL, PlannedFlow, Programme};
#[cfg(feature = "real")]
pub(crate) use data::relay::Forwarded;
pub use estimate::{MemoryNeeds, estimate_cpu_s, estimate_deliveries, estimate_memory, memory_needs};

/// Runs one replication of a cell; `knowledge` is that of its settings, and the same for all cells of one [`Subject`].
///
/// # Errors
/// When a place does not exist, the engine stops a runaway, the knowledge is of other settings, or split horizon meets a
/// ring.
pub fn simulate(cell: &Cell, seed: Seed, knowledge: &Knowledge) -> Result<RunRecord, SimulationError> {
    simulate_with(cell, seed, knowledge, Options::default())
}

/// The population of a replication and its overlay, of which nothing is run; the overlay may have rings.
///
/// # Errors
/// When a place does not exist.
pub fn build(cell: &Cell, seed: Seed) -> Result<(World, Overlay), SimulationError> {
    Drawn::of(cell, Streams::new(seed)).map(|Drawn { world, overlay, .. }| (world, overlay))
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
    cell.topology.dissemination().visit(Simulating { cell, seed, knowledge, options })
}

struct Simulating<'a> {
    cell: &'a Cell,
    seed: Seed,
    knowledge: &'a Knowledge,
    options: Options,
}

impl RuleVisitor for Simulating<'_> {
    type Output = Result<RunRecord, SimulationError>;

    fn visit<D: Dissemination>(self, rule: &D) -> Self::Output {
        simulate_by(rule, self.cell, self.seed, self.knowledge, self.options)
    }
}

/// Runs one replication of a cell in which nodes pass messages on by a rule of the caller's.
///
/// # Errors
/// As [`simulate`].
pub fn simulate_by<D: Dissemination>(
    rule: &D,
    cell: &Cell,
    seed: Seed,
    knowledge: &Knowledge,
    options: Options,
) -> Result<RunRecord, SimulationError> {
    let settings = &cell.settings;
    let streams = Streams::new(seed);
    let rule = rule.begin(streams);
    let prepared = Prepared::new(cell, streams, rule.clone())?;
    let horizon = SimTime::ZERO + settings.run.duration + settings.run.drain;
    let mut connected = connecting(&prepared, settings, knowledge, connect::connect)?;
    let fallen = budget::fail_overloaded(&prepared.world, &prepared.overlay, &mut connected);
    let ways = Ways::of(&prepared, &connected, spreading::<D>());
    let plan = Plan::new(settings, &prepared, &connected);
    let carrying = connected.carrying();
    let traffic = bulk::traffic_beside(settings, &prepared, &carrying);
    let lines = Lines::new(settings, &prepared, &carrying);
    drop(carrying);
    let Prepared { streams, world, overlay, audiences, flows, times, load, .. } = prepared;
    drop((flows, times, load));
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
        Grain::Message => by_message(parts, rule, horizon, options)?,
        Grain::Packet => by_packet(parts, rule, settings, streams)?,
    };
    Ok(measure::record(seed, settings, outcome, measure::Beside { fallen, distributed, ways, events }))
}

// What of the ways of messages follows from their rule.
const fn spreading<D: Dissemination>() -> Spreading {
    match (D::EXACTLY_ONCE, D::OVER_ALL) {
        (true, _) => Spreading::Once,
        (false, true) => Spreading::OverAll,
        (false, false) => Spreading::Told,
    }
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

// Every message hop by hop; returns the number of events, too.
fn by_message<D: Dissemination>(
    parts: Parts,
    rule: D,
    horizon: SimTime,
    options: Options,
) -> Result<(Outcome, u64), EngineError> {
    let mut engine = Engine::new(flow::Flows::new(parts, rule, options), RunLimits::default());
    let (model, scheduler) = engine.parts_mut();
    model.start(scheduler);
    engine.run_until(horizon)?;
    let events = engine.events();
    engine.model_mut().end();
    engine.run_until(SimTime::MAX)?;
    Ok((engine.into_model().finish(), events))
}

// Every packet; returns the number of events, too.
fn by_packet<D: Dissemination>(
    parts: Parts,
    rule: D,
    settings: &Settings,
    streams: Streams,
) -> Result<(Outcome, u64), EngineError> {
    let horizon = parts.plan.programme.horizon;
    let mut engine = Engine::new(packets::Packets::new(parts, rule, settings, streams), RunLimits::default());
    let (model, scheduler) = engine.parts_mut();
    model.start(settings, scheduler);
    engine.run_until(horizon)?;
    let events = engine.events();
    Ok((engine.into_model().finish(), events))
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
