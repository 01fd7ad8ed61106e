//! In-band signaling: which way a message finds over the connections that are open.
//!
//! Two ways are known. A **neighbour in common**: one of the first few neighbours that either end got has
//! an open connection to the other end. Else the **tree** of first ways: every peer knows one neighbour
//! towards the peer that joined first of all it is connected with, and how many hops away that is, as in
//! the spanning tree protocol (IEEE 802.1D); a message climbs from both ends to where they meet. A
//! connection that opens brings both ends' ways up to date and gives the end with the worse one the better;
//! whoever was on the worse way turns around.
//!
//! Labels (joining rank of the root, hops to it) only ever fall, and a peer's is larger than that of the
//! neighbour it points to, so the pointers never form a ring. So all who are connected know ways to each
//! other, but not always the shortest ones. A message that would need more than [`HOPS_MAX`] hops goes by
//! the server. Forwarding takes CPU time of the peers in between, but waits for nothing there.

use super::opened::Opened;
use crate::overlay::Overlay;
use crate::units::{ByteCount, SimDuration, SimTime};
use crate::webrtc::{InBand, Wire};
use crate::world::World;

/// The ways that are known.
#[derive(Clone, Debug)]
pub(super) struct Routes {
    nodes: Vec<Known>,
    // CPU time of passing a message on, by class.
    forward_ns: Vec<u64>,
    // Nodes between one and its root, kept for its memory.
    chain: Vec<u32>,
}

/// What a node knows.
#[derive(Clone, Copy, Debug)]
struct Known {
    label: Label,
    towards: u32,
    first: [u32; FIRST],
}

/// The rank of the root and the hops to it: the less, the better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Label {
    root: u32,
    hops: u32,
}

/// A way over open connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Route {
    pub(super) delay: SimDuration,
    pub(super) hops: u32,
}

/// How many of its neighbours a peer asks.
const FIRST: usize = 4;
/// Longest way; assumed.
const HOPS_MAX: u32 = 16;
const NOBODY: u32 = u32::MAX;
/// What a signaling message takes on a link, roughly: it fits into one packet.
const MESSAGE: Wire = Wire { bytes: ByteCount::new(750), packets: 1 };

impl Routes {
    /// No ways; without in-band signaling there never are any.
    pub(super) fn new(world: &World, in_band: InBand) -> Self {
        let unknown = Label { root: NOBODY, hops: 0 };
        let node = |node: u32| Known { label: unknown, towards: node, first: [NOBODY; FIRST] };
        let count = if in_band == InBand::Off { 0 } else { world.nodes() };
        // Received once and sent once.
        let forward =
            |class: &crate::world::Class| 2 * class.device.service_time(class.engine.message_cost(MESSAGE)).as_ns();
        let forward_ns = world.classes().iter().map(forward).collect();
        Self { nodes: (0..count).map(node).collect(), forward_ns, chain: Vec::new() }
    }

    /// A node joins.
    pub(super) fn arrive(&mut self, node: u32, rank: u32) {
        if let Some(known) = self.nodes.get_mut(node as usize) {
            known.label = Label { root: rank, hops: 0 };
        }
    }

    /// The connection between two nodes is open.
    pub(super) fn opened(&mut self, a: u32, b: u32) {
        for (node, neighbour) in [(a, b), (b, a)] {
            let first = &mut self.nodes[node as usize].first;
            if let Some(free) = first.iter_mut().find(|known| **known == NOBODY) {
                *free = neighbour;
            }
        }
        self.refresh(a);
        self.refresh(b);
        self.improve(a, b);
        self.improve(b, a);
    }

    // Brings the labels between a node and its root up to date.
    fn refresh(&mut self, node: u32) {
        let mut chain = std::mem::take(&mut self.chain);
        chain.clear();
        let mut at = node;
        while self.nodes[at as usize].towards != at {
            chain.push(at);
            at = self.nodes[at as usize].towards;
        }
        let mut label = self.nodes[at as usize].label;
        for &below in chain.iter().rev() {
            label.hops += 1;
            self.nodes[below as usize].label = label;
        }
        self.chain = chain;
    }

    // `node` goes by way of `neighbour` if that is better, and so does whoever it went by before.
    fn improve(&mut self, node: u32, neighbour: u32) {
        let (mut node, mut neighbour) = (node, neighbour);
        loop {
            let way = self.nodes[neighbour as usize].label;
            let known = &mut self.nodes[node as usize];
            let better = Label { root: way.root, hops: way.hops + 1 };
            if better >= known.label {
                return;
            }
            let (before, other_root) = (known.towards, known.label.root != better.root);
            (known.label, known.towards) = (better, neighbour);
            if before == node || !other_root {
                return;
            }
            (node, neighbour) = (before, node);
        }
    }

    /// A way between two nodes at `now`, if one is known.
    pub(super) fn find(
        &self,
        opened: &Opened,
        world: &World,
        overlay: &Overlay,
        now: SimTime,
        from: u32,
        to: u32,
    ) -> Option<Route> {
        let is_open = |a: u32, b: u32| opened.between(overlay, a, b).at() <= now;
        let by = |middle: u32| Route {
            delay: SimDuration::from_ns(
                world.path_delay_ns(from, middle) + self.forward(world, middle) + world.path_delay_ns(middle, to),
            ),
            hops: 2,
        };
        let known = |node: u32| self.nodes[node as usize].first.into_iter().filter(|&first| first != NOBODY);
        let of_sender = known(from).find(|&middle| is_open(middle, to));
        let common = of_sender.or_else(|| known(to).find(|&middle| is_open(from, middle)));
        common.map(by).or_else(|| self.over_tree(world, from, to))
    }

    fn over_tree(&self, world: &World, from: u32, to: u32) -> Option<Route> {
        let (mut up, mut down) = (from, to);
        let (mut delay_ns, mut hops) = (0, 0);
        while up != down {
            let (ours, theirs) = (self.nodes[up as usize], self.nodes[down as usize]);
            let climbs = ours.label >= theirs.label;
            let (at, next) = if climbs { (up, ours.towards) } else { (down, theirs.towards) };
            if next == at || hops == HOPS_MAX {
                return None;
            }
            delay_ns += if climbs { world.path_delay_ns(at, next) } else { world.path_delay_ns(next, at) };
            // Whoever stands between two hops passes the message on; where the two climbs meet, once.
            if next != to && next != from && next != if climbs { down } else { up } {
                delay_ns += self.forward(world, next);
            }
            hops += 1;
            if climbs {
                up = next;
            } else {
                down = next;
            }
        }
        Some(Route { delay: SimDuration::from_ns(delay_ns), hops })
    }

    fn forward(&self, world: &World, node: u32) -> u64 {
        self.forward_ns[world.class_index(node)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Domain, Seed, Streams};
    use rand::RngExt;

    fn routes(nodes: u32) -> Routes {
        let known = |node: u32| Known { label: Label { root: node, hops: 0 }, towards: node, first: [NOBODY; FIRST] };
        Routes { nodes: (0..nodes).map(known).collect(), forward_ns: Vec::new(), chain: Vec::new() }
    }

    // The root that pointers lead to, and how many they are.
    fn root(routes: &Routes, node: u32) -> (u32, u32) {
        let (mut at, mut hops) = (node, 0);
        while routes.nodes[at as usize].towards != at {
            at = routes.nodes[at as usize].towards;
            hops += 1;
            assert!(hops <= routes.nodes.len() as u32, "a ring");
        }
        (at, hops)
    }

    #[test]
    fn whoever_is_connected_has_one_root_in_whatever_order_connections_open() {
        let nodes = 60;
        for seed in 0..50 {
            let mut stream = Streams::new(Seed(seed)).stream(Domain::Bench, 0);
            let mut routes = routes(nodes);
            let mut component: Vec<u32> = (0..nodes).collect();
            for _ in 0..90 {
                let (a, b) = (stream.random_range(0..nodes), stream.random_range(0..nodes));
                if a == b {
                    continue;
                }
                routes.opened(a, b);
                let (one, other) = (component[a as usize], component[b as usize]);
                component.iter_mut().filter(|root| **root == other).for_each(|root| *root = one);
                for node in 0..nodes {
                    for next in 0..nodes {
                        let joined = component[node as usize] == component[next as usize];
                        assert_eq!(joined, root(&routes, node).0 == root(&routes, next).0, "{seed} {node} {next}");
                    }
                }
            }
        }
    }
}
