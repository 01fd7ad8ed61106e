//! The fast path against the state machine it is learned from: all pairs of boxes, all implementations.

use peerscape::net::MIDDLEBOX_PRESETS;
use peerscape::rng::PairKey;
use peerscape::units::{Probability, SimDuration, SimTime};
use peerscape::webrtc::SetupProfile;
use peerscape::webrtc::ice::IceSpec;
use peerscape::webrtc::setup::{
    Chance, EndSpec, Gather, Ipv6, LinkLoss, Losses, PairSetup, Relation, RelayTransport, SetupOptions, SetupOutcome,
    SetupPair, Setups, SetupsLearner, StackProfile, run,
};
use peerscape::webrtc::stamp::{Comparisons, Delays, Leg, Stamp};

const SPECS: [IceSpec; 4] = [IceSpec::WebrtcRs021, IceSpec::Chromium, IceSpec::Rfc, IceSpec::Firefox];
const TRANSPORTS: [RelayTransport; 2] = [RelayTransport::Udp, RelayTransport::Tls];
const LEGS: [Leg; 8] = [
    Leg::Direct,
    Leg::OffererToOwn,
    Leg::AnswererToOwn,
    Leg::OffererToOther,
    Leg::AnswererToOther,
    Leg::BetweenServers,
    Leg::Offer,
    Leg::Answer,
];

fn kinds(spec: IceSpec, gather: Gather, names: impl Fn(&str) -> bool) -> Vec<EndSpec> {
    let stack = StackProfile { ice: spec.profile(), mdns: spec == IceSpec::Chromium };
    let chosen = MIDDLEBOX_PRESETS.iter().filter(|preset| names(preset.name));
    chosen.map(|preset| EndSpec { boxes: (preset.make)(), ipv6: Ipv6::None, stack, gather }).collect()
}

/// After so many lessons of one pair, under delays anywhere.
fn learned(kinds: &[EndSpec], lessons: u32, chance: impl Fn(u32) -> Chance) -> Setups {
    let options = SetupOptions { trickle: true, transports: TRANSPORTS.to_vec(), profile: SetupProfile::default() };
    let mut learner = SetupsLearner::new(kinds.to_vec(), options);
    (0..lessons).for_each(|number| learner.learn(PAIR, &anywhere(number), &chance(number)));
    learner.into_setups()
}

const PAIR: SetupPair = SetupPair { kinds: [0, 0], relation: Relation::Apart };

/// What the state machine makes of it.
fn direct(kinds: &[EndSpec], pair: SetupPair, delays: &Delays) -> SetupOutcome<Stamp> {
    direct_with(kinds, pair, &Losses::default(), delays)
}

fn direct_with(kinds: &[EndSpec], pair: SetupPair, losses: &Losses, delays: &Delays) -> SetupOutcome<Stamp> {
    let setup = PairSetup {
        ends: pair.kinds.map(|kind| kinds[usize::from(kind)].clone()),
        relation: pair.relation,
        trickle: true,
        transports: TRANSPORTS.to_vec(),
        profile: SetupProfile::default(),
    };
    run(&setup, losses, Comparisons::new(*delays)).outcome
}

/// Unequal delays of a grid: multiples of 5 ms from 5 to 155 ms.
fn grid(number: u32) -> Delays {
    let ms = |leg: Leg| 5 + 5 * (PairKey::new(1).directed(number, leg as u32) % 31);
    LEGS.into_iter().fold(Delays::default(), |delays, leg| delays.with(leg, SimDuration::from_ms(ms(leg))))
}

/// Delays between 5 and 150 ms.
fn anywhere(number: u32) -> Delays {
    let ns = |leg: Leg| 5_000_000 + PairKey::new(2).directed(number, leg as u32) % 145_000_000;
    LEGS.into_iter().fold(Delays::default(), |delays, leg| delays.with(leg, SimDuration::from_ns(ns(leg))))
}

fn same(looked_up: &SetupOutcome<SimDuration>, run: &SetupOutcome<Stamp>) -> bool {
    let times = |[a, b]: [Option<SimDuration>; 2], [c, d]: [Option<Stamp>; 2]| {
        let plain = |stamp: Option<Stamp>| stamp.map(|stamp| stamp.time().since(SimTime::ZERO));
        [a, b] == [plain(c), plain(d)]
    };
    let (mine, theirs) = (&looked_up.times, &run.times);
    times(mine.described, theirs.described)
        && times(mine.ice, theirs.ice)
        && times(mine.dtls, theirs.dtls)
        && times(mine.sctp, theirs.sctp)
        && times(mine.open, theirs.open)
        && times([mine.failed; 2], [theirs.failed; 2])
        && (looked_up.selected, looked_up.relay) == (run.selected, run.relay)
}

fn both(times: [Option<SimDuration>; 2]) -> Option<SimDuration> {
    times[0].zip(times[1]).map(|(one, other)| one.max(other))
}

fn opened(outcome: &SetupOutcome<Stamp>) -> Option<SimDuration> {
    both(outcome.times.open.map(|time| time.map(|stamp| stamp.time().since(SimTime::ZERO))))
}

/// Pairs of which nothing was learned are the state machine's own runs.
#[test]
fn all_pairs_of_boxes_have_the_outcome_of_the_state_machine() {
    for spec in SPECS {
        let kinds = kinds(spec, Gather::Turn, |_| true);
        let setups = learned(&kinds, 0, |_| Chance::LOSSLESS);
        let all = (0..kinds.len() as u16).flat_map(|a| (0..kinds.len() as u16).map(move |b| [a, b]));
        for (number, pair) in (0..).zip(all) {
            let pair = SetupPair { kinds: pair, relation: Relation::Apart };
            let delays = grid(number);
            let (known, right) = (setups.look_up(pair, &delays, &Chance::LOSSLESS), direct(&kinds, pair, &delays));
            assert!(same(&known, &right), "{spec:?} {pair:?} {delays:?}: {known:?} {right:?}");
        }
    }
}

#[test]
fn what_has_been_learned_holds_nearly_everywhere_else() {
    for (spec, wrong_max) in [(IceSpec::WebrtcRs021, 30), (IceSpec::Chromium, 30), (IceSpec::Rfc, 60)] {
        let kinds = kinds(spec, Gather::Stun, |name| name == "eim-apdf");
        let setups = learned(&kinds, 20_000, |_| Chance::LOSSLESS);
        assert!(setups.knows(PAIR));
        let (mut all, mut wrong) = (0, 0);
        for number in 20_000..20_600 {
            for delays in [anywhere(number), grid(number)] {
                let looked_up = setups.look_up(PAIR, &delays, &Chance::LOSSLESS);
                all += 1;
                wrong += u32::from(!same(&looked_up, &direct(&kinds, PAIR, &delays)));
            }
        }
        println!("{spec:?}: {wrong} of {all} wrong, {:?}", setups.size());
        assert!(wrong < wrong_max, "{spec:?}: {wrong} of {all} wrong");
    }
}

/// Against runs of their own, with the losses of other draws of the same probability: the median within 5 %,
/// nineteen of twenty within 15 %.
#[test]
fn losses_delay_as_in_the_state_machine() {
    let kinds = kinds(IceSpec::WebrtcRs021, Gather::Stun, |name| name == "eim-apdf");
    for (percent, checked) in [(0.1, true), (1.0, true), (5.0, false)] {
        let loss = Probability::new(percent / 100.0).expect("a probability");
        let chance = |number: u32| {
            let draw = PairKey::new(8).directed(number, 0);
            Chance { loss: [LinkLoss { up: loss, down: loss }; 2], draw }
        };
        let setups = learned(&kinds, 1_500, |number| chance(10_000 + number));
        let (mut looked_up, mut played) = (Vec::new(), Vec::new());
        for number in 2_000..3_500 {
            let delays = anywhere(number);
            let ns = |open: Option<SimDuration>| open.map_or(u64::MAX, SimDuration::as_ns);
            looked_up.push(ns(both(setups.look_up(PAIR, &delays, &chance(number)).times.open)));
            let losses = losses(number, loss);
            played.push(ns(opened(&direct_with(&kinds, PAIR, &losses, &delays))));
        }
        looked_up.sort_unstable();
        played.sort_unstable();
        for (share, tolerance) in [(50, 0.05), (95, 0.15)] {
            let at = |times: &[u64]| times[times.len() * share / 100] as f64;
            let ratio = at(&looked_up) / at(&played);
            println!("loss {percent} %, {share} % of set-ups: {ratio:.4}, {:?}", setups.size());
            assert!(!checked || (ratio - 1.0).abs() < tolerance, "loss {percent} %, {share} %: {ratio}");
        }
    }
}

/// Each of the first thousand datagrams of every link is lost with this probability.
fn losses(number: u32, loss: Probability) -> Losses {
    let list = |link: u32| {
        let key = PairKey::new(PairKey::new(9).directed(number, link));
        (0..1_000)
            .filter(|&index| ((key.directed(index, 0) >> 11) as f64) < loss.get() * (1_u64 << 53) as f64)
            .collect()
    };
    Losses { up: [list(0), list(2)], down: [list(1), list(3)] }
}
