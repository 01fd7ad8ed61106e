//! How good a plan is, and a full search anew.

use std::ops::ControlFlow;

use super::{EdgeChanges, Plan};
use crate::optimiser::tree::{Effort, TreeProblem, TreeValue, shortest_us, solve};
use crate::optimiser::{Delays, gap};

/// The members of a plan as a problem of their own, with the tree that they stand in.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// Of each peer of the problem its number in the plan, in ascending order.
    pub peers: Vec<u32>,
    /// Of each peer whom it hears from, the root from itself; by numbers of the problem.
    pub parents: Vec<u32>,
    delays: Delays,
    root: u32,
    fan_out: Vec<u32>,
    send_us: Vec<u32>,
}

impl Snapshot {
    /// The problem of bringing the stream to these peers.
    #[must_use]
    pub fn problem(&self) -> TreeProblem<'_> {
        TreeProblem::new(&self.delays, self.root, self.fan_out.clone()).with_send_us(self.send_us.clone())
    }
}

impl Plan {
    /// The members and their tree, for a verifier or a solver. It copies the delays among them: of a matrix those of all
    /// pairs.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        self.snapshot_of(self.members().collect())
    }

    /// The value of the tree: of those who are in it.
    #[must_use]
    pub fn value(&self) -> TreeValue {
        let heard_us: Vec<u64> = self
            .members()
            .filter(|&peer| peer != self.root())
            .map(|peer| self.standing.heard_us[peer as usize])
            .collect();
        TreeValue::of_others(heard_us)
    }

    /// No tree of these members has a smaller largest latency, in microseconds: the shortest ways without fan-outs. Among
    /// the delays of a matrix its time grows with the square of the number of members.
    #[must_use]
    pub fn bound_us(&self) -> u64 {
        let snapshot = self.snapshot();
        shortest_us(&snapshot.problem()).into_iter().max().unwrap_or(0)
    }

    /// How far the largest latency is above the bound, in percent of it: a tree can be better by so much at most.
    #[must_use]
    pub fn gap_percent(&self) -> f64 {
        100.0 * gap(self.max_us() as f64, self.bound_us() as f64)
    }

    /// Searches the best tree for all who are there, those who wait among them, and goes over to it; links that both trees
    /// have stay. If the search finds nothing better, the tree stays, but for those who waited and now find room. How many links begin is not limited here.
    pub fn reoptimise(&mut self, effort: Effort) -> EdgeChanges {
        let present: Vec<u32> = (0..self.known()).filter(|&peer| self.standing.is_present[peer as usize]).collect();
        let is_complete = present.len() == self.standing.members() as usize;
        let mut posed = self.snapshot_of(present);
        let mut answer = solve(&posed.problem(), effort, &mut |_| ControlFlow::Continue(()));
        if answer.is_err() && !is_complete {
            // Not all at once: then those who are in the tree, and others as there is room.
            posed = self.snapshot();
            answer = solve(&posed.problem(), effort, &mut |_| ControlFlow::Continue(()));
        }
        let is_larger = posed.peers.len() > self.standing.members() as usize;
        let (before, problem) = (self.value(), posed.problem());
        let better = answer.ok().filter(|answer| is_larger || problem.is_better(&answer.value, &before));
        self.event(|repair| {
            if let Some(answer) = better {
                let number = |at: u32| posed.peers[at as usize];
                let wanted = answer.parents.iter().zip(0..).map(|(&parent, peer)| (number(peer), number(parent)));
                repair.go_to(&wanted.collect::<Vec<_>>());
            }
            repair.admit();
        })
    }

    fn snapshot_of(&self, peers: Vec<u32>) -> Snapshot {
        let mut place_of = vec![0; self.known() as usize];
        peers.iter().zip(0..).for_each(|(&peer, place)| place_of[peer as usize] = place);
        let picked = |values: &[u32]| peers.iter().map(|&peer| values[peer as usize]).collect::<Vec<u32>>();
        let parent = |&peer: &u32| place_of[self.links.parent(peer) as usize];
        Snapshot {
            parents: peers.iter().map(parent).collect(),
            delays: self.delays.among(&peers),
            root: place_of[self.root as usize],
            fan_out: picked(&self.fan_out),
            send_us: picked(&self.send_us),
            peers,
        }
    }
}
