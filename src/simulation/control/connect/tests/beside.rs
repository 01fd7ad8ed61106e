//! Set-ups that share links, against set-ups alone and against closed forms.

use super::*;
use crate::net::LinkLoss;
use crate::units::{Bitrate, ByteCount, Probability};

/// So fast that a packet takes a nanosecond.
const ENDLESS: Bitrate = Bitrate::from_bps(1_000_000_000_000_000_000);

fn with_rates(mut stage: Stage, up: Bitrate, down: Bitrate) -> Stage {
    stage.population.classes[0].link.value.up = Some(up);
    stage.population.classes[0].link.value.down = Some(down);
    stage
}

fn opens(stage: &Stage) -> Vec<SimTime> {
    of_all(&stage.overlay(), &stage.connect())
}

// The same, played beside each other over links that do nothing.
fn opens_beside(stage: &Stage) -> Vec<SimTime> {
    let connected = stage.with_setting(|setting| {
        let mut connecting = Connecting::new(setting, false);
        assert!(connecting.beside.is_none(), "such links do not matter");
        connecting.beside = Some(Beside::new(Links::new(setting.world, setting.overlay, setting.streams, &[])));
        let mut engine = Engine::new(connecting, RunLimits::default());
        let (connecting, scheduler) = engine.parts_mut();
        connecting.start(scheduler);
        engine.run_until(SimTime::MAX).expect("an end");
        engine.into_model().into_connected()
    });
    of_all(&stage.overlay(), &connected)
}

fn of_all(overlay: &Overlay, connected: &Connected) -> Vec<SimTime> {
    let mut opens = Vec::new();
    overlay.for_each_connection(|connection| opens.push(connected.between(overlay, connection.a, connection.b).at()));
    opens
}

/// Ends with CPUs differ by how candidates wait for them (docs/VALIDATION.md, "Not validated yet"). Losses are drawn by the order of
/// packets, which links change.
#[test]
fn links_that_take_no_time_change_nothing() {
    for (engine, nat, trickle) in [
        ("ideal", "public", true),
        ("ideal", "generic", true),
        ("ideal", "generic", false),
        ("webrtc-rs", "public", true),
    ] {
        let mut stage = Stage::mesh(12, 12);
        *stage.engine() = OrPreset::<EngineSpec>::named(engine).expect("a preset").value;
        stage.population.classes[0].nat = OrPreset::named(nat).expect("a preset");
        stage.population.classes[0].link.value.loss = LinkLoss::default();
        stage.webrtc.signaling.trickle = trickle;
        assert_eq!(opens(&stage), opens_beside(&stage), "{engine}, {nat}, trickle {trickle}");
    }
}

#[test]
fn an_offer_waits_for_those_before_it_on_a_narrow_uplink() {
    // Nine spokes that were there first are offered to at once by the hub that comes last.
    let narrow = Bitrate::from_bps(64_000);
    let wide = opens(&with_rates(Stage::late_hub(10), ENDLESS, ENDLESS));
    let mut waits: Vec<u64> = opens(&with_rates(Stage::late_hub(10), narrow, ENDLESS))
        .iter()
        .zip(&wide)
        .map(|(narrow, wide)| narrow.since(*wide).as_ns())
        .collect();
    waits.sort_unstable();
    // The last one's offer alone waits for eight others of 458 bytes and a candidate's 97, and all headers.
    let offers = narrow.serialisation_time(ByteCount::new(8 * (458 + 97))).as_ns();
    assert!(waits[0] > 0 && waits[8] > offers, "{waits:?}");
    assert!(waits.windows(2).all(|two| two[0] < two[1]), "{waits:?}");
}

#[test]
fn what_tcp_repeats_is_not_overtaken_by_candidates() {
    let mut stage = with_rates(Stage::mesh(20, 20), ENDLESS, ENDLESS);
    stage.population.classes[0].nat = OrPreset::named("generic").expect("a preset");
    stage.population.classes[0].link.value.loss = LinkLoss::Independent(Probability::new(0.03).expect("a share"));
    stage.run(|phase| {
        // Of 380 descriptions some 22 are lost once on one of two links. None of them costs an attempt.
        assert_eq!((phase.tally.opening.count(), phase.tally.timeouts), (190, 0));
    });
}
