//! The pair laboratory: two peers, whatever stands between them, and one connection.

mod ladder;

pub use ladder::{Step, ladder};

use super::cluster::{Application, Cluster, ConnectPolicy, Connection, ConnectionState, Context, End, Lab};
use super::network::{NodeSpec, Paths};
use super::stack::{Candidates, ChannelSpec, Selected, StackError, StackSettings};
use super::trace::Trace;
use crate::engine::EngineError;
use crate::net::MiddleboxSpec;
use crate::net::PacketLinkSpec;
use crate::rng::{Seed, Streams};
use crate::units::{SimDuration, SimTime};
use crate::webrtc::stamp::{Delays, Leg};

/// Two peers and the network between them; offerer first.
#[derive(Clone, Debug)]
pub struct PairSpec {
    /// The boxes in front of each peer, from inside to outside.
    pub boxes: [Vec<MiddleboxSpec>; 2],
    /// One-way delays between peers and server and of signaling messages. There is one server: of
    /// the legs to servers those to an end's own count, and that between servers is the way from
    /// one of its relayed addresses to another.
    pub delays: Delays,
    /// Each peer's uplink on top of that: rate, buffer, jitter, loss.
    pub up: PacketLinkSpec,
    /// Which of the datagrams that each peer sends are lost on top of that; counted from 0, rising.
    pub lost: [Vec<u32>; 2],
    /// Which candidates the peers gather.
    pub gather: Gather,
    /// Whether candidates trickle.
    pub trickle: bool,
    /// The channel.
    pub channel: ChannelSpec,
    /// How connecting is attempted.
    pub policy: ConnectPolicy,
    /// The seed of what is drawn.
    pub seed: Seed,
}

/// Which candidates peers gather.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gather {
    /// Their own addresses only.
    Host,
    /// And their outside address, from a STUN server.
    Stun,
    /// And a relayed address, from a TURN server.
    Turn,
    /// A relayed address only.
    RelayOnly,
}

impl Default for PairSpec {
    fn default() -> Self {
        Self {
            boxes: [Vec::new(), Vec::new()],
            delays: Delays::uniform(SimDuration::from_ms(50)),
            up: PacketLinkSpec::default(),
            lost: [Vec::new(), Vec::new()],
            gather: Gather::Host,
            trickle: true,
            channel: ChannelSpec::RELIABLE,
            policy: ConnectPolicy { timeout: SimDuration::from_secs(60), attempts: 1 },
            seed: Seed(1),
        }
    }
}

/// What became of the connection of a pair.
#[derive(Clone, Debug)]
pub struct PairRun {
    /// The connection.
    pub connection: Connection,
    /// When it failed, if it did.
    pub failed_at: Option<SimTime>,
    /// The candidate pair as each end sees it.
    pub selected: [Option<Selected>; 2],
    /// Whether its packets run through a TURN server.
    pub relayed: bool,
    /// Everything that happened.
    pub trace: Trace,
}

/// Sets up one connection.
///
/// # Errors
/// When the stack refuses the settings, or the engine stops a runaway.
pub fn connect(spec: &PairSpec) -> Result<PairRun, PairError> {
    let lab = Lab { cluster: spec.cluster(Trace::keeping())?, application: Watch::default() };
    let mut engine = lab.engine();
    let limit = SimTime::ZERO + spec.policy.timeout * u64::from(spec.policy.attempts) + SimDuration::from_secs(1);
    {
        let (lab, scheduler) = engine.parts_mut();
        Context::new(&mut lab.cluster, scheduler).connect_at(SimTime::ZERO, 0);
    }
    while engine.model().application.done.is_none() && engine.scheduler().now() < limit {
        let next = engine.scheduler().now() + SimDuration::from_ms(100);
        engine.run_until(next)?;
    }
    let (lab, scheduler) = engine.parts_mut();
    let mut context = Context::new(&mut lab.cluster, scheduler);
    let ends = [0, 1].map(|side| End { connection: 0, side });
    let selected = ends.map(|end| context.selected(end));
    let relayed = lab.cluster.is_relayed(0);
    let connection = lab.cluster.connections()[0].clone();
    let failed_at = lab.application.done.filter(|_| connection.state != ConnectionState::Open);
    Ok(PairRun { connection, failed_at, selected, relayed, trace: lab.cluster.trace().clone() })
}

/// Why a pair has no outcome.
#[derive(Debug, thiserror::Error)]
pub enum PairError {
    /// The stack refused.
    #[error(transparent)]
    Stack(#[from] StackError),
    /// The engine stopped a runaway.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

impl PairSpec {
    /// The cluster of both peers, their servers and their connection, number 0.
    pub(super) fn cluster(&self, trace: Trace) -> Result<Cluster, StackError> {
        let settings = StackSettings {
            candidates: Candidates { host: self.gather != Gather::RelayOnly, ..Candidates::default() },
            trickle: self.trickle,
            channels: vec![self.channel],
            ..StackSettings::default()
        };
        let paths = Box::new(Legs(self.delays));
        let mut cluster = Cluster::new(settings, self.policy, paths, Streams::new(self.seed), trace)?;
        for (boxes, lost) in self.boxes.iter().zip(&self.lost) {
            let node = NodeSpec { boxes: boxes.clone(), up: self.up, lost: lost.clone(), ..NodeSpec::default() };
            cluster.add_node(&node);
        }
        match self.gather {
            Gather::Host => {}
            Gather::Stun => drop(cluster.add_server(false, None)),
            Gather::Turn | Gather::RelayOnly => drop(cluster.add_server(true, None)),
        }
        if self.gather == Gather::RelayOnly {
            cluster.settings_mut().candidates.stun = None;
        }
        cluster.add_connection(0, 1);
        Ok(cluster)
    }
}

/// The delays of each leg: node 0 offers, 1 answers, 2 is the server.
struct Legs(Delays);

impl Paths for Legs {
    fn delay(&self, from: u32, to: u32) -> SimDuration {
        self.0.of(match (from.min(to), from.max(to)) {
            (0, 2) => Leg::OffererToOwn,
            (1, 2) => Leg::AnswererToOwn,
            (2, 2) => Leg::BetweenServers,
            _ => Leg::Direct,
        })
    }

    fn signaling(&self, from: u32, _to: u32) -> SimDuration {
        self.0.of(if from == 0 { Leg::Offer } else { Leg::Answer })
    }
}

// Notes when the connection is open or lost.
#[derive(Default)]
struct Watch {
    done: Option<SimTime>,
}

impl Application for Watch {
    fn open(&mut self, _connection: u32, context: &mut Context<'_>) {
        self.done = Some(context.now);
    }

    fn lost(&mut self, _connection: u32, context: &mut Context<'_>) {
        self.done = Some(context.now);
    }
}
