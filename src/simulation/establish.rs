//! Setting up the overlay's connections, in closed form.
//!
//! Both ends of a connection begin when both have joined and each has spent its CPU on the
//! connections it sets up before this one and on this one; the ladder of round trips follows.
//! Round trips of one peer's connections overlap, CPU work does not. Messages do not compete for
//! that CPU: a workload that starts before the overlay stands sees set-up as waiting only.

use crate::net::PairOutcome;
use crate::overlay::{Connection, Overlay};
use crate::units::{SimDuration, SimTime};
use crate::world::World;

/// When each connection is open, and what became of those that the topology wants.
#[derive(Clone, Debug)]
pub(super) struct Established {
    /// When the last connection opened.
    pub(super) connected_at: SimTime,
    /// Connections the topology wants.
    pub(super) wanted: u64,
    /// Those that run through TURN servers, by the hardest transport on their way, and how many
    /// allocations they take.
    pub(super) relayed: [u64; 3],
    pub(super) allocations: u64,
    /// Those that cannot be opened.
    pub(super) impossible: u64,
    /// Open connections of each node.
    pub(super) degrees: Vec<u32>,
    // Of each tree slot of the overlay; empty when all is open from the start.
    tree_open: Vec<SimTime>,
    setup_ns: Vec<u64>,
}

/// Sets up every connection of the overlay.
pub(super) fn establish(world: &World, overlay: &Overlay) -> Established {
    let nodes = overlay.nodes();
    let mut established = Established {
        connected_at: SimTime::ZERO,
        wanted: overlay.connections(),
        relayed: [0; 3],
        allocations: 0,
        impossible: 0,
        degrees: (0..nodes).map(|node| overlay.degree(node)).collect(),
        tree_open: Vec::new(),
        setup_ns: setup_times(world),
    };
    overlay.for_each_connection(|connection| {
        let (a, b) = (connection.a, connection.b);
        match world.outcome(a, b) {
            PairOutcome::Direct => {}
            PairOutcome::Relayed => {
                let relay = world.relay_code(a.min(b), a.max(b));
                established.relayed[relay.transport().unwrap_or_default() as usize] += 1;
                established.allocations += u64::from(relay.allocations());
            }
            PairOutcome::Impossible => {
                established.impossible += 1;
                established.degrees[a as usize] -= 1;
                established.degrees[b as usize] -= 1;
                return;
            }
        }
        let open = established.opens_at(world, connection).expect("invariant: this pair connects");
        established.connected_at = established.connected_at.max(open);
    });
    established.remember_tree(world, overlay);
    established
}

impl Established {
    /// When the tree connection of this slot is open.
    #[inline]
    pub(super) fn tree_open(&self, slot: usize) -> SimTime {
        self.tree_open.get(slot).copied().unwrap_or(SimTime::ZERO)
    }

    /// When the connection between two members of the core is open, by their places.
    pub(super) fn core_open(&self, world: &World, overlay: &Overlay, place_a: u32, place_b: u32) -> SimTime {
        self.opens_at(world, overlay.core_connection(place_a, place_b)).unwrap_or(SimTime::MAX)
    }

    fn opens_at(&self, world: &World, connection: Connection) -> Option<SimTime> {
        world.opens_at(connection.a, connection.b, begins_at(world, &self.setup_ns, connection))
    }

    fn remember_tree(&mut self, world: &World, overlay: &Overlay) {
        if self.connected_at == SimTime::ZERO {
            return;
        }
        let mut tree_open = vec![SimTime::MAX; overlay.tree_slots(overlay.nodes() - 1).end];
        overlay.for_each_tree_connection(|connection, slots| {
            if let Some(open) = self.opens_at(world, connection) {
                slots.into_iter().for_each(|slot| tree_open[slot] = open);
            }
        });
        self.tree_open = tree_open;
    }
}

#[cfg(feature = "real")]
/// Every connection of an overlay, and when its ends begin with it.
pub(crate) fn beginnings(world: &World, overlay: &Overlay) -> Vec<(Connection, SimTime)> {
    let setup_ns = setup_times(world);
    let mut beginnings = Vec::new();
    overlay.for_each_connection(|connection| beginnings.push((connection, begins_at(world, &setup_ns, connection))));
    beginnings
}

fn begins_at(world: &World, setup_ns: &[u64], connection: Connection) -> SimTime {
    let (a, b) = (connection.a, connection.b);
    let both_there = world.join_time(a).max(world.join_time(b));
    let work = |node: u32, rank: u32| setup_ns[node as usize].saturating_mul(u64::from(rank) + 1);
    let work_ns = work(a, connection.rank_a).max(work(b, connection.rank_b));
    both_there + SimDuration::from_ns(work_ns)
}

// CPU time of one set-up on each node.
fn setup_times(world: &World) -> Vec<u64> {
    let setup_ns = |node: u32| {
        let class = world.class(node);
        class.device.service_time(class.engine.cpu_per_setup).as_ns()
    };
    (0..world.nodes()).map(setup_ns).collect()
}
