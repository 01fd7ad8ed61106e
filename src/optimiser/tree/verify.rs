//! Whether a tree keeps what it must: apart from every optimiser, and from what they keep for themselves.

use super::problem::{TreeProblem, TreeValue};

/// A constraint that a tree breaks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Violation {
    /// There is not one parent for each peer, or the root has one.
    #[error("{parents} parents for {peers} peers, and the root's own parent is {root}")]
    Shape {
        /// How many parents there are.
        parents: usize,
        /// How many peers there are.
        peers: u32,
        /// Whom the tree names as the root's parent: itself.
        root: u32,
    },
    /// A parent that does not exist.
    #[error("peer {peer} hears from {parent}, who is not there")]
    Nobody {
        /// The peer.
        peer: u32,
        /// Whom it names.
        parent: u32,
    },
    /// A peer serves more than it can.
    #[error("peer {peer} serves {children} others, and can serve {fan_out}")]
    FanOut {
        /// The peer.
        peer: u32,
        /// How many it serves.
        children: u32,
        /// How many it can.
        fan_out: u32,
    },
    /// Two that never connect.
    #[error("peer {peer} hears from {parent}, and the two cannot connect")]
    Never {
        /// The peer.
        peer: u32,
        /// Its parent.
        parent: u32,
    },
    /// A peer whose parents lead in a ring.
    #[error("peer {peer} hears from nobody who hears from the root")]
    Ring {
        /// The peer.
        peer: u32,
    },
}

/// The value of a tree, each peer by its parent and the root by itself; or everything that it breaks.
///
/// # Errors
/// When it breaks a constraint.
pub fn verify(problem: &TreeProblem<'_>, parents: &[u32]) -> Result<TreeValue, Vec<Violation>> {
    let (peers, root) = (problem.peers(), problem.root());
    if parents.len() != peers as usize || parents[root as usize] != root {
        let named = parents.get(root as usize).copied().unwrap_or(u32::MAX);
        return Err(vec![Violation::Shape { parents: parents.len(), peers, root: named }]);
    }
    let mut violations = Vec::new();
    let mut children = vec![0; peers as usize];
    for (&parent, peer) in parents.iter().zip(0..) {
        if peer == root {
            continue;
        }
        match children.get_mut(parent as usize) {
            None => violations.push(Violation::Nobody { peer, parent }),
            Some(count) => {
                *count += 1;
                if problem.hop_us(parent, peer).is_none() {
                    violations.push(Violation::Never { peer, parent });
                }
            }
        }
    }
    for (&children, peer) in children.iter().zip(0..) {
        let fan_out = problem.fan_out(peer);
        if children > fan_out {
            violations.push(Violation::FanOut { peer, children, fan_out });
        }
    }
    if !violations.is_empty() {
        return Err(violations);
    }
    let mut delays_us: Vec<Option<u64>> = vec![None; peers as usize];
    delays_us[root as usize] = Some(0);
    let mut way = Vec::new();
    for peer in 0..peers {
        let mut at = peer;
        while delays_us[at as usize].is_none() && way.len() <= peers as usize {
            way.push(at);
            at = parents[at as usize];
        }
        if way.len() > peers as usize {
            return Err(vec![Violation::Ring { peer }]);
        }
        while let Some(child) = way.pop() {
            let parent = parents[child as usize];
            let hop_us = problem.hop_us(parent, child).expect("invariant: checked above");
            delays_us[child as usize] = delays_us[parent as usize].map(|delay_us| delay_us + u64::from(hop_us));
        }
    }
    Ok(problem.value(delays_us.into_iter().flatten().collect()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optimiser::{Delays, Hop};

    // Four peers; from i to j it takes i + j ms, and 1 and 3 never connect.
    fn delays() -> Delays {
        let hop = |from: u32, to: u32| {
            let never = [from, to] == [1, 3] || [from, to] == [3, 1];
            if never { Hop::NEVER } else { Hop::direct((from + to) * 1_000) }
        };
        Delays::Matrix { peers: 4, hops: (0..16).map(|pair| hop(pair / 4, pair % 4)).collect() }
    }

    #[test]
    fn a_tree_has_its_value() {
        let delays = delays();
        let problem = TreeProblem::new(&delays, 0, vec![2, 1, 1, 0]);
        let value = verify(&problem, &[0, 0, 0, 2]).expect("a tree");
        assert_eq!(value, TreeValue { max_us: 7_000, p95_us: 7_000, total_us: 10_000 });
    }

    #[test]
    fn what_is_broken_is_told() {
        let delays = delays();
        let problem = TreeProblem::new(&delays, 0, vec![2, 1, 1, 0]);
        let broken = |parents: &[u32]| verify(&problem, parents).expect_err("broken")[0].to_string();
        assert_eq!(broken(&[0, 0, 0]), "3 parents for 4 peers, and the root's own parent is 0");
        assert_eq!(broken(&[1, 0, 0, 2]), "4 parents for 4 peers, and the root's own parent is 1");
        assert_eq!(broken(&[0, 0, 0, 9]), "peer 3 hears from 9, who is not there");
        assert_eq!(broken(&[0, 0, 0, 1]), "peer 3 hears from 1, and the two cannot connect");
        assert_eq!(broken(&[0, 0, 0, 0]), "peer 0 serves 3 others, and can serve 2");
        assert_eq!(broken(&[0, 2, 1, 0]), "peer 1 hears from nobody who hears from the root");
    }
}
