//! The set-up of a connection: a run of the state machine, and looking up what becomes of it.
//!
//! Every look-up is of another pair of peers at random places: delays from 5 to 150 ms. Criterion reports wall
//! time; the summary at the end is CPU time, and what the trees hold after it.

mod support;

use std::hint::black_box;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion};
use peerscape::net::MIDDLEBOX_PRESETS;
use peerscape::rng::PairKey;
use peerscape::units::{Probability, SimDuration};
use peerscape::webrtc::SetupProfile;
use peerscape::webrtc::ice::IceSpec;
use peerscape::webrtc::setup::{
    Chance, EndSpec, Gather, Ipv6, LinkLoss, Losses, PairSetup, Relation, RelayTransport, SetupOptions, SetupPair,
    SetupsLearner, StackProfile, run,
};
use peerscape::webrtc::stamp::{Comparisons, Delays, Leg};

use support::{best_ns_per_op, is_measuring};

const PROFILES: [IceSpec; 3] = [IceSpec::WebrtcRs021, IceSpec::Chromium, IceSpec::Rfc];
const TRANSPORTS: [RelayTransport; 1] = [RelayTransport::Udp];
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

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let mut lines = Vec::new();
    for spec in PROFILES {
        lines.push(measure_run(&mut criterion, spec));
        for percent in [0.0, 0.1, 1.0] {
            lines.push(measure_look_up(&mut criterion, spec, percent));
        }
    }
    criterion.final_summary();
    println!("\nset-ups of two peers behind port-restricted NATs with STUN, CPU time, the best of several rounds");
    lines.iter().for_each(|line| println!("{line}"));
}

fn measure_run(criterion: &mut Criterion, spec: IceSpec) -> String {
    let setup = PairSetup {
        ends: [end(spec), end(spec)],
        relation: Relation::Apart,
        trickle: true,
        transports: TRANSPORTS.to_vec(),
        profile: SetupProfile::default(),
    };
    let mut pair = 0;
    let mut once = || {
        pair += 1;
        run(&setup, &Losses::default(), Comparisons::new(delays(pair))).outcome
    };
    let mut group = criterion.benchmark_group("setup");
    group.sample_size(10).warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(1));
    group.bench_function(BenchmarkId::new("run", spec.name()), |bencher| bencher.iter(&mut once));
    group.finish();
    let rounds = if is_measuring() { 1_000 } else { 1 };
    let ns = best_ns_per_op(|| {
        (0..rounds).for_each(|_| _ = black_box(once()));
        rounds
    });
    format!("{:<16} run {:>8.1} us", spec.name(), ns / 1e3)
}

fn measure_look_up(criterion: &mut Criterion, spec: IceSpec, percent: f64) -> String {
    let options = SetupOptions { trickle: true, transports: TRANSPORTS.to_vec(), profile: SetupProfile::default() };
    let mut learner = SetupsLearner::new(vec![end(spec)], options);
    let loss = Probability::new(percent / 100.0).expect("a share");
    let pair = SetupPair { kinds: [0, 0], relation: Relation::Apart };
    let chance = |number: u32| {
        let draw = PairKey::new(5).directed(number, 0);
        Chance { loss: [LinkLoss { up: loss, down: loss }; 2], draw }
    };
    let lessons = if is_measuring() { 50_000 } else { 100 };
    (0..lessons).for_each(|number| learner.learn(pair, &delays(number), &chance(number)));
    let setups = learner.into_setups();
    let mut number = lessons;
    let mut once = || {
        number += 1;
        setups.look_up(pair, &delays(number), &chance(number))
    };
    let mut group = criterion.benchmark_group("setup");
    group.sample_size(10).warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(1));
    let name = format!("look-up/{}", spec.name());
    group.bench_function(BenchmarkId::new(name, format!("loss {percent} %")), |bencher| bencher.iter(&mut once));
    group.finish();
    let rounds = if is_measuring() { 50_000 } else { 10 };
    let ns = best_ns_per_op(|| {
        (0..rounds).for_each(|_| _ = black_box(once()));
        rounds
    });
    format!("{:<16} look-up, loss {percent:>3} % {ns:>8.1} ns; {:?}", spec.name(), setups.size())
}

fn end(spec: IceSpec) -> EndSpec {
    let nat = MIDDLEBOX_PRESETS.iter().find(|preset| preset.name == "eim-apdf").expect("a preset");
    let stack = StackProfile { ice: spec.profile(), mdns: false };
    EndSpec { boxes: (nat.make)(), ipv6: Ipv6::None, stack, gather: Gather::Stun }
}

fn delays(number: u32) -> Delays {
    let ns = |leg: Leg| 5_000_000 + PairKey::new(3).directed(number, leg as u32) % 145_000_000;
    LEGS.into_iter().fold(Delays::default(), |delays, leg| delays.with(leg, SimDuration::from_ns(ns(leg))))
}
