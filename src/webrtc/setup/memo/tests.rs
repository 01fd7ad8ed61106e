//! The trees against state machines made up for the purpose, which do whatever their comparisons say.

use std::cmp::Ordering;

use proptest::prelude::*;

use super::courses::Courses;
use super::leaf::plain;
use super::tree::Branch;
use crate::rng::PairKey;
use crate::units::SimDuration;
use crate::webrtc::setup::{Datagrams, RelayUse, SetupOutcome, SetupTimes, Signaled};
use crate::webrtc::stamp::{Comparisons, Delays, LEGS, Leg, Stamp};

const ALL_LEGS: [Leg; LEGS] = [
    Leg::Direct,
    Leg::OffererToOwn,
    Leg::AnswererToOwn,
    Leg::OffererToOther,
    Leg::AnswererToOther,
    Leg::BetweenServers,
    Leg::Offer,
    Leg::Answer,
];

/// A state machine that compares, waits and sends as the hash of all it has seen tells it to.
fn machine(program: u64, mut comparisons: Comparisons) -> (SetupOutcome<Stamp>, Comparisons) {
    let delays = *comparisons.delays();
    let mut stamps = vec![Stamp::ZERO];
    let mut state = program;
    let mut draw = |state: &mut u64, below: u64| {
        *state = PairKey::new(*state).directed(1, 2);
        *state % below
    };
    for _ in 0..30 {
        let stamp = stamps[draw(&mut state, stamps.len() as u64) as usize];
        match draw(&mut state, 3) {
            0 => stamps.push(stamp.after(SimDuration::from_ns(draw(&mut state, 4) * 10))),
            1 => stamps.push(stamp.over(ALL_LEGS[draw(&mut state, LEGS as u64) as usize], &delays)),
            _ => {
                let other = stamps[draw(&mut state, stamps.len() as u64) as usize];
                state ^= match comparisons.compare(stamp, other) {
                    Ordering::Less => 0x1111,
                    Ordering::Equal => 0x2222,
                    Ordering::Greater => 0x4444,
                };
            }
        }
    }
    let mut time = || (draw(&mut state, 4) > 0).then(|| stamps[draw(&mut state, stamps.len() as u64) as usize]);
    let times = SetupTimes {
        gathered: [time(), time()],
        described: [time(), time()],
        ice: [time(), time()],
        dtls: [time(), time()],
        sctp: [time(), time()],
        open: [time(), time()],
        failed: time(),
    };
    let datagrams = [Datagrams { up: draw(&mut state, 3) as u32, down: 0 }, Datagrams::default()];
    let outcome = SetupOutcome {
        times,
        selected: [None; 2],
        relay: RelayUse::Direct,
        signaled: [Signaled::default(); 2],
        datagrams,
    };
    (outcome, comparisons)
}

fn delays_of(ns: [u64; LEGS]) -> Delays {
    ALL_LEGS.iter().zip(ns).fold(Delays::default(), |delays, (&leg, ns)| delays.with(leg, SimDuration::from_ns(ns)))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_tree_tells_what_a_run_comes_to(
        program in any::<u64>(),
        // Multiples of ten up to 60 ns meet timers of up to 30 ns, and each other, at equal times.
        many in prop::collection::vec([0..7_u64, 0..7, 0..7, 0..7, 0..7, 0..7, 0..7, 0..7], 1..120),
    ) {
        let mut courses = Courses::default();
        let mut root = Branch::default();
        for tens in many {
            let delays = delays_of(tens.map(|ten| ten * 10));
            let expected = plain(&machine(program, Comparisons::new(delays)).0);
            let found = courses.find(&mut root, &delays, |comparisons| machine(program, comparisons));
            prop_assert_eq!(courses.outcome(&found, &delays), expected);
            prop_assert_eq!(courses.datagrams(&found), expected.datagrams);
            let runs = courses.runs();
            let found = courses.find_or_run(root, &delays, |comparisons| machine(program, comparisons));
            prop_assert_eq!(courses.outcome(&found, &delays), expected);
            prop_assert_eq!(courses.runs(), runs);
        }
    }
}

#[test]
fn equal_courses_are_run_once() {
    let mut comparisons = 0;
    for program in 0..20 {
        let mut courses = Courses::default();
        let mut root = Branch::default();
        for ms in 1..200 {
            let delays = Delays::uniform(SimDuration::from_ms(ms));
            courses.find(&mut root, &delays, |comparisons| machine(program, comparisons));
        }
        // The delays are far longer than the timers, so which is longer is always the same.
        assert_eq!(courses.runs(), 1, "{program}");
        comparisons += courses.comparisons();
        assert!(courses.outcomes() == 1 && courses.bytes() > 0);
    }
    assert!(comparisons > 10, "{comparisons}");
}
