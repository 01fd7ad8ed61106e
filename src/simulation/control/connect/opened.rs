//! What is kept of each connection in eight bytes: when it opened and through which TURN allocations it
//! runs, or that it never does.

use super::by_rule;
use super::tally::Tally;
use crate::overlay::{Connection, Overlay, Shared};
use crate::units::SimTime;
use crate::webrtc::turn::RelayCode;
use crate::world::World;

/// What is kept of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::simulation) struct Kept(u64);

/// All connections.
#[derive(Clone, Debug)]
pub(super) struct Opened {
    // Of each slot; empty where all is open from the start.
    pairs: Vec<u64>,
    in_blocks: InBlocks,
    // The same for their beginnings, where they are kept.
    begins: Option<(Vec<u64>, Vec<u64>)>,
}

#[derive(Clone, Debug)]
enum InBlocks {
    // Open from the start.
    Always,
    // As soon as both members are there: when each joins, and where each block begins among these.
    AtJoin { starts: Vec<usize>, joins: Vec<u64> },
    // Of each pair of members, at `Ring::at` of its block.
    Recorded { rings: Vec<Ring>, open: Vec<u64> },
}

// Where a block's connections stand among those of all blocks.
#[derive(Clone, Copy, Debug)]
struct Ring {
    first: usize,
    members: usize,
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

impl Ring {
    fn of_all(overlay: &Overlay) -> (Vec<Self>, usize) {
        let mut first = 0;
        let ring = |block: u32| {
            let members = overlay.block(block).len();
            let ring = Self { first, members };
            first += members * (members - 1) / 2;
            ring
        };
        let rings = (0..overlay.blocks()).map(ring).collect();
        (rings, first)
    }

    // Where the connection of two different places stands: by their distance around the ring, then by the one that the
    // other is ahead of. Members work off their lists by growing distance, so that what opens at about the same time
    // stands close together.
    #[inline]
    const fn at(self, [a, b]: [u32; 2]) -> usize {
        let (low, high) = if a < b { (a, b) } else { (b, a) };
        let ahead = (high - low) as usize;
        let members = self.members;
        let (distance, first) = if 2 * ahead <= members { (ahead, low) } else { (members - ahead, high) };
        self.first + (distance - 1) * members + first as usize
    }
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
        let (rings, connections) = Ring::of_all(overlay);
        let pending = || (vec![PENDING; overlay.all_slots()], vec![PENDING; connections]);
        let (pairs, open) = pending();
        Self { pairs, in_blocks: InBlocks::Recorded { rings, open }, begins: keep_beginnings.then(pending) }
    }

    /// All opens as soon as both ends have joined, the last at `connected_at`.
    pub(super) fn at_once(world: &World, overlay: &Overlay, connected_at: SimTime) -> Self {
        if connected_at == SimTime::ZERO {
            return Self { pairs: Vec::new(), in_blocks: InBlocks::Always, begins: None };
        }
        let join_ns = |node: u32| world.join_time(node).as_ns();
        let starts = (0..overlay.blocks()).map(|block| overlay.block_range(block).start).collect();
        let joins = overlay.block_members().iter().map(|&member| join_ns(member)).collect();
        let mut pairs = vec![PENDING; overlay.all_slots()];
        let mut note = |connection: Connection, slots: [usize; 2]| {
            if world.path(connection.a, connection.b).is_some() {
                let open = join_ns(connection.a).max(join_ns(connection.b));
                slots.into_iter().for_each(|slot| pairs[slot] = Kept::by_rule(open).0);
            }
        };
        overlay.for_each_pair(&mut note);
        overlay.for_each_standby(&mut note);
        Self { pairs, in_blocks: InBlocks::AtJoin { starts, joins }, begins: None }
    }

    /// What is known of the pair of this slot.
    #[inline]
    pub(super) fn pair(&self, slot: usize) -> Kept {
        self.pairs.get(slot).map_or(Kept::by_rule(0), |&open| Kept(open))
    }

    /// What is known of the connection between two members of a block.
    #[inline]
    pub(super) fn in_block(&self, Shared { block, places }: Shared) -> Kept {
        match &self.in_blocks {
            InBlocks::Recorded { rings, open } => Kept(open[rings[block as usize].at(places)]),
            InBlocks::AtJoin { starts, joins } => {
                let [a, b] = places.map(|place| joins[starts[block as usize] + place as usize]);
                Kept::by_rule(a.max(b))
            }
            InBlocks::Always => Kept::by_rule(0),
        }
    }

    /// What is known of the connection between two nodes; it never opens where there is none.
    pub(super) fn between(&self, overlay: &Overlay, a: u32, b: u32) -> Kept {
        match overlay.slot_between(a, b) {
            Some(slot) => self.pair(slot),
            None => match overlay.shared(a, b) {
                Some(shared) => self.in_block(shared),
                None => overlay.standby_slot_between(a, b).map_or(Kept::NEVER, |slot| self.pair(slot)),
            },
        }
    }

    /// How many standby connections of each node are open; empty where an overlay has none. Where all is open from the start,
    /// those that have a path are.
    pub(super) fn standby(&self, world: &World, overlay: &Overlay) -> Vec<u32> {
        if overlay.standby_connections() == 0 {
            return Vec::new();
        }
        let mut open = vec![0; world.nodes() as usize];
        overlay.for_each_standby(|Connection { a, b, .. }, [slot, _]| {
            let has_opened = match self.pairs.get(slot) {
                Some(&kept) => Kept(kept).at() < SimTime::MAX,
                None => world.path(a, b).is_some(),
            };
            if has_opened {
                open[a as usize] += 1;
                open[b as usize] += 1;
            }
        });
        open
    }

    /// Notes when the connection between two nodes opens, `slot` being the first one's, and the
    /// allocations that it runs through, as the first sees them.
    pub(super) fn open(&mut self, overlay: &Overlay, nodes: [u32; 2], slot: u32, open: SimTime, relay: RelayCode) {
        let relay = if nodes[0] < nodes[1] { relay } else { relay.seen_from_far_end() };
        let open_ns = open.as_ns().min(OPEN_MAX - 1);
        self.end(overlay, nodes, slot, open_ns << CODE_BITS | u64::from(relay.to_bits()));
    }

    /// Has at hand what is noted of two members of a block.
    #[inline]
    pub(super) fn touch(&self, overlay: &Overlay, [a, b]: [u32; 2]) -> u32 {
        match (&self.in_blocks, overlay.shared(a, b)) {
            (InBlocks::Recorded { rings, open }, Some(Shared { block, places })) => {
                open[rings[block as usize].at(places)] as u32
            }
            _ => 0,
        }
    }

    fn end(&mut self, overlay: &Overlay, nodes: [u32; 2], slot: u32, kept: u64) {
        let InBlocks::Recorded { rings, open } = &mut self.in_blocks else { return };
        note(&mut self.pairs, (rings, open), overlay, nodes, slot, kept);
    }

    /// Whether it is kept when connections begin.
    #[inline]
    pub(super) const fn keeps_beginnings(&self) -> bool {
        self.begins.is_some()
    }

    /// Notes when a connection begins, unless it has before.
    pub(super) fn begin(&mut self, overlay: &Overlay, nodes: [u32; 2], slot: u32, begin_ns: u64) {
        if let (Some((pairs, begin)), InBlocks::Recorded { rings, .. }) = (&mut self.begins, &self.in_blocks) {
            note(pairs, (rings, begin), overlay, nodes, slot, begin_ns);
        }
    }

    /// Notes that a connection never opens.
    pub(super) fn fail(&mut self, overlay: &Overlay, nodes: [u32; 2], slot: u32) {
        self.end(overlay, nodes, slot, FAILED);
    }

    /// When the connection between two nodes began, where that is kept.
    #[cfg(any(feature = "real", test))]
    pub(super) fn begin_between(&self, overlay: &Overlay, a: u32, b: u32) -> SimTime {
        let (Some((pairs, begin)), InBlocks::Recorded { rings, .. }) = (&self.begins, &self.in_blocks) else {
            return SimTime::MAX;
        };
        let begin = match overlay.slot_between(a, b).or_else(|| overlay.standby_slot_between(a, b)) {
            Some(slot) => Some(pairs[slot]),
            None => overlay.shared(a, b).map(|Shared { block, places }| begin[rings[block as usize].at(places)]),
        };
        begin.map_or(SimTime::MAX, SimTime::from_ns)
    }

    /// Counts the connections that never came to an end: nobody began with them.
    pub(super) fn count_missing(&self, world: &World, overlay: &Overlay, tally: &mut Tally) {
        overlay.for_each_standby(|connection, [slot, _]| {
            if self.pairs[slot] == PENDING {
                let relay = by_rule::relay(world, connection.a, connection.b);
                tally.without_standby(world, connection.a, connection.b, relay);
            }
        });
        let mut missing = |a: u32, b: u32| tally.never_begun(world, a, b, by_rule::relay(world, a, b));
        overlay.for_each_pair(|connection, [slot, _]| {
            if self.pairs[slot] == PENDING {
                missing(connection.a, connection.b);
            }
        });
        let InBlocks::Recorded { rings, open } = &self.in_blocks else { return };
        for (ring, block) in rings.iter().zip(0..) {
            let (members, Ring { first, members: count }) = (overlay.block(block), *ring);
            let of_block = &open[first..][..count * (count - 1) / 2];
            for (index, _) in of_block.iter().enumerate().filter(|(_, open)| **open == PENDING) {
                let (distance, first) = (index / count + 1, index % count);
                missing(members[first], members[(first + distance) % count]);
            }
        }
    }
}

fn note(
    pairs: &mut [u64],
    (rings, in_blocks): (&[Ring], &mut [u64]),
    overlay: &Overlay,
    [a, b]: [u32; 2],
    slot: u32,
    ns: u64,
) {
    if slot == super::attempt::IN_BLOCK {
        let Shared { block, places } = overlay.shared(a, b).expect("invariant: both are of a block");
        in_blocks[rings[block as usize].at(places)] = ns;
    } else {
        pairs[slot as usize] = ns;
        pairs[overlay.twin(slot as usize)] = ns;
    }
}
