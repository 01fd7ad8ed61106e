//! TURN servers in a world: where they are, which one a peer uses, and the paths through them.
//!
//! A peer's *home* is the server that the policy gives it when peers ask one after the other, as
//! they join, one allocation each. Which allocations a pair uses follows from its NATs: an end whose
//! network blocks UDP sends through its own, over TCP or TLS; a pair without such an end goes through
//! that of the end with the lower number, the offerer. Packets of the end without an allocation on the
//! path reach the relayed address over UDP, whatever NAT it is behind, since a permission is for an
//! address and not for a port (RFC 8656, section 9).

use super::World;
use super::relays::Relays;
use crate::net::{Nat, PairOutcome, Place};
use crate::units::{SimDuration, SimTime};
use crate::webrtc::setup::RelayTransport;
use crate::webrtc::turn::{
    Outages, RelayCode, RestartOn, Transports, TurnIndex, TurnPool, TurnRequest, TurnServer, TurnSpec, Via,
};

impl World {
    /// The TURN servers.
    #[must_use]
    pub fn turn_servers(&self) -> &[TurnServer] {
        self.paths.relays.as_ref().map_or(&[], |relays| &relays.servers)
    }

    /// When TURN servers fail.
    #[must_use]
    pub fn turn_outages(&self) -> Option<&Outages> {
        self.paths.relays.as_ref().map(|relays| &relays.outages)
    }

    /// When ends whose TURN server has failed restart ICE.
    #[must_use]
    pub fn restart_on(&self) -> RestartOn {
        self.paths.relays.as_ref().map_or_else(RestartOn::default, |relays| relays.restart_on)
    }

    /// Whether there is a TURN server.
    #[must_use]
    pub const fn has_relay(&self) -> bool {
        self.paths.relays.is_some()
    }

    /// The TURN server that the policy gives a node that asks once, when it joins.
    #[must_use]
    pub fn home_server(&self, node: u32) -> TurnIndex {
        self.paths.relays.as_ref().map_or(0, |relays| relays.home(node))
    }

    /// How a node speaks to its TURN server, if it can.
    #[must_use]
    pub fn turn_transport(&self, node: u32) -> Option<RelayTransport> {
        self.paths.relays.as_ref()?.transports[self.nat_index(node)]
    }

    /// The allocations that packets between two nodes pass, as `own` sees them, unless something else
    /// is known about their connection; direct where they need none or can have none.
    #[must_use]
    pub fn relay_code(&self, own: u32, far: u32) -> RelayCode {
        let Some(relays) = self.paths.relays.as_ref().filter(|_| self.outcome(own, far) == PairOutcome::Relayed) else {
            return RelayCode::DIRECT;
        };
        let is_blocked = |node: u32| self.nat(node) == Nat::UdpBlocked;
        let via = |node: u32| relays.via(node, self.nat_index(node));
        let (own_blocked, far_blocked) = (is_blocked(own), is_blocked(far));
        // Without an end that must use its own, the offerer's serves both.
        let own_offers = !own_blocked && !far_blocked && own < far;
        let far_offers = !own_blocked && !far_blocked && far < own;
        RelayCode::new(via(own).filter(|_| own_blocked || own_offers), via(far).filter(|_| far_blocked || far_offers))
    }

    /// One-way delay in ns from a node's access link to a TURN server, or to where one would be.
    #[must_use]
    pub fn to_turn_ns(&self, from: u32, server: TurnIndex) -> u64 {
        self.node_to_server_ns(from, Relays::id(server), self.turn_place(server))
    }

    /// One-way delay in ns from a TURN server, or from where one would be, to a node's access link.
    #[must_use]
    pub fn from_turn_ns(&self, server: TurnIndex, to: u32) -> u64 {
        self.server_to_node_ns(to, Relays::id(server), self.turn_place(server))
    }

    /// One-way delay in ns from one TURN server to another.
    #[must_use]
    pub fn between_turn_ns(&self, from: TurnIndex, to: TurnIndex) -> u64 {
        if from == to {
            return 0;
        }
        let (from_place, to_place) = (self.turn_place(from), self.turn_place(to));
        self.paths.latency.one_way_ns(Relays::id(from), from_place, Relays::id(to), to_place)
    }

    /// The mean of the one-way delays, each way, between a node's access link and a TURN server.
    #[must_use]
    pub fn turn_delay(&self, node: u32, server: TurnIndex) -> SimDuration {
        SimDuration::from_ns(u64::midpoint(self.to_turn_ns(node, server), self.from_turn_ns(server, node)))
    }

    /// The same for every TURN server.
    #[must_use]
    pub fn turn_delays(&self, node: u32) -> Vec<SimDuration> {
        (0..self.turn_servers().len() as TurnIndex).map(|server| self.turn_delay(node, server)).collect()
    }

    /// The server that an end takes instead of `failed`, and from when on it works: of those that
    /// the policy allows, the first to work from `now` on; of equals the nearest to the end.
    #[must_use]
    pub fn replacement(&self, node: u32, failed: Via, now: SimTime) -> (TurnIndex, SimTime) {
        let relays = self.paths.relays.as_ref().expect("invariant: an allocation has a server");
        let works_from = |server: TurnIndex| relays.outages.works_from(server, now);
        if !relays.has_alternatives {
            return (failed.server, works_from(failed.server));
        }
        let speaks = |server: &TurnIndex| relays.servers[usize::from(*server)].transports.has(failed.transport);
        let servers = (0..relays.servers.len() as TurnIndex).filter(speaks);
        let best = servers.min_by_key(|&server| {
            (works_from(server), self.to_turn_ns(node, server) + self.from_turn_ns(server, node))
        });
        let server = best.unwrap_or(failed.server);
        (server, works_from(server))
    }

    /// Delay in ns between the access links of two nodes by way of the allocations of `relay`.
    #[must_use]
    pub(super) fn relayed_ns(&self, from: u32, to: u32, relay: RelayCode) -> u64 {
        match relay.servers() {
            [Some(first), Some(second)] => {
                self.to_turn_ns(from, first) + self.between_turn_ns(first, second) + self.from_turn_ns(second, to)
            }
            [Some(only), None] => self.to_turn_ns(from, only) + self.from_turn_ns(only, to),
            _ => self.propagation_ns(from, to),
        }
    }

    /// Gives every node its home, once all is known about it.
    pub(super) fn assign_homes(&mut self, spec: &TurnSpec) {
        if self.turn_servers().len() < 2 {
            return;
        }
        let mut pool = TurnPool::new(spec);
        let homes = (0..self.nodes()).map(|node| self.ask_for_home(&mut pool, spec, node)).collect();
        if let Some(relays) = &mut self.paths.relays {
            relays.homes = homes;
        }
    }

    // A node that the pool refuses has the server that would be its own if there were room.
    fn ask_for_home(&self, pool: &mut TurnPool, spec: &TurnSpec, node: u32) -> TurnIndex {
        let delays = self.turn_delays(node);
        let transport = spec.transports().preferred(self.nat(node) == Nat::UdpBlocked).unwrap_or_default();
        let transports = Transports::only(transport);
        let request = TurnRequest { peer: node, delays: &delays, transport, transports };
        let refused = |_| {
            let speaks = |server: &TurnIndex| self.turn_servers()[usize::from(*server)].transports.has(transport);
            let servers = (0..delays.len() as TurnIndex).filter(speaks);
            servers.min_by_key(|&server| delays[usize::from(server)]).unwrap_or(0)
        };
        pool.allocate(self.join_time(node), &request).map_or_else(refused, |granted| granted.server)
    }

    pub(super) fn turn_place(&self, server: TurnIndex) -> Place {
        let relays = self.paths.relays.as_ref();
        relays.map_or(self.paths.signaling_place, |relays| relays.places[usize::from(server)])
    }
}
