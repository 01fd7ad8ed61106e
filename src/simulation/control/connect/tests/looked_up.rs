//! A mesh whose set-ups are looked up, against the same one with all of them played through, each alone.

use super::*;
use crate::engine::{Engine, RunLimits};
use crate::metrics::LatencyHistogram;

const PEERS: u32 = 120;
const CONNECTIONS: u64 = 120 * 119 / 2;

// Peers of the default class, in the cities of the world.
fn with_known<T>(use_it: impl FnOnce(Setting<'_>) -> T) -> T {
    let stage = Stage::mesh(PEERS, PEERS);
    let population = PopulationSpec { classes: vec![ClassSpec::named("peers")], ..stage.population.clone() };
    let (latency, webrtc, streams) = (LatencySpec::default(), WebrtcSpec::default(), Streams::new(Seed(3)));
    let spec = WorldSpec { population: &population, latency: &latency, webrtc: &webrtc, servers: 0 };
    let world = spec.generate(streams).expect("a world");
    let origin = Origin { population: &population, latency: &latency, webrtc: &webrtc };
    let knowledge = Subject::of_origin(origin).learn();
    let known = knowledge.setups(origin).expect("its own");
    assert!(known.is_some());
    let horizon = SimTime::ZERO + SimDuration::from_secs(60);
    let (overlay, webrtc) = (stage.overlay(), &webrtc);
    use_it(Setting { world: &world, overlay: &overlay, webrtc, known, streams, horizon, messages: None })
}

fn tally(played: bool) -> Tally {
    with_known(|setting| {
        let mut connecting = Connecting::new(setting, false);
        if played {
            connecting.paths = Paths::new(setting.world, setting.webrtc, setting.streams, None);
        }
        let mut engine = Engine::new(connecting, RunLimits::default());
        let (connecting, scheduler) = engine.parts_mut();
        connecting.start(scheduler);
        engine.run_until(SimTime::MAX).expect("an end");
        engine.into_model().tally
    })
}

/// Whatever was set up before: the pair, its ends, the attempt and what it waits for are all that counts.
#[test]
fn what_becomes_of_a_set_up_does_not_depend_on_others() {
    with_known(|Setting { world, webrtc, streams, known, .. }| {
        let legs = |wait_ms: u32| set_up::Legs {
            offer: SimDuration::from_ms(u64::from(40 + wait_ms)),
            answer: SimDuration::from_ms(u64::from(50 + 7 * wait_ms % 900)),
            allocations: [Turn::new(world, webrtc).idle(world, wait_ms % PEERS), turn::Allocation::Refused],
        };
        let set_up = |paths: &Paths, number: u32| {
            let pair = [number % PEERS, (number * 31 + 1) % PEERS];
            paths.set_up(world, pair, (number % 3) as u8, legs(number % 211))
        };
        let numbers: Vec<u32> = (0..3_000).filter(|number| number % PEERS != (number * 31 + 1) % PEERS).collect();
        let paths = Paths::new(world, webrtc, streams, known);
        let in_order: Vec<_> = numbers.iter().map(|&number| set_up(&paths, number)).collect();
        let turned: Vec<_> = numbers.iter().rev().map(|&number| set_up(&paths, number)).collect();
        assert!(in_order.iter().eq(turned.iter().rev()));
        // By itself, before all others.
        for (&number, among) in numbers.iter().zip(&in_order).step_by(97) {
            assert_eq!(set_up(&Paths::new(world, webrtc, streams, known), number), *among);
        }
    });
}

#[test]
fn set_ups_that_are_looked_up_take_as_long_as_those_played_through() {
    let [played, looked_up] = [true, false].map(tally);
    let count = |tally: &Tally| tally.setup.count();
    assert!(count(&played) == CONNECTIONS && count(&looked_up) == CONNECTIONS);
    let [relayed_played, relayed] = [&played, &looked_up].map(|tally| tally.relayed().iter().sum::<u64>());
    assert!(relayed.abs_diff(relayed_played) <= CONNECTIONS / 500, "{relayed} {relayed_played}");
    let off = |of: &dyn Fn(&LatencyHistogram) -> Option<SimDuration>| {
        let [one, other] = [&looked_up, &played].map(|tally| of(&tally.setup).expect("connections").as_ms_f64());
        100.0 * (one / other - 1.0)
    };
    let mean = off(&LatencyHistogram::mean);
    println!("mean {mean:+.2} %");
    assert!(mean.abs() < 1.0, "mean {mean} %");
    // The last of a hundred are those with two losses: few, and summed up.
    for (share, bound) in [(0.05, 1.0), (0.5, 1.0), (0.95, 2.0), (0.99, 3.0)] {
        let off = off(&|setups: &LatencyHistogram| setups.quantile(share));
        println!("{share}: {off:+.2} %");
        assert!(off.abs() < bound, "{share}: {off} %");
    }
}
