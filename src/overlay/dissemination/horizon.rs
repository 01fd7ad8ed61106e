//! Split horizon: a node passes a message on over every connection but the one it came by, and what came over the core
//! not over the core, as far as the audience needs it.
//!
//! The rule of BGP route reflection (RFC 4456): see [`Overlay`]. In a forest whose trees hang together by one core it
//! brings every message to every node once.

use super::{Dissemination, Load, Passing, Traffic};
use crate::overlay::Overlay;
use crate::overlay::audience::{ALL, Audiences};
use crate::overlay::workload::Flow;

/// Split horizon.
#[derive(Clone, Copy, Debug, Default)]
pub struct Horizon;

impl Dissemination for Horizon {
    const EXACTLY_ONCE: bool = true;

    fn forward(&mut self, overlay: &Overlay, audiences: &Audiences, passing: Passing, out: &mut Vec<u32>) {
        out.extend(audiences.next_hops(overlay, passing.audience, passing.node, passing.from));
    }
}

impl Load for Horizon {
    fn load(
        &self,
        overlay: &Overlay,
        audiences: &Audiences,
        flows: &[Flow],
        degrees: &[u32],
        each: &dyn Fn(&Flow) -> f64,
    ) -> Vec<Traffic> {
        let per_s = |flow: &Flow| each(flow) / flow.period.as_secs_f64();
        let mut own = vec![0.0; degrees.len()];
        for flow in flows.iter().filter(|flow| flow.audience == ALL) {
            own[flow.source as usize] += per_s(flow);
        }
        let all: f64 = own.iter().sum();
        let to_all = sent(overlay, &own, degrees).into_iter().zip(&own);
        let mut traffic: Vec<Traffic> = to_all.map(|(sent, own)| Traffic { sent, received: all - own }).collect();
        for flow in flows.iter().filter(|flow| flow.audience != ALL) {
            audiences.for_each_sender(overlay, flow.audience, flow.source, |node, copies| {
                let of_node = &mut traffic[node as usize];
                of_node.sent += f64::from(copies) * per_s(flow);
                of_node.received += if node == flow.source { 0.0 } else { per_s(flow) };
            });
        }
        traffic
    }
}

// How much each node sends in all when nodes publish this much to everybody. By split horizon a node sends its
// own over all of its connections and what comes over one over all others, but a member of the core what comes over the core to its tree alone.
fn sent(overlay: &Overlay, own: &[f64], degrees: &[u32]) -> Vec<f64> {
    let all: f64 = own.iter().sum();
    let in_tree = in_trees_of_core(overlay, own);
    let of_node = |((node, own), &degree): ((u32, &f64), &u32)| {
        let tree = overlay.tree_neighbours(node).len() as f64;
        let others = all - own;
        let passed_on = match overlay.core_place(node) {
            Some(place) => {
                let (from_tree, core) = (in_tree[place as usize], overlay.core().len() as f64);
                from_tree * (tree + core - 2.0) + (others - from_tree) * tree
            }
            None => others * (tree - 1.0).max(0.0),
        };
        own * f64::from(degree) + passed_on.max(0.0)
    };
    (0..).zip(own).zip(degrees).map(of_node).collect()
}

// What the nodes in the trees of each member of the core publish, itself left out.
fn in_trees_of_core(overlay: &Overlay, own: &[f64]) -> Vec<f64> {
    let of_member = |&member: &u32| {
        let mut sum = 0.0;
        let mut pending = vec![(member, member)];
        while let Some((node, from)) = pending.pop() {
            sum += if node == member { 0.0 } else { own[node as usize] };
            let next = overlay.tree_neighbours(node).iter().filter(|&&next| next != from);
            pending.extend(next.map(|&next| (next, node)));
        }
        sum
    };
    overlay.core().iter().map(of_member).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_much_is_sent_as_copies_are_counted() {
        // A hybrid of three hubs, a tree, a mesh: everybody publishes another amount.
        let hybrid = Overlay::new(8, &[(0, 3), (0, 4), (1, 5), (5, 6), (2, 7)], vec![0, 1, 2]);
        let tree = Overlay::new(7, &[(0, 1), (0, 2), (1, 3), (1, 4), (2, 5), (2, 6)], Vec::new());
        let mesh = Overlay::new(5, &[], (0..5).collect());
        for overlay in [hybrid, tree, mesh] {
            let nodes = overlay.nodes();
            let own: Vec<f64> = (0..nodes).map(|node| f64::from(1 << node)).collect();
            let degrees: Vec<u32> = (0..nodes).map(|node| overlay.degree(node)).collect();
            let mut counted = vec![0.0; nodes as usize];
            for source in 0..nodes {
                let mut pending = vec![(source, None)];
                while let Some((node, from)) = pending.pop() {
                    for &next in overlay.next_hops(node, from).into_iter().flatten() {
                        if next != node && Some(next) != from {
                            counted[node as usize] += own[source as usize];
                            pending.push((next, Some(node)));
                        }
                    }
                }
            }
            assert_eq!(sent(&overlay, &own, &degrees), counted);
        }
    }
}
