//! Trees for senders whose copies leave one after the other.
//!
//! Who serves many is late with the last of them: then a deeper tree of fewer children each may be sooner. So the tree is
//! searched for with the fan-outs as they are and with at most half, a quarter, ... as many, each in the best
//! [order of sends](super::order), and the best of these is taken. The bound is that of copies that leave at once.

use std::ops::ControlFlow;

use super::order::{Sends, best_order};
use super::tree::{Effort, Infeasible, TreeAnswer, TreeProblem, search};

/// A tree, and in which order its peers send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InTurn {
    /// The tree, its value as if copies left at once.
    pub tree: TreeAnswer,
    /// The order of sends, and when everybody hears.
    pub sends: Sends,
}

/// The tree whose last peer hears soonest, of those that the search finds.
///
/// # Errors
/// When no tree can be, or none was found.
pub fn solve_in_turn(problem: &TreeProblem<'_>, effort: Effort) -> Result<InTurn, Infeasible> {
    let most = (0..problem.peers()).map(|peer| problem.fan_out(peer)).max().unwrap_or(0);
    let is_instant = (0..problem.peers()).all(|peer| problem.send_us(peer) == 0);
    let halves = std::iter::successors(Some(most), |&most| (most > 2).then_some(most.div_ceil(2)));
    let caps: Vec<u32> = if is_instant { vec![most] } else { halves.collect() };
    let share = Effort { work: effort.work / caps.len() as u64, ..effort };
    let mut best: Option<InTurn> = None;
    let mut first_error = None;
    for cap in caps {
        match search(&problem.clone().with_fan_out_max(cap), share, false, &mut |_| ControlFlow::Continue(())) {
            Ok(tree) => {
                let sends = best_order(problem, &tree.parents, problem.objective());
                let sends = sends.expect("invariant: the search leaves a tree");
                let rank = |found: &InTurn| (found.sends.max_us, found.sends.total_us);
                let found = InTurn { tree, sends };
                // A bound for few children is none for many.
                let lower_us = best.as_ref().map_or(found.tree.lower_us, |best| best.tree.lower_us);
                if best.as_ref().is_none_or(|best| rank(&found) < rank(best)) {
                    best = Some(found);
                }
                if let Some(best) = &mut best {
                    best.tree.lower_us = lower_us;
                }
            }
            // With fewer children each there may be no tree.
            Err(error) => {
                first_error.get_or_insert(error);
            }
        }
    }
    best.ok_or_else(|| first_error.expect("invariant: there is a cap"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optimiser::{Delays, Hop};
    use crate::rng::Seed;

    fn solved(problem: &TreeProblem<'_>) -> InTurn {
        solve_in_turn(problem, Effort { work: 50_000, seed: Seed(1) }).expect("a tree")
    }

    // Where sending is all that takes time, copies double: after `k` sends 2^k have heard.
    #[test]
    fn where_sending_takes_long_trees_are_deep() {
        let delays = Delays::Matrix { peers: 16, hops: vec![Hop::direct(1); 256] };
        let problem = TreeProblem::new(&delays, 0, vec![15; 16]).with_send_us(vec![1_000; 16]);
        let found = solved(&problem);
        // A star takes 15 sends; two children each take 6 (binary), the best of all, a binomial tree, takes 4.
        assert!(found.sends.max_us <= 6_010, "{found:?}");
        assert_eq!(found.tree.lower_us, 1_001);
    }

    #[test]
    fn where_it_takes_nothing_it_is_the_tree_that_it_was() {
        let hops = (0..400_u32).map(|pair| Hop::direct(1_000 + pair * 37 % 5_000)).collect();
        let delays = Delays::Matrix { peers: 20, hops };
        let problem = TreeProblem::new(&delays, 0, vec![3; 20]);
        let found = solved(&problem);
        assert_eq!(found.sends.max_us, found.tree.value.max_us);
    }
}
