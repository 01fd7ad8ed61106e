//! With losses: what each costs, and that nothing hangs but what is known to.

use proptest::prelude::*;

use super::rig::Rig;
use crate::webrtc::handshake::TransportProfile;
use crate::webrtc::ice::IceSpec;
use crate::webrtc::setup::SetupProfile;

const RTC: TransportProfile = TransportProfile::of(IceSpec::WebrtcRs021);
const RFC: TransportProfile = TransportProfile::of(IceSpec::Rfc);
const CHROMIUM: TransportProfile = TransportProfile::of(IceSpec::Chromium);

// When both ends have an open channel, with one datagram lost.
fn late_ms(rig: &Rig, side: usize, number: usize) -> f64 {
    let opened = rig.losing(side, number).run().open_ms();
    opened.into_iter().flatten().fold(0.0, f64::max)
}

#[test]
fn a_lost_datagram_of_webrtc_rs_costs_a_second() {
    let rig = Rig::new(RTC, SetupProfile::WebrtcRs, 20);
    let lossless = rig.run().open_ms()[0].expect("it opens");
    for (side, count) in [(0, 6), (1, 6)] {
        for number in 0..count {
            let name = rig.run().names(side)[number].1;
            let late = late_ms(&rig, side, number) - lossless;
            assert!((late - 1_000.0).abs() < 1e-6, "{name}: {late} ms later");
        }
    }
}

#[test]
fn a_second_loss_costs_what_the_timer_says() {
    // DTLS of webrtc-rs repeats every second; SCTP after one, then after two.
    let rig = Rig::new(RTC, SetupProfile::WebrtcRs, 20);
    let lossless = rig.run().open_ms()[0].expect("it opens");
    let twice = |number: usize| late_ms(&rig.losing(1, number), 1, number + 1) - lossless;
    assert_eq!(twice(0), 2_000.0, "ClientHello");
    assert_eq!(twice(3), 3_000.0, "INIT");
    // RFC 6347 doubles.
    let rfc = Rig::new(RFC, SetupProfile::Classic12, 20);
    let twice = |number: usize| late_ms(&rfc.losing(1, number), 1, number + 1) - rfc_lossless(&rfc);
    assert_eq!(twice(0), 3_000.0, "ClientHello");
}

fn rfc_lossless(rig: &Rig) -> f64 {
    rig.run().open_ms().into_iter().flatten().fold(0.0, f64::max)
}

#[test]
fn chromium_repeats_after_two_round_trips() {
    let rig = Rig::new(CHROMIUM, SetupProfile::Dtls13, 50);
    let lossless = rfc_lossless(&rig);
    // Either half of the ClientHello, and of the server's flight.
    assert_eq!(late_ms(&rig, 1, 0) - lossless, 200.0);
    assert_eq!(late_ms(&rig, 1, 1) - lossless, 200.0);
    assert!((late_ms(&rig, 0, 0) - lossless - 200.0).abs() <= 5.0, "{}", late_ms(&rig, 0, 0) - lossless);
    // Before ICE has measured: 50 ms, and no more than 3 s however far.
    let blind = Rig { measured: false, ..rig.clone() };
    assert_eq!(late_ms(&blind, 1, 0) - rfc_lossless(&blind), 50.0);
    let far = Rig::new(CHROMIUM, SetupProfile::Dtls13, 2_000);
    assert_eq!(late_ms(&far, 1, 0) - rfc_lossless(&far), 3_000.0);
}

#[test]
fn the_known_hang_of_webrtc_rs_hangs_and_says_nothing() {
    // The last flight of the client is lost; the server's flight comes again just before the client's
    // own timer: as when the answerer's flight has been delayed on its way.
    let mut rig = Rig::new(RTC, SetupProfile::WebrtcRs, 20).losing(1, 2);
    rig.lost[0].push(1);
    let ran = rig.run();
    let names: Vec<_> = ran.names(1).into_iter().map(|(_, name)| name).collect();
    if ran.ends[0].open().is_none() {
        assert_eq!(ran.ends.iter().filter_map(|end| end.failed()).count(), 0, "{names:?}");
    }
}

fn stack() -> impl Strategy<Value = (TransportProfile, SetupProfile)> {
    let stacks = prop::sample::select(IceSpec::ALL.to_vec());
    let ladders = prop::sample::select(vec![
        SetupProfile::Classic12,
        SetupProfile::WebrtcRs,
        SetupProfile::Dtls13,
        SetupProfile::Snap,
        SetupProfile::Warp,
    ]);
    (stacks, ladders).prop_map(|(stack, ladder)| (TransportProfile::of(stack), ladder))
}

proptest! {
    #[test]
    fn whatever_is_lost_it_opens_or_says_that_it_failed(
        (profile, ladder) in stack(),
        lost in prop::array::uniform2(prop::collection::vec(0_usize..9, 0..6)),
        client in 0_usize..2,
        delay_ms in 1_u64..150,
    ) {
        // Without the defect that is known to hang.
        let mut profile = profile;
        if profile == RTC {
            profile.dtls.repeats = TransportProfile::of(IceSpec::Pion).dtls.repeats;
        }
        profile.tells_failure = true;
        let ran = Rig { lost, client, ..Rig::new(profile, ladder, delay_ms) }.run();
        let opened = ran.ends.iter().all(|end| end.open().is_some());
        let failed = ran.ends.iter().any(|end| end.failed().is_some());
        prop_assert!(opened || failed, "{:?}", ran.sent);
        // Nothing goes on for ever.
        prop_assert!(ran.ends.iter().all(|end| end.deadlines().count() == 0) || !opened);
    }
}
