//! The allocations that ends ask TURN servers for while they gather candidates.
//!
//! An end asks when it begins its part of a set-up, and holds what it gets as long as the connection
//! lives, whether or not packets run through it: libwebrtc prunes the ports of TURN servers only where
//! an application asks for that (`turn_port_prune_policy`). What fails gives it back.

use crate::net::Nat;
use crate::units::{SimDuration, SimTime};
use crate::webrtc::WebrtcSpec;
use crate::webrtc::setup::Gather;
use crate::webrtc::turn::{TurnCounts, TurnIndex, TurnPool, TurnRequest};
use crate::world::World;

/// What an end has at a TURN server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Allocation {
    /// It has asked for nothing, or the scenario has no server.
    #[default]
    None,
    /// It has asked and was given none.
    Refused,
    /// An allocation that was granted then, so much after it was asked for.
    Held { server: TurnIndex, granted_ns: u64, wait_ns: u32 },
}

impl Allocation {
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
            Self::Held { wait_ns, .. } => SimDuration::from_ns(wait_ns as u64),
            Self::None | Self::Refused => SimDuration::ZERO,
        }
    }
}

/// The servers of a world.
#[derive(Debug)]
pub(super) struct Turn {
    pool: Option<TurnPool>,
    // Of each node, to every server.
    delays: Vec<SimDuration>,
    servers: usize,
}

impl Turn {
    pub(super) fn new(world: &World, webrtc: &WebrtcSpec) -> Self {
        let servers = world.turn_servers().len();
        let pool = webrtc.turn.spec().map(TurnPool::new);
        Self { pool, delays: (0..world.nodes()).flat_map(|node| world.turn_delays(node)).collect(), servers }
    }

    /// A node gathers candidates.
    pub(super) fn ask(&mut self, now: SimTime, world: &World, node: u32) -> Allocation {
        let gathers = matches!(world.end(node).gather, Gather::Turn | Gather::RelayOnly);
        let Some(pool) = self.pool.as_mut().filter(|_| gathers) else { return Allocation::None };
        let Some(transport) = world.turn_transport(node) else { return Allocation::Refused };
        if world.nat(node) == Nat::UdpBlocked && !world.end(node).stack.ice.streams_to_turn {
            return Allocation::None;
        }
        let first = node as usize * self.servers;
        let request = TurnRequest { peer: node, delays: &self.delays[first..first + self.servers], transport };
        pool.allocate(now, &request).map_or(Allocation::Refused, |granted| {
            let wait_ns = u32::try_from(granted.at.since(now).as_ns()).unwrap_or(u32::MAX);
            Allocation::Held { server: granted.server, granted_ns: granted.at.as_ns(), wait_ns }
        })
    }

    /// A connection that was set up in vain gives back what its end holds.
    pub(super) fn give_back(&mut self, now: SimTime, allocation: Allocation) {
        if let (Some(pool), Allocation::Held { server, granted_ns, .. }) = (&mut self.pool, allocation) {
            pool.release(now, server, SimTime::from_ns(granted_ns));
        }
    }

    /// What was done.
    pub(super) fn counts(&self) -> TurnCounts {
        self.pool.as_ref().map(TurnPool::counts).unwrap_or_default()
    }
}
