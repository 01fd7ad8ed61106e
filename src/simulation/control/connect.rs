//! Connecting: a replication's first phase, in which every connection of the overlay is set up.
//!
//! A discrete-event simulation of its own, run to its end before the first message: peers join, open
//! their sessions with the signaling service, and set up their connections, each of which ends open
//! or given up. What comes of it says when each connection is open, and messages only look it up.
//! The two do not compete for CPU or links.
//!
//! **Who offers.** The peer whose session opens later, for it is told who is there already; sessions
//! that open at the same instant count in the order of the nodes' numbers, and servers that a topology
//! adds come after the peers. A peer keeps to the order of its list: its pairs as the topology names them, then the
//! members of each of its blocks by growing distance around the ring, then its standby connections. It has at most
//! `concurrent` set-ups of its own under way; it answers whatever reaches it.
//!
//! **Scale.** Partner lists are walked, not stored; a set-up under way is a row of a pool that is as
//! large as the limit of set-ups at a time makes it; a connection leaves eight bytes behind. Each set-up
//! under way has exactly one event pending: its next step, or its end.

mod attempt;
mod begin;
mod beside;
mod by_rule;
mod exchange;
mod fall;
mod learned;
mod letters;
mod line;
mod links;
mod opened;
mod path;
mod peer;
mod posted;
mod renegotiate;
mod routes;
mod server;
mod session;
mod set_up;
mod setting;
mod settle;
mod standby;
mod stepped;
mod tally;
#[cfg(test)]
mod tests;
mod turn;
mod ways;

use self::attempt::Attempts;
use self::beside::Beside;
pub use self::learned::{ForeignKnowledge, Knowledge, SETUPS_PLAYED_PEERS_MAX, Subject};
use self::line::Line;
use self::links::Links;
pub(in crate::simulation) use self::links::Messages;
pub(in crate::simulation) use self::opened::Kept;
use self::opened::Opened;
use self::path::Paths;
use self::peer::Peer;
use self::routes::Routes;
use self::server::{Batch, Server};
pub(in crate::simulation) use self::setting::{Asked, Origin, Setting};
pub(crate) use self::tally::{Tally, Wall};
use self::turn::Turn;
use crate::engine::{Engine, EngineError, Model, RunLimits, Scheduler};
use crate::overlay::{Overlay, Shared};
use crate::rng::{Domain, PairKey};
use crate::units::SimTime;
use crate::webrtc::WebrtcSpec;
use crate::world::World;

/// When each connection is open, and what became of those that the topology wants.
#[derive(Clone, Debug)]
pub(in crate::simulation) struct Connected {
    /// When the last connection opened that ever does.
    pub(in crate::simulation) connected_at: SimTime,
    /// From when on whatever has a path is open, and runs as the NATs of its ends tell; never, if some
    /// connection has been given up that has a path, or runs otherwise.
    pub(in crate::simulation) all_open_at: SimTime,
    /// Connections the topology wants, and how many of them on standby.
    pub(in crate::simulation) wanted: u64,
    pub(in crate::simulation) standby_wanted: u64,
    /// Open ones that run through TURN servers, by the hardest transport on their way, and how many
    /// allocations they take.
    pub(in crate::simulation) relayed: [u64; 3],
    pub(in crate::simulation) allocations: u64,
    /// Those that cannot be opened.
    pub(in crate::simulation) impossible: u64,
    /// Open connections of each node.
    pub(in crate::simulation) degrees: Vec<u32>,
    // Those of them on standby; empty where the overlay has none.
    standby: Vec<u32>,
    // In which order nodes came; empty where nobody signals, and the numbers of nodes tell.
    ranks: Vec<u32>,
    /// What else was counted.
    pub(in crate::simulation) tally: Tally,
    opened: Opened,
    // Nodes that failed afterwards; empty if none did.
    failed: Vec<bool>,
}

impl Connected {
    /// What is known of the pair of this slot, between two nodes.
    #[inline]
    pub(in crate::simulation) fn pair(&self, slot: usize, nodes: [u32; 2]) -> Kept {
        if self.has_failed(nodes) { Kept::NEVER } else { self.opened.pair(slot) }
    }

    /// What is known of the connection between two nodes by the block that they share.
    #[inline]
    pub(in crate::simulation) fn in_block(&self, shared: Shared, nodes: [u32; 2]) -> Kept {
        if self.has_failed(nodes) { Kept::NEVER } else { self.opened.in_block(shared) }
    }

    /// What is known of the connection between two nodes.
    pub(in crate::simulation) fn between(&self, overlay: &Overlay, a: u32, b: u32) -> Kept {
        if self.has_failed([a, b]) { Kept::NEVER } else { self.opened.between(overlay, a, b) }
    }

    /// Whether `a` offers when it connects to `b`, and so opens the channels: who comes later does.
    pub(in crate::simulation) fn offers(&self, a: u32, b: u32) -> bool {
        let rank = |node: u32| self.ranks.get(node as usize).copied().unwrap_or(node);
        rank(a) > rank(b)
    }
}

/// Sets up every connection of the overlay.
///
/// # Errors
/// When the engine stops a runaway.
pub(in crate::simulation) fn connect(setting: Setting<'_>) -> Result<Connected, EngineError> {
    if let Some(connected) = at_once(setting) {
        return Ok(connected);
    }
    run(setting, false).map(Connecting::into_connected)
}

/// Every connection of an overlay, offerer first, and when its ends would have to begin with it on an
/// idle network to be open when they are; [`SimTime::MAX`] for those that never come to an offer. In
/// the order of [`Overlay::for_each_connection`].
#[cfg(any(feature = "real", test))]
pub(in crate::simulation) fn beginnings(
    setting: Setting<'_>,
) -> Result<Vec<(crate::overlay::Connection, SimTime)>, EngineError> {
    let connecting = run(setting, true)?;
    let mut beginnings = Vec::new();
    setting.overlay.for_each_connection(|mut connection| {
        let begin = connecting.opened.begin_between(setting.overlay, connection.a, connection.b);
        let rank = |node: u32| connecting.ranks[node as usize];
        if rank(connection.a) < rank(connection.b) {
            (connection.a, connection.b) = (connection.b, connection.a);
            (connection.rank_a, connection.rank_b) = (connection.rank_b, connection.rank_a);
        }
        beginnings.push((connection, begin));
    });
    Ok(beginnings)
}

fn run(setting: Setting<'_>, keep_beginnings: bool) -> Result<Connecting<'_>, EngineError> {
    let mut engine = Engine::new(Connecting::new(setting, keep_beginnings), RunLimits::default());
    let (connecting, scheduler) = engine.parts_mut();
    connecting.start(scheduler);
    engine.run_until(SimTime::MAX)?;
    Ok(engine.into_model())
}

// Where nothing takes time and nothing limits, all is open as soon as both ends are there.
fn at_once(setting: Setting<'_>) -> Option<Connected> {
    let Setting { world, overlay, webrtc, .. } = setting;
    let free = |node: u32| {
        let engine = &world.class(node).engine;
        let work = engine.cpu_per_setup + engine.first_setup;
        work.as_ns() == 0 && engine.max_connections.is_none_or(|most| overlay.degree(node) <= most)
    };
    let idle = webrtc.negotiation.renegotiations.is_none() && webrtc.connect.interop_failures.get() <= 0.0;
    if world.setup().signals() || !idle || !(0..world.nodes()).all(free) {
        return None;
    }
    let mut tally = Tally::new(world);
    let mut impossible = 0;
    let mut degrees = vec![0; world.nodes() as usize];
    let mut connected_at = SimTime::ZERO;
    overlay.for_each_connection(|connection| {
        let (a, b) = (connection.a, connection.b);
        let Some(relay) = by_rule::relay(world, a, b) else {
            impossible += 1;
            if overlay.standby_slot_between(a, b).is_some() {
                return tally.without_standby(world, a, b, None);
            }
            return tally.pair(world, a, b).failed += 1;
        };
        let open = world.join_time(a).max(world.join_time(b));
        connected_at = connected_at.max(open);
        degrees[a as usize] += 1;
        degrees[b as usize] += 1;
        tally.open(world, (a, b), relay, open, crate::units::SimDuration::ZERO);
    });
    let opened = Opened::at_once(world, overlay, connected_at);
    let standby = opened.standby(world, overlay);
    let wanted = overlay.connections();
    let (relayed, allocations) = (tally.relayed(), tally.allocations);
    let all_open_at = connected_at;
    let failed = Vec::new();
    Some(Connected {
        connected_at,
        all_open_at,
        wanted,
        standby_wanted: overlay.standby_connections(),
        relayed,
        allocations,
        impossible,
        degrees,
        standby,
        ranks: Vec::new(),
        tally,
        opened,
        failed,
    })
}

/// The rank of a node that never had a session.
const ABSENT: u32 = u32::MAX;

/// The state of the phase.
#[derive(Debug)]
struct Connecting<'a> {
    world: &'a World,
    overlay: &'a Overlay,
    webrtc: &'a WebrtcSpec,
    horizon: SimTime,
    peers: Vec<Peer>,
    lines: Vec<Line>,
    /// The places of nodes in the order in which their sessions opened; [`ABSENT`] before. Who goes through a
    /// list asks for the rank of each on it, and mostly for nothing else.
    ranks: Vec<u32>,
    attempts: Attempts,
    opened: Opened,
    server: Server,
    /// What an end sends with an offer or an answer.
    batch: Batch,
    routes: Routes,
    paths: Paths,
    /// Where links have rates or jitter, and set-ups are played through.
    beside: Option<Beside>,
    turn: Turn,
    tally: Tally,
    degrees: Vec<u32>,
    /// Set-ups that a peer begins at once, while it does.
    burst: Vec<u32>,
    next_rank: u32,
    connected_at: SimTime,
    /// Whether some connection runs over other allocations than the NATs of its ends tell.
    deviates: bool,
    waits: PairKey,
    glares: PairKey,
}

/// What happens, by node or by row of the pool of attempts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Event {
    /// A node is there and wants a session.
    Join(u32),
    /// It tries to get one again.
    Dial(u32),
    /// Its request has come back.
    Session(u32),
    /// The signaling server goes down.
    Down,
    /// It is up again.
    Up,
    /// An offer is at the server.
    OfferAtServer(u32),
    /// An offer is at its answerer.
    Offer(u32),
    /// An answer is at the server.
    AnswerAtServer(u32),
    /// A connection is open.
    Opened(u32, u32),
    /// A set-up that is played beside others goes on, by its number.
    Step(u32),
    /// One of its letters is at its next place.
    Letter(u32),
    /// Its time has run out.
    Overdue(u32),
    /// An attempt has come to nothing, or its time has run out.
    Settled(u32),
    /// The wait before the next attempt is over.
    Retry(u32),
    /// A closed connection of a node counts no more.
    Collected(u32),
    /// An open connection is negotiated anew.
    Renegotiate(u32, u32),
}

const _: () = assert!(size_of::<Event>() <= 12, "events are copied into and out of the queue");

impl Model for Connecting<'_> {
    type Event = Event;

    fn handle(&mut self, now: SimTime, event: Event, scheduler: &mut Scheduler<Event>) {
        match event {
            Event::Offer(slot) => self.offer(now, slot, scheduler),
            Event::Opened(a, b) => self.opened(now, a, b, scheduler),
            Event::Step(number) => self.step(now, number, scheduler),
            Event::Letter(place) => self.letter(now, place, scheduler),
            Event::Overdue(number) => self.overdue(now, number, scheduler),
            Event::Settled(slot) => self.settled(now, slot, scheduler),
            Event::OfferAtServer(slot) => self.offer_at_server(now, slot, scheduler),
            Event::AnswerAtServer(slot) => self.answer_at_server(now, slot, scheduler),
            Event::Join(node) => self.join(now, node, scheduler),
            Event::Dial(node) => self.dial(now, node, scheduler),
            Event::Session(node) => self.session(now, node, scheduler),
            Event::Down => self.down(now, scheduler),
            Event::Up => self.server.up(),
            Event::Retry(slot) => self.retry(now, slot, scheduler),
            Event::Collected(node) => self.collected(now, node, scheduler),
            Event::Renegotiate(a, b) => self.renegotiate(now, a, b, scheduler),
        }
    }

    // In two steps: what an event names, and what that names in turn.
    fn foresee(&self, events: impl Iterator<Item = Event> + Clone) {
        let touch = |event| match event {
            Event::Offer(slot) | Event::Settled(slot) | Event::Retry(slot) => self.attempts.touch(slot),
            Event::Opened(a, b) => self.degrees[b as usize] ^ self.peers[a as usize].busy,
            _ => 0,
        };
        std::hint::black_box(events.clone().map(touch).fold(0, u32::wrapping_add));
        let touch_ends = |event| match event {
            Event::Offer(slot) => {
                let [a, b] = self.attempts.ends(slot);
                self.peers[b as usize].live ^ self.opened.touch(self.overlay, [a, b]) ^ self.world.class_index(a) as u32
            }
            _ => 0,
        };
        std::hint::black_box(events.map(touch_ends).fold(0, u32::wrapping_add));
    }
}

impl<'a> Connecting<'a> {
    fn new(setting: Setting<'a>, keep_beginnings: bool) -> Self {
        let Setting { world, overlay, webrtc, known, streams, horizon, messages } = setting;
        let shares_links = world.setup().signals() && known.is_none() && Links::matter(world);
        let beside = shares_links.then(|| {
            let messages = messages.map(Asked::of_nodes).unwrap_or_default();
            Beside::new(Links::new(world, overlay, streams, &messages))
        });
        Self {
            beside,
            world,
            overlay,
            webrtc,
            horizon,
            peers: (0..world.nodes()).map(|node| Peer::new(world, node)).collect(),
            lines: (0..world.nodes()).map(|node| Line::new(world, node, shares_links)).collect(),
            ranks: vec![ABSENT; world.nodes() as usize],
            attempts: Attempts::default(),
            opened: Opened::new(overlay, keep_beginnings),
            server: Server::new(&webrtc.signaling),
            batch: Batch::of(&webrtc.signaling),
            routes: Routes::new(world, webrtc.signaling.in_band),
            paths: Paths::new(world, webrtc, streams, known),
            turn: Turn::new(world, webrtc),
            tally: Tally::new(world),
            degrees: vec![0; world.nodes() as usize],
            burst: Vec::new(),
            next_rank: 0,
            connected_at: SimTime::ZERO,
            deviates: false,
            waits: streams.pair_key(Domain::Connect),
            glares: streams.pair_key(Domain::Negotiation),
        }
    }

    fn start(&mut self, scheduler: &mut Scheduler<Event>) {
        for outage in self.server.outages() {
            scheduler.schedule_at(outage.from, Event::Down);
            scheduler.schedule_at(outage.until, Event::Up);
        }
        for node in 0..self.world.nodes() {
            scheduler.schedule_at(self.world.join_time(node), Event::Join(node));
        }
    }

    fn into_connected(mut self) -> Connected {
        self.opened.count_missing(self.world, self.overlay, &mut self.tally);
        self.tally.walls(self.world, self.overlay, &self.peers);
        self.tally.signaling = self.server.traffic();
        let wanted = self.overlay.connections();
        let impossible = self.tally.impossible;
        let given_up = wanted - impossible - self.tally.standby_given_up - self.tally.opening.count();
        let counts = self.turn.counts();
        self.tally.refused_allocations = counts.unreachable + counts.overloaded + counts.full;
        // What the rule about NATs does not tell has to be looked up for every message.
        let by_rule = given_up == 0 && !self.deviates;
        let all_open_at = if by_rule { self.connected_at } else { SimTime::MAX };
        Connected {
            connected_at: self.connected_at,
            all_open_at,
            wanted,
            standby_wanted: self.overlay.standby_connections(),
            relayed: self.tally.relayed(),
            allocations: counts.peak,
            impossible,
            standby: self.opened.standby(self.world, self.overlay),
            degrees: self.degrees,
            ranks: self.ranks,
            tally: self.tally,
            opened: self.opened,
            failed: Vec::new(),
        }
    }
}
