//! Why a topology does not work for a population, in figures a person can act on.

use std::sync::Arc;

use super::observed::{ConnectionCounts, Observed};
use super::shortfall::shortfalls;
use super::trend::Growth;
use crate::metrics::Finding;
use crate::overlay::workload::Workload;
use crate::scenario::Settings;
use crate::simulation::control::budget::{Fallen, memory, memory_share};
use crate::simulation::control::connect::{Tally, Wall};
use crate::simulation::data::costs::idle_share;
use crate::units::{Bitrate, ByteCount, SimDuration};

/// Every limit that is exceeded, each by its worst node.
pub(in crate::simulation) fn findings(observed: &Observed<'_>, settings: &Settings) -> Vec<Finding> {
    let found = [
        uplink(observed),
        downlink(observed),
        cpu(observed),
        memory_budget(observed),
        failed(observed),
        connections(observed),
        unreachable(observed),
        turn(observed),
        signaling(observed, settings),
        unconnected(observed),
        message(observed, settings),
        silence(observed),
        incomplete(observed),
    ];
    let mut found: Vec<Finding> = found.into_iter().flatten().collect();
    found.extend(shortfalls(observed, settings, &found));
    if found.is_empty() {
        found.extend(growing(observed, settings));
    }
    found
}

// Latency that grows though nothing else says why, and neither messages nor links are such that it should.
fn growing(observed: &Observed<'_>, settings: &Settings) -> Option<Finding> {
    let changes = |workload: &Arc<dyn Workload>| {
        workload.file().is_some() || workload.live().is_some_and(|live| live.adaptation.is_some())
    };
    let has_traces = settings.population.classes.iter().any(|class| !class.capacity.is_empty());
    if has_traces || settings.workloads.iter().any(changes) {
        return None;
    }
    let Growth { first, last } = observed.growth?;
    let [first, last] = [first, last].map(SimDuration::as_secs_f64);
    let text = format!(
        "mean latency grows from {first:.2} s in the first quarter of the measured window to {last:.2} s in the last: a \
         queue grows without end, or measuring begins before it has settled"
    );
    Some(Finding { kind: "growing", text })
}

/// A server that is asked for all its time has a queue without end.
const FULL_PERCENT: f64 = 100.0;

fn uplink(observed: &Observed<'_>) -> Option<Finding> {
    let (node, percent, overloaded) = worst(&observed.uplink_percent)?;
    let rate = observed.world.rates(node).up?;
    let needed = mbit(rate.as_bps() as f64 * percent / 100.0);
    let text = format!(
        "{} needs {needed} Mbit/s up and has {} ({}){}",
        name(observed, node),
        mbit_of(rate),
        percent_text(percent),
        others(overloaded)
    );
    Some(Finding { kind: "uplink", text })
}

fn downlink(observed: &Observed<'_>) -> Option<Finding> {
    let (node, percent, overloaded) = worst(&observed.downlink_percent)?;
    let rate = observed.world.rates(node).down?;
    let needed = mbit(rate.as_bps() as f64 * percent / 100.0);
    let text = format!(
        "{} needs {needed} Mbit/s down and has {} ({}){}",
        name(observed, node),
        mbit_of(rate),
        percent_text(percent),
        others(overloaded)
    );
    Some(Finding { kind: "downlink", text })
}

fn cpu(observed: &Observed<'_>) -> Option<Finding> {
    let (node, percent, overloaded) = worst(&observed.cpu_percent)?;
    let idle_percent = 100.0 * observed.idle_share[node as usize];
    let idle = if f64::from(idle_percent) >= 1.0 {
        format!(", {idle_percent:.0} % of that only to keep its connections alive")
    } else {
        String::new()
    };
    let text = format!(
        "{} needs {} of its CPU budget, {} of a core{idle}{}",
        name(observed, node),
        percent_text(percent),
        observed.world.class(node).device.budget,
        others(overloaded)
    );
    Some(Finding { kind: "cpu", text })
}

fn memory_budget(observed: &Observed<'_>) -> Option<Finding> {
    let share = |(&degree, node): (&u32, u32)| memory_share(observed.world, node, degree).unwrap_or(0.0);
    let percent: Vec<f64> = observed.degrees.iter().zip(0..).map(|node| 100.0 * share(node)).collect();
    let (node, percent, overloaded) = worst(&percent)?;
    let text = format!(
        "{} needs {}{}",
        name(observed, node),
        memory_text(observed, node, observed.degrees[node as usize], percent)?,
        others(overloaded)
    );
    Some(Finding { kind: "memory", text })
}

fn failed(observed: &Observed<'_>) -> Option<Finding> {
    let Fallen { node, connections, nodes } = observed.fallen?;
    let idle = f64::from(idle_share(observed.world, node, connections));
    let memory = memory_share(observed.world, node, connections).filter(|&share| share > idle);
    let needs = match memory {
        Some(share) => memory_text(observed, node, connections, 100.0 * share)?,
        None => format!("{} of its CPU budget to keep {connections} connections alive", percent_text(100.0 * idle)),
    };
    let text = format!("{} fails, for it needs {needs}{}", name(observed, node), others(nodes));
    Some(Finding { kind: "failed", text })
}

// `131 MiB for 200 connections and has 64 (205 %)`
fn memory_text(observed: &Observed<'_>, node: u32, connections: u32, percent: f64) -> Option<String> {
    let mib = |bytes: ByteCount| {
        let mib = bytes.get() as f64 / f64::from(1 << 20);
        if mib >= 100.0 { format!("{mib:.0}") } else { format!("{mib:.1}") }
    };
    let (needed, has) = (memory(observed.world, node, connections), observed.world.class(node).device.memory?);
    let (needed, has, percent) = (mib(needed), mib(has), percent_text(percent));
    Some(format!("{needed} MiB for {connections} connections and has {has} ({percent})"))
}

fn connections(observed: &Observed<'_>) -> Option<Finding> {
    let Wall { node, wanted, nodes } = match observed.connecting {
        Some(tally) => tally.wall?,
        None => too_many(observed)?,
    };
    let allowed = observed.world.class(node).engine.max_connections?;
    let text =
        format!("{} needs {wanted} connections and its engine allows {allowed}{}", name(observed, node), others(nodes));
    Some(Finding { kind: "connections", text })
}

// Where nothing kept nodes to their engine's limit.
fn too_many(observed: &Observed<'_>) -> Option<Wall> {
    let excess = |node: &u32| {
        let allowed = observed.world.class(*node).engine.max_connections?;
        let wanted = observed.degrees[*node as usize];
        (wanted > allowed).then(|| wanted - allowed)
    };
    let over: Vec<u32> = (0..observed.world.nodes()).filter(|node| excess(node).is_some()).collect();
    // The first of those with the largest excess.
    let &node = over.iter().rev().max_by_key(|node| excess(node))?;
    Some(Wall { node, wanted: observed.degrees[node as usize], nodes: over.len() })
}

fn unreachable(observed: &Observed<'_>) -> Option<Finding> {
    let ConnectionCounts { wanted, impossible, standby, .. } = observed.connections;
    let (impossible, wanted) = (impossible - standby[1], wanted - standby[0]);
    let text = format!("{impossible} of {wanted} connections {}", observed.why_impossible);
    (impossible > 0).then_some(Finding { kind: "unreachable", text })
}

fn turn(observed: &Observed<'_>) -> Option<Finding> {
    let loads: Vec<f64> = observed.turn_load_percent().iter().map(|load| load.unwrap_or(0.0)).collect();
    let (server, percent, overloaded) = worst(&loads)?;
    let known = &observed.world.turn_servers()[server as usize];
    let rate = known.bandwidth?;
    let others = if overloaded > 1 { format!("; so do {} more servers", overloaded - 1) } else { String::new() };
    let text = format!(
        "TURN server {} needs {} Mbit/s and has {} ({}){others}",
        known.name,
        mbit(rate.as_bps() as f64 * percent / 100.0),
        mbit_of(rate),
        percent_text(percent),
    );
    Some(Finding { kind: "turn", text })
}

/// Lost messages of the signaling server beyond this share of all are no accident.
const SIGNALING_LOST_PERCENT: f64 = 1.0;

fn signaling(observed: &Observed<'_>, settings: &Settings) -> Option<Finding> {
    let server = observed.connecting?.signaling;
    let capacity = settings.webrtc.signaling.capacity?;
    let percent = 100.0 * server.overflowed as f64 / server.messages.max(1) as f64;
    let text = format!(
        "the signaling server drops {} of {} messages, for its queue of {} is full: it is sent {} in a second and \
         forwards {capacity}",
        server.overflowed,
        server.messages,
        settings.webrtc.signaling.queue.get(),
        server.peak_per_s,
    );
    (percent >= SIGNALING_LOST_PERCENT).then_some(Finding { kind: "signaling", text })
}

fn unconnected(observed: &Observed<'_>) -> Option<Finding> {
    let tally = observed.connecting?;
    let (given_up, wanted) = (tally.given_up, observed.connections.wanted - observed.connections.standby[0]);
    // Whom an engine's limit kept from connecting is another finding.
    if given_up == 0 || tally.wall.is_some() {
        return lonely(tally, wanted);
    }
    let text = format!("{given_up} of {wanted} connections are given up after their last attempt");
    Some(Finding { kind: "unconnected", text })
}

fn lonely(tally: &Tally, wanted: u64) -> Option<Finding> {
    let text = format!("{} of {wanted} connections are never begun: a peer had no session", tally.never_begun);
    (tally.never_begun > 0 && tally.wall.is_none()).then_some(Finding { kind: "unconnected", text })
}

fn message(observed: &Observed<'_>, settings: &Settings) -> Option<Finding> {
    let largest = settings.workloads.iter().map(|workload| workload.largest_message()).max()?;
    let refuses = |node: &u32| observed.world.class(*node).engine.max_message.is_some_and(|most| most < largest);
    let mut refusing = (0..observed.world.peers()).filter(refuses);
    let node = refusing.next()?;
    let most = observed.world.class(node).engine.max_message?;
    let nodes = 1 + refusing.count();
    let text = format!("{} takes messages of {most} at most, not of {largest}{}", name(observed, node), others(nodes));
    Some(Finding { kind: "message", text })
}

fn incomplete(observed: &Observed<'_>) -> Option<Finding> {
    let distributed = observed.distributed?;
    let (complete, wanted) = (distributed.times.len() as u64, distributed.wanted);
    if wanted == 0 {
        let text = "every peer has the content from the beginning: take fewer sources".to_owned();
        return Some(Finding { kind: "incomplete", text });
    }
    let text = format!("{} of {wanted} downloads are not complete at the end", wanted - complete);
    (complete < wanted).then_some(Finding { kind: "incomplete", text })
}

fn silence(observed: &Observed<'_>) -> Option<Finding> {
    if !observed.publishes && observed.distributed.is_some() {
        return None;
    }
    let text = match (observed.window.wanted, observed.latency.count()) {
        _ if !observed.publishes => "nobody publishes: the class that should has no peer, or all of its peers receive",
        (0, _) => "no message is published in the measured window: lengthen it, or publish more often",
        (_, 0) => "no message of the measured window is delivered",
        _ => return None,
    };
    Some(Finding { kind: "undelivered", text: text.to_owned() })
}

// Percentages just above 100 must not read as 100.
fn percent_text(percent: f64) -> String {
    if percent < 110.0 { format!("{percent:.1} %") } else { format!("{percent:.0} %") }
}

// The first node with the highest load, that load, and how many nodes are overloaded.
fn worst(percent: &[f64]) -> Option<(u32, f64, usize)> {
    let overloaded = percent.iter().filter(|&&load| load > FULL_PERCENT).count();
    let (node, load) = (0_u32..).zip(percent.iter().copied()).reduce(|a, b| if b.1 > a.1 { b } else { a })?;
    (overloaded > 0).then_some((node, load, overloaded))
}

pub(in crate::simulation) fn name(observed: &Observed<'_>, node: u32) -> String {
    if node >= observed.world.peers() {
        return "the server".to_owned();
    }
    format!("peer {node} ({})", observed.world.class(node).name)
}

pub(in crate::simulation) fn others(count: usize) -> String {
    match count {
        0 | 1 => String::new(),
        2 => "; so does 1 more peer".to_owned(),
        count => format!("; so do {} more peers", count - 1),
    }
}

fn mbit_of(rate: Bitrate) -> String {
    mbit(rate.as_bps() as f64)
}

fn mbit(bps: f64) -> String {
    let mbit = bps / 1e6;
    if mbit >= 10.0 { format!("{mbit:.0}") } else { format!("{mbit:.1}") }
}
