//! The path between two nodes: its outcome, delay and loss, computed from their rows.

use super::reach::{CUT_OFF, REACHES};
use super::relays::{Relays, SIGNALING_ID};
use super::{Node, World};
use crate::net::{LatencyModel, Nat, PairOutcome, Place};
use crate::rng::PairKey;
use crate::units::{Probability, SimDuration};
use crate::webrtc::turn::RelayCode;

/// The way packets take from one node to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Path {
    /// One-way delay in ns, access links included, the sender's serialisation not.
    pub delay_ns: u64,
    /// The TURN allocations that it runs through, as the sender sees them.
    pub relay: RelayCode,
    /// The receiver's class, for what depends on the classes of both ends; one past the last class
    /// if the two are in one local network.
    pub class: u16,
}

/// The paths from one node.
#[derive(Clone, Copy, Debug)]
pub struct PathsFrom<'a> {
    world: &'a World,
    from: u32,
    place: Place,
    company: bool,
    outcomes: &'a [PairOutcome; REACHES],
    // From the sender's class to each.
    access: &'a [Access],
}

impl PathsFrom<'_> {
    /// The path to a node, or `None` where the two cannot connect.
    #[inline(always)]
    #[must_use]
    pub fn to(&self, to: u32) -> Option<Path> {
        let receiver = self.world.nodes[to as usize];
        if self.company && receiver.company {
            return self.company_path(to, receiver);
        }
        self.by(self.outcomes[usize::from(receiver.reach)], to, receiver)
    }

    #[inline(always)]
    fn by(&self, outcome: PairOutcome, to: u32, receiver: Node) -> Option<Path> {
        let access = self.access[usize::from(receiver.class)];
        let (way_ns, relay) = match outcome {
            PairOutcome::Direct => {
                (self.world.paths.latency.one_way_ns(self.from, self.place, to, receiver.place), RelayCode::DIRECT)
            }
            PairOutcome::Relayed => {
                let relay = self.world.relay_code(self.from, to);
                (self.world.relayed_ns(self.from, to, relay), relay)
            }
            PairOutcome::Impossible => return None,
        };
        Some(Path { delay_ns: way_ns + access.delay_ns, relay, class: receiver.class })
    }

    /// The path to a node of a connection that runs through these TURN allocations, or through none.
    #[must_use]
    pub fn through(&self, to: u32, relay: RelayCode) -> Path {
        if !relay.is_direct() {
            return self.relayed(to, relay);
        }
        let receiver = self.world.nodes[to as usize];
        if self.company && receiver.company && self.world.same_lan(self.from, to) {
            return lan_path(self.world);
        }
        self.by(PairOutcome::Direct, to, receiver).expect("invariant: a direct path is one")
    }

    /// The path to a node through these TURN allocations, as the sender sees them.
    #[must_use]
    pub fn relayed(&self, to: u32, relay: RelayCode) -> Path {
        let class = self.world.nodes[to as usize].class;
        let way_ns = self.world.relayed_ns(self.from, to, relay);
        Path { delay_ns: way_ns + self.access[usize::from(class)].delay_ns, relay, class }
    }

    // To one that may have boxes in common with the sender.
    fn company_path(&self, to: u32, receiver: Node) -> Option<Path> {
        let outcome = self.world.outcome(self.from, to);
        if outcome == PairOutcome::Direct && self.world.same_lan(self.from, to) {
            return Some(lan_path(self.world));
        }
        self.by(outcome, to, receiver)
    }
}

/// What tells how a node sees others, apart from what its pairs draw for themselves: its place, and through what it is
/// reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Vantage {
    place: Place,
    reach: u8,
}

// Within a local network.
fn lan_path(world: &World) -> Path {
    let class = u16::try_from(world.paths.classes).expect("invariant: few classes");
    Path { delay_ns: LAN_ONE_WAY.as_ns(), relay: RelayCode::DIRECT, class }
}

/// One-way delay within a local network: half of what Wi-Fi adds to a round trip.
pub const LAN_ONE_WAY: SimDuration = SimDuration::from_ms(1);

/// What all paths of a world share.
#[derive(Clone, Debug)]
pub(super) struct Paths {
    pub(super) latency: LatencyModel,
    pub(super) loss_key: PairKey,
    // Of nodes apart, by what they are reached through.
    pub(super) outcomes: [[PairOutcome; REACHES]; REACHES],
    // Of classes a and b at [a * classes + b]: access delay of both, loss on either link.
    pub(super) access: Vec<Access>,
    pub(super) classes: usize,
    pub(super) relays: Option<Relays>,
    pub(super) signaling_place: Place,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Access {
    pub(super) delay_ns: u64,
    pub(super) loss: Probability,
}

impl World {
    /// How two nodes connect.
    #[inline]
    #[must_use]
    pub fn outcome(&self, a: u32, b: u32) -> PairOutcome {
        let (end_a, end_b) = (self.nodes[a as usize], self.nodes[b as usize]);
        if end_a.company
            && end_b.company
            && let Some(outcome) = self.outcome_within(a, b)
        {
            return outcome;
        }
        self.paths.outcomes[usize::from(end_a.reach)][usize::from(end_b.reach)]
    }

    /// The NAT of a node, as it looks from outside.
    #[must_use]
    pub fn nat(&self, node: u32) -> Nat {
        Nat::KINDS[self.nat_index(node)]
    }

    /// Its index in [`Nat::KINDS`].
    pub(super) fn nat_index(&self, node: u32) -> usize {
        usize::from(self.nodes[node as usize].reach / 2).min(CUT_OFF - 1)
    }

    /// The path from one node to another, or `None` where they cannot connect.
    #[inline]
    #[must_use]
    pub fn path(&self, from: u32, to: u32) -> Option<Path> {
        self.paths_from(from).to(to)
    }

    /// The paths from one node, for looking up many.
    #[inline]
    #[must_use]
    pub fn paths_from(&self, from: u32) -> PathsFrom<'_> {
        let sender = self.nodes[from as usize];
        let classes = usize::from(sender.class) * self.paths.classes..;
        PathsFrom {
            world: self,
            from,
            place: sender.place,
            company: sender.company,
            outcomes: &self.paths.outcomes[usize::from(sender.reach)],
            access: &self.paths.access[classes],
        }
    }

    /// One-way delay of the path between two nodes; more than any other where they cannot connect.
    #[must_use]
    pub fn path_delay_ns(&self, from: u32, to: u32) -> u64 {
        self.path(from, to).map_or(u64::MAX, |path| path.delay_ns)
    }

    /// From where a node sees others.
    #[must_use]
    pub fn vantage(&self, node: u32) -> Vantage {
        let Node { place, reach, .. } = self.nodes[node as usize];
        Vantage { place, reach }
    }

    /// One-way delay in ns between two nodes by their places, without what their pair draws for itself, access links
    /// included; `None` where they cannot connect. Paths that need a relay go by way of its place.
    #[must_use]
    pub fn typical_delay_ns(&self, from: u32, to: u32) -> Option<u64> {
        let [sender, receiver] = [from, to].map(|node| self.nodes[node as usize]);
        let servers = match self.paths.outcomes[usize::from(sender.reach)][usize::from(receiver.reach)] {
            PairOutcome::Direct => [None; 2],
            PairOutcome::Relayed => self.relay_code(from, to).servers(),
            PairOutcome::Impossible => return None,
        };
        let between = servers.into_iter().flatten().map(|server| self.turn_place(server));
        let (last, way_ns) = between
            .chain([receiver.place])
            .fold((sender.place, 0), |(last, way_ns), place| (place, way_ns + self.paths.latency.base_ns(last, place)));
        debug_assert_eq!(last, receiver.place);
        let access = usize::from(sender.class) * self.paths.classes + usize::from(receiver.class);
        Some(way_ns + self.paths.access[access].delay_ns)
    }

    /// Whether attempt `attempt` at sending message number `message` from `from` to `to` is lost.
    #[inline]
    #[must_use]
    pub fn is_lost(&self, from: u32, to: u32, loss_threshold: u64, message: u64, attempt: u32) -> bool {
        loss_threshold > 0
            && self.paths.loss_key.directed_nth(from, to, message << 5 | u64::from(attempt & 31)) < loss_threshold
    }

    /// A draw for packet `packet` of an attempt at a message, which [`is_lost`](Self::is_lost) has drawn as a whole.
    #[must_use]
    pub fn packet_draw(&self, from: u32, to: u32, message: u64, attempt: u32, packet: u16) -> u64 {
        let whole = self.paths.loss_key.directed_nth(from, to, message << 5 | u64::from(attempt & 31));
        self.paths.loss_key.directed_nth(from, to, whole.wrapping_add(1 + u64::from(packet)))
    }

    /// Whether any path loses packets.
    #[must_use]
    pub fn has_loss(&self) -> bool {
        self.paths.access.iter().any(|access| access.loss > Probability::ZERO)
    }

    /// Probability that a packet is lost between peers of two classes, as [`Path::class`] has them:
    /// none within a local network.
    #[must_use]
    pub fn packet_loss(&self, from_class: usize, to_class: usize) -> Probability {
        if to_class == self.paths.classes {
            return Probability::ZERO;
        }
        self.paths.access[from_class * self.paths.classes + to_class].loss
    }

    /// One-way delay in ns of a direct path between the access links of two nodes, or between the two
    /// themselves in one local network, whether or not they can use it.
    #[must_use]
    pub fn propagation_ns(&self, from: u32, to: u32) -> u64 {
        if self.same_lan(from, to) {
            return LAN_ONE_WAY.as_ns();
        }
        let place = |node: u32| self.nodes[node as usize].place;
        self.paths.latency.one_way_ns(from, place(from), to, place(to))
    }

    /// The mean of [`propagation_ns`](Self::propagation_ns) there and back, for two nodes that are not in one
    /// local network.
    #[inline]
    #[must_use]
    pub fn mean_propagation_ns(&self, nodes: [u32; 2]) -> u64 {
        self.paths.latency.mean_way_ns(nodes, nodes.map(|node| self.nodes[node as usize].place))
    }

    /// Delay in ns of a signaling message between two nodes, access links included.
    #[must_use]
    pub fn signaling_ns(&self, from: u32, to: u32) -> u64 {
        self.to_signaling_ns(from) + self.from_signaling_ns(to)
    }

    /// Delay in ns of a message from a node to the signaling server, access link included.
    #[must_use]
    pub fn to_signaling_ns(&self, from: u32) -> u64 {
        let way_ns = self.node_to_server_ns(from, SIGNALING_ID, self.paths.signaling_place);
        way_ns + self.class(from).access_delay.as_ns()
    }

    /// Delay in ns of a message from the signaling server to a node, access link included.
    #[must_use]
    pub fn from_signaling_ns(&self, to: u32) -> u64 {
        let way_ns = self.server_to_node_ns(to, SIGNALING_ID, self.paths.signaling_place);
        way_ns + self.class(to).access_delay.as_ns()
    }

    pub(super) fn node_to_server_ns(&self, node: u32, server: u32, place: Place) -> u64 {
        self.paths.latency.one_way_ns(node, self.nodes[node as usize].place, server, place)
    }

    pub(super) fn server_to_node_ns(&self, node: u32, server: u32, place: Place) -> u64 {
        self.paths.latency.one_way_ns(server, place, node, self.nodes[node as usize].place)
    }
}
