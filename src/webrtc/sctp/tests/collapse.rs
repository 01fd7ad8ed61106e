//! The slow-start collapse of libwebrtc: where it comes, how long it lasts, and that it is the one rule.

use super::figures::Case;
use crate::units::{ByteCount, SimDuration};
use crate::webrtc::sctp::AssociationProfile;
use crate::webrtc::sctp::lab::{LabRun, LabSpec, SocketSpec, run};

/// How long at most twelve packets left in half a second, from half a second on: the stall.
fn stall(run: &LabRun) -> SimDuration {
    let slow = run.sent.windows(10).skip(10).filter(|window| window.iter().sum::<u32>() <= 12).count();
    run.bin * slow as u64
}

#[test]
fn after_a_burst_of_losses_one_packet_leaves_in_a_round_trip() {
    let case = Case { secs: 20, echo: false, ..Case::chromium(50, 0.0) };
    let run = case.run(1);
    let begin = run.sent.iter().position(|&sent| sent == 0).expect("the silence before the time-out");
    let burst = &run.sent[..begin];
    // A trace of Chromium 156 has 10, 15, 24, 17, 38, 52, 81, 66, 89, 81, 79, 70 packets in 50 ms each.
    assert!((10..=14).contains(&begin) && burst.iter().sum::<u32>() > 500, "{burst:?}");
    let silence = run.sent[begin..].iter().take_while(|&&sent| sent == 0).count();
    assert!((6..=10).contains(&silence), "412 ms in the trace: {silence} bins");
    let crawl = &run.sent[begin + silence..begin + silence + 60];
    assert!(crawl.iter().all(|&sent| sent <= 2) && crawl.iter().sum::<u32>() > 20, "{crawl:?}");
    let length = stall(&run);
    assert!((4.9..9.1).contains(&length.as_secs_f64()), "{length}: 7 s were measured, bound 30 %");
    let stuck = run.stuck.as_secs_f64();
    assert!((stuck - length.as_secs_f64()).abs() < 1.0, "the window of one packet is the stall: {stuck}");
    let end = run.goodput_mbit_per_s(SimDuration::from_secs(14), SimDuration::from_secs(20));
    assert!(end > 8.7, "then it recovers: {end}");
    // The other channel stalls too.
    let worst = Case { echo: true, ..case }.run(1).echo_ms(0.99).expect("some came back");
    assert!(worst > 1_000.0, "{worst}");
}

#[test]
fn it_lasts_a_round_trip_for_each_packet_that_was_lost() {
    // Measured: 15.5 s, bound 30 %; 177 packets were lost there, 105 are here.
    let run = Case { secs: 20, echo: false, ..Case::chromium(100, 0.0) }.run(1);
    let length = stall(&run).as_secs_f64();
    assert!((10.9..20.2).contains(&length), "{length}");
    let lost = run.drops[0] as f64 * 0.1;
    assert!((lost * 0.8..lost * 1.3).contains(&length), "{length} for {} packets", run.drops[0]);
}

#[test]
fn it_is_the_recovery_that_a_time_out_does_not_end() {
    let profile = AssociationProfile::chromium().without_collapse();
    let run = Case { profile, ..Case::chromium(50, 0.0) }.run(1);
    let goodput = run.goodput_mbit_per_s(SimDuration::from_secs(2), SimDuration::from_secs(6));
    assert!(goodput > 4.0, "{goodput}");
    assert!(stall(&run) < SimDuration::from_secs(2), "{}", stall(&run));
    assert_eq!(run.stuck, SimDuration::ZERO);
}

#[test]
fn a_socket_drops_what_it_cannot_hold_and_nothing_else() {
    let case = Case { rate: 100_000_000, queue: 2_500_000, secs: 4, ..Case::chromium(20, 0.0) };
    let with = |cpu_us| {
        let packet = SimDuration::from_us(cpu_us);
        let (message, kilobyte) = (SimDuration::ZERO, SimDuration::ZERO);
        let socket = SocketSpec { capacity: ByteCount::new(131_072), message, packet, kilobyte };
        run(&LabSpec { socket: Some(socket), ..case.spec(1) }).expect("it runs")
    };
    assert_eq!(with(0).drops[2], 0, "a CPU that needs no time");
    // The sender is as slow as the receiver: 5,000 packets a second, and nothing is dropped. Not all of them are full:
    // a window that is filled to the brim has small ones, which take as long.
    let alike = with(200);
    assert_eq!(alike.drops[2], 0, "a CPU of 48 Mbit/s behind one of the same");
    let packets: u32 = alike.sent[40..80].iter().sum();
    assert!((9_000..12_000).contains(&packets), "{packets} handed over in two seconds");
    let goodput = alike.goodput_mbit_per_s(SimDuration::from_secs(2), SimDuration::from_secs(4));
    assert!((30.0..48.0).contains(&goodput), "{goodput}");
    // Acknowledgements wait behind packets that are written, and what comes meanwhile takes room.
    let narrow = SocketSpec {
        capacity: ByteCount::new(4_608),
        message: SimDuration::from_ms(2),
        packet: SimDuration::ZERO,
        kilobyte: SimDuration::ZERO,
    };
    let narrow = run(&LabSpec { socket: Some(narrow), ..case.spec(1) }).expect("it runs");
    assert!(narrow.drops[2] > 0, "room for two packets while a message is taken in for 2 ms");
}

#[test]
fn gossip_never_meets_it() {
    let case = Case { echo: true, ..Case::chromium(50, 1.0) };
    let spec = LabSpec { bulk: None, ..case.spec(1) };
    let run = run(&spec).expect("it runs");
    // What came back was never waiting: round trip and serialisation.
    assert!(run.echoes.len() as f64 > 0.95 * run.echoes_sent as f64);
    assert!(run.echoes.iter().all(|time| *time < SimDuration::from_ms(53)), "{:?}", run.echo_ms(1.0));
}
