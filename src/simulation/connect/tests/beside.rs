//! Set-ups that share links, against set-ups alone and against closed forms.

use super::*;
use crate::net::AccessLink;
use crate::units::{Bitrate, ByteCount};

/// So fast that no packet takes a nanosecond.
const ENDLESS: Bitrate = Bitrate::from_bps(1_000_000_000_000_000_000);

fn with_rates(mut stage: Stage, up: Bitrate, down: Bitrate) -> Stage {
    let AccessLink { .. } = stage.population.classes[0].link.value;
    stage.population.classes[0].link.value.up = Some(up);
    stage.population.classes[0].link.value.down = Some(down);
    stage
}

fn opens(stage: &Stage) -> Vec<SimTime> {
    let connected = stage.connect();
    let overlay = stage.overlay();
    let mut opens = Vec::new();
    overlay.for_each_connection(|connection| opens.push(connected.between(&overlay, connection.a, connection.b).at()));
    opens
}

#[test]
fn links_that_take_no_time_change_nothing_whatever_the_engines_and_nats() {
    for engine in ["ideal", "chromium", "firefox", "webrtc-rs", "libdatachannel"] {
        for (nat, trickle, loss) in [("public", true, 0.0), ("generic", true, 0.0), ("generic", false, 0.02)] {
            let mut stage = Stage::mesh(12, 12);
            *stage.engine() = OrPreset::<EngineSpec>::named(engine).expect("a preset").value;
            stage.population.classes[0].nat = OrPreset::named(nat).expect("a preset");
            stage.population.classes[0].link.value.loss = crate::net::LinkLossSpec::from(Probability::new(loss).expect("a share"));
            stage.webrtc.signaling.trickle = trickle;
            let alone = opens(&stage);
            let beside = opens(&with_rates(stage, ENDLESS, ENDLESS));
            assert_eq!(alone, beside, "{engine}, {nat}, trickle {trickle}, loss {loss}");
        }
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
fn jitter_makes_set_ups_later_by_its_mean_on_each_way() {
    let mut stage = Stage::mesh(2, 2);
    let alone = stage.ladder();
    stage.population.classes[0].link.value.jitter = SimDuration::from_ms(8);
    let seeds = 200;
    let mut sum_ns = 0;
    for seed in 0..seeds {
        let opened = stage.connect_with(Seed(seed)).connected_at;
        sum_ns += opened.since(SimTime::ZERO + SESSION).as_ns();
    }
    // A ladder of the ideal engine is a chain of ways of 10 ms, each of which crosses two links: 4 ms each.
    let ways = alone.as_ns() as f64 / ONE_WAY.as_ns() as f64;
    let expected_ns = alone.as_ns() as f64 + ways * 2.0 * 4e6;
    let mean_ns = sum_ns as f64 / seeds as f64;
    assert!((mean_ns / expected_ns - 1.0).abs() < 0.05, "{mean_ns} {expected_ns}, {ways} ways");
}
