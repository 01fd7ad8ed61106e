//! What does not get through for want of room, as findings: wherever deliveries are missing for another reason than a
//! lossy path, a limit was too small, and a topology that runs into it does not work.
//!
//! Loads of links, CPUs and TURN servers (`finding.rs`) say what is too much on average. Bursts fill a buffer all the
//! same, and so does an association that carries less than its links; those are told here, unless a load already says
//! as much.

use super::fate::Fate;
use super::finding::{name, others};
use super::observed::Observed;
use crate::metrics::Finding;
use crate::scenario::{Grain, Settings};
use crate::units::SimTime;

/// More missing deliveries than this share of those wanted, in percent, are no accident.
const SHORT_PERCENT: f64 = 5.0;
/// The same of all fates but loss together.
const SHORT_ALL_PERCENT: f64 = 8.0;
/// One copy under way stands for so many deliveries at most.
const UNDER_WAY_SHARE: f64 = 0.01;

/// What is too small, beside what has been found.
pub(in crate::simulation) fn shortfalls(
    observed: &Observed<'_>,
    settings: &Settings,
    found: &[Finding],
) -> Vec<Finding> {
    let wanted = observed.window.wanted;
    if wanted == 0 {
        return Vec::new();
    }
    let is_found = |kind: &&str| found.iter().any(|finding| finding.kind == *kind);
    let (failed, late) = observed.fates.split(wanted.saturating_sub(observed.latency.count()));
    let late = if is_late(observed, late) { late } else { 0.0 };
    let percent = |deliveries: f64| 100.0 * deliveries / wanted as f64;
    let fates = Fate::ALL.into_iter().map(Some).zip(failed).chain([(None, late)]);
    let mut short: Vec<(Option<Fate>, f64)> = fates
        .filter(|(fate, _)| *fate != Some(Fate::Lost))
        .map(|(fate, deliveries)| (fate, percent(deliveries)))
        .filter(|(fate, _)| !explanations(*fate).iter().any(&is_found))
        .collect();
    let all: f64 = short.iter().map(|(_, share)| share).sum();
    // Many small ones are one large one: the largest speaks for them.
    short.sort_by(|a, b| b.1.total_cmp(&a.1));
    let of_all = usize::from(all >= SHORT_ALL_PERCENT);
    let told = short.iter().filter(|(_, share)| *share >= SHORT_PERCENT).count().max(of_all);
    short.iter().take(told).filter_map(|&(fate, share)| finding(observed, settings, fate, share)).collect()
}

// Whether so many deliveries that have no fate are late. By a rule that only sends on what comes, and may pass a node by or
// lose a message for it, copies that are still under way tell. By one that talks messages also wait to be asked for.
fn is_late(observed: &Observed<'_>, deliveries: f64) -> bool {
    let is_exactly_once = observed.window.duplicates.is_none();
    let talks = observed.window.control_bytes.is_some();
    is_exactly_once || talks || observed.counts.copies_in_flight as f64 >= UNDER_WAY_SHARE * deliveries
}

// Findings that say the same already.
const fn explanations(fate: Option<Fate>) -> &'static [&'static str] {
    match fate {
        Some(Fate::Lost) => &[],
        Some(Fate::Uplink) => &["uplink"],
        Some(Fate::Downlink) => &["downlink"],
        Some(Fate::Socket) => &["cpu"],
        Some(Fate::Turn) => &["turn"],
        Some(Fate::Unconnected) => &["unconnected", "unreachable", "connections", "failed", "signaling"],
        Some(Fate::Throttled) => &["uplink", "downlink", "cpu", "message"],
        Some(Fate::Blocked) | None => &["uplink", "downlink", "cpu", "turn"],
    }
}

fn finding(observed: &Observed<'_>, settings: &Settings, fate: Option<Fate>, share: f64) -> Option<Finding> {
    let share = format!("{share:.0} % of the deliveries");
    let worst = fate.and_then(|fate| observed.fates.worst(fate));
    // The worst peer, what it drops, and who else does.
    let who = |what: &dyn Fn(u32) -> String| {
        let (node, copies, nodes) = worst?;
        Some(format!(
            "{} drops {copies} copies {}{}: {share} are missing",
            name(observed, node),
            what(node),
            others(nodes)
        ))
    };
    let buffer = |node: u32| observed.world.class(node).buffer.map_or_else(String::new, |held| format!(" of {held}"));
    let (kind, text) = match fate {
        Some(Fate::Lost) => return None,
        Some(Fate::Uplink) => {
            ("uplink-buffer", who(&|node| format!("at its uplink, whose buffer{} is full", buffer(node)))?)
        }
        Some(Fate::Downlink) => {
            ("downlink-buffer", who(&|node| format!("at its downlink, whose buffer{} is full", buffer(node)))?)
        }
        Some(Fate::Socket) => ("socket", who(&|_| "at full sockets, for its CPU is too far behind".to_owned())?),
        Some(Fate::Turn) => ("turn-buffer", format!("{share} are dropped by TURN servers, whose queues are full")),
        Some(Fate::Blocked) => {
            ("blocked", format!("{share} have arrived and are held behind a lost message of their channel at the end"))
        }
        Some(Fate::Unconnected) => {
            let connected = observed.connected_at.since(SimTime::ZERO).as_secs_f64();
            let from = settings.run.warmup;
            (
                "unconnected",
                format!("{share} find no open connection: the last opens at {connected:.2} s, measured from {from}"),
            )
        }
        Some(Fate::Throttled) => throttled(observed, settings, &share)?,
        None => late(observed, settings, &share),
    };
    Some(Finding { kind, text })
}

// Neither a link nor a CPU is at its limit, so what carries less than it is asked to is the association.
fn throttled(observed: &Observed<'_>, settings: &Settings, share: &str) -> Option<(&'static str, String)> {
    let (node, copies, nodes) = observed.fates.worst(Fate::Throttled)?;
    let room = observed.world.class(node).engine.send_buffer;
    let room = room.map_or_else(|| "send buffers".to_owned(), |room| format!("send buffers of {room}"));
    let peer = name(observed, node);
    let (others, why) = (others(nodes), "at its losses and round trips an association carries less than is asked");
    let text = format!("{peer} turns {copies} messages away, its {room} are full{others}: {share} are missing");
    Some(match settings.run.grain {
        Grain::Packet => ("window", format!("{text}; {why}")),
        Grain::Message => ("send-buffer", text),
    })
}

fn late(observed: &Observed<'_>, settings: &Settings, share: &str) -> (&'static str, String) {
    let drain = settings.run.drain;
    let talks = observed.window.control_bytes.is_some();
    let where_to = if talks { "under way, or wait to be asked for," } else { "under way" };
    let text = format!("{share} are {where_to} {drain} after the last message");
    let most = observed.unsent_bytes.iter().zip(0_u32..).max_by_key(|&(&bytes, node)| (bytes, u32::MAX - node));
    match most.filter(|(bytes, _)| **bytes > 0) {
        Some((&bytes, node)) => {
            let (peer, unsent_kb) = (name(observed, node), bytes as f64 / 1e3);
            (
                "window",
                format!(
                    "{peer} had {unsent_kb:.1} kB unsent when the window ended, for its associations carry less than is asked: {text}"
                ),
            )
        }
        None => ("late", format!("{text}: a queue grows without end, or `drain` is too short")),
    }
}
