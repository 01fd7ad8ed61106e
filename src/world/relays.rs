//! The TURN servers of a world: places, homes, how ends speak to them.

use crate::net::{Nat, Place};
use crate::webrtc::setup::RelayTransport;
use crate::webrtc::turn::{Outages, RestartOn, TurnIndex, TurnServer, TurnSpec, Via};

/// The signaling server and the first TURN server in pair draws: above every node id.
pub(super) const SIGNALING_ID: u32 = u32::MAX;

const FIRST_TURN_ID: u32 = u32::MAX - 1;

/// The TURN servers of a world.
#[derive(Clone, Debug)]
pub(super) struct Relays {
    pub(super) servers: Vec<TurnServer>,
    pub(super) places: Vec<Place>,
    // By node; empty where there is one server.
    pub(super) homes: Vec<TurnIndex>,
    // Of an end of each NAT kind: how it speaks to its server.
    pub(super) transports: [Option<RelayTransport>; Nat::KINDS.len()],
    pub(super) outages: Outages,
    pub(super) has_alternatives: bool,
    pub(super) restart_on: RestartOn,
}

impl Relays {
    /// The servers that `spec` describes at these places; nodes get their homes with
    /// `World::assign_homes`.
    pub(super) fn new(spec: &TurnSpec, places: Vec<Place>) -> Self {
        let spoken = spec.transports();
        Self {
            servers: spec.servers(),
            places,
            homes: Vec::new(),
            transports: Nat::KINDS.map(|nat| spoken.preferred(nat == Nat::UdpBlocked)),
            outages: spec.outages(),
            has_alternatives: spec.policy.entry().has_alternatives,
            restart_on: spec.restart_on,
        }
    }

    pub(super) fn home(&self, node: u32) -> TurnIndex {
        self.homes.get(node as usize).copied().unwrap_or(0)
    }

    pub(super) fn via(&self, node: u32, nat: usize) -> Option<Via> {
        let transport = self.transports[nat]?;
        Some(Via { server: self.home(node), transport })
    }

    pub(super) const fn id(server: TurnIndex) -> u32 {
        FIRST_TURN_ID - server as u32
    }
}
