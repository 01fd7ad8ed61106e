//! Populations behind NAT: published shares, who shares boxes with whom, and whose draws they are.

use peerscape::net::{ChainId, LatencySpec, Nat, NatMix, PairOutcome, pair_outcome};
use peerscape::presets::OrPreset;
use peerscape::rng::{Seed, Streams};
use peerscape::scenario::Settings;
use peerscape::units::Probability;
use peerscape::webrtc::setup::{Ipv6, Relation};
use peerscape::webrtc::turn::RelayCode;
use peerscape::webrtc::{TurnChoice, TurnSpec};
use peerscape::world::{LAN_ONE_WAY, World, WorldSpec};
use proptest::prelude::*;

use super::support::ideal;

fn settings(peers: u32, mix: NatMix) -> Settings {
    let mut settings = ideal(peers, LatencySpec::default(), Vec::new());
    settings.population.classes[0].nat = OrPreset { value: mix, name: None };
    settings.population.classes[0].link = OrPreset::named("cable").expect("a preset");
    settings.population.classes[0].engine = OrPreset::named("chromium").expect("a preset");
    settings.webrtc.turn = TurnChoice::Server(TurnSpec::default());
    settings
}

fn world(settings: &Settings, seed: u64) -> World {
    let Settings { population, latency, webrtc, .. } = settings;
    WorldSpec { population, latency, webrtc, servers: 1 }.generate(Streams::new(Seed(seed))).expect("a world")
}

fn named(name: &str) -> NatMix {
    OrPreset::<NatMix>::named(name).expect("a preset").value
}

fn percent(percent: f64) -> Probability {
    Probability::new(percent / 100.0).expect("a share")
}

/// Of 100 pairs of peers of one class, how many connect directly, by TURN over UDP, over TCP or TLS.
fn shares(name: &str) -> [f64; 3] {
    let peers = 20_000;
    // Strangers: with boxes of their own, so that as many draws are made as there are peers.
    let mix = NatMix { peers_per_lan: 1.0, peers_per_carrier_nat: 1.0, ..named(name) };
    let world = world(&settings(peers, mix), 5);
    let mut counts = [0_u32; 3];
    for a in 0..peers {
        for b in (1..=40).map(|step| (a + 251 * step) % peers) {
            let blocked = [a, b].map(|node| world.nat(node) == Nat::UdpBlocked);
            counts[match world.outcome(a, b) {
                PairOutcome::Direct => 0,
                _ if blocked == [false; 2] => 1,
                _ => 2,
            }] += 1;
        }
    }
    let all: u32 = counts.iter().sum();
    counts.map(|count| 100.0 * f64::from(count) / f64::from(all))
}

#[test]
fn pairs_connect_as_often_as_was_published() {
    // Direct, by TURN over UDP, over TCP and TLS, and how far off each may be. `generic` misses what
    // callstats.io measured by 1.6 points; its own error was not stated. Of hole punching the share
    // of successes is published, with this error. The other three are derived.
    for (name, published, off) in [
        ("generic", [78.0, 13.0, 9.0], 2.2),
        ("dcutr", [70.0, 24.0, 6.0], 7.1),
        ("home", [84.0, 10.2, 5.8], 1.0),
        ("mobile", [61.0, 35.0, 4.0], 1.2),
        ("enterprise", [42.0, 30.3, 27.7], 1.2),
    ] {
        let found = shares(name);
        for (found, published) in found.iter().zip(published) {
            assert!((found - published).abs() < off, "{name}: {found:.1} for {published}");
        }
    }
}

#[test]
fn peers_of_a_local_network_share_its_boxes_and_are_in_one_place() {
    let mix = NatMix { peers_per_lan: 8.0, multicast: percent(50.0), ..named("home") };
    let world = world(&settings(4_000, mix), 1);
    let mut silent = 0;
    let mut pairs = 0;
    for a in 0..4_000 {
        for b in (0..a).filter(|&b| world.lan(a).is_some() && world.lan(a) == world.lan(b)) {
            let relation = world.relation(a, b);
            assert_eq!(relation, world.relation(b, a));
            assert!(matches!(relation, Relation::SameLan | Relation::SameLanNoMulticast), "{relation:?}");
            assert_eq!(world.end_kind(a), world.end_kind(b));
            pairs += 1;
            silent += u32::from(relation == Relation::SameLanNoMulticast);
            if world.outcome(a, b) == PairOutcome::Direct {
                let path = world.path(a, b).expect("a path");
                assert_eq!((path.delay_ns, path.relay), (LAN_ONE_WAY.as_ns(), RelayCode::DIRECT));
                assert_eq!(world.packet_loss(0, usize::from(path.class)), Probability::ZERO);
            }
        }
    }
    assert!(pairs > 10_000, "{pairs}");
    let silent = f64::from(silent) / f64::from(pairs);
    assert!((silent - 0.5).abs() < 0.1, "{silent}");
}

/// The number of groups that peers form.
fn groups(peers: u32, group: impl Fn(u32) -> Option<u32>) -> f64 {
    let mut groups: Vec<u32> = (0..peers).map(|peer| group(peer).unwrap_or(peer)).collect();
    groups.sort_unstable();
    groups.dedup();
    groups.len() as f64
}

#[test]
fn groups_have_the_sizes_that_were_asked_for() {
    let peers = 20_000;
    for (per_lan, per_carrier) in [(1.0, 1.0), (1.1, 1.0), (3.0, 30.0), (25.0, 25.0), (1.0, 6.0), (40.0, 2.0)] {
        let mix = NatMix { peers_per_lan: per_lan, peers_per_carrier_nat: per_carrier, ..NatMix::only("cgnat_home") };
        let world = world(&settings(peers, mix), 2);
        let mean = |group: &dyn Fn(u32) -> Option<u32>| f64::from(peers) / groups(peers, group);
        // A geometric number has a spread as large as its mean.
        let close =
            |mean: f64, expected: f64| (mean / expected - 1.0).abs() < 4.0 * (expected / f64::from(peers)).sqrt();
        let lan = mean(&|peer| world.lan(peer));
        assert!(close(lan, per_lan), "{lan} in a local network for {per_lan}");
        let carrier = mean(&|peer| world.carrier_nat(peer));
        assert!(close(carrier, per_carrier.max(per_lan)), "{carrier} behind a carrier for {per_carrier}");
    }
}

#[test]
fn only_chains_with_a_carrier_share_its_nat() {
    let mix = NatMix { peers_per_carrier_nat: 20.0, ..named("home") };
    let world = world(&settings(5_000, mix), 3);
    let mut behind = 0;
    for peer in 0..5_000 {
        let homes = world.end(peer).boxes.len();
        assert!(world.carrier_nat(peer).is_none() || homes == 2, "{:?}", world.end(peer).boxes);
        behind += u32::from(world.carrier_nat(peer).is_some());
    }
    assert!((400..600).contains(&behind), "a tenth of homes: {behind}");
}

#[test]
fn a_peer_more_changes_the_boxes_of_few() {
    let boxes = |world: &World, peer: u32| (world.end(peer).boxes.clone(), world.end(peer).ipv6);
    for (mix, most) in [
        (NatMix { ipv6: percent(50.0), ..named("generic") }, 0),
        (NatMix { peers_per_lan: 4.0, ..named("home") }, 30),
        (named("mobile"), 30),
    ] {
        let worlds = [1_000, 1_001].map(|peers| world(&settings(peers, mix), 4));
        let changed = (0..1_000).filter(|&peer| boxes(&worlds[0], peer) != boxes(&worlds[1], peer)).count();
        assert!(changed <= most, "{changed} of 1,000");
        let lans = (0..1_000).filter(|&peer| worlds[0].lan(peer) != worlds[1].lan(peer)).count();
        assert!(lans <= 30, "{lans} of 1,000");
    }
}

#[test]
fn other_peers_and_settings_do_not_touch_a_peers_draws() {
    let plain = world(&settings(500, named("home")), 6);
    // Sharing and IPv6 leave the boxes of those who draw them as they were.
    let alone = NatMix { peers_per_lan: 1.0, ..named("home") };
    let with_ipv6 = world(&settings(500, NatMix { ipv6: percent(40.0), ..alone }), 6);
    let without = world(&settings(500, alone), 6);
    for peer in 0..500 {
        assert_eq!(with_ipv6.nat(peer), without.nat(peer));
        if plain.lan(peer).is_none() {
            assert_eq!(plain.nat(peer), without.nat(peer));
        }
        assert_eq!(plain.rates(peer), without.rates(peer), "links are their own");
    }
}

#[test]
fn two_ends_with_ipv6_need_no_relay_unless_udp_is_blocked() {
    let half = NatMix { ipv6: percent(50.0), ..NatMix::only("apdm_apdf") };
    let world_of_half = world(&settings(2_000, half), 7);
    let has = |node: u32| world_of_half.end(node).ipv6 == Ipv6::Firewalled;
    let count = (0..2_000).filter(|&peer| has(peer)).count();
    assert!((900..1_100).contains(&count), "{count}");
    for (a, b) in (0..1_000).zip(1_000..2_000) {
        let expected = if has(a) && has(b) { PairOutcome::Direct } else { PairOutcome::Relayed };
        assert_eq!(world_of_half.outcome(a, b), expected);
    }
    let blocked = world(&settings(50, NatMix { ipv6: Probability::ONE, ..NatMix::only("tcp_443_only") }), 7);
    assert!((0..50).all(|peer| blocked.end(peer).ipv6 == Ipv6::None));
    assert_eq!(blocked.outcome(0, 1), PairOutcome::Relayed);
}

#[test]
fn native_engines_show_their_addresses_and_browsers_hide_them() {
    let lan = NatMix {
        peers_per_lan: 50.0,
        multicast: Probability::ZERO,
        hairpin: Probability::ZERO,
        ..NatMix::only("eim_apdf")
    };
    for (engine, outcome) in [("webrtc-rs", PairOutcome::Direct), ("firefox", PairOutcome::Relayed)] {
        let mut settings = settings(200, lan);
        settings.population.classes[0].engine = OrPreset::named(engine).expect("a preset");
        let world = world(&settings, 8);
        let mut pairs = (0..200).flat_map(|a| (0..a).map(move |b| (a, b)));
        let pair = pairs.find(|&(a, b)| world.relation(a, b) == Relation::SameLanNoMulticast).expect("a pair");
        assert_eq!(world.outcome(pair.0, pair.1), outcome, "{engine}");
    }
}

fn mixes() -> impl Strategy<Value = NatMix> {
    let weights = prop::collection::vec(0_u32..10, ChainId::all().len());
    let rest = (1.0..20.0, 1.0..40.0, 0.0..1.0, 0.0..1.0, 0.0..1.0);
    (weights, rest).prop_map(|(weights, (lan, carrier, hairpin, multicast, ipv6))| {
        let total = f64::from(weights.iter().sum::<u32>().max(1));
        let share = |value: f64| Probability::new(value).expect("a share");
        let shares = NatMix {
            peers_per_lan: lan,
            peers_per_carrier_nat: carrier,
            hairpin: share(hairpin),
            multicast: share(multicast),
            ipv6: share(ipv6),
            ..NatMix::default()
        };
        ChainId::all()
            .zip(weights)
            .fold(shares, |mix, (chain, weight)| mix.with(chain.chain().key, share(f64::from(weight) / total)))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn any_mix_makes_a_world_in_which_all_agree(mix in mixes(), seed in 0_u64..1_000) {
        let peers = 60;
        let world = world(&settings(peers, mix), seed);
        prop_assert_eq!(format!("{world:?}"), format!("{:?}", self::world(&settings(peers, mix), seed)));
        for a in 0..=peers {
            prop_assert!(usize::from(world.end_kind(a)) < world.ends().len());
            prop_assert_eq!(world.nat(a), peerscape::net::overall_nat(&world.end(a).boxes));
            for b in 0..a {
                let outcome = world.outcome(a, b);
                prop_assert_eq!(outcome, world.outcome(b, a));
                prop_assert_eq!(world.path(a, b).map(|path| path.relay != RelayCode::DIRECT), Some(outcome == PairOutcome::Relayed));
                let both_have_ipv6 = [a, b].into_iter().all(|node| world.end(node).ipv6 == Ipv6::Firewalled);
                if world.relation(a, b) == Relation::Apart && !both_have_ipv6 {
                    prop_assert_eq!(outcome, pair_outcome(world.nat(a), world.nat(b), true));
                }
                if world.relation(a, b) == Relation::SameLan {
                    prop_assert_eq!(outcome, PairOutcome::Direct);
                }
            }
        }
    }
}
