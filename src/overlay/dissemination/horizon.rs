//! Split horizon: a node passes a message on over every connection but the one it came by, and what came over a block not
//! over that block, as far as the audience needs it.
//!
//! The rule of BGP route reflection (RFC 4456): see [`Overlay`]. Where pairs and blocks form no ring, it brings every
//! message to every node once.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::parameters::NoParameters;
use super::{Demand, Dissemination, Load, Passing, Traffic};
use crate::overlay::audience::{ALL, Audiences};
use crate::overlay::places::{Hanging, hangings};
use crate::overlay::{Overlay, Seat};

/// Split horizon.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(from = "NoParameters", into = "NoParameters")]
#[schemars(with = "NoParameters")]
pub struct Horizon;

impl From<NoParameters> for Horizon {
    fn from(_: NoParameters) -> Self {
        Self
    }
}

impl From<Horizon> for NoParameters {
    fn from(_: Horizon) -> Self {
        Self {}
    }
}

impl Dissemination for Horizon {
    const EXACTLY_ONCE: bool = true;

    fn forward(&mut self, overlay: &Overlay, audiences: &Audiences, passing: Passing, out: &mut Vec<u32>) {
        let Passing { node, from, audience, .. } = passing;
        if audience == ALL {
            return overlay.for_each_next_hop(node, from, |next| out.push(next));
        }
        overlay.for_each_next_hop(node, from, |next| {
            if audiences.needs(audience, node, next) {
                out.push(next);
            }
        });
    }
}

impl Load for Horizon {
    fn load(&self, demand: Demand<'_>) -> Vec<Traffic> {
        let Demand { overlay, audiences, flows, degrees, .. } = demand;
        let own = demand.published(|flow| flow.audience == ALL);
        let all: f64 = own.iter().sum();
        let to_all = sent(overlay, &own, degrees).into_iter().zip(&own);
        let mut traffic: Vec<Traffic> = to_all.map(|(sent, own)| Traffic { sent, received: all - own }).collect();
        for flow in flows.iter().filter(|flow| flow.audience != ALL) {
            audiences.for_each_sender(overlay, flow.audience, flow.source, |node, copies| {
                let of_node = &mut traffic[node as usize];
                of_node.sent += f64::from(copies) * demand.rate(flow);
                of_node.received += if node == flow.source { 0.0 } else { demand.rate(flow) };
            });
        }
        traffic
    }
}

// How much each node sends in all when nodes publish this much to everybody. By split horizon a node sends its own over
// all of its connections, what comes over a pair over all others, and what comes over a block over all but that block.
fn sent(overlay: &Overlay, own: &[f64], degrees: &[u32]) -> Vec<f64> {
    let all: f64 = own.iter().sum();
    let coming = Coming::new(overlay, own, all);
    let of_node = |((node, own), &degree): ((u32, &f64), &u32)| {
        let connections = f64::from(overlay.carrying_degree(node));
        let (others, seats) = (all - own, overlay.seats(node));
        let beyond = |seat: &Seat| connections - (overlay.block(seat.block).len() - 1) as f64;
        let passed_on = match seats.split_last() {
            None => others * (connections - 1.0).max(0.0),
            Some((last, earlier)) => {
                let from_pairs = coming.by_pairs[node as usize];
                let mut rest = others - from_pairs;
                let mut passed_on = from_pairs * (connections - 1.0);
                for seat in earlier {
                    let from_block = coming.by_block(node, seat.block);
                    passed_on += from_block * beyond(seat);
                    rest -= from_block;
                }
                passed_on + rest * beyond(last)
            }
        };
        own * f64::from(degree) + passed_on.max(0.0)
    };
    (0..).zip(own).zip(degrees).map(of_node).collect()
}

// How much of what others publish comes to each node, and how.
struct Coming {
    // Of each node, by pairs.
    by_pairs: Vec<f64>,
    // Of each node, by what it hangs at; and of each block, from below.
    from_above: Vec<f64>,
    from_below: Vec<f64>,
    tops: Vec<u32>,
}

impl Coming {
    fn new(overlay: &Overlay, own: &[f64], all: f64) -> Self {
        let blocks = overlay.blocks() as usize;
        if blocks == 0 {
            return Self { by_pairs: Vec::new(), from_above: Vec::new(), from_below: Vec::new(), tops: Vec::new() };
        }
        let hangings = hangings(overlay);
        // First what is published at a node and below.
        let mut subtrees = own.to_vec();
        let mut by_pairs = vec![0.0; own.len()];
        let (mut from_below, mut tops) = (vec![0.0; blocks], vec![0; blocks]);
        for &(node, hanging) in hangings.iter().rev() {
            let subtree = subtrees[node as usize];
            match hanging {
                Hanging::Root => {}
                Hanging::Pair { parent } => {
                    by_pairs[parent as usize] += subtree;
                    subtrees[parent as usize] += subtree;
                }
                Hanging::Block { parent, block } => {
                    tops[block as usize] = parent;
                    from_below[block as usize] += subtree;
                    subtrees[parent as usize] += subtree;
                }
            }
        }
        for &(node, hanging) in &hangings {
            if matches!(hanging, Hanging::Pair { .. }) {
                by_pairs[node as usize] += all - subtrees[node as usize];
            }
        }
        let from_above = subtrees.into_iter().map(|subtree| all - subtree).collect();
        Self { by_pairs, from_above, from_below, tops }
    }

    // By way of one of its blocks.
    fn by_block(&self, node: u32, block: u32) -> f64 {
        let block = block as usize;
        if self.tops[block] == node { self.from_below[block] } else { self.from_above[node as usize] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_much_is_sent_as_copies_are_counted() {
        // A hybrid of three hubs, a tree, a mesh, a chain of meshes with pairs: everybody publishes another amount.
        let hybrid = Overlay::new(8, &[(0, 3), (0, 4), (1, 5), (5, 6), (2, 7)], vec![vec![0, 1, 2]]);
        let tree = Overlay::new(7, &[(0, 1), (0, 2), (1, 3), (1, 4), (2, 5), (2, 6)], Vec::new());
        let mesh = Overlay::new(5, &[], vec![(0..5).collect()]);
        let chain = Overlay::new(9, &[(4, 5), (0, 6)], vec![vec![0, 1, 2], vec![2, 3, 4], vec![5, 7, 8]]);
        for overlay in [hybrid, tree, mesh, chain] {
            let nodes = overlay.nodes();
            let own: Vec<f64> = (0..nodes).map(|node| f64::from(1 << node)).collect();
            let degrees: Vec<u32> = (0..nodes).map(|node| overlay.degree(node)).collect();
            let mut counted = vec![0.0; nodes as usize];
            for source in 0..nodes {
                let mut pending = vec![(source, None)];
                while let Some((node, from)) = pending.pop() {
                    for next in overlay.next_hops(node, from) {
                        counted[node as usize] += own[source as usize];
                        pending.push((next, Some(node)));
                    }
                }
            }
            assert_eq!(sent(&overlay, &own, &degrees), counted);
        }
    }
}
