//! Random regular graph: every peer has `degree` connections, and each such graph is about as likely as any other.
//!
//! The pairing model (Bollobás, "A probabilistic proof of an asymptotic formula for the number of labelled regular graphs",
//! 1980): each peer has `degree` ends, all ends are shuffled and joined two by two. What joins a peer with itself, or two
//! peers twice, is switched with a pair drawn at random (McKay and Wormald, "Uniform generation of random regular graphs of
//! moderate degree", 1990), some `degree^2 / 4` pairs whatever the number of peers. From degree 3 on nearly all such graphs
//! hang together; parts that do not are joined by one more switch each, which keeps all degrees.

use rand::seq::SliceRandom;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::context::BuildContext;
use super::links::{Links, draw, hang_together};
use super::part::{Burden, Connections, Part, Site};
use super::{Shape, Spread, Topology, TopologyEntry};
use crate::overlay::dissemination::{DisseminationSpec, Flood};
use crate::overlay::{Overlay, json_of};
use crate::rng::Stream;
use crate::units::Bounded;

pub(super) const ENTRY: TopologyEntry = TopologyEntry::new::<RandomRegular>(
    "random-regular",
    "a random graph in which every peer has `degree` connections",
);

/// A random regular graph.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RandomRegular {
    /// Connections of each peer; all others where there are not more. Where peers and degree are odd, one peer has one
    /// less.
    #[serde(default = "default_degree")]
    degree: Bounded<2, 1_000>,
}

fn default_degree() -> Bounded<2, 1_000> {
    Bounded::new(6).expect("invariant: six is in range")
}

impl Part for RandomRegular {
    fn among(&self, _: &Site<'_>, members: &[u32], _rooted: bool, stream: &mut Stream, out: &mut Connections) {
        out.add_among(members, random_regular(members.len() as u32, self.degree.get(), stream));
    }

    fn burden(&self, members: u32, _rooted: bool) -> Burden {
        Burden { degree: self.degree.get().min(members.saturating_sub(1)), passes_on: true }
    }

    fn has_rings(&self) -> bool {
        true
    }
}

impl Topology for RandomRegular {
    fn label(&self) -> String {
        format!("{} degree={}", ENTRY.kind, self.degree)
    }

    fn shape(&self, peers: u32) -> Shape {
        let (peers, degree) = (u64::from(peers), u64::from(self.degree.get()));
        let degree = degree.min(peers.saturating_sub(1));
        Shape { tree: peers * degree / 2, core: 0, spread: Spread::Levels(degree.saturating_sub(1).max(1) as u32) }
    }

    fn build(&self, context: &BuildContext<'_>, stream: &mut Stream) -> Overlay {
        let pairs = random_regular(context.world.peers(), self.degree.get(), stream);
        Overlay::new(context.world.nodes(), &pairs, Vec::new())
    }

    fn dissemination(&self) -> DisseminationSpec {
        Flood::default().into()
    }

    fn to_json(&self) -> serde_json::Value {
        json_of(ENTRY.kind, self)
    }
}

/// The pairs of a connected random graph in which each of `peers` has `degree` of them.
fn random_regular(peers: u32, degree: u32, stream: &mut Stream) -> Vec<(u32, u32)> {
    if degree + 1 >= peers {
        return (0..peers).flat_map(|a| (a + 1..peers).map(move |b| (a, b))).collect();
    }
    let mut degrees = vec![degree; peers as usize];
    if u64::from(peers) * u64::from(degree) % 2 == 1 {
        degrees[draw(stream, peers) as usize] -= 1;
    }
    // Where most pairs are there, it is those that are not which are drawn.
    let is_dense = 2 * degree >= peers;
    if is_dense {
        degrees.iter_mut().for_each(|degree| *degree = peers - 1 - *degree);
    }
    let mut drawn = paired(&degrees, stream);
    for _ in 1..TRIES {
        if drawn.1 {
            break;
        }
        drawn = paired(&degrees, stream);
    }
    assert!(drawn.1, "no graph of {peers} peers with {degree} connections each was found in {TRIES} draws");
    let pairs = if is_dense { complement(peers, &drawn.0) } else { drawn.0 };
    hang_together(peers, pairs)
}

/// So often all is drawn anew where a pair finds none to be switched with, which happens in small graphs, and seldom there.
const TRIES: u32 = 1_000;
/// So often such a pair looks for one.
const SWITCHES: u32 = 1_000;

// Peers with these degrees, paired at random; and whether all are.
fn paired(degrees: &[u32], stream: &mut Stream) -> (Vec<(u32, u32)>, bool) {
    let ends = (0..).zip(degrees).flat_map(|(peer, &degree)| std::iter::repeat_n(peer, degree as usize));
    let mut ends: Vec<u32> = ends.collect();
    ends.shuffle(stream);
    let mut links = Links::new(degrees.len());
    let mut pairs: Vec<(u32, u32)> = Vec::with_capacity(ends.len() / 2);
    let mut bad: Vec<(u32, u32)> = Vec::new();
    for two in ends.chunks_exact(2) {
        let pair = (two[0], two[1]);
        if links.add(pair) { pairs.push(pair) } else { bad.push(pair) }
    }
    let is_empty = pairs.is_empty();
    for (a, b) in bad {
        // Instead of a-b and c-d: a-c and b-d.
        let mut switch = || {
            let place = draw(stream, pairs.len() as u32) as usize;
            let (c, d) = if draw(stream, 2) == 0 { pairs[place] } else { (pairs[place].1, pairs[place].0) };
            let fits = !links.has((a, c)) && !links.has((b, d)) && (a, c) != (d, b);
            if fits {
                links.remove((c, d));
                links.add((a, c));
                links.add((b, d));
                pairs[place] = (a, c);
                pairs.push((b, d));
            }
            fits
        };
        if is_empty || !(0..SWITCHES).any(|_| switch()) {
            return (pairs, false);
        }
    }
    (pairs, true)
}

// The pairs that are not there.
fn complement(peers: u32, pairs: &[(u32, u32)]) -> Vec<(u32, u32)> {
    let links = Links::of(peers, pairs);
    let all = (0..peers).flat_map(|a| (a + 1..peers).map(move |b| (a, b)));
    all.filter(|&pair| !links.has(pair)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Domain, Seed, Streams};

    fn degrees(peers: u32, pairs: &[(u32, u32)]) -> Vec<u32> {
        let mut degrees = vec![0; peers as usize];
        for &(a, b) in pairs {
            degrees[a as usize] += 1;
            degrees[b as usize] += 1;
        }
        degrees
    }

    #[test]
    fn every_peer_has_its_degree_and_no_pair_is_there_twice() {
        for peers in (1..30).chain([100, 101, 2_001]) {
            for degree in [2, 3, 4, 6, 7, 11, 20] {
                for seed in 0..5 {
                    let mut stream = Streams::new(Seed(seed)).stream(Domain::Topology, 0);
                    let pairs = random_regular(peers, degree, &mut stream);
                    let mut sorted: Vec<_> = pairs.iter().map(|&(a, b)| (a.min(b), a.max(b))).collect();
                    sorted.sort_unstable();
                    sorted.dedup();
                    assert!(sorted.len() == pairs.len() && sorted.iter().all(|(a, b)| a < b), "{peers} {degree}");
                    let wanted = degree.min(peers - 1);
                    let counted = degrees(peers, &pairs);
                    let less: Vec<u32> = counted.into_iter().filter(|&counted| counted != wanted).collect();
                    let odd = usize::from(wanted == degree && (peers * degree) % 2 == 1);
                    assert_eq!(less, vec![wanted - odd as u32; odd], "{peers} peers of degree {degree}");
                }
            }
        }
    }

    /// Of two peers of five in a random graph of degree two, a ring, one in two pairs is there: 10,000 draws within 2 %.
    #[test]
    fn no_pair_is_likelier_than_another() {
        let mut times = [[0_u32; 5]; 5];
        for seed in 0..10_000 {
            let mut stream = Streams::new(Seed(seed)).stream(Domain::Topology, 0);
            for (a, b) in random_regular(5, 2, &mut stream) {
                times[a.min(b) as usize][a.max(b) as usize] += 1;
            }
        }
        for a in 0..5 {
            for b in a + 1..5 {
                assert!(times[a][b].abs_diff(5_000) < 200, "{times:?}");
            }
        }
    }
}
