//! Peers that fail once they are connected, and all their connections with them.

use super::opened::Kept;
use super::{Connected, by_rule};
use crate::overlay::{Overlay, Seat, Shared};
use crate::units::SimTime;
use crate::world::World;

impl Connected {
    /// Whether some of these nodes has failed.
    #[inline]
    pub(in crate::simulation) fn has_failed(&self, nodes: [u32; 2]) -> bool {
        nodes.into_iter().any(|node| self.failed.get(node as usize).is_some_and(|&failed| failed))
    }

    /// A node fails: from the start, none of its connections counts as open.
    pub(in crate::simulation) fn fail(&mut self, world: &World, overlay: &Overlay, node: u32) {
        self.failed.resize(world.nodes() as usize, false);
        for (&next, slot) in overlay.pair_neighbours(node).iter().zip(overlay.pair_slots(node)) {
            self.close(world, [node, next], self.opened.pair(slot));
        }
        for (&next, slot) in overlay.standby_neighbours(node).iter().zip(overlay.standby_slots(node)) {
            if self.close(world, [node, next], self.opened.pair(slot)) {
                self.standby[node as usize] -= 1;
                self.standby[next as usize] -= 1;
            }
        }
        for &Seat { block, place } in overlay.seats(node) {
            for (&next, other) in overlay.block(block).iter().zip(0..).filter(|(next, _)| **next != node) {
                self.close(world, [node, next], self.opened.in_block(Shared { block, places: [place, other] }));
            }
        }
        self.failed[node as usize] = true;
        self.relayed = self.tally.relayed();
        // What has failed is no matter of NATs, so messages have to look.
        self.all_open_at = SimTime::MAX;
    }

    // Whether it was open.
    fn close(&mut self, world: &World, [node, next]: [u32; 2], kept: Kept) -> bool {
        if kept.at() == SimTime::MAX || self.has_failed([node, next]) {
            return false;
        }
        let nat_rule = || by_rule::relay(world, node, next);
        let Some(relay) = kept.relay(node, next).or_else(nat_rule) else { return false };
        self.degrees[node as usize] -= 1;
        self.degrees[next as usize] -= 1;
        self.tally.close(world, [node, next], relay);
        true
    }
}
