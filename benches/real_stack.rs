//! The real stack in virtual time: set-ups, a mesh, a thousand peers. CPU time of one thread; criterion
//! reports wall time of the set-ups.

mod support;

use std::path::Path;
use std::time::Duration;

use cpu_time::ThreadTime;
use criterion::{Criterion, Throughput};
use peerscape::engine::Engine;
use peerscape::real::cluster::{Application, Cluster, ConnectPolicy, ConnectionState, Context, Lab};
use peerscape::real::replication::replicate;
use peerscape::real::stack::StackSettings;
use peerscape::real::trace::Trace;
use peerscape::real::{NodeSpec, Paths};
use peerscape::rng::{Seed, Streams};
use peerscape::scenario;
use peerscape::simulation::Knowledge;
use peerscape::units::{SimDuration, SimTime};
use support::{best_ns_per_op, is_measuring};

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let pairs: Vec<(u32, u32)> = (0..100).map(|pair| (2 * pair, 2 * pair + 1)).collect();
    let mut group = criterion.benchmark_group("real_stack");
    group.sample_size(10).warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(3));
    group.throughput(Throughput::Elements(100));
    group.bench_function("set_up_100_connections", |bencher| bencher.iter(|| set_up(200, &pairs)));
    group.finish();
    criterion.final_summary();
    println!("\nCPU time, one thread");
    mesh(if is_measuring() { 46 } else { 6 });
    idle();
    thousand();
}

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

/// Sets up connections between public nodes, all at once, and runs until they are open.
fn set_up(nodes: u32, connections: &[(u32, u32)]) -> Engine<Lab<Idle>> {
    let streams = Streams::new(Seed(1));
    let settings = StackSettings::default();
    let mut cluster = Cluster::new(settings, ConnectPolicy::default(), Box::new(FiftyMs), streams, Trace::default())
        .expect("the stack has what it needs");
    for _ in 0..nodes {
        cluster.add_node(&NodeSpec::default());
    }
    for &(a, b) in connections {
        cluster.add_connection(a, b);
    }
    let mut engine = Lab { cluster, application: Idle }.engine();
    let (lab, scheduler) = engine.parts_mut();
    for (connection, _) in (0..).zip(connections) {
        Context::new(&mut lab.cluster, scheduler).connect_at(SimTime::ZERO, connection);
    }
    engine.run_until(SimTime::ZERO + SimDuration::from_secs(1)).expect("no runaway");
    let open = |lab: &Lab<Idle>| lab.cluster.connections().iter().all(|known| known.state == ConnectionState::Open);
    assert!(open(engine.model()), "16 one-way delays are over");
    engine
}

fn mesh(peers: u32) {
    let pairs: Vec<(u32, u32)> = (0..peers).flat_map(|a| (a + 1..peers).map(move |b| (a, b))).collect();
    let count = pairs.len();
    let ns = best_ns_per_op(|| {
        drop(set_up(peers, &pairs));
        count as u64
    });
    println!("mesh of {peers}: {count} connections in {:.2} s, {:.0} a second", ns * count as f64 / 1e9, 1e9 / ns);
}

fn idle() {
    let pairs: Vec<(u32, u32)> = (0..100).map(|pair| (2 * pair, 2 * pair + 1)).collect();
    let mut engine = set_up(200, &pairs);
    let secs = if is_measuring() { 60 } else { 5 };
    let clock = ThreadTime::now();
    engine.run_until(SimTime::ZERO + SimDuration::from_secs(1 + secs)).expect("no runaway");
    let per_connection = clock.elapsed().as_secs_f64() / 100.0 / secs as f64;
    println!("idle: {:.0} us a connection and simulated second", per_connection * 1e6);
}

fn thousand() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/thousand-real-peers.toml");
    let small = ["population.peers=40".to_owned(), "run.duration=\"6 s\"".to_owned()];
    let overrides: &[String] = if is_measuring() { &[] } else { &small };
    let experiment = scenario::load(&file, overrides).expect("a shipped scenario");
    let clock = ThreadTime::now();
    let run = replicate(&experiment.cells[0], Seed(1), &Knowledge::of(&experiment.cells[0].settings)).expect("it runs");
    let spent = clock.elapsed().as_secs_f64();
    let deliveries = run.record.counts.deliveries;
    println!("thousand-real-peers: {spent:.2} s for {deliveries} deliveries and {} datagrams", run.trace.datagrams());
}
