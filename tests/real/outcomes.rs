//! Who connects with whom: the pair rule against real ICE behind simulated boxes, every cell.

use peerscape::net::{
    Filtering, MIDDLEBOX_PRESETS, Mapping, MiddleboxSpec, Nat, NatSpec, PairOutcome, overall_nat, pair_outcome,
};
use peerscape::real::pair::{Gather, PairRun, PairSpec, connect};
use peerscape::units::SimDuration;
use peerscape::webrtc::stamp::Delays;

fn run(boxes: [Vec<MiddleboxSpec>; 2], gather: Gather) -> PairRun {
    let spec = PairSpec { boxes, gather, delays: Delays::uniform(SimDuration::from_ms(25)), ..PairSpec::default() };
    connect(&spec).expect("it runs")
}

fn is_open(run: &PairRun) -> bool {
    run.connection.open_at().is_some()
}

fn every_nat() -> Vec<(Mapping, Filtering)> {
    let mappings = [Mapping::EndpointIndependent, Mapping::AddressDependent, Mapping::AddressAndPortDependent];
    let filterings = [Filtering::EndpointIndependent, Filtering::AddressDependent, Filtering::AddressAndPortDependent];
    mappings.into_iter().flat_map(|mapping| filterings.map(|filtering| (mapping, filtering))).collect()
}

fn nat((mapping, filtering): (Mapping, Filtering)) -> Vec<MiddleboxSpec> {
    vec![MiddleboxSpec::Nat(NatSpec::new(mapping, filtering))]
}

#[test]
fn with_stun_alone_every_pair_of_nats_connects_as_the_rule_says() {
    let mut failed = 0;
    for a in every_nat() {
        for b in every_nat() {
            let rule = pair_outcome(Nat::Nat(a.0, a.1), Nat::Nat(b.0, b.1), false);
            let run = run([nat(a), nat(b)], Gather::Stun);
            assert_eq!(is_open(&run), rule == PairOutcome::Direct, "{a:?} offers to {b:?}");
            assert!(is_open(&run) || run.failed_at.is_some(), "{a:?} offers to {b:?}: it hangs");
            failed += u32::from(!is_open(&run));
        }
    }
    // Three mappings with a filter by port meet three, and only EIM with EIM gets through.
    assert_eq!(failed, 8);
}

#[test]
fn a_turn_server_rescues_every_pair_of_nats_and_relays_those_that_need_it() {
    for a in every_nat() {
        for b in every_nat() {
            let rule = pair_outcome(Nat::Nat(a.0, a.1), Nat::Nat(b.0, b.1), true);
            let run = run([nat(a), nat(b)], Gather::Turn);
            assert!(is_open(&run), "{a:?} offers to {b:?}");
            assert_eq!(run.relayed, rule == PairOutcome::Relayed, "{a:?} offers to {b:?}");
        }
    }
}

#[test]
fn named_boxes_follow_the_rule_but_for_the_conntrack_clash() {
    let mut clashes = Vec::new();
    for a in MIDDLEBOX_PRESETS {
        for b in MIDDLEBOX_PRESETS {
            let boxes = [(a.make)(), (b.make)()];
            let rule = pair_outcome(overall_nat(&boxes[0]), overall_nat(&boxes[1]), false);
            let open = is_open(&run(boxes, Gather::Stun));
            if open != (rule == PairOutcome::Direct) {
                assert!(!open, "{} offers to {}: a connection against the rule", a.name, b.name);
                clashes.push((a.name, b.name));
            }
        }
    }
    // The offerer's box has already tracked the answerer's first check as a flow to itself, so its own
    // check leaves from another port than its peer was told. Filters by port then let nothing in.
    let clash = "masquerade-no-input-drop";
    let strict = ["eim-apdf", "cgnat-home", "masquerade", clash];
    assert_eq!(clashes, strict.map(|other| (clash, other)));
}

#[test]
fn without_udp_nothing_connects_even_with_turn() {
    // The stack speaks TURN over UDP only.
    for name in ["udp-blocked", "tcp-443-only"] {
        let preset = MIDDLEBOX_PRESETS.iter().find(|preset| preset.name == name).expect("a preset");
        let run = run([(preset.make)(), Vec::new()], Gather::Turn);
        assert!(!is_open(&run) && run.failed_at.is_some(), "{name}");
    }
}

#[test]
fn relay_only_takes_the_relay_even_between_public_peers() {
    let run = run([Vec::new(), Vec::new()], Gather::RelayOnly);
    assert!(is_open(&run) && run.relayed);
}

#[test]
fn without_trickle_the_description_waits_for_the_candidates() {
    let spec =
        PairSpec { gather: Gather::Stun, delays: Delays::uniform(SimDuration::from_ms(25)), ..PairSpec::default() };
    let eager = connect(&spec).expect("it runs");
    let patient = connect(&PairSpec { trickle: false, ..spec }).expect("it runs");
    let ms = |run: &PairRun| run.connection.open_at().expect("open").as_ns() / 1_000_000;
    // A round trip to the STUN server at each end.
    assert_eq!(ms(&patient), ms(&eager) + 2 * 50);
}
