//! The views of HyParView (Leitao, Pereira and Rodrigues, DSN 2007), as joins and shuffles change them.
//!
//! *Join.* The contact takes the newcomer into its active view, and sends a random walk through each other member of that
//! view. A walk ends after `active_walk` hops, or at a node that has no other neighbour; who it ends at takes the newcomer
//! into its active view. With `passive_walk` hops to go, the node it is at takes the newcomer into its passive view. A node
//! whose active view is full drops a member drawn at random, and each keeps the other in its passive view.
//!
//! *Repair.* Who was dropped asks nodes of its passive view, drawn at random, until one accepts: those that have a free slot
//! do, and all do if the asking node has nobody left.
//!
//! *Cycle.* Each node in turn asks once more if it has a free slot. Then it sends itself and a sample of both views on
//! a walk of as many hops as a join's; who it ends at answers with as many of its passive view. Both take what they got
//! into their passive views, and drop first what they sent.
//!
//! The paper has a node ask when a neighbour fails or disconnects. That it asks again in each cycle is how views come to be
//! as full as the paper's. All nodes live, and messages arrive in the order in which they are sent.

use rand::seq::SliceRandom;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::links::{draw, sample};
use crate::rng::Stream;

/// Through whom peers join.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Contact {
    /// All through the first peer.
    #[default]
    First,
    /// Each through a peer that is drawn among those that are there.
    Random,
}

/// Sizes of views and lengths of walks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rule {
    pub(super) active: usize,
    pub(super) passive: usize,
    pub(super) active_walk: u32,
    pub(super) passive_walk: u32,
    pub(super) shuffle_active: usize,
    pub(super) shuffle_passive: usize,
    pub(super) contact: Contact,
}

/// The views of all nodes.
#[derive(Clone, Debug)]
pub(super) struct Views {
    rule: Rule,
    active: Vec<Vec<u32>>,
    passive: Vec<Vec<u32>>,
    // Who was dropped by a neighbour and has not looked for another yet.
    dropped: Vec<u32>,
}

impl Views {
    /// Nodes that have joined one after the other.
    pub(super) fn joined(nodes: u32, rule: Rule, stream: &mut Stream) -> Self {
        let empty = || vec![Vec::new(); nodes as usize];
        let mut views = Self { rule, active: empty(), passive: empty(), dropped: Vec::new() };
        for newcomer in 1..nodes {
            let contact = match rule.contact {
                Contact::First => 0,
                Contact::Random => draw(stream, newcomer),
            };
            views.join(newcomer, contact, stream);
        }
        views
    }

    /// Each node fills its active view and shuffles its passive one, once.
    pub(super) fn cycle(&mut self, stream: &mut Stream) {
        for node in 0..self.active.len() as u32 {
            self.fill(node, stream);
            self.settle(stream);
            self.shuffle(node, stream);
        }
    }

    /// The active views: each pair once, the smaller number first.
    pub(super) fn pairs(&self) -> Vec<(u32, u32)> {
        let of_node = |(node, others): (u32, &Vec<u32>)| {
            let larger = others.iter().copied().filter(move |&other| node < other);
            larger.map(move |other| (node, other)).collect::<Vec<_>>()
        };
        (0..).zip(&self.active).flat_map(of_node).collect()
    }

    fn join(&mut self, newcomer: u32, contact: u32, stream: &mut Stream) {
        self.connect(contact, newcomer, stream);
        let walks: Vec<u32> =
            self.active[contact as usize].iter().copied().filter(|&other| other != newcomer).collect();
        for first in walks {
            self.walk(newcomer, contact, first, stream);
        }
        self.settle(stream);
    }

    // A join's walk, which has come from `from` to `at`.
    fn walk(&mut self, newcomer: u32, mut from: u32, mut at: u32, stream: &mut Stream) {
        let mut left = self.rule.active_walk;
        while left > 0 {
            if left == self.rule.passive_walk {
                self.remember(at, newcomer, &mut Vec::new(), stream);
            }
            let Some(next) = self.neighbour_but(at, from, stream) else { break };
            (from, at, left) = (at, next, left - 1);
        }
        self.connect(at, newcomer, stream);
    }

    // A random member of an active view that is not this one.
    fn neighbour_but(&self, node: u32, not: u32, stream: &mut Stream) -> Option<u32> {
        let others = &self.active[node as usize];
        let count = others.len() as u32 - u32::from(others.contains(&not));
        (count > 0).then(|| {
            let chosen = draw(stream, count) as usize;
            others.iter().copied().filter(|&other| other != not).nth(chosen).expect("invariant: there are as many")
        })
    }

    // Makes two nodes neighbours; who has no room drops somebody else.
    fn connect(&mut self, a: u32, b: u32, stream: &mut Stream) {
        if a == b || self.active[a as usize].contains(&b) {
            return;
        }
        for (node, other) in [(a, b), (b, a)] {
            if self.active[node as usize].len() >= self.rule.active {
                let place = draw(stream, self.active[node as usize].len() as u32) as usize;
                let dropped = self.active[node as usize].swap_remove(place);
                self.active[dropped as usize].retain(|&kept| kept != node);
                self.remember(node, dropped, &mut Vec::new(), stream);
                self.remember(dropped, node, &mut Vec::new(), stream);
                self.dropped.push(dropped);
            }
            self.passive[node as usize].retain(|&known| known != other);
        }
        self.active[a as usize].push(b);
        self.active[b as usize].push(a);
    }

    // Takes a node into a passive view. Where there is no room, one of `sent` goes, or any.
    fn remember(&mut self, node: u32, other: u32, sent: &mut Vec<u32>, stream: &mut Stream) {
        let known = &mut self.passive[node as usize];
        if node == other || self.active[node as usize].contains(&other) || known.contains(&other) {
            return;
        }
        if known.len() >= self.rule.passive {
            let place = loop {
                match sent.pop() {
                    Some(one) => {
                        if let Some(place) = known.iter().position(|&of| of == one) {
                            break place;
                        }
                    }
                    None => break draw(stream, known.len() as u32) as usize,
                }
            };
            known.swap_remove(place);
        }
        known.push(other);
    }

    // Asks those in a passive view until one accepts, if there is a free slot.
    fn fill(&mut self, node: u32, stream: &mut Stream) {
        let room = self.rule.active;
        let count = self.active[node as usize].len();
        if count >= room {
            return;
        }
        self.passive[node as usize].shuffle(stream);
        let accepts = |&other: &u32| count == 0 || self.active[other as usize].len() < room;
        if let Some(other) = self.passive[node as usize].iter().copied().find(accepts) {
            self.connect(node, other, stream);
        }
    }

    // Lets those look for a neighbour who have lost one. Who takes the last neighbour of another sends that one looking, too;
    // views as small as those of the tests could hand the loss on for ever.
    fn settle(&mut self, stream: &mut Stream) {
        for _ in 0..ASKS_MAX {
            let Some(node) = self.dropped.pop() else { return };
            self.fill(node, stream);
        }
        self.dropped.clear();
    }

    fn shuffle(&mut self, node: u32, stream: &mut Stream) {
        let Some(mut at) = self.neighbour_but(node, node, stream) else { return };
        let mut from = node;
        let mut sent = some(&self.active[node as usize], self.rule.shuffle_active, stream);
        let of_passive = some(&self.passive[node as usize], self.rule.shuffle_passive, stream);
        sent.extend(&of_passive);
        sent.push(node);
        for _ in 1..self.rule.active_walk {
            let Some(next) = self.neighbour_but(at, from, stream) else { break };
            (from, at) = (at, next);
        }
        if at == node {
            return;
        }
        let answer = some(&self.passive[at as usize], sent.len(), stream);
        self.integrate(at, &sent, answer.clone(), stream);
        self.integrate(node, &answer, of_passive, stream);
    }

    fn integrate(&mut self, node: u32, got: &[u32], mut sent: Vec<u32>, stream: &mut Stream) {
        for &other in got {
            self.remember(node, other, &mut sent, stream);
        }
    }
}

/// So many nodes look for neighbours after one join or shuffle, at most.
const ASKS_MAX: u32 = 1_000;

// So many members, drawn at random.
fn some(of: &[u32], count: usize, stream: &mut Stream) -> Vec<u32> {
    sample(stream, of.len() as u32, count as u32).into_iter().map(|place| of[place as usize]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::overlay::Overlay;
    use crate::rng::{Domain, Seed, Streams};

    const RULE: Rule = Rule {
        active: 5,
        passive: 30,
        active_walk: 6,
        passive_walk: 3,
        shuffle_active: 3,
        shuffle_passive: 4,
        contact: Contact::First,
    };

    fn views(nodes: u32, rule: Rule, cycles: u32) -> Views {
        let mut stream = Streams::new(Seed(1)).stream(Domain::Topology, 0);
        let mut views = Views::joined(nodes, rule, &mut stream);
        (0..cycles).for_each(|_| views.cycle(&mut stream));
        views
    }

    #[test]
    fn views_are_symmetric_distinct_and_bounded() {
        for nodes in [1, 2, 3, 7, 50, 600] {
            for contact in [Contact::First, Contact::Random] {
                for cycles in [0, 10] {
                    let views = views(nodes, Rule { contact, ..RULE }, cycles);
                    for node in 0..nodes {
                        let (active, passive) = (&views.active[node as usize], &views.passive[node as usize]);
                        assert!(active.len() <= 5 && passive.len() <= 30);
                        assert!(active.iter().all(|&other| views.active[other as usize].contains(&node)));
                        let mut all: Vec<u32> = active.iter().chain(passive).copied().chain([node]).collect();
                        let count = all.len();
                        all.sort_unstable();
                        all.dedup();
                        assert_eq!(all.len(), count, "node {node} of {nodes}");
                    }
                }
            }
        }
    }

    /// Published for 10,000 nodes and 50 cycles: a mean path of 6.38826, nearly all active views full, a clustering of 0.00092.
    /// Of 1,000 nodes nothing is published; a random graph of degree 5 has a mean path of about `ln n / ln 4`.
    #[test]
    fn the_overlay_is_nearly_a_random_regular_graph() {
        for (nodes, cycles, path, starts) in [(1_000, 10, 4.72, 100), (10_000, 50, 6.388_26, 20)] {
            let overlay = Overlay::new(nodes, &views(nodes, RULE, cycles).pairs(), Vec::new());
            let full = (0..nodes).filter(|&node| overlay.degree(node) == 5).count() as f64 / f64::from(nodes);
            let graph = overlay.to_petgraph();
            assert_eq!(petgraph::algo::connected_components(&graph), 1);
            let hops = |start: u32| {
                let hops = petgraph::algo::dijkstra(&graph, start.into(), None, |_| 1_u32);
                hops.into_values().map(f64::from).sum::<f64>()
            };
            let total: f64 = (0..starts).map(|start| hops(start * (nodes / starts))).sum();
            let mean = total / f64::from(starts) / f64::from(nodes - 1);
            assert!((mean / path - 1.0).abs() < 0.02, "{mean} hops instead of {path}");
            assert!(full > 0.98, "{full} of the active views are full");
            let clustering = clustering(&overlay);
            assert!(clustering < 10.0 / f64::from(nodes), "{clustering}");
        }
    }

    // The mean over all nodes of the share of pairs of neighbours that are neighbours themselves.
    fn clustering(overlay: &Overlay) -> f64 {
        let of_node = |node: u32| {
            let others = overlay.pair_neighbours(node);
            let degree = others.len() as f64;
            let ties = others
                .iter()
                .map(|&a| overlay.pair_neighbours(a).iter().filter(|&&b| b > a && others.contains(&b)).count());
            if degree < 2.0 { 0.0 } else { ties.sum::<usize>() as f64 / (degree * (degree - 1.0) / 2.0) }
        };
        (0..overlay.nodes()).map(of_node).sum::<f64>() / f64::from(overlay.nodes())
    }
}
