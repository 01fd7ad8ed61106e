//! What is known of the set-ups of a population: learned before its replications, and only read by them.
//!
//! Replications differ in who lives where and in the overlay, not in the kinds of ends there are; what
//! one would learn of their set-ups is what the next one would. So it is learned beforehand, from pairs
//! of a population drawn for the purpose, which depends on the settings alone.

use thiserror::Error;

use super::path::{self, Paths};
use super::set_up::Legs;
use super::setting::Origin;
use super::turn::{Allocation, Turn};
use crate::net::LatencySpec;
use crate::rng::{Domain, PairKey, Seed, Streams};
use crate::scenario::Settings;
use crate::units::{Probability, SimDuration};
use crate::webrtc::setup::{Setups, SetupsLearner, SetupsSize};
use crate::webrtc::turn::TurnSpec;
use crate::webrtc::{ConnectSpec, SignalingSpec, WebrtcSpec};
use crate::world::{PeerCount, PopulationSpec, World, WorldSpec};

/// Peers that are drawn to learn from.
const PEERS: u32 = 1_000;
/// Runs of the state machine for trees after which only such pairs have lessons that hardly had any; and all lessons.
const RUNS: u64 = 6_000;
const LESSONS: u32 = 100_000;
/// Peers up to which each set-up is played through: in their full mesh about a second, and several where uplinks are so
/// narrow that set-ups wait for one another.
pub const SETUPS_PLAYED_PEERS_MAX: u32 = 100;
/// An end that is longer without an answer of its TURN server does without (`TurnPool`).
const ALLOCATION_WAIT_MAX: SimDuration = SimDuration::from_secs(5);

/// What is known was learned for other settings than those of the replication.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("the knowledge of set-ups is that of another population: learn it with `Knowledge::of` the cell's settings")]
pub struct ForeignKnowledge;

/// What is known of the set-ups of a population; nothing where all are played through.
#[derive(Clone, Debug)]
pub struct Knowledge {
    subject: Subject,
    setups: Option<Setups>,
}

/// All that what is learned depends on: cells with equal subjects share their [`Knowledge`].
#[derive(Clone, Debug, PartialEq)]
pub struct Subject(Option<Box<Learnable>>);

// The settings that what is learned depends on, and the others as they are by default.
#[derive(Clone, Debug, PartialEq)]
struct Learnable {
    population: PopulationSpec,
    latency: LatencySpec,
    webrtc: WebrtcSpec,
}

impl Knowledge {
    /// Learns what there is to know for these settings.
    #[must_use]
    pub fn of(settings: &Settings) -> Self {
        Subject::of(settings).learn()
    }

    /// What it was learned from, and what that has cost; zeros where nothing is learned.
    #[must_use]
    pub fn size(&self) -> SetupsSize {
        self.setups.as_ref().map(Setups::size).unwrap_or_default()
    }

    /// The set-ups to look up for a replication of this origin; none if all are played through.
    pub(in crate::simulation) fn setups(&self, origin: Origin<'_>) -> Result<Option<&Setups>, ForeignKnowledge> {
        let subject = Subject::of_origin(origin);
        match subject.needs_learning() {
            false => Ok(None),
            true if subject == self.subject => Ok(self.setups.as_ref()),
            true => Err(ForeignKnowledge),
        }
    }
}

impl Subject {
    /// That of a cell's settings; the topology has no part in it.
    #[must_use]
    pub fn of(settings: &Settings) -> Self {
        Self::of_origin(Origin::of(settings))
    }

    /// Whether anything is to be learned, and set-ups are not all played through.
    #[must_use]
    pub const fn needs_learning(&self) -> bool {
        self.0.is_some()
    }

    /// Learns all of it: a second or two of CPU, where anything is.
    #[must_use]
    pub fn learn(self) -> Knowledge {
        let setups = self.0.as_deref().and_then(Learnable::learn);
        Knowledge { subject: self, setups }
    }

    pub(in crate::simulation) fn of_origin(origin: Origin<'_>) -> Self {
        Self((!are_played(origin)).then(|| Box::new(Learnable::of(origin))))
    }
}

/// Whether set-ups are played through, packet by packet over links that they share: a question of the population alone,
/// so that all topologies that are compared meet the same model.
pub(super) fn are_played(Origin { population, webrtc, .. }: Origin<'_>) -> bool {
    population.peers.get() <= SETUPS_PLAYED_PEERS_MAX || !webrtc.setup.signals()
}

impl Learnable {
    fn of(Origin { population, latency, webrtc }: Origin<'_>) -> Self {
        let peers = PeerCount::new(PEERS).expect("invariant: a number of peers");
        let population = PopulationSpec { peers, join_over: SimDuration::ZERO, ..population.clone() };
        Self { population, latency: latency.clone(), webrtc: relevant(webrtc) }
    }

    // Nothing where the population cannot be drawn: then no replication can, either.
    fn learn(&self) -> Option<Setups> {
        let Self { population, latency, webrtc } = self;
        let streams = Streams::new(Seed(0));
        let world = WorldSpec { population, latency, webrtc, servers: 0 }.generate(streams).ok()?;
        let paths = Paths::new(&world, webrtc, streams, None);
        let mut learner = SetupsLearner::new(path::kinds(&world), path::options(webrtc));
        let lessons =
            Lessons { world: &world, turn: Turn::new(&world, webrtc), webrtc, key: streams.pair_key(Domain::Connect) };
        for (nodes, legs) in (0..LESSONS).filter_map(|number| lessons.lesson(number)) {
            let (pair, delays, chance) = paths.asked(&world, nodes, 1, legs);
            if learner.runs() < RUNS || !learner.knows(pair) {
                learner.learn(pair, &delays, &chance);
            }
        }
        if (0..world.nodes()).any(|node| world.class(node).access_loss > Probability::ZERO) {
            learner.learn_unmet_losses();
        }
        Some(learner.into_setups())
    }
}

fn relevant(webrtc: &WebrtcSpec) -> WebrtcSpec {
    let WebrtcSpec { setup, turn, signaling, connect, .. } = webrtc.clone();
    let connect = ConnectSpec { timeout: connect.timeout, ..ConnectSpec::default() };
    let SignalingSpec { place, trickle, .. } = signaling;
    let signaling = SignalingSpec { place, trickle, ..SignalingSpec::default() };
    WebrtcSpec { setup, turn, signaling, connect, ..WebrtcSpec::default() }
}

fn has_rate(spec: &TurnSpec) -> bool {
    spec.servers().iter().any(|server| server.allocation_rate.is_some())
}

fn may_refuse(spec: &TurnSpec) -> bool {
    let is_limited = spec.servers().iter().any(|server| server.allocations < u32::MAX);
    is_limited || has_rate(spec) || !spec.outage.is_empty() || spec.policy.entry().opens_and_closes
}

// Pairs at random, and what they may meet.
struct Lessons<'a> {
    world: &'a World,
    turn: Turn,
    webrtc: &'a WebrtcSpec,
    key: PairKey,
}

impl Lessons<'_> {
    // Who is the offerer and the answerer of a lesson, and how long what takes.
    fn lesson(&self, number: u32) -> Option<([u32; 2], Legs)> {
        let nodes = [0, 1].map(|which| self.below(number, which, u64::from(PEERS)) as u32);
        (nodes[0] != nodes[1]).then(|| (nodes, self.legs(nodes, number)))
    }

    // One answer in eight waits and one offer in sixteen, for CPUs and servers: up to a quarter of the time that an
    // attempt has, for of longer waits little comes in time, and short and long waits as often.
    fn legs(&self, [a, b]: [u32; 2], number: u32) -> Legs {
        let draw = self.key.directed(number, 2);
        let most_ns = self.webrtc.connect.timeout.as_ns() >> 2;
        let wait = |waits: bool, halvings: u64, which: u32| match waits {
            true => self.up_to(most_ns >> (halvings % 10), number, which),
            false => SimDuration::ZERO,
        };
        let way = |from: u32, to: u32| {
            SimDuration::from_ns(self.world.to_signaling_ns(from) + self.world.from_signaling_ns(to))
        };
        Legs {
            offer: way(a, b) + wait(draw & 15 == 0, draw >> 8, 3),
            answer: way(b, a) + wait(draw >> 4 & 7 == 0, draw >> 16, 4),
            allocations: [self.allocation(a, draw >> 24, number, 5), self.allocation(b, draw >> 40, number, 6)],
        }
    }

    // One allocation in four is refused where servers may refuse, and another one waits where they have a rate.
    fn allocation(&self, node: u32, draw: u64, number: u32, which: u32) -> Allocation {
        let spec = self.webrtc.turn.spec();
        let (refuses, waits) = spec.map_or((false, false), |spec| (may_refuse(spec), has_rate(spec)));
        let asked = self.turn.idle(self.world, node);
        match (asked, draw & 3) {
            (Allocation::Held { .. }, 0) if refuses => Allocation::Refused,
            (Allocation::Held { server, number: allocations, .. }, 1) if waits => {
                let wait = self.up_to(ALLOCATION_WAIT_MAX.as_ns() >> ((draw >> 2) % 10), number, which);
                Allocation::held(server, allocations, wait)
            }
            (asked, _) => asked,
        }
    }

    // The upper half of these times.
    fn up_to(&self, most_ns: u64, number: u32, which: u32) -> SimDuration {
        SimDuration::from_ns(most_ns / 2 + self.below(number, which, most_ns / 2 + 1))
    }

    fn below(&self, number: u32, which: u32, bound: u64) -> u64 {
        crate::rng::below(self.key.directed(number, which), bound)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::presets::OrPreset;
    use crate::units::Bounded;
    use crate::webrtc::SetupProfile;
    use crate::world::ClassSpec;

    fn population(nat: &str, peers: u32) -> PopulationSpec {
        PopulationSpec {
            peers: PeerCount::new(peers).expect("a number of peers"),
            regions: OrPreset::named("europe").expect("a preset"),
            join_over: SimDuration::ZERO,
            classes: vec![ClassSpec { nat: OrPreset::named(nat).expect("a preset"), ..ClassSpec::named("peers") }],
        }
    }

    fn subject(population: &PopulationSpec, webrtc: &WebrtcSpec) -> Subject {
        Subject::of_origin(Origin { population, latency: &LatencySpec::default(), webrtc })
    }

    #[test]
    fn what_is_learned_depends_on_the_population_alone() {
        let webrtc = WebrtcSpec::default();
        let [first, again, other] = [("home", 120), ("home", 700), ("mobile", 120)]
            .map(|(nat, peers)| subject(&population(nat, peers), &webrtc));
        assert!(first == again && first != other);
        let [alone, beside, else_] = [first.clone(), again, other].map(Subject::learn);
        assert_eq!(alone.size(), beside.size());
        assert_ne!(alone.size(), else_.size());
        assert!(alone.size().tree_runs >= RUNS.min(u64::from(LESSONS)) / 2, "{:?}", alone.size());
        // What does not change what is learned does not have it learned again.
        let mut patient = webrtc;
        patient.connect.concurrent = Bounded::new(7).expect("in range");
        assert_eq!(subject(&population("home", 120), &patient), first);
        patient.signaling.trickle = !patient.signaling.trickle;
        assert_ne!(subject(&population("home", 120), &patient), first);
    }

    #[test]
    fn small_populations_are_played_through_and_larger_ones_want_their_knowledge() {
        let mut webrtc = WebrtcSpec::default();
        let nothing = subject(&population("home", SETUPS_PLAYED_PEERS_MAX), &webrtc).learn();
        assert_eq!(nothing.size(), SetupsSize::default());
        let large = population("home", SETUPS_PLAYED_PEERS_MAX + 1);
        let latency = LatencySpec::default();
        let known = |webrtc: &WebrtcSpec| {
            nothing.setups(Origin { population: &large, latency: &latency, webrtc }).map(|setups| setups.is_some())
        };
        assert_eq!(known(&webrtc), Err(ForeignKnowledge));
        webrtc.setup = SetupProfile::Instant;
        assert_eq!(known(&webrtc), Ok(false));
    }
}
