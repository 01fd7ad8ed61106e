//! The bounds one by one.

use super::figure::{quantity, rate};
use super::latency;
use super::row::{BoundRow, Side};
use super::subject::Subject;
use crate::optimiser::bound::{
    self, AllToAllBinds, Bound, GrowthBinds, Law, MakespanBinds, RateBinds, disjoint_ways, mean_distance,
    moore_diameter, reach, relay_links,
};
use crate::report::figures::{count, counted};
use crate::simulation::{Carried, Fetched};

const COPIES: Law = Law { name: "copies", source: "counted: every message is sent once for each receiver" };

/// Who can connect with whom, and how short ways can be.
pub(super) fn of_connections(subject: &Subject<'_>, degree: u32) -> Vec<BoundRow> {
    let instance = &subject.posed.instance;
    let (delays, peers) = (instance.delays(), instance.peers());
    let relays = relay_links(delays);
    let direct = reach(delays, |hop| hop.delay_us().is_some() && !hop.is_relayed());
    let mut binds = match direct.sizes.as_slice() {
        [_] => "direct connections reach everybody".to_owned(),
        [largest, ..] => format!(
            "direct connections leave {}, the largest of {} peers",
            counted(direct.sizes.len(), "part"),
            count(*largest)
        ),
        [] => String::new(),
    };
    let all = reach(delays, |hop| hop.delay_us().is_some());
    if let [_, others @ ..] = all.sizes.as_slice()
        && !others.is_empty()
    {
        let sizes: Vec<String> = others.iter().take(4).map(|&size| count(size)).collect();
        let more = if others.len() > 4 { ", ..." } else { "" };
        binds += &format!(
            "; {} cut off from the others even with relays, in {} of {}{more}",
            counted(relays.binds as usize, "peer"),
            counted(others.len(), "part"),
            sizes.join(", ")
        );
    }
    let mut rows = vec![row(relays.law, None, Side::AtLeast, f64::from(relays.value), "", binds)];
    if let Some(ways) = disjoint_ways(peers, delays) {
        let peer = subject.peer(ways.binds);
        let by_limit = peers[ways.binds as usize].connections_max == Some(ways.value);
        let what = if by_limit { "keeps no more connections" } else { "can connect with no more peers" };
        rows.push(row(ways.law, None, Side::AtMost, f64::from(ways.value), "", format!("{peer} {what}")));
    }
    let binds = format!("nobody has more than {}", counted(degree as usize, "neighbour"));
    if let Some(bound) = moore_diameter(delays.peers(), degree) {
        rows.push(row(bound.law, None, Side::AtLeast, f64::from(bound.value), "hops", binds.clone()));
    }
    if let Some(bound) = mean_distance(delays.peers(), degree) {
        rows.push(row(bound.law, None, Side::AtLeast, bound.value, "hops", binds));
    }
    rows
}

/// What a workload's messages are bound by.
pub(super) fn of_messages(subject: &Subject<'_>, carried: &Carried) -> Vec<BoundRow> {
    let name = subject.name(carried.nth);
    let peers = subject.posed.instance.peers();
    let bits = carried.wire.bytes.get() as f64 * 8.0;
    let offered = carried.messages_per_s * bits;
    let is_for_all = carried.reach > 0.999_999;
    let mut rows = Vec::new();
    match carried.publishers.as_slice() {
        [publisher] if is_for_all => {
            let source = publisher.peer;
            rows.push(of_stream(subject, &name, source, offered));
            if latency::unbounded(subject, carried).is_none() {
                rows.push(of_one_message(subject, &name, bits, source));
            }
            rows.extend(latency::of_one(subject, &name, carried, source));
        }
        publishers if is_for_all && publishers.len() == peers.len() => {
            let each = offered / peers.len().max(1) as f64;
            let of = |bound: Bound<f64, AllToAllBinds>| of_all(subject, &name, bound, each);
            rows.extend([of(bound::all_to_all_rate(peers)), of(bound::mesh_rate(peers))]);
            let by_uplink = |peer: &u32| peers[*peer as usize].up_bps.unwrap_or(u64::MAX);
            if let Some(hub) = (0..peers.len() as u32).rev().max_by_key(by_uplink) {
                rows.push(of(bound::hub_rate(peers, hub)));
            }
            rows.extend(latency::of_many(subject, &name, carried));
        }
        _ => {
            rows.push(of_copies(subject, &name, carried));
            rows.extend(latency::of_many(subject, &name, carried));
        }
    }
    rows
}

fn of_one_message(subject: &Subject<'_>, name: &str, bits: f64, source: u32) -> BoundRow {
    let growth = bound::one_message(bits, source, subject.posed.instance.peers());
    let binds = match growth.binds {
        GrowthBinds::Doubling => "copies double at most in the time that one takes".to_owned(),
        GrowthBinds::Everybody => "all uplinks together, the fastest first".to_owned(),
        GrowthBinds::Nothing => "no uplink has a limit".to_owned(),
    };
    row(growth.law, Some(name), Side::AtLeast, growth.value * 1e3, "ms", binds)
}

fn of_stream(subject: &Subject<'_>, name: &str, source: u32, offered: f64) -> BoundRow {
    let bound = bound::stream_rate(subject.posed.instance.peers(), source);
    let who = match bound.binds {
        RateBinds::Source => format!("the source's uplink, {}", subject.peer(source)),
        RateBinds::Everybody => "all uplinks together".to_owned(),
        RateBinds::Downlink(peer) => format!("the downlink of {}", subject.peer(peer)),
        RateBinds::Nothing => "no link has a limit".to_owned(),
    };
    row(bound.law, Some(name), Side::AtMost, bound.value, "bit/s", format!("{who}; {}", asks(offered, bound.value)))
}

fn of_all(subject: &Subject<'_>, name: &str, bound: Bound<f64, AllToAllBinds>, each: f64) -> BoundRow {
    let who = match bound.binds {
        AllToAllBinds::Everybody => "all uplinks together".to_owned(),
        AllToAllBinds::Uplink(peer) => format!("the uplink of {}", subject.peer(peer)),
        AllToAllBinds::Downlink(peer) => format!("the downlink of {}", subject.peer(peer)),
        AllToAllBinds::Nothing => "no link has a limit".to_owned(),
    };
    row(bound.law, Some(name), Side::AtMost, bound.value, "bit/s", format!("{who}; {}", asks(each, bound.value)))
}

// What a stream asks of a rate.
fn asks(offered: f64, most: f64) -> String {
    let is_too_much = if offered > most { ", which is more than there can be" } else { "" };
    format!("the workload sends {}{is_too_much}", rate(offered))
}

// Where some publish, or messages are for some: what all uplinks could bear.
fn of_copies(subject: &Subject<'_>, name: &str, carried: &Carried) -> BoundRow {
    let peers = subject.posed.instance.peers();
    let others = peers.len().saturating_sub(1) as f64;
    let bits = carried.wire.bytes.get() as f64 * 8.0;
    let needed = carried.messages_per_s * carried.reach * others * bits;
    let up = peers.iter().map(|peer| peer.up_bps.map_or(f64::INFINITY, |bps| bps as f64)).sum::<f64>();
    let per_s = carried.messages_per_s * (up / needed);
    let binds = format!(
        "all uplinks together, {}; the workload sends {}",
        rate(up),
        quantity(carried.messages_per_s, "messages/s")
    );
    row(COPIES, Some(name), Side::AtMost, per_s, "messages/s", binds)
}

/// How soon everybody can have a content.
pub(super) fn of_content(subject: &Subject<'_>, fetched: &Fetched) -> Vec<BoundRow> {
    let Fetched { nth, sources, bits, parts } = fetched;
    let name = subject.name(u16::try_from(*nth).unwrap_or(u16::MAX));
    let peers = subject.posed.instance.peers();
    let fluid = bound::makespan(*bits, sources, peers);
    let in_parts = bound::makespan_in_parts(*bits, *parts, sources, peers);
    let binds = |binds| match binds {
        MakespanBinds::Sources => format!("the uplinks of {}", counted(sources.len(), "source")),
        MakespanBinds::Downlink(peer) => format!("the downlink of {}", subject.peer(peer)),
        MakespanBinds::Everybody => "all uplinks together".to_owned(),
        MakespanBinds::Parts => format!("{}, passed on whole", counted(*parts as usize, "part")),
        MakespanBinds::Nothing => "nothing".to_owned(),
    };
    let row = |bound: Bound<f64, MakespanBinds>| {
        row(bound.law, Some(&name), Side::AtLeast, bound.value, "s", binds(bound.binds))
    };
    if in_parts.binds == fluid.binds { vec![row(fluid)] } else { vec![row(fluid), row(in_parts)] }
}

pub(super) fn row(
    law: Law,
    workload: Option<&str>,
    side: Side,
    value: f64,
    unit: &'static str,
    binds: String,
) -> BoundRow {
    BoundRow {
        bound: law.name.to_owned(),
        workload: workload.map(str::to_owned),
        side,
        value: value.is_finite().then_some(value),
        unit,
        binds,
        source: law.source,
    }
}
