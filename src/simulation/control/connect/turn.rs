//! The allocations that ends ask TURN servers for while they gather candidates.
//!
//! An end asks when it begins its part of a set-up, over each transport that it speaks and that its network lets
//! out, and holds what it gets as long as the connection lives, whether or not packets run through it: libwebrtc prunes the ports of TURN servers only where
//! an application asks for that (`turn_port_prune_policy`). What fails gives it back.

use crate::net::{MiddleboxSpec, Nat};
use crate::units::{SimDuration, SimTime};
use crate::webrtc::WebrtcSpec;
use crate::webrtc::setup::{Gather, RelayTransport};
use crate::webrtc::turn::{Granted, Transports, TurnCounts, TurnIndex, TurnPool, TurnRequest};
use crate::world::World;

/// What an end has at a TURN server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Allocation {
    /// It has asked for nothing, or the scenario has no server.
    #[default]
    None,
    /// It has asked and was given none.
    Refused,
    /// So many allocations, granted so long after they were asked for.
    Held { server: TurnIndex, number: u8, wait_s: u8, wait_ns: u32 },
}

const NS_PER_S: u64 = 1_000_000_000;

impl Allocation {
    /// Allocations at a server, granted so long after they were asked for.
    pub(super) const fn held(server: TurnIndex, number: u8, wait: SimDuration) -> Self {
        let wait = wait.as_ns();
        let (wait_s, wait_ns) = if wait == 0 { (0, 0) } else { ((wait / NS_PER_S) as u8, (wait % NS_PER_S) as u32) };
        Self::Held { server, number, wait_s, wait_ns }
    }

    /// The server, if there is an allocation.
    pub(super) const fn server(self) -> Option<TurnIndex> {
        match self {
            Self::Held { server, .. } => Some(server),
            Self::None | Self::Refused => None,
        }
    }

    /// How long the server took to come to it.
    pub(super) const fn wait(self) -> SimDuration {
        match self {
            Self::Held { wait_s, wait_ns, .. } => SimDuration::from_ns(wait_s as u64 * NS_PER_S + wait_ns as u64),
            Self::None | Self::Refused => SimDuration::ZERO,
        }
    }
}

/// The servers of a world.
#[derive(Debug)]
pub(super) struct Turn {
    pool: Option<TurnPool>,
    // What ends of each kind ask for.
    asks: Vec<Ask>,
}

// What an end asks for when it gathers candidates.
#[derive(Clone, Copy, Debug)]
enum Ask {
    // Nothing: it does not use TURN, or cannot reach a server.
    Nothing,
    // No server speaks what its network lets out.
    InVain,
    // Allocations over these transports.
    Over { transport: RelayTransport, transports: Transports },
}

impl Turn {
    pub(super) fn new(world: &World, webrtc: &WebrtcSpec) -> Self {
        // Of a kind without a node nothing is asked.
        let mut asks = vec![Ask::Nothing; world.ends().len()];
        for node in 0..world.nodes() {
            asks[usize::from(world.end_kind(node))] = Ask::of(world, node);
        }
        Self { pool: webrtc.turn.spec().map(TurnPool::new), asks }
    }

    /// A node gathers candidates; `delays` are those to every server.
    pub(super) fn ask(&mut self, now: SimTime, world: &World, node: u32, delays: &[SimDuration]) -> Allocation {
        let Some(pool) = &mut self.pool else { return Allocation::None };
        let request = match self.asks[usize::from(world.end_kind(node))] {
            Ask::Nothing => return Allocation::None,
            Ask::InVain => return Allocation::Refused,
            Ask::Over { transport, transports } => TurnRequest { peer: node, delays, transport, transports },
        };
        pool.allocate(now, &request).map_or(Allocation::Refused, |granted| {
            Allocation::held(granted.server, granted.allocations as u8, granted.at.since(now))
        })
    }

    /// What a node has that gathers candidates while its servers do nothing else.
    pub(super) fn idle(&self, world: &World, node: u32) -> Allocation {
        match self.asks[usize::from(world.end_kind(node))] {
            _ if self.pool.is_none() => Allocation::None,
            Ask::Nothing => Allocation::None,
            Ask::InVain => Allocation::Refused,
            Ask::Over { .. } => Allocation::held(world.home_server(node), 1, SimDuration::ZERO),
        }
    }

    /// A connection that was set up in vain gives back what its end holds, and asked for then.
    pub(super) fn give_back(&mut self, now: SimTime, allocation: Allocation, asked_ns: u64) {
        if let (Some(pool), Allocation::Held { server, number, .. }) = (&mut self.pool, allocation) {
            let at = SimTime::from_ns(asked_ns) + allocation.wait();
            let granted = Granted { server, at, allocations: u32::from(number) };
            pool.release(now, granted);
        }
    }

    /// What was done.
    pub(super) fn counts(&self) -> TurnCounts {
        self.pool.as_ref().map(TurnPool::counts).unwrap_or_default()
    }
}

impl Ask {
    // What a node asks for: the same for all of its kind.
    fn of(world: &World, node: u32) -> Self {
        let end = world.end(node);
        if !matches!(end.gather, Gather::Turn | Gather::RelayOnly) {
            return Self::Nothing;
        }
        let Some(transport) = world.turn_transport(node) else { return Self::InVain };
        let (streams, only_streams) = (end.stack.ice.streams_to_turn, world.nat(node) == Nat::UdpBlocked);
        let only_tls = end.boxes.contains(&MiddleboxSpec::Tcp443Only);
        let transports = match (streams, only_streams) {
            (false, true) => return Self::Nothing,
            (false, false) => Transports::only(RelayTransport::Udp),
            (true, false) => Transports::ALL,
            (true, true) if only_tls => Transports::only(RelayTransport::Tls),
            (true, true) => Transports::STREAMS,
        };
        Self::Over { transport, transports }
    }
}
