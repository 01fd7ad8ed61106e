//! What is learned, held against state machines made up for the purpose and against the real one.

use std::cmp::Ordering;

use super::courses::Tree;
use super::lessons::Lessons;
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

// What the lessons so far make of these delays.
fn outcome(lessons: &Lessons, tree: &Tree, delays: &Delays) -> SetupOutcome<SimDuration> {
    let courses = lessons.courses();
    courses.outcome(&courses.find(tree, delays).expect("it was learned"), delays)
}

fn right(delays: Delays) -> SetupOutcome<SimDuration> {
    plain(&machine(&[], Comparisons::new(delays), None).0)
}

#[test]
fn boundaries_are_found_to_the_nanosecond() {
    for seed in 0..50 {
        let (mut lessons, mut tree) = (Lessons::default(), Tree::default());
        let draw = |number: u32, leg: u32, below: u64| PairKey::new(seed).directed(number, leg) % below;
        for number in 0..4_000 {
            let us = [draw(number, 0, 50_000), draw(number, 1, 100_000), draw(number, 2, 150_000)];
            lessons.learn(&mut tree, &delays_of(us), &machine);
        }
        // Four outcomes, and none of the comparisons that make no difference.
        let courses = lessons.courses();
        assert_eq!((courses.forest.len(), courses.outcomes.len()), (3, 4), "{seed}");
        assert!(tree.runs < 64 + 2 * 64 + 160, "{} runs", tree.runs);
        for (number, ns) in (4_000..4_020).flat_map(|number| [(number, -1), (number, 1)]) {
            let timer = SimDuration::from_ns(25_000_000_u64.saturating_add_signed(ns));
            let delays = delays_of([0, draw(number, 1, 49_000), 20_000]).with(Leg::Direct, timer);
            assert_eq!(outcome(&lessons, &tree, &delays), right(delays));
        }
    }
}

#[test]
fn equal_times_are_learned_too() {
    equal_times_are_learned_beside(300);
    equal_times_are_learned_beside(-300);
}

fn equal_times_are_learned_beside(sooner_us: i64) {
    let (mut lessons, mut tree) = (Lessons::default(), Tree::default());
    // Offers take as long as a round trip, always: the machine counts that as no faster.
    for number in 0..500 {
        let us = 1_000 + PairKey::new(1).directed(number, 0) % 20_000;
        let sooner_us = if number % 2 == 0 { 0 } else { sooner_us };
        let delays = delays_of([us, (2 * us).saturating_sub_signed(sooner_us), 20_000]);
        lessons.learn(&mut tree, &delays, &machine);
        if number > 100 {
            assert_eq!(outcome(&lessons, &tree, &delays), right(delays));
        }
    }
}

#[test]
fn a_leaf_that_has_been_right_for_long_is_tried_more_and_more_rarely() {
    let (mut lessons, mut tree) = (Lessons::default(), Tree::default());
    let mut runs_after = |lessons_more: u32| {
        (0..lessons_more).for_each(|_| _ = lessons.learn(&mut tree, &delays_of([9_000, 40_000, 1_000]), &machine));
        lessons.runs()[1]
    };
    assert_eq!(runs_after(16), 16);
    let runs = [1_000, 100_000].map(&mut runs_after);
    assert!(runs[0] < 16 + 80 && runs[1] < runs[0] + 90, "{runs:?}");
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
    SetupOptions { trickle: true, transports: vec![RelayTransport::Udp], profile: SetupProfile::Engines }
}

const PAIR: SetupPair = SetupPair { kinds: [0, 1], relation: Relation::Apart };

// Of the first kind with the second, under delays at random.
fn learned(spec: IceSpec, lessons: u32, chance: impl Fn(u32) -> Chance) -> Setups {
    let mut learner = SetupsLearner::new(kinds(spec), options());
    (0..lessons).for_each(|number| learner.learn(PAIR, &random_delays(number), &chance(number)));
    learner.into_setups()
}

fn lossy(share: f64, number: u32) -> Chance {
    let loss = Probability::new(share).expect("a probability");
    Chance { loss: [LinkLoss { up: loss, down: loss }; 2], draw: PairKey::new(3).directed(number, 0) }
}

fn random_delays(number: u32) -> Delays {
    let ms = |leg: u32| SimDuration::from_us(1_000 + PairKey::new(8).directed(number, leg) % 150_000);
    let legs = [Leg::Direct, Leg::OffererToOwn, Leg::AnswererToOwn, Leg::Offer, Leg::Answer];
    legs.into_iter().zip(0..).fold(Delays::default(), |all, (leg, place)| all.with(leg, ms(place)))
}

fn of_machine(kinds: &[EndSpec], pair: SetupPair, delays: Delays) -> SetupOutcome<SimDuration> {
    plain(&run_once(kinds, &options(), pair, &[], Comparisons::new(delays), None).0)
}

#[test]
fn what_is_played_is_what_the_machine_does() {
    let kinds = kinds(IceSpec::Chromium);
    let played = Setups::played(kinds.clone(), options());
    assert!(!played.knows(PAIR) && played.size() == SetupsSize::default());
    for delays in (0..100).map(random_delays) {
        assert_eq!(played.look_up(PAIR, &delays, &Chance::LOSSLESS), of_machine(&kinds, PAIR, delays));
    }
}

#[test]
fn what_little_was_learned_of_is_played() {
    let setups = learned(IceSpec::Chromium, 3, |_| Chance::LOSSLESS);
    assert!(setups.size().tree_runs > 0 && !setups.knows(PAIR), "{:?}", setups.size());
    for delays in (0..100).map(random_delays) {
        let right = of_machine(&kinds(IceSpec::Chromium), PAIR, delays);
        assert_eq!(setups.look_up(PAIR, &delays, &Chance::LOSSLESS), right);
    }
}

/// In any order, after any others, by a copy: what is looked up is a function of what is asked.
#[test]
fn the_order_of_look_ups_changes_nothing() {
    let setups = learned(IceSpec::Chromium, 3_000, |number| lossy(0.01, number));
    assert!(setups.knows(PAIR));
    // Pairs that are known and that are not, with no loss, one, two and more.
    let outcome = |setups: &Setups, number: u32| {
        let pair = SetupPair { kinds: [number as u16 % 2, number as u16 / 2 % 2], relation: Relation::Apart };
        setups.look_up(pair, &random_delays(5_000 + number), &lossy(0.02, number))
    };
    let in_order: Vec<_> = (0..400).map(|number| outcome(&setups, number)).collect();
    let turned: Vec<_> = (0..400).rev().map(|number| outcome(&setups, number)).rev().collect();
    assert_eq!(in_order, turned);
    let other = setups.known_to(kinds(IceSpec::Chromium));
    let alone: Vec<_> = (0..400).step_by(7).map(|number| outcome(&other, number)).collect();
    assert_eq!(alone, in_order.into_iter().step_by(7).collect::<Vec<_>>());
}

#[test]
fn what_was_learned_serves_other_lists_of_kinds() {
    let setups = learned(IceSpec::Chromium, 3_000, |_| Chance::LOSSLESS);
    // The same two the other way around, and one that is new.
    let known = kinds(IceSpec::Chromium);
    let new = EndSpec { gather: Gather::Host, ..known[0].clone() };
    let others = vec![known[1].clone(), known[0].clone(), new];
    let further = setups.known_to(others.clone());
    let pairs = [[1, 0], [2, 0]].map(|kinds| SetupPair { kinds, ..PAIR });
    assert_eq!(pairs.map(|pair| further.knows(pair)), [true, false]);
    for (pair, differ_max) in pairs.into_iter().zip([12, 0]) {
        let differs = |delays: &Delays| {
            let right = of_machine(&others, pair, *delays);
            further.look_up(pair, delays, &Chance::LOSSLESS).times.open != right.times.open
        };
        let differ = (3_000..3_400).map(random_delays).filter(differs).count();
        assert!(differ <= differ_max, "{differ} of 400 differ");
    }
}

#[test]
fn relations_stand_in_their_order() {
    for (place, relation) in ALL_RELATIONS.into_iter().enumerate() {
        assert_eq!(relation as usize, place);
    }
}

#[test]
fn a_loss_that_was_never_met_can_be_looked_up() {
    let known = |unmet: bool| {
        let mut learner = SetupsLearner::new(kinds(IceSpec::Chromium), options());
        (0..100).for_each(|number| learner.learn(PAIR, &random_delays(number), &Chance::LOSSLESS));
        let runs = learner.size().runs;
        if unmet {
            learner.learn_unmet_losses();
            assert_eq!(learner.size().runs, runs + 4, "one for each link and direction");
        }
        learner.into_setups()
    };
    let delays = random_delays(50);
    let once = (0..).map(|number| lossy(0.01, number)).find(|chance| {
        let mut lost = Vec::new();
        let datagrams = known(false).look_up(PAIR, &delays, &Chance::LOSSLESS).datagrams;
        Draws::new(chance).add_to(&mut lost, &datagrams) && lost.len() == 1
    });
    let chance = once.expect("a loss");
    // Else it is a run of its own.
    let right = Setups::played(kinds(IceSpec::Chromium), options()).look_up(PAIR, &delays, &chance);
    assert_eq!(known(false).look_up(PAIR, &delays, &chance), right);
    let open = |outcome: SetupOutcome<SimDuration>| outcome.times.open[0].expect("it opens");
    let lossless = open(known(true).look_up(PAIR, &delays, &Chance::LOSSLESS));
    assert!(open(known(true).look_up(PAIR, &delays, &chance)) >= lossless);
}

#[test]
fn losses_come_with_their_probability_and_cost_time() {
    let delays = Delays::uniform(SimDuration::from_ms(20)).with(Leg::Offer, SimDuration::from_ms(33));
    let mut learner = SetupsLearner::new(kinds(IceSpec::WebrtcRs021), options());
    (0..2_000).for_each(|number| learner.learn(PAIR, &delays, &lossy(0.001, 10_000 + number)));
    let setups = learner.into_setups();
    let lossless = setups.look_up(PAIR, &delays, &Chance::LOSSLESS);
    let open = lossless.times.open[0].expect("it opens");
    let [a, b] = lossless.datagrams;
    let datagrams = a.up + a.down + b.up + b.down;
    let (mut later, mut never) = (0, 0);
    let attempts = 2_000;
    for attempt in 0..attempts {
        match setups.look_up(PAIR, &delays, &lossy(0.001, attempt)).times.open[0] {
            None => never += 1,
            Some(at) => later += u32::from(at > open),
        }
    }
    let loss = Probability::new(0.001).expect("a probability");
    let any = f64::from(attempts) * loss.any_of(u64::from(datagrams)).get();
    assert!(later > 0 && f64::from(later + never) < any, "{later} later, {never} never, {any} with a loss");
    // Each loss was met once, and then known.
    let size = setups.size();
    assert!(size.tree_runs < 100 && size.runs - size.tree_runs <= u64::from(datagrams), "{size:?}");
}

#[test]
fn certain_loss_fails() {
    let setups = learned(IceSpec::Chromium, 1_000, |_| Chance::LOSSLESS);
    let outcome = setups.look_up(PAIR, &Delays::uniform(SimDuration::from_ms(20)), &lossy(1.0, 1));
    assert!(outcome.times.open == [None; 2] && outcome.times.failed.is_some());
}
