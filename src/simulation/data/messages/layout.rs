//! Nodes and connections in the order in which messages come to them.
//!
//! Numbers say nothing about who is next to whom: a message that goes through an overlay by numbers asks for
//! rows all over the memory, several for each node, and waits for most of them. Here nodes stand as a
//! breadth-first search from the first source meets them, and so do their pairs; what a hop needs of a
//! node is one row, what it needs of a connection another. A message then reads memory from one end to the other.
//!
//! A *place* is where a node stands in this order. While messages flow, events, queues and rows go by places, keyed
//! draws and whatever is told go by numbers.

use super::reception::{Reception, receptions};
use crate::overlay::Overlay;
use crate::simulation::control::connect::{Connected, Kept};
use crate::simulation::data::fills::Fills;
use crate::simulation::data::plan::{Plan, Service};
use crate::simulation::parts::Parts;
use crate::simulation::servers::Servers;
use crate::units::SimTime;
use crate::webrtc::turn::RelayCode;
use crate::world::{Path, World};

/// In place of a place: nobody.
pub(in crate::simulation) const NOBODY: u32 = u32::MAX;

/// What messages meet on their way.
#[derive(Debug)]
pub(in crate::simulation) struct Layout {
    /// By place, and one past the last that has no node.
    pub(in crate::simulation) rows: Vec<Row>,
    /// By place: what only those need of a node who send for it.
    pub(in crate::simulation) senders: Vec<Sending>,
    /// By place: of each row the little that is asked of it most often.
    pub(in crate::simulation) kinds: Vec<Kind>,
    /// Of size `s` at place `p`: `services[p * sizes + s]`.
    pub(in crate::simulation) services: Vec<Service>,
    /// How many message sizes there are.
    pub(in crate::simulation) sizes: usize,
    /// The pairs of one place after the other.
    pub(in crate::simulation) hops: Vec<Hop>,
    /// The members of all blocks, in the overlay's order.
    pub(in crate::simulation) members: Vec<End>,
    /// The places of the flows' sources, by flow.
    pub(in crate::simulation) sources: Vec<u32>,
    /// The places of all nodes, by number.
    pub(in crate::simulation) places: Vec<u32>,
}

/// What a hop needs of a node: a cache line.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
pub(in crate::simulation) struct Row {
    pub(in crate::simulation) servers: Servers,
    /// How long its CPU takes to wake up, in ns.
    pub(in crate::simulation) wake_ns: u64,
    /// Its number.
    pub(in crate::simulation) node: u32,
    // Where its hops begin; they end where those of the next row do.
    hops: u32,
}

/// What a node needs to send, and nobody else of it.
#[derive(Clone, Copy, Debug)]
pub(in crate::simulation) struct Sending {
    /// Over how many open connections it sends.
    pub(in crate::simulation) connections: u32,
    /// The index of its class.
    pub(in crate::simulation) class: u32,
    /// Which of its buffers may fill.
    pub(in crate::simulation) fills: Fills,
}

const _: () = assert!(size_of::<Row>() == 64);

/// What kind of node it is.
#[derive(Clone, Copy, Debug)]
pub(in crate::simulation) struct Kind {
    pub(in crate::simulation) reception: Reception,
    /// Whether it passes nothing on.
    pub(in crate::simulation) is_leaf: bool,
    /// Whether it is a peer, not a server.
    pub(in crate::simulation) is_peer: bool,
    /// Whether it is a member of a block.
    pub(in crate::simulation) in_block: bool,
}

/// A pair, as one end sees it.
#[derive(Clone, Copy, Debug)]
pub(in crate::simulation) struct Hop {
    /// The other end.
    pub(in crate::simulation) next: End,
    /// From when on it is open; [`SimTime::MAX`] if it never is.
    pub(in crate::simulation) open: SimTime,
    pub(in crate::simulation) path: Path,
}

/// A node where a copy is to go.
#[derive(Clone, Copy, Debug)]
pub(in crate::simulation) struct End {
    pub(in crate::simulation) place: u32,
    pub(in crate::simulation) node: u32,
}

impl Layout {
    /// The layout of a replication, into which the plan's service times move.
    pub(in crate::simulation) fn new(parts: &mut Parts, shortcuts: bool, exactly_once: bool) -> Self {
        let receptions = receptions(parts, shortcuts, exactly_once);
        let Parts { world, overlay, connected, plan, .. } = parts;
        let order = breadth_first(overlay, plan.programme.flows().first().map_or(0, |flow| flow.source));
        let mut places = vec![0; order.len()];
        (0..).zip(&order).for_each(|(place, &node)| places[node as usize] = place);
        let kind = |&node: &u32| Kind {
            reception: receptions[node as usize],
            is_leaf: overlay.is_leaf(node),
            is_peer: node < world.peers(),
            in_block: !overlay.seats(node).is_empty(),
        };
        let fills = std::mem::take(&mut plan.fills);
        let sending = |&node: &u32| Sending {
            connections: connected.carrying_at(node),
            class: world.class_index(node) as u32,
            fills: fills[node as usize],
        };
        let sources = plan.programme.flows().iter().map(|flow| places[flow.source as usize]).collect();
        Self {
            rows: rows(overlay, plan, &order),
            senders: order.iter().map(sending).collect(),
            kinds: order.iter().map(kind).collect(),
            services: services(plan, &order),
            sizes: plan.sizes.len(),
            hops: hops(world, overlay, connected, &order, &places),
            members: overlay.block_members().iter().map(|&node| End { place: places[node as usize], node }).collect(),
            sources,
            places,
        }
    }

    /// The pairs of the node at a place.
    #[inline(always)]
    pub(in crate::simulation) fn hops(&self, place: u32) -> std::ops::Range<usize> {
        self.rows[place as usize].hops as usize..self.rows[place as usize + 1].hops as usize
    }

    /// What a message of a size asks of the node at a place.
    #[inline(always)]
    pub(in crate::simulation) fn service(&self, place: u32, size: u32) -> &Service {
        &self.services[place as usize * self.sizes + size as usize]
    }

    /// The node at a place.
    #[inline]
    pub(in crate::simulation) fn end(&self, place: u32) -> End {
        End { place, node: self.rows[place as usize].node }
    }

    /// The queues of all nodes, by number.
    pub(in crate::simulation) fn into_servers(self) -> Vec<Servers> {
        let mut servers = vec![Servers::default(); self.kinds.len()];
        for row in &self.rows[..self.kinds.len()] {
            servers[row.node as usize] = row.servers;
        }
        servers
    }
}

// All nodes as a search from `start` along the connections meets them, then as it does from the others.
fn breadth_first(overlay: &Overlay, start: u32) -> Vec<u32> {
    let mut met = vec![false; overlay.nodes() as usize];
    let mut order = Vec::with_capacity(met.len());
    let mut is_met = vec![false; overlay.blocks() as usize];
    for root in std::iter::once(start).chain(0..overlay.nodes()) {
        let mut next = order.len();
        let mut meet = |order: &mut Vec<u32>, node: u32| {
            if !std::mem::replace(&mut met[node as usize], true) {
                order.push(node);
            }
        };
        meet(&mut order, root);
        while let Some(&node) = order.get(next) {
            overlay.pair_neighbours(node).iter().for_each(|&neighbour| meet(&mut order, neighbour));
            for seat in overlay.seats(node) {
                if !std::mem::replace(&mut is_met[seat.block as usize], true) {
                    overlay.block(seat.block).iter().for_each(|&member| meet(&mut order, member));
                }
            }
            next += 1;
        }
    }
    order
}

fn rows(overlay: &Overlay, plan: &mut Plan, order: &[u32]) -> Vec<Row> {
    let wakes = std::mem::take(&mut plan.wakes);
    let mut hops = 0;
    let mut row = |node: u32| {
        let first = hops;
        hops += overlay.pair_neighbours(node).len() as u32;
        Row { servers: Servers::default(), wake_ns: wakes[node as usize], node, hops: first }
    };
    let mut rows: Vec<Row> = Vec::with_capacity(order.len() + 1);
    rows.extend(order.iter().map(|&node| row(node)));
    rows.push(Row { servers: Servers::default(), wake_ns: 0, node: NOBODY, hops });
    rows
}

fn services(plan: &mut Plan, order: &[u32]) -> Vec<Service> {
    let by_size = std::mem::take(&mut plan.services);
    let of_node = |&node: &u32| (0..plan.sizes.len()).map(move |size| size * order.len() + node as usize);
    order.iter().flat_map(of_node).map(|index| by_size[index]).collect()
}

fn hops(world: &World, overlay: &Overlay, connected: &Connected, order: &[u32], places: &[u32]) -> Vec<Hop> {
    let of_node = |&node: &u32| {
        let neighbours = overlay.pair_neighbours(node).iter().zip(overlay.pair_slots(node));
        neighbours.map(move |(&next, slot)| {
            let next = End { place: places[next as usize], node: next };
            hop(world, connected.pair(slot, [node, next.node]), node, next)
        })
    };
    let mut hops = Vec::with_capacity(overlay.slots());
    order.iter().for_each(|node| hops.extend(of_node(node)));
    hops
}

fn hop(world: &World, kept: Kept, node: u32, next: End) -> Hop {
    const NONE: Path = Path { delay_ns: 0, relay: RelayCode::DIRECT, class: 0 };
    let paths = world.paths_from(node);
    let path = match kept.relay(node, next.node) {
        _ if kept.at() == SimTime::MAX => None,
        Some(relay) => Some(paths.through(next.node, relay)),
        None => paths.to(next.node),
    };
    let open = if path.is_some() { kept.at() } else { SimTime::MAX };
    Hop { next, open, path: path.unwrap_or(NONE) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_node_has_one_place_and_stands_behind_the_one_it_is_reached_from() {
        // Two trees at a block of three, and two nodes apart.
        let overlay = Overlay::new(9, &[(5, 1), (5, 6), (6, 0), (2, 8)], vec![vec![2, 5, 7]]);
        assert_eq!(breadth_first(&overlay, 6), [6, 5, 0, 1, 2, 7, 8, 3, 4]);
        assert_eq!(breadth_first(&overlay, 3), [3, 0, 6, 5, 1, 2, 7, 8, 4]);
        let mesh = Overlay::new(5, &[], vec![(0..5).collect()]);
        assert_eq!(breadth_first(&mesh, 2), [2, 0, 1, 3, 4]);
    }
}
