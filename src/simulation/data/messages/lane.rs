//! Directions of connections on which copies are lost and repaired: what waits for the window, what is missing, and
//! what ordered channels hold back.
//!
//! A lane exists where packets may be lost, on a path or at a full buffer, or where a message has more of them than leave at
//! once, and the sending end repeats them: because the channel is reliable, or
//! because the end accepted the channel and its engine then knows no other kind (docs/MODELS.md, "Channels and
//! loss"). What stays lost has one where the window closes for it (`fills.rs`). Everywhere else a copy needs no state.

use std::collections::VecDeque;
use std::sync::Arc;

use super::event::Copied;
use super::layout::Layout;
use crate::overlay::workload::Channel;
use crate::simulation::control::connect::Connected;
use crate::simulation::data::plan::Plan;
use crate::units::SimTime;
use crate::webrtc::sctp::{AssociationProfile, Course, Sent};
use crate::world::World;

/// All lanes of a replication, made when first used.
#[derive(Debug, Default)]
pub(in crate::simulation) struct Lanes {
    /// Whether there may be any.
    pub(in crate::simulation) any: bool,
    pub(in crate::simulation) rows: Vec<Lane>,
    // Of each place: where its lanes lead, in order, and their numbers.
    known: Vec<Vec<(u32, u32)>>,
    // By class.
    profiles: Vec<Arc<AssociationProfile>>,
}

/// One direction of a connection.
#[derive(Debug)]
pub(in crate::simulation) struct Lane {
    /// The places of its ends.
    pub(in crate::simulation) from: u32,
    pub(in crate::simulation) to: u32,
    /// The way of its acknowledgements, in ns.
    pub(in crate::simulation) back_ns: u64,
    pub(in crate::simulation) course: Course,
    /// Copies that wait for the window, and how many packets of the first have left.
    pub(in crate::simulation) waiting: VecDeque<Copied>,
    pub(in crate::simulation) begun: u64,
    /// Bytes of messages that wait.
    pub(in crate::simulation) waiting_bytes: u64,
    /// When it is to be looked at next.
    pub(in crate::simulation) wake: SimTime,
    // Packets on their way to a downlink that may drop them.
    flying: VecDeque<Flying>,
    // Copies that have arrived in part, and how many packets are missing.
    partial: Vec<(Copied, u64)>,
    // Of ordered channels: copies in the order they were sent, and whether each has arrived.
    held: VecDeque<(Copied, bool)>,
    /// When the last acknowledgement under way is back, in ns, where links have jitter.
    pub(in crate::simulation) last_back_ns: u64,
    /// When the last packet is expected to be through a downlink that may fill, in ns.
    pub(in crate::simulation) last_read_ns: u64,
    /// Since when something has been waiting for the window without a break, and how long it did before.
    pub(in crate::simulation) waits_since: SimTime,
    pub(in crate::simulation) waited_ns: u64,
}

/// A packet on its way to a downlink that may drop it.
#[derive(Clone, Copy, Debug)]
pub(in crate::simulation) struct Flying {
    pub(in crate::simulation) of: Sent,
    pub(in crate::simulation) tsn: u32,
    pub(in crate::simulation) sent: SimTime,
    /// Whether acknowledgements have let it go, as far apart as the narrowest link lets packets through.
    pub(in crate::simulation) is_paced: bool,
}

impl Lanes {
    pub(in crate::simulation) fn new(world: &World, plan: &Plan) -> Self {
        let any = plan.may_repair;
        let profiles = world.classes().iter().map(|class| Arc::new(class.engine.association())).collect();
        let known = if any { vec![Vec::new(); world.nodes() as usize] } else { Vec::new() };
        Self { any, rows: Vec::new(), known, profiles }
    }

    /// Whether an end of class `class` at `from` repeats what is sent on a channel to `to`.
    #[inline]
    pub(in crate::simulation) fn repeats(
        &self,
        channel: Channel,
        class: u32,
        connected: &Connected,
        [from, to]: [u32; 2],
    ) -> bool {
        channel != Channel::Unreliable
            || (!self.profiles[class as usize].accepts_as_asked && !connected.offers(from, to))
    }

    /// The lane between two places, if there is one.
    #[inline]
    pub(in crate::simulation) fn between(&self, from: u32, to: u32) -> Option<u32> {
        let known = self.known.get(from as usize)?;
        known.binary_search_by_key(&to, |(other, _)| *other).ok().map(|place| known[place].1)
    }

    /// The copies that have arrived and are still held back.
    pub(in crate::simulation) fn blocked(&self) -> Vec<Copied> {
        let all = self.rows.iter().flat_map(|lane| &lane.held);
        all.filter(|(_, has_arrived)| *has_arrived).map(|&(copied, _)| copied).collect()
    }

    /// The lane whose window held messages back most, until `end`: from, to, and the share of the time.
    pub(in crate::simulation) fn held_back(&self, layout: &Layout, end: SimTime) -> Option<(u32, u32, f64)> {
        let waited_ns = |lane: &Lane| lane.waited_ns + end.as_ns().saturating_sub(lane.waits_since.as_ns());
        let worst = self.rows.iter().rev().max_by_key(|&lane| waited_ns(lane))?;
        let [from, to] = [worst.from, worst.to].map(|place| layout.end(place).node);
        Some((from, to, waited_ns(worst) as f64 / end.as_ns().max(1) as f64))
    }

    /// The lane between two places of these classes, made if need be.
    pub(in crate::simulation) fn get(
        &mut self,
        [from, to]: [u32; 2],
        classes: [u32; 2],
        back_ns: impl FnOnce() -> u64,
    ) -> u32 {
        let known = &mut self.known[from as usize];
        match known.binary_search_by_key(&to, |(other, _)| *other) {
            Ok(place) => known[place].1,
            Err(place) => {
                let lane = self.rows.len() as u32;
                known.insert(place, (to, lane));
                let [own, peer] = classes.map(|class| &self.profiles[class as usize]);
                self.rows.push(Lane::new([from, to], back_ns(), Course::new(own, peer)));
                lane
            }
        }
    }
}

impl Lane {
    fn new([from, to]: [u32; 2], back_ns: u64, course: Course) -> Self {
        let (waiting, flying, partial, held) = Default::default();
        Self {
            from,
            to,
            back_ns,
            course,
            waiting,
            begun: 0,
            waiting_bytes: 0,
            wake: SimTime::MAX,
            flying,
            partial,
            held,
            last_back_ns: 0,
            last_read_ns: 0,
            waits_since: SimTime::MAX,
            waited_ns: 0,
        }
    }

    /// A packet leaves for a downlink that may drop it.
    pub(in crate::simulation) fn fly(&mut self, flying: Flying) {
        self.flying.push_back(flying);
    }

    /// So many packets of a message have come to the downlink, in the order in which they left; none of those that no
    /// downlink may drop.
    pub(in crate::simulation) fn land(&mut self, message: u64, packets: u32) -> Vec<Flying> {
        let mut landed = Vec::with_capacity(packets as usize);
        let mut place = 0;
        while landed.len() < packets as usize && place < self.flying.len() {
            if self.flying[place].of.message == message {
                landed.extend(self.flying.remove(place));
            } else {
                place += 1;
            }
        }
        landed
    }

    /// A copy on an ordered channel begins to leave; `whole` if all of it leaves at once and arrives.
    pub(in crate::simulation) fn begins(&mut self, copied: Copied, whole: bool) {
        if !whole || !self.held.is_empty() {
            self.held.push_back((copied, false));
        }
    }

    /// A copy will arrive in parts, of which so many packets are missing.
    pub(in crate::simulation) fn expect(&mut self, copied: Copied, packets: u64) {
        self.partial.push((copied, packets));
    }

    /// A copy is given up, of which packets are missing: whether that is news.
    pub(in crate::simulation) fn forget(&mut self, copied: Copied) -> bool {
        let place = self.partial.iter().position(|(partial, _)| *partial == copied);
        place.map(|place| self.partial.remove(place)).is_some()
    }

    /// So many packets of a copy have arrived: whether it is whole now.
    pub(in crate::simulation) fn piece(&mut self, copied: Copied, packets: u64) -> bool {
        let Some(place) = self.partial.iter().position(|(partial, _)| *partial == copied) else { return false };
        let missing = &mut self.partial[place].1;
        *missing = missing.saturating_sub(packets);
        let is_whole = *missing == 0;
        if is_whole {
            self.partial.remove(place);
        }
        is_whole
    }

    /// A copy has arrived whole: puts those into `through` that this lets through, in order.
    pub(in crate::simulation) fn arrived(&mut self, copied: Copied, through: &mut Vec<Copied>) {
        let held = self.held.iter_mut().find(|(held, has_arrived)| !has_arrived && *held == copied);
        let Some(held) = held else {
            // It is not ordered, or was sent before the loss that holds back the others.
            return through.push(copied);
        };
        held.1 = true;
        self.release(through);
    }

    // Lets through what stands at the front and has arrived.
    fn release(&mut self, through: &mut Vec<Copied>) {
        while let Some(&(held, true)) = self.held.front() {
            self.held.pop_front();
            through.push(held);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn copied(number: u32) -> Copied {
        Copied { from: 1, to: 2, flow: 0, number }
    }

    fn lane() -> Lane {
        let profile = Arc::new(AssociationProfile::webrtc_rs());
        Lane::new([1, 2], 0, Course::new(&profile, &profile))
    }

    fn arrive(lane: &mut Lane, number: u32) -> Vec<u32> {
        let mut through = Vec::new();
        lane.arrived(copied(number), &mut through);
        through.into_iter().map(|copied| copied.number).collect()
    }

    #[test]
    fn what_was_sent_behind_a_loss_waits_for_it() {
        let mut lane = lane();
        lane.begins(copied(0), true);
        lane.begins(copied(1), false);
        lane.begins(copied(2), true);
        assert_eq!(arrive(&mut lane, 0), [0]);
        assert_eq!(arrive(&mut lane, 2), [0_u32; 0]);
        assert_eq!(arrive(&mut lane, 1), [1, 2]);
        assert!(lane.held.is_empty());
    }

    #[test]
    fn a_copy_is_whole_when_its_last_packet_is_there() {
        let mut lane = lane();
        lane.expect(copied(3), 5);
        assert_eq!([2, 1, 2].map(|packets| lane.piece(copied(3), packets)), [false, false, true]);
        assert!(!lane.piece(copied(3), 1), "nothing is missing any more");
    }
}
