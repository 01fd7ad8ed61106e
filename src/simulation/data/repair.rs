//! Whether copies may be lost that somebody repeats, or wait for a window.

use super::plan::Plan;
use crate::overlay::workload::Channel;
use crate::world::World;

/// Whether a replication may have lanes.
pub(in crate::simulation) fn may_exist(world: &World, plan: &Plan) -> bool {
    // Servers have a class even where there are none.
    let mut is_used = vec![false; world.classes().len()];
    (0..world.nodes()).for_each(|node| is_used[world.class_index(node)] = true);
    let used = || world.classes().iter().zip(&plan.limits).zip(&is_used).filter(|(_, used)| **used).map(|(of, _)| of);
    let largest = plan.sizes.iter().map(|wire| wire.packets).max().unwrap_or_default();
    let loses = world.has_loss()
        || world.turn_outages().is_some_and(|outages| !outages.is_empty())
        || plan.fills.iter().any(|fills| fills.any());
    let is_large = used().any(|(_, limits)| largest > limits.at_once);
    let asked = plan.programme.all_flows().iter().any(|flow| flow.channel != Channel::Unreliable);
    let accepted = || used().any(|(class, _)| !class.engine.association().accepts_as_asked);
    let closes = plan.fills.iter().any(|fills| fills.crowds()) || (loses && is_large);
    closes || ((loses || is_large) && (asked || accepted()))
}
