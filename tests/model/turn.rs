//! Paths through TURN servers, their queues, their bills and their outages, against hand computation.

use peerscape::metrics::MetricId;
use peerscape::net::{LatencySpec, MatrixFile, MatrixTable, MatrixUnit, Measures, NatMix};
use peerscape::rng::{Seed, Streams};
use peerscape::scenario::Settings;
use peerscape::units::{Bounded, SimDuration, UsdPerGigabyte};
use peerscape::webrtc::turn::{
    Billing, OutageSpec, RestartOn, TurnIndex, TurnPolicy, TurnServerSpec, TurnSpec, framing_bytes,
};
use peerscape::webrtc::{HeaderOverhead, TurnChoice};
use peerscape::world::{World, WorldSpec};

use super::oracles::{constant, mean_max_ns, run};
use super::support::{ideal, workload};

/// Symmetric one-way delays in ms between the places A, B, S and T; the servers are at S and T.
const MS: [[u64; 4]; 4] = [[0, 11, 5, 30], [11, 0, 40, 7], [5, 40, 0, 20], [30, 7, 20, 0]];
/// The nearer of S and T to each place.
const NEARER: [usize; 4] = [2, 3, 2, 3];

fn four_places() -> LatencySpec {
    let table = MatrixTable {
        names: ["A", "B", "S", "T"].map(str::to_owned).into(),
        one_way_ns: MS.iter().flatten().map(|ms| ms * 1_000_000).collect(),
        filled: 0,
    };
    let file = MatrixFile { file: "in-memory".into(), unit: MatrixUnit::Ms, measures: Measures::OneWay, table };
    LatencySpec::Matrix(file)
}

fn at_s_and_t(policy: TurnPolicy) -> TurnSpec {
    let at = |place: &str| TurnServerSpec { place: Some(place.to_owned()), ..TurnServerSpec::default() };
    TurnSpec { policy, server: vec![at("S"), at("T")], ..TurnSpec::default() }
}

fn behind(settings: &mut Settings, turn: TurnSpec, mix: NatMix) {
    settings.population.classes[0].nat.value = mix;
    settings.webrtc.turn = TurnChoice::Server(turn);
}

fn symmetric() -> NatMix {
    NatMix::only("apdm_apdf")
}

fn blocked() -> NatMix {
    NatMix::only("udp_blocked")
}

fn world_of(settings: &Settings) -> World {
    let Settings { population, latency, webrtc, .. } = settings;
    WorldSpec { population, latency, webrtc, servers: 0 }.generate(Streams::new(Seed(1))).expect("a world")
}

/// The place of each of four peers, one at each, told by its delay to S.
fn places(world: &World) -> Vec<usize> {
    let place = |peer| MS[2].iter().position(|ms| ms * 1_000_000 == world.to_turn_ns(peer, 0)).expect("a place");
    (0..4).map(place).collect()
}

#[test]
fn a_relayed_path_is_the_sum_of_its_legs() {
    for (mix, both) in [(symmetric(), false), (blocked(), true)] {
        let mut settings = ideal(4, four_places(), Vec::new());
        behind(&mut settings, at_s_and_t(TurnPolicy::Nearest), mix);
        let world = world_of(&settings);
        let at = places(&world);
        for a in 0..4_u32 {
            for b in (0..4).filter(|&b| b != a) {
                let [from, to] = [a, b].map(|peer| at[peer as usize]);
                // The offerer, the lower number, has the allocation; or each end has one.
                let offerer = NEARER[at[a.min(b) as usize]];
                let via = if both { [NEARER[from], NEARER[to]] } else { [offerer; 2] };
                let ms = MS[from][via[0]] + MS[via[0]][via[1]] + MS[via[1]][to];
                let path = world.path(a, b).expect("a relayed path");
                assert_eq!(path.delay_ns, ms * 1_000_000, "{a} at {from} to {b} at {to}, both: {both}");
                assert_eq!(path.relay.allocations(), if both { 2 } else { 1 });
            }
        }
    }
}

#[test]
fn an_end_without_udp_needs_a_server_that_speaks_something_else() {
    let of = |transports: &str, mix| {
        let mut settings = ideal(2, constant(10), Vec::new());
        let turn = TurnSpec { transports: transports.parse().expect("transports"), ..TurnSpec::default() };
        behind(&mut settings, turn, mix);
        let path = world_of(&settings).path(0, 1);
        path.map(|path| path.relay.transport().expect("relayed").to_owned())
    };
    use peerscape::webrtc::setup::RelayTransport::{Tcp, Tls, Udp};
    assert_eq!(of("udp", symmetric()), Some(Udp));
    assert_eq!(of("udp", blocked()), None);
    assert_eq!(of("udp+tls", blocked()), Some(Tls));
    assert_eq!(of("udp+tcp+tls", blocked()), Some(Tcp));
    assert_eq!(of("tcp", symmetric()), Some(Tcp));
}

#[test]
fn homes_follow_the_policy() {
    let homes = |policy| {
        let mut settings = ideal(400, four_places(), Vec::new());
        let mut turn = at_s_and_t(policy);
        // Room for all, and three times as much at the second.
        (turn.server[0].allocations, turn.server[1].allocations) = (Bounded::new(1_000), Bounded::new(3_000));
        behind(&mut settings, turn, symmetric());
        let world = world_of(&settings);
        (0..400).map(|peer| world.home_server(peer)).collect::<Vec<TurnIndex>>()
    };
    let second = |homes: &[TurnIndex]| homes.iter().filter(|&&home| home == 1).count();
    assert_eq!(second(&homes(TurnPolicy::Nearest)), 200, "peers at B and T");
    assert_eq!(second(&homes(TurnPolicy::LeastLoaded)), 300);
    assert!(homes(TurnPolicy::Static).iter().zip(0..).all(|(&home, peer)| u32::from(home) == peer % 2));
    // The second one opens for those near it, and is up a minute later: after all have asked.
    assert_eq!(second(&homes(TurnPolicy::Dynamic)), 0);
}

#[test]
fn every_server_bills_what_it_counts() {
    let mut settings =
        ideal(4, four_places(), vec![workload("state-sync", r#"{ message = "1000 B", rate = "10 /s" }"#)]);
    settings.run.warmup = SimDuration::from_secs(5);
    let mut turn = at_s_and_t(TurnPolicy::Nearest);
    turn.server[0].price = Some(UsdPerGigabyte::new(0.1));
    (turn.server[1].price, turn.server[1].billing) = (Some(UsdPerGigabyte::new(0.4)), Some(Billing::Both));
    behind(&mut settings, turn, blocked());
    let record = run(settings, "mesh", "{}", 1);
    let value = |id| record.values.get(id).expect("a value");
    let is = |id, expected: f64| assert!((value(id) - expected).abs() < 1e-9, "{id:?}: {}", value(id));
    // A and S use S, B and T use T. Of the twelve directions two stay at S, two at T and eight pass
    // both: ten copies of 1000 B pass each server ten times a second, 0.36 GB an hour.
    is(MetricId::TurnRelayed, 2.0 * 0.36);
    is(MetricId::TurnCost, 0.36 * 0.1 + 2.0 * 0.36 * 0.4);
    is(MetricId::Cost, value(MetricId::TurnCost));
    is(MetricId::TurnAllocations, 12.0);
    is(MetricId::RelayedTcp, 100.0);
    is(MetricId::Direct, 0.0);
    assert_eq!(record.values.get(MetricId::TurnLoad), None, "no bandwidth is limited");
}

#[test]
fn framing_counts_on_the_leg_that_has_it() {
    let mut settings = ideal(2, constant(10), vec![workload("broadcast", r#"{ message = "1000 B", rate = "10 /s" }"#)]);
    settings.run.warmup = SimDuration::from_secs(5);
    settings.webrtc.overhead = HeaderOverhead::Full;
    let size = settings.webrtc.wire(peerscape::units::ByteCount::new(1_000)).bytes.get();
    behind(&mut settings, TurnSpec { billing: Billing::Both, ..TurnSpec::default() }, symmetric());
    let record = run(settings, "mesh", "{}", 1);
    // One of the two legs is the offerer's; which one hangs on who publishes.
    let hourly = |bytes: u64| bytes as f64 * 10.0 * 3_600.0 / 1e9;
    let framed = size + framing_bytes(peerscape::webrtc::setup::RelayTransport::Udp);
    let cost = record.values.get(MetricId::TurnCost).expect("a cost");
    assert!((cost - 0.05 * hourly(size + framed)).abs() < 1e-12, "{cost}");
    let sent = record.values.get(MetricId::TurnRelayed).expect("traffic");
    assert!([size, framed].iter().any(|&bytes| (sent - hourly(bytes)).abs() < 1e-12), "{sent}");
}

/// One of four peers without UDP tells the others; the server forwards 1250 B in 10 ms.
fn through_a_narrow_server(rate: &str) -> Settings {
    let params = format!("{{ message = \"1250 B\", rate = \"{rate}\" }}");
    let mut settings = ideal(4, constant(10), vec![workload("broadcast", &params)]);
    let turn = TurnSpec { bandwidth: Some("1 Mbit/s".parse().expect("a rate")), ..TurnSpec::default() };
    behind(&mut settings, turn, blocked());
    settings
}

#[test]
fn copies_queue_for_a_servers_bandwidth() {
    let record = run(through_a_narrow_server("1 /s"), "mesh", "{}", 1);
    // 10 ms to the server, then 10, 20 and 30 ms in its queue, 10 ms to the receiver.
    assert_eq!(mean_max_ns(&record), (40_000_000, 50_000_000));
    assert!(record.findings.is_empty(), "{:?}", record.findings);
}

#[test]
fn a_server_that_is_asked_for_more_than_it_has_drops_and_says_so() {
    let record = run(through_a_narrow_server("100 /s"), "mesh", "{}", 1);
    let load = record.values.get(MetricId::TurnLoad).expect("a load");
    assert!((load - 300.0).abs() < 0.5, "{load}");
    let delivered = record.values.get(MetricId::Delivered).expect("a share");
    assert!((delivered - 33.3).abs() < 1.0, "{delivered}");
    assert_eq!(record.findings.iter().map(|finding| finding.kind).collect::<Vec<_>>(), ["turn"]);
    assert!(record.findings[0].text.starts_with("TURN server 0 needs 3.0 Mbit/s and has 1.0"), "{:?}", record.findings);
}

/// Two peers that need TURN, ten messages a second for two minutes; the first server is down from
/// 20 s on. Copies lost.
fn lost(servers: usize, policy: TurnPolicy, restart_on: RestartOn, lasts: u64) -> u64 {
    let mut settings = ideal(2, constant(10), vec![workload("broadcast", r#"{ message = "100 B", rate = "10 /s" }"#)]);
    settings.run.duration = SimDuration::from_secs(120);
    let outage = OutageSpec {
        server: Some("0".to_owned()),
        at: SimDuration::from_secs(20),
        lasts: SimDuration::from_secs(lasts),
    };
    let server = vec![TurnServerSpec::default(); servers];
    behind(
        &mut settings,
        TurnSpec { policy, restart_on, server, outage: vec![outage], ..TurnSpec::default() },
        symmetric(),
    );
    run(settings, "mesh", "{}", 1).counts.copies_lost
}

#[test]
fn an_outage_breaks_connections_until_ice_has_restarted() {
    // The restart takes 160 ms: 40 for the allocation, 40 for offer and answer, 80 for check and
    // nomination over a path of 20 ms each way. At ten messages a second that is one or two.
    let about = |lost: u64, seconds: u64| assert!((10 * seconds + 1..=10 * seconds + 2).contains(&lost), "{lost}");
    // The ends notice after 30 s (Chromium), and there is no other server for 40 s.
    about(lost(1, TurnPolicy::Nearest, RestartOn::Failed, 40), 40);
    // With another one they are back after 30 s; peers with a fixed server must wait for it.
    about(lost(2, TurnPolicy::Nearest, RestartOn::Failed, 40), 30);
    about(lost(2, TurnPolicy::Static, RestartOn::Failed, 40), 40);
    // The allocations of a server that is back sooner are gone all the same.
    about(lost(1, TurnPolicy::Nearest, RestartOn::Failed, 5), 30);
    let hasty = lost(2, TurnPolicy::Nearest, RestartOn::Disconnected, 40);
    assert!((51..=52).contains(&hasty), "5.16 s: {hasty}");
}

#[test]
fn a_reliable_channel_survives_an_outage() {
    let params = r#"{ message = "100 B", rate = "10 /s", channel = "reliable" }"#;
    let mut settings = ideal(3, constant(10), vec![workload("state-sync", params)]);
    settings.run.duration = SimDuration::from_secs(40);
    settings.run.drain = SimDuration::from_secs(60);
    let outage = OutageSpec { server: None, at: SimDuration::from_secs(10), lasts: SimDuration::from_secs(2) };
    let turn = TurnSpec { restart_on: RestartOn::Disconnected, outage: vec![outage], ..TurnSpec::default() };
    behind(&mut settings, turn, symmetric());
    let record = run(settings, "mesh", "{}", 1);
    assert_eq!(record.counts.copies_lost, 0, "{:?}", record.counts);
    assert!((record.values.get(MetricId::Delivered).expect("a share") - 100.0).abs() < 1e-9, "{:?}", record.counts);
    // What was sent at the beginning of the outage waits for its end.
    assert!(record.latency.max().expect("deliveries") > SimDuration::from_ms(2_500));
}
