//! Who dials whom, and who grafts whom, where nodes of GossipSub join one after the other.
//!
//! libp2p specifications, pubsub/gossipsub v1.1, as go-libp2p-pubsub has it (`gossipsub.go`, commit 41b11d5). Who joins dials
//! `dials` nodes drawn at random among those that are there, and grafts `d` of them. A node that has `d_high` or more in its
//! mesh refuses whoever it has not dialled itself, and the two leave each other alone from then on. At each heartbeat a node
//! with fewer than `d_low` grafts up to `d` of its other connections; one with more than `d_high` prunes to `d` that are drawn
//! at random, `d_out` of them ones that it dialled, if it has as many; and one that has dialled fewer than `d_out` of its mesh
//! grafts more that it has dialled. The backoff after a prune or a refusal is a minute, longer than all heartbeats here.
//!
//! No scores: all nodes are honest, and what the specification decides by scores is drawn.

use std::collections::BTreeSet;

use rand::seq::SliceRandom;

use super::links::sample;
use crate::rng::Stream;

/// How many others a node dials and grafts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Degrees {
    pub(super) dials: u32,
    pub(super) d: usize,
    pub(super) d_low: usize,
    pub(super) d_high: usize,
    pub(super) d_out: usize,
    pub(super) heartbeats: u32,
}

/// Connections of nodes that gossip, those who dialled first.
#[derive(Clone, Debug, Default)]
pub(super) struct Gossiping {
    /// Those of the mesh.
    pub(super) mesh: Vec<(u32, u32)>,
    /// Those over which nothing but gossip goes.
    pub(super) others: Vec<(u32, u32)>,
}

/// The connections of so many nodes.
pub(super) fn gossiping(nodes: u32, degrees: Degrees, stream: &mut Stream) -> Gossiping {
    let mut state = State::new(nodes, degrees, stream);
    for node in 1..nodes {
        let free = state.candidates(node, |_| true);
        state.graft_some(node, free, degrees.d, stream);
    }
    for _ in 0..degrees.heartbeats {
        (0..nodes).for_each(|node| state.heartbeat(node, stream));
    }
    state.into_connections()
}

struct State {
    degrees: Degrees,
    // Whom each node dialled, all of them smaller numbers, and where its own begin.
    dialled: Vec<u32>,
    dialled_from: Vec<usize>,
    // The connections by which each node was dialled, as places in `dialled`.
    accepted: Vec<usize>,
    accepted_from: Vec<usize>,
    // Of each connection, by its place in `dialled`.
    standing: Vec<Standing>,
    // Who dialled.
    diallers: Vec<u32>,
    // How many in each node's mesh, and how many of them it dialled.
    mesh: Vec<usize>,
    outbound: Vec<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    Free,
    Mesh,
    BackedOff,
}

// A connection of a node, by its place, and whether the node dialled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Link {
    place: usize,
    other: u32,
    is_outbound: bool,
}

impl State {
    fn new(nodes: u32, degrees: Degrees, stream: &mut Stream) -> Self {
        let (mut dialled, mut diallers, mut dialled_from) = (Vec::new(), Vec::new(), vec![0]);
        for node in 0..nodes {
            dialled.extend(sample(stream, node, degrees.dials));
            diallers.resize(dialled.len(), node);
            dialled_from.push(dialled.len());
        }
        let mut accepted_from = vec![0; nodes as usize + 1];
        dialled.iter().for_each(|&other| accepted_from[other as usize + 1] += 1);
        for node in 0..nodes as usize {
            accepted_from[node + 1] += accepted_from[node];
        }
        let (mut accepted, mut next) = (vec![0; dialled.len()], accepted_from.clone());
        for (place, &other) in dialled.iter().enumerate() {
            accepted[next[other as usize]] = place;
            next[other as usize] += 1;
        }
        let standing = vec![Standing::Free; dialled.len()];
        let none = || vec![0; nodes as usize];
        let (mesh, outbound) = (none(), none());
        Self { degrees, dialled, dialled_from, accepted, accepted_from, standing, diallers, mesh, outbound }
    }

    fn links(&self, node: u32) -> impl Iterator<Item = Link> {
        let at = node as usize;
        let out = self.dialled_from[at]..self.dialled_from[at + 1];
        let out = out.map(|place| Link { place, other: self.dialled[place], is_outbound: true });
        let accepted = &self.accepted[self.accepted_from[at]..self.accepted_from[at + 1]];
        out.chain(accepted.iter().map(|&place| Link { place, other: self.diallers[place], is_outbound: false }))
    }

    fn of(&self, node: u32, standing: Standing) -> impl Iterator<Item = Link> {
        self.links(node).filter(move |link| self.standing[link.place] == standing)
    }

    // Whom a node may graft. Those who have not joined yet are no candidates of a newcomer, since it has dialled all it knows.
    fn candidates(&self, node: u32, fits: impl Fn(&Link) -> bool) -> Vec<Link> {
        self.of(node, Standing::Free).filter(|link| fits(link)).collect()
    }

    fn graft_some(&mut self, node: u32, mut candidates: Vec<Link>, count: usize, stream: &mut Stream) {
        let count = count.min(candidates.len());
        for &link in &*candidates.partial_shuffle(stream, count).0 {
            // For who is asked, the connection is outbound if it is not for who asks.
            let is_refused = self.mesh[link.other as usize] >= self.degrees.d_high && link.is_outbound;
            if is_refused {
                self.standing[link.place] = Standing::BackedOff;
            } else {
                self.standing[link.place] = Standing::Mesh;
                self.mesh[node as usize] += 1;
                self.mesh[link.other as usize] += 1;
                self.outbound[self.diallers[link.place] as usize] += 1;
            }
        }
    }

    fn heartbeat(&mut self, node: u32, stream: &mut Stream) {
        let Degrees { d, d_low, d_high, d_out, .. } = self.degrees;
        let count = self.mesh[node as usize];
        if count < d_low {
            let free = self.candidates(node, |_| true);
            self.graft_some(node, free, d - count, stream);
        }
        if count > d_high {
            self.prune(node, stream);
        }
        if self.mesh[node as usize] >= d_low {
            let outbound = self.outbound[node as usize];
            if outbound < d_out {
                let free = self.candidates(node, |link| link.is_outbound);
                self.graft_some(node, free, d_out - outbound, stream);
            }
        }
    }

    fn prune(&mut self, node: u32, stream: &mut Stream) {
        let Degrees { d, d_out, .. } = self.degrees;
        let mut links: Vec<Link> = self.of(node, Standing::Mesh).collect();
        links.shuffle(stream);
        let outbound = links.iter().filter(|link| link.is_outbound).take(d_out).map(|link| link.place);
        let mut kept: BTreeSet<usize> = outbound.collect();
        // The first `d` of the draw stay, but for as many as the outbound ones need room.
        for link in &links {
            if kept.len() >= d {
                break;
            }
            kept.insert(link.place);
        }
        for link in links.into_iter().filter(|link| !kept.contains(&link.place)) {
            self.standing[link.place] = Standing::BackedOff;
            self.mesh[node as usize] -= 1;
            self.mesh[link.other as usize] -= 1;
            self.outbound[self.diallers[link.place] as usize] -= 1;
        }
    }

    fn into_connections(self) -> Gossiping {
        let mut found = Gossiping::default();
        for node in 0..self.mesh.len() as u32 {
            for place in self.dialled_from[node as usize]..self.dialled_from[node as usize + 1] {
                let pair = (node, self.dialled[place]);
                let list = if self.standing[place] == Standing::Mesh { &mut found.mesh } else { &mut found.others };
                list.push(pair);
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::overlay::Overlay;
    use crate::rng::{Domain, Seed, Streams};

    const DEGREES: Degrees = Degrees { dials: 20, d: 6, d_low: 5, d_high: 12, d_out: 2, heartbeats: 10 };

    fn built(nodes: u32, degrees: Degrees) -> Gossiping {
        gossiping(nodes, degrees, &mut Streams::new(Seed(1)).stream(Domain::Topology, 0))
    }

    #[test]
    fn degrees_of_the_mesh_are_between_their_bounds() {
        for nodes in [50, 1_000, 10_000] {
            let found = built(nodes, DEGREES);
            let mesh = Overlay::new(nodes, &found.mesh, Vec::new());
            assert_eq!(petgraph::algo::connected_components(&mesh.to_petgraph()), 1);
            let mut outbound = vec![0; nodes as usize];
            found.mesh.iter().for_each(|&(from, _)| outbound[from as usize] += 1);
            // Who was refused and has nobody left to ask stays below, and who accepted after its last heartbeat is above.
            let beyond = (0..nodes).filter(|&node| !(5..=12).contains(&mesh.degree(node))).count();
            assert!(beyond as f64 <= 0.005 * f64::from(nodes), "{beyond} of {nodes}");
            assert!((0..nodes).all(|node| mesh.degree(node) <= 14));
            let lacking = (2..nodes).filter(|&node| outbound[node as usize] < 2).count();
            assert!(
                lacking as f64 <= 0.05 * f64::from(nodes),
                "{lacking} of {nodes} have dialled too few of their mesh"
            );
        }
    }

    /// Mesh and others are all that was dialled: 20 by each but the first.
    #[test]
    fn nothing_that_was_dialled_is_lost() {
        for nodes in [1, 2, 21, 300] {
            let found = built(nodes, DEGREES);
            let mut all: Vec<_> = found.mesh.iter().chain(&found.others).collect();
            let dialled: u32 = (0..nodes).map(|node| node.min(20)).sum();
            all.sort_unstable();
            all.dedup();
            assert_eq!(all.len() as u32, dialled);
        }
    }
}
