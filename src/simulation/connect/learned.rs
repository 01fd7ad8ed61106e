//! What is learned of set-ups once, for all replications of a population.
//!
//! Replications differ in who lives where and in the overlay, not in the kinds of ends there are; what
//! one would learn of their set-ups is what the next one would. So it is learned beforehand from pairs
//! of a population drawn for the purpose, which depends on the scenario alone: a replication finds the same whether
//! or not others have run before it.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::path::Paths;
use super::set_up::Legs;
use super::setting::Origin;
use crate::net::LatencySpec;
use crate::rng::{Domain, PairKey, Seed, Streams};
use crate::units::SimDuration;
use crate::webrtc::setup::{EndSpec, Setups};
use crate::webrtc::{ConnectSpec, SignalingSpec, WebrtcSpec};
use crate::world::{PeerCount, PopulationSpec, World, WorldSpec};

/// Peers that are drawn to learn from.
const PEERS: u32 = 1_000;
/// Runs of the state machine for trees after which enough is learned, and look-ups if it takes fewer runs.
const RUNS: u64 = 6_000;
const LOOK_UPS: u32 = 200_000;
/// Populations that are kept in mind.
const KEPT_MAX: usize = 8;

struct Known {
    population: PopulationSpec,
    latency: LatencySpec,
    webrtc: WebrtcSpec,
    setups: Arc<OnceLock<Option<Setups>>>,
}

static KNOWN: Mutex<Vec<Known>> = Mutex::new(Vec::new());

/// What is known of the set-ups of a population, for ends of these kinds; nothing where it cannot be drawn.
pub(super) fn setups(origin: Origin<'_>, kinds: &[EndSpec]) -> Option<Setups> {
    let known = find(origin);
    known.get_or_init(|| learn(origin)).as_ref().map(|known| known.known_to(kinds.to_vec()))
}

fn find(origin: Origin<'_>) -> Arc<OnceLock<Option<Setups>>> {
    let Origin { latency, .. } = origin;
    let (population, webrtc) = (sample(origin.population), relevant(origin.webrtc));
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    let same = |known: &&Known| known.population == population && known.latency == *latency && known.webrtc == webrtc;
    if let Some(found) = known.iter().find(same) {
        return Arc::clone(&found.setups);
    }
    if known.len() == KEPT_MAX {
        known.remove(0);
    }
    let setups = Arc::default();
    known.push(Known { population, latency: latency.clone(), webrtc, setups: Arc::clone(&setups) });
    setups
}

// The settings that what is learned depends on, and the others as they are by default.
fn relevant(webrtc: &WebrtcSpec) -> WebrtcSpec {
    let WebrtcSpec { setup, turn, signaling, connect, .. } = webrtc.clone();
    let ConnectSpec { timeout, interop_failures, .. } = connect;
    let SignalingSpec { place, trickle, .. } = signaling;
    let signaling = SignalingSpec { place, trickle, ..SignalingSpec::default() };
    let connect = ConnectSpec { timeout, interop_failures, ..ConnectSpec::default() };
    WebrtcSpec { setup, turn, signaling, connect, ..WebrtcSpec::default() }
}

// A population of the same kinds.
fn sample(population: &PopulationSpec) -> PopulationSpec {
    let peers = PeerCount::new(PEERS).expect("invariant: a number of peers");
    PopulationSpec { peers, join_over: SimDuration::ZERO, ..population.clone() }
}

// From what is compared alone, so that it does not matter whose settings the first ones were.
fn learn(Origin { population, latency, webrtc }: Origin<'_>) -> Option<Setups> {
    let streams = Streams::new(Seed(0));
    let (population, webrtc) = (sample(population), relevant(webrtc));
    let world = WorldSpec { population: &population, latency, webrtc: &webrtc, servers: 0 }.generate(streams).ok()?;
    let mut paths = Paths::learning(&world, &webrtc, streams);
    let key = streams.pair_key(Domain::Connect);
    for number in 0..LOOK_UPS {
        if paths.size().tree_runs >= RUNS {
            break;
        }
        let [a, b] = [0, 1].map(|which| crate::rng::below(key.directed(number, which), u64::from(PEERS)) as u32);
        if a != b {
            let legs = legs(&world, [a, b], key, number, webrtc.connect.timeout);
            paths.set_up(&world, [a, b], 1, legs);
        }
    }
    Some(paths.into_setups())
}

// One answer in eight waits and one offer in sixteen, for CPUs and servers: up to a quarter of the time that an attempt
// has, for of longer waits little comes in time, and short and long waits as often.
fn legs(world: &World, [a, b]: [u32; 2], key: PairKey, number: u32, timeout: SimDuration) -> Legs {
    let draw = key.directed(number, 2);
    let wait = |waits: bool, halvings: u64, which: u32| {
        let most_ns = timeout.as_ns() >> (2 + halvings % 10);
        let ns = most_ns / 2 + crate::rng::below(key.directed(number, which), most_ns / 2 + 1);
        SimDuration::from_ns(if waits { ns } else { 0 })
    };
    let way = |from: u32, to: u32| SimDuration::from_ns(world.to_signaling_ns(from) + world.from_signaling_ns(to));
    Legs {
        offer: way(a, b) + wait(draw & 15 == 0, draw >> 8, 3),
        answer: way(b, a) + wait(draw >> 4 & 7 == 0, draw >> 16, 4),
        allocations: Default::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::presets::OrPreset;
    use crate::units::Bounded;
    use crate::world::ClassSpec;

    #[test]
    fn what_is_learned_depends_on_the_population_alone() {
        let population = |class: ClassSpec, peers| PopulationSpec {
            peers: PeerCount::new(peers).expect("a number of peers"),
            regions: OrPreset::named("europe").expect("a preset"),
            join_over: SimDuration::ZERO,
            classes: vec![class],
        };
        let (latency, webrtc) = (LatencySpec::default(), WebrtcSpec::default());
        let mobile = ClassSpec { nat: OrPreset::named("mobile").expect("a preset"), ..ClassSpec::named("mobile") };
        let all = [population(ClassSpec::named("peers"), 20), population(mobile, 20)];
        let [first, other] = all.each_ref().map(|population| Origin { population, latency: &latency, webrtc: &webrtc });
        let alone = learn(first).expect("a population");
        let again = population(ClassSpec::named("peers"), 70);
        setups(other, &[]).expect("a population");
        let kept = setups(Origin { population: &again, ..first }, &[]).expect("a population");
        let learned = |setups: &Setups| (setups.size().runs, setups.size().outcomes, setups.size().comparisons);
        assert_eq!(learned(&alone), learned(&kept));
        assert!(kept.size().tree_runs >= RUNS.min(u64::from(LOOK_UPS)) / 2, "{:?}", kept.size());
        assert!(Arc::ptr_eq(&find(first), &find(Origin { population: &again, ..first })));
        assert!(!Arc::ptr_eq(&find(first), &find(other)));
        // What does not change what is learned does not have it learned again.
        let mut patient = webrtc.clone();
        patient.connect.concurrent = Bounded::new(7).expect("in range");
        assert!(Arc::ptr_eq(&find(first), &find(Origin { webrtc: &patient, ..first })));
        patient.signaling.trickle = !patient.signaling.trickle;
        assert!(!Arc::ptr_eq(&find(first), &find(Origin { webrtc: &patient, ..first })));
    }
}
