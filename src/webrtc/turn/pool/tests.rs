//! Servers under load, at their limits, in outages; opened and closed.

use super::*;
use crate::units::Bounded;
use crate::webrtc::turn::{OutageSpec, TurnPolicy, TurnServerSpec};

const TCP: RelayTransport = RelayTransport::Tcp;
const UDP: RelayTransport = RelayTransport::Udp;

fn s(seconds: u64) -> SimTime {
    SimTime::ZERO + SimDuration::from_secs(seconds)
}

/// Servers `0`, `1`, ... that hold `allocations` each.
fn spec(policy: TurnPolicy, servers: usize, allocations: u32) -> TurnSpec {
    TurnSpec {
        policy,
        allocations: Bounded::new(allocations),
        server: vec![TurnServerSpec::default(); servers],
        ..TurnSpec::default()
    }
}

fn outage(spec: &mut TurnSpec, server: &str, at: u64, lasts: u64) {
    let (at, lasts) = (SimDuration::from_secs(at), SimDuration::from_secs(lasts));
    spec.outage.push(OutageSpec { server: Some(server.to_owned()), at, lasts });
}

/// `peer` asks over UDP, with these delays in ms.
fn ask(pool: &mut TurnPool, now: SimTime, peer: u32, delays_ms: &[u64]) -> Result<TurnIndex, Refusal> {
    let delays: Vec<SimDuration> = delays_ms.iter().map(|&ms| SimDuration::from_ms(ms)).collect();
    pool.allocate(now, &TurnRequest { peer, delays: &delays, transport: UDP, transports: Transports::only(UDP) })
        .map(|granted| granted.server)
}

#[test]
fn a_full_server_refuses_and_its_neighbour_takes_over() {
    let mut pool = TurnPool::new(&spec(TurnPolicy::Nearest, 2, 3));
    let given: Vec<_> = (0..7).map(|peer| ask(&mut pool, s(0), peer, &[10, 20])).collect();
    assert_eq!(given, [Ok(0), Ok(0), Ok(0), Ok(1), Ok(1), Ok(1), Err(Refusal::Full)]);
    pool.release(s(1), Granted { server: 0, at: s(0), allocations: 1 });
    assert_eq!(ask(&mut pool, s(1), 8, &[10, 20]), Ok(0));
    let counts = pool.counts();
    assert_eq!((counts.allocations, counts.full, counts.peak), (7, 1, 6));
    assert_eq!(pool.allocations_of(0), (3, 3));
}

#[test]
fn static_peers_have_no_alternative() {
    let mut pool = TurnPool::new(&spec(TurnPolicy::Static, 2, 1));
    assert_eq!(ask(&mut pool, s(0), 4, &[10, 20]), Ok(0));
    assert_eq!(ask(&mut pool, s(0), 6, &[10, 20]), Err(Refusal::Full));
    assert_eq!(ask(&mut pool, s(0), 5, &[10, 20]), Ok(1));
}

#[test]
fn requests_wait_for_their_tokens_and_give_up_after_five_seconds() {
    let spec = TurnSpec { allocation_rate: "10 /s".parse().ok(), ..TurnSpec::default() };
    let mut pool = TurnPool::new(&spec);
    let request =
        TurnRequest { peer: 0, delays: &[SimDuration::ZERO], transport: UDP, transports: Transports::only(UDP) };
    for nth in 0..=50 {
        let at = s(0) + SimDuration::from_ms(100 * nth);
        assert_eq!(pool.allocate(s(0), &request), Ok(Granted { server: 0, at, allocations: 1 }));
    }
    assert_eq!(pool.allocate(s(0), &request), Err(Refusal::Overloaded));
    assert_eq!((pool.counts().allocations, pool.counts().overloaded), (51, 1));
    // Ten a second pass a second later.
    let passed = (0..20).filter(|_| pool.allocate(s(1), &request).is_ok()).count();
    assert_eq!(passed, 10);
}

/// Of requests that come evenly for `t` seconds are granted `min(offered, burst + rate (t + 5))`: those of the last five
/// seconds before the end are granted later.
#[test]
fn a_server_grants_what_its_rate_and_burst_allow() {
    let (rate, burst, secs) = (10_u64, 25_u64, 60_u64);
    for offered_per_s in [4, 10, 12, 40] {
        let spec = TurnSpec {
            allocation_rate: format!("{rate} /s").parse().ok(),
            allocation_burst: Bounded::new(burst as u32).expect("in range"),
            ..TurnSpec::default()
        };
        let mut pool = TurnPool::new(&spec);
        let gap = SimDuration::from_secs(1).as_ns() / offered_per_s;
        let offered = offered_per_s * secs;
        for nth in 0..offered {
            _ = ask(&mut pool, SimTime::from_ns(nth * gap), 0, &[10]);
        }
        let expected = offered.min(burst + rate * (secs + 5));
        let granted = pool.counts().allocations;
        assert!(granted.abs_diff(expected) <= 1, "{offered_per_s} /s: {granted}, expected {expected}");
        assert_eq!(granted + pool.counts().overloaded, offered);
    }
}

#[test]
fn a_server_that_does_not_speak_the_transport_does_not_answer() {
    let mut spec = spec(TurnPolicy::Nearest, 2, 9);
    spec.server[0].transports = Some("udp".parse().expect("a transport"));
    let mut pool = TurnPool::new(&spec);
    let delays = [SimDuration::from_ms(1), SimDuration::from_ms(2)];
    let over = |pool: &mut TurnPool, transport| {
        let transports = Transports::only(transport);
        pool.allocate(s(0), &TurnRequest { peer: 0, delays: &delays, transport, transports })
    };
    assert_eq!(over(&mut pool, UDP).map(|granted| granted.server), Ok(0));
    assert_eq!(over(&mut pool, TCP).map(|granted| granted.server), Ok(1));
    spec.server.truncate(1);
    assert_eq!(over(&mut TurnPool::new(&spec), TCP), Err(Refusal::Unreachable));
}

#[test]
fn a_client_takes_an_allocation_for_each_transport_it_shares_with_the_server() {
    let mut spec = spec(TurnPolicy::Nearest, 2, 7);
    spec.server[1].transports = Some("udp+tls".parse().expect("transports"));
    spec.allocation_rate = "10 /s".parse().ok();
    let mut pool = TurnPool::new(&spec);
    let delays = [SimDuration::from_ms(1), SimDuration::from_ms(2)];
    let request = TurnRequest { peer: 0, delays: &delays, transport: UDP, transports: Transports::ALL };
    let granted: Vec<_> = (0..4).map(|_| pool.allocate(s(0), &request)).collect();
    // Three at a time of seven, then two at the next server; each takes a token.
    let at = |server, tokens: u64, allocations| {
        Ok(Granted { server, at: s(0) + SimDuration::from_ms(100 * tokens), allocations })
    };
    assert_eq!(granted, [at(0, 0, 3), at(0, 3, 3), at(1, 0, 2), at(1, 2, 2)]);
    assert_eq!((pool.allocations_of(0), pool.allocations_of(1), pool.counts().peak), ((6, 6), (4, 4), 10));
    pool.release(s(1), granted[0].expect("granted"));
    assert_eq!(pool.allocations_of(0), (3, 6));
}

#[test]
fn an_outage_takes_the_allocations_and_sends_peers_elsewhere() {
    let mut spec = spec(TurnPolicy::Nearest, 2, 9);
    outage(&mut spec, "0", 10, 5);
    let mut pool = TurnPool::new(&spec);
    (0..4).for_each(|peer| assert_eq!(ask(&mut pool, s(1), peer, &[10, 20]), Ok(0)));
    assert_eq!(ask(&mut pool, s(10), 4, &[10, 20]), Ok(1));
    assert_eq!((pool.counts().broken, pool.allocations()), (4, 1));
    assert!(!pool.is_up(0, s(14)) && pool.is_up(0, s(15)));
    assert_eq!(ask(&mut pool, s(15), 5, &[10, 20]), Ok(0));
    // What broke is not given back; what was made afterwards is.
    pool.release(s(16), Granted { server: 0, at: s(1), allocations: 1 });
    assert_eq!(pool.allocations_of(0), (1, 4));
    pool.release(s(16), Granted { server: 0, at: s(15), allocations: 1 });
    assert_eq!(pool.allocations_of(0), (0, 4));
}

#[test]
fn allocations_of_all_servers_are_those_of_each() {
    let mut spec = spec(TurnPolicy::LeastLoaded, 3, 9);
    outage(&mut spec, "1", 10, 5);
    outage(&mut spec, "0", 12, 1);
    let mut pool = TurnPool::new(&spec);
    let mut broken = 0;
    for second in 0..40 {
        let granted = ask(&mut pool, s(second), second as u32, &[10, 20, 30]);
        if second % 3 == 0
            && let Ok(server) = granted
        {
            pool.release(s(second), Granted { server, at: s(second), allocations: 1 });
        }
        let each: u64 = (0..3).map(|server| u64::from(pool.allocations_of(server).0)).sum();
        assert_eq!(pool.allocations(), each, "{second} s");
        broken = broken.max(pool.counts().broken);
    }
    assert!(broken > 0 && pool.allocations() > 10, "{broken} {}", pool.allocations());
}

#[test]
fn with_all_servers_down_nothing_answers() {
    let mut spec = spec(TurnPolicy::LeastLoaded, 1, 9);
    outage(&mut spec, "0", 10, 5);
    let mut pool = TurnPool::new(&spec);
    assert_eq!(ask(&mut pool, s(12), 0, &[10]), Err(Refusal::Unreachable));
    assert_eq!(pool.counts().unreachable, 1);
}

#[test]
fn least_loaded_balances_by_capacity() {
    let mut spec = spec(TurnPolicy::LeastLoaded, 3, 100);
    spec.server[2].allocations = Bounded::new(200);
    let mut pool = TurnPool::new(&spec);
    (0..200).for_each(|peer| assert!(ask(&mut pool, s(0), peer, &[5, 50, 100]).is_ok()));
    assert_eq!([0, 1, 2].map(|server| pool.allocations_of(server).0), [50, 50, 100]);
}

#[test]
fn dynamic_opens_under_load_takes_its_time_and_closes_when_idle() {
    let mut pool = TurnPool::new(&spec(TurnPolicy::Dynamic, 3, 10));
    // The first is open. When it is full to 70 %, the nearest other one opens, a minute later.
    (0..7).for_each(|peer| assert_eq!(ask(&mut pool, s(0), peer, &[10, 30, 20]), Ok(0)));
    assert_eq!(pool.counts().opened, 0);
    (7..10).for_each(|peer| assert_eq!(ask(&mut pool, s(1), peer, &[10, 30, 20]), Ok(0)));
    assert_eq!(ask(&mut pool, s(2), 10, &[10, 30, 20]), Err(Refusal::Full), "the other one is not up yet");
    assert_eq!(pool.counts().opened, 1);
    assert!(!pool.is_up(2, s(60)) && pool.is_up(2, s(61)) && !pool.is_up(1, s(61)));
    assert_eq!(ask(&mut pool, s(61), 11, &[10, 30, 20]), Ok(2));
    // Five minutes without an allocation close it; the last open one stays.
    pool.release(s(100), Granted { server: 2, at: s(61), allocations: 1 });
    (0..10).for_each(|_| pool.release(s(200), Granted { server: 0, at: s(0), allocations: 1 }));
    pool.release(s(399), Granted { server: 0, at: s(0), allocations: 1 });
    assert!(pool.is_up(2, s(399)));
    pool.release(s(400), Granted { server: 0, at: s(0), allocations: 1 });
    assert!(!pool.is_up(2, s(400)) && pool.is_up(0, s(400)));
    assert_eq!((pool.counts().opened, pool.counts().closed), (1, 1));
}

#[test]
fn dynamic_opens_for_a_peer_far_away() {
    let mut pool = TurnPool::new(&spec(TurnPolicy::Dynamic, 2, 10));
    assert_eq!(ask(&mut pool, s(0), 0, &[120, 5]), Ok(0), "there is no other yet");
    assert_eq!(ask(&mut pool, s(60), 1, &[120, 5]), Ok(1));
}

#[test]
fn the_only_server_is_given_as_if_it_were_chosen() {
    for policy in [TurnPolicy::Nearest, TurnPolicy::Static] {
        let mut own = spec(policy, 1, 7);
        own.allocation_rate = "2 /s".parse().ok();
        let mut guarded = own.clone();
        // With an outage to come the server is chosen among all.
        outage(&mut guarded, "0", 1_000_000, 1);
        let mut pools = [own, guarded].map(|spec| TurnPool::new(&spec));
        for step in 0..40 {
            let transports = if step % 5 == 4 { Transports::STREAMS } else { Transports::ALL };
            let transport = if step % 5 == 4 { TCP } else { UDP };
            let request = TurnRequest { peer: step, delays: &[SimDuration::from_ms(9)], transport, transports };
            let now = s(u64::from(step) / 8);
            let [one, other] = pools.each_mut().map(|pool| pool.allocate(now, &request));
            assert_eq!(one, other, "{step}");
            if let (Ok(granted), 0) = (one, step % 3) {
                pools.iter_mut().for_each(|pool| pool.release(now, granted));
            }
        }
        let [one, other] = pools.each_ref().map(TurnPool::counts);
        assert_eq!(one, other);
        assert!(one.allocations > 0 && one.full > 0, "{one:?}");
    }
}
