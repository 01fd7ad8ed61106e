//! What is learned, held against state machines made up for the purpose and against the real one.

use std::cmp::Ordering;

use super::courses::{Courses, Found, Tree};
use super::outcomes::plain;
use super::*;
use crate::rng::PairKey;
use crate::units::Probability;
use crate::webrtc::ice::IceSpec;
use crate::webrtc::setup::{Datagrams, Gather, Ipv6, RelayUse, SetupTimes, Signaled, StackProfile};
use crate::webrtc::stamp::Leg;

/// Opens after a round trip, or after two if the first is longer than a timer of 50 ms, and an offer
/// later if offers are faster than that. Whether an answer is faster makes no difference.
fn machine(
    _: &[Lost],
    mut comparisons: Comparisons,
    _: Option<&SetupTimes<Stamp>>,
) -> (SetupOutcome<Stamp>, Comparisons) {
    let delays = *comparisons.delays();
    let round_trip = Stamp::ZERO.over(Leg::Direct, &delays).over(Leg::Direct, &delays);
    let timer = Stamp::ZERO.after(SimDuration::from_ms(50));
    let mut open = round_trip;
    for tick in 1..20 {
        let tick = Stamp::ZERO.after(SimDuration::from_ms(7 * tick));
        comparisons.compare(tick, Stamp::ZERO.over(Leg::Answer, &delays));
    }
    if comparisons.compare(round_trip, timer) == Ordering::Greater {
        open = open.over(Leg::Direct, &delays).over(Leg::Direct, &delays);
    }
    if comparisons.compare(Stamp::ZERO.over(Leg::Offer, &delays), round_trip) == Ordering::Less {
        open = open.over(Leg::Offer, &delays);
    }
    (opens_at(open), comparisons)
}

fn opens_at(time: Stamp) -> SetupOutcome<Stamp> {
    SetupOutcome {
        times: SetupTimes { open: [Some(time); 2], ..SetupTimes::default() },
        selected: [None; 2],
        relay: RelayUse::Direct,
        signaled: [Signaled::default(); 2],
        datagrams: [Datagrams { up: 1, down: 1 }; 2],
    }
}

fn delays_of(us: [u64; 3]) -> Delays {
    let [direct, offer, answer] = us.map(SimDuration::from_us);
    Delays::default().with(Leg::Direct, direct).with(Leg::Offer, offer).with(Leg::Answer, answer)
}

#[test]
fn boundaries_are_found_to_the_nanosecond() {
    for seed in 0..50 {
        let mut courses = Courses::within(usize::MAX);
        let mut tree = Tree::default();
        let draw = |number: u32, leg: u32, below: u64| PairKey::new(seed).directed(number, leg) % below;
        for number in 0..4_000 {
            let us = [draw(number, 0, 50_000), draw(number, 1, 100_000), draw(number, 2, 150_000)];
            courses.find(&mut tree, &delays_of(us), &machine);
        }
        // Four outcomes, and none of the comparisons that make no difference.
        assert_eq!((courses.comparisons(), courses.outcomes()), (3, 4), "{seed}");
        assert!(courses.runs() < 64 + 2 * 64 + 40, "{} runs", courses.runs());
        for (number, ns) in (4_000..4_020).flat_map(|number| [(number, -1), (number, 1)]) {
            let timer = SimDuration::from_ns(25_000_000_u64.saturating_add_signed(ns));
            let delays = delays_of([0, draw(number, 1, 49_000), 20_000]).with(Leg::Direct, timer);
            let found = Found::Leaf(courses.find(&mut tree, &delays, &machine));
            assert_eq!(courses.outcome(&found, &delays), plain(&machine(&[], Comparisons::new(delays), None).0));
        }
    }
}

#[test]
fn equal_times_are_learned_too() {
    equal_times_are_learned_beside(300);
    equal_times_are_learned_beside(-300);
}

fn equal_times_are_learned_beside(sooner_us: i64) {
    let mut courses = Courses::within(usize::MAX);
    let mut tree = Tree::default();
    // Offers take as long as a round trip, always: the machine counts that as no faster.
    for number in 0..500 {
        let us = 1_000 + PairKey::new(1).directed(number, 0) % 20_000;
        let sooner_us = if number % 2 == 0 { 0 } else { sooner_us };
        let delays = delays_of([us, (2 * us).saturating_sub_signed(sooner_us), 20_000]);
        let found = Found::Leaf(courses.find(&mut tree, &delays, &machine));
        if number > 100 {
            assert_eq!(courses.outcome(&found, &delays), plain(&machine(&[], Comparisons::new(delays), None).0));
        }
    }
}

#[test]
fn what_waits_does_not_tell_of_what_does_not() {
    // Opens with the answer, if that is very late.
    let machine = |_: &[Lost], mut comparisons: Comparisons, _: Option<&SetupTimes<Stamp>>| {
        let delays = *comparisons.delays();
        let [way, answer] = [Leg::Direct, Leg::Answer].map(|leg| Stamp::ZERO.over(leg, &delays));
        let late = comparisons.compare(answer, way.after(SimDuration::from_secs(1))) == Ordering::Greater;
        let open = if late { answer } else { way };
        (opens_at(open), comparisons)
    };
    let (mut courses, mut tree) = (Courses::within(usize::MAX), Tree::default());
    let open = |courses: &mut Courses, tree: &mut Tree, answer_ms: u64| {
        let found = Found::Leaf(courses.find(tree, &delays_of([9_000, 40_000, 1_000 * answer_ms]), &machine));
        courses.outcome(&found, &delays_of([9_000, 40_000, 1_000 * answer_ms])).times.open[0].expect("it opens")
    };
    // A leaf of late ones that has been right for so long that it is hardly tried any more.
    (0..1_000).for_each(|number| _ = open(&mut courses, &mut tree, 2_100 + number));
    for answer_ms in [40, 50, 500, 3_000, 60, 900, 400] {
        let expected_ms = if answer_ms > 1_009 { answer_ms } else { 9 };
        assert_eq!(open(&mut courses, &mut tree, answer_ms), SimDuration::from_ms(expected_ms), "{answer_ms}");
    }
}

#[test]
fn there_is_a_limit_to_what_is_tried_for_its_lateness() {
    // Opens at the next millisecond after the way, another outcome for each; whether an answer waits is all the same.
    let machine = |_: &[Lost], mut comparisons: Comparisons, _: Option<&SetupTimes<Stamp>>| {
        let way = Stamp::ZERO.over(Leg::Direct, comparisons.delays());
        let mut tick = Stamp::ZERO;
        while comparisons.compare(tick, way) == Ordering::Less {
            tick = tick.after(SimDuration::from_ms(1));
        }
        (opens_at(tick), comparisons)
    };
    let (mut courses, mut tree) = (Courses::within(usize::MAX), Tree::eager());
    let mut look_ups = |tree: &mut Tree, numbers: std::ops::Range<u32>, late_us: u64| {
        for number in numbers {
            let draw = |leg: u32, below: u64| PairKey::new(7).directed(number, leg) % below;
            courses.find(tree, &delays_of([draw(0, 100_000), 40_000, 40_000 + draw(1, late_us)]), &machine);
        }
        courses.runs()
    };
    let learned = look_ups(&mut tree, 0..300, 1);
    let runs = look_ups(&mut tree.settled(), 300..5_000, 2_000_000) - learned;
    // A boundary that has begun is looked for to its end.
    assert!((100..128 + 40).contains(&runs), "{runs}");
}

#[test]
fn beyond_its_memory_nothing_is_learned_or_tried_again_and_again() {
    let (mut courses, mut tree) = (Courses::within(0), Tree::default());
    for number in 0..10_000 {
        let us = [9_000 + number % 40_000, 1_000, 5_000 * (number % 500)];
        courses.find(&mut tree, &delays_of(us), &machine);
    }
    // One leaf: tried for each lateness, and now and then as its look-ups grow.
    assert_eq!(courses.comparisons(), 0);
    assert!(courses.runs() < 200, "{}", courses.runs());
}

fn kinds(spec: IceSpec) -> Vec<EndSpec> {
    let nat = crate::net::MIDDLEBOX_PRESETS.iter().find(|preset| preset.name == "eim-apdf").expect("a preset");
    let end = |boxes| EndSpec {
        boxes,
        ipv6: Ipv6::None,
        stack: StackProfile { ice: spec.profile(), mdns: false },
        gather: Gather::Stun,
    };
    vec![end(Vec::new()), end((nat.make)())]
}

fn options() -> SetupOptions {
    SetupOptions {
        trickle: true,
        transports: vec![RelayTransport::Udp],
        profile: SetupProfile::Engines,
        memory_bytes: SetupOptions::MEMORY_BYTES,
    }
}

fn setups(spec: IceSpec) -> Setups {
    Setups::new(kinds(spec), options())
}

fn random_delays(number: u32) -> Delays {
    let ms = |leg: u32| SimDuration::from_us(1_000 + PairKey::new(8).directed(number, leg) % 150_000);
    let legs = [Leg::Direct, Leg::OffererToOwn, Leg::AnswererToOwn, Leg::Offer, Leg::Answer];
    legs.into_iter().zip(0..).fold(Delays::default(), |all, (leg, place)| all.with(leg, ms(place)))
}

#[test]
fn what_is_played_is_what_the_machine_does() {
    let kinds = kinds(IceSpec::Chromium);
    let mut played = Setups::played(kinds.clone(), options());
    for number in 0..100 {
        let (pair, delays) = (SetupPair { kinds: [0, 1], relation: Relation::Apart }, random_delays(number));
        let machine = run_once(&kinds, &options(), pair, &[], Comparisons::new(delays), None).0;
        assert_eq!(played.look_up(pair, &delays, &Chance::LOSSLESS), plain(&machine));
    }
    assert_eq!(played.size().runs, 100);
}

#[test]
fn what_was_learned_serves_other_lists_of_kinds() {
    let known = kinds(IceSpec::Chromium);
    let mut learning = Setups::learning(known.clone(), options());
    let pair = SetupPair { kinds: [0, 1], relation: Relation::Apart };
    for number in 0..3_000 {
        learning.look_up(pair, &random_delays(number), &Chance::LOSSLESS);
    }
    let learned = learning.size();
    // The same two the other way around, and one that is new.
    let new = EndSpec { gather: Gather::Host, ..known[0].clone() };
    let others = vec![known[1].clone(), known[0].clone(), new];
    let mut further = learning.known_to(others.clone());
    let (mut differ, pairs) = (0, [[1, 0], [2, 0]]);
    for (number, kinds) in (3_000..3_400).flat_map(|number| pairs.map(|kinds| (number, kinds))) {
        let (pair, delays) = (SetupPair { kinds, relation: Relation::Apart }, random_delays(number));
        let machine = run_once(&others, &options(), pair, &[], Comparisons::new(delays), None).0;
        differ += u32::from(further.look_up(pair, &delays, &Chance::LOSSLESS).times.open != plain(&machine).times.open);
    }
    assert!(differ <= 24, "{differ} of 800 differ");
    assert!(further.size().runs < learned.runs + 120, "{:?} after {learned:?}", further.size());
}

#[test]
fn losses_come_with_their_probability_and_cost_time() {
    let mut setups = setups(IceSpec::WebrtcRs021);
    let pair = SetupPair { kinds: [0, 1], relation: Relation::Apart };
    let delays = Delays::uniform(SimDuration::from_ms(20)).with(Leg::Offer, SimDuration::from_ms(33));
    let lossless = setups.look_up(pair, &delays, &Chance::LOSSLESS);
    let open = lossless.times.open[0].expect("it opens");
    let loss = Probability::new(0.001).expect("a probability");
    let [a, b] = lossless.datagrams;
    let datagrams = a.up + a.down + b.up + b.down;
    let (mut later, mut never) = (0, 0);
    let attempts = 2_000;
    for attempt in 0..attempts {
        let draw = PairKey::new(3).directed(attempt, 0);
        let chance = Chance { loss: [LinkLoss { up: loss, down: loss }; 2], draw };
        let outcome = setups.look_up(pair, &delays, &chance);
        match outcome.times.open[0] {
            None => never += 1,
            Some(at) => later += u32::from(at > open),
        }
    }
    let any = f64::from(attempts) * loss.any_of(u64::from(datagrams)).get();
    assert!(later > 0 && f64::from(later + never) < any, "{later} later, {never} never, {any} with a loss");
    // Runs of one loss are kept, and those of more are few.
    assert!(setups.size().runs < 300, "{:?}", setups.size());
}

#[test]
fn certain_loss_fails() {
    let mut setups = setups(IceSpec::Chromium);
    let pair = SetupPair { kinds: [1, 1], relation: Relation::Apart };
    let chance = Chance { loss: [LinkLoss { up: Probability::ONE, down: Probability::ONE }; 2], draw: 1 };
    let outcome = setups.look_up(pair, &Delays::uniform(SimDuration::from_ms(20)), &chance);
    assert!(outcome.times.open == [None; 2] && outcome.times.failed.is_some());
}
