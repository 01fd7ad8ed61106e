//! What the rule about NATs lets connect directly does, whatever the engines of both ends, whoever offers, however
//! candidates are signaled and wherever peers and servers are.

use peerscape::net::{MIDDLEBOX_PRESETS, MiddleboxSpec, PairOutcome, overall_nat, pair_outcome};
use peerscape::rng::{Domain, Seed, Streams};
use peerscape::units::SimDuration;
use peerscape::webrtc::ice::IceSpec;
use peerscape::webrtc::setup::{
    EndSpec, Gather, Ipv6, Losses, PairSetup, Relation, RelayTransport, RelayUse, SetupProfile, StackProfile, run,
};
use peerscape::webrtc::stamp::{Comparisons, Delays, Leg};

/// Ways that are in the grid, from next door to a satellite.
const WAYS_MS: [u64; 6] = [1, 5, 20, 60, 140, 400];
const EVERY_TRANSPORT: [RelayTransport; 3] = [RelayTransport::Udp, RelayTransport::Tcp, RelayTransport::Tls];

fn setup(specs: [IceSpec; 2], boxes: [Vec<MiddleboxSpec>; 2], gather: Gather, trickle: bool) -> PairSetup {
    let [offerer, answerer] = boxes;
    let end = |spec, boxes| EndSpec { boxes, ipv6: Ipv6::None, stack: StackProfile::named(spec), gather };
    PairSetup {
        ends: [end(specs[0], offerer), end(specs[1], answerer)],
        relation: Relation::Apart,
        trickle,
        transports: EVERY_TRANSPORT.to_vec(),
        profile: SetupProfile::Engines,
    }
}

fn is_direct(setup: &PairSetup, delays: Delays) -> bool {
    let outcome = run(setup, &Losses::default(), Comparisons::new(delays)).outcome;
    outcome.times.open.iter().all(Option::is_some) && outcome.relay == RelayUse::Direct
}

/// Delays as places have them: no way round is shorter than the way. The server for STUN, TURN and signaling, which by
/// default is one place, is near the offerer, near the answerer or off the way of both. A signaling server that is
/// several times as far off as a relay is left out: there webrtc-rs, which keeps a candidate that it knows from a check
/// beside the one that is signaled for it, may take the relay (docs/MODELS.md, "ICE").
fn places(draw: &mut impl FnMut() -> SimDuration) -> Delays {
    let direct = draw();
    let (near, off) = (draw().min(direct), draw());
    let [offerer, answerer] = [near + off, direct - near + off];
    Delays::default()
        .with(Leg::Direct, direct)
        .with(Leg::OffererToOwn, offerer)
        .with(Leg::OffererToOther, offerer)
        .with(Leg::AnswererToOwn, answerer)
        .with(Leg::AnswererToOther, answerer)
        .with(Leg::Offer, offerer + answerer)
        .with(Leg::Answer, offerer + answerer)
}

fn random_way(seed: u64) -> impl FnMut() -> SimDuration {
    let mut stream = Streams::new(Seed(seed)).stream(Domain::Bench, 17);
    move || {
        use rand::RngExt;
        SimDuration::from_ms(WAYS_MS[stream.random_range(0..WAYS_MS.len())])
    }
}

#[test]
fn public_ends_of_any_two_engines_connect_directly_wherever_they_and_their_servers_are() {
    let mut draw = random_way(1);
    for specs in IceSpec::ALL.into_iter().flat_map(|a| IceSpec::ALL.map(|b| [a, b])) {
        for (gather, trickle) in [(Gather::Turn, true), (Gather::Turn, false), (Gather::Stun, true)] {
            let setup = setup(specs, [Vec::new(), Vec::new()], gather, trickle);
            for _ in 0..60 {
                let delays = places(&mut draw);
                assert!(is_direct(&setup, delays), "{specs:?}, trickle {trickle}, {:?}", delays.all());
            }
        }
    }
}

#[test]
fn ends_whose_mappings_do_not_depend_on_the_destination_connect_directly_where_the_rule_says_so() {
    let mut draw = random_way(2);
    // Where a mapping depends on the destination, who is heard first decides: not held here.
    let same_for_all = ["public", "firewall", "eim-eif", "eim-adf", "eim-apdf"];
    let ruled = MIDDLEBOX_PRESETS.iter().filter(|preset| same_for_all.contains(&preset.name));
    let kinds: Vec<(&str, Vec<MiddleboxSpec>)> = ruled.map(|preset| (preset.name, (preset.make)())).collect();
    let (mut tried, mut relayed) = (0, Vec::new());
    for specs in IceSpec::ALL.into_iter().flat_map(|a| IceSpec::ALL.map(|b| [a, b])) {
        for (a, b) in kinds.iter().flat_map(|a| kinds.iter().map(move |b| (a, b))) {
            let boxes = [a.1.clone(), b.1.clone()];
            if pair_outcome(overall_nat(&boxes[0]), overall_nat(&boxes[1]), true) != PairOutcome::Direct {
                continue;
            }
            let setup = setup(specs, boxes, Gather::Turn, true);
            let delays = places(&mut draw);
            tried += 1;
            if !is_direct(&setup, delays) {
                relayed.push(format!("{specs:?}, {} to {}, {:?}", a.0, b.0, delays.all()));
            }
        }
    }
    assert!(tried == 36 * 25 && relayed.len() * 100 <= tried, "{} of {tried}: {relayed:#?}", relayed.len());
}
