//! Nothing hangs, and waiting is cheap.

use peerscape::net::{LossSpec, PacketLinkSpec};
use peerscape::real::cluster::{Application, Cluster, ConnectPolicy, ConnectionState, Context, Lab};
use peerscape::real::stack::StackSettings;
use peerscape::real::trace::Trace;
use peerscape::real::{NodeSpec, Paths};
use peerscape::rng::{Seed, Streams};
use peerscape::units::{Probability, SimDuration, SimTime};

struct FiftyMs;

impl Paths for FiftyMs {
    fn delay(&self, _from: u32, _to: u32) -> SimDuration {
        SimDuration::from_ms(50)
    }

    fn signaling(&self, _from: u32, _to: u32) -> SimDuration {
        SimDuration::from_ms(50)
    }
}

struct Idle;

impl Application for Idle {}

/// A cluster of `connections` disjoint pairs, run for `secs`.
fn pairs(connections: u32, loss: f64, policy: ConnectPolicy, settings: StackSettings, secs: u64) -> (Cluster, u64) {
    let streams = Streams::new(Seed(7));
    let mut cluster = Cluster::new(settings, policy, Box::new(FiftyMs), streams, Trace::default())
        .expect("the stack has what it needs");
    let up = PacketLinkSpec {
        loss: LossSpec::bernoulli(Probability::new(loss).expect("a share")),
        ..PacketLinkSpec::default()
    };
    for pair in 0..connections {
        cluster.add_node(&NodeSpec { up, ..NodeSpec::default() });
        cluster.add_node(&NodeSpec { up, ..NodeSpec::default() });
        cluster.add_connection(2 * pair, 2 * pair + 1);
    }
    let mut engine = Lab { cluster, application: Idle }.engine();
    let (lab, scheduler) = engine.parts_mut();
    for pair in 0..connections {
        Context::new(&mut lab.cluster, scheduler).connect_at(SimTime::ZERO, pair);
    }
    engine.run_until(SimTime::ZERO + SimDuration::from_secs(secs)).expect("no runaway");
    let events = engine.events();
    (engine.into_model().cluster, events)
}

fn count(cluster: &Cluster, state: ConnectionState) -> usize {
    cluster.connections().iter().filter(|connection| connection.state == state).count()
}

#[test]
fn three_hundred_connections_at_five_percent_loss_all_end_open_or_failed() {
    let policy = ConnectPolicy { timeout: SimDuration::from_secs(10), attempts: 3 };
    let (cluster, _) = pairs(300, 0.05, policy, StackSettings::default(), 31);
    let open = count(&cluster, ConnectionState::Open);
    let again = cluster.connections().iter().filter(|connection| connection.attempts > 1).count();
    println!("{open} of 300 open, {again} needed another attempt");
    assert_eq!(open + count(&cluster, ConnectionState::Failed), 300, "none hangs");
    assert!(open >= 297, "{open}");
    assert!(again > 0, "without a single repetition the loss was not there");
}

#[test]
fn one_attempt_alone_hangs_now_and_then() {
    // Why attempts have a limit: a handshake that lost the wrong packets never ends by itself.
    let policy = ConnectPolicy { timeout: SimDuration::from_secs(60), attempts: 1 };
    let (cluster, _) = pairs(1_000, 0.05, policy, StackSettings::default(), 61);
    let failed = count(&cluster, ConnectionState::Failed);
    println!("{failed} of 1,000 hang without a second attempt");
    assert!((1..=60).contains(&failed), "{failed}");
}

#[test]
fn idle_connections_cost_their_keepalives_only() {
    let lossless = |settings, secs| pairs(1, 0.0, ConnectPolicy::default(), settings, secs).1;
    let per_s = |settings: StackSettings| (lossless(settings.clone(), 601) - lossless(settings, 1)) as f64 / 600.0;
    let usual = per_s(StackSettings::default());
    let rare = per_s(StackSettings { keepalive: Some(SimDuration::from_secs(20)), ..StackSettings::default() });
    println!("{usual:.2} events a second and connection idle, {rare:.2} with a keep-alive of 20 s");
    // Both ends look after their timers every second or two, and exchange checks every two seconds.
    assert!(usual <= 25.0, "{usual}");
    assert!(rare < usual, "{rare}");
}
