//! Planting the trees, and what is wrong with trees.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};

use crate::optimiser::instance::{Delays, Peer};

/// Something that trees do not keep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Defect {
    /// A tree does not come to this peer.
    Unreached {
        /// The tree.
        stripe: u32,
        /// The peer.
        peer: u32,
    },
    /// Two that never connect.
    Never {
        /// The peer.
        peer: u32,
        /// Its parent.
        parent: u32,
    },
    /// A peer passes messages on in several trees.
    Inner {
        /// The peer.
        peer: u32,
    },
    /// A peer sends more than it bears.
    Load {
        /// The peer.
        peer: u32,
    },
    /// A peer has more neighbours than it keeps connections.
    Connections {
        /// The peer.
        peer: u32,
    },
}

/// How many children each peer can have, and in which tree.
pub(super) struct Slots {
    // Of each peer.
    slots: Vec<u32>,
    // Of each tree its inner nodes, the strongest first; the source is in none.
    inner: Vec<Vec<u32>>,
    // Of each tree how many copies the source sends.
    of_source: Vec<u32>,
}

pub(super) struct Forest {
    pub(super) parents: Vec<Vec<u32>>,
    pub(super) depth: u32,
    pub(super) max_us: u64,
}

impl Slots {
    /// How many children each peer can have at a rate.
    pub(super) fn of_peers(peers: &[Peer], source: u32, stripes: u32, rate_bps: f64) -> Vec<u32> {
        let others = peers.len() as u32 - 1;
        let count = |(peer, number): (&Peer, u32)| children_max(peer, number == source, stripes, rate_bps, others);
        peers.iter().zip(0..).map(count).collect()
    }

    /// Those of peers at a rate, dealt to the trees; `None` if some tree has too few.
    pub(super) fn at(peers: &[Peer], source: u32, stripes: u32, rate_bps: f64) -> Option<Self> {
        let others = peers.len() as u32 - 1;
        let slots = Self::of_peers(peers, source, stripes, rate_bps);
        let total = slots[source as usize];
        if others > 0 && total < stripes {
            return None;
        }
        let mut order: Vec<u32> = (0..=others).filter(|&peer| peer != source && slots[peer as usize] > 0).collect();
        order.sort_by_key(|&peer| (Reverse(slots[peer as usize]), peer));
        let mut inner: Vec<Vec<u32>> = vec![Vec::new(); stripes as usize];
        // The source sends every stripe once. What each tree lacks, the one that lacks most first.
        let mut lacking: BTreeSet<(Reverse<i64>, u32)> =
            (0..stripes).map(|stripe| (Reverse(i64::from(others) - 1), stripe)).collect();
        for peer in order {
            let (Reverse(lacks), stripe) = lacking.pop_first()?;
            inner[stripe as usize].push(peer);
            lacking.insert((Reverse(lacks - i64::from(slots[peer as usize])), stripe));
        }
        let mut of_source = vec![1; stripes as usize];
        let mut left = total.saturating_sub(stripes);
        for (Reverse(lacks), stripe) in lacking {
            let more = u32::try_from(lacks.max(0)).unwrap_or(u32::MAX);
            left = left.checked_sub(more)?;
            of_source[stripe as usize] += more;
        }
        Some(Self { slots, inner, of_source })
    }
}

// How many copies of a stripe a peer sends. Over as many connections as stripes it hears them, each from another peer: what is
// left is for its children.
fn children_max(peer: &Peer, is_source: bool, stripes: u32, rate_bps: f64, others: u32) -> u32 {
    let by_uplink = peer.up_bps.map_or(f64::INFINITY, |bps| bps as f64 * f64::from(stripes) / rate_bps);
    // A bound reached exactly is not to fail by rounding.
    let by_uplink = (by_uplink * (1.0 + 1e-12)).floor();
    let by_uplink = if by_uplink < f64::from(u32::MAX) { by_uplink as u32 } else { u32::MAX };
    let most = if is_source { others.saturating_mul(stripes) } else { others.saturating_sub(1) };
    let heard = if is_source { 0 } else { stripes.min(others) };
    let by_connections = peer.connections_max.map_or(u32::MAX, |most| most - heard.min(most));
    by_uplink.min(most).min(by_connections)
}

/// The trees, if everybody finds a place: inner nodes from the strongest down, then the leaves, each below the open parent
/// where it hears soonest.
pub(super) fn plant(delays: &Delays, source: u32, slots: &Slots) -> Option<Forest> {
    let peers = slots.slots.len() as u32;
    let mut forest = Forest { parents: Vec::new(), depth: 0, max_us: 0 };
    for (inner, &of_source) in slots.inner.iter().zip(&slots.of_source) {
        let mut tree = Tree::new(peers, source, of_source);
        let mut is_inner = vec![false; peers as usize];
        inner.iter().for_each(|&peer| is_inner[peer as usize] = true);
        let leaves = (0..peers).filter(|&peer| peer != source && !is_inner[peer as usize]);
        let mut waiting: Vec<u32> = Vec::new();
        for peer in inner.iter().copied() {
            if tree.join(delays, peer, slots.slots[peer as usize]) {
                continue;
            }
            waiting.push(peer);
        }
        // Who found no inner node that it connects with may find one now.
        for &peer in &waiting {
            if !tree.join(delays, peer, slots.slots[peer as usize]) {
                return None;
            }
        }
        for peer in leaves {
            if !tree.join(delays, peer, 0) {
                return None;
            }
        }
        forest.depth = forest.depth.max(tree.depth.iter().copied().max().unwrap_or(0));
        forest.max_us = forest.max_us.max(tree.heard_us.iter().copied().max().unwrap_or(0));
        forest.parents.push(tree.parents);
    }
    Some(forest)
}

/// So many open parents, those that hear first, are compared before others are.
const COMPARED: usize = 16;

struct Tree {
    parents: Vec<u32>,
    depth: Vec<u32>,
    heard_us: Vec<u64>,
    left: Vec<u32>,
    // Members with slots, those that hear first on top.
    open: BinaryHeap<Reverse<(u64, u32)>>,
}

impl Tree {
    fn new(peers: u32, source: u32, of_source: u32) -> Self {
        let mut left = vec![0; peers as usize];
        left[source as usize] = of_source;
        let open = if of_source > 0 { BinaryHeap::from([Reverse((0, source))]) } else { BinaryHeap::new() };
        let (depth, heard_us) = (vec![0; peers as usize], vec![0; peers as usize]);
        Self { parents: vec![source; peers as usize], depth, heard_us, left, open }
    }

    // Whether a peer with so many slots finds a parent.
    fn join(&mut self, delays: &Delays, peer: u32, slots: u32) -> bool {
        let mut looked_at = Vec::new();
        let mut best: Option<(u64, u32)> = None;
        while looked_at.len() < COMPARED || best.is_none() {
            let Some(Reverse((heard_us, parent))) = self.open.pop() else { break };
            if self.left[parent as usize] == 0 {
                continue;
            }
            looked_at.push(Reverse((heard_us, parent)));
            if let Some(hop_us) = delays.hop(parent, peer).delay_us() {
                let then = (heard_us + u64::from(hop_us), parent);
                best = Some(best.map_or(then, |best| best.min(then)));
            }
        }
        self.open.extend(looked_at);
        let Some((heard_us, parent)) = best else { return false };
        self.parents[peer as usize] = parent;
        self.depth[peer as usize] = self.depth[parent as usize] + 1;
        self.heard_us[peer as usize] = heard_us;
        self.left[parent as usize] -= 1;
        self.left[peer as usize] = slots;
        if slots > 0 {
            self.open.push(Reverse((heard_us, peer)));
        }
        true
    }
}

pub(super) fn defects(all: &[Peer], delays: &Delays, source: u32, parents: &[Vec<u32>], rate_bps: f64) -> Vec<Defect> {
    let peers = all.len() as u32;
    let mut found = Vec::new();
    let mut inner_in = vec![0_u32; peers as usize];
    let mut copies = vec![0_u64; peers as usize];
    let mut neighbours: Vec<BTreeSet<u32>> = vec![BTreeSet::new(); peers as usize];
    for (tree, stripe) in parents.iter().zip(0..) {
        let mut children: Vec<Vec<u32>> = vec![Vec::new(); peers as usize];
        for (&parent, peer) in tree.iter().zip(0..).filter(|(_, peer)| *peer != source) {
            if parent >= peers || delays.hop(parent, peer).delay_us().is_none() {
                found.push(Defect::Never { peer, parent });
                continue;
            }
            children[parent as usize].push(peer);
            neighbours[parent as usize].insert(peer);
            neighbours[peer as usize].insert(parent);
        }
        let mut is_reached = vec![false; peers as usize];
        let mut pending = vec![source];
        while let Some(peer) = pending.pop() {
            is_reached[peer as usize] = true;
            pending.extend(&children[peer as usize]);
        }
        let is_missing = |peer: &u32| !is_reached.get(*peer as usize).copied().unwrap_or(false);
        found.extend((0..peers).filter(is_missing).map(|peer| Defect::Unreached { stripe, peer }));
        for (children, peer) in children.iter().zip(0..) {
            copies[peer] += children.len() as u64;
            inner_in[peer] += u32::from(!children.is_empty());
        }
    }
    for (peer, number) in all.iter().zip(0..) {
        let sent = copies[number as usize] as f64 / parents.len().max(1) as f64;
        if number != source && inner_in[number as usize] > 1 {
            found.push(Defect::Inner { peer: number });
        }
        if sent > 0.0 && peer.up_bps.is_some_and(|bps| sent * rate_bps > bps as f64 * (1.0 + 1e-9)) {
            found.push(Defect::Load { peer: number });
        }
        if peer.connections_max.is_some_and(|most| neighbours[number as usize].len() as u64 > u64::from(most)) {
            found.push(Defect::Connections { peer: number });
        }
    }
    found
}
