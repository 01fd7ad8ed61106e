//! The delays of a world between the nodes of a cluster. The node after the world's last is its
//! STUN and TURN server: the first of the scenario's, or one at the signaling server's place.

use crate::real::network::Paths;
use crate::units::SimDuration;
use crate::world::World;

pub(super) struct WorldPaths {
    world: World,
}

impl WorldPaths {
    pub(super) const fn new(world: World) -> Self {
        Self { world }
    }
}

impl Paths for WorldPaths {
    fn delay(&self, from: u32, to: u32) -> SimDuration {
        let nodes = self.world.nodes();
        SimDuration::from_ns(match (from < nodes, to < nodes) {
            (true, true) => self.world.propagation_ns(from, to),
            (true, false) => self.world.to_turn_ns(from, 0),
            (false, true) => self.world.from_turn_ns(0, to),
            (false, false) => 0,
        })
    }

    fn signaling(&self, from: u32, to: u32) -> SimDuration {
        SimDuration::from_ns(self.world.signaling_ns(from, to))
    }
}
