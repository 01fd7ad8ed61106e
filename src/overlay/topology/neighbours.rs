//! Nearest neighbours: every peer dials the `degree` others that are nearest by typical delay, and `links` drawn at random.
//!
//! Near peers alone make clusters that are far from each other, or do not hang together at all (Ratnasamy, Handley, Karp and
//! Shenker, "Topologically-aware overlay construction and server selection", INFOCOM 2002, take both sorts for that); random
//! links join them. Parts that are apart even so are joined by a link each. Peers at one place behind the same kind of NAT
//! see all others alike but for what each pair draws for itself, so they are grouped, and a group sorts groups: time near to
//! linear in the number of peers. Within a group a peer dials those that come after it, so that none is dialled by all.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::context::BuildContext;
use super::links::{Links, bridge, busiest_degree, draw};
use super::part::{Burden, Connections, Part, Site};
use super::{Shape, Topology, TopologyEntry};
use crate::overlay::dissemination::{DisseminationSpec, Flood};
use crate::overlay::{Overlay, json_of};
use crate::rng::Stream;
use crate::units::Bounded;
use crate::world::{Vantage, World};

pub(super) const ENTRY: TopologyEntry =
    TopologyEntry::new::<Nearest>("nearest", "every peer dials those nearest to it, and a few at random");

/// Nearest neighbours and random links.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Nearest {
    /// How many of the nearest a peer dials.
    #[serde(default = "default_degree")]
    degree: Bounded<1, 1_000>,
    /// How many others, drawn at random, it dials.
    #[serde(default = "default_links")]
    links: Bounded<0, 1_000>,
}

fn default_degree() -> Bounded<1, 1_000> {
    Bounded::new(3).expect("invariant: three is in range")
}

fn default_links() -> Bounded<0, 1_000> {
    Bounded::new(1).expect("invariant: one is in range")
}

impl Nearest {
    // The pairs among some peers, by their places.
    fn pairs(&self, world: &World, members: &[u32], stream: &mut Stream) -> Vec<(u32, u32)> {
        let count = members.len() as u32;
        let mut dialled = Dialled { links: Links::new(members.len()), pairs: Vec::new() };
        let degree = self.degree.get() as usize;
        let groups = Groups::new(world, members, degree);
        for place in 0..count {
            groups.nearest(place, degree).for_each(|other| dialled.dial(place, other));
        }
        for place in 0..count {
            for _ in 0..self.links.get() {
                let other = draw(stream, count);
                dialled.dial(place, other);
            }
        }
        bridge(count, &mut dialled.pairs, stream);
        dialled.pairs
    }
}

impl Part for Nearest {
    fn among(&self, site: &Site<'_>, members: &[u32], _rooted: bool, stream: &mut Stream, out: &mut Connections) {
        out.add_among(members, self.pairs(site.build.world, members, stream));
    }

    fn burden(&self, members: u32, _rooted: bool) -> Burden {
        Burden { degree: busiest_degree(members, self.degree.get() + self.links.get()), passes_on: true }
    }

    fn has_rings(&self) -> bool {
        true
    }
}

impl Topology for Nearest {
    fn label(&self) -> String {
        format!("{} degree={} links={}", ENTRY.kind, self.degree, self.links)
    }

    fn shape(&self, peers: u32) -> Shape {
        Shape::dialled(peers, self.degree.get() + self.links.get())
    }

    fn build(&self, context: &BuildContext<'_>, stream: &mut Stream) -> Overlay {
        let everybody: Vec<u32> = (0..context.world.peers()).collect();
        Overlay::new(context.world.nodes(), &self.pairs(context.world, &everybody, stream), Vec::new())
    }

    fn dissemination(&self) -> DisseminationSpec {
        Flood::default().into()
    }

    fn to_json(&self) -> serde_json::Value {
        json_of(ENTRY.kind, self)
    }
}

struct Dialled {
    links: Links,
    pairs: Vec<(u32, u32)>,
}

impl Dialled {
    // Who is connected already, or is the peer itself, is not dialled again.
    fn dial(&mut self, peer: u32, other: u32) {
        if self.links.add((peer, other)) {
            self.pairs.push((peer, other));
        }
    }
}

// Peers that see all others alike, by their places.
struct Groups {
    members: Vec<Vec<u32>>,
    // Of each peer: its group, and where it is in it.
    of_peer: Vec<(usize, usize)>,
    // Of each group all, the nearest first, the unreachable last, as many as have enough members.
    order: Vec<Vec<usize>>,
}

impl Groups {
    fn new(world: &World, peers: &[u32], degree: usize) -> Self {
        let mut by_vantage: BTreeMap<(Vantage, usize), usize> = BTreeMap::new();
        let (mut members, mut of_peer): (Vec<Vec<u32>>, Vec<(usize, usize)>) = (Vec::new(), Vec::new());
        for (&peer, place) in peers.iter().zip(0..) {
            let group = *by_vantage.entry((world.vantage(peer), world.class_index(peer))).or_insert_with(|| {
                members.push(Vec::new());
                members.len() - 1
            });
            of_peer.push((group, members[group].len()));
            members[group].push(place);
        }
        let order = |group: usize| {
            let example = |group: usize| peers[members[group][0] as usize];
            let delay_ns = |&other: &usize| match world.typical_delay_ns(example(group), example(other)) {
                // Of one place its own group comes first: the others wait for nobody of another class.
                Some(delay_ns) => (delay_ns, other != group),
                None => (u64::MAX, other != group),
            };
            let mut order: Vec<usize> = (0..members.len()).collect();
            order.sort_by_cached_key(delay_ns);
            let mut found = 0;
            let enough = order.iter().position(|&other| {
                found += members[other].len();
                found > degree
            });
            order.truncate(enough.map_or(order.len(), |last| last + 1));
            order
        };
        let order = (0..members.len()).map(order).collect();
        Self { members, of_peer, order }
    }

    // The nearest others of the peer at a place.
    fn nearest(&self, peer: u32, degree: usize) -> impl Iterator<Item = u32> {
        let (own, place) = self.of_peer[peer as usize];
        let of_group = move |&group: &usize| {
            let members = &self.members[group];
            // Who looks into a group begins at another of its members than the last one did.
            let start = if group == own { place + 1 } else { place * degree };
            (0..members.len()).map(move |step| members[(start + step) % members.len()])
        };
        self.order[own].iter().flat_map(of_group).filter(move |&other| other != peer).take(degree)
    }
}
