//! The signaling server's queue, sessions and outages, and doing without it.

use super::*;
use crate::units::Frequency;
use crate::webrtc::{InBand, SignalingOutage};

fn per_s(rate: f64) -> Option<Frequency> {
    Frequency::from_per_second(rate)
}

#[test]
fn a_server_forwards_as_many_messages_a_second_as_it_can() {
    // All 40 offers are at the server at once, then the answers: 80 messages at 100 a second.
    let mut stage = Stage::late_hub(41);
    stage.population.join_over = SimDuration::from_us(41);
    stage.webrtc.signaling.candidates = Bounded::new(0).expect("in range");
    stage.webrtc.signaling.capacity = per_s(100.0);
    let connected = stage.connect();
    let offered = at(SESSION + SimDuration::from_us(40));
    let ms = SimDuration::from_ms;
    // The last offer is through after 400 ms, the last answer after 800.
    let expected = offered + stage.set_up(LEG + ms(400), ms(400));
    assert_eq!((connected.connected_at, connected.tally.signaling.messages), (expected, 80));
    // With three candidates a description, four times as long; the last candidates are not waited for.
    stage.webrtc.signaling.candidates = Bounded::new(3).expect("in range");
    let trickling = stage.connect();
    let expected = offered + stage.set_up(LEG + ms(1_570), ms(1_600));
    assert_eq!((trickling.connected_at, trickling.tally.signaling.messages), (expected, 320));
}

#[test]
fn a_full_queue_loses_messages_and_they_are_tried_again() {
    let mut stage = Stage::late_hub(41);
    stage.population.join_over = SimDuration::from_us(41);
    stage.webrtc.signaling.candidates = Bounded::new(0).expect("in range");
    stage.webrtc.signaling.capacity = per_s(100.0);
    stage.webrtc.signaling.queue = Bounded::new(9).expect("in range");
    let connected = stage.connect();
    // One in service and nine waiting of 40 at once.
    assert!(connected.tally.signaling.lost >= 30, "{:?}", connected.tally.signaling);
    assert_eq!(connected.tally.timeouts, connected.tally.signaling.lost);
    assert_eq!(connected.tally.opening.count() + connected.tally.given_up, 40);
    assert!(connected.connected_at > at(SimDuration::from_secs(25)));
}

#[test]
fn what_is_sent_in_an_outage_is_lost_and_comes_after_the_time_out() {
    let mut stage = Stage::mesh(2, 2);
    let before = stage.connect().connected_at;
    // Down while the offer travels: the sessions are open by then.
    let outage = SignalingOutage { at: SESSION + SimDuration::from_ms(5), lasts: SimDuration::from_ms(20) };
    stage.webrtc.signaling.outages = vec![outage];
    stage.run(|phase| {
        let late = phase.connected_at.since(before);
        let (timeout, backoff) = (phase.webrtc.connect.timeout, phase.webrtc.connect.backoff);
        assert!(late >= timeout + backoff.half() && late <= timeout + backoff, "{late}");
        assert_eq!((phase.tally.attempts, phase.tally.timeouts), (2, 1));
        assert!(phase.lines.iter().all(Line::is_open), "they came back");
    });
    // Over before anything is sent: nothing happens but that peers come back to a server that is up.
    stage.webrtc.signaling.outages =
        vec![SignalingOutage { at: SimDuration::from_ms(1), lasts: SimDuration::from_ms(1) }];
    stage.run(|phase| assert_eq!((phase.tally.attempts, phase.tally.timeouts), (1, 0)));
}

#[test]
fn whoever_joins_in_an_outage_waits_for_its_end() {
    let mut stage = Stage::mesh(10, 10);
    let outage = SignalingOutage { at: SimDuration::ZERO, lasts: SimDuration::from_secs(10) };
    stage.webrtc.signaling.outages = vec![outage];
    let connected = stage.connect();
    assert!(connected.connected_at > at(SimDuration::from_secs(10)));
    // The waits double up to 16 s, less up to half.
    assert!(connected.connected_at < at(SimDuration::from_secs(30)), "{:?}", connected.connected_at);
    assert_eq!(connected.tally.opening.count(), 45);
    assert!(connected.tally.signaling.refused_sessions >= 30);
}

#[test]
fn a_server_with_too_few_sessions_leaves_the_others_alone() {
    let mut stage = Stage::mesh(10, 10);
    stage.webrtc.signaling.sessions = Bounded::new(6);
    let connected = stage.connect();
    assert_eq!(connected.tally.opening.count(), 15);
    assert_eq!(connected.tally.never_begun, 30);
    assert_eq!(connected.all_open_at, SimTime::MAX);
    assert_eq!(connected.degrees.iter().filter(|&&degree| degree == 0).count(), 4);
}

#[test]
fn over_the_overlay_an_outage_goes_unnoticed() {
    // Peers come one a second and may set up one connection at a time; the server fails as the last has
    // its first.
    let peers = 20;
    let mut stage = Stage::mesh(peers, peers);
    stage.population.join_over = SimDuration::from_secs(u64::from(peers));
    stage.webrtc.connect.concurrent = Bounded::new(1).expect("in range");
    let joined = SimDuration::from_secs(u64::from(peers) - 1) + SESSION + stage.ladder();
    let outage = SignalingOutage { at: joined + SimDuration::from_ms(1), lasts: SimDuration::from_secs(8) };
    let mut finish = |in_band, outages: &[SignalingOutage]| {
        stage.webrtc.signaling.in_band = in_band;
        stage.webrtc.signaling.outages = outages.to_vec();
        stage.connect()
    };
    let central = finish(InBand::Off, &[outage]);
    assert!(central.connected_at > at(joined + SimDuration::from_secs(8)));
    let (calm, stormy) = (finish(InBand::AfterFirst, &[]), finish(InBand::AfterFirst, &[outage]));
    assert_eq!(calm.connected_at, stormy.connected_at);
    assert_eq!((stormy.tally.timeouts, stormy.tally.opening.count()), (0, 190));
    // Whoever turns to the overlay only when the server has failed loses what is under way to it.
    let (calm, stormy) = (finish(InBand::Fallback, &[]), finish(InBand::Fallback, &[outage]));
    assert_eq!((calm.tally.in_band_messages, calm.tally.timeouts), (0, 0));
    assert!(stormy.tally.in_band_messages > 0);
    assert!((1..=20).contains(&stormy.tally.timeouts), "{}", stormy.tally.timeouts);
    assert_eq!(stormy.tally.opening.count(), 190);
    // After the first connection of each peer nothing goes by the server: five messages an offer or answer.
    let calm = finish(InBand::AfterFirst, &[]);
    assert_eq!(calm.tally.signaling.messages, u64::from(peers - 1) * 2 * 5);
    assert_eq!(calm.tally.in_band_messages, (190 - u64::from(peers - 1)) * 2 * 5);
}
