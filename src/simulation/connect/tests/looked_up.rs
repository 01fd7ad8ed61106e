//! A mesh whose set-ups are looked up, against the same one with all of them played through.

use super::*;
use crate::engine::{Engine, RunLimits};
use crate::metrics::LatencyHistogram;

/// Peers of the default class, in the cities of the world.
fn setups_of(peers: u32, played: bool) -> (LatencyHistogram, [u64; 2]) {
    let stage = Stage::mesh(peers, peers);
    let population = PopulationSpec { classes: vec![ClassSpec::named("peers")], ..stage.population.clone() };
    let (latency, webrtc, streams) = (LatencySpec::default(), WebrtcSpec::default(), Streams::new(Seed(3)));
    let spec = WorldSpec { population: &population, latency: &latency, webrtc: &webrtc, servers: 0 };
    let world = spec.generate(streams).expect("a world");
    let origin = Origin { population: &population, latency: &latency, webrtc: &webrtc };
    let horizon = SimTime::ZERO + SimDuration::from_secs(60);
    let overlay = stage.overlay();
    let mut connecting =
        Connecting::new(Setting { world: &world, overlay: &overlay, origin, streams, horizon, messages: None }, false);
    if played {
        connecting.paths = Paths::played(&world, &webrtc, streams);
    }
    let mut engine = Engine::new(connecting, RunLimits::default());
    let (connecting, scheduler) = engine.parts_mut();
    connecting.start(scheduler);
    engine.run_until(SimTime::MAX).expect("an end");
    let connecting = engine.into_model();
    let (runs, relayed) = (connecting.paths.size().runs, connecting.tally.relayed().iter().sum());
    (connecting.tally.setup, [runs, relayed])
}

#[test]
fn set_ups_that_are_looked_up_take_as_long_as_those_played_through() {
    let connections = 70 * 69 / 2;
    let (played, [all, relayed_played]) = setups_of(70, true);
    let (looked_up, [some, relayed]) = setups_of(70, false);
    assert!(all >= connections && played.count() == connections && looked_up.count() == connections, "{all}");
    // What was learned beforehand is among the runs.
    assert!(some > 2_000, "{some}");
    assert!(relayed.abs_diff(relayed_played) <= connections / 500, "{relayed} {relayed_played}");
    let off = |one: Option<SimDuration>, other: Option<SimDuration>| {
        let [one, other] = [one, other].map(|time| time.expect("connections").as_ms_f64());
        100.0 * (one / other - 1.0)
    };
    let mean = off(looked_up.mean(), played.mean());
    assert!(mean.abs() < 1.0, "mean {mean} %");
    // The last of a hundred are those with two losses: few, and summed up.
    for (share, bound) in [(0.05, 1.0), (0.5, 1.0), (0.95, 2.0), (0.99, 3.0)] {
        let off = off(looked_up.quantile(share), played.quantile(share));
        assert!(off.abs() < bound, "{share}: {off} %");
    }
}
