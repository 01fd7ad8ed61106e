//! How soon messages can be heard, whatever the overlay: the shortest ways over peers that pass messages on.
//!
//! Any peer may pass on some of the messages, if it has an uplink and two connections; only a tree asks for whole streams.

use super::figure::quantity;
use super::row::{BoundRow, Side};
use super::rows::row;
use super::subject::Subject;
use crate::optimiser::Peer;
use crate::optimiser::bound::{Law, MATCHING_PEERS_MAX, SHORTEST_WAY, largest_in_tree_us, soonest_us};
use crate::report::figures::count;
use crate::simulation::Carried;

/// Most looks at a pair of peers for the ways from all publishers: about a second.
const LOOKS_MAX: u64 = 200_000_000;

/// How soon all hear from one who publishes for all, 95 % of them, and one on average.
pub(super) fn of_one(subject: &Subject<'_>, name: &str, source: u32) -> Vec<BoundRow> {
    let posed = subject.posed;
    let Some(stream) = posed.stream() else { return Vec::new() };
    let fan_out = |(peer, number): (&Peer, u32)| stream.fan_out(*peer, number == source);
    let fan_outs: Vec<u32> = posed.instance.peers().iter().zip(0..).map(fan_out).collect();
    let in_tree = soonest_us(posed.instance.delays(), source, &fan_outs, posed.send_us());
    let others = in_tree.len() - 1;
    let heard = in_tree.iter().filter(|us| us.is_some()).count() - 1;
    if others == 0 {
        return Vec::new();
    }
    let mut rows = Vec::new();
    if heard < others {
        rows.push(unheard(subject, name, source, others - heard));
    }
    rows.extend(of_deliveries(subject, name, deliveries(subject, &Ways::of(subject), source, None, 1.0)));
    if heard == others && others < MATCHING_PEERS_MAX {
        rows.push(of_tree(subject, name, source, &in_tree, &fan_outs));
    }
    rows
}

/// The same where several publish, or messages are for some. Not of very many: nothing then.
pub(super) fn of_many(subject: &Subject<'_>, name: &str, carried: &Carried) -> Vec<BoundRow> {
    let peers = u64::from(subject.posed.world.peers());
    if peers * peers * carried.publishers.len() as u64 > LOOKS_MAX {
        return Vec::new();
    }
    let ways = Ways::of(subject);
    let of = carried.publishers.iter().flat_map(|publisher| {
        let audience = publisher.audience.map(|audience| subject.posed.audiences[audience as usize].as_slice());
        deliveries(subject, &ways, publisher.peer, audience, publisher.messages_per_s)
    });
    of_deliveries(subject, name, of.collect())
}

// A pair that messages go between, how soon at best, and how many a second.
struct Delivery {
    us: u64,
    pair: [u32; 2],
    per_s: f64,
}

// Who can pass messages on at all: some of them, where not all.
struct Ways {
    passes: Vec<u32>,
}

impl Ways {
    fn of(subject: &Subject<'_>) -> Self {
        let passes = |peer: &Peer| {
            let sends = peer.up_bps != Some(0) && peer.sends_per_s != Some(0);
            u32::from(sends && peer.connections_max.is_none_or(|most| most > 1))
        };
        Self { passes: subject.posed.instance.peers().iter().map(passes).collect() }
    }
}

fn deliveries(subject: &Subject<'_>, ways: &Ways, source: u32, audience: Option<&[u32]>, per_s: f64) -> Vec<Delivery> {
    let posed = subject.posed;
    let mut passes = ways.passes.clone();
    passes[source as usize] = 1;
    let soonest = soonest_us(posed.instance.delays(), source, &passes, posed.send_us());
    let delivery = |peer: u32| {
        let us = soonest[peer as usize].filter(|_| peer != source)?;
        Some(Delivery { us, pair: [source, peer], per_s })
    };
    match audience {
        Some(audience) => audience.iter().copied().filter_map(delivery).collect(),
        None => (0..soonest.len() as u32).filter_map(delivery).collect(),
    }
}

fn of_deliveries(subject: &Subject<'_>, name: &str, mut heard: Vec<Delivery>) -> Vec<BoundRow> {
    heard.sort_by_key(|delivery| (delivery.us, delivery.pair));
    let Some(last) = heard.last() else { return Vec::new() };
    let total: f64 = heard.iter().map(|delivery| delivery.per_s).sum();
    let mut so_far = 0.0;
    let p95 = heard.iter().find(|delivery| {
        so_far += delivery.per_s;
        so_far >= 0.95 * total * (1.0 - 1e-12)
    });
    let mean_us = heard.iter().map(|delivery| delivery.us as f64 * delivery.per_s).sum::<f64>() / total;
    let one_source = heard.iter().all(|delivery| delivery.pair[0] == last.pair[0]);
    let way = |delivery: &Delivery| {
        let [from, to] = delivery.pair.map(|peer| subject.peer(peer));
        if one_source { format!("the shortest way to {to}") } else { format!("the shortest way from {from} to {to}") }
    };
    let row = |what: &str, us: f64, binds: String| {
        let bound = format!("{what} {}", SHORTEST_WAY.name);
        BoundRow { bound, ..row(SHORTEST_WAY, Some(name), Side::AtLeast, us / 1e3, "ms", binds) }
    };
    let p95 = p95.unwrap_or(last);
    vec![
        row("largest", last.us as f64, way(last)),
        row("p95", p95.us as f64, way(p95)),
        row("mean", mean_us, "the shortest ways to all".to_owned()),
    ]
}

// The largest latency of a single tree, whose fan-outs bind.
fn of_tree(subject: &Subject<'_>, name: &str, source: u32, soonest: &[Option<u64>], fan_outs: &[u32]) -> BoundRow {
    let posed = subject.posed;
    let bound = largest_in_tree_us(posed.instance.delays(), source, fan_outs, posed.send_us(), soonest);
    let slots: u64 = fan_outs.iter().map(|&slots| u64::from(slots.min(soonest.len() as u32 - 1))).sum();
    let value_ms = bound.value.map_or(f64::INFINITY, |us| us as f64 / 1e3);
    let binds = match bound.binds {
        Some(peer) => format!("{} has no slot that is nearer; all peers have {}", subject.peer(peer), count(slots)),
        None if bound.value.is_none() => {
            format!("no tree: all peers together have {} slots that can be used", count(slots))
        }
        None => {
            let shortest_us = soonest.iter().flatten().max().copied().unwrap_or_default();
            format!("fan-outs do not bind: the shortest way of {}", quantity(shortest_us as f64 / 1e3, "ms"))
        }
    };
    row(bound.law, Some(name), Side::AtLeast, value_ms, "ms", binds)
}

fn unheard(subject: &Subject<'_>, name: &str, source: u32, count: usize) -> BoundRow {
    let law = Law { name: "peers that never hear", ..SHORTEST_WAY };
    let binds = format!("no way over peers that pass messages on leads to them from {}", subject.peer(source));
    row(law, Some(name), Side::AtLeast, count as f64, "", binds)
}
