//! How soon messages can be heard, whatever the overlay: the shortest ways over peers that pass messages on.
//!
//! Any peer may pass on some of the messages, if it has an uplink and two connections; only a tree asks for whole streams.

use super::figure::quantity;
use super::row::{BoundRow, Side};
use super::rows::row;
use super::subject::Subject;
use crate::optimiser::Peer;
use crate::optimiser::bound::{Law, MATCHING_PEERS_MAX, SHORTEST_WAY, latency_in_tree_us, soonest_us};
use crate::report::figures::count;
use crate::simulation::Carried;

/// The bounds that say who can never hear.
pub(super) const NEVER: [&str; 2] = ["peers that never hear", "pairs that never hear"];
/// Most looks at a pair of peers for the ways from all publishers: about a second.
const LOOKS_MAX: u64 = 200_000_000;

/// How soon all hear from one who publishes for all, 95 % of them, and one on average.
pub(super) fn of_one(subject: &Subject<'_>, name: &str, carried: &Carried, source: u32) -> Vec<BoundRow> {
    let posed = subject.posed;
    let Some(stream) = posed.stream() else { return Vec::new() };
    let others = posed.world.peers() as usize - 1;
    let heard = deliveries(subject, &Ways::of(subject), source, None, 1.0);
    let mut rows = Vec::new();
    if heard.len() < others {
        rows.push(unheard(subject, name, source, others - heard.len()));
    }
    if unbounded(subject, carried).is_some() {
        return rows;
    }
    rows.extend(of_deliveries(subject, name, heard, 0.0));
    // Those who carry the whole stream.
    let fan_out = |(peer, number): (&Peer, u32)| stream.fan_out(*peer, number == source);
    let fan_outs: Vec<u32> = posed.instance.peers().iter().zip(0..).map(fan_out).collect();
    let in_tree = soonest_us(posed.instance.delays(), source, &fan_outs, posed.send_us());
    if others > 0 && others < MATCHING_PEERS_MAX && in_tree.iter().all(Option::is_some) {
        rows.push(of_tree(subject, name, source, &in_tree, &fan_outs));
    }
    rows
}

/// Why no latency is bounded of what a workload publishes, if none is.
pub(super) fn unbounded(subject: &Subject<'_>, carried: &Carried) -> Option<&'static str> {
    let is_for_all = carried.reach > 0.999_999;
    if !carried.is_alike {
        return Some("its messages are of several sizes, or answers, and a small one may be sooner than the mean one");
    }
    if subject.settings.population.classes.iter().any(|class| !class.capacity.is_empty()) {
        return Some("rates of links change, and a message may meet a fast moment");
    }
    if carried.publishers.len() == 1 && is_for_all {
        return None;
    }
    if !carried.is_periodic {
        return Some("which publishers speak in the measured window is a matter of chance");
    }
    is_too_much(subject, carried).then_some("there are too many pairs to look at the ways of all")
}

fn is_too_much(subject: &Subject<'_>, carried: &Carried) -> bool {
    let peers = u64::from(subject.posed.world.peers());
    peers * peers * carried.publishers.len() as u64 > LOOKS_MAX
}

/// The least p95 latency in ms of what is delivered, as [`of_one`] and [`of_many`] say it.
pub(super) fn least_p95_ms(subject: &Subject<'_>, carried: &Carried) -> Option<f64> {
    if unbounded(subject, carried).is_some() {
        return None;
    }
    let (mut heard, wanted) = of_all(subject, carried);
    if heard.len() < wanted {
        return None;
    }
    heard.sort_by_key(|delivery| delivery.us);
    p95_and_last(&heard, uneven(carried)).map(|[p95, _]| p95.us as f64 / 1e3)
}

/// The least p95 latency in ms of a tree that brings the messages of one publisher to all, where nobody has more than so
/// many children.
pub(super) fn least_p95_in_tree_ms(subject: &Subject<'_>, carried: &Carried, children: u32) -> Option<f64> {
    let (posed, [publisher]) = (subject.posed, carried.publishers.as_slice()) else { return None };
    let others = (posed.world.peers() as usize).checked_sub(1).filter(|&others| others > 0)?;
    if unbounded(subject, carried).is_some() || carried.reach <= 0.999_999 || others >= MATCHING_PEERS_MAX {
        return None;
    }
    let Ways { sends, passes } = Ways::of(subject);
    let mut fan_outs: Vec<u32> = passes.iter().map(|passes| passes * children).collect();
    // The publisher may stand below others, and is next to its parent as well.
    fan_outs[publisher.peer as usize] = sends[publisher.peer as usize] * children.saturating_add(1);
    let soonest = soonest_us(posed.instance.delays(), publisher.peer, &fan_outs, posed.send_us());
    // So many are behind the one at 95 %.
    let late = others * 5 / 100;
    let bound =
        latency_in_tree_us(posed.instance.delays(), publisher.peer, &fan_outs, posed.send_us(), (&soonest, late));
    bound.value.map(|us| us as f64 / 1e3)
}

/// The same where several publish, or messages are for some.
pub(super) fn of_many(subject: &Subject<'_>, name: &str, carried: &Carried) -> Vec<BoundRow> {
    if is_too_much(subject, carried) {
        return Vec::new();
    }
    let (heard, wanted) = of_all(subject, carried);
    let mut rows = Vec::new();
    if heard.len() < wanted {
        let law = Law { name: NEVER[1], ..SHORTEST_WAY };
        let binds = format!("no way leads from one to the other; {} want to hear", count(wanted));
        rows.push(row(law, Some(name), Side::AtLeast, (wanted - heard.len()) as f64, "", binds));
    }
    if unbounded(subject, carried).is_none() {
        rows.extend(of_deliveries(subject, name, heard, uneven(carried)));
    }
    rows
}

// Where one alone publishes for all, all deliveries count alike, however many messages there are.
fn uneven(carried: &Carried) -> f64 {
    if carried.publishers.len() > 1 { carried.uneven } else { 0.0 }
}

// A pair that messages go between, how soon at best, and how many a second.
struct Delivery {
    us: u64,
    pair: [u32; 2],
    per_s: f64,
}

// Who can send messages, and pass on some of them, where not all.
struct Ways {
    sends: Vec<u32>,
    passes: Vec<u32>,
}

impl Ways {
    fn of(subject: &Subject<'_>) -> Self {
        let over = |peer: &Peer, connections: u32| {
            let sends = peer.up_bps != Some(0) && peer.sends_per_s != Some(0);
            u32::from(sends && peer.connections_max.is_none_or(|most| most >= connections))
        };
        let [sends, passes] = [1, 2]
            .map(|connections| subject.posed.instance.peers().iter().map(|peer| over(peer, connections)).collect());
        Self { sends, passes }
    }
}

fn deliveries(subject: &Subject<'_>, ways: &Ways, source: u32, audience: Option<&[u32]>, per_s: f64) -> Vec<Delivery> {
    let posed = subject.posed;
    let mut passes = ways.passes.clone();
    passes[source as usize] = ways.sends[source as usize];
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

// The deliveries of all publishers that a way leads to, and how many are wanted.
fn of_all(subject: &Subject<'_>, carried: &Carried) -> (Vec<Delivery>, usize) {
    let ways = Ways::of(subject);
    let (mut heard, mut wanted) = (Vec::new(), 0);
    for publisher in &carried.publishers {
        let audience = publisher.audience.map(|audience| subject.posed.audiences[audience as usize].as_slice());
        let is_other = |peer: &u32| *peer != publisher.peer;
        wanted += match audience {
            Some(audience) => audience.iter().copied().filter(is_other).count(),
            None => subject.posed.world.peers() as usize - 1,
        };
        heard.extend(deliveries(subject, &ways, publisher.peer, audience, publisher.messages_per_s));
    }
    (heard, wanted)
}

fn of_deliveries(subject: &Subject<'_>, name: &str, mut heard: Vec<Delivery>, uneven: f64) -> Vec<BoundRow> {
    heard.sort_by_key(|delivery| (delivery.us, delivery.pair));
    let Some([p95, last]) = p95_and_last(&heard, uneven) else { return Vec::new() };
    let total: f64 = heard.iter().map(|delivery| delivery.per_s).sum();
    let mean_us = heard.iter().map(|delivery| delivery.us as f64 * delivery.per_s).sum::<f64>() / total;
    let mean_us = mean_us * (1.0 - uneven) / (1.0 + uneven);
    let one_source = heard.iter().all(|delivery| delivery.pair[0] == last.pair[0]);
    let way = |delivery: &Delivery| {
        let [from, to] = delivery.pair.map(|peer| subject.peer(peer));
        if one_source { format!("the shortest way to {to}") } else { format!("the shortest way from {from} to {to}") }
    };
    let row = |what: &str, us: f64, binds: String| {
        let bound = format!("{what} {}", SHORTEST_WAY.name);
        BoundRow { bound, ..row(SHORTEST_WAY, Some(name), Side::AtLeast, us / 1e3, "ms", binds) }
    };
    vec![
        row("largest", last.us as f64, way(last)),
        row("p95", p95.us as f64, way(p95)),
        row("mean", mean_us, "the shortest ways to all".to_owned()),
    ]
}

// Of deliveries in the order of their latency the 95th percentile, by how many a second they are, and the last. Where
// some may be more and others fewer by a share, the late ones are a twentieth of all only if they are somewhat more.
fn p95_and_last(heard: &[Delivery], uneven: f64) -> Option<[&Delivery; 2]> {
    let late = (0.05 * (1.0 + uneven) / (1.0 - uneven + 0.1 * uneven).max(1e-9)).min(1.0);
    let last = heard.last()?;
    let total: f64 = heard.iter().map(|delivery| delivery.per_s).sum();
    let mut so_far = 0.0;
    let p95 = heard.iter().find(|delivery| {
        so_far += delivery.per_s;
        so_far >= (1.0 - late) * total * (1.0 - 1e-12)
    });
    Some([p95.unwrap_or(last), last])
}

// The largest latency of a single tree, whose fan-outs bind.
fn of_tree(subject: &Subject<'_>, name: &str, source: u32, soonest: &[Option<u64>], fan_outs: &[u32]) -> BoundRow {
    let posed = subject.posed;
    let bound = latency_in_tree_us(posed.instance.delays(), source, fan_outs, posed.send_us(), (soonest, 0));
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
    let law = Law { name: NEVER[0], ..SHORTEST_WAY };
    let binds = format!("no way over peers that pass messages on leads to them from {}", subject.peer(source));
    row(law, Some(name), Side::AtLeast, count as f64, "", binds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn late_ones_count_if_they_are_a_twentieth_at_their_fewest() {
        // Six in a hundred are late.
        let delivery = |nth: u32| Delivery { us: if nth < 94 { 10 } else { 500 }, pair: [nth, 0], per_s: 1.0 };
        let heard: Vec<Delivery> = (0..100).map(delivery).collect();
        let p95_us = |uneven: f64| p95_and_last(&heard, uneven).expect("deliveries")[0].us;
        assert_eq!([0.0, 0.05].map(p95_us), [500, 500]);
        // With a fifth fewer of them and a fifth more of all others they are 4.1 % only.
        assert_eq!([0.2, 1.0].map(p95_us), [10, 10]);
    }
}
