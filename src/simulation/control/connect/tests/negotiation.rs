//! Glare: what perfect negotiation saves, and naive negotiation costs.

use super::*;
use crate::units::Frequency;
use crate::webrtc::NegotiationStyle;

fn glaring(style: NegotiationStyle, share: f64) -> Stage {
    let mut stage = Stage::mesh(30, 30);
    stage.webrtc.negotiation.style = style;
    stage.webrtc.negotiation.simultaneous = Probability::new(share).expect("a share");
    stage
}

#[test]
fn perfect_negotiation_loses_messages_and_no_time() {
    let alone = glaring(NegotiationStyle::Perfect, 0.0).connect();
    let both = glaring(NegotiationStyle::Perfect, 1.0).connect();
    assert_eq!(alone.connected_at, both.connected_at);
    assert_eq!((alone.tally.glares, both.tally.glares), (0, 435));
    // One offer and its four candidates each.
    assert_eq!(both.tally.wasted_messages, 435 * 5);
    assert_eq!(both.tally.signaling.messages, alone.tally.signaling.messages + 435 * 5);
    assert_eq!((both.tally.failed_negotiations, both.tally.attempts), (0, 435));
}

#[test]
fn naive_negotiation_fails_waits_and_tries_again() {
    let alone = glaring(NegotiationStyle::Naive, 0.0).connect();
    let both = glaring(NegotiationStyle::Naive, 1.0).connect();
    let tally = &both.tally;
    assert_eq!(alone.tally.glares, 0);
    // Waits are uniform up to 4 s: two of them lie within the 20 ms of an offer in one of a hundred cases.
    assert!((435..450).contains(&tally.glares), "{}", tally.glares);
    assert_eq!(tally.failed_negotiations, 2 * tally.glares);
    assert_eq!(tally.wasted_messages, 2 * 5 * tally.glares);
    assert_eq!(tally.opening.count(), 435);
    // The lesser of two waits is a third of the longest in the mean.
    let mean_s = tally.setup.mean().expect("connections").as_secs_f64();
    assert!((1.2..1.8).contains(&mean_s), "{mean_s}");
}

#[test]
fn a_single_offerer_never_meets_anyone() {
    let single = glaring(NegotiationStyle::SingleOfferer, 1.0).connect();
    assert_eq!((single.tally.glares, single.tally.wasted_messages), (0, 0));
}

#[test]
fn renegotiations_come_as_often_as_they_should_and_cost_what_their_style_does() {
    let renegotiating = |style, share| {
        let mut stage = glaring(style, share);
        stage.webrtc.negotiation.renegotiations = Frequency::from_per_second(0.5);
        stage.connect().tally
    };
    let p95_ms = |tally: &Tally| tally.renegotiation.quantile(0.95).expect("renegotiations").as_ms_f64();
    let perfect = renegotiating(NegotiationStyle::Perfect, 0.0);
    // 435 connections, half a second each, nearly 60 s.
    let expected = 435.0 * 0.5 * 59.8;
    assert!((perfect.renegotiations as f64 / expected - 1.0).abs() < 0.05, "{} {expected}", perfect.renegotiations);
    assert!((p95_ms(&perfect) - 40.0).abs() < 0.1, "an offer and an answer of 20 ms each");
    // The other end begins within the 20 ms of an offer, at a quarter a second.
    let share = perfect.glares as f64 / perfect.renegotiations as f64;
    assert!((0.003..0.007).contains(&share), "{share}");
    assert_eq!(perfect.failed_negotiations, 0);
    let naive = renegotiating(NegotiationStyle::Naive, 0.1);
    assert!(naive.failed_negotiations >= 2 * naive.glares);
    assert!(p95_ms(&naive) > 1_000.0, "{}", p95_ms(&naive));
    let both = renegotiating(NegotiationStyle::Perfect, 0.1);
    assert!((p95_ms(&both) - 80.0).abs() < 0.2, "{}", p95_ms(&both));
    // Half of them must ask first.
    let single = renegotiating(NegotiationStyle::SingleOfferer, 0.1);
    assert!((p95_ms(&single) - 60.0).abs() < 0.1, "{}", p95_ms(&single));
}
