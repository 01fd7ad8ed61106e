//! What happens between two ends once their offer and answer can travel: the seam to the model of one
//! connection's set-up.
//!
//! Whatever takes time is asked of [`Setups`], which tells what the state machine of `webrtc::setup`
//! does under the delays and losses of this pair and this attempt.

use super::by_rule::relay;
use super::set_up::{Legs, Opens, Parts, SetUp};
use super::turn::Allocation;
use super::ways::Ways;
use crate::net::Nat;
use crate::rng::{Domain, PairKey, Streams};
use crate::units::SimDuration;
use crate::webrtc::WebrtcSpec;
use crate::webrtc::setup::{Chance, EndSpec, Gather, LinkLoss, Play, SetupOptions, SetupOutcome, SetupPair, Setups};
use crate::webrtc::stamp::Delays;
use crate::webrtc::turn::{RelayCode, Transports, TurnSpec};
use crate::world::World;

/// The set-ups of a world.
#[derive(Debug)]
pub(super) struct Paths {
    setups: Setups,
    ways: Ways,
    // How many kinds of ends there are; a kind without an allocation stands so much further on.
    kinds: u16,
    key: PairKey,
    interop_threshold: u64,
    // Whether nobody is behind a NAT: then ends that tell their own addresses ask no server for others, as on the
    // virtual rung.
    all_public: bool,
}

impl Paths {
    /// Those of a world: looked up in what is known, or else each played through.
    pub(super) fn new(world: &World, webrtc: &WebrtcSpec, streams: Streams, known: Option<&Setups>) -> Self {
        let setups = match known {
            Some(known) => known.known_to(kinds(world)),
            None => Setups::played(kinds(world), options(webrtc)),
        };
        Self {
            setups,
            ways: Ways::new(world),
            kinds: u16::try_from(world.ends().len()).expect("invariant: kinds have 16 bits"),
            key: streams.pair_key(Domain::Connect),
            interop_threshold: webrtc.connect.interop_failures.threshold(),
            all_public: (0..world.nodes()).all(|node| world.nat(node) == Nat::Public),
        }
    }

    pub(super) const fn ways(&self) -> &Ways {
        &self.ways
    }

    /// What becomes of attempt number `attempt` of a connection whose offer and answer take this long.
    pub(super) fn set_up(&self, world: &World, [a, b]: [u32; 2], attempt: u8, legs: Legs) -> SetUp {
        if self.interop_threshold > 0 && self.cannot_interoperate(world, a, b) {
            return SetUp::Fails(None);
        }
        if !world.setup().signals() {
            return at_once(world, a, b, legs);
        }
        let (pair, delays, chance) = self.asked(world, [a, b], attempt, legs);
        let outcome = self.setups.look_up(pair, &delays, &chance);
        from_outcome(&outcome, legs)
    }

    /// What the outcome of an attempt depends on, and nothing else.
    #[inline]
    pub(super) fn asked(&self, world: &World, nodes: [u32; 2], attempt: u8, legs: Legs) -> (SetupPair, Delays, Chance) {
        let pair = self.pair(world, nodes, legs.allocations);
        let chance = self.chance(world, nodes, attempt);
        (pair, self.ways.delays(world, nodes, pair.relation, &legs), chance)
    }

    /// The same attempt, to be played beside others, whose answerer has no allocation yet; `None` if the two never
    /// connect.
    pub(super) fn play(
        &self,
        world: &World,
        [a, b]: [u32; 2],
        attempt: u8,
        allocations: [Allocation; 2],
    ) -> Option<Play> {
        if self.interop_threshold > 0 && self.cannot_interoperate(world, a, b) {
            return None;
        }
        let mut setup = self.setups.setup(self.pair(world, [a, b], allocations));
        if self.all_public {
            for end in setup.ends.iter_mut().filter(|end| !end.stack.mdns) {
                end.gather = Gather::Host;
            }
        }
        let delays = self.delays_beyond_links(world, [a, b], allocations);
        let mut chance = self.chance(world, [a, b], attempt);
        // The links that they share lose packets in bursts.
        for (end, node) in [a, b].into_iter().enumerate() {
            if world.class(node).loss.has_bursts() {
                chance.loss[end] = LinkLoss::default();
            }
        }
        Some(Play::new(setup, &chance, delays))
    }

    /// How long the ways between access links take; those of signaling do not count.
    pub(super) fn delays_beyond_links(&self, world: &World, [a, b]: [u32; 2], allocations: [Allocation; 2]) -> Delays {
        let legs = Legs { offer: SimDuration::ZERO, answer: SimDuration::ZERO, allocations };
        self.ways.delays_beyond_links(world, [a, b], world.relation(a, b), &legs)
    }

    #[inline]
    fn pair(&self, world: &World, nodes: [u32; 2], allocations: [Allocation; 2]) -> SetupPair {
        let kind = |end: usize| match allocations[end] {
            Allocation::Refused => world.end_kind(nodes[end]) + self.kinds,
            Allocation::None | Allocation::Held { .. } => world.end_kind(nodes[end]),
        };
        SetupPair { kinds: [kind(0), kind(1)], relation: world.relation(nodes[0], nodes[1]) }
    }

    #[inline]
    fn chance(&self, world: &World, [a, b]: [u32; 2], attempt: u8) -> Chance {
        let loss = [a, b].map(|node| {
            let loss = world.class(node).access_loss;
            LinkLoss { up: loss, down: loss }
        });
        Chance { loss, draw: self.key.directed_nth(a, b, u64::from(attempt)) }
    }

    fn cannot_interoperate(&self, world: &World, a: u32, b: u32) -> bool {
        world.class(a).engine != world.class(b).engine && self.key.undirected(a, b) < self.interop_threshold
    }
}

/// The kinds of ends of a world, and behind them the same to which TURN servers refuse allocations.
pub(super) fn kinds(world: &World) -> Vec<EndSpec> {
    let refused = world.ends().iter().map(|end| EndSpec { gather: Gather::Stun, ..end.clone() });
    world.ends().iter().cloned().chain(refused).collect()
}

/// What all set-ups of a scenario have in common.
pub(super) fn options(webrtc: &WebrtcSpec) -> SetupOptions {
    let spoken = webrtc.turn.spec().map_or(Transports::ALL, TurnSpec::transports);
    SetupOptions { trickle: webrtc.signaling.trickle, transports: spoken.iter().collect(), profile: webrtc.setup }
}

/// What an attempt came to.
pub(super) fn from_outcome(outcome: &SetupOutcome<SimDuration>, legs: Legs) -> SetUp {
    let times = &outcome.times;
    let both = |pair: [Option<SimDuration>; 2]| pair[0].zip(pair[1]).map(|(one, other)| one.max(other));
    let Some(open) = both(times.open) else { return SetUp::Fails(times.failed) };
    let described = |end: usize| times.described[end].unwrap_or_default();
    // Stages overlap: each counts from the end of those before it.
    let ends = [
        described(0),
        described(1) + legs.answer,
        both(times.ice).unwrap_or_default(),
        both(times.dtls).unwrap_or_default(),
        open,
    ];
    let mut before = SimDuration::ZERO;
    let [gathering, signaling, checks, dtls, sctp] = ends.map(|end| {
        let end = end.clamp(before, open);
        let part = end - before;
        before = end;
        part
    });
    let relay = RelayCode::of(outcome.relay, legs.allocations.map(|allocation| allocation.server().unwrap_or(0)));
    SetUp::Opens(Opens { after: open, parts: Parts { gathering, signaling, checks, dtls, sctp }, relay })
}

// Nothing takes time but what the legs were given.
fn at_once(world: &World, a: u32, b: u32, legs: Legs) -> SetUp {
    let Some(relay) = relay(world, a, b) else { return SetUp::Fails(Some(SimDuration::ZERO)) };
    let signaling = legs.offer + legs.answer;
    SetUp::Opens(Opens { after: signaling, parts: Parts { signaling, ..Parts::default() }, relay })
}
