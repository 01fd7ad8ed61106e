//! Ring with shortcuts, a small world: every peer is connected to the next `neighbours` on each side of a ring, and dials
//! `shortcuts` others drawn at random.
//!
//! The model of Newman and Watts ("Renormalization group analysis of the small-world network model", Physics Letters A 263,
//! 1999): shortcuts are added, and no connection of the ring is taken away for them, so that it hangs together always. A
//! few shortcuts bring distances that grow with `n / (4 neighbours)` down to ones that grow with `log n`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::context::BuildContext;
use super::links::{Links, busiest_degree, draw};
use super::part::{Burden, Connections, Part, Site};
use super::{Shape, Topology, TopologyEntry};
use crate::overlay::dissemination::{DisseminationSpec, Flood};
use crate::overlay::{Overlay, json_of};
use crate::rng::Stream;
use crate::units::Bounded;

pub(super) const ENTRY: TopologyEntry =
    TopologyEntry::new::<Ring>("ring", "a ring of neighbours with random shortcuts: a small world");

/// A ring with shortcuts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Ring {
    /// How many peers on each side of the ring a peer is connected to.
    #[serde(default = "default_neighbours")]
    neighbours: Bounded<1, 500>,
    /// To how many peers drawn at random each opens a shortcut.
    #[serde(default = "default_shortcuts")]
    shortcuts: Bounded<0, 500>,
}

fn default_neighbours() -> Bounded<1, 500> {
    Bounded::new(2).expect("invariant: two is in range")
}

fn default_shortcuts() -> Bounded<0, 500> {
    Bounded::new(1).expect("invariant: one is in range")
}

impl Part for Ring {
    fn among(&self, _: &Site<'_>, members: &[u32], _rooted: bool, stream: &mut Stream, out: &mut Connections) {
        let pairs = small_world(members.len() as u32, self.neighbours.get(), self.shortcuts.get(), stream);
        out.add_among(members, pairs);
    }

    fn burden(&self, members: u32, _rooted: bool) -> Burden {
        let degree = 2 * self.neighbours.get() + busiest_degree(members, self.shortcuts.get());
        Burden { degree: degree.min(members.saturating_sub(1)), passes_on: true }
    }

    fn has_rings(&self) -> bool {
        true
    }
}

impl Topology for Ring {
    fn label(&self) -> String {
        format!("{} neighbours={} shortcuts={}", ENTRY.kind, self.neighbours, self.shortcuts)
    }

    fn shape(&self, peers: u32) -> Shape {
        Shape::dialled(peers, self.neighbours.get() + self.shortcuts.get())
    }

    fn build(&self, context: &BuildContext<'_>, stream: &mut Stream) -> Overlay {
        let pairs = small_world(context.world.peers(), self.neighbours.get(), self.shortcuts.get(), stream);
        Overlay::new(context.world.nodes(), &pairs, Vec::new())
    }

    fn dissemination(&self) -> DisseminationSpec {
        Flood::default().into()
    }

    fn to_json(&self) -> serde_json::Value {
        json_of(ENTRY.kind, self)
    }
}

fn small_world(peers: u32, neighbours: u32, shortcuts: u32, stream: &mut Stream) -> Vec<(u32, u32)> {
    let mut pairs = Vec::with_capacity(peers as usize * (neighbours + shortcuts) as usize);
    for distance in 1..=neighbours.min(peers / 2) {
        // Opposite peers of an even ring meet once.
        let starts = if 2 * distance == peers { distance } else { peers };
        pairs.extend((0..starts).map(|peer| (peer, (peer + distance) % peers)));
    }
    let mut links = Links::new(peers as usize);
    for peer in 0..peers {
        for _ in 0..shortcuts {
            let is_free = |links: &Links, other: u32| {
                let apart = peer.abs_diff(other);
                apart.min(peers - apart) > neighbours && !links.has((peer, other))
            };
            let other = (0..DRAWS).map(|_| draw(stream, peers)).find(|&other| is_free(&links, other));
            if let Some(other) = other {
                links.add((peer, other));
                pairs.push((peer, other));
            }
        }
    }
    pairs
}

/// So often a peer draws for a shortcut before it goes without: where nearly all others are its neighbours already.
const DRAWS: u32 = 50;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Domain, Seed, Streams};

    /// With shortcuts a ring of 4,000 is a few hops across; without it is a thousand long.
    #[test]
    fn shortcuts_make_the_world_small() {
        let across = |shortcuts| {
            let mut stream = Streams::new(Seed(1)).stream(Domain::Topology, 0);
            let pairs = small_world(4_000, 2, shortcuts, &mut stream);
            assert_eq!(pairs.len(), 4_000 * (2 + shortcuts as usize));
            let overlay = Overlay::new(4_000, &pairs, Vec::new());
            let (mut hops, mut reached) = (vec![u32::MAX; 4_000], std::collections::VecDeque::from([0]));
            hops[0] = 0;
            while let Some(node) = reached.pop_front() {
                for &next in overlay.pair_neighbours(node) {
                    if hops[next as usize] == u32::MAX {
                        hops[next as usize] = hops[node as usize] + 1;
                        reached.push_back(next);
                    }
                }
            }
            hops.into_iter().max()
        };
        assert_eq!(across(0), Some(1_000));
        assert!(across(1).is_some_and(|hops| hops < 14), "{:?}", across(1));
    }
}
