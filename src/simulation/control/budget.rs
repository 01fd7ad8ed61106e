//! What connections alone ask of a device: memory, and CPU to stay alive; and peers that fail for it.
//!
//! A device that fails ([`OnOverload::Fail`]) when its connections exceed its budget takes all of them with
//! it, which relieves its neighbours. So the worst peer fails first, and others only while they still
//! exceed theirs.

use super::connect::Connected;
use crate::overlay::Overlay;
use crate::simulation::data::costs::idle_share;
use crate::units::ByteCount;
use crate::webrtc::OnOverload;
use crate::world::World;

/// Peers that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fallen {
    /// The first of them, with its connections at that time.
    pub(crate) node: u32,
    pub(crate) connections: u32,
    /// How many there are.
    pub(crate) nodes: usize,
}

/// Memory of a node with this many open connections.
pub(in crate::simulation) fn memory(world: &World, node: u32, connections: u32) -> ByteCount {
    world.class(node).engine.memory(connections)
}

/// The share of its memory budget that this is, where it has one.
pub(in crate::simulation) fn memory_share(world: &World, node: u32, connections: u32) -> Option<f64> {
    let budget = world.class(node).device.memory?;
    Some(memory(world, node, connections).get() as f64 / budget.get() as f64)
}

/// Whether devices of some class fail at all.
#[cfg(feature = "real")]
pub(in crate::simulation) fn may_fail(world: &World) -> bool {
    world.classes().iter().any(|class| class.device.on_overload == OnOverload::Fail)
}

/// Lets peers fail that their connections exceed, the first of the worst ones first.
pub(in crate::simulation) fn fail_overloaded(
    world: &World,
    overlay: &Overlay,
    connected: &mut Connected,
) -> Option<Fallen> {
    let may_fail = |node: u32| world.class(node).device.on_overload == OnOverload::Fail;
    let mut fragile: Vec<u32> = (0..world.peers()).filter(|&node| may_fail(node)).collect();
    let mut fallen: Option<Fallen> = None;
    loop {
        // Nobody gets more connections, so who keeps within its budget does for good.
        fragile.retain(|&node| share(world, node, connected.degrees[node as usize]) > 1.0);
        let load = |&node: &u32| (node, share(world, node, connected.degrees[node as usize]));
        let Some((node, _)) = fragile.iter().map(load).reduce(|a, b| if b.1 > a.1 { b } else { a }) else {
            return fallen;
        };
        let first = Fallen { node, connections: connected.degrees[node as usize], nodes: 0 };
        fallen.get_or_insert(first).nodes += 1;
        connected.fail(world, overlay, node);
    }
}

// The larger share of CPU and memory budgets that connections take.
fn share(world: &World, node: u32, connections: u32) -> f64 {
    let cpu = f64::from(idle_share(world, node, connections));
    memory_share(world, node, connections).map_or(cpu, |memory| memory.max(cpu))
}
