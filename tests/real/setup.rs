//! The model's set-up against the real stack in virtual time, cell by cell.
//!
//! Outcome, candidate types, relay, and the times at which ICE is connected, the channel opens or the
//! attempt fails must be the same to the nanosecond, at each end.

use peerscape::net::{MIDDLEBOX_PRESETS, MiddleboxPreset};
use peerscape::real::pair::{Gather as RealGather, PairRun, PairSpec, connect};
use peerscape::real::stack::{Selected, State};
use peerscape::real::trace::Happened;
use peerscape::rng::{Domain, Seed, Streams};
use peerscape::units::{SimDuration, SimTime};
use peerscape::webrtc::SetupProfile;
use peerscape::webrtc::ice::{CandidateKind, IceSpec};
use peerscape::webrtc::setup::{
    EndSpec, Gather, Ipv6, Losses, PairSetup, Relation, RelayTransport, RelayUse, SelectedKinds, SetupRun,
    StackProfile, run,
};
use peerscape::webrtc::stamp::{Comparisons, Delays, Leg, Stamp};
use rand::RngExt;

const GATHERS: [Gather; 4] = [Gather::Host, Gather::Stun, Gather::Turn, Gather::RelayOnly];

/// What both tell of a set-up.
#[derive(Debug, PartialEq, Eq)]
struct Cell {
    ice_ns: [Option<u64>; 2],
    open_ns: [Option<u64>; 2],
    failed_ns: Option<u64>,
    /// The types of both ends' pairs, and whether a relay is on the path; of open channels only.
    path: Option<(Types, bool)>,
}

/// The candidate types of each end's pair: its own, the other's.
type Types = [Option<(&'static str, &'static str)>; 2];

/// One set-up.
struct Case {
    boxes: [&'static MiddleboxPreset; 2],
    gather: Gather,
    trickle: bool,
    delays: Delays,
    lost: [Vec<u32>; 2],
}

impl Case {
    fn name(&self) -> String {
        let [a, b] = self.boxes.map(|preset| preset.name);
        let Self { gather, trickle, lost, delays, .. } = self;
        let us = delays.all().map(|delay| delay.as_ns() / 1_000);
        format!("{a} offers to {b}, {gather:?}, trickle {trickle}, lost {lost:?}, delays {us:?} us")
    }

    /// What is wrong, if anything.
    fn miss(&self) -> Option<String> {
        let [model, stack] = [of_model(&self.model()), of_real(&self.real())];
        (model != stack).then(|| format!("{}:\n  model {model:?}\n  stack {stack:?}", self.name()))
    }

    fn model(&self) -> SetupRun {
        let stack = StackProfile { ice: IceSpec::WebrtcRs021.profile(), mdns: false };
        let gather = self.gather;
        let setup = PairSetup {
            ends: self.boxes.map(|preset| EndSpec { boxes: (preset.make)(), ipv6: Ipv6::None, stack, gather }),
            relation: Relation::Apart,
            trickle: self.trickle,
            transports: vec![RelayTransport::Udp],
            profile: SetupProfile::WebrtcRs,
        };
        let losses = Losses { up: self.lost.clone(), down: Default::default() };
        run(&setup, &losses, Comparisons::new(self.delays))
    }

    fn real(&self) -> PairRun {
        let gather = match self.gather {
            Gather::Host => RealGather::Host,
            Gather::Stun => RealGather::Stun,
            Gather::Turn => RealGather::Turn,
            Gather::RelayOnly => RealGather::RelayOnly,
        };
        let boxes = self.boxes.map(|preset| (preset.make)());
        let (trickle, delays, lost) = (self.trickle, self.delays, self.lost.clone());
        connect(&PairSpec { boxes, gather, trickle, delays, lost, ..PairSpec::default() }).expect("it runs")
    }
}

fn of_model(run: &SetupRun) -> Cell {
    let words = |kinds: SelectedKinds| {
        // The stack does not tell its reflexive candidates from their base.
        let local = if kinds.local == CandidateKind::Relayed { "relay" } else { "host" };
        (local, kinds.remote.word())
    };
    let ns = |time: Stamp| time.time().as_ns();
    let times = run.outcome.times;
    let open = times.open.iter().all(Option::is_some);
    Cell {
        ice_ns: times.ice.map(|time| time.map(ns)),
        open_ns: times.open.map(|time| time.map(ns)),
        failed_ns: times.failed.map(ns),
        path: open.then(|| (run.outcome.selected.map(|kinds| kinds.map(words)), run.outcome.relay != RelayUse::Direct)),
    }
}

fn of_real(run: &PairRun) -> Cell {
    let ice = |side: u8| {
        let connected =
            |what: &Happened| matches!(what, Happened::State { end, state: State::IceConnected } if end.side == side);
        run.trace.entries().iter().find(|entry| connected(&entry.what)).map(|entry| entry.time.as_ns())
    };
    let words = |selected: Selected| (selected.local, selected.remote);
    // The laboratory gives up after this time; the stack itself then hangs.
    let given_up = SimTime::ZERO + PairSpec::default().policy.timeout;
    Cell {
        ice_ns: [ice(0), ice(1)],
        open_ns: run.connection.opened.map(|time| time.map(SimTime::as_ns)),
        failed_ns: run.failed_at.filter(|&time| time < given_up).map(SimTime::as_ns),
        path: run.connection.open_at().map(|_| (run.selected.map(|selected| selected.map(words)), run.relayed)),
    }
}

// Plays all cases on both rungs; which of them differ.
fn compare(cases: impl Iterator<Item = Case>) {
    let mut count = 0;
    let misses: Vec<String> = cases.inspect(|_| count += 1).filter_map(|case| case.miss()).collect();
    let some: Vec<&str> = misses.iter().take(10).map(String::as_str).collect();
    assert!(misses.is_empty(), "{} of {count} differ, such as\n{}", misses.len(), some.join("\n"));
    assert!(count > 100, "{count} cases are too few");
}

// Every ordered pair of presets with every way to gather.
fn every_pair(delays: Delays, trickle: bool) -> impl Iterator<Item = Case> {
    let pairs = MIDDLEBOX_PRESETS.iter().flat_map(|a| MIDDLEBOX_PRESETS.iter().map(move |b| [a, b]));
    pairs.flat_map(move |boxes| GATHERS.map(|gather| Case { boxes, gather, trickle, delays, lost: Default::default() }))
}

fn uniform_ms(ms: u64) -> Delays {
    Delays::uniform(SimDuration::from_ms(ms))
}

#[test]
fn every_pair_at_short_delays() {
    compare([1, 2, 5].into_iter().flat_map(|ms| every_pair(uniform_ms(ms), true)));
}

#[test]
fn every_pair_at_medium_delays() {
    compare([10, 25, 50].into_iter().flat_map(|ms| every_pair(uniform_ms(ms), true)));
}

#[test]
fn every_pair_at_long_delays() {
    compare([100, 150, 200].into_iter().flat_map(|ms| every_pair(uniform_ms(ms), true)));
}

#[test]
fn every_pair_without_trickle() {
    compare([5, 50].into_iter().flat_map(|ms| every_pair(uniform_ms(ms), false)));
}

// Delays that differ by leg, from 1 to 200 ms; the stack's laboratory has one server.
fn drawn(number: u64) -> Delays {
    let mut stream = Streams::new(Seed(4)).stream(Domain::Bench, number);
    let mut draw = || SimDuration::from_us(stream.random_range(1_000..200_000));
    let [offerer, answerer] = [draw(), draw()];
    Delays::default()
        .with(Leg::Direct, draw())
        .with(Leg::OffererToOwn, offerer)
        .with(Leg::OffererToOther, offerer)
        .with(Leg::AnswererToOwn, answerer)
        .with(Leg::AnswererToOther, answerer)
        .with(Leg::Offer, draw())
        .with(Leg::Answer, draw())
}

#[test]
fn every_pair_at_delays_that_differ_by_leg() {
    compare((0..3).flat_map(|number| every_pair(drawn(number), number != 1)));
}

#[test]
fn some_pairs_at_many_delays() {
    // Every pair comes up with some delays, each time with others.
    let cases = (0..30_u64).flat_map(|number| {
        let delays = drawn(100 + number);
        every_pair(delays, number % 3 != 0).enumerate().filter(move |(place, _)| *place as u64 % 30 == number)
    });
    compare(cases.map(|(_, case)| case));
}

#[test]
fn any_one_datagram_is_lost() {
    let named = |name: &str| MIDDLEBOX_PRESETS.iter().find(|preset| preset.name == name).expect("a preset");
    let presets = ["public", "eim-apdf", "apdm-apdf"].map(named);
    let pairs = presets.into_iter().flat_map(|a| presets.map(|b| [a, b]));
    compare(pairs.flat_map(|boxes| {
        [Gather::Stun, Gather::Turn].into_iter().flat_map(move |gather| {
            (0..24).map(move |place| {
                let mut lost: [Vec<u32>; 2] = Default::default();
                lost[place as usize % 2].push(place / 2);
                Case { boxes, gather, trickle: true, delays: drawn(200 + u64::from(place)), lost }
            })
        })
    }));
}

#[test]
fn a_channel_opens_after_sixteen_one_way_delays() {
    for ms in [1, 2, 10, 50, 100, 200] {
        let spec = PairSpec { delays: Delays::uniform(SimDuration::from_ms(ms)), ..PairSpec::default() };
        let run = connect(&spec).expect("runs");
        let expected = SimTime::ZERO + SimDuration::from_ms(16 * ms);
        assert_eq!(run.connection.open_at(), Some(expected), "{ms} ms one way");
    }
}
