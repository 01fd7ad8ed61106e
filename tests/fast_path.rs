//! The fast path against the state machine it is learned from: all pairs of boxes, all implementations.

use peerscape::net::MIDDLEBOX_PRESETS;
use peerscape::rng::PairKey;
use peerscape::units::{Probability, SimDuration, SimTime};
use peerscape::webrtc::SetupProfile;
use peerscape::webrtc::ice::IceSpec;
use peerscape::webrtc::setup::{
    Chance, EndSpec, Gather, Ipv6, LinkLoss, Losses, PairSetup, Relation, RelayTransport, SetupOptions, SetupOutcome,
    SetupPair, Setups, StackProfile, run,
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

fn setups(kinds: &[EndSpec]) -> Setups {
    let options = SetupOptions {
        trickle: true,
        transports: TRANSPORTS.to_vec(),
        profile: SetupProfile::default(),
        memory_bytes: SetupOptions::MEMORY_BYTES,
    };
    Setups::new(kinds.to_vec(), options)
}

/// What the state machine makes of it.
fn direct(kinds: &[EndSpec], pair: SetupPair, delays: &Delays) -> SetupOutcome<Stamp> {
    let setup = PairSetup {
        ends: pair.kinds.map(|kind| kinds[usize::from(kind)].clone()),
        relation: pair.relation,
        trickle: true,
        transports: TRANSPORTS.to_vec(),
        profile: SetupProfile::default(),
    };
    run(&setup, &Losses::default(), Comparisons::silent(*delays)).outcome
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
    times(mine.gathered, theirs.gathered)
        && times(mine.described, theirs.described)
        && times(mine.ice, theirs.ice)
        && times(mine.dtls, theirs.dtls)
        && times(mine.sctp, theirs.sctp)
        && times(mine.open, theirs.open)
        && times([mine.failed; 2], [theirs.failed; 2])
        && (looked_up.selected, looked_up.relay) == (run.selected, run.relay)
}

#[test]
fn all_pairs_of_boxes_have_the_outcome_of_the_state_machine() {
    for spec in SPECS {
        let kinds = kinds(spec, Gather::Turn, |_| true);
        let mut setups = setups(&kinds);
        let all = (0..kinds.len() as u16).flat_map(|a| (0..kinds.len() as u16).map(move |b| [a, b]));
        for (number, pair) in (0..).zip(all) {
            let pair = SetupPair { kinds: pair, relation: Relation::Apart };
            let delays = grid(number);
            let looked_up = setups.look_up(pair, &delays, &Chance::LOSSLESS);
            assert!(same(&looked_up, &direct(&kinds, pair, &delays)), "{spec:?} {pair:?} {delays:?}");
        }
    }
}

#[test]
fn what_has_been_learned_holds_nearly_everywhere_else() {
    for (spec, wrong_max) in [(IceSpec::WebrtcRs021, 30), (IceSpec::Chromium, 30), (IceSpec::Rfc, 60)] {
        let kinds = kinds(spec, Gather::Stun, |name| name == "eim-apdf");
        let mut setups = setups(&kinds);
        let pair = SetupPair { kinds: [0, 0], relation: Relation::Apart };
        for number in 0..20_000 {
            setups.look_up(pair, &anywhere(number), &Chance::LOSSLESS);
        }
        let (mut learned, mut wrong) = (0, 0);
        for number in 20_000..20_600 {
            for delays in [anywhere(number), grid(number)] {
                let runs = setups.size().runs;
                let looked_up = setups.look_up(pair, &delays, &Chance::LOSSLESS);
                let right = same(&looked_up, &direct(&kinds, pair, &delays));
                if setups.size().runs > runs {
                    assert!(right, "{spec:?}: a trial is the state machine's own word: {delays:?}");
                } else {
                    learned += 1;
                    wrong += u32::from(!right);
                }
            }
        }
        println!("{spec:?}: {wrong} of {learned} wrong, {:?}", setups.size());
        assert!(learned > 600 && wrong < wrong_max, "{spec:?}: {wrong} of {learned} wrong");
    }
}

#[test]
fn losses_delay_as_in_the_state_machine() {
    let kinds = kinds(IceSpec::WebrtcRs021, Gather::Stun, |name| name == "eim-apdf");
    let mut setups = setups(&kinds);
    let pair = SetupPair { kinds: [0, 0], relation: Relation::Apart };
    let loss = Probability::new(0.01).expect("a probability");
    let (mut looked_up, mut played) = (Vec::new(), Vec::new());
    for number in 0..1_500 {
        let delays = anywhere(number);
        let chance =
            |key| Chance { loss: [LinkLoss { up: loss, down: loss }; 2], draw: PairKey::new(key).directed(number, 0) };
        let open = |outcome: SetupOutcome<SimDuration>| outcome.times.open[0].map_or(u64::MAX, SimDuration::as_ns);
        looked_up.push(open(setups.look_up(pair, &delays, &chance(8))));
        // A table of its own for each set-up knows nothing but this pair's own course.
        let mut fresh = self::setups(&kinds);
        played.push(open(fresh.look_up(pair, &delays, &chance(9))));
    }
    looked_up.sort_unstable();
    played.sort_unstable();
    for (percent, tolerance) in [(50, 0.02), (75, 0.03), (90, 0.1)] {
        let at = |times: &[u64]| times[times.len() * percent / 100] as f64;
        let ratio = at(&looked_up) / at(&played);
        assert!((ratio - 1.0).abs() < tolerance, "{percent} %: {ratio}");
    }
}
