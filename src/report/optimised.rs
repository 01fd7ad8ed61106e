//! The best tree that is found for a population and its workloads, beside plain ones and beside what no tree can beat.

mod text;

use std::collections::VecDeque;
use std::ops::ControlFlow;

use serde::Serialize;

use crate::optimiser::order::best_order;
use crate::optimiser::tree::{
    Effort, Infeasible, Objective, SearchStep, TreeAnswer, TreeProblem, TreeValue, Violation, plain_trees, solve,
    verify,
};
use crate::overlay::Overlay;
use crate::rng::Seed;
use crate::scenario::{AxisValue, Cell};
use crate::simulation::{PoseError, Posed, Posing};
use crate::world::World;

pub use text::render;

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    /// The seed of the population.
    pub seed: Seed,
    /// What is to be least.
    pub objective: Objective,
    /// The share of uplinks and CPUs that peers are given for it, above 0 and at most 1.
    pub share: f64,
    /// How much is tried, and with which draws.
    pub effort: Effort,
}

/// The best tree that was found.
#[derive(Clone, Debug, Serialize)]
pub struct TreeSheet {
    /// The values on the axes.
    pub axes: Vec<AxisValue>,
    /// How many peers there are.
    pub peers: u32,
    /// How many of them publish; the tree is that of the busiest.
    pub publishers: u32,
    /// The seed of the population.
    pub seed: Seed,
    /// What was made least: `max`, `p95` or `mean`.
    pub objective: &'static str,
    /// The share of uplinks and CPUs that peers were given, in percent.
    pub share_percent: f64,
    /// The tree.
    pub tree: TreeFigures,
    /// No tree is below this in what was made least, in ms.
    pub bound_ms: f64,
    /// How much better a tree could be at most, in percent of the bound.
    pub gap_percent: f64,
    /// Whether no tree is better.
    pub is_proven: bool,
    /// Plain trees within the same budgets.
    pub plain: Vec<TreeFigures>,
    /// The way to the peer that hears last, from the root.
    pub longest_way: Vec<WayStop>,
    /// The search: a step for each better tree and each higher bound, and its end.
    pub search: Vec<SearchRow>,
    /// Its connections, parents first, the children of each in the order in which it sends to them.
    pub pairs: Vec<(u32, u32)>,
    /// When each peer hears, in ms after the root has published, copies leaving at once.
    pub heard_ms: Vec<f64>,
    /// Whether delays are typical ones, those of groups of peers.
    pub typical_delays: bool,
    /// Whether messages are sent in chunks: then latencies are those of one chunk, and a message takes longer.
    pub of_chunks: bool,
    /// The population.
    #[serde(skip)]
    pub world: World,
}

/// What the search had after some of its work.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SearchRow {
    /// Millions of changes that were tried by then.
    pub work_millions: f64,
    /// What was made least, of the best tree, in ms.
    pub value_ms: f64,
    /// No tree is below this, in ms.
    pub bound_ms: f64,
}

/// The figures of a tree.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TreeFigures {
    /// Its name.
    pub name: &'static str,
    /// The largest latency, in ms.
    pub max_ms: f64,
    /// The latency that 95 % of the peers keep, in ms.
    pub p95_ms: f64,
    /// The mean latency, in ms.
    pub mean_ms: f64,
    /// The largest latency where copies of a peer leave one after the other, in the best order, in ms.
    pub in_turn_max_ms: f64,
    /// Hops to the farthest peer.
    pub depth: u32,
    /// Connections that need a relay.
    pub relayed: u32,
    /// Most peers that one serves.
    pub fan_out_max: u32,
}

/// A peer on a way.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WayStop {
    /// The peer.
    pub peer: u32,
    /// Its class.
    pub class: String,
    /// When it hears, in ms after the root has published.
    pub at_ms: f64,
    /// How many it serves, and how many it could.
    pub serves: [u32; 2],
}

/// Why there is no tree to show.
#[derive(Debug, thiserror::Error)]
pub enum TreeError {
    /// The population is no instance.
    #[error(transparent)]
    Pose(#[from] PoseError),
    /// Nobody publishes anything.
    #[error("nobody publishes messages in this scenario, so there is nothing that a tree could bring")]
    Silent,
    /// No tree can be, or none was found; and what would help.
    #[error("{reason}{}", .hint.as_ref().map_or_else(String::new, |hint| format!("\n  {hint}")))]
    Infeasible {
        /// Why.
        reason: Infeasible,
        /// What would make it feasible, if anything was found that would.
        hint: Option<String>,
    },
    /// The search left a tree that breaks a constraint: a fault of this program.
    #[error("the tree breaks what it must keep: {}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Broken(Vec<Violation>),
}

impl TreeSheet {
    /// The tree for the population and the workloads of a cell, whatever its topology. `watch` sees each better tree and may
    /// end the search.
    ///
    /// # Errors
    /// When there is none.
    pub fn of(
        cell: &Cell,
        wanted: Wanted,
        watch: &mut dyn FnMut(&TreeAnswer, f64) -> ControlFlow<()>,
    ) -> Result<Self, TreeError> {
        let posed = Posed::new(&cell.settings, wanted.seed, posing(wanted.share))?;
        let root = posed.busiest().ok_or(TreeError::Silent)?;
        let problem = posed.tree_problem(root).ok_or(TreeError::Silent)?.with_objective(wanted.objective);
        let answer = solve(&problem, wanted.effort, &mut |answer| watch(answer, answer.gap_percent(&problem)));
        let answer =
            answer.map_err(|reason| TreeError::Infeasible { hint: hint(cell, wanted, root, &reason), reason })?;
        let value = verify(&problem, &answer.parents).map_err(TreeError::Broken)?;
        let plain = plain_trees(&problem).into_iter().filter_map(|(name, parents)| {
            let value = verify(&problem, &parents).ok()?;
            Some(figures(name, &problem, &parents, &value))
        });
        let ms = |us: u64| us as f64 / 1e3;
        let others = f64::from(problem.peers().saturating_sub(1).max(1));
        // The optimisers add up for the mean.
        let in_ms = |us: u64| if wanted.objective == Objective::Mean { ms(us) / others } else { ms(us) };
        let end = SearchStep { work: answer.work, value, lower_us: answer.lower_us };
        let steps = answer.trace.iter().chain([&end]);
        let row = |step: &SearchStep| SearchRow {
            work_millions: step.work as f64 / 1e6,
            value_ms: in_ms(problem.rank(&step.value)[0]),
            bound_ms: in_ms(step.lower_us),
        };
        Ok(Self {
            axes: cell.axes.clone(),
            peers: problem.peers(),
            publishers: publishers(&posed),
            seed: wanted.seed,
            objective: word(wanted.objective),
            share_percent: wanted.share * 100.0,
            tree: figures("this tree", &problem, &answer.parents, &value),
            bound_ms: in_ms(answer.lower_us),
            gap_percent: answer.gap_percent(&problem),
            is_proven: answer.is_proven(&problem),
            plain: plain.collect(),
            longest_way: longest_way(&posed, &problem, &answer.parents),
            search: steps.map(row).collect(),
            heard_ms: heard_ms(&problem, &answer.parents),
            pairs: pairs(&problem, &answer.parents),
            typical_delays: posed.is_typical,
            of_chunks: cell.settings.workloads.iter().any(|workload| workload.limits().has_chunks()),
            world: posed.world.clone(),
        })
    }

    /// The tree as an overlay of that population, parents before their children.
    #[must_use]
    pub fn overlay(&self) -> Overlay {
        Overlay::new(self.peers, &self.pairs, Vec::new())
    }
}

// Who publishes anything, each once.
fn publishers(posed: &Posed) -> u32 {
    let of_all = posed.carried.iter().flat_map(|carried| &carried.publishers);
    let mut peers: Vec<u32> = of_all.map(|publisher| publisher.peer).collect();
    peers.sort_unstable();
    peers.dedup();
    peers.len() as u32
}

const fn posing(share: f64) -> Posing {
    Posing { share, wakes: true, pipelines: false }
}

const fn word(objective: Objective) -> &'static str {
    match objective {
        Objective::Max => "max",
        Objective::P95 => "p95",
        Objective::Mean => "mean",
    }
}

// The least share of links and CPUs with which there is a tree.
fn hint(cell: &Cell, wanted: Wanted, root: u32, reason: &Infeasible) -> Option<String> {
    if matches!(reason, Infeasible::Unreachable { .. }) {
        return Some("a TURN server that they reach would connect them, or a server in the overlay".to_owned());
    }
    let effort = Effort { work: 0, ..wanted.effort };
    let suffices = |share: f64| {
        let posed = Posed::new(&cell.settings, wanted.seed, posing(share)).ok()?;
        let problem = posed.tree_problem(root)?;
        solve(&problem, effort, &mut |_| ControlFlow::Break(())).ok()
    };
    let shares = (1..=10).map(|tenth| f64::from(tenth) / 10.0).filter(|&share| share > wanted.share);
    let least = shares.into_iter().find(|&share| suffices(share).is_some());
    Some(least.map_or_else(
        || "with all of their links and CPUs it would be no better: fewer or smaller messages, or a server".to_owned(),
        |share| {
            format!(
                "peers are given {:.0} % of their links and CPUs; with {:.0} % there is a tree (--share {:.0})",
                wanted.share * 100.0,
                share * 100.0,
                share * 100.0
            )
        },
    ))
}

fn figures(name: &'static str, problem: &TreeProblem<'_>, parents: &[u32], value: &TreeValue) -> TreeFigures {
    let others = f64::from(problem.peers().saturating_sub(1).max(1));
    let links = || parents.iter().zip(0..).filter(|&(&parent, peer)| parent != peer);
    let mut children = vec![0; parents.len()];
    links().for_each(|(&parent, _)| children[parent as usize] += 1);
    let relayed = links().filter(|&(&parent, peer)| problem.delays().hop(parent, peer).is_relayed()).count();
    TreeFigures {
        name,
        max_ms: value.max_us as f64 / 1e3,
        p95_ms: value.p95_us as f64 / 1e3,
        mean_ms: value.total_us as f64 / 1e3 / others,
        in_turn_max_ms: best_order(problem, parents, Objective::Max).map_or(0, |sends| sends.max_us) as f64 / 1e3,
        depth: (0..problem.peers()).map(|peer| way(parents, peer).len() as u32 - 1).max().unwrap_or(0),
        relayed: relayed as u32,
        fan_out_max: children.into_iter().max().unwrap_or(0),
    }
}

// From the root down, the children of each in the order in which they should be sent to.
fn pairs(problem: &TreeProblem<'_>, parents: &[u32]) -> Vec<(u32, u32)> {
    let children = best_order(problem, parents, Objective::Max).map_or_else(Vec::new, |sends| sends.children);
    let mut pairs: Vec<(u32, u32)> = Vec::with_capacity(parents.len());
    let mut pending = VecDeque::from([problem.root()]);
    while let Some(parent) = pending.pop_front() {
        for &child in children.get(parent as usize).into_iter().flatten() {
            pairs.push((parent, child));
            pending.push_back(child);
        }
    }
    pairs
}

// From a peer up to the root.
fn way(parents: &[u32], peer: u32) -> Vec<u32> {
    let above = |&at: &u32| (parents[at as usize] != at).then(|| parents[at as usize]);
    std::iter::successors(Some(peer), above).collect()
}

fn heard_ms(problem: &TreeProblem<'_>, parents: &[u32]) -> Vec<f64> {
    let hop_us = |from: u32, to: u32| problem.hop_us(from, to).map_or(0, u64::from);
    let at_us = |peer: u32| way(parents, peer).windows(2).map(|two| hop_us(two[1], two[0])).sum::<u64>();
    (0..problem.peers()).map(|peer| at_us(peer) as f64 / 1e3).collect()
}

fn longest_way(posed: &Posed, problem: &TreeProblem<'_>, parents: &[u32]) -> Vec<WayStop> {
    let heard_ms = heard_ms(problem, parents);
    let later =
        |&one: &u32, &other: &u32| heard_ms[one as usize].total_cmp(&heard_ms[other as usize]).then(other.cmp(&one));
    let last = (0..problem.peers()).max_by(later);
    let serves = |peer: u32| {
        let children = parents.iter().zip(0..).filter(|&(&parent, child)| parent == peer && child != peer).count();
        [children as u32, problem.fan_out(peer)]
    };
    let stop = |peer: u32| WayStop {
        peer,
        class: posed.world.class(peer).name.to_string(),
        at_ms: heard_ms[peer as usize],
        serves: serves(peer),
    };
    last.map_or_else(Vec::new, |last| way(parents, last).into_iter().rev().map(stop).collect())
}
