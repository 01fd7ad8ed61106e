//! The model's set-up against the real stack in virtual time when datagrams are lost.
//!
//! Both ends are public and gather their own addresses. The same datagrams are lost in both: each end's
//! are numbered as it sends them.

use peerscape::net::{MIDDLEBOX_PRESETS, MiddleboxSpec};
use peerscape::real::cluster::ConnectPolicy;
use peerscape::real::pair::{Gather as RealGather, PairRun, PairSpec, connect, ladder};
use peerscape::real::stack::State;
use peerscape::real::trace::Happened;
use peerscape::rng::{Domain, Seed, Streams};
use peerscape::units::{SimDuration, SimTime};
use peerscape::webrtc::SetupProfile;
use peerscape::webrtc::ice::IceSpec;
use peerscape::webrtc::setup::{
    EndSpec, Gather, Ipv6, Losses, PairSetup, Relation, RelayTransport, SetupRun, StackProfile, run, run_traced,
};
use peerscape::webrtc::stamp::{Comparisons, Delays, Stamp};
use rand::RngExt;

const TIMEOUT: SimDuration = SimDuration::from_secs(15);

/// When ICE was connected, DTLS done and the channel open at each end, in ns.
#[derive(Debug, PartialEq, Eq)]
struct Times([[Option<u64>; 2]; 3]);

fn setup() -> PairSetup {
    setup_behind(&[], Gather::Host)
}

fn setup_behind(boxes: &[MiddleboxSpec], gather: Gather) -> PairSetup {
    let stack = StackProfile { ice: IceSpec::WebrtcRs021.profile(), mdns: false };
    let end = EndSpec { boxes: boxes.to_vec(), ipv6: Ipv6::None, stack, gather };
    PairSetup {
        ends: [end.clone(), end],
        relation: Relation::Apart,
        trickle: true,
        transports: vec![RelayTransport::Udp],
        profile: SetupProfile::WebrtcRs,
    }
}

fn model(delay: SimDuration, lost: &[Vec<u32>; 2]) -> SetupRun {
    let losses = Losses { up: lost.clone(), ..Losses::default() };
    run(&setup(), &losses, Comparisons::new(Delays::uniform(delay)))
}

fn real(delay: SimDuration, lost: &[Vec<u32>; 2]) -> PairRun {
    let policy = ConnectPolicy { timeout: TIMEOUT, attempts: 1 };
    let spec = PairSpec { delays: Delays::uniform(delay), lost: lost.clone(), policy, ..PairSpec::default() };
    connect(&spec).expect("it runs")
}

// What lies beyond the time-out does not count: the connection is given up then.
fn within(ns: u64) -> Option<u64> {
    (ns < TIMEOUT.as_ns()).then_some(ns)
}

fn of_model(run: &SetupRun) -> Times {
    let times = &run.outcome.times;
    let ns = |stamp: Stamp| within(stamp.time().as_ns());
    Times([times.ice, times.dtls, times.open].map(|ends| ends.map(|time| time.and_then(ns))))
}

fn of_real(run: &PairRun) -> Times {
    let reached = |side: u8, wanted: State| {
        let is =
            |what: &Happened| matches!(what, Happened::State { end, state } if end.side == side && *state == wanted);
        run.trace.entries().iter().find(|entry| is(&entry.what)).map(|entry| entry.time.as_ns())
    };
    let state = |state| [0, 1].map(|side| reached(side, state).and_then(within));
    let open = run.connection.opened.map(|time| time.map(SimTime::as_ns).and_then(within));
    Times([state(State::IceConnected), state(State::DtlsConnected), open])
}

fn show(delay: SimDuration, lost: &[Vec<u32>; 2]) {
    let losses = Losses { up: lost.clone(), ..Losses::default() };
    let modelled = run_traced(&setup(), &losses, Comparisons::new(Delays::uniform(delay)));
    show_both(&modelled, &real(delay, lost));
}

fn show_both(modelled: &SetupRun, measured: &PairRun) {
    for step in &modelled.steps {
        eprintln!("model {:>12.6} {} {}", step.at.time().as_ns() as f64 / 1e6, step.who.name(), step.what);
    }
    for step in ladder(measured, true) {
        eprintln!("stack {:>12.6} {} {}", step.time.as_ns() as f64 / 1e6, step.who, step.what);
    }
}

#[test]
fn any_one_lost_datagram_costs_what_it_costs_the_stack() {
    let mut hung = 0;
    let mut misses = Vec::new();
    for ms in [5, 25, 50, 80, 110, 200] {
        let delay = SimDuration::from_ms(ms);
        for side in [0, 1] {
            let sent = model(delay, &[Vec::new(), Vec::new()]).outcome.datagrams[side].up;
            for number in 0..=sent {
                let mut lost = [Vec::new(), Vec::new()];
                lost[side].push(number);
                let (modelled, measured) = (of_model(&model(delay, &lost)), of_real(&real(delay, &lost)));
                hung += u32::from(measured.0[2] == [None, None]);
                if modelled != measured {
                    misses.push(format!("{ms} ms, {side} loses {number}:\n  model {modelled:?}\n  stack {measured:?}"));
                    if std::env::var("LOSS_SHOW").is_ok_and(|wanted| wanted == format!("{ms} {side} {number}")) {
                        show(delay, &lost);
                    }
                }
            }
        }
    }
    assert!(misses.is_empty(), "{} misses\n{}", misses.len(), misses.join("\n"));
    // The client's last DTLS flight, where one of its ICE rounds falls between the server's
    // retransmission and its own timer, which are due at the same time.
    assert!(hung > 0, "the stack's defect is met");
}

// Each datagram is lost with this probability.
fn draw(seed: u64, loss: f64) -> [Vec<u32>; 2] {
    [0, 1].map(|side| {
        let mut stream = Streams::new(Seed(seed)).stream(Domain::PacketLink, side);
        (0..2_000).filter(|_| stream.random_bool(loss)).collect()
    })
}

// In ms, rising; what did not open counts with the time-out.
fn quantiles(mut ns: Vec<u64>) -> [f64; 2] {
    ns.sort_unstable();
    [0.5, 0.95].map(|share| ns[(share * ns.len() as f64) as usize] as f64 / 1e6)
}

#[test]
fn set_up_times_under_random_loss_are_those_of_the_stack() {
    let runs = 400;
    for (loss, ms) in [(0.01, 25), (0.01, 50), (0.05, 25), (0.05, 50), (0.05, 110)] {
        let delay = SimDuration::from_ms(ms);
        let mut same = 0;
        let mut opened: [Vec<u64>; 2] = [Vec::new(), Vec::new()];
        let mut hung = [0, 0];
        for seed in 0..runs {
            let lost = draw(seed, loss);
            let both = [of_model(&model(delay, &lost)), of_real(&real(delay, &lost))];
            for (place, times) in both.iter().enumerate() {
                let open = times.0[2].iter().copied().collect::<Option<Vec<_>>>();
                hung[place] += u32::from(open.is_none());
                opened[place].push(open.and_then(|ends| ends.into_iter().max()).unwrap_or(TIMEOUT.as_ns()));
            }
            same += u32::from(both[0] == both[1]);
            if both[0] != both[1]
                && std::env::var("LOSS_SHOW").is_ok_and(|wanted| wanted == format!("{loss} {ms} {seed}"))
            {
                show(delay, &lost);
            } else if both[0] != both[1] {
                eprintln!("{loss} {ms} ms, seed {seed}:\n  model {:?}\n  stack {:?}", both[0], both[1]);
            }
        }
        let [modelled, measured] = opened.map(quantiles);
        eprintln!(
            "{loss} at {ms} ms: {same} of {runs} the same, hung {hung:?}, model {modelled:?}, stack {measured:?}"
        );
        assert_eq!(same, runs as u32, "each run is the stack's to the nanosecond");
        assert!((modelled[0] / measured[0] - 1.0).abs() < 0.05, "median: {modelled:?} against {measured:?}");
        assert!((modelled[1] / measured[1] - 1.0).abs() < 0.15, "p95: {modelled:?} against {measured:?}");
    }
}

#[test]
fn behind_boxes_with_servers_too() {
    let delay = SimDuration::from_ms(25);
    let runs = 60;
    let cells = [
        ("eim-apdf", Gather::Stun, RealGather::Stun),
        ("eim-apdf", Gather::Turn, RealGather::Turn),
        ("apdm-apdf", Gather::Turn, RealGather::Turn),
    ];
    let mut results = Vec::new();
    for (name, gather, real_gather) in cells {
        let preset = MIDDLEBOX_PRESETS.iter().find(|preset| preset.name == name);
        let boxes = preset.map_or_else(|| panic!("there is no box {name}"), |preset| (preset.make)());
        let mut same = 0;
        let mut opened: [Vec<u64>; 2] = [Vec::new(), Vec::new()];
        for seed in 0..runs {
            let lost = draw(seed, 0.05);
            let losses = Losses { up: lost.clone(), ..Losses::default() };
            let modelled = run_traced(&setup_behind(&boxes, gather), &losses, Comparisons::new(Delays::uniform(delay)));
            let measured = connect(&PairSpec {
                boxes: [boxes.clone(), boxes.clone()],
                delays: Delays::uniform(delay),
                lost,
                gather: real_gather,
                policy: ConnectPolicy { timeout: TIMEOUT, attempts: 1 },
                ..PairSpec::default()
            })
            .expect("it runs");
            let both = [of_model(&modelled), of_real(&measured)];
            for (place, times) in both.iter().enumerate() {
                let open = times.0[2].iter().copied().collect::<Option<Vec<_>>>();
                opened[place].push(open.and_then(|ends| ends.into_iter().max()).unwrap_or(TIMEOUT.as_ns()));
            }
            same += u32::from(both[0] == both[1]);
            if both[0] != both[1] {
                eprintln!("{name}, {gather:?}, seed {seed}:\n  model {:?}\n  stack {:?}", both[0], both[1]);
            }
            if std::env::var("LOSS_SHOW").is_ok_and(|wanted| wanted == format!("{name} {gather:?} {seed}")) {
                show_both(&modelled, &measured);
            }
        }
        let [modelled, measured] = opened.map(quantiles);
        results.push((format!("{name}, {gather:?}: {same} of {runs} the same"), same, modelled, measured));
    }
    eprintln!("{results:#?}");
    for (cell, same, modelled, measured) in results {
        assert!((modelled[0] / measured[0] - 1.0).abs() < 0.05, "{cell}, median: {modelled:?} against {measured:?}");
        assert!((modelled[1] / measured[1] - 1.0).abs() < 0.15, "{cell}, p95: {modelled:?} against {measured:?}");
        assert!(same * 10 >= runs as u32 * 9, "{cell}");
    }
}
