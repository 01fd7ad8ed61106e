//! How short the ways of a graph can be in which nobody has more than `d` neighbours.
//!
//! Within `k` hops of a peer there are at most `1 + d + d (d - 1) + ... + d (d - 1)^(k - 1)` peers (Moore's bound: Hoffman and
//! Singleton, "On Moore graphs with diameters 2 and 3", IBM J. R&D 4, 1960; of the mean distance Cerf et al., Networks 4,
//! 1974).

use super::{Bound, Law};

const DIAMETER: Law = Law {
    name: "diameter",
    source: "Moore; Hoffman and Singleton, \"On Moore graphs with diameters 2 and 3\", IBM J. R&D 4, 1960",
};
const MEAN: Law = Law {
    name: "mean distance",
    source: "Cerf, Cowan, Mullin and Stanton, \"A lower bound on the average shortest path length in regular graphs\", \
             Networks 4, 1974",
};

/// The fewest hops in which everybody can be reached from anybody; `None` if `degree` neighbours are too few. The degree
/// binds.
#[must_use]
pub fn moore_diameter(peers: u32, degree: u32) -> Option<Bound<u32, u32>> {
    let levels = levels(peers, degree)?;
    Some(Bound { value: levels.len() as u32, binds: degree, law: DIAMETER })
}

/// The least mean number of hops between two peers; `None` if `degree` neighbours are too few. The degree binds.
#[must_use]
pub fn mean_distance(peers: u32, degree: u32) -> Option<Bound<f64, u32>> {
    let levels = levels(peers, degree)?;
    let hops: f64 = levels.iter().zip(1..).map(|(&peers, hops)| peers as f64 * f64::from(hops)).sum();
    let others = f64::from(peers.saturating_sub(1)).max(1.0);
    Some(Bound { value: hops / others, binds: degree, law: MEAN })
}

// How many peers can be one hop away, two hops, ..., until there are all.
fn levels(peers: u32, degree: u32) -> Option<Vec<u64>> {
    let mut left = u64::from(peers).saturating_sub(1);
    let (mut level, mut levels) = (u64::from(degree), Vec::new());
    while left > 0 {
        // With two neighbours a level has two peers for ever; with one there is one level.
        if level == 0 {
            return None;
        }
        levels.push(level.min(left));
        left -= level.min(left);
        level = level.saturating_mul(u64::from(degree.saturating_sub(1)));
    }
    Some(levels)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_petersen_and_the_hoffman_singleton_graph_meet_it() {
        for (peers, degree) in [(10, 3), (50, 7)] {
            assert_eq!(moore_diameter(peers, degree).expect("one").value, 2);
            assert_eq!(moore_diameter(peers + 1, degree).expect("one").value, 3);
        }
        assert!((mean_distance(10, 3).expect("one").value - 15.0 / 9.0).abs() < 1e-12);
    }

    #[test]
    fn a_thousand_peers_with_eight_neighbours() {
        let mean = mean_distance(1_000, 8).expect("one").value;
        assert!((mean - 3.471).abs() < 0.001, "{mean}");
        assert_eq!(moore_diameter(1_000, 8).expect("one").value, 4);
    }

    #[test]
    fn few_neighbours_and_few_peers() {
        assert_eq!(moore_diameter(1, 0).expect("alone").value, 0);
        assert_eq!(moore_diameter(2, 1).expect("a pair").value, 1);
        assert_eq!((moore_diameter(3, 1), moore_diameter(2, 0)), (None, None));
        assert_eq!(moore_diameter(9, 2).expect("a ring").value, 4);
        assert_eq!(moore_diameter(16_000_000, u32::MAX).expect("a mesh").value, 1);
    }
}
