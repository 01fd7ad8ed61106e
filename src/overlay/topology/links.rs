//! Pairs as a random topology draws them: none twice, and all hanging together in the end.

use petgraph::unionfind::UnionFind;
use rand::Rng;

use crate::rng::{Stream, below};

/// A number below `bound`, which is not zero.
pub(super) fn draw(stream: &mut Stream, bound: u32) -> u32 {
    below(stream.next_u64(), u64::from(bound)) as u32
}

/// So many different numbers below `bound`, or all, each set equally likely (Bentley and Floyd, "A sample of brilliance", 1987).
pub(super) fn sample(stream: &mut Stream, bound: u32, count: u32) -> Vec<u32> {
    let count = count.min(bound);
    let mut chosen = Vec::with_capacity(count as usize);
    for last in bound - count..bound {
        let number = draw(stream, last + 1);
        chosen.push(if chosen.contains(&number) { last } else { number });
    }
    chosen
}

/// How many connections the busiest of so many nodes has, about, if each dials `each` others at random: its own, and as
/// many as dial it. These are binomial, and the largest of `n` draws of mean `m` is near `m + sqrt(2 m ln n) + ln n / 3`
/// (Bernstein's inequality).
pub(super) fn busiest_degree(nodes: u32, each: u32) -> u32 {
    let (mean, draws) = (f64::from(each), libm::log(f64::from(nodes.max(1))));
    let dialled = if each == 0 { 0.0 } else { mean + libm::sqrt(2.0 * mean * draws) + draws / 3.0 };
    (each + dialled as u32).min(nodes.saturating_sub(1))
}

/// Which pairs are there: of each node the others.
#[derive(Clone, Debug)]
pub(super) struct Links(Vec<Vec<u32>>);

impl Links {
    pub(super) fn new(nodes: usize) -> Self {
        Self(vec![Vec::new(); nodes])
    }

    /// These pairs among so many nodes.
    pub(super) fn of(nodes: u32, pairs: &[(u32, u32)]) -> Self {
        let mut links = Self::new(nodes as usize);
        pairs.iter().for_each(|&pair| links.link(pair));
        links
    }

    /// Whether a pair is there, or one node is both its ends.
    pub(super) fn has(&self, (a, b): (u32, u32)) -> bool {
        let [of_a, of_b] = [a, b].map(|node| &self.0[node as usize]);
        a == b || if of_a.len() <= of_b.len() { of_a.contains(&b) } else { of_b.contains(&a) }
    }

    /// Adds a pair, unless it is there.
    pub(super) fn add(&mut self, pair: (u32, u32)) -> bool {
        let is_new = !self.has(pair);
        if is_new {
            self.link(pair);
        }
        is_new
    }

    /// Takes a pair away.
    pub(super) fn remove(&mut self, (a, b): (u32, u32)) {
        for (node, other) in [(a, b), (b, a)] {
            let others = &mut self.0[node as usize];
            if let Some(place) = others.iter().position(|&known| known == other) {
                others.swap_remove(place);
            }
        }
    }

    /// How many pairs a node has.
    pub(super) fn degree(&self, node: u32) -> usize {
        self.0[node as usize].len()
    }

    fn link(&mut self, (a, b): (u32, u32)) {
        self.0[a as usize].push(b);
        self.0[b as usize].push(a);
    }
}

/// The same pairs, with some switched so that all nodes hang together and each has as many as before: of two parts that
/// do not, each gives a pair that closes a ring, and both are joined crosswise. A part without a ring is joined by one pair
/// more.
pub(super) fn hang_together(nodes: u32, mut pairs: Vec<(u32, u32)>) -> Vec<(u32, u32)> {
    if nodes == 0 {
        return pairs;
    }
    let mut joined = UnionFind::<u32>::new(nodes as usize);
    // Places of pairs that close a ring.
    let closing: Vec<usize> = (0..pairs.len()).filter(|&place| !joined.union(pairs[place].0, pairs[place].1)).collect();
    let mut of_part = vec![None; nodes as usize];
    closing.into_iter().for_each(|place| of_part[joined.find_mut(pairs[place].0) as usize] = Some(place));
    let mut first = joined.find_mut(0);
    for node in 1..nodes {
        let other = joined.find_mut(node);
        if other == first {
            continue;
        }
        // What joins them crosswise closes a ring of both.
        let spare = match (of_part[first as usize], of_part[other as usize]) {
            (Some(here), Some(there)) => {
                let ((a, b), (c, d)) = (pairs[here], pairs[there]);
                (pairs[here], pairs[there]) = ((a, c), (b, d));
                Some(there)
            }
            (here, there) => {
                pairs.push((first, node));
                here.or(there)
            }
        };
        joined.union(first, other);
        first = joined.find_mut(first);
        of_part[first as usize] = spare;
    }
    pairs
}

/// Adds a pair for each part that does not hang together with what comes before it, to a node drawn there.
pub(super) fn bridge(nodes: u32, pairs: &mut Vec<(u32, u32)>, stream: &mut Stream) {
    let mut joined = UnionFind::<u32>::new(nodes as usize);
    pairs.iter().for_each(|&(a, b)| {
        joined.union(a, b);
    });
    for node in 1..nodes {
        // All nodes before it hang together.
        if !joined.equiv(0, node) {
            let other = draw(stream, node);
            pairs.push((other, node));
            joined.union(other, node);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Domain, Seed, Streams};

    /// Of a hundred draws for 200 nodes that dial three others, at least ninety have no busier node, and the estimate is no
    /// more than a half above their mean.
    #[test]
    fn the_busiest_degree_is_about_that_of_the_most_dialled() {
        let told = busiest_degree(200, 3);
        let busiest = |seed: u64| {
            let mut stream = Streams::new(Seed(seed)).stream(Domain::Topology, 0);
            let mut links = Links::new(200);
            for node in 0..200 {
                for _ in 0..3 {
                    let other = draw(&mut stream, 200);
                    links.add((node, other));
                }
            }
            (0..200).map(|node| links.degree(node)).max().unwrap_or(0) as u32
        };
        let found: Vec<u32> = (0..100).map(busiest).collect();
        assert!(found.iter().filter(|&&degree| degree <= told).count() >= 90, "{told}: {found:?}");
        assert!(2 * told * 100 <= 3 * found.iter().sum::<u32>(), "{told}: {found:?}");
        assert_eq!((busiest_degree(4, 9), busiest_degree(50, 0), busiest_degree(1, 2)), (3, 0, 0));
    }

    fn parts(nodes: u32, pairs: &[(u32, u32)]) -> usize {
        let mut joined = UnionFind::<u32>::new(nodes as usize);
        pairs.iter().for_each(|&(a, b)| {
            joined.union(a, b);
        });
        let mut roots = joined.into_labeling();
        roots.sort_unstable();
        roots.dedup();
        roots.len()
    }

    /// Each of the ten pairs of five numbers in one of ten draws: 20,000 draws within 8 %.
    #[test]
    fn samples_are_distinct_and_equally_likely() {
        let mut stream = Streams::new(Seed(1)).stream(Domain::Topology, 0);
        let mut times = [[0_u32; 5]; 5];
        for _ in 0..20_000 {
            let two = sample(&mut stream, 5, 2);
            times[two[0].min(two[1]) as usize][two[0].max(two[1]) as usize] += 1;
        }
        for a in 0..5 {
            assert_eq!(times[a][a], 0);
            assert!((a + 1..5).all(|b| times[a][b].abs_diff(2_000) < 160), "{times:?}");
        }
        assert_eq!((sample(&mut stream, 3, 9).len(), sample(&mut stream, 0, 4).len()), (3, 0));
    }

    #[test]
    fn rings_are_joined_without_another_degree() {
        // Thirty rings of three to five nodes.
        let (mut pairs, mut nodes) = (Vec::new(), 0);
        for ring in 0..30 {
            let length = 3 + ring % 3;
            pairs.extend((0..length).map(|node| (nodes + node, nodes + (node + 1) % length)));
            nodes += length;
        }
        assert_eq!(parts(nodes, &pairs), 30);
        let joined = hang_together(nodes, pairs.clone());
        assert_eq!((parts(nodes, &joined), joined.len()), (1, pairs.len()));
        let links = Links::of(nodes, &joined);
        assert!((0..nodes).all(|node| links.degree(node) == 2));
    }

    #[test]
    fn parts_without_a_ring_are_joined_by_a_pair_more() {
        let joined = hang_together(6, vec![(0, 1), (2, 3), (3, 4), (4, 2)]);
        assert_eq!((parts(6, &joined), joined.len()), (1, 6));
        assert_eq!(hang_together(1, Vec::new()), []);
    }
}
