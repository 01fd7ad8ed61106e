//! What an association does to messages that are followed whole: its window, and repairs before the time-out.
//!
//! Packet by packet, a sender learns of a loss when three later packets have arrived, and sends the lost one again a
//! round trip after the third has left (RFC 9260, section 7.2.4); only at the end of what it sends it waits for the
//! time-out. Here a loss that is not yet repaired counts the packets which follow it on its connection. The window is
//! [`FluidWindow`].
//!
//! State is kept for directions of connections in which it can matter: for those with a loss under repair, and all the
//! time where a message is larger than the initial window, or where losses meet more than two packets under way.

use std::collections::BTreeMap;

use super::event::Copied;
use super::flow::Message;
use super::plan::Plan;
use crate::overlay::Overlay;
use crate::overlay::workload::Channel;
use crate::webrtc::sctp::{AssociationProfile, FluidWindow};
use crate::world::World;

/// So many reports of a missing packet make the sender repeat it (RFC 9260, section 7.2.4).
pub(super) const REPORTS: u64 = 3;
/// The round trip with which it is judged how much is under way, in seconds.
const TYPICAL_RTT_S: f64 = 0.2;
/// With fewer packets under way than this, the least window holds nothing back.
const PACKETS_UNDER_WAY_MIN: f64 = 2.0;

/// All associations of a replication that have a state.
#[derive(Debug)]
pub(super) struct Associations {
    profiles: Vec<AssociationProfile>,
    // By class of the sender and of the path.
    watches: Vec<Watch>,
    is_in_use: bool,
    // By the places of sender and receiver.
    directions: BTreeMap<(u32, u32), Direction>,
    /// Measured copies that the window held back, and all that it looked at.
    pub(super) held: Held,
}

/// How many copies a window held back.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Held {
    pub(super) back: u64,
    pub(super) of: u64,
}

// When a direction between two classes has a state.
#[derive(Clone, Copy, Debug, Default)]
struct Watch {
    loses: bool,
    // All the time, for messages that are repeated, and for those that are not.
    repeated: bool,
    once: bool,
}

/// When an association has a state for a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tracking {
    /// Never.
    Never,
    /// While a loss is repaired.
    AtLoss,
    /// Always.
    Always,
}

#[derive(Clone, Debug)]
struct Direction {
    window: FluidWindow,
    // When the packet before the next one left.
    last_ns: u64,
    pending: Vec<Pending>,
}

// A loss that the sender does not know of.
#[derive(Clone, Copy, Debug)]
struct Pending {
    copied: Copied,
    later: u64,
}

impl Associations {
    pub(super) fn new(world: &World, overlay: &Overlay, plan: &Plan) -> Self {
        let profiles: Vec<AssociationProfile> =
            world.classes().iter().map(|class| class.engine.association()).collect();
        let packets_per_s = busiest_direction(overlay, plan);
        let classes = profiles.len();
        let watch = |from: usize, to: usize| {
            let loss = world.packet_loss(from, to).get();
            // Mathis, Semke, Mahdavi and Ott, CCR 27(3), 1997.
            let carried_per_s = 1.22 / (TYPICAL_RTT_S * libm::sqrt(loss));
            Watch {
                loses: loss > 0.0,
                repeated: loss > 0.0 && packets_per_s * TYPICAL_RTT_S > PACKETS_UNDER_WAY_MIN,
                once: loss > 0.0 && packets_per_s > carried_per_s,
            }
        };
        let watches: Vec<Watch> = (0..classes)
            .flat_map(|from| (0..=classes).map(move |to| (from, to)))
            .map(|(from, to)| watch(from, to))
            .collect();
        let repeats = plan.flows.iter().any(|flow| flow.channel != Channel::Unreliable)
            || profiles.iter().any(|profile| !profile.accepts_as_asked);
        let is_large = plan.sizes.iter().any(|size| profiles.iter().any(|profile| is_large(profile, size.bytes.get())));
        let is_in_use = is_large || watches.iter().any(|watch| watch.loses && (repeats || watch.once));
        Self { profiles, watches, is_in_use, directions: BTreeMap::new(), held: Held::default() }
    }

    /// Whether any copy may wait for a window or be repaired.
    #[inline]
    pub(super) fn is_in_use(&self) -> bool {
        self.is_in_use
    }

    /// Whether an end of this class sends on a channel that it accepted as it was asked.
    pub(super) fn accepts_as_asked(&self, class: u32) -> bool {
        self.profiles[class as usize].accepts_as_asked
    }

    /// When the association of a message between these classes has a state.
    #[inline]
    pub(super) fn tracking(&self, class: u32, path_class: u16, message: &Message, is_repeated: bool) -> Tracking {
        if !self.is_in_use {
            return Tracking::Never;
        }
        let watch = self.watches[class as usize * (self.profiles.len() + 1) + usize::from(path_class)];
        let always = if is_repeated { watch.repeated } else { watch.once };
        if always || is_large(&self.profiles[class as usize], message.bytes) {
            return Tracking::Always;
        }
        if watch.loses && is_repeated { Tracking::AtLoss } else { Tracking::Never }
    }

    /// A copy is handed to its association: when its last packet may leave; and what waits before it, in bytes.
    pub(super) fn pass(&mut self, crossing: Crossing<'_>, now_ns: u64) -> (u64, u64) {
        let own = &self.profiles[crossing.classes[0] as usize];
        let direction = direction(&mut self.directions, &self.profiles, crossing);
        let waiting = direction.window.waiting(now_ns, crossing.rtt_ns);
        let leaves_ns = direction.window.pass(own, now_ns, crossing.rtt_ns, crossing.message.bytes);
        if crossing.message.measured {
            self.held.of += 1;
            self.held.back += u64::from(leaves_ns > now_ns);
        }
        (leaves_ns, waiting)
    }

    /// Packets have left that will arrive: which losses before them the sender now learns of.
    pub(super) fn sent(&mut self, crossing: Crossing<'_>, departure_ns: u64, learned: &mut Vec<Copied>) {
        let key = (crossing.ends[0], crossing.ends[1]);
        let Some(direction) = self.directions.get_mut(&key) else { return };
        direction.last_ns = departure_ns;
        let own = &self.profiles[crossing.classes[0] as usize];
        if direction.pending.is_empty() {
            if crossing.may_rest && direction.window.is_at_rest(own, departure_ns) {
                self.directions.remove(&key);
            }
            return;
        }
        direction.pending.retain_mut(|pending| {
            pending.later += crossing.message.packets;
            let is_known = pending.later >= REPORTS;
            if is_known {
                learned.push(pending.copied);
            }
            !is_known
        });
        if !learned.is_empty() {
            direction.window.lose(own, departure_ns + crossing.rtt_ns, departure_ns + 2 * crossing.rtt_ns);
        }
    }

    /// A copy is lost whose later packets report it themselves.
    pub(super) fn lost_within(&mut self, crossing: Crossing<'_>, departure_ns: u64) {
        let own = &self.profiles[crossing.classes[0] as usize];
        let direction = direction(&mut self.directions, &self.profiles, crossing);
        direction.window.lose(own, departure_ns + crossing.rtt_ns, departure_ns + 2 * crossing.rtt_ns);
        direction.last_ns = departure_ns;
    }

    /// A copy is lost and only so many packets have followed: from when on the time-out runs.
    pub(super) fn lost(&mut self, crossing: Crossing<'_>, copied: Copied, departure_ns: u64, later: u64) -> u64 {
        let direction = direction(&mut self.directions, &self.profiles, crossing);
        direction.pending.push(Pending { copied, later });
        // The timer starts anew when what left before is acknowledged (RFC 9260, section 6.3.2, R3).
        let acknowledged_ns = direction.last_ns + crossing.rtt_ns;
        if direction.last_ns > 0 && acknowledged_ns > departure_ns { acknowledged_ns } else { departure_ns }
    }

    /// The time-out of a loss runs out: `None` if it has been repaired, else the other losses of the association, which are
    /// sent again at once, too.
    pub(super) fn time_out(&mut self, class: u32, copied: Copied, now_ns: u64) -> Option<Vec<Copied>> {
        let direction = self.directions.get_mut(&(copied.from, copied.to))?;
        let place = direction.pending.iter().position(|pending| pending.copied == copied)?;
        direction.pending.remove(place);
        direction.window.time_out(&self.profiles[class as usize], now_ns);
        Some(std::mem::take(&mut direction.pending).into_iter().map(|pending| pending.copied).collect())
    }

    /// Whether a copy is lost and its sender does not know.
    pub(super) fn is_lost(&self, copied: Copied) -> bool {
        let direction = self.directions.get(&(copied.from, copied.to));
        direction.is_some_and(|direction| direction.pending.iter().any(|pending| pending.copied == copied))
    }

    /// A repeated copy has been lost as well, and its time-out runs out.
    pub(super) fn time_out_again(&mut self, class: u32, copied: Copied, now_ns: u64) {
        if let Some(direction) = self.directions.get_mut(&(copied.from, copied.to)) {
            direction.window.time_out(&self.profiles[class as usize], now_ns);
        }
    }
}

/// A copy as its association sees it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Crossing<'a> {
    pub(super) message: &'a Message,
    /// The places of sender and receiver, and their classes.
    pub(super) ends: [u32; 2],
    pub(super) classes: [u32; 2],
    pub(super) rtt_ns: u64,
    /// Whether the state goes when nothing is under repair.
    pub(super) may_rest: bool,
}

fn direction<'d>(
    directions: &'d mut BTreeMap<(u32, u32), Direction>,
    profiles: &[AssociationProfile],
    crossing: Crossing<'_>,
) -> &'d mut Direction {
    let [own, peer] = crossing.classes.map(|class| &profiles[class as usize]);
    let begin = || Direction { window: FluidWindow::new(own, peer), last_ns: 0, pending: Vec::new() };
    directions.entry((crossing.ends[0], crossing.ends[1])).or_insert_with(begin)
}

fn is_large(profile: &AssociationProfile, bytes: u64) -> bool {
    bytes > u64::from(profile.initial_window)
}

// Packets a second over the busiest connection, at most: a hop of a tree carries what all publish, one of a core what
// its sender does.
fn busiest_direction(overlay: &Overlay, plan: &Plan) -> f64 {
    let has_trees = (0..overlay.nodes()).any(|node| !overlay.tree_neighbours(node).is_empty());
    let mut by_source: BTreeMap<u32, f64> = BTreeMap::new();
    for flow in &plan.flows {
        let messages = plan.timetable.count(flow.schedule, plan.measure_from, plan.timetable.end());
        let window_s = plan.timetable.end().since(plan.measure_from).as_secs_f64();
        let per_s = messages as f64 / window_s * plan.sizes[flow.size as usize].packets as f64;
        *by_source.entry(if has_trees { 0 } else { flow.source }).or_default() += per_s;
    }
    by_source.into_values().fold(0.0, f64::max)
}
