//! What must hold for every profile: who connects with whom, which way, and whoever offers.

use super::*;
use crate::net::{
    Filtering, MIDDLEBOX_PRESETS, Mapping, MiddleboxSpec, Nat, NatSpec, PairOutcome, overall_nat, pair_outcome,
};
use crate::units::{SimDuration, SimTime};
use crate::webrtc::ice::{CandidateKind, IceSpec};
use crate::webrtc::stamp::{Comparisons, Delays, Leg, Stamp};

const EVERY_TRANSPORT: [RelayTransport; 3] = [RelayTransport::Udp, RelayTransport::Tcp, RelayTransport::Tls];

fn end(spec: IceSpec, boxes: Vec<MiddleboxSpec>, gather: Gather) -> EndSpec {
    let browser = matches!(spec, IceSpec::Chromium | IceSpec::Firefox);
    EndSpec { boxes, ipv6: Ipv6::None, stack: StackProfile { ice: spec.profile(), mdns: browser }, gather }
}

fn setup(ends: [EndSpec; 2]) -> PairSetup {
    PairSetup {
        ends,
        relation: Relation::Apart,
        trickle: true,
        transports: EVERY_TRANSPORT.to_vec(),
        profile: SetupProfile::Engines,
    }
}

fn play(setup: &PairSetup) -> SetupOutcome<Stamp> {
    play_with(setup, &Losses::default())
}

fn play_with(setup: &PairSetup, losses: &Losses) -> SetupOutcome<Stamp> {
    run(setup, losses, Comparisons::new(Delays::uniform(SimDuration::from_ms(25)))).outcome
}

fn opens(outcome: &SetupOutcome<Stamp>) -> Option<SimTime> {
    outcome.times.open.iter().flatten().map(|open| open.time()).max()
}

fn is_open(outcome: &SetupOutcome<Stamp>) -> bool {
    outcome.times.open.iter().all(Option::is_some)
}

fn every_nat() -> Vec<Nat> {
    let mappings = [Mapping::EndpointIndependent, Mapping::AddressDependent, Mapping::AddressAndPortDependent];
    let filterings = [Filtering::EndpointIndependent, Filtering::AddressDependent, Filtering::AddressAndPortDependent];
    let nats = mappings.into_iter().flat_map(|mapping| filterings.map(|filtering| Nat::Nat(mapping, filtering)));
    nats.chain([Nat::Public, Nat::UdpBlocked]).collect()
}

fn boxes(nat: Nat) -> Vec<MiddleboxSpec> {
    match nat {
        Nat::Public => Vec::new(),
        Nat::Nat(mapping, filtering) => vec![MiddleboxSpec::Nat(NatSpec::new(mapping, filtering))],
        Nat::UdpBlocked => vec![MiddleboxSpec::UdpBlocked],
    }
}

#[test]
fn what_is_due_when_a_reply_comes_is_done_first() {
    // The second answer to a request that was repeated after 200 ms changes nothing by itself, but it comes just when
    // the next rounds of checks are due, which then leave ahead of what else comes at that time.
    let nat = Nat::Nat(Mapping::EndpointIndependent, Filtering::AddressAndPortDependent);
    let ends = [(IceSpec::Pion, boxes(nat)), (IceSpec::Chromium, Vec::new())];
    let setup = setup(ends.map(|(spec, boxes)| end(spec, boxes, Gather::Turn)));
    let delays = Delays::uniform(SimDuration::from_ns(101_397_793));
    let outcome = run(&setup, &Losses::default(), Comparisons::new(delays)).outcome;
    assert_eq!(outcome.datagrams.map(|end| [end.up, end.down]), [[53, 52], [60, 51]]);
}

#[test]
fn every_pair_of_nats_connects_as_the_rule_says() {
    for spec in IceSpec::ALL {
        for a in every_nat() {
            for b in every_nat() {
                let outcome = play(&setup([a, b].map(|nat| end(spec, boxes(nat), Gather::Turn))));
                let blocked = a == Nat::UdpBlocked || b == Nat::UdpBlocked;
                let name = format!("{spec:?}: {a:?} offers to {b:?}");
                if blocked && !spec.profile().streams_to_turn {
                    assert!(!is_open(&outcome) && outcome.times.failed.is_some(), "{name}");
                    continue;
                }
                assert!(is_open(&outcome), "{name}: {outcome:?}");
                let relayed = pair_outcome(a, b, true) == PairOutcome::Relayed;
                assert_eq!(outcome.relay != RelayUse::Direct, relayed, "{name}: {outcome:?}");
            }
        }
    }
}

// Whether what one end has for its own relayed address the other has for the other end's, so that there
// are two relays only if both ends have chosen a pair of relayed addresses.
fn uses_one_pair(outcome: &SetupOutcome<Stamp>) -> bool {
    let [offerer, answerer] = outcome.selected.map(|kinds| kinds.expect("a pair"));
    let relayed = |kind| kind == CandidateKind::Relayed;
    relayed(offerer.local) == relayed(answerer.remote) && relayed(answerer.local) == relayed(offerer.remote)
}

// Other delays: the same everywhere, or with far or near servers.
fn several_delays() -> [Delays; 4] {
    let ms = SimDuration::from_ms;
    let lopsided = Delays::uniform(ms(30)).with(Leg::OffererToOwn, ms(4)).with(Leg::OffererToOther, ms(90));
    [
        Delays::uniform(ms(2)),
        Delays::uniform(ms(140)),
        lopsided.with(Leg::AnswererToOwn, ms(7)).with(Leg::BetweenServers, ms(41)).with(Leg::Answer, ms(3)),
        lopsided.with(Leg::AnswererToOwn, ms(110)).with(Leg::Direct, ms(17)).with(Leg::Offer, ms(300)),
    ]
}

#[test]
fn both_ends_come_to_use_one_pair() {
    // Browsers hide a public address behind a firewall.
    let ways: Vec<_> = every_nat().into_iter().map(boxes).chain([vec![MiddleboxSpec::Firewall]]).collect();
    for spec in [IceSpec::Rfc, IceSpec::Chromium, IceSpec::Firefox] {
        for (a, b) in ways.iter().flat_map(|a| ways.iter().map(move |b| (a, b))) {
            for delays in several_delays() {
                let setup = setup([a, b].map(|boxes| end(spec, boxes.clone(), Gather::Turn)));
                let outcome = run(&setup, &Losses::default(), Comparisons::new(delays)).outcome;
                let name = format!("{spec:?}: {a:?} offers to {b:?} under {delays:?}: {outcome:?}");
                assert!(is_open(&outcome) && uses_one_pair(&outcome), "{name}");
                let two = matches!(outcome.relay, RelayUse::Both(..));
                let blocked = [a, b].map(|boxes| overall_nat(boxes) == Nat::UdpBlocked);
                assert_eq!(two, blocked == [true; 2], "{name}");
            }
        }
    }
}

#[test]
fn a_run_is_left_only_once_its_times_are_others() {
    let presets = || MIDDLEBOX_PRESETS.iter().step_by(2);
    let ms = SimDuration::from_ms;
    let (mut wrong, mut early) = (0, 0);
    for spec in IceSpec::ALL {
        for (a, b) in presets().flat_map(|a| presets().map(move |b| (a, b))) {
            let setup = setup([a, b].map(|preset| end(spec, (preset.make)(), Gather::Turn)));
            let played = several_delays().map(|delays| {
                let lossy = Losses { up: [vec![4], vec![7]], ..Losses::default() };
                [Losses::default(), lossy].map(|losses| run(&setup, &losses, Comparisons::new(delays)).outcome)
            });
            for (delays, [lossless, lossy]) in several_delays().into_iter().zip(played) {
                let context = format!("{spec:?}: {} offers to {} under {delays:?}", a.name, b.name);
                let left = |expected: &SetupOutcome<Stamp>| {
                    run::run_while(&setup, &Losses::default(), Comparisons::new(delays), &expected.times).outcome
                };
                let but_gathered = |outcome: &SetupOutcome<Stamp>| outcome.times.but_gathered();
                assert_eq!(left(&lossless), lossless, "{context}");
                if but_gathered(&lossy) != but_gathered(&lossless) {
                    let left = left(&lossy);
                    assert_ne!(but_gathered(&left), but_gathered(&lossy), "{context}");
                    wrong += 1;
                    early += u32::from(but_gathered(&left) != but_gathered(&lossless));
                    let known = but_gathered(&left).into_iter().zip(but_gathered(&lossless));
                    assert!(known.into_iter().all(|(known, all)| known.is_none() || known == all), "{context}");
                }
                let noted = Comparisons::between(delays, [&Delays::default(), &Delays::uniform(ms(70))]);
                assert_eq!(run(&setup, &Losses::default(), noted).outcome, lossless, "{context}");
            }
        }
    }
    assert!(wrong > 500 && 10 * early > 9 * wrong, "{early} of {wrong} were left early");
}

#[test]
fn what_is_not_waited_for_does_not_come() {
    let engines = [
        ([IceSpec::Chromium; 2], [Gather::Turn; 2]),
        ([IceSpec::Firefox; 2], [Gather::Turn; 2]),
        ([IceSpec::Chromium, IceSpec::Firefox], [Gather::Turn; 2]),
        ([IceSpec::WebrtcRs021, IceSpec::Chromium], [Gather::Turn; 2]),
        ([IceSpec::Chromium; 2], [Gather::Stun, Gather::Turn]),
    ];
    for (specs, gathers) in engines {
        for (a, b) in MIDDLEBOX_PRESETS.iter().flat_map(|a| MIDDLEBOX_PRESETS.iter().map(move |b| (a, b))) {
            for (number, delays) in (0..).zip(several_delays()) {
                let setup = setup([0, 1].map(|side| end(specs[side], ([a, b][side].make)(), gathers[side])));
                let lost = Losses { up: [vec![3 * number, 11], vec![5, 2 * number]], ..Losses::default() };
                for losses in [Losses::default(), lost] {
                    let [early, late] = [run, run::run_patiently]
                        .map(|run| run(&setup, &losses, Comparisons::new(delays)).outcome)
                        .map(|outcome| (outcome.relay, outcome.selected, outcome.times.open, outcome.times.failed));
                    let context = format!("{specs:?}, {gathers:?}: {} offers to {} under {delays:?}", a.name, b.name);
                    assert_eq!(early, late, "{context}, {losses:?}");
                }
            }
        }
    }
}

#[test]
fn candidates_from_checks_do_not_multiply_for_ever() {
    let open_to_all = Nat::Nat(Mapping::AddressAndPortDependent, Filtering::EndpointIndependent);
    for spec in [IceSpec::WebrtcRs017, IceSpec::Pion] {
        for (delays, gather) in
            several_delays().into_iter().flat_map(|delays| [(delays, Gather::Stun), (delays, Gather::Turn)])
        {
            let setup = setup([0, 1].map(|_| end(spec, boxes(open_to_all), gather)));
            let outcome = run(&setup, &Losses::default(), Comparisons::new(delays)).outcome;
            assert!(is_open(&outcome), "{spec:?}, {gather:?}, {delays:?}: {outcome:?}");
            assert_eq!(outcome.relay, RelayUse::Direct);
        }
    }
}

#[test]
fn any_one_datagram_may_be_lost() {
    let (independent, dependent) = (Mapping::EndpointIndependent, Mapping::AddressAndPortDependent);
    let [home, symmetric] =
        [independent, dependent].map(|mapping| Nat::Nat(mapping, Filtering::AddressAndPortDependent));
    let pairs = [(Nat::Public, Nat::Public), (home, home), (home, symmetric), (Nat::Public, symmetric)];
    let specs = [IceSpec::Rfc, IceSpec::Chromium, IceSpec::Firefox, IceSpec::WebrtcRs021, IceSpec::Pion];
    for spec in specs {
        for ((a, b), gather) in pairs.into_iter().flat_map(|pair| [(pair, Gather::Stun), (pair, Gather::Turn)]) {
            let setup = setup([a, b].map(|nat| end(spec, boxes(nat), gather)));
            let whole = play(&setup);
            for (side, number) in (0..15).flat_map(|number| [(0, number), (1, number)]) {
                let (mut up, mut down) = (Losses::default(), Losses::default());
                up.up[side].push(number);
                down.down[side].push(number);
                for losses in [up, down] {
                    let outcome = play_with(&setup, &losses);
                    let name = format!("{spec:?}: {a:?} offers to {b:?}, {gather:?}, {losses:?}: {outcome:?}");
                    assert_eq!(is_open(&outcome), is_open(&whole), "{name}");
                    assert!(is_open(&outcome) || outcome.times.failed.is_some(), "it hangs: {name}");
                    assert!(!is_open(&outcome) || uses_one_pair(&outcome), "{name}");
                    // With one pair alone there is nothing to gain from a loss.
                    if (a, b, gather) == (Nat::Public, Nat::Public, Gather::Stun) {
                        assert!(opens(&outcome) >= opens(&whole), "{name}");
                    }
                }
            }
        }
    }
}

#[test]
fn without_a_relay_nothing_connects_that_has_no_direct_path() {
    for spec in IceSpec::ALL {
        for a in every_nat() {
            for b in every_nat() {
                let outcome = play(&setup([a, b].map(|nat| end(spec, boxes(nat), Gather::Stun))));
                let direct = pair_outcome(a, b, false) == PairOutcome::Direct;
                assert_eq!(is_open(&outcome), direct, "{spec:?}: {a:?} offers to {b:?}: {outcome:?}");
                assert!(direct || outcome.times.failed.is_some(), "{spec:?}: {a:?} offers to {b:?}: it hangs");
            }
        }
    }
}

#[test]
fn who_offers_does_not_change_whether_and_which_way_named_boxes_connect() {
    for spec in [IceSpec::Rfc, IceSpec::Chromium, IceSpec::Firefox] {
        for a in MIDDLEBOX_PRESETS {
            for b in MIDDLEBOX_PRESETS {
                // Conntrack's clash is a matter of who sends first.
                let clashes = [a, b].iter().any(|preset| preset.name == "masquerade-no-input-drop");
                let [one, other] = [[a, b], [b, a]]
                    .map(|pair| play(&setup(pair.map(|preset| end(spec, (preset.make)(), Gather::Turn)))));
                assert_eq!(is_open(&one), is_open(&other), "{spec:?}: {} and {}", a.name, b.name);
                let relayed = [one.relay, other.relay].map(|relay| relay != RelayUse::Direct);
                assert!(clashes || relayed[0] == relayed[1], "{spec:?}: {} and {}", a.name, b.name);
            }
        }
    }
}

#[test]
fn where_udp_is_blocked_the_relay_is_reached_over_what_gets_out() {
    let way = |name: &str| {
        let preset = MIDDLEBOX_PRESETS.iter().find(|preset| preset.name == name).expect("a preset");
        assert_eq!(overall_nat(&(preset.make)()), Nat::UdpBlocked);
        let blocked = end(IceSpec::Chromium, (preset.make)(), Gather::Turn);
        play(&setup([blocked, end(IceSpec::Chromium, Vec::new(), Gather::Turn)])).relay
    };
    assert_eq!(way("udp-blocked"), RelayUse::Offerer(RelayTransport::Tcp));
    assert_eq!(way("tcp-443-only"), RelayUse::Offerer(RelayTransport::Tls));
}

#[test]
fn a_browsers_channel_opens_as_measured() {
    // Milliseconds after the answer reached the offerer, and after the answerer made it, with
    // signaling that takes no time (Chromium 156).
    for (round_trip_ms, offerer_ms, answerer_ms) in
        [(20, 72.2, 100.6), (50, 184.4, 215.0), (100, 350.4, 416.1), (200, 700.6, 813.5)]
    {
        let ends = [0, 1].map(|_| end(IceSpec::Chromium, Vec::new(), Gather::Host));
        let setup = PairSetup {
            ends: ends.map(|end| EndSpec { stack: StackProfile { mdns: false, ..end.stack }, ..end }),
            ..setup([0, 1].map(|_| end(IceSpec::Chromium, Vec::new(), Gather::Host)))
        };
        let delays = Delays::default().with(Leg::Direct, SimDuration::from_us(round_trip_ms * 500));
        let times = run(&setup, &Losses::default(), Comparisons::new(delays)).outcome.times;
        let ice = times.ice.map(|time| time.expect("connected").time().as_ns() / 1_000_000);
        assert_eq!(ice, [round_trip_ms; 2], "one round trip");
        for (side, measured_ms) in [offerer_ms, answerer_ms].into_iter().enumerate() {
            let open_ms = times.open[side].expect("open").time().as_ns() as f64 / 1e6;
            let off = (open_ms - measured_ms).abs();
            assert!(off < 0.05 * measured_ms + 12.0, "{round_trip_ms} ms, end {side}: {open_ms} and {measured_ms}");
        }
    }
}

fn at_home(relation: Relation, mdns: bool) -> PairSetup {
    let nat =
        || vec![MiddleboxSpec::Nat(NatSpec::new(Mapping::EndpointIndependent, Filtering::AddressAndPortDependent))];
    let ends = [0, 1].map(|_| {
        let end = end(IceSpec::Chromium, nat(), Gather::Turn);
        EndSpec { stack: StackProfile { mdns, ..end.stack }, ..end }
    });
    PairSetup { relation, ..setup(ends) }
}

#[test]
fn one_local_network_needs_multicast_where_addresses_are_hidden() {
    let host = Some(SelectedKinds { local: CandidateKind::Host, remote: CandidateKind::Host });
    for (relation, mdns, direct) in [
        (Relation::SameLan, true, true),
        (Relation::SameLan, false, true),
        (Relation::SameLanNoMulticast, false, true),
        // Nothing but the hairpin that the box does not have.
        (Relation::SameLanNoMulticast, true, false),
    ] {
        let outcome = play(&at_home(relation, mdns));
        assert!(is_open(&outcome), "{relation:?}, {mdns}");
        assert_eq!(outcome.relay == RelayUse::Direct, direct, "{relation:?}, {mdns}");
        if direct {
            assert_eq!(outcome.selected, [host; 2], "{relation:?}, {mdns}");
        }
    }
}

#[test]
fn a_carrier_that_two_homes_share_has_to_turn_packets_around() {
    let home = NatSpec::new(Mapping::EndpointIndependent, Filtering::AddressAndPortDependent);
    for hairpin in [true, false] {
        let carrier = NatSpec { hairpin, ..NatSpec::new(Mapping::EndpointIndependent, Filtering::EndpointIndependent) };
        let chain = || vec![MiddleboxSpec::Nat(home), MiddleboxSpec::Nat(carrier)];
        let ends = [0, 1].map(|_| end(IceSpec::Chromium, chain(), Gather::Turn));
        let outcome = play(&PairSetup { relation: Relation::SameCarrier, ..setup(ends) });
        assert!(is_open(&outcome));
        assert_eq!(outcome.relay == RelayUse::Direct, hairpin, "hairpin {hairpin}");
    }
}

#[test]
fn ipv6_connects_what_ipv4_cannot_if_both_have_it() {
    let symmetric = || {
        let mapping = Mapping::AddressAndPortDependent;
        vec![MiddleboxSpec::Nat(NatSpec::new(mapping, Filtering::AddressAndPortDependent))]
    };
    for both in [true, false] {
        let ends = [true, both].map(|has| {
            let end = end(IceSpec::Chromium, symmetric(), Gather::Turn);
            EndSpec { ipv6: if has { Ipv6::Firewalled } else { Ipv6::None }, ..end }
        });
        let outcome = play(&setup(ends));
        assert!(is_open(&outcome));
        assert_eq!(outcome.relay == RelayUse::Direct, both, "both have it: {both}");
    }
}

#[test]
fn a_server_that_does_not_answer_ends_gathering_by_time_and_steps_are_kept_on_request() {
    let blocked = end(IceSpec::WebrtcRs021, vec![MiddleboxSpec::UdpBlocked], Gather::Turn);
    let setup = setup([blocked, end(IceSpec::WebrtcRs021, Vec::new(), Gather::Turn)]);
    let delays = Delays::uniform(SimDuration::from_ms(25));
    let traced = run_traced(&setup, &Losses::default(), Comparisons::new(delays));
    let gathered = traced.outcome.times.gathered[0].expect("gathered").time();
    assert_eq!(gathered.as_ns(), 5_000_000_000);
    assert!(traced.steps.iter().any(|step| step.who == Who::Offerer && step.what == "signals offer"));
    assert!(run(&setup, &Losses::default(), Comparisons::new(delays)).steps.is_empty());
}

#[test]
fn signaling_is_counted() {
    let ends = || [0, 1].map(|_| end(IceSpec::WebrtcRs021, Vec::new(), Gather::Turn));
    let trickled = play(&setup(ends())).signaled;
    assert_eq!(trickled[0], Signaled { messages: 3, bytes: 458 + 3 * 97 });
    assert_eq!(trickled[1], Signaled { messages: 3, bytes: 460 + 3 * 97 });
    let whole = play(&PairSetup { trickle: false, ..setup(ends()) }).signaled;
    assert_eq!(whole[0], Signaled { messages: 1, bytes: 458 + 3 * 97 });
}
