//! Nodes that run the real stack: the event loop that moves datagrams, signaling and timers.
//!
//! A [`Lab`] is a [`Cluster`] and an [`Application`] on top. Connections are set up by offer and
//! answer through signaling; an attempt that is not open in time is torn down and made anew, for
//! the stack itself can hang (docs/VALIDATION.md). Everything that an event sets off happens at its
//! own time, in the order in which the stack and the application ask for it.

mod connect;
mod connection;
mod context;
mod event;
mod events;
mod lab;
mod pacing;

use std::collections::VecDeque;
use std::net::SocketAddrV4;

pub use connection::{Connection, ConnectionState, End};
pub use context::Context;
pub use event::ClusterEvent;
pub use lab::{Application, Lab};
pub use pacing::PacketCpu;

use self::pacing::Pacing;
use super::clock::Clock;
use super::network::{Launched, Network, NodeSpec, Paths};
use super::stack::{Effect, Endpoint, Identity, Signal, StackError, StackSettings, TurnAccess};
use super::trace::Trace;
use super::turn_server::{Datagram, TurnCounts, TurnServer, TurnServerSpec};
use crate::engine::{Slots, Timers};
use crate::rng::Streams;
use crate::units::{ByteCount, SimDuration, SimTime};

/// How connections are attempted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectPolicy {
    /// How long an attempt may take.
    pub timeout: SimDuration,
    /// How many attempts are made.
    pub attempts: u32,
}

impl Default for ConnectPolicy {
    fn default() -> Self {
        Self { timeout: SimDuration::from_secs(15), attempts: 3 }
    }
}

/// Nodes, their connections and the network between them.
pub struct Cluster {
    clock: Clock,
    identity: Identity,
    settings: StackSettings,
    policy: ConnectPolicy,
    network: Network,
    server: Option<Server>,
    // Endpoints by node and port, from the first port on.
    ports: Vec<Vec<u32>>,
    // Boxed: an endpoint is large, and the list grows.
    endpoints: Vec<Option<Box<Seat>>>,
    connections: Vec<Connection>,
    timers: Timers,
    flying: Slots<Flying>,
    signals: Slots<Mail>,
    effects: Vec<Effect>,
    pending: VecDeque<(u32, Effect)>,
    replies: Vec<Datagram>,
    trace: Trace,
    stack_errors: u64,
    pacing: Pacing,
}

// The STUN and TURN server, and the node it runs on.
struct Server {
    node: u32,
    turn: TurnServer,
}

// An end of a connection attempt.
struct Seat {
    endpoint: Endpoint,
    end: End,
    node: u32,
    due: Option<SimTime>,
    // How often in a row it asked to be woken at once.
    hurried: u32,
}

// A datagram on its way: while its sender's CPU writes it, before the receiver's boxes, on its downlink, while the CPU
// reads it.
enum Flying {
    Written(u32, Datagram),
    Between(Launched, Datagram),
    Downlink(u32, Datagram),
    Read(u32, Datagram),
}

// A signaling message on its way.
struct Mail {
    to: End,
    attempt: u32,
    signal: Signal,
    size: ByteCount,
    // Whether it is through its receiver's downlink.
    is_through: bool,
}

/// The first UDP port of every node; each endpoint has its own, counting up.
const FIRST_PORT: u16 = 5_000;
/// Where STUN and TURN servers listen (RFC 8489, section 8.1).
pub(super) const STUN_PORT: u16 = 3_478;

impl Cluster {
    /// A cluster without nodes.
    ///
    /// # Errors
    /// When the stack has no cryptography.
    pub fn new(
        settings: StackSettings,
        policy: ConnectPolicy,
        paths: Box<dyn Paths>,
        streams: Streams,
        trace: Trace,
    ) -> Result<Self, StackError> {
        Ok(Self {
            clock: Clock::new(),
            identity: Identity::new(streams)?,
            settings,
            policy,
            network: Network::new(paths, streams),
            server: None,
            ports: Vec::new(),
            endpoints: Vec::new(),
            connections: Vec::new(),
            timers: Timers::default(),
            flying: Slots::default(),
            signals: Slots::default(),
            effects: Vec::new(),
            pending: VecDeque::new(),
            replies: Vec::new(),
            trace,
            stack_errors: 0,
            pacing: Pacing::default(),
        })
    }

    /// Adds a node and returns its number.
    pub fn add_node(&mut self, spec: &NodeSpec) -> u32 {
        self.ports.push(Vec::new());
        self.network.add(spec)
    }

    /// Adds a connection to be made and returns its number.
    pub fn add_connection(&mut self, offerer: u32, answerer: u32) -> u32 {
        let number = u32::try_from(self.connections.len()).expect("invariant: fewer than 2^32 connections");
        self.connections.push(Connection::new([offerer, answerer]));
        number
    }

    /// The connections, by number.
    #[must_use]
    pub fn connections(&self) -> &[Connection] {
        &self.connections
    }

    /// Has packets of messages take time at the CPUs of nodes, numbered as they were added; others take none.
    pub fn pace_packets(&mut self, cpus: impl IntoIterator<Item = PacketCpu>) {
        self.pacing = Pacing::new(cpus);
    }

    /// Bytes that a node has put on its uplink, headers included.
    #[must_use]
    pub fn sent_bytes(&self, node: u32) -> u64 {
        self.network.sent_bytes(node)
    }

    /// Bytes that a node's uplink had no room for, headers included.
    #[must_use]
    pub fn turned_away_bytes(&self, node: u32) -> u64 {
        self.network.turned_away_bytes(node)
    }

    /// Bytes that have come to a node's downlink, headers included.
    #[must_use]
    pub fn received_bytes(&self, node: u32) -> u64 {
        self.network.received_bytes(node)
    }

    /// Whether the packets of a connection run through the TURN server.
    #[must_use]
    pub fn is_relayed(&self, connection: u32) -> bool {
        let ends = self.connections[connection as usize].endpoints.iter().flatten();
        let mut seats = ends.filter_map(|&endpoint| self.endpoints[endpoint as usize].as_ref());
        seats.any(|seat| seat.endpoint.sends_through_relay())
    }

    /// Adds the node of a STUN server, which is a TURN server too if it `relays`, and has every end
    /// use it; `capacity` is the most allocations that it grants at a time.
    pub fn add_server(&mut self, relays: bool, capacity: Option<u32>) -> u32 {
        let node = self.add_node(&NodeSpec::default());
        let address = SocketAddrV4::new(self.network.address(node), STUN_PORT);
        let spec = if relays { TurnServerSpec::new(address) } else { TurnServerSpec::stun_only(address) };
        let spec = TurnServerSpec { max_allocations: capacity, ..spec };
        self.settings.candidates.stun = Some(address);
        self.settings.candidates.turn = relays.then(|| TurnAccess {
            server: address,
            username: spec.username.clone(),
            password: spec.password.clone(),
            realm: spec.realm.clone(),
        });
        self.server = Some(Server { node, turn: TurnServer::new(spec) });
        node
    }

    /// What the TURN server has done.
    #[must_use]
    pub fn turn_counts(&self) -> TurnCounts {
        self.server.as_ref().map(|server| server.turn.counts()).unwrap_or_default()
    }

    /// Errors that the stack returned while it ran.
    #[must_use]
    pub const fn stack_errors(&self) -> u64 {
        self.stack_errors
    }

    /// What happened, as far as it was recorded.
    #[must_use]
    pub const fn trace(&self) -> &Trace {
        &self.trace
    }

    /// How the ends behave; to be changed before the first connection begins.
    pub const fn settings_mut(&mut self) -> &mut StackSettings {
        &mut self.settings
    }

    fn seat(&mut self, endpoint: u32) -> Option<&mut Seat> {
        self.endpoints[endpoint as usize].as_deref_mut()
    }

    fn endpoint_of(&self, end: End) -> Option<u32> {
        self.connections[end.connection as usize].endpoints[usize::from(end.side)]
    }
}
