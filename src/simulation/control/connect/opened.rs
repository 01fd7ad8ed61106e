//! What is kept of each connection in eight bytes: when it opened and through which TURN allocations it
//! runs, or that it never does.

use super::by_rule;
use super::tally::Tally;
use crate::overlay::Overlay;
use crate::units::SimTime;
use crate::webrtc::turn::RelayCode;
use crate::world::World;

/// What is kept of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::simulation) struct Kept(u64);

/// All connections.
#[derive(Clone, Debug)]
pub(super) struct Opened {
    // Of each tree slot; empty where all is open from the start.
    tree: Vec<u64>,
    core: Core,
    // The same for their beginnings, where they are kept.
    begins: Option<(Vec<u64>, Vec<u64>)>,
}

#[derive(Clone, Debug)]
enum Core {
    // Open from the start.
    Always,
    // As soon as both members are there: when each joins.
    AtJoin(Vec<u64>),
    // Of each pair of members, at `ring`.
    Recorded { members: usize, open: Vec<u64> },
}

// The upper 48 bits are the time in ns (78 hours), the lower ones the allocations as the node with the
// lower number sees them.
const CODE_BITS: u32 = 16;
const OPEN_MAX: u64 = u64::MAX >> CODE_BITS;
/// In place of a code: the connection runs as the NATs of its ends tell.
const BY_RULE: u64 = 0xffff;

/// The connection has not come to an end yet.
const PENDING: u64 = u64::MAX;
/// It has been given up.
const FAILED: u64 = u64::MAX - 1;

// Where the pair of two different places of `members` stands among all pairs: by their distance around the
// ring, then by the one that the other is ahead of. Members work off their lists by growing distance, so that
// what opens at about the same time stands close together.
#[inline]
const fn ring(members: usize, place_a: u32, place_b: u32) -> usize {
    let (low, high) = if place_a < place_b { (place_a, place_b) } else { (place_b, place_a) };
    let ahead = (high - low) as usize;
    let (distance, first) = if 2 * ahead <= members { (ahead, low) } else { (members - ahead, high) };
    (distance - 1) * members + first as usize
}

impl Kept {
    /// Of a connection that never opens.
    pub(super) const NEVER: Self = Self(FAILED);

    const fn by_rule(open_ns: u64) -> Self {
        Self(open_ns << CODE_BITS | BY_RULE)
    }

    /// When it opens; [`SimTime::MAX`] if it never does.
    #[inline]
    pub(in crate::simulation) const fn at(self) -> SimTime {
        if self.0 >= FAILED { SimTime::MAX } else { SimTime::from_ns(self.0 >> CODE_BITS) }
    }

    /// The allocations that it runs through, as `node` sees them with `other` at the far end; `None`
    /// where the NATs of both tell.
    #[inline]
    pub(in crate::simulation) const fn relay(self, node: u32, other: u32) -> Option<RelayCode> {
        if self.0 & BY_RULE == BY_RULE {
            return None;
        }
        let code = RelayCode::from_bits((self.0 & BY_RULE) as u16);
        Some(if node < other { code } else { code.seen_from_far_end() })
    }
}

impl Opened {
    /// Nothing has opened yet.
    pub(super) fn new(overlay: &Overlay, keep_beginnings: bool) -> Self {
        let slots = overlay.tree_slots(overlay.nodes() - 1).end;
        let members = overlay.core().len();
        let pairs = members * members.saturating_sub(1) / 2;
        let pending = || (vec![PENDING; slots], vec![PENDING; pairs]);
        let (tree, core) = pending();
        let core = Core::Recorded { members, open: core };
        Self { tree, core, begins: keep_beginnings.then(pending) }
    }

    /// All opens as soon as both ends have joined, the last at `connected_at`.
    pub(super) fn at_once(world: &World, overlay: &Overlay, connected_at: SimTime) -> Self {
        if connected_at == SimTime::ZERO {
            return Self { tree: Vec::new(), core: Core::Always, begins: None };
        }
        let join_ns = |node: u32| world.join_time(node).as_ns();
        let mut opened = Self {
            tree: vec![PENDING; overlay.tree_slots(overlay.nodes() - 1).end],
            core: Core::AtJoin(overlay.core().iter().map(|&member| join_ns(member)).collect()),
            begins: None,
        };
        overlay.for_each_tree_connection(|connection, slots| {
            if world.path(connection.a, connection.b).is_some() {
                let open = join_ns(connection.a).max(join_ns(connection.b));
                slots.into_iter().for_each(|slot| opened.tree[slot] = Kept::by_rule(open).0);
            }
        });
        opened
    }

    /// What is known of the tree connection of this slot.
    #[inline]
    pub(super) fn tree(&self, slot: usize) -> Kept {
        self.tree.get(slot).map_or(Kept::by_rule(0), |&open| Kept(open))
    }

    /// What is known of the connection between two members of the core, by their places.
    #[inline]
    pub(super) fn core(&self, place_a: u32, place_b: u32) -> Kept {
        match &self.core {
            Core::Recorded { members, open } => Kept(open[ring(*members, place_a, place_b)]),
            Core::AtJoin(joins) => Kept::by_rule(joins[place_a as usize].max(joins[place_b as usize])),
            Core::Always => Kept::by_rule(0),
        }
    }

    /// What is known of the connection between two nodes; it never opens where there is none.
    pub(super) fn between(&self, overlay: &Overlay, a: u32, b: u32) -> Kept {
        match tree_slot(overlay, a, b) {
            Some(slot) => self.tree(slot),
            None => places(overlay, a, b).map_or(Kept::NEVER, |[a, b]| self.core(a, b)),
        }
    }

    /// Notes when the connection between two nodes opens, `slot` being the first one's, and the
    /// allocations that it runs through, as the first sees them.
    pub(super) fn open(&mut self, overlay: &Overlay, nodes: [u32; 2], slot: u32, open: SimTime, relay: RelayCode) {
        let relay = if nodes[0] < nodes[1] { relay } else { relay.seen_from_far_end() };
        let open_ns = open.as_ns().min(OPEN_MAX - 1);
        self.end(overlay, nodes, slot, open_ns << CODE_BITS | u64::from(relay.to_bits()));
    }

    /// Has at hand what is noted of two members of the core.
    #[inline]
    pub(super) fn touch(&self, overlay: &Overlay, [a, b]: [u32; 2]) -> u32 {
        match (&self.core, places(overlay, a, b)) {
            (Core::Recorded { members, open }, Some([a, b])) => open[ring(*members, a, b)] as u32,
            _ => 0,
        }
    }

    fn end(&mut self, overlay: &Overlay, nodes: [u32; 2], slot: u32, kept: u64) {
        let Core::Recorded { open, .. } = &mut self.core else { return };
        note(&mut self.tree, open, overlay, nodes, slot, kept);
    }

    /// Whether it is kept when connections begin.
    #[inline]
    pub(super) const fn keeps_beginnings(&self) -> bool {
        self.begins.is_some()
    }

    /// Notes when a connection begins, unless it has before.
    pub(super) fn begin(&mut self, overlay: &Overlay, nodes: [u32; 2], slot: u32, begin_ns: u64) {
        if let Some((tree, core)) = &mut self.begins {
            note(tree, core, overlay, nodes, slot, begin_ns);
        }
    }

    /// Notes that a connection never opens.
    pub(super) fn fail(&mut self, overlay: &Overlay, nodes: [u32; 2], slot: u32) {
        self.end(overlay, nodes, slot, FAILED);
    }

    /// When the connection between two nodes began, where that is kept.
    #[cfg(any(feature = "real", test))]
    pub(super) fn begin_between(&self, overlay: &Overlay, a: u32, b: u32) -> SimTime {
        let Some((tree, core)) = &self.begins else { return SimTime::MAX };
        let begin = match tree_slot(overlay, a, b) {
            Some(slot) => Some(tree[slot]),
            None => places(overlay, a, b).map(|[a, b]| core[ring(overlay.core().len(), a, b)]),
        };
        begin.map_or(SimTime::MAX, SimTime::from_ns)
    }

    /// Counts the connections that never came to an end: nobody began with them.
    pub(super) fn count_missing(&self, world: &World, overlay: &Overlay, tally: &mut Tally) {
        let mut missing = |a: u32, b: u32| tally.never_begun(world, a, b, by_rule::relay(world, a, b));
        overlay.for_each_tree_connection(|connection, [slot, _]| {
            if self.tree[slot] == PENDING {
                missing(connection.a, connection.b);
            }
        });
        let Core::Recorded { members, open } = &self.core else { return };
        for (index, _) in open.iter().enumerate().filter(|(_, open)| **open == PENDING) {
            let (distance, first) = (index / members + 1, index % members);
            missing(overlay.core()[first], overlay.core()[(first + distance) % members]);
        }
    }
}

fn note(tree: &mut [u64], core: &mut [u64], overlay: &Overlay, [a, b]: [u32; 2], slot: u32, ns: u64) {
    if slot == super::attempt::CORE {
        let [a, b] = places(overlay, a, b).expect("invariant: both are of the core");
        core[ring(overlay.core().len(), a, b)] = ns;
    } else {
        tree[slot as usize] = ns;
        tree[overlay.twin(slot as usize)] = ns;
    }
}

fn places(overlay: &Overlay, a: u32, b: u32) -> Option<[u32; 2]> {
    Some([overlay.core_place(a)?, overlay.core_place(b)?])
}

// The slot of a tree connection, looked for at the end that has fewer.
fn tree_slot(overlay: &Overlay, a: u32, b: u32) -> Option<usize> {
    let (at, other) =
        if overlay.tree_neighbours(a).len() <= overlay.tree_neighbours(b).len() { (a, b) } else { (b, a) };
    let index = overlay.tree_neighbours(at).iter().position(|&node| node == other)?;
    Some(overlay.tree_slots(at).start + index)
}
