//! One replication on the real stack: the same peers, overlay and messages as the model's, every
//! connection a real one.
//!
//! What is the stack's here: set-up, retransmission, congestion control, every byte on the wire.
//! What is still the model's: when the ends of a connection begin with it, which peers fail because theirs
//! exceed their budgets, and the CPU time of an application that sends or receives a message.

mod paths;
mod peers;
mod tally;

use thiserror::Error;

use self::paths::WorldPaths;
use self::peers::Peers;
use super::cluster::{Cluster, ConnectPolicy, Context, Lab};
use super::network::NodeSpec;
use super::stack::{Candidates, StackError, StackSettings};
use super::trace::Trace;
use crate::engine::EngineError;
use crate::metrics::RunRecord;
use crate::net::{Nat, PacketLinkSpec, Queueing};
use crate::overlay::Connection;
use crate::overlay::dissemination::{Dissemination, RuleVisitor};
use crate::rng::{Seed, Streams};
use crate::scenario::{Cell, Experiment, Grain};
use crate::simulation::{Knowledge, Prepared, SimulationError, beginnings, failing};
use crate::sweep::{self, Rung};
use crate::units::{Bitrate, ByteCount, Probability, SimTime};
use crate::webrtc::{SetupProfile, WebrtcSpec};
use crate::world::{World, WorldError};

/// Why a replication on the real stack has no record.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ReplicationError {
    /// The world cannot be drawn.
    #[error(transparent)]
    World(#[from] WorldError),
    /// The stack refused.
    #[error(transparent)]
    Stack(#[from] StackError),
    /// The engine stopped a runaway.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The model, by which connections begin, refused.
    #[error(transparent)]
    Model(#[from] SimulationError),
}

/// A replication and what the cluster saw beyond its record.
#[derive(Debug)]
pub struct Replicated {
    /// The record, in the model's metrics.
    pub record: RunRecord,
    /// The hash over every datagram, and their number.
    pub trace: Trace,
    /// Attempts at connections that failed and were repeated or given up.
    pub failed_attempts: u64,
    /// Errors that the stack returned while it ran.
    pub stack_errors: u64,
}

/// Runs one replication of a cell on the real stack.
///
/// # Errors
/// When a place does not exist, the stack refuses the settings, the engine stops a runaway, or the knowledge is of other
/// settings.
pub fn replicate(cell: &Cell, seed: Seed, knowledge: &Knowledge) -> Result<Replicated, ReplicationError> {
    cell.topology.dissemination().visit(Replicating { cell, seed, knowledge })
}

struct Replicating<'a> {
    cell: &'a Cell,
    seed: Seed,
    knowledge: &'a Knowledge,
}

impl RuleVisitor for Replicating<'_> {
    type Output = Result<Replicated, ReplicationError>;

    fn visit<D: Dissemination>(self, rule: &D) -> Self::Output {
        replicate_by(rule, self.cell, self.seed, self.knowledge)
    }
}

/// Runs one replication of a cell on the real stack in which nodes pass messages on by a rule of the caller's.
///
/// # Errors
/// As [`replicate`].
pub fn replicate_by<D: Dissemination>(
    rule: &D,
    cell: &Cell,
    seed: Seed,
    knowledge: &Knowledge,
) -> Result<Replicated, ReplicationError> {
    let streams = Streams::new(seed);
    let rule = rule.begin(streams);
    let prepared = Prepared::new(cell, streams, rule.clone())?;
    let mut cluster = cluster(&prepared, &cell.settings.webrtc)?;
    let run = &cell.settings.run;
    let horizon = SimTime::ZERO + run.duration + run.drain;
    let (fallen, failing) = failing(&prepared, &cell.settings, knowledge)?;
    let mut begins = beginnings(&prepared, &cell.settings, knowledge)?;
    // Of the connections of a peer that fails none opens.
    let falls = |connection: &Connection| [connection.a, connection.b].iter().any(|&node| failing[node as usize]);
    let mut closed = 0;
    for (_, begin) in begins.iter_mut().filter(|(connection, _)| falls(connection)) {
        *begin = SimTime::MAX;
        closed += 1;
    }
    let fallen = fallen.map(|fallen| (fallen, closed));
    let application = Peers::new(&cell.settings, prepared, rule, &begins);
    cluster.pace_packets(application.packet_cpus());
    let mut engine = Lab { cluster, application }.engine();
    let (lab, scheduler) = engine.parts_mut();
    for (number, (connection, begin)) in (0..).zip(&begins) {
        let added = lab.cluster.add_connection(connection.a, connection.b);
        debug_assert_eq!(added, number, "connections are numbered in the overlay's order");
        if *begin < SimTime::MAX {
            Context::new(&mut lab.cluster, scheduler).connect_at(*begin, added);
        }
    }
    lab.application.start(&mut Context::new(&mut lab.cluster, scheduler));
    engine.run_until(horizon)?;
    let events = engine.events();
    let Lab { cluster, application } = engine.into_model();
    let failed_attempts = cluster.connections().iter().map(|known| u64::from(known.attempts.saturating_sub(1))).sum();
    let stack_errors = cluster.stack_errors();
    let record = application.record(seed, &cell.settings, (&cluster, fallen), events);
    Ok(Replicated { record, trace: cluster.trace().clone(), failed_attempts, stack_errors })
}

// The nodes of a world with their boxes and links, and its STUN and TURN server.
fn cluster(prepared: &Prepared, webrtc: &WebrtcSpec) -> Result<Cluster, ReplicationError> {
    let world = &prepared.world;
    let settings = StackSettings {
        candidates: Candidates { host: true, ..Candidates::default() },
        max_message: prepared.flows.iter().map(|flow| flow.size).max().unwrap_or_default().max(MAX_MESSAGE_LEAST),
        channels: peers::channels(prepared).into_iter().map(peers::channel_spec).collect(),
        ..StackSettings::default()
    };
    let connect = &webrtc.connect;
    let policy = ConnectPolicy { timeout: connect.timeout, attempts: connect.attempts.get() };
    let paths = Box::new(WorldPaths::new(world.clone()));
    let mut cluster = Cluster::new(settings, policy, paths, prepared.streams, Trace::default())?;
    for node in 0..world.nodes() {
        cluster.add_node(&node_spec(world, node));
    }
    let behind_nat = (0..world.nodes()).any(|node| world.nat(node) != Nat::Public);
    if behind_nat {
        cluster.add_server(world.has_relay(), None);
    }
    Ok(cluster)
}

/// Ends take messages of at least this size, whatever the workload.
const MAX_MESSAGE_LEAST: ByteCount = ByteCount::new(4 << 10);

fn node_spec(world: &World, node: u32) -> NodeSpec {
    let (rates, class) = (world.rates(node), world.class(node));
    let link = |rate: Option<Bitrate>| PacketLinkSpec {
        delay: class.access_delay,
        rate,
        buffer: rate.zip(class.buffer).map(|(rate, wait)| rate.bytes_in(wait)),
        jitter: class.jitter,
        loss: class.loss,
    };
    NodeSpec {
        boxes: world.end(node).boxes.clone(),
        lan: world.lan(node),
        carrier_nat: world.carrier_nat(node),
        up: link(rates.up),
        down: link(rates.down),
        ..NodeSpec::default()
    }
}

/// What to check before trusting results of this rung.
#[must_use]
pub fn warnings(experiment: &Experiment) -> Vec<String> {
    let mut warnings = Vec::new();
    let mut warn = |text: String| {
        if !warnings.contains(&text) {
            warnings.push(text);
        }
    };
    for settings in experiment.cells.iter().map(|cell| &cell.settings) {
        if settings.webrtc.setup != SetupProfile::WebrtcRs {
            warn(
                "the real stack is webrtc-rs, whatever `[webrtc] setup` and engines the scenario names; \
                  `setup = \"webrtc-rs\"` makes the model its match"
                    .to_owned(),
            );
        }
        if settings.population.classes.iter().any(|class| class.nat.value.ipv6 > Probability::ZERO) {
            warn("the virtual rung has no IPv6: pairs that the model connects over it take IPv4 there".to_owned());
        }
        if settings.population.classes.iter().any(|class| class.link.value.queue == Queueing::Fair) {
            warn("uplinks of this rung are first in, first out: `queue = \"fair\"` has no effect".to_owned());
        }
        if settings.population.classes.iter().any(|class| !class.capacity.is_empty()) {
            warn("links of this rung have constant rates: of `capacity` it takes the mean".to_owned());
        }
        if let Some(turn) = settings.webrtc.turn.spec() {
            if turn.server.len() > 1 {
                let first = &turn.servers()[0].name;
                warn(format!("this rung has one TURN server: all relayed connections use `{first}`, the first"));
            }
            if turn.server.iter().any(|server| server.bandwidth.is_some()) || turn.bandwidth.is_some() {
                warn("the TURN server of this rung forwards without limit, whatever `bandwidth` says".to_owned());
            }
            if !turn.outage.is_empty() {
                warn("the TURN server of this rung does not fail: `[[webrtc.turn.outage]]` has no effect".to_owned());
            }
        }
        if settings.workloads.iter().any(|workload| workload.pieces().is_some()) {
            let without = "`kind = \"distribution\"` and the `document` of `kind = \"text\"` have no effect";
            warn(format!("the virtual rung fetches no contents: {without}"));
        }
        if settings.workloads.iter().any(|workload| workload.live().is_some()) {
            warn("the virtual rung has no live streams: `kind = \"live\"` sends its highest bitrate there".to_owned());
        }
        if settings.workloads.iter().any(|workload| !workload.service().packet_keys().is_empty()) {
            warn("`priority` and `lifetime` have no effect on the virtual rung".to_owned());
        }
        let largest = settings.workloads.iter().map(|workload| workload.largest_message()).max();
        if largest.is_some_and(|largest| largest > MAX_MESSAGE_MOST) {
            warn(format!("messages above {MAX_MESSAGE_MOST} are refused by the real stack and count as dropped"));
        }
    }
    warnings
}

/// The largest message that the stack can send.
const MAX_MESSAGE_MOST: ByteCount = ByteCount::new(256 << 10);

/// The rung of the real stack in virtual time.
pub const VIRTUAL: Rung = Rung {
    name: "virtual",
    replicate: |cell, seed, knowledge| match replicate(cell, seed, knowledge) {
        Ok(replicated) => Ok(replicated.record),
        Err(ReplicationError::Model(error)) => Err(error.into()),
        Err(error) => Err(sweep::ReplicationError::Rung(error.to_string())),
    },
    grain: |_| Grain::Packet,
    memory: estimate_memory,
};

/// Resident memory of a connection's two ends (measured: 283 to 393 KiB), with room for what is
/// under way.
const PER_CONNECTION: u64 = 500 << 10;

fn estimate_memory(cell: &Cell) -> ByteCount {
    let connections = cell.topology.shape(cell.settings.population.peers.get()).connections();
    ByteCount::new(crate::simulation::estimate_memory(cell).get() + connections * PER_CONNECTION)
}
