//! How far a CPU may fall behind before the sockets of its connections are full.
//!
//! What waits for a CPU waits in the sockets of the node's connections, taken to fill alike. A CPU is one
//! queue in which a message stands with all that it will cost, so the wait at which the sockets are full
//! follows from what a message received costs in all: taking it in, sending its copies on, and the node's
//! own messages that come meanwhile.

use super::plan::Cost;
use super::{Prepared, spread};
use crate::overlay::Overlay;
use crate::overlay::audience::{ALL, Audiences};
use crate::overlay::workload::Flow;
use crate::webrtc::Wire;

/// The longest wait in ns of size `s` at node `v`, `[s * nodes + v]`; [`u64::MAX`] is any wait.
pub(super) fn longest(prepared: &Prepared, degrees: &[u32], sizes: &[Wire], costs: &[Cost]) -> Vec<u64> {
    let Prepared { world, overlay, flows, audiences, .. } = prepared;
    let to_all = || flows.iter().filter(|flow| flow.audience == ALL);
    let all_per_s: f64 = to_all().map(rate_per_s).sum();
    let mut own_per_s = vec![0.0; degrees.len()];
    to_all().for_each(|flow| own_per_s[flow.source as usize] += rate_per_s(flow));
    let routed = routed(overlay, audiences, flows);
    let sent_per_s = spread::sent(overlay, &own_per_s, degrees);
    // CPU times of a copy that go with each message received.
    let works = sent_per_s.iter().zip(&own_per_s).zip(&routed).map(|((sent_per_s, own_per_s), routed)| {
        let received_per_s = all_per_s - own_per_s + routed.received_per_s;
        if received_per_s > 0.0 { 1.0 + (sent_per_s + routed.sent_per_s) / received_per_s } else { 1.0 }
    });
    let works: Vec<f64> = works.collect();
    let wait = |wire: &Wire, cost: &Cost, node: u32| {
        let index = node as usize;
        let unread = world.class(node).engine.unread_max(*wire).filter(|_| cost.cpu_ns > 0);
        unread.map_or(u64::MAX, |each| (each * f64::from(degrees[index]) * works[index] * cost.cpu_ns as f64) as u64)
    };
    let by_size = sizes.iter().zip(costs.chunks_exact(degrees.len()));
    by_size.flat_map(|(wire, costs)| costs.iter().zip(0..).map(move |(cost, node)| wait(wire, cost, node))).collect()
}

/// What a node has of messages that are for some peers only.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Routed {
    received_per_s: f64,
    /// Copies.
    sent_per_s: f64,
}

fn routed(overlay: &Overlay, audiences: &Audiences, flows: &[Flow]) -> Vec<Routed> {
    let mut routed = vec![Routed::default(); overlay.nodes() as usize];
    for flow in flows.iter().filter(|flow| flow.audience != ALL) {
        audiences.for_each_sender(overlay, flow.audience, flow.source, |node, copies| {
            let of_node = &mut routed[node as usize];
            of_node.received_per_s += if node == flow.source { 0.0 } else { rate_per_s(flow) };
            of_node.sent_per_s += f64::from(copies) * rate_per_s(flow);
        });
    }
    routed
}

fn rate_per_s(flow: &Flow) -> f64 {
    1.0 / flow.period.as_secs_f64()
}
