//! The model's set-up against the real stack in virtual time, cell by cell.
//!
//! Outcome, candidate types, relay and the times at which ICE is connected and the channel opens at
//! each end must be the same to the nanosecond.

use std::env;

use peerscape::net::{MIDDLEBOX_PRESETS, MiddleboxPreset};
use peerscape::real::pair::{Gather as RealGather, PairRun, PairSpec, connect, ladder};
use peerscape::real::stack::{Selected, State};
use peerscape::real::trace::Happened;
use peerscape::units::{SimDuration, SimTime};
use peerscape::webrtc::SetupProfile;
use peerscape::webrtc::ice::{CandidateKind, IceSpec};
use peerscape::webrtc::setup::{
    EndSpec, Gather, Ipv6, Losses, PairSetup, Relation, RelayTransport, RelayUse, SelectedKinds, SetupRun,
    StackProfile, run, run_traced,
};
use peerscape::webrtc::stamp::{Comparisons, Delays, Leg};

const GATHERS: [Gather; 4] = [Gather::Host, Gather::Stun, Gather::Turn, Gather::RelayOnly];

/// What both tell of a set-up.
#[derive(Debug, PartialEq, Eq)]
struct Cell {
    ice_ns: [Option<u64>; 2],
    open_ns: [Option<u64>; 2],
    failed_ns: Option<u64>,
    selected: [Option<(&'static str, &'static str)>; 2],
    relayed: bool,
}

fn model(boxes: [&MiddleboxPreset; 2], gather: Gather, trickle: bool, delays: Delays) -> SetupRun {
    run(&setup(boxes, gather, trickle), &Losses::default(), Comparisons::new(delays))
}

fn setup(boxes: [&MiddleboxPreset; 2], gather: Gather, trickle: bool) -> PairSetup {
    let stack = StackProfile { ice: IceSpec::WebrtcRs021.profile(), mdns: false };
    let ends = boxes.map(|preset| EndSpec { boxes: (preset.make)(), ipv6: Ipv6::None, stack, gather });
    PairSetup {
        ends,
        relation: Relation::Apart,
        trickle,
        transports: vec![RelayTransport::Udp],
        profile: SetupProfile::WebrtcRs,
    }
}

fn real(boxes: [&MiddleboxPreset; 2], gather: Gather, trickle: bool, delays: Delays) -> PairRun {
    let gather = match gather {
        Gather::Host => RealGather::Host,
        Gather::Stun => RealGather::Stun,
        Gather::Turn => RealGather::Turn,
        Gather::RelayOnly => RealGather::RelayOnly,
    };
    let boxes = boxes.map(|preset| (preset.make)());
    connect(&PairSpec { boxes, gather, trickle, delays, ..PairSpec::default() }).expect("it runs")
}

fn of_model(run: &SetupRun) -> Cell {
    let words = |kinds: SelectedKinds| {
        // The stack does not tell its reflexive candidates from their base.
        let local = if kinds.local == CandidateKind::Relayed { "relay" } else { "host" };
        (local, kinds.remote.word())
    };
    let ns = |time: peerscape::webrtc::stamp::Stamp| time.time().as_ns();
    Cell {
        ice_ns: run.outcome.times.ice.map(|time| time.map(ns)),
        open_ns: run.outcome.times.open.map(|time| time.map(ns)),
        failed_ns: run.outcome.times.failed.map(ns),
        selected: run.outcome.selected.map(|kinds| kinds.map(words)),
        relayed: run.outcome.relay != RelayUse::Direct,
    }
}

fn of_real(run: &PairRun) -> Cell {
    let ice = |side: u8| {
        let connected =
            |what: &Happened| matches!(what, Happened::State { end, state: State::IceConnected } if end.side == side);
        run.trace.entries().iter().find(|entry| connected(&entry.what)).map(|entry| entry.time.as_ns())
    };
    let words = |selected: Selected| (selected.local, selected.remote);
    Cell {
        ice_ns: [ice(0), ice(1)],
        open_ns: run.connection.opened.map(|time| time.map(SimTime::as_ns)),
        failed_ns: run.failed_at.map(SimTime::as_ns),
        selected: run.selected.map(|selected| selected.map(words)),
        relayed: run.relayed,
    }
}

// Both time lines of a cell, to find out why it differs.
fn show(boxes: [&MiddleboxPreset; 2], gather: Gather, trickle: bool, delays: Delays) {
    eprintln!("{gather:?}, trickle {trickle}");
    for step in run_traced(&setup(boxes, gather, trickle), &Losses::default(), Comparisons::new(delays)).steps {
        eprintln!("model {:>12.4} {} {}", step.at.time().as_ns() as f64 / 1e6, step.who.name(), step.what);
    }
    for step in ladder(&real(boxes, gather, trickle, delays), true) {
        eprintln!("stack {:>12.4} {} {}", step.time.as_ns() as f64 / 1e6, step.who, step.what);
    }
}

// Compares all pairs of presets; the cells that differ.
fn misses(gather: Gather, trickle: bool, delays: Delays) -> Vec<String> {
    let only = env::var("SETUP_ONLY").ok();
    let mut misses = Vec::new();
    for a in MIDDLEBOX_PRESETS {
        for b in MIDDLEBOX_PRESETS {
            let name = format!("{} offers to {}", a.name, b.name);
            if only.as_ref().is_some_and(|only| *only != name) {
                continue;
            }
            let modelled = of_model(&model([a, b], gather, trickle, delays));
            let measured = of_real(&real([a, b], gather, trickle, delays));
            if only.is_some() {
                show([a, b], gather, trickle, delays);
            }
            if modelled != measured {
                misses.push(format!(
                    "{name}, {gather:?}, trickle {trickle}:\n  model {modelled:?}\n  stack {measured:?}"
                ));
            }
        }
    }
    misses
}

fn uniform(us: u64) -> Delays {
    Delays::uniform(SimDuration::from_us(us))
}

#[test]
fn every_pair_at_equal_delays() {
    let delays: Vec<u64> = env::var("SETUP_DELAYS")
        .map_or_else(|_| vec![25_000], |list| list.split(',').map(|us| us.parse().expect("us")).collect());
    let mut all = Vec::new();
    for us in delays {
        for gather in GATHERS {
            let found = misses(gather, true, uniform(us));
            eprintln!("{us} us, {gather:?}: {} misses", found.len());
            all.extend(found.into_iter().map(|miss| format!("{us} us: {miss}")));
        }
    }
    assert!(all.is_empty(), "{} misses\n{}", all.len(), all.iter().take(12).cloned().collect::<Vec<_>>().join("\n"));
}

#[test]
fn every_pair_at_unequal_delays() {
    let ms = SimDuration::from_us;
    let delays = Delays::default()
        .with(Leg::Direct, ms(31_300))
        .with(Leg::OffererToOwn, ms(12_700))
        .with(Leg::OffererToOther, ms(12_700))
        .with(Leg::AnswererToOwn, ms(43_900))
        .with(Leg::AnswererToOther, ms(43_900))
        .with(Leg::Offer, ms(57_100))
        .with(Leg::Answer, ms(22_300));
    let mut all = Vec::new();
    for gather in GATHERS {
        for trickle in [true, false] {
            all.extend(misses(gather, trickle, delays));
        }
    }
    assert!(all.is_empty(), "{} misses\n{}", all.len(), all.iter().take(12).cloned().collect::<Vec<_>>().join("\n"));
}
